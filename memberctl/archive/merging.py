"""Two numbers of one person become one: everything follows, nothing is lost, it can be undone.

The survivor keeps its number. Whatever names the other one is found in the tables themselves;
what both were before is kept as a snapshot, sealed under the survivor's key.
Source: rules A4, C2, T8, P5; mission S2.2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from memberctl.access.rules import CardState
from memberctl.access.tables import Card, Term
from memberctl.archive.pointing import clashing, move_rows, pointers, rows_of
from memberctl.catalog.tables import Tier
from memberctl.core.actor import Actor
from memberctl.core.money import Money
from memberctl.core.numbering import member_number
from memberctl.core.text import Kind, Personal
from memberctl.ledger.operations import move_party
from memberctl.ledger.queries import newest_entry
from memberctl.member.identity import DocumentKind
from memberctl.member.merges import (
    CLEARED,
    COMPANIONS,
    TAKEN_OVER,
    Both,
    FieldTaken,
    MembersMerged,
    RowsMoved,
    TermsOverlap,
    merge_number,
    refuse_merge,
)
from memberctl.member.presence import gone
from memberctl.member.queries import documents_of, member_to_change, others_like
from memberctl.member.sealed import move_seals, own_key
from memberctl.member.tables import Member, MemberMerge
from memberctl.store.audit import note
from memberctl.store.counters import take_one
from memberctl.store.sealing import seal

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.keys import Keys

_KINDS = {
    "phone": Kind.PHONE, "email": Kind.EMAIL, "birth_on": Kind.BIRTH_DATE, "address": Kind.ADDRESS,
    "referrer": Kind.NAME,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """The two members of a merge, locked, and the row that the merge will be."""

    survivor: Member
    merged: Member
    merge_id: int


def merge_members(
    session: Session,
    survivor_id: int,
    merged_id: int,
    *,
    reason: str,
    keys: Keys,
    currency: str,
    by: Actor,
    at: datetime,
    today: date,
) -> MembersMerged:
    """Merge one member into another, who keeps the number.

    Terms that overlap then are kept and marked; cards of which there may be one are replaced by
    the survivor's; credit moves by an entry in the books. Raises what refuse_merge raises.
    Source: rules A4.
    """
    pair = _lock(session, survivor_id, merged_id, by)
    survivor, merged = pair.survivor, pair.merged
    before = {"survivor": told(survivor), "merged": told(merged)}
    fields = _fields(survivor, merged)
    entries = newest_entry(session)
    cards = _replace_cards(session, pair, at)
    overlaps = _mark_overlaps(session, pair)
    sealed_row = MemberMerge(
        id=pair.merge_id, survivor_id=survivor_id, merged_id=merged_id, reason=reason,
        sealed=b"", merged_at=at, merged_by=by.staff_id,
    )  # fmt: skip
    session.add(sealed_row)
    session.flush()
    for term in overlaps.marked:
        term.merge_id = pair.merge_id
    session.flush()
    moved, rows = _move_everything(session, pair)
    move_seals(session, keys, from_=merged, to=survivor, moved=moved)
    taken = _take_over(session, survivor, merged)
    _raise_tier(session, survivor, merged)
    credit, entry_id = move_party(
        session, member_number(merged_id), member_number(survivor_id), event="credit.merged",
        about=merge_number(pair.merge_id), value_on=today, at=at, currency=currency,
    )  # fmt: skip
    snapshot = {
        **before, "taken": taken, "moved": moved, "cards": [card.id for card in cards],
        "entry": entry_id, "entries": entries, "tier": survivor.tier_id,
    }  # fmt: skip
    sealed_row.sealed = _sealed(keys, survivor, pair.merge_id, snapshot)
    _note(session, pair, rows, by=by, at=at)
    session.flush()
    session.expire_all()
    return MembersMerged(
        number=merge_number(pair.merge_id),
        survivor=member_number(survivor_id),
        merged=member_number(merged_id),
        name=survivor.name,
        fields=fields,
        rows=rows,
        overlaps=overlaps.told,
        cards=tuple(card.number for card in cards),
        credit=Money(credit, currency),
        tier=session.get_one(Tier, survivor.tier_id).code,
    )


def _lock(session: Session, survivor_id: int, merged_id: int, by: Actor) -> Pair:
    locked = {
        each: member_to_change(session, each, even_gone=True)
        for each in sorted({survivor_id, merged_id})
    }
    survivor, merged = locked[survivor_id], locked[merged_id]
    refuse_merge(
        Both(
            member_number(survivor_id),
            member_number(merged_id),
            tuple(said for each in locked.values() if (said := gone(each))),
            (survivor.staff_id, merged.staff_id),
            survivor_id != merged_id and _are_proven_two(session, survivor_id, merged_id),
        ),
        by,
    )
    return Pair(survivor, merged, take_one(session, "member_merge"))


def _are_proven_two(session: Session, one: int, other: int) -> bool:
    proofs = [documents_of(session, each).get(DocumentKind.RESIDENT_ID) for each in (one, other)]
    return all(proof is not None for proof in proofs)


def told(member: Member) -> dict[str, Any]:
    """Return a member's row as JSON values, for the snapshot; never the key."""
    row = {column.name: getattr(member, column.name) for column in Member.__table__.c}  # type: ignore[attr-defined]
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in row.items()
        if not isinstance(value, bytes)
    }


