"""`ledger check` finds every fault that is planted. Source: rules M1, M13; reliability.md R5."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlmodel import Session

from memberctl.ledger import operations as books
from memberctl.ledger.rules import Account, Line
from memberctl.ledger.tables import LedgerEntry, Posting
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.payment import operations
from memberctl.payment.checking import check_ledger
from memberctl.payment.rules import Method, PaymentState, Tender
from memberctl.payment.tables import Payment, Receipt
from memberctl.store.tables import Counter
from tests.founding import actors
from tests.payment.ground import CONFIRMED_ON, add_order

AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
Plant = Callable[[Session], object]


@pytest.fixture
def books_in_order(session: Session) -> Session:
    """Four orders: paid with 200.00 over, half paid, unpaid, and paid by a voided payment."""
    for amount in (385000, 100000, None, 365000):
        order = add_order(session)
        if amount is not None:
            operations.record_payment(
                session,
                Tender(order.number, amount, Method.CASH),
                by=actors()["sun"],
                at=AT,
                today=CONFIRMED_ON,
                currency="CNY",
            )
    operations.void_payment(
        session, "P-000003", reason="wrong", by=actors()["qian"], at=AT, today=CONFIRMED_ON
    )
    return session


def post(session: Session, *lines: Line) -> None:
    books.post_entry(
        session, "planted", "JN-0", lines, currency="CNY", value_on=CONFIRMED_ON, at=AT
    )


def change(session: Session, table: type, key: int, **values: object) -> None:
    row = session.get_one(table, key)
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()


def post_half_an_entry(session: Session) -> None:
    session.add(Posting(entry_id=1, line=9, account="cash", amount_minor=1, currency="CNY"))


def post_nothing(session: Session) -> None:
    session.add(LedgerEntry(id=999, at=AT, value_on=date(2026, 3, 2), event="x", about="JN-0"))


def owe_less_than_nothing(session: Session) -> None:
    post(session, Line(Account.CASH, 1), Line(Account.RECEIVABLE, -1, "JN-0"))


def give_credit_for_nothing(session: Session) -> None:
    post(session, Line(Account.CASH, 1), Line(Account.MEMBER_CREDIT, -1, "M-000002"))


def take_credit_that_is_not_there(session: Session) -> None:
    post(session, Line(Account.CASH, -1), Line(Account.MEMBER_CREDIT, 1, "M-000002"))


def earn_fees_that_were_not_booked(session: Session) -> None:
    post(session, Line(Account.UNEARNED_FEES, 1, "JN-0"), Line(Account.CASH, -1))


def book_a_fee_twice(session: Session) -> None:
    number = session.get_one(Order, 3).number
    post(session, *books.rules.confirmed_lines(number, 365000))


def confirm_without_booking(session: Session) -> None:
    add_order(session, state=OrderState.SUBMITTED).state = OrderState.CONFIRMED


def forfeit_without_booking(session: Session) -> None:
    change(session, Order, 3, state=OrderState.FORFEITED)


def activate_unpaid(session: Session) -> None:
    change(session, Order, 3, state=OrderState.FULFILLED)


def leave_a_paid_order_waiting(session: Session) -> None:
    change(session, Order, 1, state=OrderState.CONFIRMED)


def turn_applied_money_into_credit(session: Session) -> None:
    change(session, Payment, 2, applied_minor=99999, credit_minor=1)


def change_an_amount(session: Session) -> None:
    change(session, Payment, 2, amount_minor=100001, applied_minor=100001)


def change_a_method(session: Session) -> None:
    change(session, Payment, 2, method=Method.WECHAT)


def void_without_reversal(session: Session) -> None:
    change(session, Payment, 2, state=PaymentState.VOIDED)


def reverse_without_void(session: Session) -> None:
    entry = session.get_one(Payment, 2).entry_id
    books.reverse_entry(session, entry, event="planted", value_on=CONFIRMED_ON, at=AT)


def lose_the_newest_receipt(session: Session) -> None:
    session.delete(session.get_one(Receipt, 3))


def skip_a_receipt_number(session: Session) -> None:
    change(session, Receipt, 3, serial=4)
    change(session, Counter, "receipts:RC:2026", value=4)  # type: ignore[arg-type]


def void_a_receipt_alone(session: Session) -> None:
    change(session, Receipt, 2, voided_at=AT)


def revive_a_voided_receipt(session: Session) -> None:
    change(session, Receipt, 3, voided_at=None)


def test_books_that_are_in_order_have_no_problems(books_in_order: Session) -> None:
    checked = check_ledger(books_in_order)
    assert checked.problems == []
    assert checked.checked == 4 + 3 + 3 + 8, "orders, payments, receipts, entries"


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (post_half_an_entry, {"entry_balances"}),
        (post_nothing, {"entry_posts"}),
        (owe_less_than_nothing, {"receivable_not_negative"}),
        (give_credit_for_nothing, {"credit"}),
        (take_credit_that_is_not_there, {"credit", "member_credit_not_negative"}),
        (earn_fees_that_were_not_booked, {"unearned_fees_not_negative"}),
        (book_a_fee_twice, {"order_booked", "order_receivable"}),
        (confirm_without_booking, {"order_booked", "order_receivable"}),
        (forfeit_without_booking, {"order_booked", "order_receivable"}),
        (activate_unpaid, {"order_paid"}),
        (leave_a_paid_order_waiting, {"order_paid"}),
        (turn_applied_money_into_credit, {"order_receivable", "credit"}),
        (change_an_amount, {"order_receivable", "payment_entry"}),
        (change_a_method, {"payment_entry"}),
        (void_without_reversal, {"order_receivable", "payment_entry", "payment_receipt"}),
        (reverse_without_void, {"order_receivable", "payment_entry"}),
        (lose_the_newest_receipt, {"payment_receipt", "receipts_gapless"}),
        (skip_a_receipt_number, {"receipts_gapless"}),
        (void_a_receipt_alone, {"payment_receipt"}),
        (revive_a_voided_receipt, {"payment_receipt"}),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_planted_fault_is_found_and_named(
    books_in_order: Session, plant: Plant, found: set[str]
) -> None:
    plant(books_in_order)
    problems = check_ledger(books_in_order).problems
    assert {problem.rule for problem in problems} == found
    assert all(problem.expected != problem.found for problem in problems)


def test_a_problem_says_what_was_expected_and_what_was_found(books_in_order: Session) -> None:
    lose_the_newest_receipt(books_in_order)
    gap = next(p for p in check_ledger(books_in_order).problems if p.rule == "receipts_gapless")
    assert (gap.object, gap.expected, gap.found) == (
        "RC-2026",
        "1 to 3",
        "2 receipts, the last is 2",
    )
