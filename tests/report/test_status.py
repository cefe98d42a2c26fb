"""What waits, what is overdue, today's money. Source: mission S0.4, S0.9; rules C3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from memberctl.core.money import Money
from memberctl.ledger.operations import post_entry
from memberctl.ledger.rules import Account, Line
from memberctl.order.rules import OrderState
from memberctl.payment.rules import Method, PaymentState
from memberctl.payment.tables import Payment
from memberctl.report.status import Queue, Status, status_on
from tests.access.conftest import member_row
from tests.bank.texts import swift
from tests.histories import a_big_order, three_refunds
from tests.histories import pay as pay_in
from tests.program import Program
from tests.report.test_members import JANUARY, order_row, term_row

TODAY = date(2026, 3, 2)
SHANGHAI = ZoneInfo("Asia/Shanghai")
Look = Callable[[], Status]


@pytest.fixture
def look(session: Session) -> Look:
    return lambda: status_on(session, today=TODAY, zone=SHANGHAI, currency="CNY")


@pytest.fixture
def pay(session: Session) -> Callable[..., None]:
    numbers = iter(range(1, 1000))

    def add(order_id: int, minor: int, at: datetime, **facts: Any) -> None:
        number = next(numbers)
        entry = post_entry(
            session, "payment", f"P-{number}",
            [Line(Account.WECHAT, minor), Line(Account.RECEIVABLE, -minor, f"JN-{order_id}")],
            currency="CNY", value_on=TODAY, at=at,
        )  # fmt: skip
        given: dict[str, Any] = {
            "applied_minor": minor, "credit_minor": 0, "currency": "CNY", "method": Method.WECHAT,
            "state": PaymentState.RECORDED, "recorded_by": 5,
        }  # fmt: skip
        session.add(
            Payment(
                id=number, order_id=order_id, amount_minor=minor, received_at=at, entry_id=entry,
                **(given | facts),
            )
        )  # fmt: skip
        session.flush()

    return add


def queue(status: Status, work: str) -> Queue:
    return next(each for each in status.queues if each.work == work)


def test_each_review_stage_is_a_queue_with_its_overdue_and_its_oldest(
    session: Session, look: Look
) -> None:
    session.add(member_row(1, JANUARY))
    session.flush()
    for number, due in enumerate((TODAY, TODAY - timedelta(1), TODAY - timedelta(3)), start=1):
        state = OrderState.SUBMITTED
        session.add(order_row(number, 1, state, stage="initial", due_on=due))
    session.add(order_row(4, 1, OrderState.IN_REVIEW, stage="second", due_on=TODAY))
    session.add(order_row(5, 1, OrderState.RETURNED, stage=None, due_on=None))
    session.flush()
    status = look()
    assert queue(status, "join review, initial") == Queue(
        "join review, initial", "service", 3, 2, TODAY - timedelta(3)
    )
    assert queue(status, "join review, second").overdue == 0
    assert queue(status, "join review, final").waiting == 0
    assert queue(status, "returned, waiting for documents").waiting == 1


def test_money_counts_by_the_local_day_and_without_voided_payments(
    session: Session, look: Look, pay: Callable[..., None]
) -> None:
    session.add(member_row(1, JANUARY))
    session.flush()
    session.add(order_row(1, 1, OrderState.CONFIRMED, payment_due_on=TODAY - timedelta(1)))
    session.flush()
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)  # 2026-03-02 00:00 in Shanghai
    pay(1, 100, midnight - timedelta(seconds=1), state=PaymentState.VERIFIED)
    pay(1, 1000, midnight)
    pay(1, 2000, midnight + timedelta(hours=23, minutes=59), method=Method.CASH)
    pay(1, 4000, midnight + timedelta(hours=1), state=PaymentState.VOIDED)
    pay(1, 8000, midnight + timedelta(days=1), state=PaymentState.VERIFIED)
    status = look()
    assert [(each.method, each.amount.minor) for each in status.takings] == [
        ("cash", 2000), ("wechat", 1000),
    ]  # fmt: skip
    assert status.received == Money(3000, "CNY")
    assert status.unverified == Money(3000, "CNY")
    assert status.owed == Money(365000 - 100 - 1000 - 2000 - 8000, "CNY")
    due = queue(status, "orders to be paid")
    assert (due.waiting, due.overdue, due.oldest_due_on) == (1, 1, TODAY - timedelta(1))
    assert queue(status, "payments to verify").waiting == 2


def test_who_paid_and_has_no_card_waits_at_reception(session: Session, look: Look) -> None:
    session.add_all([member_row(1, JANUARY), member_row(2, JANUARY)])
    session.flush()
    session.add(term_row(1, 1, TODAY, TODAY + timedelta(30)))
    session.flush()
    assert queue(look(), "cards to issue") == Queue("cards to issue", "reception", 1)


def test_an_empty_organisation_has_nothing_waiting(look: Look) -> None:
    status = look()
    assert {each.waiting for each in status.queues} == {0}
    assert (status.received.minor, status.owed.minor, status.takings) == (0, 0, ())


def test_status_is_one_record_for_people_and_for_scripts(memberctl: Program) -> None:
    found = memberctl.ok("status", as_="zhao")
    assert set(found) == {
        "on", "received", "unverified", "owed", "overrides", "queues", "takings",
        "visits", "refused_scans", "paid_out", "outflows",
    }  # fmt: skip
    assert found["on"] == "2026-03-02"
    table = memberctl("status", "--format", "plain", as_="zhao")
    assert "join review, initial" in table.out


def test_what_went_out_today_is_told_by_its_reason_and_its_method(memberctl: Program) -> None:
    three_refunds(memberctl)
    over = a_big_order(memberctl, "100.00")
    pay_in(memberctl, over, "150.00")
    member = memberctl.ok("order", "show", over)["member"]
    line = ("credit", "payout", member, "--method", "bank", "--reason", "moved")
    number = memberctl.ok(*line, as_="sun")["number"]
    memberctl.ok("credit", "approve", number, as_="feng")
    memberctl.ok("credit", "pay", number, "--yes", as_="qian")
    disputed = a_big_order(memberctl, "80.00")
    card = ("payment", "record", disputed, "80.00", "--method", "card", "--reference", "C1")
    paid = memberctl.ok(*card, as_="sun")["number"]
    memberctl.ok("payment", "chargeback", paid, "--reason", "disputed", "--yes", as_="qian")
    status = memberctl.ok("status")
    told = [
        (each["way"], each["method"], each["count"], each["amount"]["amount"])
        for each in status["outflows"]
    ]
    assert told == [
        ("refund", "cash", 1, "300.00"), ("payout", "bank", 1, "50.00"),
        ("chargeback", "card", 1, "80.00"),
    ]  # fmt: skip
    assert status["paid_out"] == {"amount": "430.00", "currency": "CNY"}
    assert "card" not in [each["method"] for each in status["takings"]]
    memberctl.ok("refund", "fail", "RF-0003", "--reason", "closed", "--yes", as_="qian")
    assert memberctl.ok("status")["paid_out"]["amount"] == "130.00"
    memberctl.now = "2026-03-03T10:00:00+08:00"
    assert memberctl.ok("status")["outflows"] == []


def test_lines_of_statements_that_wait_are_a_queue_of_finance(memberctl: Program) -> None:
    path = memberctl.folder / "statement.sta"
    rows = (":61:2603020302C7,NTRFNONREF//A1", ":61:2603020302C8,NTRFNONREF//A2")
    path.write_text(swift(*rows, opening="C260302CNY0,", closing="C260302CNY15,"))
    memberctl.ok("bank", "import", str(path), "--account", "BANK", as_="qian")

    def waiting() -> int:
        queues = {each["work"]: each for each in memberctl.ok("status")["queues"]}
        assert queues["lines of statements to match"]["role"] == "finance"
        return int(queues["lines of statements to match"]["waiting"])

    assert waiting() == 2
    line = ("bank", "match", "--ignore", "BL-000001", "--reason", "interest")
    memberctl.ok(*line, as_="qian")
    assert waiting() == 1
