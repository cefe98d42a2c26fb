"""A till is closed once a day, holds what came since, and nothing changes it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, Invalid, NotPermitted
from memberctl.ledger import queries as ledger
from memberctl.ledger.rules import Account
from memberctl.order.tables import Order
from memberctl.payment.checking import check_ledger
from memberctl.payment.results import PaymentRecorded, PaymentVoided
from memberctl.payment.rules import Method
from memberctl.payment.till_queries import list_tills, open_tills, show_till
from memberctl.payment.till_rules import TillClosed
from memberctl.payment.tilling import close_till
from tests.payment.conftest import Noon, People
from tests.payment.ground import CONFIRMED_ON, add_order

NEXT = CONFIRMED_ON + timedelta(days=1)
Close = Callable[..., TillClosed]


@pytest.fixture
def close(session: Session, actors: People, noon: Noon) -> Close:
    def shut(
        counted: int, on: date = CONFIRMED_ON, method: Method = Method.CASH, branch: int = 0,
        by: Actor | None = None,
    ) -> TillClosed:  # fmt: skip
        return close_till(
            session, branch, method, counted_minor=counted, by=by or actors["sun"], at=noon(on),
            today=on, currency="CNY",
        )  # fmt: skip

    return shut


def test_m16_counted_is_held_against_expected_and_short_is_booked(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], close: Close
) -> None:
    pay(order, 123450)
    pay(order, 10000, method=Method.WECHAT, reference="TX1")
    closed = close(123400)
    assert (closed.number, closed.expected.minor, closed.difference.minor) == (
        "TC-000001", 123450, -50,
    )  # fmt: skip
    assert ledger.balance(session, Account.CASH) == 123400
    assert ledger.balance(session, Account.TILL_DIFFERENCE) == 50
    assert close(10100, method=Method.WECHAT).difference.minor == 100
    assert check_ledger(session).problems == []


def test_m16_what_comes_later_for_a_closed_day_is_in_the_next_close_with_its_value_date(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded],
    void: Callable[..., PaymentVoided], close: Close, noon: Callable[[date], datetime],
) -> None:  # fmt: skip
    paid = pay(order, 100)
    first = close(100)
    before = show_till(session, first.number)
    pay(order, 2000, at=noon(NEXT), received_at=noon(CONFIRMED_ON), again=True)
    void(paid)
    assert show_till(session, first.number) == before
    second = close(1900, on=NEXT)
    assert (second.expected.minor, second.entries) == (1900, 2)
    movements = show_till(session, second.number).movements
    assert [(each.value_on, each.amount.minor) for each in movements] == [
        (CONFIRMED_ON, 2000), (NEXT, -100),
    ]  # fmt: skip
    assert close(0, on=NEXT + timedelta(days=1)).expected.minor == 0
    assert check_ledger(session).problems == []


def test_a_till_is_closed_once_a_day(close: Close) -> None:
    close(0)
    with pytest.raises(Conflict, match="closed for 2026-03-02 by TC-000001"):
        close(0)
    with pytest.raises(Conflict):
        close(0, on=CONFIRMED_ON - timedelta(days=1))


def test_a_till_on_which_nothing_moved_is_closed_day_after_day(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], close: Close
) -> None:
    pay(order, 500)
    days = [CONFIRMED_ON + timedelta(days=n) for n in range(4)]
    expected = [close(500 if n == 0 else 0, on=day).expected.minor for n, day in enumerate(days)]
    assert expected == [500, 0, 0, 0]
    assert check_ledger(session).problems == []


def test_each_branch_has_its_own_till_and_its_own_people(
    session: Session, pay: Callable[..., PaymentRecorded], close: Close, actors: People
) -> None:
    for branch, amount in ((1, 100), (1, 20), (2, 3)):
        order = add_order(session)
        order.branch_id = branch
        pay(order, amount)
    tills: Any = [(each.branch, each.expected.minor) for each in open_tills(session, "CNY")]
    assert tills == [("SH01", 120), ("BJ01", 3)]
    assert close(120, branch=1).difference.minor == 0
    assert [each.branch for each in open_tills(session, "CNY")] == ["BJ01"]
    assert [each.number for each in list_tills(session, branch_id=1).rows] == ["TC-000001"]
    clerk = Actor("sun", "sun", 6, frozenset({"reception"}), branch_id=1)
    with pytest.raises(NotPermitted, match="another branch"):
        close(3, branch=2, by=clerk)


def test_credit_lies_in_no_till(close: Close) -> None:
    with pytest.raises(Invalid, match="no till"):
        close(0, method=Method.MEMBER_CREDIT)


@pytest.mark.parametrize("change", ["UPDATE till_close SET counted_minor = 1",
                                    "DELETE FROM till_close"])  # fmt: skip
def test_the_database_keeps_a_closed_till_as_it_is(
    session: Session, close: Close, change: str
) -> None:
    close(0)
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(change))
