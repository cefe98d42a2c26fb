"""Lists of visits and of scans after which nobody was let in, as people look at them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlmodel import col

from memberctl.access.tables import Card, Term
from memberctl.access.visit_tables import EntryRefusal, Visit
from memberctl.access.visiting import Refusal, VisitGround
from memberctl.catalog.tables import Plan, PlanVersion
from memberctl.core.dates import at_local_midnight
from memberctl.core.errors import NotFound
from memberctl.core.numbering import member_number, parse_visit_number, visit_number
from memberctl.office.queries import staff_codes
from memberctl.office.tables import Branch, Staff
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session


class VisitState(StrEnum):
    """Whether a visit counts."""

    LIVE = "live"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One row of `checkin list`. plan -- of the term or pack that it counts for, or None"""

    visit: str
    at: datetime
    member: str
    card: str
    branch: str | None
    plan: str | None
    ground: VisitGround
    state: VisitState


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """One visit with all that was done about it. reason -- why it was forced"""

    visit: str
    at: datetime
    on: date
    member: str
    card: str
    branch: str | None
    plan: str | None
    ground: VisitGround
    state: VisitState
    reason: str | None
    recorded_by: str
    undone_at: datetime | None
    undone_by: str | None
    undone_reason: str | None


@dataclass(frozen=True, slots=True)
class RefusalLine:
    """One row of `checkin refused`. card, member -- None for a number that is no card's"""

    at: datetime
    reason: Refusal
    card: str | None
    member: str | None
    branch: str | None
    staff: str


@dataclass(frozen=True, slots=True)
class InsideLine:
    """How many count as inside a branch. capacity -- None without a limit"""

    branch: str
    inside: int
    capacity: int | None


def list_visits(
    session: Session,
    *,
    first: date | None = None,
    last: date | None = None,
    member_id: int | None = None,
    branch_id: int | None = None,
    newest_first: bool = False,
    before: datetime | None = None,
    limit: int | None = None,
) -> Listing[VisitLine]:
    """Return visits in the order in which they were made, undone ones too.

    first, last -- local dates; before -- only visits made before this instant
    """
    statement = _visits(
        col(Visit.id), col(Visit.visited_at), col(Visit.member_id), col(Card.number),
        col(Branch.code), col(Plan.code), col(Visit.ground), col(Visit.undone_at),
    )  # fmt: skip
    if first is not None:
        statement = statement.where(col(Visit.visited_on) >= first)
    if last is not None:
        statement = statement.where(col(Visit.visited_on) <= last)
    if member_id is not None:
        statement = statement.where(col(Visit.member_id) == member_id)
    if branch_id is not None:
        statement = statement.where(col(Visit.branch_id) == branch_id)
    if before is not None:
        statement = statement.where(col(Visit.visited_at) < before)
    order = (col(Visit.visited_at), col(Visit.id))
    ordered = [each.desc() for each in order] if newest_first else order
    return listing(session, statement.order_by(*ordered), _visit_line, limit)


def _visits(*wanted: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(*wanted)
        .select_from(Visit)
        .join(Card, col(Card.id) == col(Visit.card_id))
        .outerjoin(Branch, col(Branch.id) == col(Visit.branch_id))
        .outerjoin(Term, col(Term.id) == col(Visit.term_id))
        .outerjoin(PlanVersion, col(PlanVersion.id) == col(Term.plan_version_id))
        .outerjoin(Plan, col(Plan.id) == col(PlanVersion.plan_id))
    )


def _visit_line(row: Any) -> VisitLine:
    visit_id, at, member_id, card, branch, plan, ground, undone_at = row
    state = VisitState.LIVE if undone_at is None else VisitState.UNDONE
    return VisitLine(
        visit_number(visit_id),
        at,
        member_number(member_id),
        card,
        branch,
        plan,
        ground,
        state,
    )


def show_visit(session: Session, number: str) -> VisitRecord:
    """Return one visit. Raises Invalid, NotFound."""
    wanted = parse_visit_number(number)
    statement = _visits(Visit, col(Card.number), col(Branch.code), col(Plan.code)).where(
        col(Visit.id) == wanted
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound("no visit has this number", hint="memberctl checkin list")
    visit, card, branch, plan = found
    people = [each for each in (visit.recorded_by, visit.undone_by) if each is not None]
    staff = staff_codes(session, people)
    return VisitRecord(
        visit=visit_number(visit.id),
        at=visit.visited_at,
        on=visit.visited_on,
        member=member_number(visit.member_id),
        card=card,
        branch=branch,
        plan=plan,
        ground=visit.ground,
        state=VisitState.LIVE if visit.undone_at is None else VisitState.UNDONE,
        reason=visit.reason,
        recorded_by=staff[visit.recorded_by],
        undone_at=visit.undone_at,
        undone_by=None if visit.undone_by is None else staff[visit.undone_by],
        undone_reason=visit.undone_reason,
    )


def list_refusals(
    session: Session,
    zone: ZoneInfo,
    *,
    first: date,
    last: date,
    member_id: int | None = None,
    branch_id: int | None = None,
    limit: int | None = None,
) -> Listing[RefusalLine]:
    """Return the scans of some local days after which nobody was let in, oldest first."""
    statement = (
        select(
            col(EntryRefusal.refused_at), col(EntryRefusal.reason), col(Card.number),
            col(Card.member_id), col(Branch.code), col(Staff.code),
        )
        .select_from(EntryRefusal)
        .join(Staff, col(Staff.id) == col(EntryRefusal.recorded_by))
        .outerjoin(Card, col(Card.id) == col(EntryRefusal.card_id))
        .outerjoin(Branch, col(Branch.id) == col(EntryRefusal.branch_id))
        .where(
            col(EntryRefusal.refused_at) >= at_local_midnight(first, zone),
            col(EntryRefusal.refused_at) < at_local_midnight(last + timedelta(days=1), zone),
        )
        .order_by(col(EntryRefusal.refused_at), col(EntryRefusal.id))
    )  # fmt: skip
    if member_id is not None:
        statement = statement.where(col(Card.member_id) == member_id)
    if branch_id is not None:
        statement = statement.where(col(EntryRefusal.branch_id) == branch_id)

    def line(row: Any) -> RefusalLine:
        at, reason, card, holder, branch, staff = row
        member = None if holder is None else member_number(holder)
        return RefusalLine(at, reason, card, member, branch, staff)

    return listing(session, statement, line, limit)


def list_inside(session: Session, *, since: datetime, until: datetime) -> list[InsideLine]:
    """Return for each branch how many members came in after `since`, by code."""
    people = func.count(func.distinct(col(Visit.member_id)))
    counted = (
        select(col(Visit.branch_id), people.label("inside"))
        .where(
            col(Visit.visited_at) > since,
            col(Visit.visited_at) <= until,
            col(Visit.undone_at).is_(None),
        )
        .group_by(col(Visit.branch_id))
        .subquery()
    )
    statement = (
        select(col(Branch.code), func.coalesce(counted.c.inside, 0), col(Branch.capacity))
        .outerjoin(counted, counted.c.branch_id == col(Branch.id))
        .order_by(col(Branch.id))
    )
    rows = [InsideLine(code, int(count), most) for code, count, most in session.execute(statement)]
    return sorted(rows, key=lambda line: line.branch)
