"""People are registered, in batches of one or of thousands; member/changing.py changes them."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, update

from memberctl.catalog.queries import entry_tier_id
from memberctl.core.actor import Actor
from memberctl.core.numbering import member_number
from memberctl.member.candidates import find_known
from memberctl.member.duplicates import Decision, Judged, Moved, New, judge, reason
from memberctl.member.rules import Outcome, Registered, Registration
from memberctl.member.tables import IdentityDocument, Member
from memberctl.office.queries import branches
from memberctl.store.audit import Fact, note_many
from memberctl.store.bulk import insert_rows
from memberctl.store.counters import take
from memberctl.store.sealing import blind_index, new_member_key, seal, wrap_key

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.office.tables import Branch
    from memberctl.store.keys import Keys

MEMBER_COLUMNS = (
    "id",
    "name",
    "name_key",
    "phone",
    "phone_typed",
    "email",
    "birth_on",
    "address",
    "language",
    "branch_id",
    "tier_id",
    "channel",
    "referrer",
    "source",
    "external_ref",
    "twin",
    "wrapped_key",
    "registered_at",
    "registered_by",
    "version",
)
DOCUMENT_COLUMNS = ("id", "member_id", "kind", "sealed", "blind_index")
MOVABLE = ("phone", "email", "address")
NO_MEMBERS: frozenset[int] = frozenset()


def register_members(
    session: Session,
    registrations: Sequence[Registration],
    *,
    keys: Keys,
    by: Actor,
    at: datetime,
    override: str | None = None,
    named: Container[int] = NO_MEMBERS,
) -> list[Registered]:
    """Register people, refusing who is here already; one answer for each, in their order.

    override -- a person's reason to let somebody in whom the rules take for a duplicate
    named    -- ids of members whom earlier batches of the same file were about
    The number of statements does not grow with the batch.
    Source: rules A1-A3, I1, I2; mission S1.2, S2.1; reliability.md "sealing".
    """
    blinds = [
        blind_index(keys, each.document.kind, each.document.number) if each.document else None
        for each in registrations
    ]
    known = find_known(session, registrations, [blind for blind in blinds if blind is not None])
    places = branches(session)
    judged = judge(
        zip(registrations, blinds, strict=True),
        known,
        places=places,
        named=named,
        override=override is not None,
    )

    ids = take(session, "member", len(judged.new))
    _insert(session, judged.new, ids, places, keys=keys, by=by, at=at)
    _write_contacts(session, judged.moved)
    _note_registered(session, judged, ids, override, by=by, at=at)
    return [
        _answer(asked, decision, _final(about, ids), ids)
        for asked, (decision, about) in zip(registrations, judged.decisions, strict=True)
    ]


def _final(about: int | None, ids: Sequence[int]) -> int | None:
    """Return the id of a member whom a judgement calls -1, -2, ... while they are new."""
    return ids[-about - 1] if about is not None and about < 0 else about


def _insert(
    session: Session,
    new: Sequence[New],
    ids: Sequence[int],
    places: Mapping[str, Branch],
    *,
    keys: Keys,
    by: Actor,
    at: datetime,
) -> None:
    if not new:
        return
    tier_id = entry_tier_id(session)
    branch_ids = {code: branch.id for code, branch in places.items()}
    members: list[tuple[object, ...]] = []
    documents: list[tuple[object, ...]] = []
    numbers = iter(take(session, "identity_document", sum(each.blind is not None for each in new)))
    for member_id, (asked, blind, decision) in zip(ids, new, strict=True):
        own_key = new_member_key()
        members.append(
            (
                member_id,
                asked.name,
                asked.name_key,
                asked.phone,
                asked.phone_typed,
                asked.email,
                asked.birth_on,
                asked.address,
                asked.language,
                branch_ids[asked.branch] if asked.branch else by.branch_id,
                tier_id,
                asked.channel,
                asked.referrer,
                asked.source,
                asked.external_ref,
                decision.twin,
                wrap_key(keys, own_key, member_id),
                at,
                by.staff_id,
                1,
            )
        )
        if asked.document is not None:
            kind, number, _ = asked.document
            sealed = seal(own_key, number, "identity_document", member_id, kind)
            documents.append((next(numbers), member_id, kind, sealed, blind))
    insert_rows(session, Member, MEMBER_COLUMNS, members)
    insert_rows(session, IdentityDocument, DOCUMENT_COLUMNS, documents)


def _write_contacts(session: Session, moved: Sequence[Moved]) -> None:
    if not moved:
        return
    table = Member.__table__  # type: ignore[attr-defined]
    statement = (
        update(table)
        .where(table.c.id == bindparam("member"))
        .values(
            phone=bindparam("new_phone"),
            phone_typed=func.coalesce(bindparam("typed"), table.c.phone_typed),
            email=bindparam("new_email"),
            address=bindparam("new_address"),
            version=table.c.version + 1,
        )
    )
    session.flush()
    session.connection().execute(
        statement,
        [
            {
                "member": after.id,
                "new_phone": after.phone,
                "typed": asked.phone_typed,
                "new_email": after.email,
                "new_address": after.address,
            }
            for asked, _, after in moved
        ],
    )


def _note_registered(
    session: Session,
    judged: Judged,
    ids: Sequence[int],
    override: str | None,
    *,
    by: Actor,
    at: datetime,
) -> None:
    plain: dict[str, Fact] = {}
    note_many(
        session,
        "member.registered",
        [
            (member_number(member_id), _override_facts(each.decision, override, ids) or plain)
            for member_id, each in zip(ids, judged.new, strict=True)
        ],
        by=by,
        at=at,
    )
    note_many(
        session,
        "member.updated",
        [
            (
                member_number(after.id),
                {"fields": [f for f in MOVABLE if getattr(before, f) != getattr(after, f)]},
            )
            for _, before, after in judged.moved
        ],
        by=by,
        at=at,
    )


def _override_facts(
    decision: Decision, override: str | None, ids: Sequence[int]
) -> dict[str, Fact] | None:
    """Return why somebody was let in whom the rules take for somebody else (rules A3)."""
    other = None if decision.other is None else _final(decision.other.id, ids)
    if override is None or other is None:
        return None
    return {"override": override, "code": decision.code, "other": member_number(other)}


def _answer(
    asked: Registration, decision: Decision, about: int | None, ids: Sequence[int]
) -> Registered:
    if decision.outcome is Outcome.CREATED and not decision.code and not asked.remarks:
        assert about is not None, "whoever was created is a member"
        return Registered(about, member_number(about), decision.outcome)
    other = None if decision.other is None else _final(decision.other.id, ids)
    words = [reason(decision, "" if other is None else member_number(other))]
    code, field = decision.code, decision.field
    if decision.outcome is Outcome.CREATED and asked.remarks:
        code, field = code or asked.remarks[0].code, field or asked.remarks[0].field
        words += [remark.message for remark in asked.remarks]
    return Registered(
        about,
        "" if about is None else member_number(about),
        decision.outcome,
        code,
        "; ".join(word for word in words if word),
        field,
    )
