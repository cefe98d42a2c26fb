"""Who somebody is changes by request and by another person's decision.

Source: rules A6; mission S2.2.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, Invalid, RuleRefused
from memberctl.core.numbering import member_number, serial_number
from memberctl.core.text import name_key
from memberctl.member import queries
from memberctl.member.changes import (
    ChangeDecided,
    ContactChange,
    MemberUpdated,
    read,
    refuse_decision,
    refuse_other_birth_date,
    refuse_pointless,
    refuse_second,
    refuse_self,
    refuse_stale,
    written,
)
from memberctl.member.identity import Document, DocumentKind
from memberctl.member.rules import RequestState, reach
from memberctl.member.tables import ChangeRequest, IdentityDocument, Member
from memberctl.member.updating import refuse_twin, update_contact
from memberctl.message.operations import enqueue
from memberctl.message.rules import NewMessage, Purpose
from memberctl.store.audit import note
from memberctl.store.counters import take_one
from memberctl.store.sealing import blind_index, new_member_key, seal, unseal, unwrap_key, wrap_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlmodel import Session

    from memberctl.store.keys import Keys


def request_changes(
    session: Session,
    member_id: int,
    wanted: Mapping[str, str | Document],
    *,
    reason: str,
    keys: Keys,
    by: Actor,
    at: datetime,
    today: date,
    seen: int | None = None,
) -> list[str]:
    """Ask that identity fields of a member be changed; return the requests' numbers.

    wanted -- name, birth_date (ISO) and id_number, as changes.parse_identity_change returns them
    Raises NotFound, Conflict when the member changed since or a request for the field waits,
    RuleRefused for a change that changes nothing or makes two people of one.
    Source: rules A3, A6; mission S2.2.
    """
    member = queries.member_to_change(session, member_id)
    refuse_stale(seen, member.version)
    pending = queries.open_requests(session, member_id)
    own_key = _own_key(member, keys)
    numbers = []
    for field, value in wanted.items():
        if field in pending:
            refuse_second(field, request_number(pending[field]))
        old = _current(session, member, field, value, own_key)
        refuse_pointless(field, old, written(value))
        _refuse_impossible(session, member, field, value, keys=keys, own_key=own_key, today=today)
        request = ChangeRequest(
            id=(number := take_one(session, "change_request")),
            member_id=member.id,
            field=field,
            sealed_old=None if old is None else _seal(own_key, member.id, number, "old", old),
            sealed_new=_seal(own_key, member.id, number, "new", written(value)),
            reason=reason,
            state=RequestState.REQUESTED,
            requested_by=by.staff_id,
            requested_at=at,
        )
        session.add(request)
        numbers.append(request_number(request))
        note(
            session, "change.requested", numbers[-1], by=by, at=at,
            member=member_number(member.id), field=field,
        )  # fmt: skip
    session.flush()
    return numbers


def update_member(
    session: Session,
    member_id: int,
    contact: ContactChange,
    identity: Mapping[str, str | Document],
    *,
    reason: str | None,
    keys: Keys,
    by: Actor,
    at: datetime,
    today: date,
    seen: int | None = None,
) -> MemberUpdated:
    """Change contact data at once and ask for what changes by request only.

    reason -- needed for identity fields
    Raises what update_contact and request_changes raise, and Invalid without a reason.
    """
    if identity and not reason:
        raise Invalid(
            "a change of name, birth date or identity number needs a reason",
            field="reason",
            rule="reason_missing",
            hint="give --reason",
        )
    updated = update_contact(session, member_id, contact, seen=seen, by=by, at=at)
    if not identity or not reason:
        return updated
    requests = request_changes(
        session, member_id, identity, reason=reason, keys=keys, by=by, at=at, today=today
    )
    return replace(updated, requests=tuple(requests))


def decide_change(
    session: Session,
    number: str,
    *,
    approve: bool,
    answer: str | None,
    keys: Keys,
    by: Actor,
    at: datetime,
    today: date,
    seen: int | None = None,
) -> ChangeDecided:
    """Decide on a change request; what is approved is applied, and the member is told.

    number -- CR-000001; answer -- why it is rejected, or a remark
    A change of identity ends the verification: what was compared is no longer what is stored.
    Raises NotFound, NotPermitted for one's own request, Conflict when the value changed since
    the request, RuleRefused when it is decided already or the change is no longer possible.
    Source: rules A6, O2; mission S2.2.
    """
    request = queries.request_to_change(session, number)
    refuse_stale(seen, request.version)
    member = queries.member_to_change(session, request.member_id)
    refuse_decision(request.state, by, request.requested_by, request_number(request))
    refuse_self(by, member.staff_id, "decide on")
    if approve:
        _apply_request(session, member, request, keys, today)

    request.state = RequestState.APPROVED if approve else RequestState.REJECTED
    request.answer = answer
    request.decided_by, request.decided_at = by.staff_id, at
    request.version += 1
    session.flush()
    decided = ChangeDecided(
        request_number(request), member_number(member.id), request.field, request.state
    )
    event = "change.approved" if approve else "change.rejected"
    note(session, event, decided.number, by=by, at=at, member=decided.member, field=decided.field)
    enqueue(session, [_told(member, decided)], at=at)
    return decided


def request_number(request: ChangeRequest) -> str:
    """Return the number of a change request, e.g. "CR-000001"."""
    return serial_number("CR", request.id)


def _own_key(member: Member, keys: Keys) -> bytes:
    """Return the key of a member's sealed fields, made now for one who has none."""
    if member.wrapped_key is None:
        own_key = new_member_key()
        member.wrapped_key = wrap_key(keys, own_key, member.id)
        return own_key
    return unwrap_key(keys, member.wrapped_key, member.id)


