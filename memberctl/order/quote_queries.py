"""Every select over quotes and their lines."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.catalog.tables import Plan, PlanVersion
from memberctl.core.errors import NotFound
from memberctl.core.money import Money
from memberctl.order.pricing import PricedLine
from memberctl.order.results import QuoteRecord
from memberctl.order.rules import QuoteState
from memberctl.order.tables import Order, Quote, QuoteLine
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlmodel import Session


def quote_lines(session: Session, quote_id: int) -> tuple[PricedLine, ...]:
    """Return what is offered, line by line."""
    rows = session.execute(
        columns(col(QuoteLine.what), col(QuoteLine.quantity), col(QuoteLine.unit_minor))
        .where(col(QuoteLine.quote_id) == quote_id)
        .order_by(col(QuoteLine.line))
    )
    return tuple(PricedLine(*row) for row in rows)


def current_quote(session: Session, order_id: int) -> Quote | None:
    """Return the newest quote of an order, whatever its state; None before the first."""
    return session.scalars(_newest(order_id)).first()


def quote_to_change(session: Session, order: Order) -> Quote:
    """Return the newest quote of an order, locked. Raises NotFound before the first."""
    found: Quote | None = session.scalars(_newest(order.id).with_for_update()).first()
    if found is None:
        raise NotFound(
            f"{order.number} has no quote yet; it is made when the first stage approves",
            hint=f"memberctl review advance {order.number} --approve",
        )
    return found


def _newest(order_id: int) -> Any:
    return (
        select(Quote).where(Quote.order_id == order_id).order_by(col(Quote.version).desc()).limit(1)
    )


def quotes_past(session: Session, today: date) -> list[tuple[Quote, str]]:
    """Return, locked, the sent quotes whose last day has passed, with their orders' numbers."""
    statement = (
        select(Quote, Order.number)
        .join(Order, col(Order.id) == Quote.order_id)
        .where(Quote.state == QuoteState.SENT, col(Quote.valid_until) < today)
        .order_by(col(Quote.id))
        .with_for_update(of=Quote)
    )
    return [(quote, number) for quote, number in session.execute(statement)]


def list_quotes(
    session: Session, *, order_id: int | None = None, limit: int | None = None
) -> Listing[QuoteRecord]:
    """Return quotes, the newest first; order_id -- only those of one order."""
    statement = (
        columns(
            col(Order.number),
            col(Quote.version),
            col(Quote.state),
            col(Plan.code),
            col(Quote.total_minor),
            col(Quote.currency),
            col(Quote.valid_until),
        )
        .join(Order, col(Order.id) == col(Quote.order_id))
        .outerjoin(PlanVersion, col(PlanVersion.id) == col(Quote.plan_version_id))
        .outerjoin(Plan, col(Plan.id) == col(PlanVersion.plan_id))
        .order_by(col(Quote.id).desc())
    )
    if order_id is not None:
        statement = statement.where(col(Quote.order_id) == order_id)
    return listing(session, statement, _quote_record, limit)


def _quote_record(row: Row[Any]) -> QuoteRecord:
    order, version, state, plan, total_minor, currency, valid_until = tuple(row)
    return QuoteRecord(order, version, state, plan, Money(total_minor, currency), valid_until)
