"""What a change would make of a member's terms, decided by the same rules and written nowhere.

Source: rules T4, T5, T9, T10, M11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from memberctl.access import freezing, rules, switches, term_queries
from memberctl.access.freezing import Caps
from memberctl.access.pausing import owned_terms
from memberctl.access.rules import TermSpan, Wish, term_spans
from memberctl.access.visit_queries import visit_days
from memberctl.catalog.queries import plan_terms_by_id
from memberctl.core.dates import Span, parse_period, zone
from memberctl.core.errors import UsageProblem
from memberctl.core.money import Money
from memberctl.core.numbering import member_number
from memberctl.core.seasons import season_of
from memberctl.office.queries import organisation, policy_number

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.access.tables import Term
    from memberctl.catalog.rules import PlanTerms

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TermAfter:
    """A term as it would be. order -- that paid for it, None for one that would be new

    was_on -- its last day as it stands, where that would change
    price  -- of a term that would be new, else None
    """

    index: int
    start_on: date
    end_on: date
    plan: str
    order: str | None
    was_on: date | None = None
    price: Money | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish with its days.

    from_on -- the first day of a freeze, or the day on which it would be filed and paid
    until   -- the last frozen day; plan, price -- of the term that comes
    order   -- which term is meant, where there are several: the order that paid for it
    """

    wish: Wish
    from_on: date
    until: date | None = None
    plan: PlanTerms | None = None
    price: Money | None = None
    order: str | None = None


def plan_spans(plan: PlanTerms, start: date, count: int) -> list[TermSpan]:
    """Return the first terms of somebody who joins a plan on `start` and renews in time."""
    if not plan.season:
        return term_spans(start, parse_period(plan.term), count)
    season = season_of(plan.season, plan.term)
    spans = [season.joined(start)]
    while len(spans) < count:
        spans.append(season.span(spans[-1].end_on + _ONE_DAY))
    return [TermSpan(index, span.start_on, span.end_on) for index, span in enumerate(spans, 1)]


def preview_change(
    session: Session, member_id: int, asked: Asked, *, today: date
) -> list[TermAfter]:
    """Return a member's terms as they would be afterwards, the first to begin first.

    Raises what the change of a term would be refused with; what an order would be refused with is
    the caller's to ask, with its price.
    """
    terms = term_queries.live_terms(session, member_id)
    plans = plan_terms_by_id(session, {term.plan_version_id for term in terms})
    codes = {version: plan.code for version, plan in plans.items()}
    if asked.wish in {Wish.FREEZE, Wish.RESUME}:
        spans = _rested(session, member_id, terms, asked, today)
        return _numbered(terms, spans, codes, [])
    if asked.wish in {Wish.RENEWAL, Wish.DOWNGRADE}:
        return _numbered(terms, {}, codes, [_renewed(session, terms, _plan_of(asked), asked)])
    return _gone_on(session, member_id, terms, asked, codes)


def _rested(
    session: Session, member_id: int, terms: Sequence[Term], asked: Asked, today: date
) -> dict[int, Span]:
    owned, member = owned_terms(session, terms), member_number(member_id)
    if asked.wish is Wish.RESUME:
        stretch = freezing.freeze_to_resume(owned, today, asked.order, member)
        planned = freezing.plan_resume(owned, stretch, asked.from_on, asked.order, today)
    else:
        if asked.until is None:
            raise UsageProblem("a freeze has a last day", hint="--until YYYY-MM-DD")
        stretch = Span(asked.from_on, asked.until)
        visits = visit_days(session, stretch.start_on, stretch.end_on, member_id=member_id)
        caps = Caps(policy_number(session, "freeze_times"), policy_number(session, "freeze_days"))
        term = freezing.term_meant(owned, stretch.start_on, asked.order, member)
        planned = freezing.plan_freeze(term, stretch, owned, visits, caps, today)
    return {each.term_id: each.after for each in planned}


def _renewed(session: Session, terms: Sequence[Term], plan: PlanTerms, asked: Asked) -> TermAfter:
    theirs = [each for each in terms if each.product == plan.product and each.visits is None]
    held = term_queries.held(session, theirs, zone(organisation(session).zone))
    season = season_of(plan.season, plan.term) if plan.season else None
    grace = policy_number(session, "grace_days")
    grant = rules.grant_span(held, asked.from_on, parse_period(plan.term), grace, season)
    rules.refuse_overlap([each.span for each in held], grant.span)
    return TermAfter(0, grant.span.start_on, grant.span.end_on, plan.code, None, price=asked.price)


def _gone_on(
    session: Session,
    member_id: int,
    terms: Sequence[Term],
    asked: Asked,
    codes: Mapping[int, str],
) -> list[TermAfter]:
    """Return what becomes of a running term under another plan, or with another member."""
    tz = zone(organisation(session).zone)
    on_hand = term_queries.on_hand(session, [member_id], tz).get(member_id, ())
    product = None if asked.plan is None else asked.plan.product
    day, member = asked.from_on, member_number(member_id)
    term = switches.running_term(on_hand, product, asked.order, member, day)
    new: list[TermAfter] = []
    if asked.wish is Wish.TRANSFER:
        first = switches.first_day(term, day + _ONE_DAY)
    else:
        first, code = switches.first_day(term, day), _plan_of(asked).code
        new = [TermAfter(0, first, term.span.end_on, code, None, price=asked.price)]
    ended = {term.term_id: Span(term.span.start_on, first - _ONE_DAY)}
    return _numbered(terms, ended, codes, new)


def _plan_of(asked: Asked) -> PlanTerms:
    if asked.plan is None:
        raise UsageProblem(f"{asked.wish} names a plan", hint="--plan CODE")
    return asked.plan


def _numbered(
    terms: Sequence[Term],
    changed: Mapping[int, Span],
    codes: Mapping[int, str],
    new: Sequence[TermAfter],
) -> list[TermAfter]:
    found = list(new)
    for term in terms:
        span = changed.get(term.id, Span(term.start_on, term.end_on))
        was_on = term.end_on if span.end_on != term.end_on else None
        code = codes[term.plan_version_id]
        found.append(TermAfter(0, span.start_on, span.end_on, code, term.source, was_on))
    found.sort(key=lambda each: (each.start_on, each.order or "~"))
    return [
        TermAfter(index, each.start_on, each.end_on, each.plan, each.order, each.was_on, each.price)
        for index, each in enumerate(found, start=1)
    ]