def _current(
    session: Session, member: Member, field: str, value: str | Document, own_key: bytes
) -> str | None:
    """Return what is stored now where `value` shall be, in the form in which it is sealed."""
    if field == "name":
        return member.name
    if field == "birth_date":
        return None if member.birth_on is None else member.birth_on.isoformat()
    assert isinstance(value, Document), "an identity number is a document's"
    stored = queries.documents_of(session, member.id).get(value.kind)
    return None if stored is None else f"{stored.kind}:{_number(stored, own_key)}"


def _number(stored: IdentityDocument, own_key: bytes) -> str:
    return unseal(own_key, stored.sealed, "identity_document", stored.member_id, stored.kind)


def _refuse_impossible(
    session: Session,
    member: Member,
    field: str,
    value: str | Document,
    *,
    keys: Keys,
    own_key: bytes,
    today: date,
) -> None:
    """Refuse what would make two people of one, or contradict the resident ID."""
    if isinstance(value, Document):
        owner = queries.owner_of_document(
            session, value.kind, blind_index(keys, value.kind, value.number)
        )
        if owner is not None and owner != member.id:
            raise RuleRefused(f"the identity number belongs to {member_number(owner)}")
    elif field == "name":
        refuse_twin(session, member, name_key(value), phone=member.phone, email=member.email)
    else:
        stored = queries.documents_of(session, member.id).get(DocumentKind.RESIDENT_ID)
        if stored is not None:
            document = read("id_number", f":{_number(stored, own_key)}", today=today)
            refuse_other_birth_date(date.fromisoformat(value), document)


def _seal(own_key: bytes, member_id: int, request: int, side: str, text: str) -> bytes:
    return seal(own_key, text, "change_request", member_id, f"{request}.{side}")


def _unseal(own_key: bytes, request: ChangeRequest, side: str, sealed: bytes) -> str:
    return unseal(own_key, sealed, "change_request", request.member_id, f"{request.id}.{side}")


def _apply_request(
    session: Session, member: Member, request: ChangeRequest, keys: Keys, today: date
) -> None:
    own_key = _own_key(member, keys)
    value = read(request.field, _unseal(own_key, request, "new", request.sealed_new), today=today)
    old = request.sealed_old and _unseal(own_key, request, "old", request.sealed_old)
    if _current(session, member, request.field, value, own_key) != old:
        raise Conflict(
            f"the {request.field.replace('_', ' ')} has changed since {request_number(request)}",
            hint="reject it and make a new request",
        )
    _refuse_impossible(
        session, member, request.field, value, keys=keys, own_key=own_key, today=today
    )
    if isinstance(value, Document):
        _store_document(session, member, value, keys, own_key)
    elif request.field == "name":
        member.name, member.name_key = value, name_key(value)
    else:
        member.birth_on = date.fromisoformat(value)
    member.verified_at = member.verified_by = None
    member.version += 1


def _store_document(
    session: Session, member: Member, value: Document, keys: Keys, own_key: bytes
) -> None:
    sealed = seal(own_key, value.number, "identity_document", member.id, value.kind)
    blind = blind_index(keys, value.kind, value.number)
    stored = queries.documents_of(session, member.id).get(value.kind)
    if stored is None:
        session.add(
            IdentityDocument(
                id=take_one(session, "identity_document"),
                member_id=member.id,
                kind=value.kind,
                sealed=sealed,
                blind_index=blind,
            )
        )
    else:
        stored.sealed, stored.blind_index = sealed, blind
    if value.birth_on is not None:
        member.birth_on = value.birth_on


def _told(member: Member, decided: ChangeDecided) -> NewMessage:
    applied = decided.state is RequestState.APPROVED
    channel, language = reach(member)
    return NewMessage(
        member_id=member.id,
        purpose=Purpose.CHANGE_APPLIED if applied else Purpose.CHANGE_REJECTED,
        cause=decided.number,
        channel=channel,
        language=language,
        facts={"request": decided.number},
    )
