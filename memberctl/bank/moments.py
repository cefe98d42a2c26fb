"""Days and times of day as banks write them, in the forms that a map states.

Nothing is guessed: a text that is not in a stated form is refused, not nearly read. A form
without a year gives a day of a month; which year it is in is for `memberctl.bank.years`.
Source: rules I3, M15; bad inputs 61.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from memberctl.bank.figures import is_nothing, plain
from memberctl.core.dates import EARLIEST, LATEST
from memberctl.core.errors import Invalid

_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_EPOCH = datetime(1899, 12, 30)
_LEAP = 2000
_ISO = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
"""How the names of months begin where a map states no others."""

_PARTS = {
    "Y": r"(?P<year>[0-9]{4})",
    "y": r"(?P<short>[0-9]{2})",
    "e": r"(?P<era>[0-9]{1,4})",
    "m": r"(?P<month>[0-9]{1,2})",
    "d": r"(?P<day>[0-9]{1,2})",
    "H": r"(?P<hour>[0-9]{1,2})",
    "I": r"(?P<half>[0-9]{1,2})",
    "M": r"(?P<minute>[0-9]{2})",
    "S": r"(?P<second>[0-9]{2})",
    "f": r"[0-9]{1,9}",
    "p": r"(?P<noon>[AaPp]\.?[Mm]\.?|上午|下午|午前|午後|오전|오후)",
    "b": r"(?P<name>[^\W\d_]{2,12})\.?",
    "B": r"(?P<name>[^\W\d_]{2,12})\.?",
    "a": r"[^\W\d_]{1,12}\.?",
    "z": r"(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})",
    "%": "%",
}


_AFTERNOONS = frozenset({"下午", "午後", "오후"})
_TWO_DIGITS = {
    "m": r"(?P<month>[0-9]{2})",
    "d": r"(?P<day>[0-9]{2})",
    "H": r"(?P<hour>[0-9]{2})",
}
"""Of numbers without anything between them, each has both its digits."""

_NUMBERS = frozenset("YyemdHIMSf")


class DayOfMonth(NamedTuple):
    """A day as a form without a year gives it."""

    month: int
    day: int


Moment = tuple[date | DayOfMonth, time | None]


@dataclass(frozen=True, slots=True)
class DateForm:
    """How a map's dates are written.

    forms  -- tried in order, e.g. "%d.%m.%Y"
    months -- how the twelve names begin, in small letters; era -- what %e lacks to a year
    """

    forms: tuple[str, ...]
    months: tuple[str, ...] = MONTHS
    era: int = 0

    @property
    def lacks_years(self) -> bool:
        """Whether one of the forms gives a day without its year."""
        return any(not _has_year(form) for form in self.forms)


def _has_year(form: str) -> bool:
    return any(code in spelled_out(form).replace("%%", "") for code in ("%Y", "%y", "%e"))


def spelled_out(form: str) -> str:
    """Return a form with each of its signs alone: %F is %Y-%m-%d, and %-d reads as %d does."""
    for short, whole in (("%-", "%"), ("%F", "%Y-%m-%d"), ("%T", "%H:%M:%S"), ("%R", "%H:%M")):
        form = form.replace(short, whole)
    return form


@lru_cache(maxsize=64)
def date_pattern(form: str) -> re.Pattern[str]:
    """Return the pattern of a date form such as "%d.%m.%Y %H:%M".

    Raises Invalid for a sign that is not known, one that comes twice, and a form without a month
    or a day.
    """
    form = spelled_out(form)
    pieces: list[str] = []
    seen: set[str] = set()
    place = 0
    while place < len(form):
        if form[place] != "%":
            pieces.append(r"\s+" if form[place].isspace() else re.escape(form[place]))
            place += 1
            continue
        code = form[place + 1 : place + 2]
        if code not in _PARTS or code in seen:
            raise Invalid(
                f"has %{code or ' at its end'}, which is not known or comes twice",
                rule="map",
                allowed=[f"%{known}" for known in _PARTS],
            )
        seen.add(code)
        pieces.append(_piece(form, place))
        place += 2
    if not (seen & {"m", "b", "B"} and "d" in seen):
        raise Invalid(
            'are forms of dates, which need a month and a day, e.g. "%Y-%m-%d"', rule="map"
        )
    return re.compile("".join(pieces))


def _piece(form: str, place: int) -> str:
    """Return the pattern of the sign at a place, by what stands beside it."""
    code, before, behind = form[place + 1], form[:place][-2:], form[place + 2 :][:2]
    beside = (each[1:] for each in (before, behind) if each.startswith("%"))
    if any(each in _NUMBERS for each in beside):
        return _TWO_DIGITS.get(code, _PARTS[code])
    return _PARTS[code]


def parse_moment(text: str, dates: DateForm, *, workbook: bool = False) -> Moment:
    """Return the day, and the time of day if there is one, of a cell in one of the forms.

    workbook -- the cell may also be a date of its own, or the serial number of one
    Raises Invalid for every other form and for days that are not in the calendar.
    """
    typed = plain(text)
    for form in (*dates.forms, *_ISO) if workbook else dates.forms:
        match = date_pattern(form).fullmatch(typed)
        if match is not None:
            return _moment_of(match.groupdict(), dates)
    if workbook and _SERIAL.fullmatch(typed):
        moment = _EPOCH + timedelta(seconds=round(float(typed) * 86_400))
        return moment.date(), moment.time() if "." in typed else None
    raise Invalid("is no date in a form that the map states", rule="date_form")


def _moment_of(parts: Mapping[str, str | None], dates: DateForm) -> Moment:
    try:
        month, number = _month_of(parts, dates.months), int(parts["day"] or 0)
        year = _year_of(parts, dates.era)
        # The 29th of February may be meant where the year is not known yet.
        day = date(_LEAP if year is None else year, month, number)
        clock = _time_of(parts)
    except ValueError:
        raise Invalid("is not a day or time of the calendar", rule="date_unknown") from None
    if year is None:
        return DayOfMonth(month, number), clock
    return in_range(day), clock


def in_range(day: date) -> date:
    """Return a day that memberctl knows. Raises Invalid for any other."""
    if not EARLIEST <= day <= LATEST:
        raise Invalid(f"must lie between {EARLIEST} and {LATEST}", rule="date_range")
    return day


def _year_of(parts: Mapping[str, str | None], era: int) -> int | None:
    if year := parts.get("year"):
        return int(year)
    if counted := parts.get("era"):
        return int(counted) + era
    short = parts.get("short")
    return None if short is None else century(int(short))


def century(short: int) -> int:
    """Return the year that two digits stand for: from 80 on in the century before."""
    return 1900 + short if short >= 80 else 2000 + short


def _month_of(parts: Mapping[str, str | None], months: tuple[str, ...]) -> int:
    if name := parts.get("name"):
        return month_named(name, months)
    return int(parts.get("month") or 0)


def month_named(name: str, months: tuple[str, ...]) -> int:
    """Return the number of a month by the beginning of its name, 0 for none of them."""
    folded = name.casefold()
    return next((at for at, each in enumerate(months, 1) if folded.startswith(each)), 0)


def _time_of(parts: Mapping[str, str | None]) -> time | None:
    hour = parts.get("hour") or parts.get("half")
    if hour is None:
        return None
    number = int(hour)
    if noon := parts.get("noon"):
        number = number % 12 + (12 if noon[0] in "Pp" or noon in _AFTERNOONS else 0)
    return time(number, int(parts.get("minute") or 0), int(parts.get("second") or 0))


_CLOCK = re.compile(
    r"(?P<hour>[0-9]{1,2})[:.]?(?P<minute>[0-9]{2})(?:[:.]?(?P<second>[0-9]{2})(?:\.[0-9]{1,9})?)?"
    r"(?:\s*(?P<noon>[AaPp]\.?[Mm]\.?))?"
)


def parse_clock(text: str) -> time | None:
    """Return a time of day such as 14:03:22 or 140322, None for an empty cell. Raises Invalid."""
    typed = plain(text)
    if is_nothing(typed):
        return None
    match = _CLOCK.fullmatch(typed)
    try:
        if match is not None:
            return _time_of(match.groupdict())
    except ValueError:
        pass
    raise Invalid("is no time of day", rule="time_form")
