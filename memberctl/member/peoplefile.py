"""A file of people, read for a look only: what is misspelt in it is compared as it stands.

An import refuses a birth date that does not exist; whoever looks for duplicates before importing
wants to see it beside the right one.
Source: rules A3, I1; cli.md "Import".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date

from memberctl.core.dates import parse_date
from memberctl.core.errors import Invalid
from memberctl.core.text import clean_text
from memberctl.member.contact import normal_phone
from memberctl.member.likeness import Person, person
from memberctl.member.rules import COLUMNS

PEOPLE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    **COLUMNS,
    "external_ref": (*COLUMNS["external_ref"], "rec id", "record id", "id", "number"),
    "birth_date": (*COLUMNS["birth_date"], "dob", "birth date"),
    "id_number": (
        *COLUMNS["id_number"], "soc sec id", "ssn", "social security number", "passport", "id no",
    ),
    "given_name": ("名", "first name", "forename", "given names"),
    "surname": ("姓", "last name", "family name"),
    "street_number": ("门牌号", "house number", "number of house"),
    "address_1": ("street", "street address", "街道", "address line 1"),
    "address_2": ("address line 2",),
    "suburb": ("city", "town", "城市", "locality", "district"),
    "postcode": ("邮编", "邮政编码", "zip", "zip code", "postal code", "post code"),
    "state": ("省", "省份", "province", "county"),
}  # fmt: skip
"""The columns of a file of people: those of an import, and names and addresses in pieces."""

_PLACE = ("street_number", "address", "address_1", "address_2", "suburb", "postcode", "state")
_DIGITS = re.compile(r"\d+")
_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")


def person_of(key: int, cells: Mapping[str, str], *, region: str) -> tuple[Person, str]:
    """Return one row as it is compared, and the name to call it by.

    Raises Invalid for a name that must not be shown (bad inputs 5-11); everything else that an
    import would refuse is compared as it was written.
    """
    given = {column: text.strip() for column, text in cells.items() if text.strip()}
    name = given.get("name") or " ".join(
        given[part] for part in ("given_name", "surname") if part in given
    )
    shown = clean_text(name, what="the name", field="name", required=False)
    number = given.get("id_number")
    place = " ".join(given[part] for part in _PLACE if part in given)
    who = person(
        key,
        shown,
        born=_born(given.get("birth_date")),
        phone=_phone(given.get("phone"), region),
        email=given.get("email"),
        numbers={"id_number": "".join(number.upper().split())} if number else None,
        address=place or None,
    )
    return who, shown


def _born(text: str | None) -> str | None:
    """Return the digits of a date as YYYYMMDD; of what is no date, as they stand."""
    if text is None:
        return None
    day_first = _DAY_FIRST.fullmatch(text)
    if day_first is not None:
        day, month, year = day_first.groups()
        return f"{year}{int(month):02}{int(day):02}"
    with suppress(Invalid):
        return _written(parse_date(text))
    return "".join(_DIGITS.findall(text)) or None


def _written(on: date) -> str:
    return f"{on:%Y%m%d}"


def _phone(text: str | None, region: str) -> str | None:
    if text is None:
        return None
    with suppress(Invalid):
        return normal_phone(text, region)
    return "".join(_DIGITS.findall(text)) or None
