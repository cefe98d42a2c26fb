"""Numbers without gaps: given inside the transaction that uses them, or not at all.

Row ids come from here too, so a batch knows its ids before it writes and both engines count alike.
Source: rules O9, M13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from memberctl.store.tables import Counter

if TYPE_CHECKING:
    from sqlmodel import Session


def take(session: Session, name: str, count: int = 1) -> range:
    """Return the next `count` numbers of the series `name`, beginning at 1; they are used up."""
    assert count >= 0
    if count == 0:
        return range(0)
    connection = session.connection()
    make = sqlite_insert if connection.dialect.name == "sqlite" else postgres_insert
    statement = make(Counter.__table__).values(name=name, value=count)  # type: ignore[attr-defined]
    last = connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"value": Counter.__table__.c.value + count},  # type: ignore[attr-defined]
        ).returning(Counter.__table__.c.value)  # type: ignore[attr-defined]
    ).scalar_one()
    return range(last - count + 1, last + 1)


def take_one(session: Session, name: str) -> int:
    """Return the next number of the series `name`."""
    return take(session, name)[0]
