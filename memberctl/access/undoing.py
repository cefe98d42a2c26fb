"""A visit is taken back, and with it the session that it used.

Source: rules C6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from memberctl.access import visit_queries as queries
from memberctl.core.errors import RuleRefused
from memberctl.core.numbering import member_number, visit_number
from memberctl.store.audit import note

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


@dataclass(frozen=True, slots=True)
class VisitUndone:
    """A visit that no longer counts. left -- visits of the pack that it gave one back to"""

    visit: str
    member: str
    left: int | None


def undo_visit(
    session: Session, number: str, *, reason: str, by: Actor, at: datetime
) -> VisitUndone:
    """Take a visit back: a pack counts its live visits, so it has one more again.

    Raises NotFound, RuleRefused for a visit that was undone before. Source: rules C6.
    """
    visit = queries.visit_to_change(session, number)
    if visit.undone_at is not None:
        raise RuleRefused(
            f"visit {visit_number(visit.id)} was undone before",
            hint=f"memberctl checkin show {visit_number(visit.id)}",
        )
    visit.undone_at, visit.undone_by, visit.undone_reason = at, by.staff_id, reason
    session.flush()
    member = member_number(visit.member_id)
    note(
        session, "visit.undone", visit_number(visit.id), by=by, at=at, member=member,
        reason=reason,
    )  # fmt: skip
    return VisitUndone(visit_number(visit.id), member, queries.visits_left(session, visit.term_id))
