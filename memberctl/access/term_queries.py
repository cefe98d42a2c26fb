"""Every select over terms and what happened to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select as select_columns
from sqlmodel import col, select

from memberctl.access.changes import CARRIED_ON, ENDINGS, Change, ChangeKind, days_sold, freezes
from memberctl.access.rules import Held, TermStatus, term_status
from memberctl.access.switches import OnHand
from memberctl.access.tables import Term, TermChange
from memberctl.catalog.queries import plan_terms_by_id
from memberctl.catalog.tables import Plan, PlanVersion, TierVersion
from memberctl.core.dates import Span, at_local_midnight, local_date
from memberctl.core.numbering import member_number
from memberctl.member.scope import every_branch
from memberctl.office.tables import Staff
from memberctl.store.among import among
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session
    from sqlmodel.sql.expression import SelectOfScalar

HELD = (
    col(Term.id),
    col(Term.start_on),
    col(Term.end_on),
    col(Term.anchor_on),
    col(Term.granted_at),
    col(Term.voided_at),
    col(Term.source),
    col(Term.visits),
)


@dataclass(frozen=True, slots=True)
class TermLine:
    """One row of `term list`. visits, left -- of a pack: sold and not used yet; else None"""

    member: str
    plan: str
    start_on: date
    end_on: date
    status: TermStatus
    visits: int | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One row of `term history`. was_on, end_on -- the term's last day before and after"""

    member: str
    order: str
    change: ChangeKind
    from_on: date | None
    until_on: date | None
    was_on: date
    end_on: date
    reason: str
    staff: str
    at: datetime


def held_terms(
    session: Session, member_ids: Sequence[int], zone: ZoneInfo
) -> dict[int, tuple[Held, ...]]:
    """Return all terms of these members by member id, voided ones too; none has no key."""
    found: dict[int, list[Held]] = {}
    theirs = among(session, col(Term.member_id), member_ids)
    changes = term_changes(session, zone, theirs)
    for member_id, *facts in session.execute(
        select_columns(col(Term.member_id), *HELD).where(theirs)
    ):
        found.setdefault(member_id, []).append(_held(facts, changes, zone))
    return {member_id: tuple(terms) for member_id, terms in found.items()}


def held_by_source(
    session: Session, sources: Iterable[str], zone: ZoneInfo
) -> dict[str, tuple[Held, ...]]:
    """Return all terms that these orders paid for, voided ones too, by order; none has no key."""
    theirs = among(session, col(Term.source), sorted(set(sources)))
    changes = term_changes(session, zone, theirs)
    found: dict[str, list[Held]] = {}
    for facts in session.execute(select_columns(*HELD).where(theirs).order_by(col(Term.id))):
        term = _held(facts, changes, zone)
        found.setdefault(term.source, []).append(term)
    return {source: tuple(terms) for source, terms in found.items()}


def term_changes(
    session: Session, zone: ZoneInfo, *which: Any, at_every_branch: bool = False
) -> dict[int, tuple[Change, ...]]:
    """Return the changes of terms by term id, in the order in which they were recorded.

    which -- conditions on Term; none is every term that was ever changed
    at_every_branch -- also of members whom the person may not see (rules G6)
    """
    statement = (
        select(TermChange)
        .join(Term, col(Term.id) == col(TermChange.term_id))
        .where(*which)
        .order_by(col(TermChange.id))
    )
    if at_every_branch:
        statement = every_branch(statement)
    found: dict[int, list[Change]] = {}
    for row in session.exec(statement):
        found.setdefault(row.term_id, []).append(_change(row, zone))
    return {term_id: tuple(changes) for term_id, changes in found.items()}


def _change(row: TermChange, zone: ZoneInfo) -> Change:
    stretch = None
    if row.from_on is not None and row.until_on is not None:
        stretch = Span(row.from_on, row.until_on)
    return Change(
        id=row.id,
        kind=row.kind,
        recorded_on=local_date(row.recorded_at, zone),
        before=Span(row.start_before, row.end_before),
        after=Span(row.start_after, row.end_after),
        stretch=stretch,
        follows=row.follows,
    )


