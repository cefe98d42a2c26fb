"""Numbers that people read aloud and type: how they are made, checked and forgiven.

Source: rules O9, C1, M13; cli.md "Ids".
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from memberctl.core.errors import Invalid, RuleRefused

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXY"
"""31 symbols without I, L, O, U and Z. 31 is prime, so a weighted sum finds every slip."""

_BASE = len(ALPHABET)
_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
_SHORTEST_BODY = 4
_LONGEST_CHECKED = _BASE - 2
# Near the golden section of 31**4 and no multiple of 31: consecutive serials land far apart,
# and multiplication by it is a bijection of every power of 31.
_SPREAD = 570_767
_SHIFT = 271_828

_LOOK_ALIKES = str.maketrans("OILUZ", "011V2")
_DIGIT_LOOK_ALIKES = str.maketrans("OILZ", "0112")
_FILLERS = re.compile(r"[\s\u2010-\u2015\u2212\-_.]+")
_ORDER = re.compile(r"([A-HJKMNP-TV-Y]{1,4})([0-9]{4})([0-9A-HJKMNP-TV-Y]{5,12})")
_PREFIX = re.compile(r"[A-HJKMNP-TV-Y]{1,4}")
# The century is spelt out so that a series ending in O, I, L or Z stays apart from its year.
_RECEIPT = re.compile(r"([A-Z]{1,6}?)([2Z][0O1IL][0-9OILZ]{2})([0-9OILZ]{6,15})")
_DIGITS = re.compile(r"[0-9]{1,15}")


def check_character(body: str) -> str:
    """Return the symbol that makes the weighted sum of body and check a multiple of 31.

    The check weighs 1, the symbol before it 2, and so on: no weight is 0 and neighbours weigh
    differently, so every single wrong symbol and every swap of neighbours is found.

    body -- 1 to 29 symbols of ALPHABET; anything else is a programmer's error (ValueError)
    """
    if not 1 <= len(body) <= _LONGEST_CHECKED or any(each not in _VALUES for each in body):
        raise ValueError("a check character needs 1 to 29 symbols of the alphabet")
    return ALPHABET[-_weighted(body, 2) % _BASE]


def _weighted(symbols: str, last_weight: int) -> int:
    return sum(
        weight * _VALUES[symbol] for weight, symbol in enumerate(reversed(symbols), last_weight)
    )


@lru_cache(maxsize=64)
def _order_head(prefix: str, year: int, width: int) -> tuple[str, int]:
    """Return what all orders of a prefix and year share: their beginning and its weighted sum."""
    if not _PREFIX.fullmatch(prefix) or not 1000 <= year <= 9999:
        raise ValueError("an order number needs 1-4 letters other than I L O U Z, and a year")
    return f"{prefix}-{year}-", _weighted(f"{prefix}{year}", width + 2)


def order_number(prefix: str, year: int, serial: int) -> str:
    """Return an order number like "JN-2026-7F3KX" for the serial-th order of a year.

    Four symbols, then a fifth from serial 923,522 on and so forth, are an affine bijection of
    the serial: two serials never share a number, and a number does not betray how many orders
    there are. The last symbol checks all others.

    prefix -- 1 to 4 capital letters other than I, L, O, U and Z
    serial -- >= 1
    Raises ValueError for anything else.
    Source: rules O9.
    """
    if serial < 1:
        raise ValueError("serials begin at 1")
    rest, width, size = serial - 1, _SHORTEST_BODY, _BASE**_SHORTEST_BODY
    while rest >= size:
        rest, width, size = rest - size, width + 1, size * _BASE
    head, total = _order_head(prefix, year, width)
    scattered, body = (rest * _SPREAD + _SHIFT) % size, ""
    for weight in range(2, width + 2):
        # Two operators take half the time of divmod(); imports number 100,000 orders at a time.
        value = scattered % _BASE
        scattered //= _BASE
        body = ALPHABET[value] + body
        total += weight * value
    return head + body + ALPHABET[-total % _BASE]


def parse_order_number(text: str) -> str:
    """Return the canonical form of an order number as somebody typed it.

    Forgives case, blanks, missing or odd dashes, full-width characters, O for 0, I and L for 1,
    U for V and Z for 2.
    Raises Invalid; rule "check_character" when a symbol is wrong or two are swapped.
    Source: rules O9.
    """
    match = _ORDER.fullmatch(_compact(text).translate(_LOOK_ALIKES))
    if match is None:
        raise Invalid("this is not an order number; one looks like JN-2026-7F3KX", rule="number")
    prefix, year, body = match.groups()
    if check_character(prefix + year + body[:-1]) != body[-1]:
        raise Invalid(
            "the check character of the order number does not fit: a character is wrong or two"
            " are swapped",
            rule="check_character",
        )
    return f"{prefix}-{year}-{body}"


def _compact(text: str) -> str:
    """Return the text in plain capitals without blanks and dashes."""
    return _FILLERS.sub("", unicodedata.normalize("NFKC", text[:100])).upper()


def serial_number(prefix: str, n: int, width: int = 6) -> str:
    """Return a number like "RF-000007": prefix, dash, n >= 1 in at least `width` digits.

    Raises ValueError when n < 1.
    """
    if n < 1:
        raise ValueError("serials begin at 1")
    return f"{prefix}-{n:0{width}d}"


def parse_serial_number(text: str, prefix: str) -> int:
    """Return n of a number like "RF-000007", forgiving case, blanks, dashes, O/0, I/1 and Z/2.

    Raises Invalid when the prefix is another one or n is not from 1 to 15 digits.
    """
    digits = _compact(text).removeprefix(prefix)
    plain = digits.translate(_DIGIT_LOOK_ALIKES)
    if len(digits) == len(_compact(text)) or not _DIGITS.fullmatch(plain) or not int(plain):
        example = serial_number(prefix, 123)
        raise Invalid(f"this is not a number like {example}", rule="number")
    return int(plain)


def member_number(id: int) -> str:
    """Return the number of a member, e.g. "M-000123"."""
    return serial_number("M", id)


def parse_member_number(text: str) -> int:
    """Return the id in a member's number such as "M-000123", "m123" or "M 000l23".

    Raises Invalid.
    """
    return parse_serial_number(text, "M")


def visit_number(id: int) -> str:
    """Return the number of a visit, e.g. "V-000001"."""
    return serial_number("V", id)


def parse_visit_number(text: str) -> int:
    """Return the id in a visit's number such as "V-000001" or "v1". Raises Invalid."""
    return parse_serial_number(text, "V")


