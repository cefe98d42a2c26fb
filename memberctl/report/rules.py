"""What reports derive from the facts of several slices, as pure functions.

Source: rules T7, N6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from memberctl.access.holds import Hold
from memberctl.access.rules import Held, Standing, Wait
from memberctl.order.rules import OrderKind, OrderState

BUYS_A_TERM = (OrderKind.JOIN, OrderKind.RENEWAL, OrderKind.DOWNGRADE)
_PAID = frozenset({OrderState.PAID, OrderState.FULFILLED, OrderState.CLOSED})
_CALLED_OFF = frozenset({OrderState.WITHDRAWN, OrderState.VOIDED, OrderState.REJECTED})


@dataclass(frozen=True, slots=True)
class Invariant:
    """One rule. sql -- rows of (object, expected, found); naming -- makes the object's number."""

    rule: str
    sql: str
    naming: Callable[[Any], str] = str


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What an order says about where its member stands.

    confirmed_on   -- from this local date on it waited for its money; None if it never did
    payment_due_on -- the last day on which it could be paid
    """

    number: str
    state: OrderState
    confirmed_on: date | None
    payment_due_on: date | None


def wait_of(order: OrderFacts, granted_on: date | None, called_off_on: date | None) -> Wait | None:
    """Return when an order waited for its money, or None if it never did.

    granted_on    -- the local date on which the order's term was granted, if it was
    called_off_on -- the local date on which it was withdrawn or voided, if it was
    Source: rules T7, O8.
    """
    if order.confirmed_on is None:
        return None
    if order.state is OrderState.CONFIRMED:
        # Late money activates nothing (O8): after its last day nobody waits, forfeited or not yet.
        return Wait(order.confirmed_on, order.payment_due_on)
    if order.state in _PAID:
        return None if granted_on is None else Wait(order.confirmed_on, granted_on)
    if order.state is OrderState.FORFEITED and order.payment_due_on is not None:
        return Wait(order.confirmed_on, order.payment_due_on)
    if called_off_on is None:
        return None
    return Wait(order.confirmed_on, called_off_on - timedelta(days=1))


def was_called_off(order: OrderFacts) -> bool:
    """Whether only the audit log knows until when the order waited."""
    return order.confirmed_on is not None and order.state in _CALLED_OFF


def standing(
    terms: Sequence[Held],
    orders: Sequence[OrderFacts],
    called_off: Mapping[str, date],
    grace_days: int,
    holds: Sequence[Hold] = (),
) -> Standing:
    """Return the facts that decide one member's status.

    called_off -- when withdrawn and voided orders were, by number
    """
    granted = {term.source: term.granted_on for term in terms}
    waits = [
        wait_of(order, granted.get(order.number), called_off.get(order.number)) for order in orders
    ]
    waited = tuple(wait for wait in waits if wait is not None)
    return Standing(tuple(terms), grace_days, waited, tuple(holds))


def member_since(terms: Sequence[Held], as_of: date) -> date | None:
    """Return the first day of the first term that counts; a reinstatement keeps it (rules T5)."""
    return min((term.span_on(as_of).start_on for term in terms if term.counts(as_of)), default=None)


def continuous_since(terms: Sequence[Held], as_of: date) -> date | None:
    """Return the first day of the latest stretch of terms without a gap, or None without a term.

    A renewal inside grace continues the stretch, a reinstatement begins another (rules T5).
    """
    known = (term.span_on(as_of) for term in terms if term.counts(as_of))
    spans = sorted(known, key=lambda span: span.start_on)
    # What is sold for later behind a gap says nothing about today.
    begun = [span for span in spans if span.start_on <= as_of] or spans[:1]
    since = begun[0].start_on if begun else None
    for earlier, later in pairwise(begun):
        if later.start_on > earlier.end_on + timedelta(days=1):
            since = later.start_on
    return since


class Finding(StrEnum):
    """What a check of `doctor` came to."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. mend -- the command that mends it, "" when nothing is wrong."""

    check: str
    state: Finding
    what: str
    mend: str = ""


def exit_of(checks: Sequence[Check]) -> int:
    """Return 8 when something is wrong, 3 when a person should look, else 0."""
    found = {check.state for check in checks}
    if Finding.WRONG in found:
        return 8
    return 3 if Finding.WARN in found else 0
