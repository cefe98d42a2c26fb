"""Amounts of money as whole minor units, and the few sums that must come out to the cent.

Nothing here is a float or a Decimal: an amount is an int of minor units beside a currency.
Source: rules M6, M12; bad inputs 51-60, 63.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from memberctl.core.errors import Invalid

MAX_MINOR = 10**14
"""No single amount reaches this many minor units; sums of them still fit 64 bits."""

_TWO_DIGITS = (
    "AED ARS AUD BDT BGN BRL CAD CHF CNY COP CZK DKK DZD EGP EUR GBP GEL GHS HKD HUF IDR ILS INR "
    "KES KHR KZT LAK LKR MAD MMK MNT MOP MXN MYR NGN NOK NPR NZD PEN PHP PKR PLN QAR RON RSD RUB "
    "SAR SEK SGD THB TRY TWD UAH USD UYU UZS ZAR"
)
EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_TWO_DIGITS.split(), 2),
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Decimal places of each currency. Source: ISO 4217, list one."""

_PLAIN = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
_NUMBER_AND_MARKS = re.compile(r"[0-9.,'\s]*[0-9][,'\s.][0-9.,'\s]*")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency.

    minor    -- minor units, may be negative
    currency -- ISO 4217 code that EXPONENTS knows
    """

    minor: int
    currency: str

    @property
    def amount(self) -> str:
        """The amount with the decimals of its currency, e.g. "3650.00"."""
        return format_minor(self.minor, self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


def parse_amount(text: str, currency: str, *, what: str = "amount", zero_ok: bool = False) -> int:
    """Return the minor units of an amount written as digits with an optional decimal point.

    Outer blanks are allowed; nothing is ever rounded or guessed.

    what -- how the refusal calls the amount
    Raises Invalid for every other form, for zero unless zero_ok, from MAX_MINOR on, and for
    more decimals than the currency has.
    Source: bad inputs 51-59.
    """
    places = _places(currency)
    text = text.strip()
    match = _PLAIN.fullmatch(text)
    if match is None:
        _refuse_form(text, what)
    whole, decimals = match[1].lstrip("0"), match[2] or ""
    if len(decimals) > places:
        raise Invalid(
            f"{what} has {len(decimals)} decimals, {currency} has {places}; nothing is rounded",
            rule="amount_decimals",
        )
    if len(whole) + places > len(str(MAX_MINOR)):
        _refuse_size(what, currency)
    minor = int(whole + decimals.ljust(places, "0") or "0")
    if minor >= MAX_MINOR:
        _refuse_size(what, currency)
    if minor == 0 and not zero_ok:
        raise Invalid(f"{what} is zero, it must be more", rule="amount_zero")
    return minor


def _places(currency: str) -> int:
    places = EXPONENTS.get(currency)
    if places is None:
        raise Invalid(
            "the currency is not known",
            rule="currency",
            hint="write its ISO 4217 code in capitals, for example CNY",
        )
    return places


def _refuse_form(text: str, what: str) -> NoReturn:
    """Say which of the usual mistakes this is, without repeating what was typed."""
    if not text:
        raise Invalid(f"{what} is empty", rule="amount_empty")
    if text.startswith("-"):
        raise Invalid(f"{what} is negative, it must be more than zero", rule="amount_negative")
    if not text.isascii() and any(letter.isdigit() for letter in text):
        reason = "contains a currency sign or digits other than 0-9"
    elif text[0] == "+" or "_" in text:
        reason = "may contain only the digits 0-9 and one point, no + or _"
    elif _NUMBER_AND_MARKS.fullmatch(text):
        reason = "is written with separators; write 1234.50, without thousands separators"
    else:
        reason = "is not a plain number; write it like 3650.00, without sign, letters or currency"
    raise Invalid(f"{what} {reason}", rule="amount_form")


def _refuse_size(what: str, currency: str) -> NoReturn:
    limit = format_minor(MAX_MINOR, currency)
    raise Invalid(f"{what} is too large, it must be below {limit}", rule="amount_limit")


def format_minor(minor: int, currency: str) -> str:
    """Return minor units as digits with the decimals of the currency, e.g. -5 CNY = "-0.05".

    Raises Invalid when the currency is not known.
    """
    places = _places(currency)
    if places == 0:
        return str(minor)
    digits = str(abs(minor)).rjust(places + 1, "0")
    sign = "-" if minor < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def divide_half_up(n: int, d: int) -> int:
    """Return n / d rounded to a whole number, halves away from zero, so -x mirrors x.

    Raises ValueError unless d is positive.
    Source: rules M6.
    """
    if d <= 0:
        raise ValueError("a divisor must be positive")
    half_up = (2 * abs(n) + d) // (2 * d)
    return -half_up if n < 0 else half_up


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Split a total by weights so that the parts add up exactly (largest remainder).

    total   -- minor units; a negative total mirrors the positive one
    weights -- one whole number per part, together above 0; one below 0 has a part below 0; of
               equal claims to a left-over unit the earlier wins
    Raises ValueError for weights that cannot divide anything.
    Source: rules M12.
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("weights must be whole numbers that are together above 0")
    if total < 0:
        return [-part for part in apportion(-total, weights)]
    parts = [total * weight // whole for weight in weights]
    by_claim = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for index in by_claim[: total - sum(parts)]:
        parts[index] += 1
    return parts


def parse_percent(text: str, *, what: str) -> int:
    """Return a percentage of at most two decimals ("12.5" or "12.5%") as basis points, 0..10000.

    Raises Invalid for another form or more than 100 percent.
    Source: bad inputs 63.
    """
    match = _PLAIN.fullmatch(text.strip().removesuffix("%").rstrip())
    if match is None or len(match[2] or "") > 2:
        raise Invalid(
            f"{what} must be a percentage from 0 to 100 with at most two decimals, like 12.5",
            rule="percent_form",
        )
    whole = match[1].lstrip("0")
    points = int(whole + (match[2] or "").ljust(2, "0")) if len(whole) <= 3 else MAX_MINOR
    if points > 10_000:
        raise Invalid(f"{what} is more than 100 percent", rule="percent_limit")
    return points


def apply_basis_points(minor: int, bp: int) -> int:
    """Return bp ten-thousandths of an amount in minor units, rounded half up."""
    return divide_half_up(minor * bp, 10_000)


def parse_count(text: str | int, *, what: str, most: int) -> int:
    """Return a whole number from 1 to `most`, written in the digits 0-9.

    Raises Invalid for everything else, zero included.
    Source: bad inputs 63, 64.
    """
    typed = str(text).strip()
    if not (typed.isascii() and typed.isdigit()):
        raise Invalid(f"{what} must be a whole number from 1 to {most}", rule="count_form")
    digits = typed.lstrip("0")
    if not digits or len(digits) > len(str(most)) or int(digits) > most:
        raise Invalid(f"{what} must be from 1 to {most}", rule="count_range")
    return int(digits)