def held(session: Session, terms: Sequence[Term], zone: ZoneInfo) -> list[Held]:
    """Return these terms as the rules take them, in their order."""
    changes = term_changes(session, zone, col(Term.id).in_([term.id for term in terms]))
    return [
        _held(
            (
                term.id, term.start_on, term.end_on, term.anchor_on, term.granted_at,
                term.voided_at, term.source, term.visits,
            ),
            changes,
            zone,
        )
        for term in terms
    ]  # fmt: skip


def terms_to_change(session: Session, member_id: int, product: str) -> Sequence[Term]:
    """Return, locked, the terms of a member and product that were not voided, without packs."""
    statement = (
        select(Term)
        .where(
            Term.member_id == member_id,
            Term.product == product,
            col(Term.visits).is_(None),
            col(Term.voided_at).is_(None),
        )
        .order_by(col(Term.id))
        .with_for_update()
    )
    return session.exec(statement).all()


def live_terms(session: Session, member_id: int) -> Sequence[Term]:
    """Return the terms and packs of a member that were not voided."""
    return session.exec(_live_terms(member_id)).all()


def live_terms_to_change(session: Session, member_id: int) -> Sequence[Term]:
    """Return, locked, the terms and packs of a member that were not voided."""
    return session.exec(_live_terms(member_id).with_for_update()).all()


def _live_terms(member_id: int) -> SelectOfScalar[Term]:
    return (
        select(Term)
        .where(Term.member_id == member_id, col(Term.voided_at).is_(None))
        .order_by(col(Term.id))
    )


