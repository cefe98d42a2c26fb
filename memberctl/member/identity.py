"""Identity documents: resident identity cards, business licences, passports.

A refusal names the rule that failed, never the number.
Source: rules A2; bad inputs 65, 66; libraries.md "identity numbers".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from memberctl.core.cells import excel_damaged
from memberctl.core.errors import Invalid
from memberctl.core.text import Kind

EARLIEST_BIRTH = date(1900, 1, 1)
# Provinces, Taiwan, Hong Kong, Macau; 83 and 91 to 93 are on permits for residence.
_PROVINCE = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-3]")
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_OLD_RESIDENT = re.compile(r"[0-9]{15}")
_BUSINESS = re.compile(r"[0-9]{8}[0-9A-HJ-NP-RT-UW-Y]{10}")
_PASSPORT = re.compile(r"(?=.*[A-Z])[A-Z0-9]{6,9}|[0-9]{9}")
_FILLERS = re.compile(r"[\s\-]+")
_CHECKS = "0123456789X"


class DocumentKind(StrEnum):
    """What somebody proves who they are with."""

    RESIDENT_ID = "resident_id"
    BUSINESS_CODE = "business_code"
    PASSPORT = "passport"


PERSONAL_KIND: Mapping[DocumentKind, Kind] = {
    DocumentKind.RESIDENT_ID: Kind.ID_NUMBER,
    DocumentKind.BUSINESS_CODE: Kind.BUSINESS_CODE,
    DocumentKind.PASSPORT: Kind.PASSPORT,
}
"""What the number of a document is as a personal field: each has a right of its own."""


class Document(NamedTuple):
    """A document's kind and normal number, and the birth date that the number itself states."""

    kind: DocumentKind
    number: str
    birth_on: date | None


def normal_document(text: str, *, today: date) -> Document:
    """Return the document that somebody typed the number of; its form tells which kind it is.

    Raises Invalid; see the three functions below.
    """
    number = text if _RESIDENT.fullmatch(text) else _compact(text)
    born = _birth_of(number, today)
    if born is not None:
        return Document(DocumentKind.RESIDENT_ID, number, born)
    if _is_business(number):
        return Document(DocumentKind.BUSINESS_CODE, normal_business_code(number), None)
    if _PASSPORT.fullmatch(number):
        return Document(DocumentKind.PASSPORT, number, None)
    raise _resident_refusal(number, today)


def normal_resident_id(text: str, *, today: date) -> str:
    """Return the 18 characters of a resident ID (GB 11643), the check character as a capital.

    Raises Invalid with the rule that failed: "length", "digits", "old_form" (15 digits),
    "region", "birth_date", "check_character", "excel_number".
    Source: rules A2.
    """
    number = _compact(text)
    if _birth_of(number, today) is None:
        raise _resident_refusal(number, today)
    return number


def normal_business_code(text: str) -> str:
    """Return the 18 characters of a unified social credit code.

    Raises Invalid, rule "length", "digits" or "check_character".
    """
    from stdnum.cn import uscc
    from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

    number = _compact(text)
    try:
        return str(uscc.validate(number))
    except InvalidLength:
        raise _refusal("length", "a business code has 18 characters") from None
    except InvalidChecksum:
        raise _refusal(
            "check_character", "the check character of the business code does not fit"
        ) from None
    except ValidationError:
        raise _refusal(
            "digits", "the business code has a character in a place where none is allowed"
        ) from None


def normal_passport(text: str) -> str:
    """Return a passport's number in capitals: 6 to 9 letters and digits, or 9 digits.

    Raises Invalid, rule "passport".
    """
    number = _compact(text)
    if not _PASSPORT.fullmatch(number):
        raise _refusal("passport", "a passport number has 6 to 9 letters and digits")
    return number


@lru_cache(maxsize=8192)
def county_is_known(region: str) -> bool:
    """Return whether the first 6 digits of a resident ID are a county's of today or the past.

    An unknown one is a reason to look, never to refuse: lists of the past have gaps.
    """
    from stdnum import numdb

    return any("county" in found for _, found in numdb.get("cn/loc").info(region))


def _compact(text: str) -> str:
    if excel_damaged(text):
        raise _refusal(
            "excel_number", "a spreadsheet has destroyed this number; format its column as text"
        )
    return _FILLERS.sub("", unicodedata.normalize("NFKC", text[:200])).upper()


def _is_business(number: str) -> bool:
    """Whether 18 characters are a business code: letters in the middle, or a check that fits."""
    if not _BUSINESS.fullmatch(number):
        return False

    from stdnum.cn import uscc

    return not _RESIDENT.fullmatch(number) or bool(uscc.is_valid(number))


def _birth_of(number: str, today: date) -> date | None:
    """Return the birth date in a resident ID, or None when anything about the number is wrong."""
    if not _RESIDENT.fullmatch(number) or not _PROVINCE.match(number):
        return None
    born = _birth_date(number[6:14])
    if born is None or not EARLIEST_BIRTH <= born <= today:
        return None
    return born if number[17] == _check_character(number) else None


def _check_character(number: str) -> str:
    # The weights of the standard are the powers of 2 modulo 11, and 13 is 2 modulo 11.
    return _CHECKS[(1 - 2 * int(number[:17], 13)) % 11]


@lru_cache(maxsize=65536)
def _birth_date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _resident_refusal(number: str, today: date) -> Invalid:
    """Return the refusal that names the first rule of GB 11643 which a number breaks."""
    if _OLD_RESIDENT.fullmatch(number):
        return _refusal(
            "old_form", "this is the old form of 15 digits; today's card has 18 characters"
        )
    if len(number) != 18:
        return _refusal("length", "an identity number has 18 characters: its length is wrong")
    if not _RESIDENT.fullmatch(number):
        return _refusal("digits", "an identity number is 17 digits and a digit or X")
    if not _PROVINCE.match(number):
        return _refusal("region", "the region of the identity number does not exist")
    born = _birth_date(number[6:14])
    if born is None or not EARLIEST_BIRTH <= born <= today:
        return _refusal("birth_date", "the birth date in the identity number does not exist")
    return _refusal("check_character", "the check character of the identity number does not fit")


def _refusal(rule: str, message: str) -> Invalid:
    return Invalid(message, field="id_number", rule=rule)
