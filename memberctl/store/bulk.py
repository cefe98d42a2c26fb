"""Many rows in one statement, through the driver, with SQL compiled once.

SQLAlchemy's own executemany costs two to twenty times the driver's for the same rows, which an
import of 100,000 applications feels; so sets are written here and single changes by the ORM.
Source: performance.md "Writing 10,000 applications".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from memberctl.store.columns import Day, Instant, State, instant_text

if TYPE_CHECKING:
    from sqlalchemy import Column
    from sqlmodel import Session, SQLModel

Convert = Callable[[Any], Any]


def insert_rows(
    session: Session,
    table: type[SQLModel],
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> None:
    """Insert `rows`, each a tuple of values in the order of `columns`, as one statement.

    Values have the Python types of the columns; what the session holds unflushed goes first.
    """
    session.flush()
    connection = session.connection()
    declared = table.__table__  # type: ignore[attr-defined]
    name = connection.dialect.identifier_preparer.format_table(declared)
    sqlite = connection.dialect.name == "sqlite"
    marks = ", ".join(["?" if sqlite else "%s"] * len(columns))
    # Names come from our own table classes, values are bound.
    sql = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    converters = _converters([declared.c[column] for column in columns], sqlite)
    raw: Any = connection.connection.driver_connection
    cursor = raw.cursor()
    try:
        cursor.executemany(sql, _converted(rows, converters) if converters else rows)
    finally:
        cursor.close()


def _converters(columns: Sequence[Column[Any]], sqlite: bool) -> list[tuple[int, Convert]]:
    found: list[tuple[int, Convert]] = []
    for position, column in enumerate(columns):
        if isinstance(column.type, State):
            found.append((position, _state_value))
        elif sqlite and isinstance(column.type, Instant):
            found.append((position, _instant_value))
        elif sqlite and isinstance(column.type, Day):
            found.append((position, _day_value))
    return found


def _converted(
    rows: Iterable[Sequence[object]], converters: Sequence[tuple[int, Convert]]
) -> Iterable[Sequence[object]]:
    """Convert row by row; a batch says the same instant, day and state in row after row."""
    last: list[tuple[object, object]] = [(None, None)] * len(converters)
    numbered = [(place, *converter) for place, converter in enumerate(converters)]
    for row in rows:
        values = list(row)
        for place, position, convert in numbered:
            value = values[position]
            known, stored = last[place]
            if value is not known:
                stored = None if value is None else convert(value)
                last[place] = (value, stored)
            values[position] = stored
        yield values


def _state_value(state: StrEnum | str) -> str:
    return str(state)


def _instant_value(at: datetime | str) -> str:
    return at if isinstance(at, str) else instant_text(at)


def _day_value(on: date | str) -> str:
    return on if isinstance(on, str) else on.isoformat()
