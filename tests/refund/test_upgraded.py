"""What was upgraded is refunded with the upgrade, out of both payments. Source: rules M8, M11."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlmodel import Session, select

from memberctl.access.changes import ChangeKind
from memberctl.access.ending import change_term
from memberctl.access.tables import Term
from memberctl.core.dates import Span
from memberctl.core.errors import RuleRefused
from memberctl.ledger.queries import booked_minor
from memberctl.member.tables import Member
from memberctl.order.rules import OrderKind
from memberctl.order.tables import Order, OrderLine
from memberctl.payment.operations import record_payment
from memberctl.payment.rules import Method, Tender
from memberctl.refund.checking import check_money
from memberctl.refund.operations import preview_refund, request_refund, review_refund
from memberctl.refund.paying import pay_refund
from memberctl.refund.rules import Asked, Payout, Verdict
from memberctl.store.counters import take_one
from tests.founding import actors
from tests.payment.ground import CONFIRMED_ON, add_order

PAID_AT, AT = datetime(2026, 3, 2, 4, tzinfo=UTC), datetime(2026, 7, 2, 4, tzinfo=UTC)
SWITCHED_ON, LAST = date(2026, 7, 2), date(2026, 12, 31)
ON = date(2026, 10, 1)


@pytest.fixture
def orders(session: Session) -> tuple[Order, Order]:
    """A year for 600.00 in cash, upgraded on 2026-07-02 to one of 1000.00 for 200.55 by WeChat.

    501.37 for 183 of 365 days, less 300.82 that were left of the old plan (rules M11).
    """
    old = add_order(session, total_minor=60_000)
    _pay(session, old, 60_000, Method.CASH)
    term = session.scalars(select(Term)).one()
    term.start_on, term.end_on = date(2026, 1, 1), LAST
    member = session.get_one(Member, old.member_id)
    new = add_order(session, member=member, kind=OrderKind.UPGRADE, total_minor=20_055)
    line = session.get_one(OrderLine, (new.id, 1))
    line.unit_minor = line.amount_minor = 50_137
    session.add(
        OrderLine(
            order_id=new.id, line=2, what="年卡", quantity=1,
            unit_minor=-30_082, amount_minor=-30_082,
        )
    )  # fmt: skip
    _pay(session, new, 20_055, Method.WECHAT)
    change_term(
        session, term, ChangeKind.SWITCHED, Span(term.start_on, date(2026, 7, 1)),
        source=new.number, reason="", by=actors()["sun"], at=AT,
    )  # fmt: skip
    _let_go_on(session, term, new)
    return old, new


def _pay(session: Session, order: Order, minor: int, method: Method) -> None:
    record_payment(
        session, Tender(order.number, minor, method),
        by=actors()["feng"], at=PAID_AT, today=CONFIRMED_ON, currency="CNY",
    )  # fmt: skip


def _let_go_on(session: Session, term: Term, order: Order) -> None:
    if session.scalars(select(Term).where(Term.source == order.number)).first() is None:
        session.add(
            Term(
                id=take_one(session, "term"), member_id=term.member_id, plan_version_id=1,
                tier_version_id=1, product=term.product, source=order.number,
                start_on=SWITCHED_ON, end_on=LAST, anchor_on=term.anchor_on, granted_at=AT,
            )
        )  # fmt: skip
    session.flush()


def test_the_old_order_is_refunded_with_the_new_one(
    session: Session, orders: tuple[Order, Order]
) -> None:
    old, new = orders
    with pytest.raises(RuleRefused, match=f"went into {new.number}"):
        preview_refund(session, old.number, on=ON, today=ON)


def test_the_value_of_the_rest_goes_back_to_both_payments(
    session: Session, orders: tuple[Order, Order]
) -> None:
    old, new = orders
    found = preview_refund(session, new.number, on=ON, today=ON)
    assert (found.paid.minor, found.used_days, found.term_days) == (50_137, 92, 183)
    assert found.amount.minor == 24_932, "501.37 x 91 of 183 days"
    assert [(part.method, part.amount.minor) for part in found.parts] == [
        (Method.WECHAT, 20_055), (Method.CASH, 4_877),
    ]  # fmt: skip

    asked = Asked(new.number, ON, "moved away")
    request_refund(session, asked, by=actors()["sun"], at=AT, today=ON)
    review_refund(session, "RF-1", Verdict.APPROVE, reason="", by=actors()["zhao"], at=AT)
    paid = pay_refund(session, Payout("RF-1"), by=actors()["qian"], at=AT, today=ON)
    assert [(each.was_on, each.end_on) for each in paid.terms] == [(LAST, ON)]
    assert (booked_minor(session, old.number), booked_minor(session, new.number)) == (55_123, 0)
    assert check_money(session).problems == []

    rest = preview_refund(session, new.number, on=ON, today=ON)
    assert (rest.amount.minor, rest.left.minor) == (0, 25_205)


def test_no_more_goes_back_to_the_old_payment_than_was_taken_over(
    session: Session, orders: tuple[Order, Order]
) -> None:
    _, new = orders
    asked = Asked(new.number, ON, "goodwill", 50_137)
    done = request_refund(session, asked, by=actors()["sun"], at=AT, today=ON)
    assert [(part.method, part.amount.minor) for part in done.parts] == [
        (Method.CASH, 30_082), (Method.WECHAT, 20_055),
    ]  # fmt: skip
    with pytest.raises(RuleRefused, match="nothing is left"):
        request_refund(session, asked, by=actors()["sun"], at=AT, today=ON)
