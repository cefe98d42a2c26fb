"""Every select over terms and cards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select as select_columns
from sqlmodel import col, func, or_, select

from memberctl.access.cards import HEAD_OFFICE, CardFacts
from memberctl.access.changes import ENDINGS, Change, ChangeKind
from memberctl.access.rules import (
    CardState,
    Handover,
    Held,
    TermStatus,
    term_status,
)
from memberctl.access.tables import Card, CardStock, Term, TermChange
from memberctl.catalog.tables import Plan, PlanVersion
from memberctl.core.dates import Span, at_local_midnight, local_date
from memberctl.core.errors import NotFound
from memberctl.core.numbering import member_number, parse_card_number
from memberctl.member.tables import Member
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session

CHUNK = 500
HELD = (
    col(Term.id),
    col(Term.start_on),
    col(Term.end_on),
    col(Term.anchor_on),
    col(Term.granted_at),
    col(Term.voided_at),
    col(Term.source),
)


@dataclass(frozen=True, slots=True)
class TermLine:
    """One row of `term list`."""

    member: str
    plan: str
    start_on: date
    end_on: date
    status: TermStatus


@dataclass(frozen=True, slots=True)
class CardLine:
    """One row of `card list`."""

    number: str
    member: str
    state: CardState
    issued_on: date


@dataclass(frozen=True, slots=True)
class CardRecord:
    """One card. valid_until -- the end of the holder's last term; a card has no date of its own."""

    number: str
    member: str
    state: CardState
    issued_on: date
    handover: Handover
    ended_on: date | None
    replaced_by: str | None
    valid_until: date | None
    version: int


def held_terms(
    session: Session, member_ids: Sequence[int], zone: ZoneInfo
) -> dict[int, tuple[Held, ...]]:
    """Return all terms of these members by member id, voided ones too; none has no key."""
    found: dict[int, list[Held]] = {}
    for ids in _chunks(member_ids):
        theirs = col(Term.member_id).in_(ids)
        changes = term_changes(session, zone, theirs)
        statement = select_columns(col(Term.member_id), *HELD).where(theirs)
        for member_id, *facts in session.execute(statement):
            found.setdefault(member_id, []).append(_held(facts, changes, zone))
    return {member_id: tuple(terms) for member_id, terms in found.items()}


def term_changes(session: Session, zone: ZoneInfo, *which: Any) -> dict[int, tuple[Change, ...]]:
    """Return the changes of terms by term id, in the order in which they were recorded.

    which -- conditions on Term; none is every term that was ever changed
    """
    statement = (
        select(TermChange)
        .join(Term, col(Term.id) == col(TermChange.term_id))
        .where(*which)
        .order_by(col(TermChange.id))
    )
    found: dict[int, list[Change]] = {}
    for row in session.exec(statement):
        found.setdefault(row.term_id, []).append(_change(row, zone))
    return {term_id: tuple(changes) for term_id, changes in found.items()}


def _change(row: TermChange, zone: ZoneInfo) -> Change:
    stretch = None
    if row.from_on is not None and row.until_on is not None:
        stretch = Span(row.from_on, row.until_on)
    return Change(
        id=row.id,
        kind=row.kind,
        recorded_on=local_date(row.recorded_at, zone),
        before=Span(row.start_before, row.end_before),
        after=Span(row.start_after, row.end_after),
        stretch=stretch,
        follows=row.follows,
    )


def held(session: Session, terms: Sequence[Term], zone: ZoneInfo) -> list[Held]:
    """Return these terms as the rules take them, in their order."""
    changes = term_changes(session, zone, col(Term.id).in_([term.id for term in terms]))
    return [
        _held(
            (
                term.id, term.start_on, term.end_on, term.anchor_on, term.granted_at,
                term.voided_at, term.source,
            ),
            changes,
            zone,
        )
        for term in terms
    ]  # fmt: skip


def terms_to_change(session: Session, member_id: int, product: str) -> Sequence[Term]:
    """Return, locked, the terms of a member and product that were not voided."""
    statement = (
        select(Term)
        .where(
            Term.member_id == member_id,
            Term.product == product,
            col(Term.voided_at).is_(None),
        )
        .order_by(col(Term.id))
        .with_for_update()
    )
    return session.exec(statement).all()


