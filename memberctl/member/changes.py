"""What may change about a member, how, and who decides.

Contact data change at once; who somebody is changes by request, decided by another person.
Source: rules A2, A6, O2, O4; mission S2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NoReturn

from memberctl.core.actor import Actor
from memberctl.core.dates import parse_birth_date
from memberctl.core.errors import Conflict, Invalid, NotPermitted, RuleRefused
from memberctl.member.contact import normal_email, normal_phone
from memberctl.member.identity import Document, DocumentKind, normal_document
from memberctl.member.rules import RequestState, clean_address, clean_name, parse_language
from memberctl.message.rules import Language
from memberctl.office.rules import branch_key, staff_key

CONTACT_FIELDS = ("phone", "email", "address", "language", "branch", "staff")


@dataclass(frozen=True, slots=True)
class ContactChange:
    """New contact data: None leaves a value as it is, "" takes it away.

    phone -- E.164; phone_typed -- as it was written; branch -- a code
    staff -- the code of the member of staff they are, whom four eyes then keep from their own
             orders
    """

    phone: str | None = None
    phone_typed: str | None = None
    email: str | None = None
    address: str | None = None
    language: Language | None = None
    branch: str | None = None
    staff: str | None = None


def parse_contact_change(cells: Mapping[str, str | None], *, region: str) -> ContactChange:
    """Return the contact data that somebody typed; a missing or None cell says nothing.

    cells  -- by CONTACT_FIELDS; region -- of phone numbers without a country code
    Raises Invalid.
    """
    given = {key: text.strip() for key, text in cells.items() if text is not None}
    phone, email, address = given.get("phone"), given.get("email"), given.get("address")
    language, branch, staff = given.get("language"), given.get("branch"), given.get("staff")
    return ContactChange(
        phone=normal_phone(phone, region) if phone else phone,
        phone_typed=phone,
        email=normal_email(email) if email else email,
        address=clean_address(address) if address else address,
        language=parse_language(language) if language else None,
        branch=branch_key(branch) if branch else branch,
        staff=staff_key(staff) if staff else staff,
    )


@dataclass(frozen=True, slots=True)
class MemberUpdated:
    """What an update did: the contact fields it changed, the change requests it made.

    remark -- something worth a look, e.g. who else has the phone number; or None
    """

    number: str
    name: str
    fields: tuple[str, ...]
    requests: tuple[str, ...]
    remark: str | None


@dataclass(frozen=True, slots=True)
class MemberVerified:
    """That somebody compared a member with a document; already -- it had been done before."""

    number: str
    document: DocumentKind
    verified_by: str
    verified_at: datetime
    already: bool


@dataclass(frozen=True, slots=True)
class ChangeDecided:
    """A change request after its decision."""

    number: str
    member: str
    field: str
    state: RequestState


def parse_identity_change(
    cells: Mapping[str, str | None], *, today: date
) -> dict[str, str | Document]:
    """Return the identity fields that are to change: name, birth_date (ISO) and id_number.

    Raises Invalid.
    """
    wanted: dict[str, str | Document] = {}
    if cells.get("name") is not None:
        wanted["name"] = clean_name(cells["name"] or "")
    if cells.get("birth_date") is not None:
        wanted["birth_date"] = parse_birth_date(cells["birth_date"] or "", today=today).isoformat()
    if cells.get("id_number") is not None:
        wanted["id_number"] = normal_document(cells["id_number"] or "", today=today)
    return wanted


def written(value: str | Document) -> str:
    """Return an identity value as it is sealed: documents with their kind before the number."""
    return value if isinstance(value, str) else f"{value.kind}:{value.number}"


def read(field: str, text: str, *, today: date) -> str | Document:
    """Return the identity value that `written` wrote."""
    if field != "id_number":
        return text
    return normal_document(text.partition(":")[2], today=today)


def refuse_unreachable(phone: str | None, email: str | None) -> None:
    """Raise RuleRefused when neither is left: everybody must be told what happens to them."""
    if phone is None and email is None:
        raise RuleRefused("a member needs a phone number or an e-mail address")


def refuse_stale(seen: int | None, version: int) -> None:
    """Raise Conflict when a row is no longer the one that was looked at. Source: rules O4."""
    if seen is not None and seen != version:
        raise Conflict(f"changed since you read it (v{seen}, now v{version})")


def refuse_self(by: Actor, staff_id: int | None, what: str) -> None:
    """Raise NotPermitted when the member is the person who acts. Source: rules O2.

    staff_id -- the member's place on the staff, or None
    """
    if by.staff_id == staff_id:
        raise NotPermitted(
            f"{by.staff} cannot {what} their own membership; it takes another person"
        )


def refuse_decision(state: RequestState, by: Actor, requested_by: int, number: str) -> None:
    """Raise unless `by` may decide the request now: it is open, and it is another person's.

    Source: rules A6, O2.
    """
    if state is not RequestState.REQUESTED:
        raise RuleRefused(
            f"cannot decide {number}: it is {state}", allowed=[], hint="memberctl member changes"
        )
    if by.staff_id == requested_by:
        raise NotPermitted(
            f"{by.staff} asked for {number} and cannot decide on it; it takes another person"
        )


def refuse_pointless(field: str, old: str | None, new: str) -> None:
    """Raise RuleRefused when a change would change nothing."""
    if old == new:
        raise RuleRefused(f"the {field.replace('_', ' ')} is that already")


def refuse_second(field: str, number: str) -> NoReturn:
    """Say that a request about the field waits already."""
    raise Conflict(
        f"{number} already asks for another {field.replace('_', ' ')}",
        hint=f"memberctl member approve-change {number}, or reject-change",
    )


def refuse_other_birth_date(born: date, document: str | Document) -> None:
    """Raise Invalid when a birth date is not the one in the resident ID. Source: rules A2."""
    stated = document.birth_on if isinstance(document, Document) else None
    if stated is not None and born != stated:
        raise Invalid(
            "the birth date is not the one in the identity number",
            field="birth_date",
            rule="birth_date_differs",
        )
