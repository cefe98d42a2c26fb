"""A running term goes on under another plan or another member, in one transaction.

Source: rules M11, T8, P6, C2.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from memberctl.access import rules, switches, term_queries
from memberctl.access.changes import ChangeKind
from memberctl.access.ending import change_term, count_visits_for, end_terms
from memberctl.access.operations import note_term
from memberctl.access.switches import OnHand
from memberctl.access.tables import Term
from memberctl.core import dates
from memberctl.core.dates import Span
from memberctl.core.errors import RuleRefused
from memberctl.office.queries import organisation
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.catalog.rules import PlanTerms
    from memberctl.core.actor import Actor

_ONE_DAY = timedelta(days=1)


def switch_term(
    session: Session,
    term_id: int,
    plan: PlanTerms,
    *,
    source: str,
    wanted: date,
    by: Actor,
    at: datetime,
) -> Term:
    """Let a term go on under another plan: it ends the day before, the new one has its end.

    wanted -- the first day under the new plan, unless it is the term's own first
    source -- the order that pays for it
    Raises RuleRefused when the term is not what it was when the order was filed.
    Source: rules M11, P6, T8.
    """
    term, on_hand = _on_hand(session, term_id)
    from_on = switches.first_day(on_hand, wanted)
    end = term.end_on
    change_term(
        session, term, ChangeKind.SWITCHED, Span(term.start_on, from_on - _ONE_DAY),
        source=source, reason="", by=by, at=at,
    )  # fmt: skip
    follower = _go_on(
        session, term, on_hand, Span(from_on, end),
        member_id=term.member_id, plan_version_id=plan.plan_version_id,
        price_days=switches.price_days(plan, on_hand), source=source, by=by, at=at,
    )  # fmt: skip
    count_visits_for(session, follower.id, [term.id], since=from_on)
    return follower


def hand_over_term(
    session: Session,
    term_id: int,
    receiver_id: int,
    *,
    source: str,
    wanted: date,
    by: Actor,
    at: datetime,
    today: date,
) -> Term:
    """Give the rest of a term to another member; the giver's card goes when nothing is left.

    Raises RuleRefused when the receiver has a term of the product on one of those days, or the
    term is not what it was when the order was filed.
    Source: rules T8, C2; mission S1.9.
    """
    term, on_hand = _on_hand(session, term_id)
    rest = Span(switches.first_day(on_hand, wanted), term.end_on)
    others = term_queries.terms_to_change(session, receiver_id, term.product)
    rules.refuse_overlap([Span(each.start_on, each.end_on) for each in others], rest)
    end_terms(
        session, term.source, last_on=rest.start_on - _ONE_DAY, why=ChangeKind.TRANSFERRED,
        reason="", by=by, at=at, today=today, cause=source,
    )  # fmt: skip
    return _go_on(
        session, term, on_hand, rest,
        member_id=receiver_id, plan_version_id=term.plan_version_id,
        price_days=on_hand.price_days, source=source, by=by, at=at,
    )  # fmt: skip


def switch_problem(
    session: Session, term_id: int, wanted: date, receiver_id: int | None
) -> RuleRefused | None:
    """Return why a term cannot go on as its order wants it, None when it can; locks nothing.

    wanted -- as above; receiver_id -- the member who is to get the rest, None for another plan
    """
    try:
        _, on_hand = _as_it_stands(session, session.get_one(Term, term_id))
        rest = Span(switches.first_day(on_hand, wanted), on_hand.span.end_on)
        if receiver_id is not None:
            zone = dates.zone(organisation(session).zone)
            theirs = term_queries.on_hand(session, [receiver_id], zone).get(receiver_id, ())
            product = on_hand.plan.product
            same = [each for each in theirs if not each.is_pack and each.plan.product == product]
            rules.refuse_overlap([each.span for each in same], rest)
    except RuleRefused as problem:
        return problem
    return None


def _on_hand(session: Session, term_id: int) -> tuple[Term, OnHand]:
    """Return a live term, locked, as a row and as the rules take it."""
    return _as_it_stands(session, term_queries.term_to_change(session, term_id))


def _as_it_stands(session: Session, term: Term) -> tuple[Term, OnHand]:
    if term.voided_at is not None:
        raise RuleRefused(
            f"the term of {term.source} that the order is about was voided since",
            hint="withdraw the order",
        )
    zone = dates.zone(organisation(session).zone)
    on_hand = term_queries.on_hand(session, [term.member_id], zone)[term.member_id]
    return term, next(each for each in on_hand if each.term_id == term.id)


def _go_on(
    session: Session,
    term: Term,
    on_hand: OnHand,
    span: Span,
    *,
    member_id: int,
    plan_version_id: int,
    price_days: int,
    source: str,
    by: Actor,
    at: datetime,
) -> Term:
    """Write the term that takes over; its series and its benefits are those of the old one."""
    follower = Term(
        id=take_one(session, "term"),
        member_id=member_id,
        plan_version_id=plan_version_id,
        tier_version_id=term.tier_version_id,
        product=term.product,
        source=source,
        start_on=span.start_on,
        end_on=span.end_on,
        anchor_on=on_hand.held.anchor_on,
        price_days=price_days,
        granted_at=at,
    )
    session.add(follower)
    session.flush()
    note_term(session, "term.granted", follower, by, at)
    return follower
