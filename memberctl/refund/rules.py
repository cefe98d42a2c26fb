"""Refunds: states, whose hands they go through, when they may be asked for and paid.

How much goes back is decided in amounts.py. Source: rules M2, M7, M9, M10; mission S1.10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from memberctl.access.changes import ChangeKind
from memberctl.core.errors import Conflict, Invalid, NotPermitted, RuleRefused
from memberctl.core.machine import step
from memberctl.core.money import parse_amount, parse_percent
from memberctl.office.rules import Role
from memberctl.order.rules import OrderKind, OrderState
from memberctl.payment.rules import DEAD, SETTLED, Method
from memberctl.refund.amounts import Fee, Usage
from memberctl.review.rules import Person

PREFIX, WIDTH = "RF", 4
LONGEST_REASON = 500


class RefundState(StrEnum):
    """How far a refund has come. Source: rules M9."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    PAID = "paid"
    FAILED = "failed"


_S = RefundState
STEPS: Mapping[tuple[RefundState, str], RefundState] = {
    (_S.REQUESTED, "approve"): _S.APPROVED,
    (_S.REQUESTED, "reject"): _S.REJECTED,
    (_S.REQUESTED, "withdraw"): _S.WITHDRAWN,
    (_S.APPROVED, "pay"): _S.PAID,
    (_S.APPROVED, "withdraw"): _S.WITHDRAWN,
    (_S.PAID, "fail"): _S.FAILED,
    (_S.FAILED, "pay"): _S.PAID,
}

WAITING = frozenset({_S.REQUESTED, _S.APPROVED, _S.FAILED})
"""States in which a refund claims money that it has not paid."""


class Verdict(StrEnum):
    """What a reviewer says."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Asked:
    """A refund as it is asked for.

    order_text -- the order's number as typed; on -- its effective date
    amount_minor -- None for what the rules give; gifts_minor -- the value of used gifts
    """

    order_text: str
    on: date
    reason: str
    amount_minor: int | None = None
    gifts_minor: int = 0


@dataclass(frozen=True, slots=True)
class Payout:
    """A refund as it is paid out.

    number    -- as typed; seen -- the version that the person looked at, None if they did not
    method    -- another way than the money came, after a payout that failed
    reference -- the transaction's own number
    override  -- the code of the second person of an emergency override, whose reason is said
    """

    number: str
    method: Method | None = None
    reference: str | None = None
    seen: int | None = None
    override: str | None = None
    reason: str = ""


class HandPart(StrEnum):
    """What somebody did to a refund; each part is another person's. Source: rules M9, O2."""

    REQUEST = "request"
    REVIEW = "review"
    PAYOUT = "payout"


