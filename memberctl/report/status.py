"""What waits for whom, what is overdue, and today's money.

Source: mission S0.4, S0.9, S3.6; rules C3; cli.md `status`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, exists, func
from sqlalchemy import select as columns
from sqlmodel import col

from memberctl.access.queries import count_without_card
from memberctl.access.visit_tables import EntryRefusal, Visit
from memberctl.bank.rules import LineState
from memberctl.bank.tables import BankLine
from memberctl.core.dates import at_local_midnight
from memberctl.core.money import Money
from memberctl.ledger.statements import WAYS
from memberctl.ledger.tables import Posting
from memberctl.member.rules import RequestState
from memberctl.member.tables import ChangeRequest
from memberctl.message.rules import Channel, MessageState
from memberctl.message.tables import OutboxMessage
from memberctl.office.proposals import ProposalState
from memberctl.office.rules import Role
from memberctl.office.tables import Proposal
from memberctl.order.rules import OrderKind, OrderState
from memberctl.order.tables import Dunning, Order
from memberctl.payment.credit_tables import CreditRequest
from memberctl.payment.debt_tables import Chargeback
from memberctl.payment.rules import UNDONE_PAYMENTS, Method, PaymentState
from memberctl.payment.tables import Payment
from memberctl.refund import rules as refunds
from memberctl.refund.rules import RefundState
from memberctl.refund.tables import Refund, RefundHand
from memberctl.review.tables import ReviewDecision, ReviewStage

if TYPE_CHECKING:
    from sqlmodel import Session

UNDER_REVIEW = (OrderState.SUBMITTED, OrderState.IN_REVIEW)
WAITING = (MessageState.QUEUED, MessageState.RETRY, MessageState.SENDING)
TROUBLED = (MessageState.FAILED, MessageState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Queue:
    """One kind of work that waits.

    role -- whose work it is; overdue -- how many are past their day, None where there is none
    oldest_due_on -- the first day that one of them is due
    """

    work: str
    role: Role
    waiting: int
    overdue: int | None = None
    oldest_due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Takings:
    """What came in by one method today; what was undone or paid by credit is left out."""

    method: Method
    payments: int
    amount: Money


class Way(StrEnum):
    """Why money went out."""

    REFUND = "refund"
    PAYOUT = "payout"
    CHARGEBACK = "chargeback"


@dataclass(frozen=True, slots=True)
class Outflow:
    """What went out for one reason by one method today; what failed since is left out."""

    way: Way
    method: Method
    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Status:
    """The organisation at one look.

    received, paid_out -- today's money, in and out
    unverified -- recorded and not yet checked by finance
    owed     -- open on orders that are confirmed
    visits, refused_scans -- today's check-ins that were not undone, and who was not let in
    overrides -- stages and refunds that were decided by emergency override since the month began
                 (rules O2, M9)
    """

    on: date
    received: Money
    unverified: Money
    owed: Money
    overrides: int
    queues: tuple[Queue, ...]
    takings: tuple[Takings, ...]
    visits: int
    refused_scans: int
    paid_out: Money
    outflows: tuple[Outflow, ...]


def status_on(session: Session, *, today: date, zone: ZoneInfo, currency: str) -> Status:
    """Return what waits and what came in on `today`, counted and summed by the database."""
    takings = _takings(session, today, zone, currency)
    outflows = _outflows(session, today, zone, currency)
    payable, owed = _payable(session, today)
    unverified, to_verify = _unverified(session)
    queues = (
        *_reviews(session, today),
        Queue("returned, waiting for documents", Role.SERVICE, _returned(session)),
        _change_requests(session),
        payable,
        Queue("unpaid orders that were reminded", Role.FINANCE, _dunned(session)),
        Queue("payments to verify", Role.FINANCE, unverified),
        Queue("lines of statements to match", Role.FINANCE, _open_lines(session)),
        *_refunds(session, today),
        Queue("cards to issue", Role.RECEPTION, count_without_card(session, today)),
        Queue("messages to send", Role.SERVICE, _messages(session, WAITING)),
        Queue("messages that failed or are unclear", Role.SERVICE, _messages(session, TROUBLED)),
        Queue("calls to make", Role.SERVICE, _calls(session)),
        Queue("proposals of staff and policy", Role.OWNER, _proposals(session)),
    )
    return Status(
        on=today,
        received=Money(sum(each.amount.minor for each in takings), currency),
        unverified=Money(to_verify, currency),
        owed=Money(owed, currency),
        overrides=_overrides(session, at_local_midnight(today.replace(day=1), zone)),
        queues=queues,
        takings=takings,
        visits=_count(
            session, Visit, and_(col(Visit.visited_on) == today, col(Visit.undone_at).is_(None))
        ),
        refused_scans=_count(
            session,
            EntryRefusal,
            and_(
                col(EntryRefusal.refused_at) >= at_local_midnight(today, zone),
                col(EntryRefusal.refused_at) < at_local_midnight(today + timedelta(days=1), zone),
            ),
        ),
        paid_out=Money(sum(each.amount.minor for each in outflows), currency),
        outflows=outflows,
    )


def _reviews(session: Session, today: date) -> Iterator[Queue]:
    """Yield one queue for each stage: joining always, other kinds while something waits there."""
    waiting = (
        columns(
            col(Order.kind),
            col(Order.stage),
            func.count().label("waiting"),
            _overdue(col(Order.due_on), today).label("overdue"),
            func.min(col(Order.due_on)).label("oldest"),
        )
        .where(col(Order.state).in_(UNDER_REVIEW))
        .group_by(col(Order.kind), col(Order.stage))
        .subquery()
    )
    statement = (
        columns(
            col(ReviewStage.kind),
            col(ReviewStage.stage),
            col(ReviewStage.role),
            waiting.c.waiting,
            waiting.c.overdue,
            waiting.c.oldest,
        )
        .outerjoin(
            waiting,
            (waiting.c.kind == col(ReviewStage.kind)) & (waiting.c.stage == col(ReviewStage.stage)),
        )
        .order_by(col(ReviewStage.kind), col(ReviewStage.position))
    )
    for kind, stage, role, count, overdue, oldest in session.execute(statement):
        if not count and kind is not OrderKind.JOIN:
            continue
        yield Queue(f"{kind} review, {stage}", role, count or 0, int(overdue or 0), oldest)


def _overdue(due: Any, today: date) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((due < today, 1), else_=0)), 0)


def _returned(session: Session) -> int:
    return _count(session, Order, col(Order.state) == OrderState.RETURNED)


def _change_requests(session: Session) -> Queue:
    waiting = _count(session, ChangeRequest, col(ChangeRequest.state) == RequestState.REQUESTED)
    return Queue("change requests", Role.REVIEWER, waiting)


def _messages(session: Session, states: tuple[MessageState, ...]) -> int:
    counted = (col(OutboxMessage.state).in_(states)) & (col(OutboxMessage.channel) != Channel.CALL)
    return _count(session, OutboxMessage, counted)


def _calls(session: Session) -> int:
    waiting = col(OutboxMessage.state) == MessageState.QUEUED
    return _count(session, OutboxMessage, waiting & (col(OutboxMessage.channel) == Channel.CALL))


def _dunned(session: Session) -> int:
    dunned = exists().where(col(Dunning.order_id) == col(Order.id))
    return _count(session, Order, (col(Order.state) == OrderState.CONFIRMED) & dunned)


def _proposals(session: Session) -> int:
    return _count(session, Proposal, col(Proposal.state) == ProposalState.WAITING)


def _overrides(session: Session, since: datetime) -> int:
    overridden = col(ReviewDecision.override_by).is_not(None)
    stages = _count(session, ReviewDecision, overridden & (col(ReviewDecision.decided_at) >= since))
    vouched = col(RefundHand.staff_id) != col(RefundHand.acted_by)
    return stages + _count(session, RefundHand, vouched & (col(RefundHand.at) >= since))


def _count(session: Session, table: Any, condition: ColumnElement[bool]) -> int:
    counted = columns(func.count()).select_from(table).where(condition)
    return int(session.execute(counted).scalar_one())


def _payable(session: Session, today: date) -> tuple[Queue, int]:
    """Return the orders that wait for money, and how much of it in minor units."""
    confirmed = col(Order.state) == OrderState.CONFIRMED
    waiting, overdue, oldest, total = session.execute(
        columns(
            func.count(),
            _overdue(col(Order.payment_due_on), today),
            func.min(col(Order.payment_due_on)),
            func.coalesce(
                func.sum(
                    col(Order.total_minor)
                    - col(Order.credited_minor)
                    - col(Order.written_off_minor)
                ),
                0,
            ),
        ).where(confirmed)
    ).one()
    paid = session.execute(
        columns(func.coalesce(func.sum(col(Payment.applied_minor)), 0))
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(confirmed, col(Payment.state).not_in(UNDONE_PAYMENTS))
    ).scalar_one()
    queue = Queue("orders to be paid", Role.RECEPTION, waiting, int(overdue), oldest)
    return queue, int(total) - int(paid)


def _refunds(session: Session, today: date) -> tuple[Queue, Queue]:
    """Return the refunds that wait for a review, and those that wait to be paid (rules M7, M9)."""
    counted: dict[RefundState, tuple[int, int, date | None]] = {
        state: (waiting, int(overdue), oldest)
        for state, waiting, overdue, oldest in session.execute(
            columns(
                col(Refund.state),
                func.count(),
                _overdue(col(Refund.due_on), today),
                func.min(col(Refund.due_on)),
            )
            .where(col(Refund.state).in_(refunds.WAITING))
            .group_by(col(Refund.state))
        )
    }
    nothing: tuple[int, int, date | None] = (0, 0, None)
    approved = counted.get(RefundState.APPROVED, nothing)
    failed = counted.get(RefundState.FAILED, nothing)
    oldest = min((each for each in (approved[2], failed[2]) if each is not None), default=None)
    return (
        Queue("refunds to review", Role.REVIEWER, *counted.get(RefundState.REQUESTED, nothing)),
        Queue(
            "refunds to pay", Role.FINANCE, approved[0] + failed[0], approved[1] + failed[1], oldest
        ),
    )


def _unverified(session: Session) -> tuple[int, int]:
    count, amount = session.execute(
        columns(func.count(), func.coalesce(func.sum(col(Payment.amount_minor)), 0)).where(
            col(Payment.state) == PaymentState.RECORDED
        )
    ).one()
    return count, int(amount)


def _open_lines(session: Session) -> int:
    return _count(session, BankLine, col(BankLine.state) == LineState.OPEN)


def _outflows(session: Session, today: date, zone: ZoneInfo, currency: str) -> tuple[Outflow, ...]:
    """Return what was refunded, paid out of credit and taken back by banks today."""
    first = at_local_midnight(today, zone)
    after = at_local_midnight(today + timedelta(days=1), zone)
    account, amount = col(Posting.account), col(Posting.amount_minor)
    refunded = (
        columns(account, func.count(func.distinct(col(Refund.id))), -func.sum(amount))
        .select_from(Refund)
        .join(Posting, col(Posting.entry_id) == col(Refund.entry_id))
        .where(
            account.in_(WAYS), col(Refund.state) == RefundState.PAID,
            col(Refund.paid_at) >= first, col(Refund.paid_at) < after,
        )
        .group_by(account)
    )  # fmt: skip
    method = col(CreditRequest.method)
    payouts = (
        columns(method, func.count(), func.sum(col(CreditRequest.amount_minor)))
        .where(col(CreditRequest.paid_at) >= first, col(CreditRequest.paid_at) < after)
        .group_by(method)
    )
    taken_back = (
        columns(col(Payment.method), func.count(), func.sum(col(Payment.amount_minor)))
        .join(Chargeback, col(Chargeback.payment_id) == col(Payment.id))
        .where(col(Chargeback.charged_back_at) >= first, col(Chargeback.charged_back_at) < after)
        .group_by(col(Payment.method))
    )
    asked = ((Way.REFUND, refunded), (Way.PAYOUT, payouts), (Way.CHARGEBACK, taken_back))
    return tuple(
        Outflow(way, Method(by), count, Money(int(minor), currency))
        for way, statement in asked
        for by, count, minor in sorted(session.execute(statement), key=lambda row: -int(row[2]))
    )


def _takings(session: Session, today: date, zone: ZoneInfo, currency: str) -> tuple[Takings, ...]:
    statement = (
        columns(col(Payment.method), func.count(), func.sum(col(Payment.amount_minor)))
        .where(
            col(Payment.received_at) >= at_local_midnight(today, zone),
            col(Payment.received_at) < at_local_midnight(today + timedelta(days=1), zone),
            col(Payment.state).not_in(UNDONE_PAYMENTS),
            col(Payment.method) != Method.MEMBER_CREDIT,
        )
        .group_by(col(Payment.method))
        .order_by(func.sum(col(Payment.amount_minor)).desc(), col(Payment.method))
    )
    return tuple(
        Takings(method, count, Money(int(amount), currency))
        for method, count, amount in session.execute(statement)
    )
