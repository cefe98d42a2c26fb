"""In which year a day lies whose date has none, as `03/09` in the statement of a card.

A year is never guessed. It comes from another column of the row, from the last day that somebody
gives, or from what the file says of itself: a day then lies in the newest year in which it is not
after that, so that the December rows of a January statement are of the year before.
Source: rules M15; bad inputs 61.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from memberctl.bank.figures import plain
from memberctl.bank.moments import (
    DateForm,
    DayOfMonth,
    century,
    in_range,
    month_named,
    parse_moment,
)
from memberctl.core.errors import Invalid

GROUPS = frozenset({"date", "year", "month", "day"})
"""What a pattern may find: a whole date, or the parts of one."""

_EVERY_LEAP = 8
"""Years among which the 29th of February comes at least once."""

_DECEMBER, _JANUARY = 12, 1


@dataclass(frozen=True, slots=True)
class YearForm:
    """Where a map says that years come from.

    pattern -- finds the last day in a line; file -- in the file's name
    """

    pattern: re.Pattern[str] | None = None
    file: re.Pattern[str] | None = None


class Years:
    """The last day that a file's dates without a year lie before, as it is read.

    until -- the one that somebody gave, which holds before every other
    """

    def __init__(self, form: YearForm, dates: DateForm, name: str, until: date | None) -> None:
        self._form, self._dates = form, dates
        self._given = until
        self._last = until
        self._alone: int | None = None
        self._months: set[int] = set()
        self._first_on: date | None = None
        self._last_on: date | None = None
        if until is None and form.file is not None:
            self._take(form.file.search(name))

    @property
    def known(self) -> bool:
        """Whether there is something that a day can be placed by."""
        return self._last is not None or self._alone is not None

    def note(self, text: str) -> bool:
        """Look for the last day in a line; return whether it was there."""
        if self._form.pattern is None or self._given is not None:
            return False
        found = self._form.pattern.search(text)
        self._take(found)
        return found is not None

    def _take(self, found: re.Match[str] | None) -> None:
        if found is None:
            return
        parts = found.groupdict()
        if whole := parts.get("date"):
            day, _ = parse_moment(whole, self._dates)
            if isinstance(day, DayOfMonth):
                raise Invalid(
                    "the date that the pattern of [year] finds has no year itself",
                    rule="year_missing",
                )
            self._last, self._alone = day, None
        else:
            self._last, self._alone = _last_day(parts, self._dates)

    def place(self, day: DayOfMonth, beside: str) -> date:
        """Return the date of a day. beside -- what the column `year` of its row says, if any

        Raises Invalid for a 29th of February of no year and when nothing tells the year.
        """
        found = in_range(self._placed(day, plain(beside)))
        self._first_on = min(self._first_on or found, found)
        self._last_on = max(self._last_on or found, found)
        return found

    def _placed(self, day: DayOfMonth, beside: str) -> date:
        if beside:
            if beside.isascii() and beside.isdigit() and len(beside) == 4:
                return _in_year(int(beside), day)
            near, _ = parse_moment(beside, self._dates)
            if isinstance(near, date):
                return _nearest(day, near)
        if self._last is not None:
            return _newest(day, self._last)
        if self._alone is not None:
            self._months.add(day.month)
            return _in_year(self._alone, day)
        raise Invalid("has no year, and nothing tells it", rule="year_missing")

    def doubts(self) -> list[str]:
        """Return a difference where a year alone cannot be that of all rows."""
        if {_DECEMBER, _JANUARY} <= self._months and len(self._months) < _DECEMBER - 1:
            return [
                "the rows are of December and of January, and only a year is stated: let"
                " year.pattern find the month as well, or give --until"
            ]
        return []

    def notices(self) -> list[str]:
        """Return between which days dates without a year were placed."""
        if self._first_on is None:
            return []
        return [f"dates without a year are read as from {self._first_on} to {self._last_on}"]


def _last_day(parts: Mapping[str, str | None], dates: DateForm) -> tuple[date | None, int | None]:
    """Return the last day that parts of a date tell, or the year where they tell no more."""
    named = plain(parts.get("month") or "")
    try:
        said = int(parts["year"] or 0)
        year = said + dates.era if dates.era else century(said) if said < 100 else said
        if not named:
            return None, date(year, 1, 1).year
        month = int(named) if named.isdigit() else month_named(named, dates.months)
        day = int(parts.get("day") or monthrange(year, month)[1])
        return date(year, month, day), None
    except (ValueError, IndexError):
        raise Invalid(
            "what the pattern of [year] finds is no day, month or year", rule="date_unknown"
        ) from None


def _in_year(year: int, day: DayOfMonth) -> date:
    try:
        return date(year, day.month, day.day)
    except ValueError:
        raise Invalid(f"is no day of {year}", rule="date_unknown") from None


def _years_with(day: DayOfMonth, around: int) -> list[date]:
    """Return the day in each year around one that has it."""
    found = []
    for year in range(max(around - _EVERY_LEAP, 1), around + _EVERY_LEAP + 1):
        try:
            found.append(date(year, day.month, day.day))
        except ValueError:
            continue
    return found


def _newest(day: DayOfMonth, last: date) -> date:
    return max(each for each in _years_with(day, last.year) if each <= last)


def _nearest(day: DayOfMonth, near: date) -> date:
    return min(_years_with(day, near.year), key=lambda each: abs(each - near))
