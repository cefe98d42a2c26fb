"""Fixed-calendar plans: everybody's term ends on the same day, whoever joins late pays a share.

Source: rules T10.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from memberctl.core.dates import Period, Span, Unit, add_period
from memberctl.core.errors import Invalid

_FORM = re.compile(r"([0-9]{2}-[0-9]{2})(?:/(days|months))?(?:/([0-9]{2}-[0-9]{2}))?")
_ONE_DAY = timedelta(days=1)
_LEAP_YEAR = 2024
MONTHS_OF_A_YEAR = 12


class Share(StrEnum):
    """What a late join pays for: the days that are left, or the months that were begun."""

    DAYS = "days"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Season:
    """The stretches of a fixed-calendar plan.

    starts   -- month and day on which a stretch begins, every `months` from there on
    rolls_on -- month and day from which a join of the same stretch also gets the next, or None
    """

    starts: tuple[int, int]
    months: int
    share: Share
    rolls_on: tuple[int, int] | None = None

    def span(self, on: date) -> Span:
        """Return the stretch that holds a day."""
        # Counted from one day in the year before, never from a day that a short month clamped.
        anchor, length = date(on.year - 1, *self.starts), Period(self.months, Unit.MONTH)
        index = 0
        while add_period(anchor, length, index + 1) <= on:
            index += 1
        start = add_period(anchor, length, index)
        return Span(start, add_period(anchor, length, index + 1) - _ONE_DAY)

    def joined(self, on: date) -> Span:
        """Return the days that a join on `on` gets: the rest, from the roll-over on more."""
        now = self.span(on)
        if self.rolls_on is None or on < self._roll_over(now):
            return Span(on, now.end_on)
        return Span(on, self.span(now.end_on + _ONE_DAY).end_on)

    def _roll_over(self, now: Span) -> date:
        """Return the day within a stretch from which joins roll over; its last day at most."""
        assert self.rolls_on is not None
        month, day = self.rolls_on
        same_year = date(now.start_on.year, month, day)
        return same_year if same_year >= now.start_on else date(now.start_on.year + 1, month, day)

    def portion(self, on: date) -> tuple[int, int]:
        """Return (n, d): a join on `on` pays n / d of the price of a whole stretch.

        By days, the days that are left of those of the stretch; by months, those that are left
        with the one that has begun. The stretch that a roll-over adds is paid whole.
        """
        return self.portion_of(self.joined(on))

    def portion_of(self, days: Span) -> tuple[int, int]:
        """Return (n, d) as `portion` does, for a term that begins and ends with `days`."""
        on, now = days.start_on, self.span(days.start_on)
        if self.share is Share.DAYS:
            n, d = (now.end_on - on).days + 1, now.days
        else:
            n, d = self.months - self._months_gone(now.start_on, on), self.months
        return (n + d if days.end_on > now.end_on else n), d

    def _months_gone(self, start: date, on: date) -> int:
        gone = 0
        while add_period(start, Period(gone + 1, Unit.MONTH)) <= on:
            gone += 1
        return gone


def checked_season(text: str) -> str:
    """Return the one form in which a season is kept: "01-01/days" or "09-01/months/06-01".

    text -- the first day, then how a late join pays (days unless said), then the roll-over
    Raises Invalid.
    """
    match = _FORM.fullmatch(text.strip().lower())
    if match is None:
        raise Invalid(
            "a season is written like 01-01, 09-01/months or 01-01/days/11-01: its first day, what"
            " a late join pays for, from when it also gets the next",
            field="season",
            rule="season_form",
        )
    parts = [match[1], match[2] or Share.DAYS.value, *([match[3]] if match[3] else [])]
    for day in (match[1], match[3]):
        if day is not None:
            _month_and_day(day)
    return "/".join(parts)


@lru_cache(maxsize=256)
def season_of(kept: str, term: str) -> Season:
    """Return the season of a plan from the forms in which its season and its term are kept.

    Raises Invalid unless the term is a number of months that a year is made of.
    """
    starts, share, *rolls = kept.split("/")
    return Season(
        starts=_month_and_day(starts),
        months=season_months(term),
        share=Share(share),
        rolls_on=_month_and_day(rolls[0]) if rolls else None,
    )


def season_months(term: str) -> int:
    """Return for how many months a fixed-calendar plan's term is. Raises Invalid."""
    count, unit = int(term[:-1]), term[-1]
    months = count * MONTHS_OF_A_YEAR if unit == Unit.YEAR else count
    if unit not in {Unit.MONTH, Unit.YEAR} or not months or MONTHS_OF_A_YEAR % months:
        raise Invalid(
            "a plan with a season has a term of 1, 2, 3, 4, 6 or 12 months",
            field="season",
            rule="season_term",
        )
    return months


def _month_and_day(text: str) -> tuple[int, int]:
    """Return a day that every year has; 29 February is none."""
    month, day = int(text[:2]), int(text[3:])
    try:
        date(_LEAP_YEAR - 1, month, day)
    except ValueError:
        raise Invalid(
            f"there is no {text} in every year", field="season", rule="season_day"
        ) from None
    return month, day
