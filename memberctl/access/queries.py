"""Every select over cards, and who is entitled to one; terms are in term_queries.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select as select_columns
from sqlmodel import col, func, or_, select

from memberctl.access.cards import HEAD_OFFICE, CardFacts
from memberctl.access.hold_queries import expelled_among
from memberctl.access.rules import CardState, Handover
from memberctl.access.tables import Card, CardStock, Term
from memberctl.core.dates import local_date
from memberctl.core.errors import NotFound
from memberctl.core.numbering import member_number, parse_card_number
from memberctl.member.presence import gone_among
from memberctl.member.tables import Member
from memberctl.store.among import among
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class CardLine:
    """One row of `card list`."""

    number: str
    member: str
    state: CardState
    issued_on: date


@dataclass(frozen=True, slots=True)
class CardRecord:
    """One card.

    valid_until -- the end of the holder's last term; a card has no date of its own
    reason      -- why it was blocked or replaced
    """

    number: str
    member: str
    state: CardState
    issued_on: date
    handover: Handover
    ended_on: date | None
    replaced_by: str | None
    valid_until: date | None
    version: int
    reason: str | None


def active_cards_to_change(session: Session, member_ids: Sequence[int]) -> Sequence[Card]:
    """Return, locked, the active cards of these members."""
    statement = (
        select(Card)
        .where(among(session, col(Card.member_id), member_ids), Card.state == CardState.ACTIVE)
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
    terms = select(Term.member_id).where(
        among(session, col(Term.member_id), member_ids), *_running_or_ahead(today)
    )
    entitled = set(session.exec(terms))
    cards = _newest_cards(session, member_ids)
    expelled = expelled_among(session, member_ids, today)
    gone = gone_among(session, member_ids)
    people = select(Member.id, Member.branch_id, Member.address).where(
        among(session, col(Member.id), member_ids)
    )
    return {
        member_id: CardFacts(
            member_id=member_id,
            entitled=member_id in entitled,
            card=cards.get(member_id),
            branch_id=branch_id or HEAD_OFFICE,
            has_address=bool(address),
            expelled=member_id in expelled,
            gone=gone.get(member_id),
        )
        for member_id, branch_id, address in session.exec(people)
    }


def _newest_cards(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, CardState]]:
    statement = (
        select_columns(col(Card.member_id), col(Card.number), col(Card.state))
        .where(among(session, col(Card.member_id), ids), col(Card.state) != CardState.REPLACED)
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
        reason=card.ended_because,
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
        """Return a row as lists show it, its day in the organisation's zone."""
        number, holder, found, issued = row
        return CardLine(number, member_number(holder), found, local_date(issued, zone))

    return listing(session, statement.order_by(col(Card.id)), line, limit)
