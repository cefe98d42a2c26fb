"""Debts: instalments, what is written off, and money that a bank took back.

Source: rules M2, M12, M14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from memberctl.core.actor import Actor
from memberctl.core.dates import Period, span_at
from memberctl.core.errors import Invalid, NotPermitted, RuleRefused
from memberctl.core.money import Money, apportion
from memberctl.order.rules import OrderState
from memberctl.payment.rules import Method

MOST_INSTALMENTS = 60
PREFIX = "WO"
"""How the numbers of write-offs begin, e.g. WO-000001."""


class WriteOffState(StrEnum):
    """How far a write-off has come."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"


STEPS: Mapping[tuple[WriteOffState, str], WriteOffState] = {
    (WriteOffState.REQUESTED, "approve"): WriteOffState.APPROVED,
    (WriteOffState.REQUESTED, "refuse"): WriteOffState.REFUSED,
}

BANKED = frozenset(Method) - {Method.CASH, Method.MEMBER_CREDIT}
"""Ways of paying that go through somebody who can take the money back."""


@dataclass(frozen=True, slots=True)
class Part:
    """One instalment. until_minor -- what is settled of the order's total once it is paid"""

    position: int
    due_on: date
    amount_minor: int
    until_minor: int


@dataclass(frozen=True, slots=True)
class InstalmentLine:
    """An instalment as it is shown. open -- what is still to be paid of it"""

    position: int
    due_on: date
    amount: Money
    open: Money


@dataclass(frozen=True, slots=True)
class InstalmentPlan:
    """An order's instalments; due_on -- the next day on which one is due."""

    order: str
    count: int
    open: Money
    due_on: date | None
    instalments: tuple[InstalmentLine, ...]


@dataclass(frozen=True, slots=True)
class DebtLine:
    """An order on which money is open.

    overdue -- days past its day, 0 when it is not
    write_off, reason -- of a write-off that waits for a decision
    """

    order: str
    member: str
    total: Money
    open: Money
    due_on: date | None
    overdue: int
    instalments: int
    write_off: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class WriteOffRecord:
    """A write-off as it stands now; people by their staff codes."""

    number: str
    order: str
    amount: Money
    state: WriteOffState
    order_state: OrderState
    reason: str
    requested_at: datetime
    requested_by: str
    decided_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class ChargedBack:
    """What a bank's taking money back came to.

    lost -- what had become credit and was spent since, so that nobody owes it
    terms, cards -- how many ended with it
    """

    number: str
    order: str
    amount: Money
    receipt: str
    order_state: OrderState
    open: Money
    lost: Money
    due_on: date | None
    terms: int
    cards: int


def parts(
    open_minor: int, settled_minor: int, count: int, first: date, every: Period
) -> list[Part]:
    """Return an order's instalments, which always add up to what is open.

    open_minor, settled_minor -- what is to be paid still, and what of the total is not
    first -- the day on which the first is due; the others follow by anchored periods
    Source: rules M12, T2.
    """
    found: list[Part] = []
    for index, amount in enumerate(apportion(open_minor, [1] * count)):
        settled_minor += amount
        due_on = span_at(first, every, index).start_on
        found.append(Part(index + 1, due_on, amount, settled_minor))
    return found


def checked_plan(order: str, state: OrderState, open_minor: int, count: int, first: date,
                 today: date) -> None:  # fmt: skip
    """Refuse instalments of nothing, of less than a minor unit each, or from a past day."""
    if state is not OrderState.CONFIRMED or open_minor == 0:
        raise RuleRefused(f"nothing is open on order {order}, which is {state}",
                          hint=f"memberctl order show {order}")  # fmt: skip
    if first < today:
        raise Invalid("the first instalment would have been due before today", field="first",
                      rule="past")  # fmt: skip
    if count > open_minor:
        raise RuleRefused("there are more instalments than minor units to be paid")


def next_due(plan: Sequence[Part], settled_minor: int) -> date | None:
    """Return the day on which the oldest instalment that is not paid is due, or None.

    settled_minor -- what of the total is paid, credited or written off; it pays the oldest first
    Source: rules M14.
    """
    return min((part.due_on for part in plan if part.until_minor > settled_minor), default=None)


def open_of(part: Part, settled_minor: int) -> int:
    """Return what is still to be paid of one instalment, in minor units."""
    return min(max(part.until_minor - settled_minor, 0), part.amount_minor)


def refuse_no_debt(order: str, state: OrderState, open_minor: int) -> None:
    """Refuse to write off what nobody owes. Source: rules M2, M14."""
    if state is not OrderState.CONFIRMED or open_minor == 0:
        raise RuleRefused(
            f"nothing is owed for order {order}, which is {state}",
            hint="memberctl debt list",
        )


def refuse_not_banked(number: str, method: Method) -> None:
    """Refuse a chargeback of money that no bank can take back. Source: rules M2."""
    if method not in BANKED:
        raise RuleRefused(
            f"payment {number} was made by {method}: no bank can take it back",
            hint=f"memberctl payment void {number} --reason ...",
        )


def refuse_late_void(number: str, recorded_on: date, today: date, days: int) -> None:
    """Refuse to void a payment that is no fresh entry error any more.

    days -- how many days after it was recorded that may still be; 0 is the same day alone
    Source: rules M2.
    """
    if (today - recorded_on).days > days:
        raise RuleRefused(
            f"payment {number} was recorded on {recorded_on}: only an entry error of the last"
            f" {days} days is voided; money goes back as a refund, a bank takes it as a chargeback",
            hint="memberctl policy show void_days",
        )


def refuse_spent_credit(what: str, left: Money) -> None:
    """Refuse to undo what became credit that is spent since: a payment, or a payout. (M2)

    left -- the member's credit without it
    """
    if left.minor < 0:
        raise RuleRefused(
            f"what {what} left as credit is spent: undo that first",
            hint="memberctl payment list --method member_credit",
        )


def refuse_same_person(by: Actor, number: str, requested_by: int) -> None:
    """Refuse that who asked for a write-off decides it. Source: rules O2, M14."""
    if by.staff_id == requested_by:
        raise NotPermitted(
            f"{by.staff} asked for {number}: somebody else decides", hint="memberctl debt list"
        )
