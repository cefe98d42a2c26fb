"""One member with all that belongs to them: terms, cards, orders, balance, visits and history.

Source: rules T7, G2; cli.md "Keys that scripts rely on".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, or_
from sqlalchemy import select as columns
from sqlmodel import col

from memberctl.access.queries import CardLine, list_cards
from memberctl.access.rules import MemberStatus
from memberctl.access.term_queries import TermLine, held_terms, list_terms
from memberctl.access.visit_lists import VisitLine, list_visits
from memberctl.catalog.tables import Plan, PlanVersion
from memberctl.core.money import Money
from memberctl.core.text import Personal
from memberctl.ledger.rules import Account
from memberctl.ledger.tables import LedgerEntry, Posting
from memberctl.office.queries import organisation
from memberctl.order.rules import OrderKind, OrderState
from memberctl.order.tables import Order
from memberctl.report.members import Moment, member_line, moment_of
from memberctl.report.rules import continuous_since
from memberctl.store.tables import AuditRow

if TYPE_CHECKING:
    from sqlmodel import Session

HISTORY = 50


@dataclass(frozen=True, slots=True)
class MemberOrder:
    """One order of a member, in short."""

    number: str
    kind: OrderKind
    plan: str | None
    state: OrderState
    total: Money


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing that was done about a member, from the audit log."""

    at: datetime
    event: str
    object: str
    staff: str


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """One member with all that belongs to them.

    balance -- above 0 the member's credit, below 0 what the member owes
    history, visits -- the newest first, at most 50
    continuous_since -- the first day of the latest stretch without a gap, or None
    id_number -- opened by whoever has the store's keys
    """

    number: str
    name: str
    status: MemberStatus
    phone: Personal | None
    email: Personal | None
    branch: str | None
    tier: str
    member_since: date | None
    terms: tuple[TermLine, ...]
    cards: tuple[CardLine, ...]
    orders: tuple[MemberOrder, ...]
    balance: Money
    history: tuple[HistoryLine, ...]
    continuous_since: date | None
    id_number: Personal | None = None
    visits: tuple[VisitLine, ...] = ()


def show_member(session: Session, member_id: int, *, today: date) -> MemberRecord:
    """Return one member as they stood at the end of `today`, with all that belongs to them.

    Raises NotFound for a member who was not registered by then.
    """
    moment = moment_of(session, today)
    line = member_line(session, member_id, moment)
    orders = _orders(session, member_id, moment)
    cards = list_cards(session, moment.zone, member_id=member_id).rows
    held = held_terms(session, [member_id], moment.zone).get(member_id, ())
    about = [line.number, *[each.number for each in orders], *[each.number for each in cards]]
    return MemberRecord(
        number=line.number,
        name=line.name,
        status=line.status,
        phone=line.phone,
        email=line.email,
        branch=line.branch,
        tier=line.tier,
        member_since=line.member_since,
        terms=tuple(list_terms(session, moment.zone, today, member_id=member_id).rows),
        cards=tuple(each for each in cards if each.issued_on <= today),
        orders=orders,
        balance=_balance(session, line.number, orders, moment),
        history=_history(session, about, moment),
        continuous_since=continuous_since(held, today),
        visits=tuple(
            list_visits(
                session, member_id=member_id, before=moment.ends, newest_first=True, limit=HISTORY
            ).rows
        ),
    )


def _orders(session: Session, member_id: int, moment: Moment) -> tuple[MemberOrder, ...]:
    statement = (
        columns(
            col(Order.number),
            col(Order.kind),
            col(Plan.code),
            col(Order.state),
            col(Order.total_minor),
            col(Order.currency),
        )
        .outerjoin(PlanVersion, col(PlanVersion.id) == col(Order.plan_version_id))
        .outerjoin(Plan, col(Plan.id) == col(PlanVersion.plan_id))
        .where(col(Order.member_id) == member_id, col(Order.filed_at) < moment.ends)
        .order_by(col(Order.id))
    )
    return tuple(
        MemberOrder(number, kind, plan, state, Money(total, currency))
        for number, kind, plan, state, total, currency in session.execute(statement)
    )


def _balance(session: Session, number: str, orders: Sequence[MemberOrder], moment: Moment) -> Money:
    """Return the member's credit less what is owed for the member's orders."""
    statement = (
        columns(func.coalesce(func.sum(col(Posting.amount_minor)), 0))
        .join(LedgerEntry, col(LedgerEntry.id) == col(Posting.entry_id))
        .where(
            or_(
                (col(Posting.account) == Account.MEMBER_CREDIT.value)
                & (col(Posting.party) == number),
                (col(Posting.account) == Account.RECEIVABLE.value)
                & col(Posting.party).in_([order.number for order in orders]),
            ),
            col(LedgerEntry.at) < moment.ends,
        )
    )
    return Money(-int(session.execute(statement).scalar_one()), organisation(session).currency)


def _history(session: Session, about: Sequence[str], moment: Moment) -> tuple[HistoryLine, ...]:
    statement = (
        columns(col(AuditRow.at), col(AuditRow.event), col(AuditRow.object), col(AuditRow.staff))
        .where(col(AuditRow.object).in_(about), col(AuditRow.at) < moment.ends)
        .order_by(col(AuditRow.seq).desc())
        .limit(HISTORY)
    )
    return tuple(HistoryLine(*row) for row in session.execute(statement))
