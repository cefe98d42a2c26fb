"""Payments and receipts: allocation, credit, repeats, late money.

Source: rules M2-M5, M13, O8; mission S0.8-S0.10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from memberctl.catalog.rules import PaymentTiming
from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, Invalid, NotPermitted, RuleRefused
from memberctl.core.text import clean_text
from memberctl.order.rules import OrderKind, OrderState


class Method(StrEnum):
    """How the money came; each has an account of its own in the ledger.

    MEMBER_CREDIT is no money that comes in: the member's own credit pays (`credit apply`).
    """

    CASH = "cash"
    BANK = "bank"
    WECHAT = "wechat"
    ALIPAY = "alipay"
    CARD = "card"
    CHEQUE = "cheque"
    ONLINE = "online"
    MEMBER_CREDIT = "member_credit"


class PaymentState(StrEnum):
    """Paid and verified are two states (mission S0.9)."""

    RECORDED = "recorded"
    VERIFIED = "verified"
    VOIDED = "voided"
    CHARGED_BACK = "charged_back"


UNDONE_PAYMENTS = (PaymentState.VOIDED, PaymentState.CHARGED_BACK)
"""Payments that count for nothing any more: the others are live."""

STEPS: Mapping[tuple[PaymentState, str], PaymentState] = {
    (PaymentState.RECORDED, "verify"): PaymentState.VERIFIED,
    (PaymentState.RECORDED, "void"): PaymentState.VOIDED,
    (PaymentState.VERIFIED, "void"): PaymentState.VOIDED,
    (PaymentState.RECORDED, "charge_back"): PaymentState.CHARGED_BACK,
    (PaymentState.VERIFIED, "charge_back"): PaymentState.CHARGED_BACK,
}


class ReceiptState(StrEnum):
    """Whether a receipt still proves anything; a voided one keeps its number."""

    ISSUED = "issued"
    VOIDED = "voided"


RECEIPTS = "RC"
"""The series of receipts."""

TERM_KINDS = frozenset(OrderKind) - {OrderKind.SERVICE}
"""Orders that give a term as soon as they are paid. Source: mission S0.10."""

SETTLED = frozenset({OrderState.PAID, OrderState.FULFILLED, OrderState.CLOSED})
ENDED = frozenset({OrderState.REJECTED, OrderState.WITHDRAWN, OrderState.FORFEITED})
DEAD = ENDED | {OrderState.VOIDED}
UNDER_WAY = frozenset({OrderState.SUBMITTED, OrderState.IN_REVIEW, OrderState.RETURNED})
LONGEST_REFERENCE = 64


@dataclass(frozen=True, slots=True)
class Tender:
    """Money as it was handed over.

    order_text   -- the order's number as typed
    amount_minor -- minor units > 0
    reference    -- the channel's own number of the transaction, None for cash
    received_at  -- when the money came; None is now
    again        -- a second equal payment within minutes is meant, it is no mistake
    """

    order_text: str
    amount_minor: int
    method: Method
    reference: str | None = None
    received_at: datetime | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Allocation:
    """Where the minor units of a payment go: to what is due, and what is over."""

    applied: int
    over: int


@dataclass(frozen=True, slots=True)
class Owing:
    """What matters of an order when money comes for it.

    reduced_minor -- what credit notes and write-offs took off its total
    timing -- when its plan asks for the fee; payment_due_on -- the last local date, inclusive
    """

    number: str
    state: OrderState
    total_minor: int
    paid_minor: int
    timing: PaymentTiming
    payment_due_on: date | None
    reduced_minor: int = 0

    @property
    def due_minor(self) -> int:
        """Return what is to be paid for it in all, in minor units."""
        return self.total_minor - self.reduced_minor

    @property
    def open_minor(self) -> int:
        """Return what is still to be paid, in minor units."""
        if self.state in DEAD:
            return 0
        return max(self.due_minor - self.paid_minor, 0)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A payment that is there already, with what may make a new one its repeat."""

    number: str
    order_id: int
    amount_minor: int
    reference: str | None
    recorded_at: datetime


def allocate(due: int, paid: int, amount: int) -> Allocation:
    """Return where a payment goes: to what is still due first, what is over to credit.

    due, paid, amount -- minor units of one currency, due >= 0, paid >= 0, amount > 0
    Source: rules M3, M4.
    """
    applied = min(max(due - paid, 0), amount)
    return Allocation(applied, amount - applied)


def settles_order(owing: Owing, received_on: date) -> bool:
    """Return whether money may settle the order, or becomes the member's credit instead.

    Money for an order that is settled, that ended, or whose deadline had passed when the money
    came does not: late money never activates anything silently. The deadline decides, not
    whether the daily job has forfeited the order by now.

    received_on -- the local date on which the money came
    Raises RuleRefused for an order whose fee is not asked for yet, and for a voided one.
    Source: rules O8, M4; mission "Where the manuals disagree".
    """
    state = owing.state
    if state is OrderState.VOIDED:
        raise RuleRefused(
            f"cannot pay order {owing.number}: it is voided",
            hint="record the payment for the order that it is meant for",
        )
    if state in UNDER_WAY and owing.timing is not PaymentTiming.ON_FILING:
        raise RuleRefused(
            f"cannot pay order {owing.number} yet: it is {state}, and its fee is due after the"
            " final approval",
            hint=f"memberctl review show {owing.number}",
        )
    if state in SETTLED or state in ENDED:
        return False
    return owing.payment_due_on is None or received_on <= owing.payment_due_on


