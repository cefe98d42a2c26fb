"""Members and confirmed orders, written as rows, that payments are made for."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlmodel import Session

from memberctl.core.numbering import order_number
from memberctl.core.text import name_key
from memberctl.ledger.operations import book_confirmed
from memberctl.member.tables import Member
from memberctl.message.rules import Language
from memberctl.order.rules import OrderKind, OrderState, QuoteState
from memberctl.order.tables import Order, OrderLine, Quote
from memberctl.payment.rules import UNDER_WAY
from memberctl.store.counters import take_one

FILED_AT = datetime(2026, 3, 1, 4, tzinfo=UTC)
CONFIRMED_ON = date(2026, 3, 2)
DUE_ON = date(2026, 3, 9)
NAME, PHONE = "王小明", "+8613800138000"


def add_member(session: Session, *, name: str = NAME, staff_id: int | None = None) -> Member:
    """Add somebody who can be reached by SMS."""
    number = take_one(session, "member")
    member = Member(
        id=number,
        name=name,
        name_key=name_key(name),
        phone=PHONE,
        language=Language.CHINESE,
        tier_id=1,
        channel="counter",
        twin=number,
        staff_id=staff_id,
        registered_at=FILED_AT,
        registered_by=2,
    )
    session.add(member)
    session.flush()
    return member


def add_order(
    session: Session,
    *,
    member: Member | None = None,
    state: OrderState = OrderState.CONFIRMED,
    kind: OrderKind = OrderKind.JOIN,
    total_minor: int = 365000,
    plan_version_id: int = 1,
) -> Order:
    """Add an order as the final approval leaves it: with an accepted quote, booked."""
    owner = member or add_member(session)
    serial = take_one(session, "orders")
    under_way = state in UNDER_WAY
    order = Order(
        id=serial,
        number=order_number("JN", 2026, serial),
        kind=kind,
        member_id=owner.id,
        plan_version_id=plan_version_id,
        state=state,
        channel="counter",
        total_minor=total_minor,
        currency="CNY",
        filed_at=FILED_AT,
        filed_by=2,
        confirmed_on=None if under_way else CONFIRMED_ON,
        payment_due_on=None if under_way else DUE_ON,
    )
    session.add(order)
    session.flush()
    _add_line_and_quote(session, order)
    if state is OrderState.CONFIRMED:
        book_confirmed(
            session, order.number, total_minor, currency="CNY", value_on=CONFIRMED_ON, at=FILED_AT
        )
    return order


def _add_line_and_quote(session: Session, order: Order) -> None:
    assert order.plan_version_id is not None
    session.add(
        OrderLine(
            order_id=order.id,
            line=1,
            what="年卡",
            quantity=1,
            unit_minor=order.total_minor,
            amount_minor=order.total_minor,
        )
    )
    session.add(
        Quote(
            id=take_one(session, "quote"),
            order_id=order.id,
            version=1,
            plan_version_id=order.plan_version_id,
            tier_version_id=1,
            state=QuoteState.ACCEPTED,
            total_minor=order.total_minor,
            currency="CNY",
            content_sha256="0" * 64,
            valid_until=date(2026, 3, 16),
            made_at=FILED_AT,
            made_by=2,
            accepted_at=FILED_AT,
        )
    )
    session.flush()
