"""Who the members are and where each of them stands, derived from facts over several slices.

A page costs the same few statements however many members it has.
Source: rules T7, G2; cli.md "Keys that scripts rely on".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col

from memberctl.access.hold_queries import holds_of
from memberctl.access.hold_tables import MemberHold
from memberctl.access.holds import HoldKind
from memberctl.access.rules import Held, MemberStatus, member_status
from memberctl.access.tables import Term, TermChange
from memberctl.access.term_queries import held_terms
from memberctl.catalog.tables import Tier
from memberctl.core.dates import at_local_midnight, local_date, zone
from memberctl.core.errors import NotFound
from memberctl.core.numbering import member_number
from memberctl.core.text import Kind, Personal, name_key
from memberctl.member.tables import Member
from memberctl.office.queries import organisation, policy_number
from memberctl.office.tables import Branch
from memberctl.order.tables import Order
from memberctl.report.rules import BUYS_A_TERM, OrderFacts, member_since, standing, was_called_off
from memberctl.store.among import among
from memberctl.store.listing import Listing
from memberctl.store.tables import AuditRow

if TYPE_CHECKING:
    from sqlmodel import Session

PAGE = 2_000
COLUMNS = (
    col(Member.id),
    col(Member.name),
    col(Member.phone),
    col(Member.email),
    col(Branch.code),
    col(Tier.code),
)


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One row of `member list`. member_since -- the first day of the first term, or None."""

    number: str
    name: str
    status: MemberStatus
    phone: Personal | None
    email: Personal | None
    branch: str | None
    tier: str
    member_since: date | None


@dataclass(frozen=True, slots=True)
class Moment:
    """The day that a list is about. ends -- the instant at which it is over."""

    today: date
    zone: ZoneInfo
    ends: datetime
    grace_days: int


def list_members(
    session: Session,
    *,
    today: date,
    limit: int | None,
    status: MemberStatus | None = None,
    branch_id: int | None = None,
    name: str | None = None,
    channel: str | None = None,
) -> Listing[MemberLine]:
    """Return members by number as they stood at the end of `today`.

    name -- any part of the name, whatever its case and form; % and _ mean themselves
    Source: rules T7; bad inputs 22.
    """
    moment = moment_of(session, today)
    wanted = _people(moment)
    if branch_id is not None:
        wanted = wanted.where(col(Member.branch_id) == branch_id)
    if name is not None:
        wanted = wanted.where(col(Member.name_key).contains(name_key(name), autoescape=True))
    if channel is not None:
        wanted = wanted.where(col(Member.channel) == channel)
    if status is None:
        return _all(session, wanted, moment, limit)
    return _with_status(session, wanted, moment, limit, status)


def member_line(session: Session, member_id: int, moment: Moment) -> MemberLine:
    """Return one member as lists show them. Raises NotFound for one who was not there by then."""
    lines = _lines(session, _people(moment).where(col(Member.id) == member_id), moment)
    if not lines:
        raise NotFound("no member had this number by then", hint="memberctl member list")
    return lines[0]


def moment_of(session: Session, today: date) -> Moment:
    """Return the day `today` in the organisation's zone, with the instant that ends it."""
    tz = zone(organisation(session).zone)
    ends = at_local_midnight(today + timedelta(days=1), tz)
    return Moment(today, tz, ends, policy_number(session, "grace_days"))


def _people(moment: Moment) -> Any:
    return (
        columns(*COLUMNS)
        .outerjoin(Branch, col(Branch.id) == col(Member.branch_id))
        .join(Tier, col(Tier.id) == col(Member.tier_id))
        .where(col(Member.registered_at) < moment.ends, col(Member.merged_into).is_(None))
        .order_by(col(Member.id))
    )


def _all(session: Session, wanted: Any, moment: Moment, limit: int | None) -> Listing[MemberLine]:
    lines = _lines(session, wanted if limit is None else wanted.limit(limit), moment)
    if limit is None or len(lines) < limit:
        return Listing(lines, len(lines))
    counted = columns(func.count()).select_from(wanted.order_by(None).subquery())
    return Listing(lines, session.execute(counted).scalar_one())


def _with_status(
    session: Session,
    wanted: Any,
    moment: Moment,
    limit: int | None,
    status: MemberStatus,
) -> Listing[MemberLine]:
    """Return the members with one status; the rule decides, SQL only leaves out who cannot have it.

    The whole set is gone through page by page, so that the total is right.
    """
    wanted = wanted.where(*_possible(status, moment))
    found: list[MemberLine] = []
    total = last = 0
    while True:
        page = wanted.where(col(Member.id) > last).limit(PAGE)
        rows = session.execute(page).all()
        if not rows:
            return Listing(found, total)
        last = rows[-1][0]
        matching = [line for line in _made(session, rows, moment) if line.status is status]
        total += len(matching)
        room = len(matching) if limit is None else max(limit - len(found), 0)
        found += matching[:room]


