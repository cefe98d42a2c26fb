"""Payments from the counter to the term, on both engines. Source: rules M2-M5, M13, O8."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, select

from memberctl.access.tables import Term
from memberctl.catalog.rules import PaymentTiming
from memberctl.catalog.tables import PlanVersion
from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, Invalid, NotFound, RuleRefused
from memberctl.ledger.operations import book_cancelled
from memberctl.ledger.queries import balance
from memberctl.ledger.rules import Account
from memberctl.message.tables import OutboxMessage
from memberctl.order.rules import OrderKind, OrderState
from memberctl.order.tables import Order
from memberctl.payment import queries, settling
from memberctl.payment.checking import check_ledger
from memberctl.payment.results import Outcome, PaymentRecorded, PaymentVoided
from memberctl.payment.rules import Method, PaymentState
from tests.payment.ground import CONFIRMED_ON, DUE_ON, NAME, PHONE, add_order

Noon = Callable[[date], datetime]
People = dict[str, Actor]
Pay = Callable[..., PaymentRecorded]
Void = Callable[..., PaymentVoided]


def terms(session: Session) -> list[Term]:
    return list(session.scalars(select(Term)))


def causes(session: Session) -> dict[str, str]:
    return {each.purpose.value: each.cause for each in session.scalars(select(OutboxMessage))}


def test_full_payment_makes_the_member_active_at_once(
    session: Session, order: Order, pay: Pay
) -> None:
    paid = pay(order, 365000, method=Method.WECHAT, reference="TX1")
    assert (paid.number, paid.receipt, paid.open.minor) == ("P-000001", "RC-2026-000001", 0)
    assert (paid.order_state, paid.outcome) == (OrderState.FULFILLED, Outcome.SETTLED)
    (term,) = terms(session)
    assert (term.start_on, term.end_on) == (date(2026, 3, 2), date(2027, 3, 1))
    assert (term.source, term.tier_version_id) == (order.number, 1)
    assert causes(session) == {"payment_receipt": "RC-2026-000001", "welcome": "P-000001"}
    assert check_ledger(session).problems == []


def test_a_part_payment_gives_no_term_until_the_rest_is_paid(
    session: Session, order: Order, pay: Pay
) -> None:
    first = pay(order, 200000)
    assert (first.open.amount, first.order_state) == ("1650.00", OrderState.CONFIRMED)
    assert first.outcome is Outcome.PARTIAL and terms(session) == []
    second = pay(order, 165000, on=date(2026, 3, 4))
    assert (second.open.minor, second.order_state) == (0, OrderState.FULFILLED)
    assert terms(session)[0].start_on == date(2026, 3, 4), "the payment that settles it decides"
    assert queries.paid_minor(session, [order.id, 999]) == {order.id: 365000, 999: 0}
    assert check_ledger(session).problems == []


def test_what_is_over_becomes_the_members_credit(session: Session, order: Order, pay: Pay) -> None:
    paid = pay(order, 385000)
    assert (paid.credit.amount, paid.outcome) == ("200.00", Outcome.OVERPAID)
    (line,) = queries.list_credits(session).rows
    assert (line.member, line.name, str(line.credit)) == ("M-000001", NAME, "200.00 CNY")
    assert check_ledger(session).problems == []


def test_the_same_transaction_is_recorded_once(session: Session, order: Order, pay: Pay) -> None:
    first = pay(order, 365000, method=Method.WECHAT, reference="TX1")
    again = pay(order, 365000, method=Method.WECHAT, reference="TX1", on=date(2026, 4, 1))
    assert again == replace(first, already=True)
    assert queries.list_payments(session).total == 1
    assert balance(session, Account.WECHAT) == 365000


@pytest.mark.parametrize("what", ["amount", "order"])
def test_a_known_transaction_with_another_amount_or_order_is_a_conflict(
    session: Session, order: Order, pay: Pay, what: str
) -> None:
    pay(order, 100000, method=Method.WECHAT, reference="TX1")
    other = add_order(session) if what == "order" else order
    amount = 100000 if what == "order" else 100001
    with pytest.raises(Conflict, match=f"but another {what}"):
        pay(other, amount, method=Method.WECHAT, reference="TX1")


def test_an_equal_payment_within_minutes_needs_again(
    session: Session, order: Order, pay: Pay, noon: Noon
) -> None:
    pay(order, 100000)
    soon = noon(CONFIRMED_ON) + timedelta(minutes=9)
    with pytest.raises(Conflict, match="probable duplicate: P-000001"):
        pay(order, 100000, at=soon)
    assert pay(order, 100000, at=soon, again=True).number == "P-000002"
    assert pay(order, 100000, at=soon, method=Method.BANK).open.amount == "650.00"


@pytest.mark.parametrize(
    ("hour", "minute", "outcome"), [(15, 59, Outcome.SETTLED), (16, 1, Outcome.LATE)]
)
def test_the_local_date_of_the_money_decides_about_the_deadline(
    session: Session, order: Order, pay: Pay, hour: int, minute: int, outcome: Outcome
) -> None:
    """16:00 UTC is midnight in Shanghai; it is entered on the morning after, still confirmed."""
    received = datetime(2026, 3, 9, hour, minute, tzinfo=UTC)
    paid = pay(order, 365000, received_at=received, on=date(2026, 3, 10))
    assert paid.outcome is outcome
    assert bool(terms(session)) is (outcome is Outcome.SETTLED)
    assert check_ledger(session).problems == []


@pytest.mark.parametrize("state", [OrderState.FORFEITED, OrderState.WITHDRAWN, OrderState.REJECTED])
def test_late_money_becomes_credit_and_activates_nothing(
    session: Session, order: Order, pay: Pay, noon: Noon, state: OrderState
) -> None:
    pay(order, 65000)
    order.state = state
    book_cancelled(
        session, order.number, "M-000001", currency="CNY", value_on=DUE_ON, at=noon(DUE_ON)
    )
    late = pay(order, 300000, on=date(2026, 3, 11))
    assert (late.outcome, late.order_state, late.open.minor) == (Outcome.CREDIT, state, 0)
    assert terms(session) == []
    assert balance(session, Account.MEMBER_CREDIT, "M-000001") == -365000
    assert check_ledger(session).problems == []


def test_money_for_an_order_that_is_paid_already_is_credit(
    session: Session, order: Order, pay: Pay
) -> None:
    pay(order, 365000)
    more = pay(order, 100000)
    assert (more.outcome, more.credit.amount) == (Outcome.CREDIT, "1000.00")
    assert len(terms(session)) == 1
    assert check_ledger(session).problems == []


def test_money_before_the_final_approval_is_refused(session: Session, pay: Pay) -> None:
    under_way = add_order(session, state=OrderState.IN_REVIEW)
    with pytest.raises(RuleRefused, match="after the final approval"):
        pay(under_way, 365000)
    assert queries.list_payments(session).total == 0


def test_a_plan_paid_on_filing_takes_money_at_once_and_gives_its_term_at_confirmation(
    session: Session, pay: Pay, actors: People, noon: Noon
) -> None:
    session.get_one(PlanVersion, 1).payment_timing = PaymentTiming.ON_FILING
    filed = add_order(session, state=OrderState.SUBMITTED)
    paid = pay(filed, 365000)
    assert (paid.order_state, paid.open.minor, terms(session)) == (OrderState.SUBMITTED, 0, [])
    assert check_ledger(session).problems == []

    filed.state = OrderState.CONFIRMED
    on = date(2026, 3, 5)
    state = settling.settle_if_paid(session, filed.number, by=actors["zhao"], at=noon(on), today=on)
    assert (state, terms(session)[0].start_on) == (OrderState.FULFILLED, on)
    assert check_ledger(session).problems == []


def test_an_order_that_costs_nothing_is_settled_by_its_confirmation(
    session: Session, actors: People, noon: Noon
) -> None:
    free = add_order(session, total_minor=0)
    state = settling.settle_if_paid(
        session, free.number, by=actors["zhao"], at=noon(CONFIRMED_ON), today=CONFIRMED_ON
    )
    assert (state, len(terms(session))) == (OrderState.FULFILLED, 1)
    assert check_ledger(session).problems == []


def test_an_unpaid_order_is_not_settled_by_asking(
    session: Session, order: Order, actors: People, noon: Noon
) -> None:
    state = settling.settle_if_paid(
        session, order.number, by=actors["zhao"], at=noon(CONFIRMED_ON), today=CONFIRMED_ON
    )
    assert (state, terms(session)) == (OrderState.CONFIRMED, [])


def test_a_paid_service_waits_to_be_done_and_gives_no_term(session: Session, pay: Pay) -> None:
    service = add_order(session, kind=OrderKind.SERVICE)
    assert pay(service, 365000).order_state is OrderState.PAID
    assert terms(session) == []
    assert check_ledger(session).problems == []


def test_money_cannot_come_from_the_future(order: Order, pay: Pay, noon: Noon) -> None:
    with pytest.raises(Invalid, match="in the future"):
        pay(order, 365000, received_at=noon(date(2026, 3, 3)))


def test_receipts_are_numbered_without_gap_and_anew_each_year(
    session: Session, order: Order, pay: Pay
) -> None:
    numbers = [
        pay(order, 100, on=date(2025, 12, 31)).receipt,
        pay(order, 101, on=date(2025, 12, 31)).receipt,
        pay(order, 102, on=date(2026, 1, 1)).receipt,
    ]
    assert numbers == ["RC-2025-000001", "RC-2025-000002", "RC-2026-000001"]


def test_a_number_that_was_never_given_is_not_found(session: Session, void: Void) -> None:
    with pytest.raises(NotFound, match="no payment has this number"):
        queries.find_payment(session, "P-000009")
    with pytest.raises(NotFound, match="no receipt has this number"):
        queries.show_receipt(session, "RC-2026-000009")


def test_lists_of_payments_are_narrowed_by_every_condition(
    session: Session, order: Order, pay: Pay
) -> None:
    other = add_order(session)
    pay(order, 100000)
    pay(other, 100000, method=Method.BANK, reference="B1")
    found = queries.list_payments(session, order=other.number.lower())
    assert [line.number for line in found.rows] == ["P-000002"]
    assert queries.list_payments(session, method=Method.CASH).total == 1
    assert queries.list_payments(session, member_id=order.member_id).total == 1
    assert queries.list_payments(session, state=PaymentState.VERIFIED).total == 0
    assert queries.list_receipts(session, member_id=order.member_id).total == 1


def test_no_message_holds_anything_personal(session: Session, order: Order, pay: Pay) -> None:
    pay(order, 365000, reference="TX1")
    stored = " ".join(f"{m.facts} {m.cause}" for m in session.scalars(select(OutboxMessage)))
    assert stored
    assert NAME not in stored and PHONE[3:] not in stored
