"""Every select over visits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from memberctl.access.visit_tables import Visit

if TYPE_CHECKING:
    from sqlmodel import Session


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
