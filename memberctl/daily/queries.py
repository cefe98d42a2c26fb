"""Every select of the daily run."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.daily.rules import RUN, Unpaid
from memberctl.daily.tables import JobLease
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.payment.queries import paid_minor

if TYPE_CHECKING:
    from sqlmodel import Session


def lease_to_change(session: Session) -> JobLease | None:
    """Return the lease of the daily run, locked, or None when nobody holds it."""
    return session.exec(select(JobLease).where(JobLease.job == RUN).with_for_update()).one_or_none()


def unpaid_past_due(session: Session, today: date) -> list[Unpaid]:
    """Return the confirmed orders whose last day to be paid is before `today`, with what is paid.

    Payments are read after the orders are locked, so one that was just recorded counts (O8).
    """
    orders = session.execute(
        columns(
            col(Order.id),
            col(Order.number),
            col(Order.total_minor) - col(Order.credited_minor) - col(Order.written_off_minor),
        )
        .where(col(Order.state) == OrderState.CONFIRMED, col(Order.payment_due_on) < today)
        .order_by(col(Order.id))
        .with_for_update()
    ).all()
    paid = paid_minor(session, [order_id for order_id, _, _ in orders])
    return [Unpaid(number, due, paid[order_id]) for order_id, number, due in orders]
