"""What is past its time is erased or deleted, class by class; a second run finds nothing more.

Source: rules G3, N6; mission S1.14.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, delete, func
from sqlalchemy import select as columns
from sqlmodel import col

from memberctl.access.tables import Term
from memberctl.access.visit_tables import EntryRefusal, Visit
from memberctl.archive import rules
from memberctl.archive.erasing import write_erasures
from memberctl.archive.rules import Person, Retained, RetentionLine, RetentionRun, line_of
from memberctl.core.actor import Actor
from memberctl.core.dates import at_local_midnight, local_date, zone
from memberctl.core.numbering import member_number
from memberctl.ledger.rules import Account
from memberctl.ledger.tables import LedgerEntry, Posting
from memberctl.member.tables import Member
from memberctl.message.rules import MessageState
from memberctl.message.tables import OutboxMessage
from memberctl.office.queries import organisation, policy_number
from memberctl.order.tables import Order
from memberctl.payment.credit_queries import UNPAID
from memberctl.payment.credit_tables import CreditRequest
from memberctl.payment.rules import DEAD
from memberctl.refund.rules import WAITING
from memberctl.refund.tables import Refund
from memberctl.store.among import among
from memberctl.store.audit import note, note_many
from memberctl.store.tables import AuditRow

if TYPE_CHECKING:
    from sqlmodel import Session

CHUNK = 500
OPEN_MESSAGES = (MessageState.QUEUED, MessageState.SENDING, MessageState.RETRY)
REASON = "past its retention"


def retention_lines(session: Session, *, today: date) -> list[RetentionLine]:
    """Return every class with what is past its time today. Source: rules G3."""
    due, held = _due(session, today)
    lines = [
        line_of(kind, years=years, today=today, due=len(due[kind]), held=held[kind])
        for kind, years in _years(session, rules.PEOPLE).items()
    ]
    for kind, years in _years(session, (Retained.MESSAGES, Retained.VISITS)).items():
        counted = sum(
            session.execute(
                columns(func.count()).select_from(table).where(*conditions)
            ).scalar_one()
            for table, conditions in _stale(session, kind, today, years)
        )
        lines.append(line_of(kind, years=years, today=today, due=counted))
    years = policy_number(session, rules.POLICY[Retained.MONEY])
    cut = rules.cut_off(today, years)
    old = columns(func.count()).select_from(LedgerEntry).where(col(LedgerEntry.value_on) <= cut)
    entries = session.execute(old).scalar_one()
    return [*lines, line_of(Retained.MONEY, years=years, today=today, due=entries)]


def run_retention(session: Session, *, by: Actor, at: datetime, today: date) -> RetentionRun:
    """Erase and delete what is past its time; the books are kept whatever their age.

    Whoever still has credit or a debt, an order under way or a place on the staff stays, and is
    counted. Source: rules G3.
    """
    lines = retention_lines(session, today=today)
    due, _ = _due(session, today)
    erased: list[int] = []
    for kind in rules.PEOPLE:
        for ids in _chunks(due[kind]):
            write_erasures(session, ids, f"{kind}: {REASON}", by=by, at=at)
            erased += ids
            about = [(member_number(each), {"kind": kind.value}) for each in ids]
            note_many(session, "member.erased", about, by=by, at=at)  # type: ignore[arg-type]
    deleted = sum(
        _delete(session, table, conditions)
        for kind, years in _years(session, (Retained.MESSAGES, Retained.VISITS)).items()
        for table, conditions in _stale(session, kind, today, years)
    )
    if deleted:
        note(session, "retention.deleted", today.isoformat(), by=by, at=at, rows=deleted)
    session.flush()
    numbers = tuple(member_number(each) for each in erased)
    return RetentionRun(today, numbers, deleted, sum(line.held for line in lines), tuple(lines))


def _years(session: Session, kinds: Sequence[Retained]) -> dict[Retained, int]:
    return {kind: policy_number(session, rules.POLICY[kind]) for kind in kinds}


def _due(session: Session, today: date) -> tuple[dict[Retained, list[int]], dict[Retained, int]]:
    cuts = {
        kind: rules.cut_off(today, years) for kind, years in _years(session, rules.PEOPLE).items()
    }
    return rules.due_people(_people(session, max(cuts.values())), cuts)


def _people(session: Session, newest: date) -> Iterator[Person]:
    """Yield whoever was registered by `newest`, with what decides for how long they are kept."""
    tz = zone(organisation(session).zone)
    orders = _per_member(
        session,
        columns(
            col(Order.member_id), func.count(),
            func.sum(case((col(Order.state).in_(DEAD), 1), else_=0)),
        ).group_by(col(Order.member_id)),
    )  # fmt: skip
    terms = _per_member(
        session,
        columns(col(Term.member_id), func.max(col(Term.end_on)))
        .where(col(Term.voided_at).is_(None))
        .group_by(col(Term.member_id)),
    )
    events = _per_member(
        session,
        columns(col(Order.member_id), func.max(col(AuditRow.at)))
        .join(AuditRow, col(AuditRow.object) == col(Order.number))
        .group_by(col(Order.member_id)),
    )
    holding = _holding(session)
    there = columns(col(Member.id), col(Member.registered_at), col(Member.staff_id)).where(
        col(Member.merged_into).is_(None), col(Member.erased_at).is_(None),
        col(Member.registered_at) < at_local_midnight(newest + timedelta(days=1), tz),
    )  # fmt: skip
    for member_id, registered_at, staff_id in session.execute(there.order_by(col(Member.id))):
        count, dead = orders.get(member_id, (0, 0))
        (last_event,) = events.get(member_id, (None,))
        (last_term,) = terms.get(member_id, (None,))
        yield Person(
            member_id,
            local_date(registered_at, tz),
            count,
            int(dead),
            None if last_event is None else local_date(last_event, tz),
            last_term,
            held=staff_id is not None or member_id in holding,
        )


def _per_member(session: Session, statement: Any) -> dict[int, tuple[Any, ...]]:
    return {row[0]: tuple(row[1:]) for row in session.execute(statement)}


def _holding(session: Session) -> set[int]:
    """Return the members who have credit, owe something or wait for money or an order."""
    under_way = session.scalars(
        columns(col(Order.member_id)).where(
            col(Order.state).in_(("submitted", "in_review", "returned", "confirmed", "paid"))
        )
    )
    found = set(under_way)
    found |= set(session.scalars(columns(col(CreditRequest.member_id)).where(UNPAID)))
    refunds = columns(col(Order.member_id)).join(Refund, col(Refund.order_id) == col(Order.id))
    found |= set(session.scalars(refunds.where(col(Refund.state).in_(WAITING))))
    total = func.sum(Posting.amount_minor)
    kept_for = (
        columns(col(Posting.party))
        .where(
            col(Posting.party).is_not(None),
            col(Posting.account).in_((Account.MEMBER_CREDIT.value, Account.RECEIVABLE.value)),
        )
        .group_by(col(Posting.party), col(Posting.account))
        .having(total != 0)
    )
    parties = [str(party) for (party,) in session.execute(kept_for)]
    found |= {int(party[2:]) for party in parties if party.startswith("M-")}
    owing = columns(col(Order.member_id)).where(among(session, col(Order.number), parties))
    return found | set(session.scalars(owing))


def _stale(
    session: Session, kind: Retained, today: date, years: int
) -> list[tuple[Any, tuple[Any, ...]]]:
    """Return the tables of a class whose old rows are deleted, and what makes a row old."""
    tz = zone(organisation(session).zone)
    before = at_local_midnight(rules.cut_off(today, years) + timedelta(days=1), tz)
    if kind is Retained.MESSAGES:
        sent = col(OutboxMessage.created_at) < before
        return [(OutboxMessage, (sent, col(OutboxMessage.state).not_in(OPEN_MESSAGES)))]
    over = columns(col(Term.id)).where(col(Term.end_on) < rules.cut_off(today, years))
    ended = col(Visit.term_id).is_(None) | col(Visit.term_id).in_(over)
    return [
        (Visit, (col(Visit.visited_at) < before, ended)),
        (EntryRefusal, (col(EntryRefusal.refused_at) < before,)),
    ]


def _delete(session: Session, table: Any, conditions: tuple[Any, ...]) -> int:
    done = session.connection().execute(delete(table.__table__).where(*conditions))
    return int(done.rowcount)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
