"""Where the days of a calendar year come from: the published holidays, or a file of one's own.

Nothing here touches the store; the library of holidays is loaded only when it is asked.
Source: rules O5; mission S4.4; bad inputs 35-48, 61.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from memberctl.core.dates import EARLIEST, LATEST, parse_date
from memberctl.core.errors import Invalid
from memberctl.core.rows import BadRow, Row
from memberctl.core.text import clean_text
from memberctl.office.rules import DayKind, Outcome, first_faults

HEADER = ("date", "kind", "name")
GIVEN = "given"
PROVISIONAL = "provisional"

# Here the government moves weekend days by a notice late in the year before.
_ANNOUNCED_YEARLY = frozenset({"CN"})
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that differs from the ordinary week of Monday to Friday, and why."""

    day: date
    kind: DayKind
    name: str


@dataclass(frozen=True, slots=True)
class YearOfDays:
    """All special days of one year, in order; source -- where they come from, as it is stored."""

    year: int
    source: str
    days: tuple[SpecialDay, ...]


@dataclass(frozen=True, slots=True)
class CalendarYearLine:
    """A year of the calendar; provisional -- its make-up workdays are not published yet."""

    year: int
    source: str
    provisional: bool
    holidays: int
    workdays: int


@dataclass(frozen=True, slots=True)
class CalendarDayLine:
    """One day; kind and name -- None and "" on a day like every week's."""

    date: date
    weekday: str
    working: bool
    kind: DayKind | None
    name: str


@dataclass(frozen=True, slots=True)
class YearEntered:
    """What became of a year of the calendar."""

    year: int
    source: str
    provisional: bool
    holidays: int
    workdays: int
    outcome: Outcome

    @property
    def is_new(self) -> bool:
        """Whether the calendar is another one now."""
        return self.outcome is not Outcome.UNCHANGED


def is_provisional(source: str) -> bool:
    """Whether the year's make-up workdays were not published when it was entered."""
    return source.endswith(PROVISIONAL)


def parse_year(text: str) -> int:
    """Return a year from 1900 to 2199 written in four digits. Raises Invalid."""
    typed = text.strip()
    plain = typed.isascii() and typed.isdigit() and len(typed) == 4
    if not (plain and EARLIEST.year <= int(typed) <= LATEST.year):
        raise Invalid(
            f"a year is written in four digits, from {EARLIEST.year} to {LATEST.year}",
            field="year",
            rule="year_form",
        )
    return int(typed)


def parse_stretch(text: str) -> tuple[date, date]:
    """Return the first and last day of "2026" or "2026-02". Raises Invalid."""
    typed = text.strip()
    month = _MONTH.fullmatch(typed)
    if month is None:
        year = parse_year(typed)
        return date(year, 1, 1), date(year, 12, 31)
    if not "01" <= typed[5:] <= "12":
        raise Invalid("a month is 01 to 12, written YYYY-MM", field="month", rule="month")
    first = parse_date(f"{typed}-01", what="the month")
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def published_year(region: str, year: int) -> YearOfDays:
    """Return the special days of a year as the library of holidays knows them.

    region -- ISO 3166 code of the organisation's country
    A year whose make-up workdays were not announced yet is marked provisional.
    Raises Invalid for a region or year that the library does not know.
    """
    from importlib.metadata import version

    import holidays

    try:
        language = holidays.country_holidays(region).default_language
        known = holidays.country_holidays(region, years=year, language=language)
    except NotImplementedError:
        known = None
    if known is None or not known.start_year <= year <= known.end_year:
        raise Invalid(
            f"the holidays of {year} in {region} are not known",
            field="year",
            rule="year_unknown",
            hint=f"memberctl calendar add {year} --file FILE",
        )
    source = f"holidays {version('holidays')}"
    if region in _ANNOUNCED_YEARLY and year not in {day.year for day in known.weekend_workdays}:
        source = f"{source}, {PROVISIONAL}"
    special = ((day, known.is_working_day(day)) for day in _days_of(year))
    return YearOfDays(
        year,
        source,
        tuple(
            SpecialDay(day, _kind(working), known.get(day) or "")
            for day, working in special
            if working != (day.weekday() < 5)
        ),
    )


def _days_of(year: int) -> Iterator[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=n) for n in range((date(year, 12, 31) - first).days + 1))


def _kind(working: bool) -> DayKind:
    return DayKind.WORKDAY if working else DayKind.HOLIDAY


def given_year(year: int, header: Sequence[str], rows: Iterable[Row | BadRow]) -> YearOfDays:
    """Return the special days that a file names, with the columns date, kind and name.

    Raises Invalid with the first faults of the file, each with its line; one fault and nothing
    of the file is taken, for half a calendar is a wrong one.
    """
    if header and tuple(header) != HEADER:
        raise Invalid(f"the first line must be {','.join(HEADER)}", rule="header")
    days: dict[date, SpecialDay] = {}
    faults: list[str] = []
    for row in rows:
        try:
            found = _special_day(year, row)
        except Invalid as fault:
            faults.append(f"line {row.line}: {fault.message}")
            continue
        if found.day in days:
            faults.append(f"line {row.line}: the date is there already")
        days[found.day] = found
    if faults:
        raise Invalid(first_faults(faults), rule="rows")
    return YearOfDays(year, GIVEN, tuple(days[day] for day in sorted(days)))


def _special_day(year: int, row: Row | BadRow) -> SpecialDay:
    if isinstance(row, BadRow):
        raise Invalid(row.message, rule=row.rule)
    when, kind, name = row.cells
    day = parse_date(when.strip(), what="the date")
    if day.year != year:
        raise Invalid(f"the date is not of the year {year}", field="date", rule="date_year")
    if kind.strip() not in set(DayKind):
        raise Invalid(f"the kind is one of {', '.join(DayKind)}", field="kind", rule="kind")
    cleaned = clean_text(name, what="the name", field="name", required=False)
    return SpecialDay(day, DayKind(kind.strip()), cleaned)
