"""Every select over what was asked to be done with credit, and over its movements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from memberctl.core.errors import NotFound
from memberctl.core.money import Money
from memberctl.core.numbering import member_number, parse_serial_number, serial_number
from memberctl.ledger.queries import balance
from memberctl.ledger.rules import Account
from memberctl.ledger.tables import LedgerEntry, Posting
from memberctl.member.queries import find_member
from memberctl.office.queries import policy_number
from memberctl.office.tables import Staff
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.payment.credit_rules import (
    PREFIX,
    CreditAccount,
    CreditMovement,
    RequestKind,
    RequestLine,
    RequestState,
    is_stale,
)
from memberctl.payment.credit_tables import CreditRequest
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session


UNPAID = or_(
    col(CreditRequest.state) == RequestState.REQUESTED,
    and_(
        col(CreditRequest.state) == RequestState.APPROVED,
        col(CreditRequest.kind) == RequestKind.PAYOUT,
    ),
)
"""Which requests set credit aside and have not come to their end."""


def number(request_id: int) -> str:
    """Return the number of a request, e.g. "CP-000001"."""
    return serial_number(PREFIX, request_id)


def request_to_change(session: Session, text: str) -> CreditRequest:
    """Return a request, locked, by its number as typed. Raises Invalid, NotFound."""
    wanted = select(CreditRequest).where(CreditRequest.id == parse_serial_number(text, PREFIX))
    found = session.scalars(wanted.with_for_update()).one_or_none()
    if found is None:
        raise NotFound("no request has this number", hint="memberctl credit requests")
    return found


def confirmed_orders_to_change(session: Session, member_id: int) -> Sequence[Order]:
    """Return, locked, the confirmed orders of a member, the oldest debt first."""
    wanted = (
        select(Order)
        .where(col(Order.member_id) == member_id, col(Order.state) == OrderState.CONFIRMED)
        .order_by(col(Order.confirmed_on), col(Order.id))
        .with_for_update()
    )
    return session.scalars(wanted).all()


def list_requests(
    session: Session,
    *,
    member_id: int | None = None,
    state: RequestState | None = None,
    limit: int | None = None,
) -> Listing[RequestLine]:
    """Return the requests that meet every condition, the newest first."""
    asked, decided, paid = aliased(Staff), aliased(Staff), aliased(Staff)
    statement: Any = (
        columns(
            CreditRequest,
            col(asked.code).label("asked"),
            col(decided.code).label("decided"),
            col(paid.code).label("paid"),
        )
        .join(asked, col(asked.id) == col(CreditRequest.requested_by))
        .outerjoin(decided, col(decided.id) == col(CreditRequest.decided_by))
        .outerjoin(paid, col(paid.id) == col(CreditRequest.paid_by))
        .order_by(col(CreditRequest.id).desc())
    )
    if member_id is not None:
        statement = statement.where(col(CreditRequest.member_id) == member_id)
    if state is not None:
        statement = statement.where(col(CreditRequest.state) == state)
    return listing(session, statement, _request_line, limit)


def _request_line(row: Any) -> RequestLine:
    return RequestLine(
        number=number(row.id),
        member=member_number(row.member_id),
        kind=row.kind,
        amount=Money(row.amount_minor, row.currency),
        method=row.method,
        state=row.state,
        requested_at=row.requested_at,
        requested_by=row.asked,
        decided_by=row.decided,
        paid_by=row.paid,
        reason=row.reason,
        decision=row.decision,
    )


def last_moved(session: Session, member: str) -> date | None:
    """Return the last value date on which a member's credit moved, None when it never did."""
    found: date | None = session.execute(
        columns(func.max(col(LedgerEntry.value_on)))
        .join(Posting, col(Posting.entry_id) == col(LedgerEntry.id))
        .where(col(Posting.account) == Account.MEMBER_CREDIT.value, col(Posting.party) == member)
    ).scalar_one_or_none()
    return found


def credit_account(session: Session, text: str, *, today: date, currency: str) -> CreditAccount:
    """Return a member's credit with every movement, the newest first; raises as `find_member`."""
    member = find_member(session, text)
    number_ = member_number(member.id)
    rows = session.execute(
        columns(
            col(LedgerEntry.at),
            col(LedgerEntry.value_on),
            col(LedgerEntry.event),
            col(LedgerEntry.about),
            -col(Posting.amount_minor),
        )
        .join(Posting, col(Posting.entry_id) == col(LedgerEntry.id))
        .where(col(Posting.account) == Account.MEMBER_CREDIT.value, col(Posting.party) == number_)
        .order_by(col(LedgerEntry.id).desc())
    )
    since = last_moved(session, number_)
    credit = -balance(session, Account.MEMBER_CREDIT, number_)
    days = policy_number(session, "stale_credit_days")
    return CreditAccount(
        member=number_,
        name=member.name,
        credit=Money(credit, currency),
        since=since,
        stale=credit > 0 and is_stale(since, today, days),
        movements=tuple(
            CreditMovement(at, on, event, about, Money(minor, currency))
            for at, on, event, about, minor in rows
        ),
    )
