"""Fees become income in the books, on both engines, and back when a term is voided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from memberctl.core.errors import RuleRefused
from memberctl.ledger import queries
from memberctl.ledger.rules import Account
from memberctl.ledger.statements import month_statement
from memberctl.order.tables import Order
from memberctl.payment import invoicing
from memberctl.payment.checking import check_ledger
from memberctl.payment.earning import Recognised
from memberctl.payment.recognising import recognise_fees
from memberctl.payment.results import PaymentRecorded, PaymentVoided
from tests.payment.conftest import Noon, People
from tests.payment.ground import CONFIRMED_ON, add_order
from tests.statements import statements_sent

Run = Callable[[date], Recognised]


@pytest.fixture
def recognise(session: Session, actors: People, noon: Noon) -> Run:
    """Book what was earned by the end of a day, at noon of the next one."""

    def run(through: date) -> Recognised:
        return recognise_fees(
            session, through, by=actors["qian"], at=noon(through + timedelta(days=1)),
            today=through + timedelta(days=1), zone=ZoneInfo("Asia/Shanghai"), currency="CNY",
        )  # fmt: skip

    return run


def test_a_paid_year_is_earned_day_by_day_and_a_second_run_adds_nothing(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], recognise: Run
) -> None:
    pay(order, 365000)
    first = recognise(date(2026, 3, 11))
    assert (first.orders, first.earned.minor, first.unearned.minor) == (1, 10000, 355000)
    again = recognise(date(2026, 3, 11))
    assert (again.orders, again.entries, again.earned.minor) == (0, 0, 0)
    assert queries.balance(session, Account.FEE_INCOME, order.number) == -10000
    recognise(date(2027, 3, 1))
    assert queries.fee_minor(session, order.number) == (0, 365000)
    assert check_ledger(session).problems == []


def test_an_order_that_is_not_paid_earns_nothing(
    order: Order, pay: Callable[..., PaymentRecorded], recognise: Run
) -> None:
    pay(order, 364999)
    assert recognise(date(2026, 6, 30)).entries == 0


def test_a_day_before_what_is_booked_is_refused(
    order: Order, pay: Callable[..., PaymentRecorded], recognise: Run
) -> None:
    pay(order, 365000)
    recognise(date(2026, 4, 10))
    with pytest.raises(RuleRefused, match="booked through 2026-04-10"):
        recognise(date(2026, 4, 9))


def test_months_have_their_income_when_it_is_booked_once_for_all(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], recognise: Run
) -> None:
    pay(order, 365000)
    assert recognise(date(2026, 5, 15)).entries == 3
    march, april = (month_statement(session, date(2026, m, 1), "CNY") for m in (3, 4))
    assert (march.income.minor, april.income.minor) == (30000, 30000)
    assert (march.unearned.minor, march.received.minor) == (335000, 365000)
    assert [each.income.minor for each in april.months][-3:] == [0, 30000, 30000]
    assert queries.balances(session, date(2026, 3, 31))[-1].balance.minor == -335000


def test_the_income_of_a_voided_payment_is_income_no_more(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], recognise: Run,
    void: Callable[..., PaymentVoided],
) -> None:  # fmt: skip
    paid = pay(order, 365000)
    recognise(CONFIRMED_ON)
    assert queries.fee_minor(session, order.number) == (364000, 1000)
    void(paid)
    assert recognise(CONFIRMED_ON + timedelta(days=2)).earned.minor == -1000
    assert queries.fee_minor(session, order.number) == (365000, 0)
    assert check_ledger(session).problems == []


def test_a_fee_that_was_made_smaller_is_earned_over_its_whole_term_all_the_same(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], recognise: Run,
    actors: People, noon: Noon,
) -> None:  # fmt: skip
    pay(order, 365000)
    recognise(date(2026, 3, 11))
    day = date(2026, 3, 12)
    when = {"by": actors["qian"], "at": noon(day), "today": day}
    invoice = invoicing.issue_invoice(session, order.number, **when)
    invoicing.credit_invoice(session, invoice.number, amount_minor=355000, reason="x", **when)
    assert queries.fee_minor(session, order.number) == (0, 10000)
    recognise(date(2026, 3, 12))
    assert queries.fee_minor(session, order.number) == (9699, 301)
    assert check_ledger(session).problems == []


def test_an_order_voided_after_a_month_owes_nothing_and_has_no_income(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], recognise: Run,
    actors: People, noon: Noon,
) -> None:  # fmt: skip
    from memberctl.order.confirming import void_order

    pay(order, 365000)
    recognise(date(2026, 3, 31))
    day = date(2026, 4, 2)
    void_order(
        session, order.number, reason="twice", seen=None, by=actors["zhao"], at=noon(day), today=day
    )
    assert queries.fee_minor(session, order.number) == (0, 0)
    assert recognise(date(2026, 4, 30)).entries == 0
    assert check_ledger(session).problems == []


def test_the_number_of_statements_does_not_grow_with_the_orders(
    session: Session, pay: Callable[..., PaymentRecorded], recognise: Run
) -> None:
    def statements(orders: int, through: date) -> int:
        for _ in range(orders):
            pay(add_order(session), 365000, at=None)
        with statements_sent() as sent:
            assert recognise(through).orders >= orders
        return len(sent)

    statements(1, date(2026, 3, 9))
    assert 0 < statements(1, date(2026, 3, 10)) == statements(6, date(2026, 3, 11))
