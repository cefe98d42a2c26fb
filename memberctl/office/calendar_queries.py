"""Everything that is asked about the working-day calendar."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from memberctl.core.errors import NotFound
from memberctl.core.workdays import WorkCalendar
from memberctl.office.calendars import CalendarDayLine, CalendarYearLine, is_provisional
from memberctl.office.rules import DayKind
from memberctl.office.tables import CalendarDay, CalendarYear

if TYPE_CHECKING:
    from sqlmodel import Session

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def work_calendar(session: Session) -> WorkCalendar:
    """Return the calendar of working days over all years that were entered."""
    days: dict[DayKind, set[date]] = defaultdict(set)
    for day, kind in session.execute(select(col(CalendarDay.day), col(CalendarDay.kind))):
        days[kind].add(day)
    return WorkCalendar(
        years=frozenset(session.scalars(select(col(CalendarYear.year)))),
        holidays=frozenset(days[DayKind.HOLIDAY]),
        workdays=frozenset(days[DayKind.WORKDAY]),
    )


def special_days(session: Session, first: date, last: date) -> list[CalendarDay]:
    """Return the days from `first` to `last` that differ from the ordinary week, in order."""
    statement = (
        select(CalendarDay)
        .where(col(CalendarDay.day).between(first, last))
        .order_by(col(CalendarDay.day))
    )
    return list(session.scalars(statement))


def list_years(session: Session) -> list[CalendarYearLine]:
    """Return the years of the calendar, oldest first."""
    counts: dict[tuple[int, DayKind], int] = defaultdict(int)
    for year, kind in session.execute(select(col(CalendarDay.year), col(CalendarDay.kind))):
        counts[year, kind] += 1
    return [
        CalendarYearLine(
            year=row.year,
            source=row.source,
            provisional=is_provisional(row.source),
            holidays=counts[row.year, DayKind.HOLIDAY],
            workdays=counts[row.year, DayKind.WORKDAY],
        )
        for row in session.scalars(select(CalendarYear).order_by(col(CalendarYear.year)))
    ]


def calendar_days(
    session: Session, first: date, last: date, *, every: bool
) -> list[CalendarDayLine]:
    """Return the days from `first` to `last`, of one year.

    every -- all of them; else only those that differ from the ordinary week
    Raises NotFound when the year was never entered.
    """
    if session.get(CalendarYear, first.year) is None:
        raise NotFound(
            f"the working-day calendar has no year {first.year}",
            hint=f"memberctl calendar add {first.year}",
        )
    special = {row.day: row for row in special_days(session, first, last)}
    length = (last - first).days + 1
    days = [first + timedelta(days=n) for n in range(length)] if every else list(special)
    return [_day_line(day, special.get(day)) for day in days]


def _day_line(day: date, special: CalendarDay | None) -> CalendarDayLine:
    kind = special.kind if special else None
    return CalendarDayLine(
        date=day,
        weekday=WEEKDAYS[day.weekday()],
        working=kind is DayKind.WORKDAY or (kind is None and day.weekday() < 5),
        kind=kind,
        name=special.name if special else "",
    )