def terms_of_source_to_change(session: Session, source: str) -> Sequence[Term]:
    """Return, locked, the terms that the order `source` paid for and that were not voided."""
    statement = (
        select(Term)
        .where(Term.source == source, col(Term.voided_at).is_(None))
        .order_by(col(Term.id))
        .with_for_update()
    )
    return session.exec(statement).all()


def endings_of(session: Session, cause: str) -> list[tuple[TermChange, Term]]:
    """Return, locked, the terms that `cause` ended before their time, each with that change.

    What was restored since, and terms that were voided, are left out.
    """
    taken_back = select(TermChange.follows).where(TermChange.kind == ChangeKind.RESTORED)
    statement = (
        select(TermChange, Term)
        .join(Term, col(Term.id) == col(TermChange.term_id))
        .where(
            TermChange.source == cause,
            col(TermChange.kind).in_(ENDINGS),
            col(TermChange.id).not_in(taken_back),
            col(Term.voided_at).is_(None),
        )
        .order_by(col(Term.id))
        .with_for_update(of=Term)
    )
    return [(change, term) for change, term in session.exec(statement)]


def active_cards_to_change(session: Session, member_id: int) -> Sequence[Card]:
    """Return, locked, the active cards of a member."""
    statement = (
        select(Card)
        .where(Card.member_id == member_id, Card.state == CardState.ACTIVE)
        .order_by(col(Card.id))
        .with_for_update()
    )
    return session.exec(statement).all()


def is_entitled(
    session: Session, member_id: int, today: date, *, besides: Sequence[int] = ()
) -> bool:
    """Return whether a term of the member runs today or lies ahead.

    besides -- ids of terms that have just been ended, of which today does not count any more
    """
    statement = select(Term.id).where(
        Term.member_id == member_id,
        *_running_or_ahead(today),
        or_(col(Term.id).not_in(besides), col(Term.end_on) > today),
    )
    return session.exec(statement.limit(1)).first() is not None


def card_facts(session: Session, member_ids: Sequence[int], today: date) -> dict[int, CardFacts]:
    """Return what decides about a card, by member id; a member that is not there has no key."""
    found: dict[int, CardFacts] = {}
    for ids in _chunks(member_ids):
        entitled = set(
            session.exec(
                select(Term.member_id).where(
                    col(Term.member_id).in_(ids), *_running_or_ahead(today)
                )
            )
        )
        cards = _newest_cards(session, ids)
        people = select(Member.id, Member.branch_id, Member.address).where(col(Member.id).in_(ids))
        for member_id, branch_id, address in session.exec(people):
            found[member_id] = CardFacts(
                member_id=member_id,
                entitled=member_id in entitled,
                card=cards.get(member_id),
                branch_id=branch_id or HEAD_OFFICE,
                has_address=bool(address),
            )
    return found


def _newest_cards(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, CardState]]:
    statement = (
        select_columns(col(Card.member_id), col(Card.number), col(Card.state))
        .where(col(Card.member_id).in_(ids), col(Card.state) != CardState.REPLACED)
        .order_by(col(Card.id))
    )
    return {member_id: (number, state) for member_id, number, state in session.execute(statement)}


def members_without_card(
    session: Session, today: date, branch_id: int | None = None
) -> Sequence[int]:
    """Return the ids of members who have paid and never had a card, in the order they joined."""
    statement = select(Member.id).where(*_without_card(today)).order_by(col(Member.id))
    if branch_id is not None:
        statement = statement.where(Member.branch_id == branch_id)
    return session.exec(statement).all()


def count_without_card(session: Session, today: date) -> int:
    """Return how many members have paid and never had a card."""
    statement = select(func.count()).select_from(Member).where(*_without_card(today))
    return session.exec(statement).one()


def _without_card(today: date) -> tuple[Any, ...]:
    term = select(Term.id).where(Term.member_id == Member.id, *_running_or_ahead(today)).exists()
    card = select(Card.id).where(Card.member_id == Member.id).exists()
    return (term, ~card)


def _running_or_ahead(today: date) -> tuple[Any, ...]:
    return (col(Term.voided_at).is_(None), col(Term.end_on) >= today)