def _fields(survivor: Member, merged: Member) -> tuple[FieldTaken, ...]:
    """Return what each of the two has and what the survivor will have."""
    shown = [FieldTaken("name", survivor.name, merged.name, survivor.name)]
    for field, kind in _KINDS.items():
        own, other = getattr(survivor, field), getattr(merged, field)
        if own is not None or other is not None:
            values = [_shown(kind, each) for each in (own, other, other if own is None else own)]
            shown.append(FieldTaken(field, *values))
    return tuple(shown)


def _shown(kind: Kind, value: object) -> Personal | None:
    return None if value is None else Personal(kind, str(value))


def _replace_cards(session: Session, pair: Pair, at: datetime) -> Sequence[Card]:
    """Let the survivor's card replace the other's, so that one of a kind is active (C2)."""
    active = select(Card).where(Card.state == CardState.ACTIVE).order_by(col(Card.id))
    own = {
        card.kind: card
        for card in session.exec(active.where(Card.member_id == pair.survivor.id).with_for_update())
    }
    theirs = session.exec(active.where(Card.member_id == pair.merged.id).with_for_update()).all()
    replaced = [card for card in theirs if card.kind in own]
    for card in replaced:
        card.state, card.ended_at, card.replaced_by = CardState.REPLACED, at, own[card.kind].id
        card.version += 1
    session.flush()
    return replaced


@dataclass(frozen=True, slots=True)
class Overlaps:
    """marked -- terms of the merged number that overlap one of the survivor's; told -- the pairs"""

    marked: tuple[Term, ...]
    told: tuple[TermsOverlap, ...]


def _mark_overlaps(session: Session, pair: Pair) -> Overlaps:
    """Find the terms of one product that overlap: the only exception to T8, until it is decided."""
    live = select(Term).where(col(Term.voided_at).is_(None), col(Term.visits).is_(None))
    ordered = live.order_by(col(Term.start_on), col(Term.id)).with_for_update()
    own = session.exec(ordered.where(Term.member_id == pair.survivor.id)).all()
    theirs = session.exec(ordered.where(Term.member_id == pair.merged.id)).all()
    pairs = [
        (one, other) for other in theirs for one in own
        if one.product == other.product
        and one.start_on <= other.end_on and other.start_on <= one.end_on
    ]  # fmt: skip
    return Overlaps(
        tuple({other.id: other for _, other in pairs}.values()),
        tuple(
            TermsOverlap(
                one.product, one.source, other.source,
                max(one.start_on, other.start_on), min(one.end_on, other.end_on),
            )
            for one, other in pairs
        ),
    )  # fmt: skip


def _move_everything(
    session: Session, pair: Pair
) -> tuple[dict[str, list[list[Any]]], tuple[RowsMoved, ...]]:
    """Re-point every row that names the merged number; return their keys, and counts."""
    moved: dict[str, list[list[Any]]] = {}
    rows: list[RowsMoved] = []
    for pointer in pointers():
        keys = rows_of(session, pointer, pair.merged.id)
        stay = set(clashing(session, pointer, pair.merged.id, pair.survivor.id))
        going = [key for key in keys if key not in stay]
        move_rows(session, pointer, going, from_=pair.merged.id, to=pair.survivor.id)
        if keys:
            moved[pointer.name] = [list(key) for key in going]
            rows.append(RowsMoved(pointer.name, len(going), len(stay)))
    return moved, tuple(rows)


def _take_over(session: Session, survivor: Member, merged: Member) -> dict[str, Any]:
    """Fill what the survivor does not have, and clear the merged number; return what was filled."""
    taken: dict[str, Any] = {}
    for field in TAKEN_OVER:
        if getattr(survivor, field) is None and getattr(merged, field) is not None:
            for each in filter(None, (field, COMPANIONS.get(field))):
                taken[each] = getattr(merged, each)
    for field in CLEARED:
        setattr(merged, field, None)
    merged.name = f"= {member_number(survivor.id)}"
    merged.name_key, merged.twin = merged.name, 0
    merged.merged_into = survivor.id
    merged.version += 1
    session.flush()
    for field, value in taken.items():
        setattr(survivor, field, value)
    survivor.twin = free_twin(session, survivor)
    survivor.version += 1
    session.flush()
    return {
        field: value.isoformat() if isinstance(value, date) else value
        for field, value in taken.items()
    }


def free_twin(session: Session, member: Member) -> int:
    """Return the first number among people of one name and phone or e-mail that nobody has."""
    with session.no_autoflush:
        others = others_like(
            session, member, name_key=member.name_key, phone=member.phone, email=member.email
        )
    had = {other.twin for other in others if other.name_key == member.name_key}
    return member.twin if member.twin not in had else max(had) + 1


def _raise_tier(session: Session, survivor: Member, merged: Member) -> None:
    """Leave the survivor with the better of the two tiers: nobody loses one by our mistake (P5)."""
    own, other = (session.get_one(Tier, each.tier_id) for each in (survivor, merged))
    if other.position > own.position:
        survivor.tier_id = other.id


def _sealed(keys: Keys, survivor: Member, merge_id: int, snapshot: Mapping[str, Any]) -> bytes:
    clear = json.dumps(snapshot, ensure_ascii=False, sort_keys=True)
    return seal(own_key(keys, survivor), clear, "member_merge", survivor.id, str(merge_id))


def _note(
    session: Session, pair: Pair, rows: Sequence[RowsMoved], *, by: Actor, at: datetime
) -> None:
    survivor, merged = member_number(pair.survivor.id), member_number(pair.merged.id)
    number = merge_number(pair.merge_id)
    counts = [f"{row.what} {row.moved}" for row in rows]
    note(session, "member.merged", merged, by=by, at=at, merge=number, into=survivor, rows=counts)
    note(session, "member.absorbed", survivor, by=by, at=at, merge=number, merged=merged)
