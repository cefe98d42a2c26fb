"""Every select over visits and over what decides about one.

A door lets in members of every branch, so its selects go straight to the tables; what staff of
one branch may list is narrowed as everywhere (rules G6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, and_, bindparam, case, column, exists, func, or_, select, table
from sqlmodel import col

from memberctl.access.changes import Change
from memberctl.access.hold_queries import holds_of
from memberctl.access.hold_tables import MemberHold
from memberctl.access.holds import Hold
from memberctl.access.rules import CardState, Held
from memberctl.access.tables import Card, Term, TermChange
from memberctl.access.term_queries import term_changes
from memberctl.access.visit_tables import Visit
from memberctl.access.visiting import EntryPolicy, Gate, Ticket
from memberctl.catalog.tables import PlanBranch, PlanVersion
from memberctl.core.actor import Actor
from memberctl.core.dates import Span, local_date, zone
from memberctl.core.errors import NotFound, NotPermitted
from memberctl.core.numbering import parse_visit_number
from memberctl.member.tables import Member
from memberctl.office.hours import parse_hours
from memberctl.office.queries import branches, find_branch, organisation, policy, policy_number
from memberctl.office.tables import Branch, PolicyValue, Staff
from memberctl.store.columns import INTEGER, Instant
from memberctl.store.prepared import Prepared

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import ColumnElement
    from sqlmodel import Session

ALEMBIC = table("alembic_version", column("version_num", Text()))
SETTINGS = Prepared(
    select(
        select(ALEMBIC.c.version_num).scalar_subquery(),
        select(func.sum(col(Staff.version)))
        .where(or_(col(Staff.code) == bindparam("login"), col(Staff.code) == bindparam("staff")))
        .scalar_subquery(),
        select(func.sum(col(Branch.version))).scalar_subquery(),
    )
)
POLICIES = Prepared(select(col(PolicyValue.key), col(PolicyValue.value)))
AT = bindparam("at", type_=Instant())
SINCE = bindparam("since", type_=Instant())
RECENT = (
    select(col(Visit.id))
    .where(
        col(Visit.member_id) == col(Card.member_id),
        col(Visit.visited_at) > SINCE,
        col(Visit.visited_at) <= AT,
        col(Visit.undone_at).is_(None),
    )
    .order_by(col(Visit.visited_at).desc())
    .limit(1)
)
CARD = Prepared(
    select(
        col(Card.id),
        col(Card.state),
        col(Card.member_id),
        col(Member.name),
        select(func.count())
        .select_from(MemberHold)
        .where(col(MemberHold.member_id) == col(Card.member_id))
        .scalar_subquery(),
        RECENT.scalar_subquery(),
    )
    .join(Member, col(Member.id) == col(Card.member_id))
    .where(col(Card.number) == bindparam("number", type_=Text()))
)
LIVE = (col(Visit.term_id) == col(Term.id), col(Visit.undone_at).is_(None))
NAMED = col(PlanBranch.plan_version_id) == col(Term.plan_version_id)
TICKETS = Prepared(
    select(
        col(Term.id),
        col(Term.start_on),
        col(Term.end_on),
        col(Term.anchor_on),
        col(Term.granted_at),
        col(Term.visits),
        col(PlanVersion.hours),
        case(
            (col(Term.visits).is_(None), 0),
            else_=select(func.count(col(Visit.id))).where(*LIVE).scalar_subquery(),
        ),
        case(
            (~exists().where(NAMED), 1),
            (
                exists().where(
                    and_(NAMED, col(PlanBranch.branch_id) == bindparam("branch", type_=INTEGER))
                ),
                1,
            ),
            else_=0,
        ),
        case((exists().where(col(TermChange.term_id) == col(Term.id)), 1), else_=0),
    )
    .join(PlanVersion, col(PlanVersion.id) == col(Term.plan_version_id))
    .where(col(Term.member_id) == bindparam("member", type_=INTEGER), col(Term.voided_at).is_(None))
    .order_by(col(Term.id))
)
BY_NONCE = Prepared(
    select(col(Visit.id), col(Visit.card_id), col(Visit.undone_at)).where(
        col(Visit.nonce) == bindparam("nonce", type_=Text())
    )
)
INSIDE = Prepared(
    select(func.count(func.distinct(col(Visit.member_id)))).where(
        col(Visit.branch_id) == bindparam("branch", type_=INTEGER),
        col(Visit.member_id) != bindparam("member", type_=INTEGER),
        col(Visit.visited_at) > SINCE,
        col(Visit.visited_at) <= AT,
        col(Visit.undone_at).is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class CardSeen:
    """A card at a gate, and whose it is.

    holds  -- what keeps or kept the member out
    recent -- id of the member's last live visit that a scan now only repeats (rules C5), or None
    """

    card_id: int
    number: str
    state: CardState
    member_id: int
    name: str
    holds: tuple[Hold, ...]
    recent: int | None


def settings_now(session: Session, by: Actor) -> object:
    """Return a value that changes when somebody's rights, a policy or a branch is changed."""
    people_and_places = SETTINGS.row(session, login=by.login, staff=by.staff)
    return people_and_places, frozenset(POLICIES.rows(session))


