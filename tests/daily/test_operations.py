"""Jobs and lease on real stores. Source: rules O7, O8, N6; reliability R11."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from memberctl.core.actor import Actor
from memberctl.core.errors import AlreadyRunning
from memberctl.core.holder import Holder
from memberctl.daily import queries
from memberctl.daily.operations import JOBS, Day, give_back_lease, take_lease
from memberctl.daily.rules import JobReport
from memberctl.ledger.operations import post_entry
from memberctl.ledger.rules import Account, Line
from memberctl.order.rules import OrderState, QuoteState
from memberctl.order.tables import Order, Quote
from memberctl.payment.rules import Method, PaymentState
from memberctl.payment.tables import Payment
from memberctl.store.process import is_alive, this_process
from tests.access.conftest import member_row
from tests.report.test_members import JANUARY, order_row

DUE = date(2026, 3, 9)
NOW = datetime(2026, 3, 10, 1, tzinfo=UTC)
Run = Callable[[str, date], JobReport]


@pytest.fixture
def run(session: Session, actors: dict[str, Actor], noon: Callable[[date], datetime]) -> Run:
    jobs = {job.name: job for job in JOBS}

    def once(name: str, today: date) -> JobReport:
        return jobs[name].run(
            session, Day(today, noon(today), actors["zhao"], lambda numbers: None)
        )

    return once


@pytest.fixture
def order(session: Session) -> Order:
    """A confirmed order that can be paid until 2026-03-09."""
    session.add(member_row(1, JANUARY))
    session.flush()
    found = order_row(
        1, 1, OrderState.CONFIRMED, confirmed_on=date(2026, 3, 2), payment_due_on=DUE,
        number="JN-2026-7F3KX",
    )  # fmt: skip
    session.add(found)
    session.flush()
    return found


def pay(session: Session, order: Order, minor: int) -> None:
    entry = post_entry(
        session, "payment", "P-1",
        [Line(Account.WECHAT, minor), Line(Account.RECEIVABLE, -minor, order.number)],
        currency="CNY", value_on=DUE, at=NOW,
    )  # fmt: skip
    given: dict[str, Any] = {
        "credit_minor": 0, "currency": "CNY", "method": Method.WECHAT,
        "state": PaymentState.RECORDED, "received_at": NOW, "recorded_by": 5,
    }  # fmt: skip
    session.add(
        Payment(
            id=1, order_id=order.id, amount_minor=minor, applied_minor=minor, entry_id=entry,
            **given,
        )
    )  # fmt: skip
    session.flush()


def test_an_order_is_forfeited_on_the_day_after_its_last_day(
    session: Session, order: Order, run: Run
) -> None:
    assert run("forfeit_orders", DUE).done == 0
    assert order.state is OrderState.CONFIRMED
    assert run("forfeit_orders", DUE + timedelta(1)) == JobReport("forfeit_orders", 1)
    assert order.state is OrderState.FORFEITED


def test_days_that_were_missed_are_caught_up_once(order: Order, run: Run) -> None:
    assert run("forfeit_orders", DUE + timedelta(30)).done == 1
    assert run("forfeit_orders", DUE + timedelta(30)).done == 0


def test_a_payment_that_came_in_time_wins(session: Session, order: Order, run: Run) -> None:
    pay(session, order, order.total_minor)
    report = run("forfeit_orders", DUE + timedelta(1))
    assert (report.done, order.state) == (0, OrderState.CONFIRMED)
    assert report.problems == ("JN-2026-7F3KX is paid in full but not settled",)


def test_a_part_payment_does_not_save_the_place_but_is_told(
    session: Session, order: Order, run: Run
) -> None:
    pay(session, order, 60000)
    report = run("forfeit_orders", DUE + timedelta(1))
    assert (report.done, order.state) == (1, OrderState.FORFEITED)
    assert "credit" in report.problems[0]


def test_only_sent_quotes_expire_and_only_after_their_last_day(
    session: Session, order: Order, run: Run
) -> None:
    session.add(order_row(2, 1, OrderState.SUBMITTED, number="JN-2", stage="initial"))
    session.flush()
    given: dict[str, Any] = {
        "version": 1, "plan_version_id": 1, "tier_version_id": 1, "total_minor": 1,
        "currency": "CNY", "content_sha256": "0", "valid_until": DUE, "made_at": NOW, "made_by": 2,
    }  # fmt: skip
    sent = Quote(id=1, order_id=2, state=QuoteState.SENT, **given)
    accepted = Quote(id=2, order_id=1, state=QuoteState.ACCEPTED, **given)
    session.add_all([sent, accepted])
    session.flush()
    assert run("expire_quotes", DUE).done == 0
    assert run("expire_quotes", DUE + timedelta(1)).done == 1
    assert (sent.state, accepted.state) == (QuoteState.EXPIRED, QuoteState.ACCEPTED)


def test_the_lease_is_taken_renewed_refused_and_given_back(session: Session) -> None:
    me, other = Holder("front-desk", 100), Holder("front-desk", 99)
    take_lease(session, me, clock=NOW, alive=lambda pid: True)
    take_lease(session, me, clock=NOW + timedelta(minutes=20), alive=lambda pid: True)
    with pytest.raises(AlreadyRunning):
        take_lease(session, other, clock=NOW + timedelta(minutes=40), alive=lambda pid: True)
    give_back_lease(session, other)
    assert queries.lease_to_change(session) is not None
    give_back_lease(session, me)
    take_lease(session, other, clock=NOW, alive=lambda pid: True)


def test_the_lease_of_a_process_that_died_here_is_taken_over(session: Session) -> None:
    take_lease(session, Holder("front-desk", 99), clock=NOW, alive=lambda pid: True)
    take_lease(session, Holder("front-desk", 100), clock=NOW, alive=lambda pid: False)
    row = queries.lease_to_change(session)
    assert row is not None
    assert row.holder == "front-desk:100"


def test_a_process_is_known_to_live_until_it_has_ended() -> None:
    import subprocess
    import sys

    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert is_alive(this_process().pid)
    assert is_alive(1)
    assert not is_alive(ended.pid)
