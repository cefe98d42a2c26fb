"""Local calendar dates, UTC instants, and periods counted from an anchor.

Entitlement is counted in local dates with an inclusive end; instants are kept in UTC.
Source: rules T1-T3, T11; bad inputs 61, 62.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from memberctl.core.errors import Invalid

EARLIEST = date(1900, 1, 1)
LATEST = date(2199, 12, 31)

_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?", re.ASCII
)
_PERIOD = re.compile(r"([0-9]{1,5})([dwmy])")


def parse_date(text: str, *, what: str = "date") -> date:
    """Return the date written as YYYY-MM-DD, from 1900-01-01 to 2199-12-31.

    what -- how the refusal calls the date; the value itself is never repeated
    Raises Invalid for any other form, also the other forms of ISO 8601.
    Source: bad inputs 61.
    """
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or not text.isascii():
        raise Invalid(f"{what} must be written YYYY-MM-DD", rule="date_form")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        if not text.replace("-", "").isdigit():
            raise Invalid(f"{what} must be written YYYY-MM-DD", rule="date_form") from None
        raise Invalid(f"{what} is not a day of the calendar", rule="date_unknown") from None
    if not EARLIEST <= day <= LATEST:
        raise Invalid(f"{what} must lie between {EARLIEST} and {LATEST}", rule="date_range")
    return day


def parse_month(text: str, *, what: str = "month") -> date:
    """Return the first day of the month written as YYYY-MM; raises as `parse_date`."""
    if len(text) != 7:
        raise Invalid(f"{what} must be written YYYY-MM", rule="date_form")
    try:
        return parse_date(f"{text}-01", what=what)
    except Invalid as problem:
        if problem.rule != "date_unknown":
            raise
        raise Invalid(f"{what} does not exist: a month is 01 to 12", rule="date_unknown") from None


def parse_birth_date(text: str, *, today: date) -> date:
    """Return a birth date written as YYYY-MM-DD that is not after `today`.

    Raises Invalid, without repeating the date.
    """
    day = parse_date(text, what="birth date")
    if day > today:
        raise Invalid("birth date lies in the future", field="birth_date", rule="date_future")
    return day


def zone(name: str) -> ZoneInfo:
    """Return the IANA time zone of that name. Raises Invalid, with a near match, if unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(
            "the time zone is not known", rule="zone", hint=f"for example {_nearest_zone(name)}"
        ) from None


def _nearest_zone(name: str) -> str:
    import difflib
    from zoneinfo import available_timezones

    known = {each.casefold(): each for each in available_timezones()}
    near = difflib.get_close_matches(name[:60].casefold(), known, n=1)
    return known[near[0]] if near else "Asia/Shanghai"


def local_date(instant: datetime, tz: ZoneInfo) -> date:
    """Return the calendar date that `instant` falls on in `tz`.

    instant -- with its zone; a naive datetime is a programmer's error (ValueError)
    Source: rules T1.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return instant.astimezone(tz).date()


def parse_instant(text: str, tz: ZoneInfo) -> datetime:
    """Return the UTC instant of "2026-03-02 18:30" or "2026-03-02T18:30:00+08:00".

    Without an offset the time is local to `tz`.
    Raises Invalid for another form, for a local time that the clocks skip (naming the nearest
    valid one after it) and for one that they pass twice (asking for the offset).
    Source: rules T11; bad inputs 62.
    """
    match = _INSTANT.fullmatch(text.strip())
    if match is None:
        raise Invalid(
            "a time must be written YYYY-MM-DD HH:MM, with an offset like +08:00 if need be",
            rule="instant_form",
        )
    day, clock, offset = parse_date(match[1]), match[2], match[3]
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{offset or ''}")
    except ValueError:
        raise Invalid("the time of day or its offset does not exist", rule="instant_form") from None
    return moment.astimezone(UTC) if offset else _local_instant(moment, tz)


def _local_instant(naive: datetime, tz: ZoneInfo) -> datetime:
    """Return the one instant at which clocks in `tz` show `naive`, or refuse."""
    first, second = naive.replace(tzinfo=tz), naive.replace(tzinfo=tz, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before == after:
        return first.astimezone(UTC)
    shown = naive.isoformat(sep=" ", timespec="minutes")
    if not _exists(naive, tz):
        valid = _end_of_gap(naive, tz).astimezone(tz).isoformat(sep=" ", timespec="minutes")
        raise Invalid(
            f"{shown} does not exist in {tz.key}: clocks are put forward;"
            f" the nearest valid time after it is {valid[:16]}",
            rule="instant_skipped",
            hint=f"use {valid[:16]}",
        )
    raise Invalid(
        f"{shown} happens twice in {tz.key}: clocks are put back",
        rule="instant_doubled",
        hint=f"add the offset: {first.isoformat()[-6:]} or {second.isoformat()[-6:]}",
    )


def _exists(naive: datetime, tz: ZoneInfo) -> bool:
    back = naive.replace(tzinfo=tz).astimezone(UTC).astimezone(tz)
    return back.replace(tzinfo=None) == naive


def _end_of_gap(naive: datetime, tz: ZoneInfo) -> datetime:
    """Return the UTC instant at which the clocks of `tz` jump over the local time `naive`.

    In a gap PEP 495 gives fold=1 the later offset, hence the earlier instant, so the jump lies
    between the two readings and is found by halving.
    """
    low = naive.replace(tzinfo=tz, fold=1).astimezone(UTC)
    high = naive.replace(tzinfo=tz).astimezone(UTC)
    target = high.astimezone(tz).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(tz).utcoffset() == target:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def at_local_midnight(day: date, tz: ZoneInfo) -> datetime:
    """Return the UTC instant at which `day` begins in `tz`.

    Where clocks skip midnight that is the moment of the jump; where midnight comes twice, the
    first.
    """
    midnight = datetime.combine(day, time.min)
    if not _exists(midnight, tz):
        return _end_of_gap(midnight, tz)
    return midnight.replace(tzinfo=tz).astimezone(UTC)


class Unit(StrEnum):
    """The units in which periods are counted."""

    DAY = "d"
    WEEK = "w"
    MONTH = "m"
    YEAR = "y"


_MOST = {Unit.DAY: 36_525, Unit.WEEK: 5_217, Unit.MONTH: 1_200, Unit.YEAR: 100}


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time as plans state it, e.g. 12 months; count >= 1."""

    count: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


