"""Everything about one order that decides its refund, as the store has it on a day.

Source: rules M2, M6-M8, M10; mission S1.10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlmodel import col, select

from memberctl.access import changes
from memberctl.access.changes import ChangeKind
from memberctl.access.tables import Term
from memberctl.access.term_queries import term_changes
from memberctl.access.visit_queries import visit_days
from memberctl.core.dates import Span, zone
from memberctl.office.queries import organisation
from memberctl.order.tables import Order
from memberctl.payment.refundable import applied_payments
from memberctl.refund import amounts, queries, rules
from memberctl.refund.amounts import Claim, Counted, Due, Source, Usage
from memberctl.refund.results import Effects, TermEffect

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides the refund of one order that would take effect on a day.

    sources    -- the payments that money can go back to
    earlier    -- the amounts of refunds that were paid or wait, in minor units
    visited_on -- the days on which the member came in by this term
    cooling_off_until -- the last day to go back on it, None when nobody signed
    """

    order: Order
    on: date
    claim: Claim
    due: Due
    sources: tuple[Source, ...]
    earlier: tuple[int, ...]
    visited_on: tuple[date, ...]
    cooling_off_until: date | None


@dataclass(frozen=True, slots=True)
class _Sold:
    """The term that an order gave. span -- as it was before a refund or a cancellation cut it"""

    term: Term
    span: Span
    frozen: tuple[Span, ...]
    was_cancelled: bool


def situation(
    session: Session, order: Order, on: date, *, gifts_minor: int = 0, lock: bool = False
) -> Situation:
    """Return what decides the refund of an order that takes effect on `on`.

    lock -- payments will change; the caller has locked the order
    Raises RuleRefused for an order that is not paid in full, or whose term went on as another's.
    """
    rules.refuse_unsettled(order.number, order.state)
    rules.refuse_transfer(order.number, order.kind)
    earlier = queries.live_amounts(session, order.id)
    own = _sources(session, order.id, lock=lock)
    inherited = _inherited(session, order, lock=lock)
    sold = _sold(session, order)
    visited_on = () if sold is None else _visited_on(session, sold.term)
    decided = queries.conditions(session)
    signed_on = queries.signed_on(session, order.id)
    days = decided.cooling_off_days
    sources = (*own, *inherited)
    returned = sum(earlier)
    claim = Claim(
        paid_minor=returned + sum(source.left_minor for source in sources),
        returned_minor=returned,
        usage=None if sold is None else _usage(session, sold, on),
        joining_minor=queries.joining_minor(session, order.id),
        gifts_minor=gifts_minor,
        cools_off=amounts.cools_off(signed_on, on, days, visited_on),
    )
    return Situation(
        order=order,
        on=on,
        claim=claim,
        due=amounts.refund_due(claim, decided),
        sources=sources,
        earlier=tuple(earlier),
        visited_on=visited_on,
        cooling_off_until=None if signed_on is None or not days else signed_on + timedelta(days),
    )


def _sources(session: Session, order_id: int, *, lock: bool) -> tuple[Source, ...]:
    return tuple(
        Source(
            each.id,
            each.method,
            each.received_at,
            each.applied_minor - each.claimed_minor - each.refunded_minor,
        )
        for each in applied_payments(session, order_id, lock=lock)
    )


def _inherited(session: Session, order: Order, *, lock: bool) -> tuple[Source, ...]:
    """Return the payments of the orders that this one went on from, as far as it took them over.

    An upgrade pays for the rest of its term with what was left of the plan before (rules M11).
    """
    left = queries.took_over(session, order.id) - queries.returned_elsewhere(session, order.id)
    before = queries.went_on_from(session, order.number)
    if before is None or left <= 0:
        return ()
    sources = (*_sources(session, before.id, lock=lock), *_inherited(session, before, lock=lock))
    return amounts.at_most(left, sources)


def _visited_on(session: Session, term: Term) -> tuple[date, ...]:
    return tuple(visit_days(session, date.min, date.max, term_id=term.id))


def effects(
    session: Session, order: Order, on: date, today: date, *, member_id: int | None = None
) -> Effects:
    """Return what a refund that takes effect on `on` would end (rules M10).

    member_id -- whose terms count, where that is not the member who ordered
    It says beforehand what `access.ending.end_terms` does.
    """
    holder_id = member_id or order.member_id
    terms = session.scalars(
        select(Term)
        .where(
            Term.member_id == holder_id,
            col(Term.voided_at).is_(None),
            col(Term.end_on) >= today,
        )
        .order_by(col(Term.start_on))
    ).all()
    over = [term for term in terms if term.source == order.number and term.end_on > on]
    rest = [term for term in terms if term.source != order.number]
    left = bool(rest) or any(term.start_on <= on and on > today for term in over)
    cards = [] if left or not over else queries.active_cards(session, holder_id)
    return Effects(
        terms=tuple(
            TermEffect(term.start_on, term.end_on, on if term.start_on <= on else None)
            for term in over
        ),
        cards=tuple(cards),
        stays=tuple(term.source for term in rest),
    )


def _sold(session: Session, order: Order) -> _Sold | None:
    """Return the newest term of an order; a settled order's voided one kept no day when it ended.

    What an order had before its debt was written off was taken back with the payment for it.
    Raises RuleRefused when what is left of it belongs to another order now.
    """
    if order.written_off_minor:
        return None
    term = session.scalars(
        select(Term).where(Term.source == order.number).order_by(col(Term.id).desc()).limit(1)
    ).one_or_none()
    if term is None:
        return None
    tz = zone(organisation(session).zone)
    known = term_changes(session, tz, col(Term.id) == term.id).get(term.id, ())
    rules.refuse_what_went_on(
        order.number, changes.ending(known), queries.ended_by(session, term.id)
    )
    cuts = [each for each in known if each.kind in changes.CUT_SHORT]
    span = cuts[0].before if cuts else Span(term.start_on, term.end_on)
    was_cancelled = any(each.kind is ChangeKind.CANCELLED for each in cuts)
    return _Sold(term, span, changes.freezes(known), was_cancelled)


def _usage(session: Session, sold: _Sold, on: date) -> Usage:
    """Return how much of a term is used when it ends on `on`.

    What was cancelled without a refund counts as used. Source: rules M6, C6, T9.
    """
    visits = sold.term.visits
    if visits is not None:
        used = queries.live_visits(session, sold.term.id)
        usage = Usage(min(used, visits), visits, Counted.VISITS)
    else:
        whole = changes.days_sold(sold.span, sold.frozen)
        usage = Usage(changes.days_used(sold.span, sold.frozen, on), whole)
    if sold.was_cancelled:
        return Usage(usage.whole, usage.whole, usage.counted)
    return usage
