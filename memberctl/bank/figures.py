"""Amounts and dates as banks write them, each in the form that a map states.

Nothing is guessed: a text that is not in the stated form is refused, not nearly read.
Source: rules I3, M15; bad inputs 51-59, 61.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from memberctl.core.dates import EARLIEST, LATEST
from memberctl.core.errors import Invalid
from memberctl.core.money import EXPONENTS, MAX_MINOR

_SIGNS = str.maketrans({"−": "-", "‐": "-", "‑": "-", "–": "-", "﹣": "-", "＋": "+"})
_SYMBOLS = re.compile(
    r"[¥￥$€£₩₽元]|(?<![A-Za-z])(?:RMB|CN¥|[A-Z]{1,2}\$|[A-Z]{3}|zł|kr\.?|Kč|Ft|Fr\.)(?![A-Za-z])"
)
_BLANKS = re.compile(r"[\s\u00a0\u202f]+")
_MARKED = re.compile(
    r"(?P<minus>\()?(?P<sign>[+-])?(?P<digits>[0-9.,][0-9.,'’]*)(?P<behind>[+-])?\)?"
)
_ENDING = re.compile(r"\s*(CR|DR|Cr|Dr|C|D|H|S)\.?$")
_OUT = frozenset({"DR", "D", "S"})
_NOTHING = frozenset({"", "-", "--", "—", "/", "－"})
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_EPOCH = datetime(1899, 12, 30)
_ISO = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = {
    "Y": r"(?P<year>[0-9]{4})",
    "y": r"(?P<short>[0-9]{2})",
    "m": r"(?P<month>[0-9]{1,2})",
    "d": r"(?P<day>[0-9]{1,2})",
    "H": r"(?P<hour>[0-9]{1,2})",
    "I": r"(?P<half>[0-9]{1,2})",
    "M": r"(?P<minute>[0-9]{2})",
    "S": r"(?P<second>[0-9]{2})",
    "f": r"[0-9]{1,9}",
    "p": r"(?P<noon>[AaPp])\.?[Mm]\.?",
    "b": r"(?P<name>[A-Za-z]{3,9})\.?",
    "B": r"(?P<name>[A-Za-z]{3,9})\.?",
    "%": "%",
}


def plain(text: str) -> str:
    """Return a cell without outer blanks and tabs, its full-width characters as plain ones.

    ="0012" is how some banks keep a spreadsheet from taking a number apart.
    """
    text = text.strip()
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1].strip()
    return text if text.isascii() else unicodedata.normalize("NFKC", text).strip()


@dataclass(frozen=True, slots=True)
class NumberForm:
    """How amounts are written: the decimal mark, and what parts the thousands ("" for nothing)."""

    decimal: str = "."
    thousands: str = ","


def is_nothing(text: str) -> bool:
    """Whether a cell of money is empty, or holds one of the dashes that banks put there."""
    return text in _NOTHING


def parse_figure(text: str, currency: str, form: NumberForm) -> int:
    """Return the minor units of an amount in a statement; below 0 for money out.

    Signs stand before or behind, or are brackets, or an ending such as DR; a currency's sign or
    code may stand on either side. Decimals that are 0 may be more than the currency has.
    Raises Invalid for every other form, for more decimals than the currency has and from
    MAX_MINOR on.
    Source: bad inputs 51-59.
    """
    typed = _BLANKS.sub(" ", plain(text).translate(_SIGNS)).strip()
    ending = _ENDING.search(typed)
    if ending is not None:
        typed = typed[: ending.start()]
    bare = _SYMBOLS.sub("", typed).replace(" ", "" if form.thousands == " " else " ").strip()
    bare = re.sub(r"^([+-]) ", r"\1", bare)
    match = _MARKED.fullmatch(bare)
    if match is None or (match["minus"] is not None) != bare.endswith(")"):
        raise _no_amount()
    signs = [match["minus"], match["sign"], match["behind"]]
    if sum(each is not None for each in signs) > 1:
        raise _no_amount()
    minor = _minor(match["digits"], currency, form)
    out = match["minus"] or "-" in (match["sign"], match["behind"])
    if ending is not None and ending[1].upper() in _OUT:
        out = not out
    return -minor if out else minor


def _minor(digits: str, currency: str, form: NumberForm) -> int:
    whole, _, decimals = digits.partition(form.decimal)
    if form.thousands.strip() and form.thousands in whole:
        # Groups of two before the last one are how India writes 1,00,000.00.
        first, *inner, last = whole.split(form.thousands)
        if not (1 <= len(first) <= 3 and len(last) == 3 and {*map(len, inner)} <= {2, 3}):
            raise _no_amount()
        whole = "".join([first, *inner, last])
    if not (whole + decimals).isdigit() or not (decimals.isdigit() or not decimals):
        raise _no_amount()
    places = EXPONENTS[currency]
    kept, more = decimals[:places], decimals[places:]
    if more.strip("0"):
        raise Invalid(
            f"has {len(decimals)} decimals, {currency} has {places}; nothing is rounded",
            rule="amount_decimals",
        )
    whole = whole.lstrip("0")
    if len(whole) > len(str(MAX_MINOR)):
        raise Invalid("is too large", rule="amount_limit")
    minor = int((whole or "0") + kept.ljust(places, "0"))
    if minor >= MAX_MINOR:
        raise Invalid("is too large", rule="amount_limit")
    return minor


def _no_amount() -> Invalid:
    return Invalid("is no amount in the form that the map states", rule="amount_form")


@lru_cache(maxsize=64)
def date_pattern(form: str) -> re.Pattern[str]:
    """Return the pattern of a date form such as "%d.%m.%Y %H:%M".

    Raises Invalid for a sign that is not known, one that comes twice, and a form without a whole
    date.
    """
    pieces: list[str] = []
    seen: set[str] = set()
    signs = iter(form)
    for sign in signs:
        if sign != "%":
            pieces.append(r"\s+" if sign.isspace() else re.escape(sign))
            continue
        code = next(signs, "")
        if code not in _PARTS or code in seen:
            raise Invalid(
                f"has %{code or ' at its end'}, which is not known or comes twice",
                rule="map",
                allowed=[f"%{known}" for known in _PARTS],
            )
        seen.add(code)
        pieces.append(_PARTS[code])
    if not (seen & {"Y", "y"} and seen & {"m", "b", "B"} and "d" in seen):
        raise Invalid("are forms of dates, which need year, month and day", rule="map")
    return re.compile("".join(pieces))


def parse_moment(
    text: str, forms: tuple[str, ...], *, workbook: bool = False
) -> tuple[date, time | None]:
    """Return the date, and the time of day if there is one, of a cell in one of the forms.

    workbook -- the cell may also be a date of its own, or the serial number of one
    Raises Invalid for every other form and for days that are not in the calendar.
    """
    typed = plain(text)
    for form in (*forms, *_ISO) if workbook else forms:
        match = date_pattern(form).fullmatch(typed)
        if match is not None:
            return _moment_of(match.groupdict())
    if workbook and _SERIAL.fullmatch(typed):
        moment = _EPOCH + timedelta(seconds=round(float(typed) * 86_400))
        return moment.date(), moment.time() if "." in typed else None
    raise Invalid("is no date in a form that the map states", rule="date_form")


def _moment_of(parts: dict[str, str | None]) -> tuple[date, time | None]:
    try:
        day = date(_year_of(parts), _month_of(parts), int(parts["day"] or 0))
        clock = _time_of(parts)
    except ValueError:
        raise Invalid("is not a day or time of the calendar", rule="date_unknown") from None
    if not EARLIEST <= day <= LATEST:
        raise Invalid(f"must lie between {EARLIEST} and {LATEST}", rule="date_range")
    return day, clock


def _year_of(parts: dict[str, str | None]) -> int:
    if year := parts.get("year"):
        return int(year)
    short = int(parts.get("short") or 0)
    return 1900 + short if short >= 80 else 2000 + short


def _month_of(parts: dict[str, str | None]) -> int:
    if name := parts.get("name"):
        return MONTHS.index(name[:3].lower()) + 1
    return int(parts.get("month") or 0)


def _time_of(parts: dict[str, str | None]) -> time | None:
    hour = parts.get("hour") or parts.get("half")
    if hour is None:
        return None
    number = int(hour)
    if noon := parts.get("noon"):
        number = number % 12 + (12 if noon.lower() == "p" else 0)
    return time(number, int(parts.get("minute") or 0), int(parts.get("second") or 0))


_CLOCK = re.compile(
    r"(?P<hour>[0-9]{1,2})[:.]?(?P<minute>[0-9]{2})(?:[:.]?(?P<second>[0-9]{2})(?:\.[0-9]{1,9})?)?"
    r"(?:\s*(?P<noon>[AaPp])\.?[Mm]\.?)?"
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
