"""Members are put on hold and let in again, expelled and readmitted.

Source: rules T7, C2, C4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.access import hold_queries, holds, operations
from memberctl.access.hold_tables import MemberHold
from memberctl.access.holds import HoldKind
from memberctl.core import dates
from memberctl.core.dates import Span
from memberctl.core.errors import RuleRefused
from memberctl.core.numbering import member_number
from memberctl.member.queries import member_to_change
from memberctl.office.queries import organisation
from memberctl.store.audit import note
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


@dataclass(frozen=True, slots=True)
class MemberHeld:
    """A member who is kept out, or was until now.

    until_on -- the last day of a hold, None for an expulsion
    cards    -- the numbers that were blocked with it
    """

    member: str
    kind: HoldKind
    from_on: date
    until_on: date | None
    cards: tuple[str, ...] = ()


def hold_member(
    session: Session,
    member_id: int,
    days: Span,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    today: date,
) -> MemberHeld:
    """Keep a member out for some days; their terms go on and end as before.

    Raises RuleRefused as holds.refuse_hold says. Source: rules T7.
    """
    member_to_change(session, member_id)
    member = member_number(member_id)
    zone = dates.zone(organisation(session).zone)
    known = hold_queries.holds_of(session, [member_id], zone).get(member_id, ())
    holds.refuse_hold(known, days, member, today)
    _write(session, member_id, HoldKind.HOLD, days.start_on, days.end_on, reason, by, at)
    return MemberHeld(member, HoldKind.HOLD, days.start_on, days.end_on)


def expel_member(
    session: Session, member_id: int, *, reason: str, by: Actor, at: datetime, today: date
) -> MemberHeld:
    """Expel a member from today on and block their cards; terms and money stay as they are.

    Raises RuleRefused for somebody who is expelled. Source: rules T7.
    """
    member_to_change(session, member_id)
    member = member_number(member_id)
    zone = dates.zone(organisation(session).zone)
    known = hold_queries.holds_of(session, [member_id], zone).get(member_id, ())
    holds.refuse_expelled(known, member, today)
    _write(session, member_id, HoldKind.EXPULSION, today, None, reason, by, at)
    cards = operations.block_cards(session, [member_id], "expelled", by=by, at=at)
    return MemberHeld(member, HoldKind.EXPULSION, today, None, tuple(cards))


def lift(
    session: Session,
    member_id: int,
    kind: HoldKind,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    today: date,
) -> MemberHeld:
    """Take back the hold that lasts or lies ahead, or the expulsion; blocked cards stay blocked.

    Raises RuleRefused when there is none. Source: rules T7.
    """
    member = member_number(member_id)
    lasting = [
        row
        for row in hold_queries.holds_to_change(session, member_id)
        if row.kind is kind and (row.until_on is None or row.until_on >= today)
    ]
    if not lasting:
        what = "on hold" if kind is HoldKind.HOLD else "expelled"
        raise RuleRefused(f"{member} is not {what}", hint=f"memberctl member holds {member}")
    row = min(lasting, key=lambda each: each.from_on)
    row.lifted_at, row.lifted_by, row.lift_reason = at, by.staff_id, reason
    session.flush()
    note(session, f"member.{kind}_lifted", member, by=by, at=at)
    return MemberHeld(member, row.kind, row.from_on, row.until_on)


def _write(
    session: Session,
    member_id: int,
    kind: HoldKind,
    from_on: date,
    until_on: date | None,
    reason: str,
    by: Actor,
    at: datetime,
) -> None:
    session.add(
        MemberHold(
            id=take_one(session, "member_hold"),
            member_id=member_id,
            kind=kind,
            from_on=from_on,
            until_on=until_on,
            reason=reason,
            recorded_at=at,
            recorded_by=by.staff_id,
        )
    )
    session.flush()
    until = None if until_on is None else until_on.isoformat()
    note(
        session, f"member.{kind}", member_number(member_id), by=by, at=at,
        from_on=from_on.isoformat(), until_on=until,
    )  # fmt: skip