_DID = {
    HandPart.REQUEST: "asked for it",
    HandPart.REVIEW: "reviewed it",
    HandPart.PAYOUT: "paid it out",
}


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose hand one part of a refund is."""

    part: HandPart
    staff_id: int


@dataclass(frozen=True, slots=True)
class Signature:
    """Who answers for a part, and who was at work; they differ in an emergency override."""

    staff_id: int
    acted_by: int


@dataclass(frozen=True, slots=True)
class Bands:
    """From which amounts, in minor units, a manager or the owner has to approve."""

    manager_from: int
    owner_from: int


def approvers(amount_minor: int, bands: Bands, *, beyond: bool) -> frozenset[Role]:
    """Return the roles that may approve a refund.

    beyond -- it is more than the rules give, which is a manager's to grant
    Source: rules M9.
    """
    if amount_minor >= bands.owner_from:
        return frozenset({Role.OWNER})
    if beyond or amount_minor >= bands.manager_from:
        return frozenset({Role.MANAGER, Role.OWNER})
    return frozenset({Role.REVIEWER, Role.MANAGER, Role.OWNER})


REQUESTERS = frozenset({Role.RECEPTION, Role.SERVICE, Role.MANAGER, Role.OWNER})
PAYERS = frozenset({Role.FINANCE, Role.OWNER})
"""Who asks for refunds and who pays them out. Source: reliability.md "Who may do what"."""


def sign(
    part: HandPart,
    who: Person,
    hands: Sequence[Hand],
    roles: frozenset[Role],
    *,
    refund: str,
    approver: Person | None = None,
) -> Signature:
    """Return whose hand a part becomes, or refuse it.

    Requester, reviewer and payer are three people, and the member concerned is none of them. In
    an emergency a second named person, who has the role and had no hand in it, answers for it.

    hands -- what was signed before; roles -- who may sign this part
    Raises NotPermitted, RuleRefused for an override that nothing asks for.
    Source: rules M9, O2.
    """
    _require_role(who, roles, part, refund)
    _refuse_member(who, refund)
    own = next((hand for hand in hands if hand.staff_id == who.staff_id), None)
    if approver is None:
        if own is not None:
            raise _same_hand(who, own, roles, refund)
        return Signature(who.staff_id, who.staff_id)
    if own is None:
        raise RuleRefused(f"{refund} needs no override here", hint="leave out --override")
    _refuse_approver(approver, who, hands, roles, part, refund)
    return Signature(approver.staff_id, who.staff_id)


def _require_role(who: Person, roles: frozenset[Role], part: HandPart, refund: str) -> None:
    if who.roles & roles:
        return
    named = " or ".join(sorted(roles))
    raise NotPermitted(
        f"the {part} of {refund} takes {named}, and {who.staff} is not one (M9)",
        hint=f"memberctl refund show {refund}",
    )


def _refuse_member(who: Person, refund: str) -> None:
    if who.is_member:
        raise NotPermitted(
            f"{refund} is for {who.staff}'s own membership; who asks for a refund, reviews it or"
            " pays it is never the member concerned (O2)",
            hint="let somebody else do it",
        )


def _same_hand(who: Person, own: Hand, roles: frozenset[Role], refund: str) -> NotPermitted:
    return NotPermitted(
        f"{who.staff} {_DID[own.part]}; requester, reviewer and payer of {refund} are three"
        " people (M9)",
        hint=f"somebody else who is {' or '.join(sorted(roles))} does it, or in an emergency:"
        " --override APPROVER --reason TEXT",
    )


def _refuse_approver(
    approver: Person,
    who: Person,
    hands: Sequence[Hand],
    roles: frozenset[Role],
    part: HandPart,
    refund: str,
) -> None:
    if approver.staff_id == who.staff_id:
        raise NotPermitted("an override needs a second person, not the same one twice (O2)")
    _require_role(approver, roles, part, refund)
    _refuse_member(approver, refund)
    if any(hand.staff_id == approver.staff_id for hand in hands):
        raise NotPermitted(
            f"{approver.staff} had a hand in {refund} already; the second person of an override"
            " has none (O2)"
        )


def require_reason(reason: str, *, what: str) -> None:
    """Refuse what needs a reason and has none. what -- "a rejection", "an override" """
    if not reason:
        raise Invalid(
            f"{what} needs a reason", field="reason", rule="text_empty", hint="--reason TEXT"
        )


def refuse_unsettled(order: str, state: OrderState) -> None:
    """Refuse the refund of an order whose fee is not paid in full: its money goes another way.

    Source: rules M2, M3, O8.
    """
    if state in SETTLED:
        return
    if state in DEAD:
        raise RuleRefused(
            f"{order} is {state}: what was paid for it is the member's credit, not a refund",
            hint="memberctl credit list",
        )
    raise RuleRefused(
        f"{order} is {state} and not paid in full: when it is withdrawn, what was paid is the"
        " member's credit",
        hint=f"memberctl order withdraw {order} --reason TEXT",
    )


def refuse_transfer(order: str, kind: OrderKind) -> None:
    """Refuse to refund the fee of a transfer: its term is the other member's now."""
    if kind is OrderKind.TRANSFER:
        raise RuleRefused(
            f"{order} handed a term over to another member, and is not refunded",
            hint=f"memberctl order show {order}",
        )


