"""Instalments, write-offs and chargebacks: what is owed, in parts, no more, or again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlmodel import Session

from memberctl.core.dates import parse_period
from memberctl.core.errors import Conflict, Invalid, NotPermitted, RuleRefused
from memberctl.daily.queries import unpaid_past_due
from memberctl.ledger import queries as ledger
from memberctl.ledger.rules import Account
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.payment import debts, invoicing
from memberctl.payment.checking import check_ledger
from memberctl.payment.debt_queries import list_debts
from memberctl.payment.debt_rules import InstalmentPlan, WriteOffState, next_due, open_of, parts
from memberctl.payment.operations import void_payment
from memberctl.payment.plans import agree_instalments, plan_of
from memberctl.payment.queries import live_terms
from memberctl.payment.results import PaymentRecorded
from memberctl.payment.rules import Method
from memberctl.refund.operations import preview_refund
from tests.payment.conftest import Noon, People
from tests.payment.ground import CONFIRMED_ON, add_order

NEXT = CONFIRMED_ON + timedelta(days=1)
MONTH = parse_period("1m")


@pytest.fixture
def split(session: Session, actors: People, noon: Noon) -> Callable[..., InstalmentPlan]:
    def agree(
        order: Order, count: int = 3, first: date = date(2026, 3, 31), today: date = CONFIRMED_ON
    ) -> InstalmentPlan:
        return agree_instalments(
            session, order.number, count=count, first=first, every=MONTH, by=actors["qian"],
            at=noon(today), today=today,
        )  # fmt: skip

    return agree


def test_m12_a_hundred_in_three_adds_up_and_month_ends_do_not_drift() -> None:
    plan = parts(10000, 0, 3, date(2026, 1, 31), MONTH)
    assert [part.amount_minor for part in plan] == [3334, 3333, 3333]
    assert [part.due_on.isoformat() for part in plan] == ["2026-01-31", "2026-02-28", "2026-03-31"]
    assert [open_of(part, 4000) for part in plan] == [0, 2667, 3333]
    assert next_due(plan, 6667) == date(2026, 3, 31)
    assert next_due(plan, 10000) is None


def test_money_pays_the_oldest_instalment_and_the_deadline_follows(
    session: Session, order: Order, split: Callable[..., InstalmentPlan],
    pay: Callable[..., PaymentRecorded],
) -> None:  # fmt: skip
    pay(order, 5000)
    plan = split(order)
    assert [each.amount.minor for each in plan.instalments] == [120000, 120000, 120000]
    assert order.payment_due_on == date(2026, 3, 31)
    assert unpaid_past_due(session, date(2026, 3, 31)) == []
    pay(order, 130000, on=date(2026, 3, 30))
    assert order.payment_due_on == date(2026, 4, 30)
    assert [each.open.minor for each in plan_of(session, order).instalments] == [0, 110000, 120000]
    pay(order, 230000, on=date(2026, 4, 30))
    assert order.state is OrderState.FULFILLED
    assert check_ledger(session).problems == []


def test_a_voided_instalment_is_due_again(
    session: Session, order: Order, split: Callable[..., InstalmentPlan],
    pay: Callable[..., PaymentRecorded], actors: People, noon: Noon,
) -> None:  # fmt: skip
    split(order)
    paid = pay(order, 200000)
    assert order.payment_due_on == date(2026, 4, 30)
    void_payment(session, paid.number, reason="x", by=actors["qian"], at=noon(NEXT), today=NEXT)
    assert order.payment_due_on == date(2026, 3, 31)


def test_a_missed_instalment_forfeits_and_what_was_paid_late_is_credit(
    session: Session, order: Order, split: Callable[..., InstalmentPlan],
    pay: Callable[..., PaymentRecorded],
) -> None:  # fmt: skip
    split(order)
    assert [each.number for each in unpaid_past_due(session, date(2026, 4, 1))] == [order.number]
    assert pay(order, 100, on=date(2026, 4, 1)).credit.minor == 100


def test_instalments_of_nothing_or_from_a_past_day_are_refused(
    session: Session, order: Order, split: Callable[..., InstalmentPlan],
    pay: Callable[..., PaymentRecorded],
) -> None:  # fmt: skip
    with pytest.raises(Invalid, match="before today"):
        split(order, first=date(2026, 3, 1))
    with pytest.raises(RuleRefused, match="more instalments than minor units"):
        split(add_order(session, total_minor=2), 3)
    pay(order, 365000)
    with pytest.raises(RuleRefused, match="nothing is open"):
        split(order)


def test_a_new_plan_takes_the_place_of_the_old_one(
    session: Session, order: Order, split: Callable[..., InstalmentPlan]
) -> None:
    split(order)
    assert split(order, 2).count == 2
    assert check_ledger(session).problems == []


def write_off(
    session: Session, order: Order, actors: People, noon: Noon, by: str = "zhao"
) -> debts.WriteOffRecord:
    asked = debts.request_write_off(
        session, order.number, reason="moved abroad", by=actors["qian"], at=noon(NEXT)
    )
    return debts.decide_write_off(
        session, asked.number, approve=True, by=actors[by], at=noon(NEXT), today=NEXT
    )


def test_a_debt_is_written_off_when_another_agrees_and_the_order_is_closed(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], actors: People, noon: Noon
) -> None:
    pay(order, 65000)
    done = write_off(session, order, actors, noon)
    assert (done.number, done.amount.minor) == ("WO-000001", 300000)
    assert (done.state, done.order_state) == (WriteOffState.APPROVED, OrderState.CLOSED)
    assert ledger.balance(session, Account.BAD_DEBT, order.number) == 300000
    assert ledger.balance(session, Account.RECEIVABLE, order.number) == 0
    assert live_terms(session, order.number) == 0
    assert pay(order, 100, on=NEXT).credit.minor == 100
    assert list_debts(session, today=NEXT).rows == []
    assert check_ledger(session).problems == []


def test_who_asked_for_a_write_off_does_not_decide_it(
    session: Session, order: Order, actors: People, noon: Noon
) -> None:
    with pytest.raises(NotPermitted, match="asked for WO-000001"):
        write_off(session, order, actors, noon, by="qian")
    with pytest.raises(Conflict, match="asks for it already"):
        write_off(session, order, actors, noon)


def test_money_that_came_meanwhile_stops_a_write_off(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], actors: People, noon: Noon
) -> None:
    debts.request_write_off(session, order.number, reason="x", by=actors["qian"], at=noon(NEXT))
    assert list_debts(session, today=date(2026, 3, 12)).rows[0].write_off == "WO-000001"
    assert list_debts(session, today=date(2026, 3, 12), overdue=True).rows[0].overdue == 3
    pay(order, 100)
    with pytest.raises(Conflict, match="is open now"):
        debts.decide_write_off(
            session, "WO-000001", approve=True, by=actors["zhao"], at=noon(NEXT), today=NEXT
        )


def test_what_nobody_owes_is_not_written_off(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], actors: People, noon: Noon
) -> None:
    pay(order, 365000)
    with pytest.raises(RuleRefused, match="nothing is owed"):
        write_off(session, order, actors, noon)


def take_back(
    session: Session, number: str, actors: People, noon: Noon, on: date = date(2026, 4, 1)
) -> debts.ChargedBack:
    return debts.charge_back(
        session, number, reason="disputed", by=actors["qian"], at=noon(on), today=on
    )


def test_m2_what_a_bank_took_back_is_owed_again_and_its_term_ends(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], actors: People, noon: Noon
) -> None:
    paid = pay(order, 365000, method=Method.CARD, reference="TX1")
    done = take_back(session, paid.number, actors, noon)
    assert (done.order_state, done.open.minor, done.terms) == (OrderState.CONFIRMED, 365000, 1)
    assert done.due_on == date(2026, 4, 8)
    assert ledger.balance(session, Account.CARD) == 0
    assert check_ledger(session).problems == []
    pay(order, 365000, on=date(2026, 4, 8), method=Method.CARD, reference="TX2")
    assert (order.state, live_terms(session, order.number)) == (OrderState.FULFILLED, 1)
    with pytest.raises(RuleRefused):
        take_back(session, paid.number, actors, noon)
    with pytest.raises(RuleRefused):
        void_payment(session, paid.number, reason="x", by=actors["qian"], at=noon(NEXT), today=NEXT)


def test_credit_that_is_spent_when_the_bank_takes_back_is_lost(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], actors: People, noon: Noon
) -> None:
    from memberctl.payment.crediting import apply_credit
    from tests.payment.test_crediting import another

    paid = pay(order, 385000, method=Method.CARD, reference="TX1")
    another(session, order.member_id, 15000)
    apply_credit(
        session, order.member_id, by=actors["sun"], at=noon(NEXT), today=NEXT, currency="CNY"
    )
    assert take_back(session, paid.number, actors, noon).lost.minor == 15000
    assert ledger.balance(session, Account.MEMBER_CREDIT) == 0
    assert ledger.balance(session, Account.BAD_DEBT) == 15000
    assert check_ledger(session).problems == []


def test_m5_a_transaction_that_a_bank_took_back_is_not_recorded_again(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], actors: People, noon: Noon
) -> None:
    paid = pay(order, 100000, method=Method.CARD, reference="TX1")
    take_back(session, paid.number, actors, noon)
    for amount in (100000, 100001):
        with pytest.raises(Conflict, match=f"{paid.number} .* was charged back"):
            pay(order, amount, method=Method.CARD, reference="TX1", on=date(2026, 4, 1))
    assert check_ledger(session).problems == []


def test_m2_no_credit_note_gives_back_what_was_written_off(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], actors: People, noon: Noon
) -> None:
    pay(order, 65000)
    when = {"by": actors["qian"], "at": noon(NEXT), "today": NEXT}
    invoice = invoicing.issue_invoice(session, order.number, **when)
    write_off(session, order, actors, noon)
    with pytest.raises(RuleRefused, match="written off"):
        invoicing.credit_invoice(session, invoice.number, amount_minor=65000, reason="x", **when)
    assert ledger.balance(session, Account.MEMBER_CREDIT) == 0


def test_a_term_that_was_taken_back_is_not_counted_as_used_in_a_refund(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], actors: People, noon: Noon
) -> None:
    paid = pay(order, 365000, method=Method.CARD, reference="TX1")
    take_back(session, paid.number, actors, noon, on=NEXT)
    pay(order, 5000, on=NEXT)
    write_off(session, order, actors, noon)
    later = date(2027, 6, 1)
    assert preview_refund(session, order.number, on=later, today=later).amount.minor == 5000


def test_no_bank_takes_cash_back(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], actors: People, noon: Noon
) -> None:
    with pytest.raises(RuleRefused, match="no bank can take it back"):
        take_back(session, pay(order, 100).number, actors, noon)


def test_m2_a_void_is_for_a_fresh_entry_error_alone(
    session: Session, order: Order, pay: Callable[..., PaymentRecorded], actors: People, noon: Noon
) -> None:
    paid = pay(order, 100)
    late = CONFIRMED_ON + timedelta(days=8)
    with pytest.raises(RuleRefused, match="last 7 days"):
        void_payment(session, paid.number, reason="x", by=actors["qian"], at=noon(late), today=late)
