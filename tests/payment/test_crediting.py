"""A member's credit pays the oldest debt first, is paid out by three people, or given up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from memberctl.core.errors import Invalid, NotPermitted, RuleRefused
from memberctl.ledger import queries as ledger
from memberctl.ledger.rules import Account
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.payment import crediting
from memberctl.payment.checking import check_ledger
from memberctl.payment.credit_queries import credit_account
from memberctl.payment.credit_rules import CreditApplied, CreditRequested, RequestState
from memberctl.payment.operations import void_payment
from memberctl.payment.queries import live_terms, owing
from memberctl.payment.results import PaymentRecorded
from memberctl.payment.rules import Method, PaymentState
from memberctl.payment.tables import Payment
from tests.payment.conftest import Noon, People
from tests.payment.ground import CONFIRMED_ON, add_member, add_order

NEXT = CONFIRMED_ON + timedelta(days=1)


@pytest.fixture
def rich(session: Session, order: Order, pay: Callable[..., PaymentRecorded]) -> int:
    """A member with a credit of 200.00 and nothing open."""
    pay(order, 385000)
    return order.member_id


@pytest.fixture
def apply(session: Session, actors: People, noon: Noon) -> Callable[..., CreditApplied]:
    def use(member_id: int, *, on: date = NEXT, **more: Any) -> CreditApplied:
        return crediting.apply_credit(
            session, member_id, by=actors["sun"], at=noon(on), today=on, currency="CNY", **more
        )

    return use


@pytest.fixture
def ask(session: Session, actors: People, noon: Noon) -> Callable[..., CreditRequested]:
    def request(member_id: int, amount: int | None = None, **more: Any) -> CreditRequested:
        given = {"method": Method.CASH, "reason": "moved away"} | more
        return crediting.request_payout(
            session, member_id, amount_minor=amount, by=actors["sun"], at=noon(NEXT), today=NEXT,
            currency="CNY", **given,
        )  # fmt: skip

    return request


def another(session: Session, member_id: int, total: int) -> Order:
    from memberctl.member.tables import Member

    member = session.get_one(Member, member_id)
    return add_order(session, member=member, total_minor=total, plan_version_id=3)


def test_m4_what_is_over_pays_the_oldest_open_order_and_shows_on_both(
    session: Session, rich: int, apply: Callable[..., CreditApplied]
) -> None:
    first, second = another(session, rich, 15000), another(session, rich, 15000)
    done = apply(rich)
    assert [(part.order, part.amount.minor) for part in done.parts] == [
        (first.number, 15000), (second.number, 5000),
    ]  # fmt: skip
    assert (done.applied.minor, done.left.minor) == (20000, 0)
    assert first.state is OrderState.FULFILLED
    assert live_terms(session, first.number) == 1
    assert (second.state, owing(session, second).open_minor) == (OrderState.CONFIRMED, 10000)
    events = credit_account(session, f"M-{rich:06d}", today=NEXT, currency="CNY").movements
    assert [(each.event, each.amount.minor) for each in events] == [
        ("payment.recorded", -5000), ("payment.recorded", -15000), ("payment.recorded", 20000),
    ]  # fmt: skip
    assert check_ledger(session).problems == []


def test_credit_pays_as_money_does_but_needs_no_verification(
    session: Session, rich: int, apply: Callable[..., CreditApplied]
) -> None:
    another(session, rich, 15000)
    (part,) = apply(rich).parts
    payment = session.get_one(Payment, int(part.payment[2:]))
    assert (payment.method, payment.state) == (Method.MEMBER_CREDIT, PaymentState.VERIFIED)
    assert part.receipt == "RC-2026-000002"


def test_no_more_than_asked_is_applied_and_no_more_than_there_is(
    session: Session, rich: int, apply: Callable[..., CreditApplied]
) -> None:
    order = another(session, rich, 15000)
    assert apply(rich, amount_minor=100, order_text=order.number).left.minor == 19900
    with pytest.raises(RuleRefused, match="no more"):
        apply(rich, amount_minor=19901)


def test_late_credit_activates_nothing(
    session: Session, rich: int, apply: Callable[..., CreditApplied]
) -> None:
    order = another(session, rich, 15000)
    with pytest.raises(RuleRefused, match="late money"):
        apply(rich, on=date(2026, 3, 10), order_text=order.number)
    with pytest.raises(RuleRefused, match="owes nothing that credit could pay"):
        apply(rich, on=date(2026, 3, 10))


def test_credit_of_nobody_and_for_somebody_elses_order_is_refused(
    session: Session, rich: int, apply: Callable[..., CreditApplied]
) -> None:
    with pytest.raises(RuleRefused, match="has no credit"):
        apply(add_member(session).id)
    with pytest.raises(RuleRefused, match="another member's"):
        apply(rich, order_text=add_order(session).number)


def test_a_voided_use_of_credit_is_credit_again(
    session: Session, rich: int, apply: Callable[..., CreditApplied], actors: People, noon: Noon
) -> None:
    order = another(session, rich, 15000)
    (part,) = apply(rich).parts
    void_payment(
        session, part.payment, reason="wrong order", by=actors["qian"], at=noon(NEXT), today=NEXT
    )
    assert (order.state, live_terms(session, order.number)) == (OrderState.CONFIRMED, 0)
    assert -ledger.balance(session, Account.MEMBER_CREDIT, f"M-{rich:06d}") == 20000
    assert check_ledger(session).problems == []


def test_a_payment_whose_credit_is_spent_cannot_be_voided(
    session: Session, rich: int, apply: Callable[..., CreditApplied], actors: People, noon: Noon
) -> None:
    another(session, rich, 15000)
    apply(rich)
    with pytest.raises(RuleRefused, match="is spent: undo that first"):
        void_payment(
            session, "P-000001", reason="wrong", by=actors["qian"], at=noon(NEXT), today=NEXT
        )


def test_a_payout_takes_three_people_and_happens_once(
    session: Session, rich: int, ask: Callable[..., CreditRequested], actors: People, noon: Noon
) -> None:
    asked = ask(rich, 5000)
    assert (asked.number, asked.left.minor) == ("CP-000001", 15000)
    when = {"at": noon(NEXT), "today": NEXT}
    with pytest.raises(NotPermitted, match="asked for CP-000001"):
        crediting.decide_request(session, "CP-000001", approve=True, by=actors["sun"], **when)
    with pytest.raises(RuleRefused, match="it is requested"):
        crediting.pay_request(session, "CP-000001", by=actors["feng"], **when)
    crediting.decide_request(session, "CP-000001", approve=True, by=actors["qian"], **when)
    with pytest.raises(NotPermitted, match="approved CP-000001"):
        crediting.pay_request(session, "CP-000001", by=actors["qian"], **when)
    paid = crediting.pay_request(session, "CP-000001", by=actors["feng"], **when)
    assert paid.state is RequestState.PAID
    with pytest.raises(RuleRefused):
        crediting.pay_request(session, "CP-000001", by=actors["feng"], **when)
    assert ledger.balance(session, Account.CASH) == 385000 - 5000
    assert ledger.balance(session, Account.PAYOUTS_DUE) == 0
    assert check_ledger(session).problems == []


def test_what_is_set_aside_cannot_be_used_and_comes_back_when_refused(
    session: Session, rich: int, ask: Callable[..., CreditRequested],
    apply: Callable[..., CreditApplied], actors: People, noon: Noon,
) -> None:  # fmt: skip
    another(session, rich, 15000)
    ask(rich)
    assert check_ledger(session).problems == []
    with pytest.raises(RuleRefused, match="has no credit"):
        apply(rich)
    crediting.decide_request(
        session, "CP-000001", approve=False, reason="other name", by=actors["qian"],
        at=noon(NEXT), today=NEXT,
    )  # fmt: skip
    assert apply(rich).applied.minor == 15000
    assert check_ledger(session).problems == []


def test_a_credit_that_lay_still_for_years_becomes_income_when_another_agrees(
    session: Session, rich: int, actors: People, noon: Noon
) -> None:
    def give_up(on: date) -> CreditRequested:
        return crediting.request_giving_up(
            session, rich, reason="not reached", by=actors["sun"], at=noon(on), today=on,
            currency="CNY",
        )  # fmt: skip

    with pytest.raises(RuleRefused, match="stale after 1095 days"):
        give_up(CONFIRMED_ON + timedelta(days=1095))
    later = CONFIRMED_ON + timedelta(days=1096)
    give_up(later)
    done = crediting.decide_request(
        session, "CP-000001", approve=True, by=actors["qian"], at=noon(later), today=later
    )
    assert done.state is RequestState.APPROVED
    assert ledger.balance(session, Account.CREDIT_INCOME) == -20000
    assert check_ledger(session).problems == []
    with pytest.raises(RuleRefused, match="nothing is paid"):
        crediting.pay_request(session, "CP-000001", by=actors["feng"], at=noon(later), today=later)
    with pytest.raises(RuleRefused, match="its credit is income since then"):
        crediting.decide_request(
            session, "CP-000001", approve=False, by=actors["zhao"], at=noon(later), today=later
        )


def test_credit_is_neither_recorded_as_money_nor_paid_out_as_credit(
    order: Order, rich: int, pay: Callable[..., PaymentRecorded],
    ask: Callable[..., CreditRequested],
) -> None:  # fmt: skip
    with pytest.raises(Invalid, match="no money that comes in"):
        pay(order, 100, method=Method.MEMBER_CREDIT)
    with pytest.raises(Invalid, match="paid out in money"):
        ask(rich, method=Method.MEMBER_CREDIT)
