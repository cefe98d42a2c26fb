"""Verifying and voiding payments, on both engines. Source: rules M2, O2; mission S0.9."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from sqlmodel import Session, select

from memberctl.access.rules import CardKind, CardState, Handover
from memberctl.access.tables import Card, Term
from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, Invalid, NotPermitted, RuleRefused
from memberctl.ledger.operations import book_cancelled
from memberctl.ledger.queries import balance
from memberctl.ledger.rules import Account
from memberctl.message.tables import OutboxMessage
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.payment import operations, queries
from memberctl.payment.checking import check_ledger
from memberctl.payment.results import PaymentRecorded, PaymentVoided
from memberctl.payment.rules import Method
from tests.payment.ground import CONFIRMED_ON, DUE_ON, add_member, add_order

Noon = Callable[[date], datetime]
People = dict[str, Actor]
Pay = Callable[..., PaymentRecorded]
Void = Callable[..., PaymentVoided]


def terms(session: Session) -> list[Term]:
    return list(session.scalars(select(Term)))


def test_a_voided_payment_is_no_duplicate_and_frees_its_reference(
    session: Session, order: Order, pay: Pay, void: Void
) -> None:
    wrong = pay(add_order(session), 365000, method=Method.WECHAT, reference="TX1")
    void(wrong)
    right = pay(order, 365000, method=Method.WECHAT, reference="TX1", on=date(2026, 3, 3))
    assert (right.already, right.order_state) == (False, OrderState.FULFILLED)
    assert check_ledger(session).problems == []


def test_finance_verifies_what_somebody_else_recorded_once(
    session: Session, order: Order, pay: Pay, actors: People, noon: Noon
) -> None:
    pay(order, 365000)
    at = noon(CONFIRMED_ON)
    done = operations.verify_payment(session, "p1", by=actors["qian"], at=at)
    assert (done.number, done.state, done.verified_by) == ("P-000001", "verified", "qian")
    with pytest.raises(RuleRefused, match="cannot verify payment P-000001: it is verified"):
        operations.verify_payment(session, "P-000001", by=actors["feng"], at=at)


def test_who_recorded_a_payment_does_not_verify_it(
    session: Session, order: Order, pay: Pay, actors: People, noon: Noon
) -> None:
    pay(order, 365000)
    with pytest.raises(NotPermitted, match="sun recorded payment"):
        operations.verify_payment(session, "P-000001", by=actors["sun"], at=noon(CONFIRMED_ON))


def test_nobody_verifies_a_payment_for_their_own_membership(
    session: Session, pay: Pay, actors: People, noon: Noon
) -> None:
    own = add_member(session, staff_id=actors["qian"].staff_id)
    pay(add_order(session, member=own), 365000)
    with pytest.raises(NotPermitted, match="is for qian"):
        operations.verify_payment(session, "P-000001", by=actors["qian"], at=noon(CONFIRMED_ON))


def test_a_payment_that_changed_since_it_was_looked_at_is_not_touched(
    session: Session, order: Order, pay: Pay, void: Void, actors: People, noon: Noon
) -> None:
    paid = pay(order, 365000)
    operations.verify_payment(
        session, paid.number, by=actors["qian"], at=noon(CONFIRMED_ON), seen=1
    )
    with pytest.raises(Conflict, match=r"changed since you read it \(v1, now v2\)"):
        void(paid, seen=1)


def test_a_void_takes_back_all_that_the_payment_caused_and_keeps_its_numbers(
    session: Session, order: Order, pay: Pay, void: Void, noon: Noon
) -> None:
    paid = pay(order, 385000)
    session.add(
        Card(
            id=1, number="86000100001236", member_id=order.member_id, kind=CardKind.MEMBERSHIP,
            state=CardState.ACTIVE, handover=Handover.COUNTER, issued_at=noon(CONFIRMED_ON),
            issued_by=2,
        )
    )  # fmt: skip
    session.flush()

    voided = void(paid)
    assert (voided.order_state, voided.open.amount) == (OrderState.CONFIRMED, "3650.00")
    assert (voided.terms, voided.cards) == (1, 1)
    assert terms(session)[0].voided_at is not None
    assert session.get_one(Card, 1).state is CardState.BLOCKED
    assert balance(session, Account.CASH) == balance(session, Account.MEMBER_CREDIT) == 0
    shown = queries.show_payment(session, paid.number)
    assert (shown.state, shown.voided_by, shown.receipt) == ("voided", "qian", paid.receipt)
    receipt, _ = queries.show_receipt(session, paid.receipt)
    assert receipt.state == "voided"
    states = {each.state.value for each in session.scalars(select(OutboxMessage))}
    assert states == {"suppressed"}, "nobody is told of what was undone"
    assert check_ledger(session).problems == []


def test_a_void_of_a_part_payment_only_opens_it_again(
    session: Session, order: Order, pay: Pay, void: Void
) -> None:
    voided = void(pay(order, 100000))
    assert (voided.order_state, voided.terms) == (OrderState.CONFIRMED, 0)
    assert voided.open.amount == "3650.00"
    assert check_ledger(session).problems == []


def test_a_void_of_credit_money_leaves_the_settled_order_alone(
    session: Session, order: Order, pay: Pay, void: Void
) -> None:
    pay(order, 365000)
    voided = void(pay(order, 100000))
    assert (voided.order_state, voided.terms) == (OrderState.FULFILLED, 0)
    assert terms(session)[0].voided_at is None
    assert check_ledger(session).problems == []


def test_a_void_for_a_forfeited_order_takes_the_credit_back(
    session: Session, order: Order, pay: Pay, void: Void, noon: Noon
) -> None:
    paid = pay(order, 100000)
    order.state = OrderState.FORFEITED
    book_cancelled(
        session, order.number, "M-000001", currency="CNY", value_on=DUE_ON, at=noon(DUE_ON)
    )
    assert void(paid).order_state is OrderState.FORFEITED
    assert queries.list_credits(session).rows == []
    assert check_ledger(session).problems == []


def test_a_payment_is_voided_once_and_with_a_reason(
    session: Session, order: Order, pay: Pay, void: Void
) -> None:
    paid = pay(order, 365000)
    with pytest.raises(Invalid, match="reason is empty"):
        void(paid, reason=" ")
    void(paid)
    with pytest.raises(RuleRefused, match="cannot void payment P-000001: it is voided"):
        void(paid)


def test_a_second_payment_after_a_void_welcomes_the_member_again(
    session: Session, order: Order, pay: Pay, void: Void
) -> None:
    void(pay(order, 365000))
    pay(order, 365000, on=date(2026, 3, 4))
    welcomes = {
        each.cause: each.state.value
        for each in session.scalars(select(OutboxMessage))
        if each.purpose == "welcome"
    }
    assert welcomes == {"P-000001": "suppressed", "P-000002": "queued"}
    assert [term.start_on for term in terms(session) if term.voided_at is None] == [
        date(2026, 3, 4)
    ]


def test_a_preview_of_a_void_counts_what_would_end(
    session: Session, order: Order, pay: Pay
) -> None:
    paid = pay(order, 365000)
    effects = queries.void_effects(session, paid.number)
    assert (effects.terms, effects.cards, effects.version) == (1, 0, 1)
    assert (effects.order_state, effects.receipt) == (OrderState.FULFILLED, paid.receipt)
