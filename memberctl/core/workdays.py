"""Deadlines in working days, by a calendar of holidays and make-up workdays.

Source: rules O5, O6, O8; mission S4.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from memberctl.core.errors import RuleRefused

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked, for the years that somebody has entered.

    years    -- the years that are complete; any other year is refused, never guessed
    holidays -- Mondays to Fridays that are not worked
    workdays -- Saturdays and Sundays that are worked to make up for a holiday
    """

    years: frozenset[int]
    holidays: frozenset[date]
    workdays: frozenset[date]

    def is_working(self, day: date) -> bool:
        """Whether `day` is worked. Raises RuleRefused when its year was never entered."""
        if day.year not in self.years:
            raise RuleRefused(
                f"the working-day calendar has no year {day.year}",
                hint=f"memberctl calendar add {day.year}",
            )
        return day in self.workdays or (day.weekday() < 5 and day not in self.holidays)


def due_after(received: date, working_days: int, cal: WorkCalendar) -> date:
    """Return the last day of a deadline: the n-th working day after the day of receipt.

    Complete on Thursday 2024-10-10, 2 working days: Friday 11 and the make-up Saturday 12.
    A deadline of 0 working days is due on the day of receipt.
    Raises RuleRefused when the calendar lacks a year that the count needs.
    Source: rules O5.
    """
    return _nth_day(received, working_days, cal.is_working)


def working_days_between(after: date, through: date, cal: WorkCalendar) -> int:
    """Return how many working days lie after `after`, up to and including `through`.

    0 when `through` is not later. Raises RuleRefused when the calendar lacks a year.
    """
    length = (through - after).days
    return sum(cal.is_working(after + timedelta(days=n)) for n in range(1, length + 1))


def due_with_pauses(
    received: date,
    working_days: int,
    pauses: Sequence[tuple[date, date | None]],
    cal: WorkCalendar,
    *,
    as_of: date,
) -> date:
    """Return the due date of a deadline that stood still during the pauses.

    pauses -- (returned on, complete again on); an open pause lasts through as_of. As with the
              receipt itself, the day of return still counts and counting resumes on the next
              working day after the material is complete. Pauses that overlap count once, and a
              pause that begins after the due date changes nothing.
    Raises RuleRefused when the calendar lacks a year that the count needs.
    Source: rules O6.
    """
    closed = [(start, as_of if end is None else end) for start, end in pauses]

    def counts(day: date) -> bool:
        return cal.is_working(day) and not any(start < day <= end for start, end in closed)

    return _nth_day(received, working_days, counts)


def warning_on(received: date, due: date, fraction_percent: int, cal: WorkCalendar) -> date:
    """Return the first day on which at least the fraction of the working days is used.

    With 80 percent of 5 working days that is the 4th; short deadlines are warned on the due
    date itself, which is still before their breach on the day after.

    fraction_percent -- 1..100
    Raises RuleRefused when the calendar lacks a year.
    Source: rules O6.
    """
    total = working_days_between(received, due, cal)
    return due_after(received, -(-total * fraction_percent // 100), cal)


def _nth_day(after: date, n: int, counts: Callable[[date], bool]) -> date:
    """Return the n-th day after `after` that counts, or `after` itself when n is 0."""
    if n <= 0:
        return after
    found = 0
    for day in _days_after(after):
        found += counts(day)
        if found == n:
            return day
    raise RuleRefused("the deadline lies beyond the last day of the calendar")


def _days_after(day: date) -> Iterator[date]:
    while day < date.max:
        day += _ONE_DAY
        yield day
