"""Credit: what is the member's, and how it is used, paid out or given up.

Source: rules M4, M14, O2, M9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from memberctl.core.actor import Actor
from memberctl.core.errors import Invalid, NotPermitted, RuleRefused
from memberctl.core.money import Money
from memberctl.order.rules import OrderState
from memberctl.payment.rules import Method


class RequestKind(StrEnum):
    """What is asked to be done with a member's credit."""

    PAYOUT = "payout"
    STALE = "stale"


class RequestState(StrEnum):
    """How far a request has come; a stale credit's ends with its approval."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    PAID = "paid"


STEPS: Mapping[tuple[RequestState, str], RequestState] = {
    (RequestState.REQUESTED, "approve"): RequestState.APPROVED,
    (RequestState.REQUESTED, "refuse"): RequestState.REFUSED,
    (RequestState.APPROVED, "refuse"): RequestState.REFUSED,
    (RequestState.APPROVED, "pay"): RequestState.PAID,
}

PREFIX = "CP"
"""How the numbers of requests begin, e.g. CP-000001."""


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that credit may settle. open_minor -- what is still to be paid, > 0"""

    order_id: int
    number: str
    open_minor: int


@dataclass(frozen=True, slots=True)
class CreditPart:
    """What one order got of a member's credit."""

    order: str
    payment: str
    receipt: str
    amount: Money
    order_state: OrderState
    open: Money


@dataclass(frozen=True, slots=True)
class CreditApplied:
    """What applying a member's credit came to. left -- what is still their credit"""

    member: str
    applied: Money
    left: Money
    parts: tuple[CreditPart, ...]


@dataclass(frozen=True, slots=True)
class CreditRequested:
    """A request about a member's credit, as it stands now. left -- their credit besides"""

    number: str
    member: str
    kind: RequestKind
    amount: Money
    method: Method | None
    state: RequestState
    left: Money


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request in a list; people by their staff codes.

    reason -- why it was asked for; decision -- why it was refused
    """

    number: str
    member: str
    kind: RequestKind
    amount: Money
    method: Method | None
    state: RequestState
    requested_at: datetime
    requested_by: str
    decided_by: str | None
    paid_by: str | None
    reason: str
    decision: str | None


@dataclass(frozen=True, slots=True)
class CreditMovement:
    """One change of a member's credit; above 0 it grew. about -- the order or the member"""

    at: datetime
    value_on: date
    event: str
    about: str
    amount: Money


@dataclass(frozen=True, slots=True)
class CreditAccount:
    """A member's credit with everything that made it. since -- the last day it moved"""

    member: str
    name: str
    credit: Money
    since: date | None
    stale: bool
    movements: tuple[CreditMovement, ...]


def spread(available: int, orders: Sequence[OpenOrder]) -> list[tuple[OpenOrder, int]]:
    """Return what each order gets of a credit, the oldest first, until nothing is left.

    available -- minor units >= 0; orders -- in the order in which they are owed
    Source: rules M4.
    """
    parts: list[tuple[OpenOrder, int]] = []
    for order in orders:
        amount = min(order.open_minor, available)
        if amount > 0:
            parts.append((order, amount))
            available -= amount
    return parts


def checked_share(asked: int | None, available: int, member: str, currency: str) -> int:
    """Return how much of a member's credit is meant: what was asked for, else all of it.

    Raises RuleRefused when there is not so much. Source: rules M4.
    """
    if available <= 0:
        raise RuleRefused(f"{member} has no credit", hint="memberctl credit list")
    if asked is not None and asked > available:
        raise RuleRefused(
            f"{member} has a credit of {Money(available, currency)}, no more",
            hint=f"memberctl credit show {member}",
        )
    return available if asked is None else asked


def payout_method(method: Method) -> Method:
    """Return the way in which credit is paid out; it is not paid out as credit."""
    if method is Method.MEMBER_CREDIT:
        raise Invalid("credit is paid out in money", field="method", rule="method_of_payout")
    return method


def is_stale(since: date | None, today: date, days: int) -> bool:
    """Tell whether a credit has lain still for more than the policy's days."""
    return since is not None and (today - since).days > days


def refuse_fresh(member: str, since: date | None, today: date, days: int) -> None:
    """Refuse to give up a credit that moved within the policy's days. Source: rules M14."""
    if not is_stale(since, today, days):
        raise RuleRefused(
            f"the credit of {member} last moved on {since}; it is stale after {days} days",
            hint="memberctl policy show stale_credit_days",
        )


def refuse_given_up(number: str, kind: RequestKind, state: RequestState) -> None:
    """Refuse to decide anew what was booked with its approval. Source: rules M14."""
    if kind is RequestKind.STALE and state is RequestState.APPROVED:
        raise RuleRefused(
            f"{number} was approved, and its credit is income since then",
            hint="memberctl credit requests",
        )


def refuse_same_hand(by: Actor, number: str, before: int, what: str) -> None:
    """Refuse that one person takes two steps of one request. Source: rules O2, M9.

    before -- the row of `staff` who took the step before; what -- what they did then
    """
    if by.staff_id == before:
        raise NotPermitted(
            f"{by.staff} {what} {number}: somebody else has to go on",
            hint="memberctl credit requests",
        )


def refuse_own_money(by: Actor, number: str, member_staff_id: int | None) -> None:
    """Refuse that somebody decides about money that would be paid to themselves."""
    if member_staff_id is not None and by.staff_id == member_staff_id:
        raise NotPermitted(f"{number} is about {by.staff}'s own credit: somebody else decides")


def refuse_credit_as_money(method: Method) -> None:
    """Refuse that a member's credit is recorded as if it were money that came in."""
    if method is Method.MEMBER_CREDIT:
        raise Invalid(
            "a member's credit is no money that comes in",
            field="method", rule="method", hint="memberctl credit apply MEMBER",
        )  # fmt: skip
