"""Members and orders that the tests of orders and reviews begin with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from sqlmodel import Session

from memberctl.catalog.queries import find_plan_terms
from memberctl.core.actor import Actor
from memberctl.core.text import name_key
from memberctl.member.tables import Member
from memberctl.message.rules import Language
from memberctl.office.calendar_queries import work_calendar
from memberctl.order import confirming, queries, quoting
from memberctl.order.operations import file_order
from memberctl.order.results import OrderFiled
from memberctl.order.rules import Filing, OrderState
from memberctl.order.tables import Order, Quote
from memberctl.store.counters import take_one

Noon = Callable[[date], datetime]
Actors = dict[str, Actor]
MONDAY = date(2026, 3, 2)


def a_member(
    session: Session,
    *,
    name: str = "张伟",
    phone: str = "+8613800138000",
    tier: int = 1,
    staff_id: int | None = None,
    at: datetime,
) -> int:
    """Write a member row and return its id."""
    member = Member(
        id=take_one(session, "member"),
        name=name,
        name_key=name_key(name),
        phone=phone,
        language=Language.CHINESE,
        tier_id=tier,
        channel="counter",
        staff_id=staff_id,
        registered_at=at,
        registered_by=1,
    )
    session.add(member)
    session.flush()
    return member.id


def a_filing(session: Session, member_id: int, today: date = MONDAY, **more: object) -> Filing:
    """Return a join filing for plan YEAR, agreed on the day itself."""
    plan = find_plan_terms(session, "YEAR", today)
    given: dict[str, object] = {"agreed_on": today, "plan": plan, **more}
    return Filing(member_id=member_id, **given)  # type: ignore[arg-type]


def file(
    session: Session, filing: Filing, *, by: Actor, at: datetime, today: date = MONDAY
) -> OrderFiled:
    """File one order."""
    return file_order(
        session, filing, by=by, at=at, today=today, currency="CNY",
        calendar=work_calendar(session),
    )  # fmt: skip


def quoted(session: Session, member: int, by: Actor, at: datetime) -> tuple[Order, Quote]:
    """An order in review, with a quote sent on Monday, as the first stage leaves it."""
    filed = file(session, a_filing(session, member), by=by, at=at)
    order = queries.order_to_change(session, filed.number)
    quote = quoting.make_quote(session, order, by=by, at=at, today=MONDAY)
    order.state, order.stage = OrderState.IN_REVIEW, "second"
    session.flush()
    return order, quote


def confirmed(session: Session, member: int, by: Actor, at: datetime) -> Order:
    order, quote = quoted(session, member, by, at)
    confirming.confirm_order(
        session, order, quote, by=by, at=at, today=MONDAY, calendar=work_calendar(session)
    )
    return order