def receipt_number(series: str, year: int, n: int) -> str:
    """Return the n-th number of a series in a year, e.g. "RC-2026-000001".

    series -- 1 to 6 capital letters that cannot be taken for the beginning of the year
    year   -- 2000..2199
    Raises ValueError for anything else and for n < 1.
    Source: rules M13.
    """
    match = _RECEIPT.fullmatch(f"{series}{year}{n:06d}")
    if n < 1 or match is None or match.group(1, 2) != (series, str(year)):
        raise ValueError("a receipt number needs 1-6 capital letters, a year and n >= 1")
    return f"{series}-{year}-{n:06d}"


def parse_receipt_number(text: str) -> tuple[str, int, int]:
    """Return (series, year, n) of a number like "RC-2026-000001", forgiving as for orders.

    Raises Invalid.
    """
    match = _RECEIPT.fullmatch(_compact(text))
    if match is None or not int(match[3].translate(_DIGIT_LOOK_ALIKES)):
        raise Invalid("this is not a number like RC-2026-000001", rule="number")
    year, n = (int(part.translate(_DIGIT_LOOK_ALIKES)) for part in match.group(2, 3))
    return match[1], year, n


def card_number(prefix: str, branch: int, serial: int) -> str:
    """Return a card number: 2 digits of prefix, 4 of branch, 7 of serial and a check digit.

    Raises RuleRefused when the branch or its serials have outgrown their digits, ValueError for
    a prefix that is not two digits.
    Source: rules C1.
    """
    from stdnum import luhn

    if not (len(prefix) == 2 and prefix.isascii() and prefix.isdigit()):
        raise ValueError("a card prefix has two digits")
    if not 0 <= branch <= 9_999:
        raise RuleRefused("a card number has room for the branches 0 to 9999")
    if not 1 <= serial <= 9_999_999:
        raise RuleRefused("a card number has room for the serials 1 to 9999999 of a branch")
    body = f"{prefix}{branch:04d}{serial:07d}"
    return body + str(luhn.calc_check_digit(body))


def parse_card_number(text: str) -> str:
    """Return the 14 digits of a card number, forgiving blanks, dashes and full-width digits.

    Raises Invalid; rule "check_digit" when a digit is wrong.
    Source: rules C1.
    """
    from stdnum import luhn

    digits = _compact(text)
    if len(digits) != 14 or not _DIGITS.fullmatch(digits):
        raise Invalid("a card number has 14 digits", rule="number")
    if not luhn.is_valid(digits):
        raise Invalid(
            "the check digit of the card number does not fit: a digit is wrong", rule="check_digit"
        )
    return digits
