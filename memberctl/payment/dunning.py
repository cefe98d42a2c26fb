"""Unpaid orders are asked for their money, more than once and never twice at one level.

What was forfeited, paid or taken back is asked for no more, and what a member has paid for is not
touched by what another order owes.
Source: rules M14, O8; mission S4.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select as columns
from sqlmodel import col, func, select

from memberctl.core.money import Money
from memberctl.core.schedules import Offset, current, parse_offsets
from memberctl.member.presence import gone
from memberctl.member.queries import members_by_id
from memberctl.member.rules import reach
from memberctl.message.operations import enqueue
from memberctl.message.rules import NewMessage, Purpose
from memberctl.message.tables import OutboxMessage
from memberctl.office.queries import policy
from memberctl.order.rules import OrderState
from memberctl.order.tables import Dunning, Order
from memberctl.payment.queries import paid_minor
from memberctl.store.audit import Fact, note_many
from memberctl.store.bulk import insert_rows
from memberctl.store.counters import take

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor

OPEN_DAYS = 400
"""A level stays open until the next one's day, however many days were missed."""

_DUE = col(Order.total_minor) - col(Order.credited_minor) - col(Order.written_off_minor)


@dataclass(frozen=True, slots=True)
class Debt:
    """A confirmed order that is not paid in full; open_minor -- what is missing, > 0

    level -- the highest at which it was asked for, 0 for none
    """

    order_id: int
    number: str
    member_id: int
    due_on: date
    open_minor: int
    currency: str
    level: int


def dunning_level(offsets: Sequence[Offset], debt: Debt, today: date) -> int | None:
    """Return the level at which an order is to be asked for on `today`, None for not now.

    Levels count from 1. One that was missed is left out when the next one's day has come.
    Source: rules M14.
    """
    place = current(offsets, debt.due_on, today, OPEN_DAYS)
    if place is None or place + 1 <= debt.level:
        return None
    return place + 1


def ask_for_money(session: Session, *, today: date, by: Actor, at: datetime) -> list[str]:
    """Ask for what is unpaid, each order once at each level, and return the orders' numbers."""
    offsets = parse_offsets(policy(session, "dunning_days"))
    found = [
        (debt, level)
        for debt in _debts(session, offsets, today)
        if (level := dunning_level(offsets, debt, today)) is not None
    ]
    if not found:
        return []
    ids = take(session, "dunning", len(found))
    rows = [
        (id_, debt.order_id, level, today) for id_, (debt, level) in zip(ids, found, strict=True)
    ]
    insert_rows(session, Dunning, ("id", "order_id", "level", "reached_on"), rows)
    _notify(session, found, at=at)
    noted: list[tuple[str, dict[str, Fact]]] = [
        (debt.number, {"level": level, "open_minor": debt.open_minor}) for debt, level in found
    ]
    note_many(session, "order.dunned", noted, by=by, at=at)
    return [debt.number for debt, _ in found]


def _notify(session: Session, found: Sequence[tuple[Debt, int]], *, at: datetime) -> None:
    members = members_by_id(session, [debt.member_id for debt, _ in found])
    messages = []
    for debt, level in found:
        if gone(members[debt.member_id]):  # The debt stands; there is nobody to be told of it.
            continue
        channel, language = reach(members[debt.member_id])
        facts = {
            "order": debt.number,
            "open": str(Money(debt.open_minor, debt.currency)),
            "due_on": debt.due_on.isoformat(),
        }
        cause = f"{debt.number}/{level}"
        purpose = Purpose.PAYMENT_REMINDER
        messages.append(NewMessage(debt.member_id, purpose, cause, channel, language, facts))
    enqueue(session, messages, at=at)


def no_longer_owed(session: Session, message: OutboxMessage, today: date) -> str:
    """Return why an order is not asked for any more, or "", just before it is (N2)."""
    number = message.cause.partition("/")[0]
    order = session.scalars(select(Order).where(col(Order.number) == number)).one_or_none()
    if order is None or order.state is not OrderState.CONFIRMED:
        return "the order is " + ("gone" if order is None else order.state.value)
    due = order.total_minor - order.credited_minor - order.written_off_minor
    return "" if paid_minor(session, [order.id])[order.id] < due else "paid"


def _debts(session: Session, offsets: Sequence[Offset], today: date) -> list[Debt]:
    """Return the confirmed orders whose first level may have come, and what is open on them.

    Payments are read after the orders are locked, so one that was just recorded counts.
    """
    soonest = today - timedelta(days=offsets[0].rough_days - 4)
    reached = func.coalesce(
        columns(func.max(col(Dunning.level)))
        .where(col(Dunning.order_id) == col(Order.id))
        .scalar_subquery(),
        0,
    )
    rows = session.execute(
        columns(
            col(Order.id), col(Order.number), col(Order.member_id), col(Order.payment_due_on),
            _DUE, col(Order.currency), reached,
        )
        .where(col(Order.state) == OrderState.CONFIRMED, col(Order.payment_due_on) <= soonest)
        .order_by(col(Order.id))
        .with_for_update(of=Order)
    ).all()  # fmt: skip
    paid = paid_minor(session, [order_id for order_id, *_ in rows])
    debts = [
        Debt(order_id, number, member_id, due_on, due - paid[order_id], currency, level)
        for order_id, number, member_id, due_on, due, currency, level in rows
    ]
    return [debt for debt in debts if debt.open_minor > 0]