def find_card(session: Session, text: str) -> Card:
    """Return a card by its number as somebody typed it.

    Raises Invalid for a wrong check digit, NotFound for a number that was never given.
    Source: rules C1.
    """
    return _one_card(session, select(Card).where(Card.number == parse_card_number(text)))


def card_to_change(session: Session, text: str) -> Card:
    """Return a card, locked; raises as `find_card`."""
    number = parse_card_number(text)
    return _one_card(session, select(Card).where(Card.number == number).with_for_update())


def _one_card(session: Session, statement: Any) -> Card:
    card: Card | None = session.exec(statement).one_or_none()
    if card is None:
        raise NotFound("no card has this number", hint="memberctl card list")
    return card


def blanks_to_change(session: Session, branch_ids: Iterable[int]) -> dict[int, CardStock]:
    """Return, locked, the stocks of blank cards by branch; a branch that counts none has none."""
    statement = (
        select(CardStock)
        .where(col(CardStock.branch_id).in_(sorted(set(branch_ids))))
        .order_by(col(CardStock.branch_id))
        .with_for_update()
    )
    return {stock.branch_id: stock for stock in session.exec(statement)}


def show_card(session: Session, text: str, zone: ZoneInfo) -> CardRecord:
    """Return one card with what followed it; raises as `find_card`."""
    card = find_card(session, text)
    successor = session.get(Card, card.replaced_by) if card.replaced_by is not None else None
    valid_until = session.exec(
        select(func.max(Term.end_on)).where(
            Term.member_id == card.member_id, col(Term.voided_at).is_(None)
        )
    ).one()
    return CardRecord(
        number=card.number,
        member=member_number(card.member_id),
        state=card.state,
        issued_on=local_date(card.issued_at, zone),
        handover=card.handover,
        ended_on=None if card.ended_at is None else local_date(card.ended_at, zone),
        replaced_by=None if successor is None else successor.number,
        valid_until=valid_until,
        version=card.version,
    )


def list_cards(
    session: Session,
    zone: ZoneInfo,
    *,
    member_id: int | None = None,
    state: CardState | None = None,
    limit: int | None = None,
) -> Listing[CardLine]:
    """Return cards in the order in which they were issued."""
    statement = select(Card.number, Card.member_id, Card.state, Card.issued_at)
    if member_id is not None:
        statement = statement.where(Card.member_id == member_id)
    if state is not None:
        statement = statement.where(Card.state == state)

    def line(row: Any) -> CardLine:
        number, holder, found, issued = row
        return CardLine(number, member_number(holder), found, local_date(issued, zone))

    return listing(session, statement.order_by(col(Card.id)), line, limit)


def list_terms(
    session: Session,
    zone: ZoneInfo,
    as_of: date,
    *,
    member_id: int | None = None,
    limit: int | None = None,
) -> Listing[TermLine]:
    """Return the terms that were granted until the end of `as_of`, by member and start."""
    statement = (
        select_columns(col(Term.member_id), col(Plan.code), *HELD)
        .join(PlanVersion, col(PlanVersion.id) == col(Term.plan_version_id))
        .join(Plan, col(Plan.id) == col(PlanVersion.plan_id))
        .where(col(Term.granted_at) < at_local_midnight(as_of + timedelta(days=1), zone))
        .order_by(col(Term.member_id), col(Term.start_on), col(Term.id))
    )
    which = [] if member_id is None else [col(Term.member_id) == member_id]
    statement = statement.where(*which)
    changes = term_changes(session, zone, *which)

    def line(row: Any) -> TermLine:
        holder, plan, *facts = row
        term = _held(facts, changes, zone)
        span, status = term.span_on(as_of), term_status(term, as_of)
        return TermLine(member_number(holder), plan, span.start_on, span.end_on, status)

    return listing(session, statement, line, limit)


def _held(facts: Sequence[Any], changes: Mapping[int, tuple[Change, ...]], zone: ZoneInfo) -> Held:
    """Return a term from the values of the columns HELD."""
    term_id, start, end, anchor, granted, voided, source = facts
    return Held(
        span=Span(start, end),
        anchor_on=anchor,
        granted_on=local_date(granted, zone),
        voided_on=None if voided is None else local_date(voided, zone),
        source=source,
        changes=changes.get(term_id, ()),
    )


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