def term_to_change(session: Session, term_id: int) -> Term:
    """Return one term, locked and fresh."""
    statement = select(Term).where(Term.id == term_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one()


def on_hand(
    session: Session, member_ids: Collection[int], zone: ZoneInfo
) -> dict[int, tuple[OnHand, ...]]:
    """Return the live terms of these members with what they were sold as, by member id."""
    theirs = (among(session, col(Term.member_id), member_ids), col(Term.voided_at).is_(None))
    changes = term_changes(session, zone, *theirs)
    rows = session.execute(
        select_columns(
            col(Term.member_id),
            col(Term.plan_version_id),
            col(Term.price_days),
            col(TierVersion.price_basis_points),
            *HELD,
        )
        .join(TierVersion, col(TierVersion.id) == col(Term.tier_version_id))
        .where(*theirs)
        .order_by(col(Term.start_on), col(Term.id))
    ).all()
    plans = plan_terms_by_id(session, {row.plan_version_id for row in rows})
    found: dict[int, list[OnHand]] = {}
    for member_id, plan_version_id, price_days, share, *facts in rows:
        term = _held(facts, changes, zone)
        days = price_days or days_sold(term.span, freezes(term.changes))
        one = OnHand(facts[0], plans[plan_version_id], days, share, term)
        found.setdefault(member_id, []).append(one)
    return {member_id: tuple(terms) for member_id, terms in found.items()}


def terms_of_source_to_change(session: Session, source: str) -> Sequence[Term]:
    """Return, locked, the terms that the order `source` paid for and that were not voided."""
    statement = (
        select(Term)
        .where(Term.source == source, col(Term.voided_at).is_(None))
        .order_by(col(Term.id))
        .with_for_update()
    )
    return session.exec(statement).all()


def carried_on_by(session: Session, source: str) -> str | None:
    """Return the order under which a term that `source` paid for goes on, or None."""
    taken_back = select(TermChange.follows).where(TermChange.kind == ChangeKind.RESTORED)
    return session.exec(
        select(TermChange.source)
        .join(Term, col(Term.id) == col(TermChange.term_id))
        .where(
            Term.source == source,
            col(Term.voided_at).is_(None),
            col(TermChange.kind).in_(CARRIED_ON),
            col(TermChange.id).not_in(taken_back),
        )
    ).first()


def endings_of(session: Session, cause: str) -> list[tuple[TermChange, Term]]:
    """Return, locked, the terms that `cause` ended before their time, each with that change.

    What was restored since, and terms that were voided, are left out.
    """
    taken_back = select(TermChange.follows).where(TermChange.kind == ChangeKind.RESTORED)
    statement = (
        select(TermChange, Term)
        .join(Term, col(Term.id) == col(TermChange.term_id))
        .where(
            TermChange.source == cause,
            col(TermChange.kind).in_(ENDINGS),
            col(TermChange.id).not_in(taken_back),
            col(Term.voided_at).is_(None),
        )
        .order_by(col(Term.id))
        .with_for_update(of=Term)
    )
    return [(change, term) for change, term in session.exec(statement)]


def list_terms(
    session: Session,
    zone: ZoneInfo,
    as_of: date,
    *,
    member_id: int | None = None,
    limit: int | None = None,
) -> Listing[TermLine]:
    """Return the terms that were granted until the end of `as_of`, by member and start."""
    from memberctl.access.visit_queries import used_by

    ends = at_local_midnight(as_of + timedelta(days=1), zone)
    statement = (
        select_columns(col(Term.member_id), col(Plan.code), used_by(ends), *HELD)
        .join(PlanVersion, col(PlanVersion.id) == col(Term.plan_version_id))
        .join(Plan, col(Plan.id) == col(PlanVersion.plan_id))
        .where(col(Term.granted_at) < ends)
        .order_by(col(Term.member_id), col(Term.start_on), col(Term.id))
    )
    which = [] if member_id is None else [col(Term.member_id) == member_id]
    statement = statement.where(*which)
    changes = term_changes(session, zone, *which)

    def line(row: Any) -> TermLine:
        holder, plan, used, *facts = row
        term = _held(facts, changes, zone)
        span, visits = term.span_on(as_of), term.visits
        return TermLine(
            member=member_number(holder),
            plan=plan,
            start_on=span.start_on,
            end_on=span.end_on,
            status=term_status(term, as_of),
            visits=visits,
            left=None if visits is None else visits - used,
        )

    return listing(session, statement, line, limit)


def list_changes(
    session: Session,
    zone: ZoneInfo,
    as_of: date,
    *,
    member_id: int | None = None,
    limit: int | None = None,
) -> Listing[ChangeLine]:
    """Return what happened to terms until the end of `as_of`, in the order of its recording."""
    statement = (
        select_columns(
            col(Term.member_id),
            col(Term.source),
            col(TermChange.kind),
            col(TermChange.from_on),
            col(TermChange.until_on),
            col(TermChange.end_before),
            col(TermChange.end_after),
            col(TermChange.reason),
            col(Staff.code),
            col(TermChange.recorded_at),
        )
        .select_from(TermChange)
        .join(Term, col(Term.id) == col(TermChange.term_id))
        .join(Staff, col(Staff.id) == col(TermChange.recorded_by))
        .where(col(TermChange.recorded_at) < at_local_midnight(as_of + timedelta(days=1), zone))
        .order_by(col(TermChange.id))
    )
    if member_id is not None:
        statement = statement.where(col(Term.member_id) == member_id)

    def line(row: Any) -> ChangeLine:
        holder, *facts = row
        return ChangeLine(member_number(holder), *facts)

    return listing(session, statement, line, limit)


def _held(facts: Sequence[Any], changes: Mapping[int, tuple[Change, ...]], zone: ZoneInfo) -> Held:
    """Return a term from the values of the columns HELD."""
    term_id, start, end, anchor, granted, voided, source, visits = facts
    return Held(
        span=Span(start, end),
        anchor_on=anchor,
        granted_on=local_date(granted, zone),
        voided_on=None if voided is None else local_date(voided, zone),
        source=source,
        visits=visits,
        changes=changes.get(term_id, ()),
    )
