"""Every select over holds and expulsions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.access.hold_tables import MemberHold
from memberctl.access.holds import Hold, HoldKind
from memberctl.core.dates import at_local_midnight, local_date
from memberctl.core.numbering import member_number
from memberctl.member.scope import every_branch
from memberctl.office.tables import Staff
from memberctl.store.among import among
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class HoldLine:
    """One row of `member holds`. lifted_on -- from which it no longer counts, or None"""

    member: str
    kind: HoldKind
    from_on: date
    until_on: date | None
    lifted_on: date | None
    reason: str
    staff: str
    at: datetime


def holds_of(
    session: Session,
    member_ids: Collection[int],
    zone: ZoneInfo,
    *,
    at_every_branch: bool = False,
) -> dict[int, tuple[Hold, ...]]:
    """Return the holds and expulsions of these members by member id; none has no key.

    at_every_branch -- also of members whom the person may not see (rules G6)
    """
    found: dict[int, list[Hold]] = {}
    statement = select(MemberHold).where(among(session, col(MemberHold.member_id), member_ids))
    if at_every_branch:
        statement = every_branch(statement)
    for row in session.exec(statement.order_by(col(MemberHold.id))):
        found.setdefault(row.member_id, []).append(as_fact(row, zone))
    return {member_id: tuple(holds) for member_id, holds in found.items()}


def as_fact(row: MemberHold, zone: ZoneInfo) -> Hold:
    """Return a row as the rules take it."""
    return Hold(
        kind=row.kind,
        from_on=row.from_on,
        until_on=row.until_on,
        recorded_on=local_date(row.recorded_at, zone),
        lifted_on=None if row.lifted_at is None else local_date(row.lifted_at, zone),
    )


def expelled_among(session: Session, member_ids: Collection[int], today: date) -> set[int]:
    """Return which of these members are expelled today."""
    statement = columns(col(MemberHold.member_id)).where(
        among(session, col(MemberHold.member_id), member_ids),
        col(MemberHold.kind) == HoldKind.EXPULSION,
        col(MemberHold.lifted_at).is_(None),
        col(MemberHold.from_on) <= today,
    )
    return set(session.execute(statement).scalars())


def holds_to_change(session: Session, member_id: int) -> Sequence[MemberHold]:
    """Return, locked, what keeps a member out and was not lifted."""
    statement = (
        select(MemberHold)
        .where(MemberHold.member_id == member_id, col(MemberHold.lifted_at).is_(None))
        .order_by(col(MemberHold.id))
        .with_for_update()
    )
    return session.exec(statement).all()


def list_holds(
    session: Session,
    zone: ZoneInfo,
    as_of: date,
    *,
    member_id: int | None = None,
    limit: int | None = None,
) -> Listing[HoldLine]:
    """Return the holds and expulsions that were recorded by the end of `as_of`, in that order."""
    ends = at_local_midnight(as_of + timedelta(days=1), zone)
    statement = (
        columns(
            col(MemberHold.member_id),
            col(MemberHold.kind),
            col(MemberHold.from_on),
            col(MemberHold.until_on),
            col(MemberHold.lifted_at),
            col(MemberHold.reason),
            col(Staff.code),
            col(MemberHold.recorded_at),
        )
        .select_from(MemberHold)
        .join(Staff, col(Staff.id) == col(MemberHold.recorded_by))
        .where(col(MemberHold.recorded_at) < ends)
        .order_by(col(MemberHold.id))
    )
    if member_id is not None:
        statement = statement.where(col(MemberHold.member_id) == member_id)

    def line(row: Any) -> HoldLine:
        holder, kind, from_on, until_on, lifted_at, reason, staff, at = row
        lifted = None if lifted_at is None or lifted_at >= ends else local_date(lifted_at, zone)
        return HoldLine(member_number(holder), kind, from_on, until_on, lifted, reason, staff, at)

    return listing(session, statement, line, limit)
