"""What refunds ask of payments: which money went to an order, and what of it went back.

Source: rules M6, M8.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.payment.rules import UNDONE_PAYMENTS
from memberctl.payment.tables import Payment

if TYPE_CHECKING:
    from sqlmodel import Session

_LIVE = col(Payment.state).not_in(UNDONE_PAYMENTS)


def refunds_of(session: Session, order_id: int) -> tuple[int, int]:
    """Return what refunds claim of an order's payments, and what they paid back; minor units."""
    claimed, refunded = session.execute(
        columns(
            func.coalesce(func.sum(Payment.claimed_minor), 0),
            func.coalesce(func.sum(Payment.refunded_minor), 0),
        ).where(col(Payment.order_id) == order_id, _LIVE)
    ).one()
    return int(claimed), int(refunded)


def applied_payments(session: Session, order_id: int, *, lock: bool = False) -> Sequence[Payment]:
    """Return the live payments that went to an order, oldest first.

    lock -- they will change; the caller has locked the order
    """
    statement = (
        select(Payment)
        .where(Payment.order_id == order_id, col(Payment.applied_minor) > 0, _LIVE)
        .order_by(col(Payment.id))
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).all()


def payments_to_change(session: Session, ids: Iterable[int]) -> Sequence[Payment]:
    """Return these payments, locked, in the order of their ids."""
    statement = (
        select(Payment)
        .where(col(Payment.id).in_(sorted(ids)))
        .order_by(col(Payment.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(statement).all()
