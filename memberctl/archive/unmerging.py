"""A merge that was a mistake is taken back, unless money came to what it moved.

Source: rules A4, M2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.access.rules import CardState
from memberctl.access.tables import Card, Term
from memberctl.archive.merging import free_twin
from memberctl.archive.pointing import move_rows, pointers
from memberctl.core.actor import Actor
from memberctl.core.errors import NotFound, NotPermitted, RuleRefused
from memberctl.core.money import Money
from memberctl.core.numbering import member_number, parse_serial_number
from memberctl.ledger.operations import reverse_entry
from memberctl.ledger.queries import lines_of
from memberctl.ledger.rules import EARNED, Account
from memberctl.ledger.tables import LedgerEntry, Posting
from memberctl.member.merges import (
    CLEARED,
    COMPANIONS,
    MembersParted,
    MergeLine,
    merge_number,
    refuse_unmerge,
)
from memberctl.member.queries import member_to_change
from memberctl.member.sealed import move_seals, own_key
from memberctl.member.tables import Member, MemberMerge
from memberctl.office.queries import staff_codes
from memberctl.order.tables import Order, OrderTerm
from memberctl.payment.credit_queries import number as request_number
from memberctl.payment.rules import DEAD
from memberctl.store.audit import note
from memberctl.store.listing import Listing
from memberctl.store.sealing import unseal

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlmodel import Session

    from memberctl.store.keys import Keys

MOST_NAMED = 5
_RESTORED = (*CLEARED, *COMPANIONS.values(), "name", "name_key", "twin")


def unmerge_members(
    session: Session,
    text: str,
    *,
    reason: str,
    keys: Keys,
    currency: str,
    by: Actor,
    at: datetime,
    today: date,
) -> MembersParted:
    """Take a merge back: what was moved belongs to its old number again.

    Raises NotFound, NotPermitted for one's own membership, and RuleRefused when it is taken back
    already, a later merge is in the way, later money touches it, or the survivor was erased.
    Source: rules A4.
    """
    merge = _merge_to_change(session, text)
    survivor, merged = (
        member_to_change(session, each, even_gone=True)
        for each in (merge.survivor_id, merge.merged_id)
    )
    if by.staff_id in (survivor.staff_id, merged.staff_id):
        raise NotPermitted(f"{by.staff} cannot take back a merge of their own membership")
    snapshot = opened(keys, survivor, merge)
    in_the_way = [
        *_later_merges(session, merge),
        *_later_orders(session, snapshot),
        *_later_money(session, merge, snapshot),
    ]
    refuse_unmerge(merge_number(merge.id), merge.undone_at, in_the_way)

    moved: Mapping[str, Sequence[Sequence[Any]]] = snapshot["moved"]
    rows = 0
    for pointer in pointers():
        keys_ = [tuple(key) for key in moved.get(pointer.name, ())]
        rows += move_rows(session, pointer, keys_, from_=survivor.id, to=merged.id)
    session.expire_all()
    move_seals(session, keys, from_=survivor, to=merged, moved=moved)
    _restore_fields(session, survivor, merged, snapshot)
    _restore_cards(session, merged, snapshot["cards"])
    for term in session.exec(select(Term).where(Term.merge_id == merge.id).with_for_update()):
        term.merge_id = None
    credit = _give_credit_back(session, snapshot["entry"], at=at, today=today)
    merge.undone_at, merge.undone_by, merge.undone_reason = at, by.staff_id, reason
    numbers = member_number(survivor.id), member_number(merged.id)
    for about, other in (numbers, numbers[::-1]):
        note(
            session, "member.unmerged", about, by=by, at=at,
            merge=merge_number(merge.id), other=other,
        )  # fmt: skip
    session.flush()
    return MembersParted(
        merge_number(merge.id), *numbers, merged.name, rows, Money(credit, currency)
    )


def _merge_to_change(session: Session, text: str) -> MemberMerge:
    number = parse_serial_number(text, "MG")
    found = session.exec(
        select(MemberMerge).where(MemberMerge.id == number).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound(f"there is no merge {merge_number(number)}", hint="memberctl member merges")
    return found


def opened(keys: Keys, survivor: Member, merge: MemberMerge) -> dict[str, Any]:
    """Return the snapshot of a merge. Raises RuleRefused when the survivor was erased."""
    if survivor.wrapped_key is None:
        raise RuleRefused(
            f"{member_number(survivor.id)} was erased, and with it all that"
            f" {merge_number(merge.id)} would give back"
        )
    clear = unseal(
        own_key(keys, survivor), merge.sealed, "member_merge", survivor.id, str(merge.id)
    )
    found = json.loads(clear)
    assert isinstance(found, dict)
    return found


def _later_merges(session: Session, merge: MemberMerge) -> list[str]:
    """Return the later merges of the survivor that have to be taken back first."""
    later = session.scalars(
        columns(col(MemberMerge.id)).where(
            col(MemberMerge.id) > merge.id,
            col(MemberMerge.undone_at).is_(None),
            or_(
                col(MemberMerge.survivor_id) == merge.survivor_id,
                col(MemberMerge.merged_id) == merge.survivor_id,
            ),
        )
    )
    return [f"{merge_number(each)} was made later; take it back first" for each in later]


def _later_money(session: Session, merge: MemberMerge, snapshot: Mapping[str, Any]) -> list[str]:
    """Return the entries made since that touch an order or a credit which the merge moved.

    That a fee was earned meanwhile is no money that came or went, and stays with its order.
    """
    moved = _moved(snapshot, "orders")
    orders = session.scalars(columns(col(Order.number)).where(col(Order.id).in_(moved))).all()
    requests = [request_number(each) for each in _moved(snapshot, "credit_request")]
    touching: list[ColumnElement[bool]] = [
        col(LedgerEntry.about).in_(orders),
        col(Posting.party).in_([*orders, *requests]),
    ]
    if snapshot["entry"] is not None:
        of_survivor = col(Posting.party) == member_number(merge.survivor_id)
        touching.append(of_survivor & (col(Posting.account) == Account.MEMBER_CREDIT.value))
    found = session.execute(
        columns(col(LedgerEntry.id), col(LedgerEntry.event), col(LedgerEntry.about))
        .join(Posting, col(Posting.entry_id) == col(LedgerEntry.id))
        .where(
            col(LedgerEntry.id) > snapshot["entries"],
            col(LedgerEntry.event) != EARNED,
            col(LedgerEntry.id) != (snapshot["entry"] or 0),
            or_(*touching),
        )
        .distinct()
        .order_by(col(LedgerEntry.id))
    ).all()
    said = [f"entry {id_}: {event} of {about}" for id_, event, about in found[:MOST_NAMED]]
    more = len(found) - len(said)
    return [*said, f"and {more} more entries"] if more > 0 else said


def _moved(snapshot: Mapping[str, Any], what: str) -> list[int]:
    """Return the ids of the rows of one table that the merge moved."""
    return [key[0] for key in snapshot["moved"].get(what, ())]


def _later_orders(session: Session, snapshot: Mapping[str, Any]) -> list[str]:
    """Return the orders filed since under which a term that the merge moved goes on, or would."""
    found = session.scalars(
        columns(col(Order.number))
        .join(OrderTerm, col(OrderTerm.order_id) == col(Order.id))
        .where(
            col(OrderTerm.term_id).in_(_moved(snapshot, "term")),
            col(Order.id).not_in(_moved(snapshot, "orders")),
            col(Order.state).not_in(DEAD),
        )
        .order_by(col(Order.id))
    )
    return [f"{number} changes a term that was moved; void it first" for number in found]


def _restore_fields(
    session: Session, survivor: Member, merged: Member, snapshot: Mapping[str, Any]
) -> None:
    """Give both back what they had, unless somebody changed it since."""
    before = snapshot["merged"]
    for field, value in snapshot["taken"].items():
        if _plain(getattr(survivor, field)) == value:
            setattr(survivor, field, None)
    if survivor.tier_id == snapshot["tier"]:
        survivor.tier_id = snapshot["survivor"]["tier_id"]
    survivor.version += 1
    session.flush()
    merged.merged_into = None
    for field in _RESTORED:
        setattr(merged, field, _typed(field, before[field]))
    merged.twin = free_twin(session, merged)
    merged.version += 1
    session.flush()


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _typed(field: str, value: Any) -> Any:
    if value is None:
        return None
    if field.endswith("_on"):
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if field.endswith("_at") else value


def _restore_cards(session: Session, merged: Member, replaced: Sequence[int]) -> None:
    """Let the cards that the merge replaced be good again, where nothing else happened to them."""
    theirs = select(Card).where(Card.member_id == merged.id).with_for_update()
    cards = session.exec(theirs).all()
    active = {card.kind for card in cards if card.state is CardState.ACTIVE}
    for card in cards:
        if card.id in replaced and card.state is CardState.REPLACED and card.kind not in active:
            card.state, card.ended_at, card.replaced_by = CardState.ACTIVE, None, None
            card.version += 1
    session.flush()


def _give_credit_back(session: Session, entry_id: int | None, *, at: datetime, today: date) -> int:
    if entry_id is None:
        return 0
    lines, _ = lines_of(session, entry_id)
    reverse_entry(session, entry_id, event="credit.unmerged", value_on=today, at=at)
    credit = (line.amount_minor for line in lines if line.account is Account.MEMBER_CREDIT)
    return sum(minor for minor in credit if minor > 0)


def list_merges(session: Session, *, limit: int | None) -> Listing[MergeLine]:
    """Return the merges, the newest first, with the overlaps that still wait for a decision."""
    statement = select(MemberMerge).order_by(col(MemberMerge.id).desc())
    rows = list(session.exec(statement))
    people = staff_codes(session, [row.merged_by for row in rows])
    waiting = open_overlaps(session)
    lines = [
        MergeLine(
            number=merge_number(row.id),
            survivor=member_number(row.survivor_id),
            merged=member_number(row.merged_id),
            reason=row.reason,
            merged_at=row.merged_at,
            merged_by=people[row.merged_by],
            undone_at=row.undone_at,
            overlaps=waiting.get(row.id, 0),
        )
        for row in rows
    ]
    return Listing(lines if limit is None else lines[:limit], len(lines))


def open_overlaps(session: Session) -> dict[int, int]:
    """Return by merge how many terms that it brought still overlap another one of the member."""
    marked = session.exec(
        select(Term).where(col(Term.merge_id).is_not(None), col(Term.voided_at).is_(None))
    ).all()
    found: dict[int, int] = {}
    for term in marked:
        other = session.exec(
            select(Term.id).where(
                Term.member_id == term.member_id,
                Term.product == term.product,
                Term.id != term.id,
                col(Term.voided_at).is_(None),
                col(Term.visits).is_(None),
                Term.start_on <= term.end_on,
                Term.end_on >= term.start_on,
            )
        ).first()
        if other is not None and term.merge_id is not None:
            found[term.merge_id] = found.get(term.merge_id, 0) + 1
    return found