def refuse_while_refunded(
    what: str, order: str, *, claimed_minor: int, refunded_minor: int
) -> None:
    """Refuse to void what money went back for, or is about to: that would undo it twice.

    what -- what would be voided, e.g. "payment P-000001"; the amounts are the whole order's
    Source: rules M2, M9; bad inputs 87.
    """
    if refunded_minor:
        raise RuleRefused(
            f"cannot void {what}: money for {order} was refunded, so it was no entry error",
            hint=f"memberctl refund list --order {order}",
        )
    if claimed_minor:
        raise RuleRefused(
            f"cannot void {what}: a refund of {order} waits",
            hint="memberctl refund withdraw RF-... --reason TEXT, then void it",
        )


def refuse_while_gone_on(what: str, order: str, by: str | None) -> None:
    """Refuse to take back what an order gave while the rest of it goes on under another order.

    That one was priced by what was left, or handed it over, and would be had without a fee.
    what -- what would be undone, e.g. "payment P-000001"; by -- the other order, None without one
    Source: rules M2, M11.
    """
    if by is not None:
        raise RuleRefused(
            f"cannot undo {what}: what was left of {order} goes on under {by}",
            hint=f"memberctl order void {by} --reason TEXT, which gives {order} its days back",
        )


def checked_received(received_at: datetime | None, at: datetime) -> datetime:
    """Return when the money came, now unless said; refuse a time that has not come yet."""
    if received_at is None:
        return at
    if received_at > at:
        raise Invalid("the payment was received in the future", field="received", rule="future")
    return received_at


def checked_reference(text: str | None) -> str | None:
    """Return a transaction's reference as it is kept, or None; refuse an empty one."""
    if text is None:
        return None
    return clean_text(text, what="reference", field="reference", longest=LONGEST_REFERENCE)


def refuse_other_content(earlier: Earlier, order_id: int, amount_minor: int) -> None:
    """Refuse a known transaction with another amount or order; an equal one is a repeat.

    Source: rules M5.
    """
    if earlier.order_id == order_id and earlier.amount_minor == amount_minor:
        return
    differs = "order" if earlier.order_id != order_id else "amount"
    raise Conflict(
        f"payment {earlier.number} has this method and reference, but another {differs};"
        " nothing was done",
        hint=f"memberctl payment show {earlier.number}",
    )


def refuse_taken_back(number: str, state: PaymentState) -> None:
    """Refuse a transaction that a bank took back: money that comes anew has a reference of its own.

    Source: rules M2, M5.
    """
    if state is PaymentState.CHARGED_BACK:
        raise Conflict(
            f"payment {number} has this method and reference, and was charged back; nothing was"
            " done",
            hint=f"memberctl payment show {number}",
        )


def refuse_probable_duplicate(
    earlier: Sequence[Earlier], reference: str | None, at: datetime, minutes: int
) -> None:
    """Refuse a payment that was probably recorded a moment ago by somebody else.

    earlier -- payments of the same order, amount and method; two different references tell
               two payments apart
    minutes -- how long a moment is; 0 never refuses
    Source: reliability.md, payments repeat-guard; bad inputs 86.
    """
    since = at - timedelta(minutes=minutes)
    for each in earlier:
        told_apart = None not in (reference, each.reference) and reference != each.reference
        if each.recorded_at > since and not told_apart:
            raise Conflict(
                f"probable duplicate: {each.number} has the same order, amount and method and is"
                f" less than {minutes} minutes old; nothing was done",
                hint="add --again if it is a second payment",
            )


def refuse_own_verification(
    by: Actor, number: str, *, recorded_by: int, member_staff_id: int | None
) -> None:
    """Refuse to verify what one has recorded, or what was paid for oneself.

    recorded_by, member_staff_id -- rows of `staff`; the second is the member's, if they work here
    Source: rules O2; mission S0.9.
    """
    if by.staff_id == recorded_by:
        raise NotPermitted(
            f"{by.staff} recorded payment {number}: somebody else has to verify it",
            hint="memberctl payment list --state recorded",
        )
    if by.staff_id == member_staff_id:
        raise NotPermitted(f"payment {number} is for {by.staff}: somebody else has to verify it")


def second_person(hands: Sequence[int], recorded_by: int, payer: int | None) -> int | None:
    """Return who of these may verify a payment: the first who neither recorded nor paid it.

    hands, recorded_by, payer -- rows of `staff`; payer is None for a member who does not work here
    Source: rules O2; mission S0.9.
    """
    return next((each for each in hands if each not in (recorded_by, payer)), None)
