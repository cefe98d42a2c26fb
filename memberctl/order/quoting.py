"""Quotes: made when the first review stage approves, versioned, their price frozen.

Source: rules O3, O7; mission S0.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlmodel import col

from memberctl.catalog.queries import plan_terms_by_id, tier_terms_on
from memberctl.core.dates import Span
from memberctl.core.errors import RuleRefused
from memberctl.core.machine import step
from memberctl.core.money import Money
from memberctl.core.seasons import season_of
from memberctl.member.presence import refuse_gone
from memberctl.member.tables import Member
from memberctl.office.queries import find_staff, policy_number, roles_of
from memberctl.office.rules import StaffState
from memberctl.order import notices, queries, quote_queries, rules
from memberctl.order.pricing import PricedLine, checked_total, content_sha256, price_lines
from memberctl.order.results import QuoteRecord
from memberctl.order.rules import OrderKind, OrderState, QuoteState
from memberctl.order.tables import Order, OrderLine, Quote, QuoteLine
from memberctl.store.audit import Fact, note, note_many
from memberctl.store.bulk import insert_rows
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.catalog.rules import PlanTerms
    from memberctl.core.actor import Actor

LINE_COLUMNS = ("line", "what", "quantity", "unit_minor", "amount_minor")


@dataclass(frozen=True, slots=True)
class Revision:
    """What a revised quote offers instead.

    plan       -- the version that is offered, of the same or another plan; None leaves it
    unit_minor -- the price of the first line, in minor units; None is what plan and tier say
    """

    plan: PlanTerms | None = None
    unit_minor: int | None = None


def make_quote(session: Session, order: Order, *, by: Actor, at: datetime, today: date) -> Quote:
    """Offer an order's lines as a new quote; an older one that is still open is superseded.

    The caller has the order locked and tells the member. Source: rules O7; mission S0.6.
    """
    lines = queries.order_lines(session, order.id)
    version = _supersede(session, order) + 1
    member = session.get_one(Member, order.member_id)
    quote = Quote(
        id=take_one(session, "quote"),
        order_id=order.id,
        version=version,
        plan_version_id=order.plan_version_id,
        tier_version_id=tier_terms_on(session, today)[member.tier_id].tier_version_id,
        state=QuoteState.SENT,
        total_minor=order.total_minor,
        currency=order.currency,
        content_sha256=content_of(session, order, lines),
        valid_until=min(
            rules.quote_valid_until(today, policy_number(session, "quote_days")),
            season_end(session, order, today),
        ),
        made_at=at,
        made_by=by.staff_id,
    )
    session.add(quote)
    session.flush()
    _insert_lines(session, QuoteLine, "quote_id", quote.id, lines)
    note(
        session, "quote.made", order.number, by=by, at=at, version=version,
        total_minor=quote.total_minor, valid_until=quote.valid_until.isoformat(),
    )  # fmt: skip
    return quote


def season_end(session: Session, order: Order, today: date) -> date:
    """Return the last day for which the price of a late join counts: that of its season.

    Whoever pays later would get another term than the price was made for. Without a season no
    day is the last. Source: rules T10, O7, O8.
    """
    if order.kind is not OrderKind.JOIN or order.plan_version_id is None:
        return date.max
    plan = plan_terms_by_id(session, [order.plan_version_id])[order.plan_version_id]
    made_on = order.received_on or today
    return season_of(plan.season, plan.term).span(made_on).end_on if plan.season else date.max


def content_of(session: Session, order: Order, lines: Sequence[PricedLine] | None = None) -> str:
    """Return the hash of what would be approved now: member, plan and price (rules O3)."""
    priced = queries.order_lines(session, order.id) if lines is None else lines
    identity = queries.identity_of(session, order.member_id)
    return content_sha256(identity, order.plan_version_id, priced, order.currency)


def revise_quote(
    session: Session,
    order: Order,
    revision: Revision,
    *,
    by: Actor,
    at: datetime,
    today: date,
) -> Quote:
    """Offer something else, or the same again with a new last day; the old quote is superseded.

    The caller has the order locked and sees to the approvals that fall back.
    Raises RuleRefused unless the order is in review with a quote. Source: rules O3, O7.
    """
    quote_queries.quote_to_change(session, order)
    if order.state is not OrderState.IN_REVIEW:
        raise RuleRefused(
            f"cannot revise the quote of {order.number}: it is {order.state}",
            allowed=rules.allowed_verbs(order.state),
            hint=f"memberctl order show {order.number}",
        )
    lines = _revised_lines(session, order, revision, today)
    order.total_minor = checked_total(lines, None, order.currency)
    if revision.plan is not None:
        order.plan_version_id = revision.plan.plan_version_id
    order.version += 1
    session.flush()
    session.execute(delete(OrderLine).where(col(OrderLine.order_id) == order.id))
    _insert_lines(session, OrderLine, "order_id", order.id, lines)
    quote = make_quote(session, order, by=by, at=at, today=today)
    notices.tell_of_quote(session, order, quote, at=at)
    return quote


def _revised_lines(
    session: Session, order: Order, revision: Revision, today: date
) -> tuple[PricedLine, ...]:
    lines = queries.order_lines(session, order.id)
    if revision.plan is not None and order.kind in rules.CHANGES_A_TERM:
        raise RuleRefused(
            f"{order.number} is about a term that the member has; it names no other plan",
            hint=f"memberctl order withdraw {order.number} --reason TEXT, and file it anew",
        )
    if revision.plan is not None:
        tier = tier_terms_on(session, today)[session.get_one(Member, order.member_id).tier_id]
        is_joining = order.kind is OrderKind.JOIN
        lines = price_lines(
            revision.plan, tier.price_basis_points, is_joining=is_joining,
            days=_joined(revision.plan, today) if is_joining else None,
        )  # fmt: skip
    if revision.unit_minor is None:
        return lines
    first = PricedLine(lines[0].what, lines[0].quantity, revision.unit_minor)
    return (first, *lines[1:])


def _joined(plan: PlanTerms, today: date) -> Span | None:
    """Return the days of a fixed-calendar plan that is joined today; None for another plan."""
    return season_of(plan.season, plan.term).joined(today) if plan.season else None


def accept_quote(
    session: Session,
    text: str,
    *,
    by: Actor,
    at: datetime,
    today: date,
    honoured_by: str | None = None,
) -> QuoteRecord:
    """Take down that the member says yes to the newest quote of an order.

    honoured_by -- the code of whoever lets an expired quote count all the same, else None
    Raises RuleRefused after the quote's last day. Source: rules O7.
    """
    order = queries.order_to_change(session, text)
    refuse_gone(session, order.member_id, order.number)
    quote = quote_queries.quote_to_change(session, order)
    if order.state not in rules.UNDER_REVIEW:
        raise RuleRefused(
            f"cannot accept the quote of {order.number}: the order is {order.state}",
            allowed=rules.allowed_verbs(order.state),
        )
    expired = quote.state is QuoteState.EXPIRED or (
        quote.state is QuoteState.SENT and rules.has_expired(quote.valid_until, today)
    )
    if expired and honoured_by is None:
        raise rules.expired(order.number, quote.valid_until)
    if honoured_by is not None:
        approver = find_staff(session, honoured_by)
        roles = roles_of(session, [approver.id])[approver.id]
        rules.refuse_honour(
            order.number,
            expired=expired,
            may_honour=approver.state is StaffState.ACTIVE and bool({*roles} & rules.MAY_HONOUR),
            is_same=approver.id == by.staff_id,
        )
    verb = "honour" if quote.state is QuoteState.EXPIRED else "accept"
    _accept(session, order, quote, verb, by=by, at=at, honoured_by=honoured_by)
    return record(session, order, quote)


def accept_by_confirmation(
    session: Session, order: Order, quote: Quote, *, by: Actor, at: datetime, today: date
) -> None:
    """Accept what the member has not declined when the last stage confirms it.

    Raises RuleRefused for a quote that has expired. Source: rules O7; mission S0.7.
    """
    if quote.state is QuoteState.ACCEPTED:
        return
    if quote.state is QuoteState.EXPIRED or rules.has_expired(quote.valid_until, today):
        raise rules.expired(order.number, quote.valid_until)
    _accept(session, order, quote, "accept", by=by, at=at, honoured_by=None)


def _accept(
    session: Session,
    order: Order,
    quote: Quote,
    verb: str,
    *,
    by: Actor,
    at: datetime,
    honoured_by: str | None,
) -> None:
    what = f"quote {quote.version} of {order.number}"
    quote.state = step(rules.QUOTE_STEPS, quote.state, verb, what)
    quote.accepted_at = at
    note(
        session, "quote.accepted", order.number, by=by, at=at, version=quote.version,
        honoured_by=honoured_by,
    )  # fmt: skip


def expire_quotes(session: Session, *, today: date, by: Actor, at: datetime) -> list[str]:
    """Expire the sent quotes whose last day has passed and return their orders' numbers.

    Accepted and lost quotes are never touched. Source: rules O7.
    """
    past = quote_queries.quotes_past(session, today)
    for quote, number in past:
        quote.state = step(rules.QUOTE_STEPS, quote.state, "expire", f"the quote of {number}")
    facts: list[tuple[str, dict[str, Fact]]] = [
        (number, {"version": quote.version}) for quote, number in past
    ]
    note_many(session, "quote.expired", facts, by=by, at=at)
    return [number for _, number in past]


def lose_quote(session: Session, order: Order) -> None:
    """Close the quote of an order that ends without being paid."""
    quote = quote_queries.current_quote(session, order.id)
    if quote is not None and (quote.state, "lose") in rules.QUOTE_STEPS:
        quote.state = step(rules.QUOTE_STEPS, quote.state, "lose", f"quote {quote.version}")


def record(session: Session, order: Order, quote: Quote) -> QuoteRecord:
    """Return a quote as scripts read it."""
    return QuoteRecord(
        order=order.number,
        version=quote.version,
        state=quote.state,
        plan=queries.plan_code(session, quote.plan_version_id),
        total=Money(quote.total_minor, quote.currency),
        valid_until=quote.valid_until,
    )


def _supersede(session: Session, order: Order) -> int:
    """Supersede the newest quote if it could still be accepted; return its version, 0 for none."""
    quote = quote_queries.current_quote(session, order.id)
    if quote is None:
        return 0
    if (quote.state, "supersede") in rules.QUOTE_STEPS:
        what = f"quote {quote.version} of {order.number}"
        quote.state = step(rules.QUOTE_STEPS, quote.state, "supersede", what)
        session.flush()
    return quote.version


def _insert_lines(
    session: Session,
    table: type[OrderLine] | type[QuoteLine],
    owner: str,
    owner_id: int,
    lines: Sequence[PricedLine],
) -> None:
    rows = [
        (owner_id, number, line.what, line.quantity, line.unit_minor, line.amount_minor)
        for number, line in enumerate(lines, start=1)
    ]
    insert_rows(session, table, (owner, *LINE_COLUMNS), rows)
