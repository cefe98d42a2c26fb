"""Orders, quotes and what ends them, on both engines."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlmodel import Session, select

from memberctl.access.tables import Term
from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, NotFound, NotPermitted, RuleRefused
from memberctl.core.money import Money
from memberctl.core.numbering import check_character, order_number
from memberctl.ledger.queries import balance, booked_minor
from memberctl.ledger.rules import Account
from memberctl.message.rules import Purpose
from memberctl.message.tables import OutboxMessage
from memberctl.office.calendar_queries import work_calendar
from memberctl.order import confirming, queries, quote_queries
from memberctl.order.operations import file_orders
from memberctl.order.pricing import PricedLine
from memberctl.order.results import Filed, FilingRefused, OrderFiled
from memberctl.order.rules import Filing, OrderKind, OrderState, QuoteState
from memberctl.order.tables import Consent, Order, OrderHand, OrderLine
from tests.order.ground import MONDAY, Actors, Noon, a_filing, a_member, confirmed, file
from tests.statements import statements_sent


def file_all(
    session: Session, filings: list[Filing], by: Actor, at: datetime
) -> list[OrderFiled | FilingRefused]:
    return file_orders(
        session, filings, by=by, at=at, today=MONDAY, currency="CNY",
        calendar=work_calendar(session),
    )  # fmt: skip


def renewable(session: Session, member: int, at: datetime) -> None:
    """Give the member a term that ends within the renewal window."""
    session.add(
        Term(
            id=900, member_id=member, plan_version_id=1, tier_version_id=1, product="membership",
            source="earlier", start_on=date(2025, 4, 1), end_on=date(2026, 3, 31),
            anchor_on=date(2025, 4, 1), granted_at=at,
        )
    )  # fmt: skip
    session.flush()


def test_an_application_is_written_with_lines_consent_maker_and_deadline(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    filed = file(session, a_filing(session, member), by=actors["sun"], at=noon(MONDAY))
    order = queries.find_order(session, filed.number)
    assert (order.state, order.stage) == (OrderState.SUBMITTED, "initial")
    # Received on Monday, five working days: due next Monday.
    assert (order.received_on, order.due_on) == (MONDAY, date(2026, 3, 9))
    assert queries.order_lines(session, order.id) == (PricedLine("年卡", 1, 365000),)
    assert session.exec(select(Consent)).one().agreed_on == MONDAY
    hand = session.exec(select(OrderHand)).one()
    assert (hand.staff_id, hand.part) == (actors["sun"].staff_id, "filing")


def test_order_numbers_carry_kind_year_and_check_character_and_are_found_as_typed(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    filed = file(session, a_filing(session, member), by=actors["sun"], at=noon(MONDAY))
    prefix, year, body = filed.number.split("-")
    assert (prefix, year) == ("JN", "2026")
    assert check_character(prefix + year + body[:-1]) == body[-1]
    typed = f" {filed.number.lower().replace('-', ' ')} "
    assert queries.find_order(session, typed).id == filed.order_id
    with pytest.raises(NotFound):
        queries.find_order(session, order_number("JN", 2026, 999))


def test_a_filing_without_consent_is_returned_and_its_clock_does_not_run(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    asked = a_filing(session, member, agreed_on=None)
    filed = file(session, asked, by=actors["sun"], at=noon(MONDAY))
    order = queries.find_order(session, filed.number)
    assert (order.state, order.missing) == (OrderState.RETURNED, "agreement")
    assert order.received_on is None
    assert order.due_on is None


def test_the_review_clock_starts_when_the_material_is_complete(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    asked = a_filing(session, member, agreed_on=None)
    order = queries.find_order(
        session, file(session, asked, by=actors["sun"], at=noon(MONDAY)).number
    )
    wednesday = date(2026, 3, 4)

    def resubmit(agreed_on: date | None) -> None:
        confirming.resubmit_order(
            session, order, agreed_on=agreed_on, by=actors["sun"], at=noon(wednesday),
            today=wednesday, calendar=work_calendar(session),
        )  # fmt: skip

    with pytest.raises(RuleRefused, match="agreement"):
        resubmit(None)
    resubmit(wednesday)
    assert (order.state, order.stage) == (OrderState.SUBMITTED, "initial")
    assert (order.received_on, order.due_on) == (wednesday, date(2026, 3, 11))


def test_the_same_external_reference_files_one_order(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    asked = a_filing(session, member, source="web", external_ref="A1")
    first = file(session, asked, by=actors["sun"], at=noon(MONDAY))
    again = file(session, asked, by=actors["li"], at=noon(MONDAY))
    assert (again.outcome, again.number) == (Filed.UNCHANGED, first.number)
    assert len(session.exec(select(Order)).all()) == 1


def test_a_reference_that_returns_with_another_plan_is_a_conflict(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    asked = a_filing(session, member, source="web", external_ref="A1")
    file(session, asked, by=actors["sun"], at=noon(MONDAY))
    from memberctl.catalog.queries import find_plan_terms

    other = asked._replace(plan=find_plan_terms(session, "MONTH", MONDAY))
    with pytest.raises(Conflict):
        file(session, other, by=actors["sun"], at=noon(MONDAY))


def test_a_second_join_order_for_the_same_member_and_plan_is_the_first_one(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    first = file(session, a_filing(session, member), by=actors["sun"], at=noon(MONDAY))
    again = file(session, a_filing(session, member), by=actors["sun"], at=noon(MONDAY))
    assert (again.outcome, again.number) == (Filed.UNCHANGED, first.number)
    named = a_filing(session, member, source="web", external_ref="A1")
    assert file(session, named, by=actors["sun"], at=noon(MONDAY)).outcome is Filed.DUPLICATE


def test_after_a_withdrawal_the_member_may_apply_again(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    first = file(session, a_filing(session, member), by=actors["sun"], at=noon(MONDAY))
    confirming.withdraw_order(
        session, first.number, reason="moved", seen=1, by=actors["sun"], at=noon(MONDAY),
        today=MONDAY,
    )  # fmt: skip
    again = file(session, a_filing(session, member), by=actors["sun"], at=noon(MONDAY))
    assert again.outcome is Filed.CREATED
    assert again.number != first.number


def test_a_batch_tells_each_filing_what_became_of_it_and_knows_its_own_repeats(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    own = a_member(session, name="李四", phone="+8613900139000", staff_id=6, at=noon(MONDAY))
    web = {"source": "web"}
    filings = [
        a_filing(session, member, **web, external_ref="A1"),
        a_filing(session, own),
        a_filing(session, member, **web, external_ref="A1"),
        a_filing(session, member, **web, external_ref="A2"),
        a_filing(session, member, plan=None, agreed_on=None, kind=OrderKind.SERVICE,
                 lines=(PricedLine("拳击课", 2, 15000),)),
    ]  # fmt: skip
    answers = file_all(session, filings, actors["sun"], noon(MONDAY))
    first, refused, again, other, service = answers
    assert isinstance(refused, FilingRefused)
    assert isinstance(refused.problem, NotPermitted)
    assert isinstance(first, OrderFiled)
    assert isinstance(again, OrderFiled)
    assert isinstance(other, OrderFiled)
    assert isinstance(service, OrderFiled)
    assert [first.outcome, again.outcome, other.outcome] == [
        Filed.CREATED, Filed.UNCHANGED, Filed.DUPLICATE,
    ]  # fmt: skip
    assert first.number == again.number == other.number
    assert service.number.startswith("SV-")
    assert len(session.exec(select(Order)).all()) == 2


def test_filing_fifty_orders_takes_as_many_statements_as_filing_one(
    session: Session, actors: Actors, noon: Noon
) -> None:
    members = [
        a_member(session, name=f"会员{n}", phone=f"+86138{n:08}", at=noon(MONDAY))
        for n in range(51)
    ]
    filings = [a_filing(session, member) for member in members]
    with statements_sent() as one:
        file_all(session, filings[:1], actors["sun"], noon(MONDAY))
    with statements_sent() as fifty:
        file_all(session, filings[1:], actors["sun"], noon(MONDAY))
    assert 0 < len(one) == len(fifty)


def test_an_order_total_is_the_sum_of_its_lines_at_the_members_tier(
    session: Session, actors: Actors, noon: Noon
) -> None:
    silver = a_member(session, tier=2, at=noon(MONDAY))
    filed = file(session, a_filing(session, silver), by=actors["sun"], at=noon(MONDAY))
    assert filed.total == Money(346750, "CNY")
    lines = session.exec(select(OrderLine)).all()
    assert sum(line.amount_minor for line in lines) == 346750


def test_a_renewal_is_confirmed_at_once_with_an_accepted_quote_and_the_fee_booked(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    renewable(session, member, noon(MONDAY))
    asked = a_filing(session, member, kind=OrderKind.RENEWAL)
    filed = file(session, asked, by=actors["sun"], at=noon(MONDAY))
    assert filed.number.startswith("RN-2026-")
    # O8: confirmed on 2026-03-02, five working days to pay.
    assert (filed.state, filed.due_on) == (OrderState.CONFIRMED, date(2026, 3, 9))
    quote = quote_queries.current_quote(session, filed.order_id)
    assert quote is not None
    assert quote.state is QuoteState.ACCEPTED
    assert booked_minor(session, filed.number) == 365000
    purposes = session.exec(select(OutboxMessage.purpose)).all()
    assert purposes == [Purpose.ORDER_CONFIRMED]


def test_two_early_renewals_are_two_orders(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    renewable(session, member, noon(MONDAY))
    asked = a_filing(session, member, kind=OrderKind.RENEWAL)
    numbers = {file(session, asked, by=actors["sun"], at=noon(MONDAY)).number for _ in range(2)}
    assert len(numbers) == 2


def test_an_unpaid_order_is_forfeited_on_the_day_after_the_deadline_and_not_before(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    order = confirmed(session, member, actors["li"], noon(MONDAY))
    assert order.payment_due_on == date(2026, 3, 9)

    def forfeit(day: int) -> None:
        today = date(2026, 3, day)
        confirming.forfeit_orders(
            session, [order.number], by=actors["zhao"], at=noon(today), today=today
        )

    with pytest.raises(RuleRefused, match="until 2026-03-09"):
        forfeit(9)
    forfeit(10)
    assert order.state is OrderState.FORFEITED
    assert booked_minor(session, order.number) == 0
    assert balance(session, Account.RECEIVABLE, order.number) == 0
    quote = quote_queries.current_quote(session, order.id)
    assert quote is not None
    assert quote.state is QuoteState.LOST
    assert Purpose.ORDER_FORFEITED in session.exec(select(OutboxMessage.purpose)).all()


def test_ending_an_order_that_changed_since_it_was_read_is_a_conflict(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    order = confirmed(session, member, actors["li"], noon(MONDAY))
    for end in (confirming.withdraw_order, confirming.void_order):
        with pytest.raises(Conflict, match="v1, now v2"):
            end(
                session, order.number, reason="x", seen=1, by=actors["zhao"], at=noon(MONDAY),
                today=MONDAY,
            )  # fmt: skip


def test_an_order_is_ended_once(session: Session, actors: Actors, noon: Noon, member: int) -> None:
    order = confirmed(session, member, actors["li"], noon(MONDAY))

    def void() -> None:
        confirming.void_order(
            session, order.number, reason="twice", seen=None, by=actors["zhao"], at=noon(MONDAY),
            today=MONDAY,
        )  # fmt: skip

    void()
    assert (order.state, order.stage) == (OrderState.VOIDED, None)
    with pytest.raises(RuleRefused, match="it is voided"):
        void()