def gate_at(session: Session, code: str | None, by: Actor) -> Gate:
    """Return the gate of the branch `code`, else the clerk's own, else the only one there is.

    Without a branch the organisation's zone counts, and neither hours nor a capacity.
    Raises NotFound, and NotPermitted for another branch than the clerk's (rules G6).
    """
    branch = _branch_of(session, code, by)
    return Gate(
        branch_id=None if branch is None else branch.id,
        branch=None if branch is None else branch.code,
        zone=zone((branch.zone if branch else None) or organisation(session).zone),
        hours=parse_hours(branch.hours) if branch and branch.hours else None,
        capacity=branch.capacity if branch else None,
        repeat=timedelta(minutes=policy_number(session, "entry_repeat_minutes")),
        stay=timedelta(minutes=policy_number(session, "stay_minutes")),
        grace_days=policy_number(session, "grace_days"),
        grace_entry=EntryPolicy(policy(session, "grace_entry")),
        debt_entry=EntryPolicy(policy(session, "debt_entry")),
    )


def _branch_of(session: Session, code: str | None, by: Actor) -> Branch | None:
    if code is not None:
        branch = find_branch(session, code)
        if by.branch_id not in {None, branch.id}:
            raise NotPermitted(f"{by.staff} works for another branch (G6)")
        return branch
    if by.branch_id is not None:
        return session.get(Branch, by.branch_id)
    known = list(branches(session).values())
    return known[0] if len(known) == 1 else None


def card_seen(session: Session, number: str, gate: Gate, at: datetime) -> CardSeen | None:
    """Return a card by its number as it comes to a gate, None when no card has it."""
    found = CARD.row(session, number=number, since=at - gate.repeat, at=at)
    if found is None:
        return None
    card_id, state, member_id, name, held, recent = found
    holds = holds_of(session, [member_id], gate.zone, at_every_branch=True) if held else {}
    return CardSeen(card_id, number, state, member_id, name, holds.get(member_id, ()), recent)


def tickets_of(session: Session, member_id: int, gate: Gate) -> tuple[Ticket, ...]:
    """Return what may let a member in: all terms and packs that were not voided."""
    rows = TICKETS.rows(session, member=member_id, branch=gate.branch_id)
    changed = [row[0] for row in rows if row[-1]]
    changes = (
        term_changes(session, gate.zone, col(Term.id).in_(changed), at_every_branch=True)
        if changed
        else {}
    )
    return tuple(_ticket(row, changes.get(row[0], ()), gate.zone) for row in rows)


def _ticket(row: tuple[Any, ...], changes: tuple[Change, ...], tz: ZoneInfo) -> Ticket:
    term_id, start, end, anchor, granted_at, visits, hours, used, here, _ = row
    held = Held(
        span=Span(start, end),
        anchor_on=anchor,
        granted_on=local_date(granted_at, tz),
        visits=visits,
        changes=changes,
    )
    return Ticket(term_id, held, used, parse_hours(hours) if hours else None, bool(here))


def visit_by_nonce(session: Session, nonce: str) -> tuple[int, int, bool] | None:
    """Return the id, card and liveness of the visit with a scanner's mark, or None."""
    found = BY_NONCE.row(session, nonce=nonce)
    return None if found is None else (int(found[0]), int(found[1]), found[2] is None)


def visit_day(session: Session, visit_id: int) -> date:
    """Return the local date of a visit."""
    return session.scalars(select(col(Visit.visited_on)).where(col(Visit.id) == visit_id)).one()


def inside(session: Session, gate: Gate, at: datetime, *, member_id: int) -> int:
    """Return how many others than a member came to the gate's branch so lately as to be inside.

    Who steps out and comes back takes no second place.
    """
    since = at - gate.stay
    found = INSIDE.row(session, branch=gate.branch_id, member=member_id, since=since, at=at)
    assert found is not None
    return int(found[0])


def visit_days(
    session: Session,
    first: date,
    last: date,
    *,
    member_id: int | None = None,
    term_id: int | None = None,
) -> Sequence[date]:
    """Return the local dates from `first` to `last` with live visits, oldest first, each once.

    member_id -- visits of one member; term_id -- visits that count for one term or pack
    Undone visits are none. Source: rules C6, M7, T9.
    """
    assert member_id is not None or term_id is not None, "whose visits?"
    statement = (
        select(col(Visit.visited_on))
        .where(col(Visit.visited_on).between(first, last), col(Visit.undone_at).is_(None))
        .distinct()
        .order_by(col(Visit.visited_on))
    )
    if member_id is not None:
        statement = statement.where(col(Visit.member_id) == member_id)
    if term_id is not None:
        statement = statement.where(col(Visit.term_id) == term_id)
    return session.scalars(statement).all()


def visit_to_change(session: Session, number: str) -> Visit:
    """Return a visit by its number, locked. Raises Invalid, NotFound."""
    wanted = parse_visit_number(number)
    statement = select(Visit).where(col(Visit.id) == wanted).with_for_update()
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("no visit has this number", hint="memberctl checkin list")
    return found


def used_by(ends: datetime) -> ColumnElement[int | None]:
    """Return how many visits of a term were live at the instant `ends`; null for a membership."""
    live = (
        col(Visit.term_id) == col(Term.id),
        col(Visit.visited_at) < ends,
        or_(col(Visit.undone_at).is_(None), col(Visit.undone_at) >= ends),
    )
    used = select(func.count(col(Visit.id))).where(*live).scalar_subquery()
    return case((col(Term.visits).is_not(None), used))


def visits_left(session: Session, term_id: int | None) -> int | None:
    """Return how many visits of a pack are left; None for a membership or no term."""
    granted = None if term_id is None else session.get(Term, term_id)
    if granted is None or granted.visits is None:
        return None
    live = (col(Visit.term_id) == term_id, col(Visit.undone_at).is_(None))
    used = session.execute(select(func.count(col(Visit.id))).where(*live)).scalar_one()
    return granted.visits - int(used)