def _possible(status: MemberStatus, moment: Moment) -> tuple[Any, ...]:
    """Return what every member with `status` meets, though others may meet it too.

    A term's row says how it stands now, so whoever has one that was ever changed is left in.
    """
    today, start, end = moment.today, col(Term.start_on), col(Term.end_on)
    term = columns(col(Term.id)).where(col(Term.member_id) == col(Member.id))
    changed = term.join(TermChange, col(TermChange.term_id) == col(Term.id)).exists()
    match status:
        case MemberStatus.ACTIVE | MemberStatus.FROZEN:
            return (term.where(start <= today, end >= today).exists() | changed,)
        case MemberStatus.GRACE:
            first = today - timedelta(days=moment.grace_days)
            return (term.where(end >= first, end < today).exists() | changed,)
        case MemberStatus.FUTURE:
            return (term.where(start > today).exists() | changed,)
        case MemberStatus.LAPSED:
            return (term.where(end < today).exists() | changed,)
        case MemberStatus.CANCELLED:
            return (term.where(col(Term.voided_at).is_not(None)).exists() | changed,)
        case MemberStatus.PENDING_PAYMENT:
            order = columns(col(Order.id)).where(col(Order.member_id) == col(Member.id))
            grace = timedelta(days=moment.grace_days)
            entitled = term.where(
                col(Term.granted_at) < moment.ends,
                col(Term.voided_at).is_(None),
                end >= today - grace,
            )
            waits = order.where(col(Order.confirmed_on) <= today).exists()
            return (waits, ~entitled.exists() | changed)
        case MemberStatus.APPLICANT:
            return (~term.where(col(Term.granted_at) < moment.ends).exists(),)
        case MemberStatus.EXPELLED:
            expelled = columns(col(MemberHold.id)).where(
                col(MemberHold.member_id) == col(Member.id),
                col(MemberHold.kind) == HoldKind.EXPULSION,
            )
            return (expelled.exists(),)


def _lines(session: Session, wanted: Any, moment: Moment) -> list[MemberLine]:
    rows = session.execute(wanted).all()
    found: list[MemberLine] = []
    for start in range(0, len(rows), PAGE):
        found += _made(session, rows[start : start + PAGE], moment)
    return found


def _made(session: Session, rows: Sequence[Any], moment: Moment) -> Iterator[MemberLine]:
    ids = [row[0] for row in rows]
    terms = held_terms(session, ids, moment.zone)
    holds = holds_of(session, ids, moment.zone)
    orders = _order_facts(session, ids)
    called_off = _called_off(session, orders, moment.zone)
    for member_id, name, phone, email, branch, tier in rows:
        held: Sequence[Held] = terms.get(member_id, ())
        facts = standing(
            held, orders.get(member_id, ()), called_off, moment.grace_days, holds.get(member_id, ())
        )
        yield MemberLine(
            number=member_number(member_id),
            name=name,
            status=member_status(facts, moment.today),
            phone=None if phone is None else Personal(Kind.PHONE, phone),
            email=None if email is None else Personal(Kind.EMAIL, email),
            branch=branch,
            tier=tier,
            member_since=member_since(held, moment.today),
        )


def _order_facts(session: Session, ids: Sequence[int]) -> dict[int, list[OrderFacts]]:
    statement = columns(
        col(Order.member_id),
        col(Order.number),
        col(Order.state),
        col(Order.confirmed_on),
        col(Order.payment_due_on),
    ).where(
        among(session, col(Order.member_id), ids),
        col(Order.kind).in_(BUYS_A_TERM),
        col(Order.confirmed_on).is_not(None),
    )
    found: dict[int, list[OrderFacts]] = {}
    for member_id, *facts in session.execute(statement):
        found.setdefault(member_id, []).append(OrderFacts(*facts))
    return found


def _called_off(
    session: Session, orders: dict[int, list[OrderFacts]], tz: ZoneInfo
) -> dict[str, date]:
    """Return when withdrawn and voided orders were, by number: the last thing done to them."""
    numbers = [each.number for some in orders.values() for each in some if was_called_off(each)]
    statement = columns(col(AuditRow.object), col(AuditRow.at)).where(
        among(session, col(AuditRow.object), numbers), col(AuditRow.event).startswith("order.")
    )
    rows = session.execute(statement.order_by(col(AuditRow.seq)))
    return {number: local_date(at, tz) for number, at in rows}
