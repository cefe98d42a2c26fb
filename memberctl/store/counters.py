"""Numbers without gaps: given inside the transaction that uses them, or not at all.

Row ids come from here too, so a batch knows its ids before it writes and both engines count alike.
Source: rules O9, M13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Integer, column, text

from memberctl.store.prepared import Prepared

if TYPE_CHECKING:
    from sqlmodel import Session

# Both engines read this; SQLAlchemy's own upsert would load the other engine's dialect as well.
TAKE = Prepared(
    text(
        "INSERT INTO counter (name, value) VALUES (:name, :count)"
        " ON CONFLICT (name) DO UPDATE SET value = counter.value + :count RETURNING value"
    ).columns(column("value", Integer()))
)


def take(session: Session, name: str, count: int = 1) -> range:
    """Return the next `count` numbers of the series `name`, beginning at 1; they are used up."""
    assert count >= 0
    if count == 0:
        return range(0)
    (last,) = TAKE.rows(session, name=name, count=count)[0]
    return range(last - count + 1, last + 1)


def take_one(session: Session, name: str) -> int:
    """Return the next number of the series `name`."""
    return take(session, name)[0]
