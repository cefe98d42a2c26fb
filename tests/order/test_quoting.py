"""Quotes: frozen, revised, accepted through their last day, expired."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import Session

from memberctl.core.errors import NotPermitted, RuleRefused
from memberctl.office.calendar_queries import work_calendar
from memberctl.order import confirming, queries, quote_queries, quoting
from memberctl.order.pricing import PricedLine
from memberctl.order.quoting import Revision
from memberctl.order.rules import OrderState, QuoteState
from tests.order.ground import MONDAY, Actors, Noon, a_member, quoted


def test_a_quote_freezes_price_plan_version_and_tier_version_and_is_sent(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    order, quote = quoted(session, member, actors["li"], noon(MONDAY))
    assert (quote.version, quote.state, quote.total_minor) == (1, QuoteState.SENT, 365000)
    assert (quote.plan_version_id, quote.tier_version_id) == (order.plan_version_id, 1)
    assert quote.valid_until == date(2026, 3, 16)
    assert quote_queries.quote_lines(session, quote.id) == queries.order_lines(session, order.id)


def test_a_revised_quote_supersedes_the_old_one_and_the_order_follows(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    order, old = quoted(session, member, actors["li"], noon(MONDAY))
    new = quoting.revise_quote(
        session, order, Revision(unit_minor=350000), by=actors["li"], at=noon(MONDAY), today=MONDAY
    )
    assert (old.state, new.state, new.version) == (QuoteState.SUPERSEDED, QuoteState.SENT, 2)
    assert order.total_minor == new.total_minor == 350000
    assert old.content_sha256 != new.content_sha256
    assert queries.order_lines(session, order.id) == (PricedLine("年卡", 1, 350000),)


def test_the_same_offer_with_a_new_last_day_has_the_same_content(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    order, old = quoted(session, member, actors["li"], noon(MONDAY))
    later = date(2026, 3, 20)
    quoting.expire_quotes(session, today=later, by=actors["zhao"], at=noon(later))
    new = quoting.revise_quote(
        session, order, Revision(), by=actors["li"], at=noon(later), today=later
    )
    assert old.state is QuoteState.SUPERSEDED
    assert (new.content_sha256, new.valid_until) == (old.content_sha256, date(2026, 4, 3))


@pytest.mark.parametrize(("day", "accepted"), [(16, True), (17, False)])
def test_a_quote_is_accepted_through_its_last_day_and_not_a_day_late(
    session: Session, actors: Actors, noon: Noon, member: int, day: int, accepted: bool
) -> None:
    order, quote = quoted(session, member, actors["li"], noon(MONDAY))
    today = date(2026, 3, day)

    def accept(honoured_by: str | None = None) -> None:
        quoting.accept_quote(
            session, order.number, by=actors["li"], at=noon(today), today=today,
            honoured_by=honoured_by,
        )  # fmt: skip

    if accepted:
        accept()
    else:
        with pytest.raises(RuleRefused, match="valid until 2026-03-16"):
            accept()
        with pytest.raises(NotPermitted):
            accept("wang")
        accept("zhao")
    assert quote.state is QuoteState.ACCEPTED


def test_expiry_touches_only_sent_quotes_whose_last_day_has_passed(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    other = a_member(session, name="李四", phone="+8613900139000", at=noon(MONDAY))
    sent, waiting = quoted(session, member, actors["li"], noon(MONDAY))
    agreed, taken = quoted(session, other, actors["li"], noon(MONDAY))
    quoting.accept_quote(session, agreed.number, by=actors["li"], at=noon(MONDAY), today=MONDAY)

    def expire(day: int) -> list[str]:
        today = date(2026, 3, day)
        return quoting.expire_quotes(session, today=today, by=actors["zhao"], at=noon(today))

    assert expire(16) == []
    assert expire(17) == [sent.number]
    assert expire(17) == []
    assert (waiting.state, taken.state) == (QuoteState.EXPIRED, QuoteState.ACCEPTED)


def test_an_expired_quote_refuses_the_confirmation_and_names_the_way_out(
    session: Session, actors: Actors, noon: Noon, member: int
) -> None:
    order, quote = quoted(session, member, actors["li"], noon(MONDAY))
    late = date(2026, 3, 17)
    with pytest.raises(RuleRefused) as refusal:
        confirming.confirm_order(
            session, order, quote, by=actors["zhao"], at=noon(late), today=late,
            calendar=work_calendar(session),
        )  # fmt: skip
    assert "quote revise" in str(refusal.value.hint)
    assert order.state is OrderState.IN_REVIEW
