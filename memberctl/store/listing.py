"""A list of rows together with how many there are in all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import func, select

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlmodel import Session

T = TypeVar("T")
SCOPE = "scope"
"""Where a session keeps what narrows its selects to what the person may see; see member.scope."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """rows -- at most as many as were asked for; total -- how many there would be."""

    rows: list[T]
    total: int


def listing(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    make: Callable[[Any], T],
    limit: int | None = None,
) -> Listing[T]:
    """Return the first `limit` rows of `statement`, each made by `make`, and the total."""
    if SCOPE in session.info:
        statement = session.info[SCOPE](statement)
    found = session.connection().execute(statement if limit is None else statement.limit(limit))
    rows = [make(row) for row in found]
    if limit is None or len(rows) < limit:
        return Listing(rows, len(rows))
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    return Listing(rows, session.connection().execute(counted).scalar_one())