def refuse_what_went_on(order: str, ended: ChangeKind | None, by: str) -> None:
    """Refuse the refund of an order whose term goes on under another order.

    ended -- what ended its term, or None; by -- the number of the order that did
    Source: rules M2, M11.
    """
    if ended is ChangeKind.SWITCHED:
        raise RuleRefused(
            f"what was left of {order} went into {by}, so it is refunded with that",
            hint=f"memberctl refund preview {by}",
        )
    if ended is ChangeKind.TRANSFERRED:
        raise RuleRefused(
            f"what was left of {order} was handed over to another member by {by}",
            hint=f"memberctl order show {by}",
        )


def move_on(state: RefundState, verb: str, number: str) -> RefundState:
    """Return the state that `verb` leads a refund to. Raises RuleRefused with what is allowed."""
    hint = f"memberctl refund show {number}"
    return step(STEPS, state, verb, f"refund {number}", hint=hint)


def refuse_visit_after(
    visited_on: Sequence[date], on: date, *, order: str, refund: str | None = None
) -> None:
    """Refuse an effective date after which the member came in all the same: those days were used.

    refund -- the one that is to be paid, whose date cannot be changed any more; None before
    Source: rules M6, M10.
    """
    later = [day for day in visited_on if day > on]
    if later:
        hint = f"--on {max(later)}"
        if refund is not None:
            hint = f"memberctl refund withdraw {refund} --reason TEXT, then request it {hint}"
        raise RuleRefused(
            f"the member came in on {max(later)}, after {on}; {order} cannot end before that",
            hint=hint,
        )


def refuse_needless_notice(end_on: date, on: date) -> None:
    """Refuse a notice for the day on which the term ends anyway."""
    if on >= end_on:
        raise RuleRefused(f"the term ends on {end_on} anyway; it needs no notice")


def refuse_cancel_beside_refund(order: str, *, claimed_minor: int) -> None:
    """Refuse to cancel without a refund what a refund waits for. Source: rules M2."""
    if claimed_minor:
        raise RuleRefused(
            f"a refund of {order} waits, and ends the term when it is paid",
            hint=f"memberctl refund list --order {order}",
        )


def refuse_other_usage(refund: str, then: Usage | None, now: Usage | None) -> None:
    """Refuse to pay what was counted by a term that has changed since. Source: rules M6, O4."""
    if then != now:
        raise Conflict(
            f"the term changed since {refund} was asked for, so its amount is out of date",
            hint=f"memberctl refund withdraw {refund}, then ask for it again",
        )


def refuse_other_method(state: RefundState, method: Method, refund: str) -> None:
    """Refuse to pay by another way than the money came, unless that way has failed. (M8)"""
    if state is not RefundState.FAILED:
        raise RuleRefused(
            f"{refund} goes back the way the money came (M8); another way is for a payout that"
            " failed",
            hint="leave out --method",
        )
    if method is Method.MEMBER_CREDIT:
        raise RuleRefused(f"{refund} is paid out; credit is no way to pay it")


def parse_fee(text: str, least: str, currency: str) -> Fee:
    """Return a fee as the policies say it: "50.00" or "5%", and at least `least`.

    Raises Invalid. Source: rules M6.
    """
    minimum = parse_amount(least, currency, what="the minimum of the fee", zero_ok=True)
    if text.endswith("%"):
        return Fee(0, parse_percent(text, what="the fee of a refund"), minimum)
    return Fee(parse_amount(text, currency, what="the fee of a refund", zero_ok=True), 0, minimum)


def parse_bands(manager_from: str, owner_from: str, currency: str) -> Bands:
    """Return the bands as the policies say them; an amount of 0 is "from the first cent on"."""
    return Bands(
        parse_amount(manager_from, currency, what="refund_manager_from", zero_ok=True),
        parse_amount(owner_from, currency, what="refund_owner_from", zero_ok=True),
    )
