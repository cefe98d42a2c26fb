"""What members do not want to get, or must not get any more.

Source: rules N2, N4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import col, select

from memberctl.core.errors import RuleRefused
from memberctl.core.numbering import member_number
from memberctl.message.rules import Because, OptOut, Purpose, opt_outs_against
from memberctl.message.tables import MemberOptOut
from memberctl.store.audit import note
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


@dataclass(frozen=True, slots=True)
class OptedOut:
    """What a member does not get from now on, or gets again. since -- None when it ended"""

    member: str
    category: OptOut
    because: Because
    since: datetime | None
    changed: bool


def opted_out(session: Session, member_id: int, purpose: Purpose) -> Because | None:
    """Return why a member does not get messages of a purpose, or None when they do."""
    statement = select(col(MemberOptOut.because)).where(
        col(MemberOptOut.member_id) == member_id,
        col(MemberOptOut.category).in_(sorted(opt_outs_against(purpose))),
        col(MemberOptOut.ended_at).is_(None),
    )
    found = session.scalars(statement.order_by(col(MemberOptOut.id).desc()).limit(1))
    return found.one_or_none()


def opt_outs_of(session: Session, member_id: int) -> Sequence[MemberOptOut]:
    """Return what a member does not get now, the newest first."""
    statement = select(MemberOptOut).where(
        col(MemberOptOut.member_id) == member_id, col(MemberOptOut.ended_at).is_(None)
    )
    return session.scalars(statement.order_by(col(MemberOptOut.id).desc())).all()


def opt_out(
    session: Session,
    member_id: int,
    category: OptOut,
    *,
    because: Because,
    by: Actor,
    at: datetime,
) -> OptedOut:
    """Keep messages of a category from a member from now on; a repeat changes nothing.

    Raises RuleRefused when somebody is dead and yet only some messages are to stop.
    """
    number = member_number(member_id)
    if because is Because.DECEASED and category is not OptOut.EVERYTHING:
        raise RuleRefused(
            "who died gets no message at all",
            hint=f"memberctl member opt-out {number} --category everything --because deceased",
        )
    live = _live(session, member_id, category)
    if live is not None:
        return OptedOut(number, category, live.because, live.since, changed=False)
    session.add(
        MemberOptOut(
            id=take_one(session, "opt_out"),
            member_id=member_id,
            category=category,
            because=because,
            since=at,
            recorded_by=by.staff,
        )
    )
    session.flush()
    note(
        session, "member.opted_out", number, by=by, at=at, category=category.value,
        because=because.value,
    )  # fmt: skip
    return OptedOut(number, category, because, at, changed=True)


def opt_in(
    session: Session, member_id: int, category: OptOut, *, by: Actor, at: datetime
) -> OptedOut:
    """Let a member get messages of a category again; a repeat changes nothing."""
    number = member_number(member_id)
    live = _live(session, member_id, category)
    if live is None:
        return OptedOut(number, category, Because.ASKED, None, changed=False)
    live.ended_at = at
    session.flush()
    note(session, "member.opted_in", number, by=by, at=at, category=category.value)
    return OptedOut(number, category, live.because, None, changed=True)


def _live(session: Session, member_id: int, category: OptOut) -> MemberOptOut | None:
    statement = select(MemberOptOut).where(
        col(MemberOptOut.member_id) == member_id,
        col(MemberOptOut.category) == category,
        col(MemberOptOut.ended_at).is_(None),
    )
    return session.scalars(statement.with_for_update()).one_or_none()
