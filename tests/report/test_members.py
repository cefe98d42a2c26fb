"""Members and their standing over every slice. Source: rules T7, G2; bad inputs 22."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from memberctl.access.rules import MemberStatus
from memberctl.access.tables import Card, Term
from memberctl.core.actor import Actor
from memberctl.core.errors import NotFound
from memberctl.core.money import Money
from memberctl.ledger.operations import post_entry
from memberctl.ledger.rules import Account, Line
from memberctl.order.rules import OrderKind, OrderState
from memberctl.order.tables import Order
from memberctl.report.member_record import show_member
from memberctl.report.members import list_members
from memberctl.store.audit import append_notes, note
from tests.access.conftest import member_row
from tests.statements import statements_sent

TODAY = date(2026, 3, 2)
JANUARY = datetime(2026, 1, 1, 4, tzinfo=UTC)


def term_row(number: int, member_id: int, start: date, end: date, **facts: Any) -> Term:
    given: dict[str, Any] = {
        "plan_version_id": 1,
        "tier_version_id": 1,
        "product": "membership",
        "source": f"JN-{number}",
        "anchor_on": start,
        "granted_at": datetime.combine(start, datetime.min.time(), UTC),
    }
    return Term(id=number, member_id=member_id, start_on=start, end_on=end, **(given | facts))


def order_row(id_: int, member_id: int, state: OrderState, **facts: Any) -> Order:
    given: dict[str, Any] = {
        "number": f"JN-{id_}",
        "kind": OrderKind.JOIN,
        "plan_version_id": 1,
        "channel": "store",
        "total_minor": 365000,
        "currency": "CNY",
        "filed_at": JANUARY,
        "filed_by": 2,
    }
    return Order(id=id_, member_id=member_id, state=state, **(given | facts))


@pytest.fixture
def crowd(session: Session) -> dict[int, MemberStatus]:
    """One member for each status that can be, and the status each of them has."""
    session.add_all([member_row(number, JANUARY) for number in range(1, 9)])
    session.flush()
    ago, ahead = (lambda n: TODAY - timedelta(n)), (lambda n: TODAY + timedelta(n))
    session.add_all(
        [
            order_row(2, 2, OrderState.CONFIRMED, confirmed_on=ago(1), payment_due_on=ahead(4)),
            order_row(8, 8, OrderState.FORFEITED, confirmed_on=ago(9), payment_due_on=ago(2)),
            term_row(3, 3, ahead(30), ahead(60), granted_at=JANUARY),
            term_row(4, 4, ago(30), ahead(30)),
            term_row(5, 5, ago(60), ago(30)),
            term_row(6, 6, ago(90), ago(31)),
            term_row(7, 7, ago(30), ahead(30), voided_at=datetime(2026, 2, 20, tzinfo=UTC)),
        ]
    )
    session.flush()
    return {
        1: MemberStatus.APPLICANT,
        2: MemberStatus.PENDING_PAYMENT,
        3: MemberStatus.FUTURE,
        4: MemberStatus.ACTIVE,
        5: MemberStatus.GRACE,
        6: MemberStatus.LAPSED,
        7: MemberStatus.CANCELLED,
        8: MemberStatus.APPLICANT,
    }


def test_each_member_is_shown_with_the_status_that_the_facts_give(
    session: Session, crowd: dict[int, MemberStatus]
) -> None:
    listed = list_members(session, today=TODAY, limit=None)
    assert [line.status for line in listed.rows] == list(crowd.values())


@pytest.mark.parametrize("status", MemberStatus)
def test_filtering_by_status_finds_exactly_those_whom_the_full_list_shows_with_it(
    session: Session, crowd: dict[int, MemberStatus], status: MemberStatus
) -> None:
    for day in (TODAY, TODAY - timedelta(25), TODAY + timedelta(45)):
        everyone = list_members(session, today=day, limit=None).rows
        expected = [line for line in everyone if line.status is status]
        found = list_members(session, today=day, limit=None, status=status)
        assert found.rows == expected
        assert found.total == len(expected)


def test_a_limit_cuts_rows_but_not_the_total(
    session: Session, crowd: dict[int, MemberStatus]
) -> None:
    applicants = list_members(session, today=TODAY, limit=1, status=MemberStatus.APPLICANT)
    assert ([line.number for line in applicants.rows], applicants.total) == (["M-000001"], 2)
    assert list_members(session, today=TODAY, limit=3).total == 8


def test_a_page_costs_the_same_statements_however_long_it_is(
    session: Session, crowd: dict[int, MemberStatus]
) -> None:
    with statements_sent() as few:
        list_members(session, today=TODAY, limit=None, branch_id=1)
    session.add_all([member_row(number, JANUARY) for number in range(100, 400)])
    session.flush()
    with statements_sent() as many:
        list_members(session, today=TODAY, limit=None, branch_id=1)
    assert 0 < len(few) == len(many)


def test_a_name_is_found_by_any_part_and_percent_and_underscore_mean_themselves(
    session: Session,
) -> None:
    session.add_all(
        [
            member_row(1, JANUARY, name="ÉMILE 100%", name_key="émile 100%"),
            member_row(2, JANUARY, name="Emil_e", name_key="emil_e"),
            member_row(3, JANUARY),
        ]
    )
    session.flush()

    def found(name: str) -> list[str]:
        return [line.name for line in list_members(session, today=TODAY, limit=9, name=name).rows]

    assert found("e\u0301mile") == ["ÉMILE 100%"]
    assert found("%") == ["ÉMILE 100%"]
    assert found("_") == ["Emil_e"]
    assert found("会员") == ["会员3"]


def test_branch_and_channel_narrow_the_list(session: Session) -> None:
    session.add_all(
        [
            member_row(1, JANUARY),
            member_row(2, JANUARY, branch_id=2),
            member_row(3, JANUARY, branch_id=None, channel="web"),
        ]
    )
    session.flush()
    by_branch = list_members(session, today=TODAY, limit=None, branch_id=2).rows
    by_channel = list_members(session, today=TODAY, limit=None, channel="web").rows
    assert [line.number for line in by_branch] == ["M-000002"]
    assert [(line.number, line.branch) for line in by_channel] == [("M-000003", None)]


def test_phone_and_email_are_masked(session: Session) -> None:
    session.add(member_row(1, JANUARY, phone="+8613800138000", email="zhang@example.com"))
    session.flush()
    (line,) = list_members(session, today=TODAY, limit=None).rows
    assert (str(line.phone), str(line.email)) == ("138****8000", "z***@example.com")
    assert "13800138000" not in repr(line)


def test_nobody_is_shown_before_they_registered(session: Session) -> None:
    session.add(member_row(1, JANUARY))
    session.flush()
    assert list_members(session, today=date(2025, 12, 31), limit=None).total == 0
    with pytest.raises(NotFound):
        show_member(session, 1, today=date(2025, 12, 31))


def test_an_order_that_was_withdrawn_was_waiting_until_then(
    session: Session, actors: dict[str, Actor], noon: Callable[[date], datetime]
) -> None:
    session.add(member_row(1, JANUARY))
    session.flush()
    session.add(
        order_row(1, 1, OrderState.WITHDRAWN, confirmed_on=date(2026, 2, 2), payment_due_on=TODAY)
    )
    note(session, "order.withdrawn", "JN-1", by=actors["li"], at=noon(date(2026, 2, 5)))
    append_notes(session)
    found = [
        list_members(session, today=date(2026, 2, day), limit=None).rows[0].status
        for day in (1, 2, 4, 5)
    ]
    assert found == ["applicant", "pending_payment", "pending_payment", "applicant"]


def test_one_member_is_shown_with_terms_cards_orders_balance_and_history(
    session: Session, actors: dict[str, Actor], noon: Callable[[date], datetime]
) -> None:
    session.add(member_row(1, JANUARY))
    session.flush()
    session.add_all(
        [
            order_row(1, 1, OrderState.FULFILLED, confirmed_on=date(2026, 1, 5)),
            term_row(1, 1, date(2026, 1, 6), date(2027, 1, 5)),
            Card(
                id=1, number="86000100001236", member_id=1, kind="membership", state="active",
                handover="counter", issued_at=JANUARY, issued_by=6,
            ),
        ]
    )  # fmt: skip
    session.flush()
    lines = [Line(Account.WECHAT, 20000), Line(Account.MEMBER_CREDIT, -20000, "M-000001")]
    post_entry(session, "payment", "P-1", lines, currency="CNY", value_on=TODAY, at=noon(TODAY))
    note(session, "order.filed", "JN-1", by=actors["li"], at=noon(date(2026, 1, 4)))
    note(session, "card.issued", "86000100001236", by=actors["sun"], at=noon(TODAY))
    append_notes(session)

    shown = show_member(session, 1, today=TODAY)

    assert (shown.status, shown.member_since) == (MemberStatus.ACTIVE, date(2026, 1, 6))
    assert [(term.plan, term.status) for term in shown.terms] == [("YEAR", "active")]
    assert [card.number for card in shown.cards] == ["86000100001236"]
    assert [(order.number, order.plan) for order in shown.orders] == [("JN-1", "YEAR")]
    assert shown.balance == Money(20000, "CNY")
    assert [line.event for line in shown.history] == ["card.issued", "order.filed"]
    before = show_member(session, 1, today=TODAY - timedelta(1))
    assert before.balance == Money(0, "CNY")
    assert [line.event for line in before.history] == ["order.filed"]
