"""Every select over debts and write-offs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.core.errors import NotFound
from memberctl.core.money import Money
from memberctl.core.numbering import member_number, parse_serial_number, serial_number
from memberctl.office.queries import staff_codes
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.payment.debt_rules import PREFIX, DebtLine, WriteOffRecord, WriteOffState
from memberctl.payment.debt_tables import Instalment, WriteOff
from memberctl.payment.rules import UNDONE_PAYMENTS
from memberctl.payment.tables import Payment
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session


def number(write_off_id: int) -> str:
    """Return the number of a write-off, e.g. "WO-000001"."""
    return serial_number(PREFIX, write_off_id)


def write_off_to_change(session: Session, text: str) -> WriteOff:
    """Return a write-off, locked, by its number as typed. Raises Invalid, NotFound."""
    wanted = select(WriteOff).where(WriteOff.id == parse_serial_number(text, PREFIX))
    found = session.scalars(wanted.with_for_update()).one_or_none()
    if found is None:
        raise NotFound("no write-off has this number", hint="memberctl debt list")
    return found


def order_of_write_off_to_change(session: Session, text: str) -> Order:
    """Return, locked, the order that a write-off is about: orders are locked first."""
    wanted = select(WriteOff.order_id).where(WriteOff.id == parse_serial_number(text, PREFIX))
    order_id = session.scalars(wanted).one_or_none()
    if order_id is None:
        raise NotFound("no write-off has this number", hint="memberctl debt list")
    return session.scalars(select(Order).where(Order.id == order_id).with_for_update()).one()


def live_write_off(session: Session, order_id: int) -> WriteOff | None:
    """Return the write-off of an order that was not refused, or None."""
    return session.scalars(
        select(WriteOff).where(
            WriteOff.order_id == order_id, col(WriteOff.state) != WriteOffState.REFUSED
        )
    ).one_or_none()


def write_off_record(session: Session, write_off: WriteOff, order: Order) -> WriteOffRecord:
    """Return a write-off as it stands now."""
    people = [write_off.requested_by, write_off.decided_by]
    codes = staff_codes(session, [each for each in people if each is not None])
    return WriteOffRecord(
        number=number(write_off.id),
        order=order.number,
        amount=Money(write_off.amount_minor, write_off.currency),
        state=write_off.state,
        order_state=order.state,
        reason=write_off.reason,
        requested_at=write_off.requested_at,
        requested_by=codes[write_off.requested_by],
        decided_at=write_off.decided_at,
        decided_by=None if write_off.decided_by is None else codes[write_off.decided_by],
    )


def list_debts(
    session: Session, *, today: date, member_id: int | None = None, overdue: bool = False,
    limit: int | None = None,
) -> Listing[DebtLine]:  # fmt: skip
    """Return the confirmed orders on which money is open, the oldest first (rules M14).

    overdue -- only those whose day has passed
    """
    paid = (
        columns(func.coalesce(func.sum(col(Payment.applied_minor)), 0))
        .where(col(Payment.order_id) == col(Order.id), col(Payment.state).not_in(UNDONE_PAYMENTS))
        .correlate(Order)
        .scalar_subquery()
    )
    parts = (
        columns(func.count())
        .select_from(Instalment)
        .where(col(Instalment.order_id) == col(Order.id))
        .correlate(Order)
        .scalar_subquery()
    )
    due = col(Order.total_minor) - col(Order.credited_minor) - col(Order.written_off_minor)
    statement = (
        columns(
            col(Order.number),
            col(Order.member_id),
            col(Order.total_minor),
            col(Order.currency),
            col(Order.payment_due_on),
            (due - paid).label("open"),
            parts.label("parts"),
            col(WriteOff.id).label("write_off_id"),
            col(WriteOff.reason),
        )
        .outerjoin(
            WriteOff,
            (col(WriteOff.order_id) == col(Order.id))
            & (col(WriteOff.state) == WriteOffState.REQUESTED),
        )
        .where(col(Order.state) == OrderState.CONFIRMED, due > paid)
        .order_by(
            case((col(Order.payment_due_on).is_(None), 1), else_=0),
            col(Order.payment_due_on),
            col(Order.id),
        )
    )
    if member_id is not None:
        statement = statement.where(col(Order.member_id) == member_id)
    if overdue:
        statement = statement.where(col(Order.payment_due_on) < today)
    return listing(session, statement, lambda row: _debt_line(row, today), limit)


def _debt_line(row: Any, today: date) -> DebtLine:
    due_on = row.payment_due_on
    return DebtLine(
        order=row.number,
        member=member_number(row.member_id),
        total=Money(row.total_minor, row.currency),
        open=Money(int(row.open), row.currency),
        due_on=due_on,
        overdue=0 if due_on is None else max((today - due_on).days, 0),
        instalments=row.parts,
        write_off=None if row.write_off_id is None else number(row.write_off_id),
        reason=row.reason,
    )
