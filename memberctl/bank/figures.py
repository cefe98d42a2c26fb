"""Amounts as banks write them, each in the form that a map states.

Nothing is guessed: a text that is not in the stated form is refused, not nearly read.
Source: rules I3, M15; bad inputs 51-59.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from memberctl.core.errors import Invalid
from memberctl.core.money import EXPONENTS, MAX_MINOR

_SIGNS = str.maketrans({"−": "-", "‐": "-", "‑": "-", "–": "-", "﹣": "-", "＋": "+", "’": "'"})
_SYMBOLS = re.compile(
    r"[¥￥$€£₩₽₹₺₫₱฿₪₴元円원]|(?<![A-Za-z])(?:RMB|CN¥|[A-Z]{1,2}\$|[A-Z]{3}|TL|zł|kr\.?|Kč|Ft|Fr\.|Rs\.?"
    r"|lei|лв\.?|руб\.?)(?![A-Za-z])"
)
_BLANKS = re.compile(r"[\s\u00a0\u202f]+")
_MARKED = re.compile(
    r"(?P<minus>\()?(?P<sign>[+-])?(?P<digits>[0-9.,][0-9.,']*)(?P<behind>[+-])?\)?"
)
_ENDING = re.compile(r"\s*(CR|DR|Cr|Dr|C|D|H|S)\.?$")
_OUT = frozenset({"DR", "D", "S"})
_NOTHING = frozenset({"", "-", "--", "—", "/", "－"})


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
    """How amounts are written: the decimal mark, and what parts the thousands ("" for nothing).

    decimal -- "" where amounts are whole numbers of minor units
    """

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
    places, whole, decimals = 0, digits, ""
    if form.decimal:
        places = EXPONENTS[currency]
        whole, _, decimals = digits.partition(form.decimal)
    if form.thousands.strip() and form.thousands in whole:
        # Groups of two before the last one are how India writes 1,00,000.00.
        first, *inner, last = whole.split(form.thousands)
        if not (1 <= len(first) <= 3 and len(last) == 3 and {*map(len, inner)} <= {2, 3}):
            raise _no_amount()
        whole = "".join([first, *inner, last])
    if not (whole + decimals).isdigit() or not (decimals.isdigit() or not decimals):
        raise _no_amount()
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
