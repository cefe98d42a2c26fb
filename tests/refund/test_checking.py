"""`ledger check` finds every fault about refunds that is planted. Source: rules M1, M6, M8-M10."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from memberctl.access.tables import Term
from memberctl.ledger import operations as books
from memberctl.ledger.rules import Account
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.payment.operations import record_payment
from memberctl.payment.rules import Method, Tender
from memberctl.payment.tables import Payment
from memberctl.refund.checking import check_money
from memberctl.refund.operations import request_refund, review_refund
from memberctl.refund.paying import pay_refund
from memberctl.refund.rules import Asked, HandPart, Payout, RefundState, Verdict
from memberctl.refund.tables import Refund, RefundHand, RefundPart
from tests.founding import actors
from tests.payment.ground import CONFIRMED_ON, add_order

AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
ON = date(2026, 3, 31)
Plant = Callable[[Session], object]


@pytest.fixture
def refunds(session: Session) -> Iterator[Session]:
    """An order of 3650.00, paid by 650.00 in cash and 3000.00 by WeChat, and four refunds.

    RF-0001 of 3100.00 is paid, by both ways; RF-0002 of 100.00 waits for its review, RF-0003 of
    50.00 for its payout, and RF-0004 of 25.00 was rejected. A second order was never paid.
    """
    order = add_order(session)
    for amount, method in ((65_000, Method.CASH), (300_000, Method.WECHAT)):
        record_payment(
            session, Tender(order.number, amount, method),
            by=actors()["sun"], at=AT, today=CONFIRMED_ON, currency="CNY",
        )  # fmt: skip
    add_order(session)
    for number, amount in enumerate((310_000, 10_000, 5_000, 2_500), start=1):
        asked = Asked(order.number, ON, "moved away", amount)
        request_refund(session, asked, by=actors()["sun"], at=AT, today=CONFIRMED_ON)
        if number != 2:
            verdict = Verdict.REJECT if number == 4 else Verdict.APPROVE
            review_refund(session, f"RF-{number}", verdict, reason="x", by=actors()["zhao"], at=AT)
    pay_refund(session, Payout("RF-1"), by=actors()["qian"], at=AT, today=CONFIRMED_ON)
    return session


def change(session: Session, table: type, key: object, **values: object) -> None:
    row = session.get_one(table, key)
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()


def without_checks(session: Session) -> None:
    """Let rows be written that the database itself would refuse."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA ignore_check_constraints = ON"))
        return
    for table, name in (("payment", "refunds_fit"), ("refund", "booked_while_paid")):
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}"))


def lose_a_part(session: Session) -> None:
    session.delete(session.get_one(RefundPart, (1, 1)))


def raise_the_amount(session: Session) -> None:
    change(session, Refund, 2, amount_minor=10_001)


def send_a_part_to_another_order(session: Session) -> None:
    change(session, Payment, 2, order_id=2)


def forget_a_claim(session: Session) -> None:
    change(session, Payment, 1, claimed_minor=0)


def forget_what_went_back(session: Session) -> None:
    change(session, Payment, 2, refunded_minor=299_999)


def give_back_more_than_there_was(session: Session) -> None:
    without_checks(session)
    change(session, Payment, 1, applied_minor=9_000, credit_minor=56_000)


def revive_a_rejected_refund(session: Session) -> None:
    change(session, Refund, 4, state=RefundState.APPROVED)


def pay_without_an_entry(session: Session) -> None:
    without_checks(session)
    change(session, Refund, 1, entry_id=None)


def pay_by_another_way(session: Session) -> None:
    change(session, RefundPart, (1, 2), method=Method.ALIPAY)


def reverse_the_entry_alone(session: Session) -> None:
    entry = session.get_one(Refund, 1).entry_id
    assert entry is not None
    books.reverse_entry(session, entry, event="planted", value_on=CONFIRMED_ON, at=AT)


def pay_twice(session: Session) -> None:
    order = session.get_one(Order, 1)
    books.book_refund(
        session, order.number, "M-000001", [(order.number, Account.CASH, 100)],
        currency="CNY", value_on=CONFIRMED_ON, at=AT,
    )  # fmt: skip


def lose_a_hand(session: Session) -> None:
    hand = session.scalars(
        select(RefundHand).where(RefundHand.refund_id == 1, RefundHand.part == HandPart.REVIEW)
    ).one()
    session.delete(hand)


def sign_twice(session: Session) -> None:
    connection = session.connection()
    if connection.dialect.name == "sqlite":  # SQLite drops no constraint, so the table goes.
        connection.execute(text("CREATE TABLE loose AS SELECT * FROM refund_hand"))
        connection.execute(text("DROP TABLE refund_hand"))
        connection.execute(text("ALTER TABLE loose RENAME TO refund_hand"))
    else:
        name = "uq_refund_hand_refund_id_staff_id"
        connection.execute(text(f"ALTER TABLE refund_hand DROP CONSTRAINT {name}"))
    connection.execute(text("UPDATE refund_hand SET staff_id = 6 WHERE refund_id = 1"))


def withdraw_the_order(session: Session) -> None:
    change(session, Order, 1, state=OrderState.CONFIRMED)


def let_the_term_go_on(session: Session) -> None:
    change(session, Term, 1, end_on=date(2027, 3, 1))


def test_refunds_that_are_in_order_have_no_problems(refunds: Session) -> None:
    checked = check_money(refunds)
    assert checked.problems == []
    assert checked.checked == 2 + 2 + 2 + 5 + 4, "orders, payments, receipts, entries, refunds"


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (lose_a_part, {"refund_parts", "payment_refunds"}),
        (raise_the_amount, {"refund_parts"}),
        (send_a_part_to_another_order, {"refund_parts", "order_paid", "order_booked"}),
        (forget_a_claim, {"payment_refunds"}),
        (forget_what_went_back, {"payment_refunds", "order_booked"}),
        (give_back_more_than_there_was, {"payment_refunds"}),
        (revive_a_rejected_refund, {"payment_refunds"}),
        (pay_without_an_entry, {"refund_entry"}),
        (pay_by_another_way, {"refund_entry"}),
        (reverse_the_entry_alone, {"refund_entry", "order_booked"}),
        (pay_twice, {"refund_entry", "order_booked"}),
        (lose_a_hand, {"refund_hands"}),
        (sign_twice, {"refund_hands"}),
        (withdraw_the_order, {"refund_order"}),
        (let_the_term_go_on, {"refund_term"}),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_planted_fault_is_found_and_named(
    refunds: Session, plant: Plant, found: set[str]
) -> None:
    plant(refunds)
    problems = check_money(refunds).problems
    assert {problem.rule for problem in problems} >= found, problems
    assert all(problem.expected != problem.found for problem in problems)
