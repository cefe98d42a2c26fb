"""What comes of refunds, as scripts read it. Source: cli.md "Keys that scripts rely on"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from memberctl.core.money import Money
from memberctl.payment.rules import Method
from memberctl.refund.amounts import Basis, Counted
from memberctl.refund.rules import HandPart, RefundState


@dataclass(frozen=True, slots=True)
class PartLine:
    """What goes back to one payment."""

    payment: str
    method: Method
    amount: Money


@dataclass(frozen=True, slots=True)
class TermEffect:
    """What a refund does to one term. end_on -- its last day then, None when it keeps no day"""

    start_on: date
    was_on: date
    end_on: date | None


@dataclass(frozen=True, slots=True)
class Effects:
    """What a refund or a notice would end (rules M10).

    cards -- the numbers that would be blocked; stays -- orders whose later terms are left alone
    """

    terms: tuple[TermEffect, ...]
    cards: tuple[str, ...]
    stays: tuple[str, ...]

    def sentence(self) -> str:
        """Return in words what ends and what stays, for the question before it is done."""
        terms = [
            f"the term from {each.start_on} ends on {each.end_on} instead of {each.was_on}"
            if each.end_on is not None
            else f"the term from {each.start_on} to {each.was_on} is void"
            for each in self.terms
        ]
        cards = [f"card {each} is blocked" for each in self.cards]
        stays = [f"the term of {each} stays" for each in self.stays]
        return "; ".join([*terms, *cards, *stays]) or "no term and no card end by it"

    def after_question(self) -> str:
        """Return the same as a sentence of its own, with its capital letter and its stop."""
        said = self.sentence()
        return f"{said[0].upper()}{said[1:]}."


@dataclass(frozen=True, slots=True)
class RefundPreview:
    """What a refund would come to.

    refundable -- the paid value that the unused days are a share of, less earlier refunds
    used_days, term_days -- None for an order without a term; of a pack the visits: counted says
    left -- the most that can be asked for; cooling_off_until -- the last day to go back on it
    """

    order: str
    paid: Money
    refundable: Money
    used_days: int | None
    term_days: int | None
    fee: Money
    amount: Money
    parts: tuple[PartLine, ...]
    basis: Basis
    counted: Counted | None
    on: date
    gifts: Money
    left: Money
    cooling_off_until: date | None
    effects: Effects


@dataclass(frozen=True, slots=True)
class PayoutEffects:
    """A refund that is about to be paid, with what ends by it, as it was looked at."""

    number: str
    order: str
    amount: Money
    parts: tuple[PartLine, ...]
    effects: Effects
    version: int


@dataclass(frozen=True, slots=True)
class RefundChanged:
    """A refund after something was done with it.

    due_on -- the last day to pay it; cut -- less than was asked for, beyond -- more than the
    rules give, which a manager has to approve
    """

    number: str
    order: str
    amount: Money
    state: RefundState
    parts: tuple[PartLine, ...]
    effective_on: date
    due_on: date
    cut: bool
    beyond: bool


@dataclass(frozen=True, slots=True)
class RefundPaid:
    """A refund that was paid out, with what ended with it."""

    number: str
    order: str
    amount: Money
    state: RefundState
    parts: tuple[PartLine, ...]
    effective_on: date
    due_on: date
    terms: tuple[TermEffect, ...]
    cards: tuple[str, ...]

    @property
    def effects(self) -> Effects:
        """Return what ended with it."""
        return Effects(self.terms, self.cards, ())


@dataclass(frozen=True, slots=True)
class RefundLine:
    """A refund in a list. overdue -- it waits, and its last day has passed"""

    number: str
    order: str
    member: str
    amount: Money
    state: RefundState
    effective_on: date
    due_on: date
    overdue: bool
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class HandLine:
    """One part of a refund. by -- who answers for it; acting -- who was at work"""

    part: HandPart
    by: str
    acting: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RefundRecord:
    """One refund with everything that is known of it."""

    number: str
    order: str
    amount: Money
    state: RefundState
    parts: tuple[PartLine, ...]
    member: str
    basis: Basis
    used_days: int | None
    term_days: int | None
    counted: Counted | None
    fee: Money
    gifts: Money
    rules_give: Money
    effective_on: date
    due_on: date
    reason: str
    decision_reason: str
    stopped_because: str
    reference: str | None
    requested_at: datetime
    paid_at: datetime | None
    hands: tuple[HandLine, ...]
    version: int
