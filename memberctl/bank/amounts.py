"""Which part of a cell is the amount, where words, a currency or a refund stand beside it.

A map says it with a pattern of the whole cell, so that nothing of it is passed over unseen.
Source: rules M15; bad inputs 51-59.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from memberctl.bank.figures import NumberForm, parse_figure, plain
from memberctl.bank.rules import unknown_currency
from memberctl.core.errors import Invalid
from memberctl.core.money import EXPONENTS

GROUPS = frozenset({"amount", "refund", "refunded", "currency"})
"""What a pattern of a cell may name: the last two a refund of all of it, and its currency."""

_CODES = {
    "€": "EUR", "£": "GBP", "₩": "KRW", "₽": "RUB", "₹": "INR", "ZŁ": "PLN", "KČ": "CZK",
    "FT": "HUF", "R$": "BRL", "US$": "USD", "HK$": "HKD", "NT$": "TWD", "RMB": "CNY", "CN¥": "CNY",
    "₺": "TRY", "TL": "TRY", "₫": "VND", "₱": "PHP", "฿": "THB", "₪": "ILS", "₴": "UAH",
    "円": "JPY", "원": "KRW",
}  # fmt: skip
"""Signs that stand for one currency alone; ¥ and $ do not."""

_WORDS = re.compile(
    r"(?<![A-Za-z])(?:[A-Z]{3}|TL|zł|Kč|Ft)(?![A-Za-z])|[€£₩₽₹₺₫₱฿₪₴円원]"
    r"|(?<![A-Za-z])(?:US|HK|NT|R)\$|CN¥"
)
_BARE = re.compile(r"[0-9.,+-]*")


class RefundRule(StrEnum):
    """What a refund beside an amount means.

    DEDUCTED -- the amount is whole, and only what is left of it was paid
    SEPARATE -- the refund has a row of its own, so the amount stays whole
    """

    DEDUCTED = "deducted"
    SEPARATE = "separate"


@dataclass(frozen=True, slots=True)
class AmountForm:
    """How a map's cells of money are made up.

    pattern -- of a whole cell, with the group `amount`; None where a cell is an amount and no more
    currencies -- names of currencies, by their keys, and their codes
    """

    pattern: re.Pattern[str] | None = None
    refunds: RefundRule = RefundRule.SEPARATE
    currencies: Mapping[str, str] = field(default_factory=dict)


class Taken(NamedTuple):
    """A cell taken apart; refunded -- all of the amount was given back."""

    amount: str
    refund: str = ""
    refunded: bool = False
    currency: str = ""


def take_apart(text: str, form: AmountForm) -> Taken:
    """Return the parts of a cell of money. Raises Invalid for one that the pattern does not fit."""
    if form.pattern is None:
        return Taken(text)
    match = form.pattern.fullmatch(plain(text))
    if match is None:
        raise Invalid("does not fit amounts.pattern of the map", rule="amount_form")
    parts = match.groupdict()
    return Taken(
        parts["amount"] or "",
        parts.get("refund") or "",
        bool(parts.get("refunded")),
        parts.get("currency") or "",
    )


def parse_amount(text: str, currency: str, numbers: NumberForm, form: AmountForm) -> int:
    """Return the minor units of a cell of money, less what was given back where the map says so.

    Raises Invalid as parse_figure and take_apart do, for a currency other than that of the row
    and for a refund above its amount.
    """
    if form.pattern is None:
        if not _BARE.fullmatch(text):
            _refuse_other_currency(text, currency, form.currencies)
        return parse_figure(text, currency, numbers)
    taken = take_apart(text, form)
    minor = parse_figure(taken.amount, currency, numbers)
    if form.refunds is RefundRule.SEPARATE:
        return minor
    if taken.refunded:
        return 0
    back = abs(parse_figure(taken.refund, currency, numbers)) if taken.refund else 0
    if back > abs(minor):
        raise Invalid("has a refund above its amount", rule="amount_form")
    return minor - back if minor > 0 else minor + back


def _refuse_other_currency(text: str, currency: str, translated: Mapping[str, str]) -> None:
    for word in _WORDS.findall(text):
        code = currency_code(word, translated)
        if code != currency:
            raise Invalid(
                f"is in {code}, and its row is read as {currency}: a column `currency` or the group"
                " currency of amounts.pattern tells it row by row",
                rule="currency",
            )


def currency_code(word: str, translated: Mapping[str, str]) -> str:
    """Return the code that a word of a file stands for. Raises Invalid for one that is not known.

    translated -- what the map says of words, by their keys
    """
    folded = unicodedata.normalize("NFKC", word).strip("` \t")
    code = translated.get(folded.casefold()) or _CODES.get(folded.upper(), folded.upper())
    if code not in EXPONENTS:
        raise _unknown(folded)
    return code


def _unknown(word: str) -> Invalid:
    """Return the refusal of a currency in a table, with what the map can say of it."""
    shown = word if len(word) == len("EUR") and word.isascii() and word.isupper() else "its name"
    return unknown_currency(
        word,
        then=", and the row is left out; if it is a name of one that is, the map says so:"
        f' [currencies] "{shown}" = "EUR"',
    )