def parse_period(text: str) -> Period:
    """Return the period written as "30d", "2w", "12m" or "1y", at most 100 years.

    Raises Invalid.
    """
    match = _PERIOD.fullmatch(text.strip().lower())
    if match is None:
        raise Invalid("a period must be written like 30d, 2w, 12m or 1y", rule="period_form")
    count, unit = int(match[1]), Unit(match[2])
    if not 1 <= count <= _MOST[unit]:
        raise Invalid(f"a period must be from 1{unit} to {_MOST[unit]}{unit}", rule="period_range")
    return Period(count, unit)


def add_period(anchor: date, period: Period, times: int = 1) -> date:
    """Return `anchor` plus `times` periods, clamped to the end of a shorter month.

    Always call it with the anchor, never with a date that was clamped before: 31 January plus
    one month is 29 February, plus two months 31 March.

    times -- may be 0 or negative
    Raises Invalid when the result lies outside the years 1 to 9999.
    Source: rules T2.
    """
    # Importing dateutil costs 15 ms, which commands without terms should not pay.
    from dateutil.relativedelta import relativedelta

    count = period.count * times
    try:
        match period.unit:
            case Unit.DAY:
                return anchor + timedelta(days=count)
            case Unit.WEEK:
                return anchor + timedelta(weeks=count)
            case Unit.MONTH:
                return anchor + relativedelta(months=count)
            case Unit.YEAR:
                return anchor + relativedelta(years=count)
    except (OverflowError, ValueError):
        raise Invalid("the period ends outside the calendar", rule="date_range") from None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of local dates, both ends included.

    Raises Invalid when it would end before it starts.
    """

    start_on: date
    end_on: date

    def __post_init__(self) -> None:
        if self.end_on < self.start_on:
            raise Invalid("a period cannot end before it starts", rule="span_order")

    @property
    def days(self) -> int:
        """Whole days, at least 1."""
        return (self.end_on - self.start_on).days + 1

    def contains(self, day: date) -> bool:
        """Whether `day` is one of the days."""
        return self.start_on <= day <= self.end_on

    def overlaps(self, other: Span) -> bool:
        """Whether at least one day is in both; containment overlaps too."""
        return self.start_on <= other.end_on and other.start_on <= self.end_on


def span_at(anchor: date, period: Period, index: int) -> Span:
    """Return the index-th term of a series, counted from 0.

    It starts at the anchor plus index periods and ends on the day before the next one starts,
    so a series has neither gap nor overlap nor drift.
    Source: rules T2, T3.
    """
    following = add_period(anchor, period, index + 1)
    return Span(add_period(anchor, period, index), following - timedelta(days=1))


def spans_from(anchor: date, period: Period, count: int) -> list[Span]:
    """Return the first `count` terms of the series that starts at `anchor`."""
    return [span_at(anchor, period, index) for index in range(count)]
