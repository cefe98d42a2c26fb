"""Paying and voiding as the tests of payments do it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session

from memberctl.core.actor import Actor
from memberctl.order.tables import Order
from memberctl.payment import operations
from memberctl.payment.results import PaymentRecorded, PaymentVoided
from memberctl.payment.rules import Method, Tender
from tests.payment.ground import CONFIRMED_ON, add_order

Noon = Callable[[date], datetime]
People = dict[str, Actor]


@pytest.fixture
def order(session: Session) -> Order:
    """A confirmed order of 3650.00 CNY, to be paid by 2026-03-09."""
    return add_order(session)


@pytest.fixture
def pay(session: Session, actors: People, noon: Noon) -> Callable[..., PaymentRecorded]:
    """Record a payment at reception, at noon of a day."""

    def record(
        order: Order,
        amount: int,
        *,
        on: date = CONFIRMED_ON,
        at: datetime | None = None,
        **more: object,
    ) -> PaymentRecorded:
        tender = Tender(order.number, amount, **{"method": Method.CASH, **more})  # type: ignore[arg-type]
        return operations.record_payment(
            session, tender, by=actors["sun"], at=at or noon(on), today=on, currency="CNY"
        )

    return record


@pytest.fixture
def void(session: Session, actors: People, noon: Noon) -> Callable[..., PaymentVoided]:
    """Void a payment as finance does, at noon of the day after the confirmation."""

    def undo(
        paid: PaymentRecorded, reason: str = "wrong order", seen: int | None = None
    ) -> PaymentVoided:
        on = CONFIRMED_ON + timedelta(days=1)
        return operations.void_payment(
            session, paid.number, reason=reason, by=actors["qian"], at=noon(on), today=on, seen=seen
        )

    return undo
