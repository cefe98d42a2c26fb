"""Instalments of an order: agreed once, followed by every payment.

The order's own payment deadline is that of its oldest instalment which is not paid, so late
money, forfeiture and reminders respect the plan without knowing it.
Source: rules M12, M14, O8.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlmodel import col, select

from memberctl.core.dates import Period
from memberctl.core.money import Money
from memberctl.member.presence import refuse_gone
from memberctl.order.queries import order_to_change
from memberctl.payment import debt_rules, queries
from memberctl.payment.debt_rules import InstalmentLine, InstalmentPlan, Part
from memberctl.payment.debt_tables import Instalment
from memberctl.store.audit import note
from memberctl.store.bulk import insert_rows

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor
    from memberctl.order.tables import Order

COLUMNS = ("order_id", "position", "due_on", "amount_minor", "until_minor")


def agree_instalments(
    session: Session,
    order_text: str,
    *,
    count: int,
    first: date,
    every: Period,
    by: Actor,
    at: datetime,
    today: date,
) -> InstalmentPlan:
    """Split what is open on a confirmed order into instalments, in place of an earlier plan.

    count -- how many, 1 to 60; first -- the day on which the first is due
    Raises RuleRefused when nothing is open, Invalid for a first day that has passed.
    Source: rules M12, M14, T2.
    """
    order = order_to_change(session, order_text)
    refuse_gone(session, order.member_id, order.number)
    owing = queries.owing(session, order)
    debt_rules.checked_plan(order.number, order.state, owing.open_minor, count, first, today)
    settled = order.total_minor - owing.open_minor
    plan = debt_rules.parts(owing.open_minor, settled, count, first, every)
    session.execute(delete(Instalment).where(col(Instalment.order_id) == order.id))
    rows = [(order.id, p.position, p.due_on, p.amount_minor, p.until_minor) for p in plan]
    insert_rows(session, Instalment, COLUMNS, rows)
    order.payment_due_on = first
    order.version += 1
    session.flush()
    note(
        session, "order.instalments", order.number, by=by, at=at, count=count,
        first=first.isoformat(), every=str(every), amount=owing.open_minor,
    )  # fmt: skip
    return plan_of(session, order)


def plan_of(session: Session, order: Order) -> InstalmentPlan:
    """Return an order's instalments with what is open of each."""
    open_minor = queries.owing(session, order).open_minor
    settled = order.total_minor - open_minor
    parts = agreed_parts(session, order.id)
    return InstalmentPlan(
        order=order.number,
        count=len(parts),
        open=Money(open_minor, order.currency),
        due_on=debt_rules.next_due(parts, settled),
        instalments=tuple(
            InstalmentLine(
                position=part.position,
                due_on=part.due_on,
                amount=Money(part.amount_minor, order.currency),
                open=Money(debt_rules.open_of(part, settled), order.currency),
            )
            for part in parts
        ),
    )


def agreed_parts(session: Session, order_id: int) -> list[Part]:
    """Return the instalments of an order in their order; none when there is no plan."""
    rows = session.scalars(
        select(Instalment)
        .where(col(Instalment.order_id) == order_id)
        .order_by(col(Instalment.position))
    )
    return [Part(row.position, row.due_on, row.amount_minor, row.until_minor) for row in rows]


def follow_plan(session: Session, order: Order) -> None:
    """Let a confirmed order be due on the day of its oldest open instalment, if it has any."""
    parts = agreed_parts(session, order.id)
    if not parts:
        return
    settled = order.total_minor - queries.owing(session, order).open_minor
    due_on = debt_rules.next_due(parts, settled)
    if due_on is not None:
        order.payment_due_on = due_on
    session.flush()
