"""What of an order's fee is earned by the end of a day: a pure function of what was known then.

A fee is earned day by day over the days of entitlement that it bought. The sum up to a day is
rounded, not the day, so that the days of a term always add up to its fee.
Source: rules M1, M12, T9; mission S3.10.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from memberctl.access.changes import (
    CARRIED_ON,
    days_sold,
    days_used,
    ending,
    freezes,
    known,
    span_known,
)
from memberctl.access.rules import Held
from memberctl.core.dates import Span
from memberctl.core.errors import Invalid, RuleRefused
from memberctl.core.money import Money, divide_half_up


@dataclass(frozen=True, slots=True)
class Movement:
    """What the books of one order's fee say of one value date, in minor units.

    booked -- what was added to the fee, earned or not; earned -- what became income
    """

    value_on: date
    booked: int
    earned: int


@dataclass(frozen=True, slots=True)
class Fee:
    """One order's fee, with everything that decides when it is earned.

    terms     -- those that it paid for; at_once -- the joining fee, if the policy earns it at once
    movements -- of its fee in the books, in the order of their dates
    delivered -- nothing remains to be done for it although it has no term
    """

    order: str
    terms: tuple[Held, ...]
    movements: tuple[Movement, ...] = field(default=())
    at_once: int = 0
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Earned:
    """What becomes income of one order on one value date; below 0 it is income no more."""

    order: str
    value_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a run came to. orders -- of how many it moved a fee; months -- the income of each"""

    through: date
    orders: int
    entries: int
    earned: Money
    unearned: Money


def earned_minor(fee: int, at_once: int, terms: Sequence[Held], on: date) -> int:
    """Return what of a fee is earned by the end of `on`, in minor units.

    fee     -- what is booked for the order, in minor units >= 0
    at_once -- what of it is earned on the first day, 0 <= at_once
    terms   -- the order's; without one that counts on that day nothing is earned
    Source: rules M12, T9.
    """
    living = [term for term in terms if term.counts(on)]
    if not living:
        return 0
    first = min(living, key=lambda term: term.span.start_on)
    changes = known(first.changes, on)
    span, frozen = _earning_span(first, on), freezes(changes)
    if on < span.start_on:
        return 0
    front = min(at_once, fee)
    sold = days_sold(span, frozen)
    if sold == 0:
        return fee
    return front + divide_half_up((fee - front) * days_used(span, frozen, on), sold)


def _earning_span(term: Held, on: date) -> Span:
    """Return the days over which a term's fee is earned, as they were known on `on`.

    One that somebody goes on using under another order is earned to its old end.
    """
    changes = known(term.changes, on)
    if ending(changes) in CARRIED_ON:
        return [change.before for change in changes if change.kind in CARRIED_ON][-1]
    return span_known(term.span, term.changes, on)


def earned_by(fee: Fee, last: date | None, through: date) -> list[Earned]:
    """Return what is to be booked of one fee, so that each month has the income that it earned.

    last    -- the day up to which income is booked, None before the first run; what belongs to
               days before it counts from the next month end on, because past months are closed
    through -- the last day that counts now
    Source: rules M1, M16.
    """
    found: list[Earned] = []
    booked_now = 0
    for day in value_dates(fee, last, through):
        booked = sum(each.booked for each in fee.movements if each.value_on <= day)
        income = booked_now + sum(each.earned for each in fee.movements if each.value_on <= day)
        target = earned_minor(booked, fee.at_once, fee.terms, day)
        if day == through and fee.delivered and not any(t.counts(day) for t in fee.terms):
            target = booked
        if target != income:
            found.append(Earned(fee.order, day, target - income))
            booked_now += target - income
    return found


def value_dates(fee: Fee, last: date | None, through: date) -> list[date]:
    """Return the days on which income of a fee is booked: month ends, and the last day."""
    days = [each.value_on for each in fee.movements]
    first = min(days, default=through) if last is None else last
    ends: list[date] = []
    day = month_end(first)
    while day < through:
        if last is None or day > last:
            ends.append(day)
        day = month_end(day + timedelta(days=1))
    return [*ends, through]


def month_end(day: date) -> date:
    """Return the last day of the month that `day` lies in."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def job_through(today: date, every: str) -> date:
    """Return the day up to which the daily run books income: yesterday, or the last month's end.

    every -- the policy: "day" or "month"
    """
    if every == "day":
        return today - timedelta(days=1)
    return today.replace(day=1) - timedelta(days=1)


def refuse_through(through: date, last: date | None, today: date) -> None:
    """Refuse to book income of days that have not passed, or of days before those booked.

    Source: rules M1, M16.
    """
    if through > today:
        raise Invalid(
            f"{through} has not come yet: income is earned by the end of a day, {today} at the"
            " latest",
            field="through", rule="future",
        )  # fmt: skip
    if last is not None and through < last:
        raise RuleRefused(
            f"income is booked through {last} already; what is booked stays",
            hint=f"memberctl ledger recognise --through {last}",
        )
