"""Terms are frozen and resumed, each in one transaction with everything that moves along.

Source: rules T8, T9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.access import freezing, term_queries
from memberctl.access.changes import ChangeKind
from memberctl.access.ending import change_term
from memberctl.access.freezing import Caps, Owned, Planned
from memberctl.access.tables import Term, TermChange
from memberctl.access.visit_queries import visit_days
from memberctl.catalog.queries import plan_terms_by_id
from memberctl.core import dates
from memberctl.core.dates import Span
from memberctl.core.numbering import member_number
from memberctl.member.presence import refuse_gone
from memberctl.office.queries import organisation, policy_number

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


@dataclass(frozen=True, slots=True)
class TermMoved:
    """A term that moved along: the order that paid for it, and its days now."""

    order: str
    start_on: date
    end_on: date


@dataclass(frozen=True, slots=True)
class TermFrozen:
    """A freeze, or what was left of one.

    from_on, until_on -- the frozen days; None when the freeze was taken back before it began
    days   -- how many they are; was_on, end_on -- the term's last day before and after
    moved  -- what else moved: terms that follow, and packs
    """

    member: str
    order: str
    from_on: date | None
    until_on: date | None
    days: int
    was_on: date
    end_on: date
    moved: tuple[TermMoved, ...]


def freeze_term(
    session: Session,
    member_id: int,
    stretch: Span,
    *,
    order: str | None,
    reason: str,
    by: Actor,
    at: datetime,
    today: date,
) -> TermFrozen:
    """Freeze the term of a member for the days of `stretch`.

    order -- which term is meant, where there are several: the order that paid for it
    Raises RuleRefused as freezing.term_meant and plan_freeze say. Source: rules T9.
    """
    refuse_gone(session, member_id)
    terms = term_queries.live_terms_to_change(session, member_id)
    owned = owned_terms(session, terms)
    member = member_number(member_id)
    term = freezing.term_meant(owned, stretch.start_on, order, member)
    visits = visit_days(session, stretch.start_on, stretch.end_on, member_id=member_id)
    caps = Caps(policy_number(session, "freeze_times"), policy_number(session, "freeze_days"))
    planned = freezing.plan_freeze(term, stretch, owned, visits, caps, today)
    return _carry_out(session, terms, planned, reason=reason, by=by, at=at)


def resume_term(
    session: Session,
    member_id: int,
    from_on: date,
    *,
    order: str | None,
    reason: str,
    by: Actor,
    at: datetime,
    today: date,
) -> TermFrozen:
    """End a freeze before its time; from_on is the first day that is not frozen any more.

    Raises RuleRefused as freezing.freeze_to_resume and plan_resume say. Source: rules T9.
    """
    refuse_gone(session, member_id)
    terms = term_queries.live_terms_to_change(session, member_id)
    owned = owned_terms(session, terms)
    stretch = freezing.freeze_to_resume(owned, today, order, member_number(member_id))
    planned = freezing.plan_resume(owned, stretch, from_on, order, today)
    return _carry_out(session, terms, planned, reason=reason, by=by, at=at)


def owned_terms(session: Session, terms: Sequence[Term]) -> list[Owned]:
    """Return live terms of a member as the rules take them."""
    held = term_queries.held(session, terms, dates.zone(organisation(session).zone))
    plans = plan_terms_by_id(session, {term.plan_version_id for term in terms})
    return [
        Owned(
            term.id,
            term.product,
            term.visits is not None,
            facts,
            is_seasonal=bool(plans[term.plan_version_id].season),
        )
        for term, facts in zip(terms, held, strict=True)
    ]


def _carry_out(
    session: Session,
    terms: Sequence[Term],
    planned: Sequence[Planned],
    *,
    reason: str,
    by: Actor,
    at: datetime,
) -> TermFrozen:
    """Make the changes and return the first one, with what moved because of it."""
    by_id = {term.id: term for term in terms}
    first, *others = planned
    made = _change(session, by_id[first.term_id], first, reason=reason, by=by, at=at)
    # No two terms may begin on one day, not even for a moment: what moves on goes last first.
    for each in sorted(others, key=lambda p: p.after.start_on, reverse=_moves_on(first)):
        follows = each.follows
        if each.kind is ChangeKind.MOVED:
            follows = made.id
        _change(session, by_id[each.term_id], each, follows=follows, reason=reason, by=by, at=at)
    term = by_id[first.term_id]
    return TermFrozen(
        member=member_number(term.member_id),
        order=term.source,
        from_on=made.from_on,
        until_on=made.until_on,
        days=0 if first.stretch is None else first.stretch.days,
        was_on=made.end_before,
        end_on=made.end_after,
        moved=tuple(_told(by_id[each.term_id]) for each in others),
    )


def _moves_on(first: Planned) -> bool:
    return first.kind is ChangeKind.FROZEN


def _change(
    session: Session,
    term: Term,
    planned: Planned,
    *,
    follows: int | None = None,
    reason: str,
    by: Actor,
    at: datetime,
) -> TermChange:
    return change_term(
        session, term, planned.kind, planned.after, stretch=planned.stretch,
        follows=planned.follows if follows is None else follows, reason=reason, by=by, at=at,
    )  # fmt: skip


def _told(term: Term) -> TermMoved:
    return TermMoved(term.source, term.start_on, term.end_on)
