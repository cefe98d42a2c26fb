"""Many rows in one statement, through the driver, with SQL compiled once.

SQLAlchemy's own executemany costs two to twenty times the driver's for the same rows, which an
import of 100,000 applications feels; so sets are written here and single changes by the ORM.
Source: performance.md "Writing 10,000 applications".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer

from memberctl.store.checksums import UNSUMMED, add
from memberctl.store.columns import Day, Instant, State, instant_text
from memberctl.store.prepared import driver_of

if TYPE_CHECKING:
    from sqlalchemy import Column, Dialect
    from sqlmodel import Session, SQLModel

Convert = Callable[[Any], Any]


def insert_rows(
    session: Session,
    table: type[SQLModel],
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
) -> None:
    """Insert `rows`, each a tuple of values in the order of `columns`, as one statement.

    Values have the Python types of the columns; what the session holds unflushed goes first.
    """
    if not rows:
        return
    session.flush()
    raw, dialect = driver_of(session)
    insert = _insert(table, tuple(columns), dialect)
    if len(rows) == 1:
        _insert_one(raw, insert, rows[0])
        return
    stored = insert.stored(rows)
    given = insert.given(stored)
    cursor = raw.cursor()
    try:
        cursor.executemany(insert.sql(given), insert.rows(stored, given))
    finally:
        cursor.close()
    if insert.summed:
        add(raw, insert.table, insert.whole(stored), insert.keys(stored))


def _insert_one(raw: Any, insert: _Insert, row: Sequence[object]) -> None:
    """Insert a single row, as a scan does: without what pays only for many."""
    stored = [
        value if convert is None or value is None else convert(value)
        for convert, value in zip(insert.converters, row, strict=True)
    ]
    raw.execute(insert.sql(insert.all), stored)
    if insert.summed:
        whole = tuple(
            [default if place is None else stored[place] for place, default in insert.order]
        )
        key: Any = None if insert.key is None else [stored[insert.key]]
        add(raw, insert.table, [whole], key)


Columns = list[Sequence[object]]


@dataclass(frozen=True, slots=True)
class _Insert:
    """What is known of the rows of one table that have values in these columns.

    optional -- which columns are NULL where they are not named
    all      -- the places of all these columns
    order    -- all columns of the table by their names, as rows are summed (store.checksums): the
                place of each among those given, or None and what it is then
    key      -- the place of the integer primary key, if it is given
    """

    table: str
    quoted: str
    mark: str
    names: tuple[str, ...]
    converters: tuple[Convert | None, ...]
    optional: tuple[bool, ...]
    all: tuple[int, ...]
    order: tuple[tuple[int | None, object], ...]
    summed: bool
    key: int | None
    statements: dict[tuple[int, ...], str] = field(default_factory=dict)

    def stored(self, rows: Sequence[Sequence[object]]) -> Columns:
        """Convert column by column, each value once: a batch says the same days and states again.

        That takes half the time of converting row by row: 0.45 us for a row of a member, not 0.84.
        """
        columns: Columns = list(zip(*rows, strict=True))
        for place, convert in enumerate(self.converters):
            if convert is not None:
                values = columns[place]
                known = {value: None if value is None else convert(value) for value in set(values)}
                columns[place] = [known[value] for value in values]
        return columns

    def given(self, stored: Columns) -> tuple[int, ...]:
        """Return the places of the columns to name: those that are NULL in all rows are not.

        The driver of SQLite takes 0.28 us to bind a NULL, fifteen times what a text takes.
        """
        return tuple(
            place
            for place, optional in enumerate(self.optional)
            if not optional
            or stored[place][0] is not None
            or any(value is not None for value in stored[place])
        )

    def sql(self, given: tuple[int, ...]) -> str:
        """Return the statement that names these columns, always the same one for the same."""
        return self.statements.get(given) or self._write(given)

    def _write(self, given: tuple[int, ...]) -> str:
        names = ", ".join([self.names[place] for place in given])
        marks = ", ".join([self.mark] * len(given))
        # Names come from our own table classes, values are bound.
        sql = f"INSERT INTO {self.quoted} ({names}) VALUES ({marks})"  # noqa: S608
        self.statements[given] = sql
        return sql

    def rows(self, stored: Columns, given: tuple[int, ...]) -> list[tuple[object, ...]]:
        """Return the rows with the values of these columns."""
        return list(zip(*(stored[place] for place in given), strict=True))

    def whole(self, stored: Columns) -> list[tuple[object, ...]]:
        """Return the rows as they are summed, with what they have where no value is given."""
        count = len(stored[0])
        columns = (
            repeat(default, count) if place is None else stored[place]
            for place, default in self.order
        )
        return list(zip(*columns, strict=True))

    def keys(self, stored: Columns) -> Sequence[Any] | None:
        """Return the rows' integer primary keys, None where SQLite numbers them itself."""
        return None if self.key is None else stored[self.key]


@lru_cache(maxsize=256)
def _insert(table: type[SQLModel], columns: tuple[str, ...], dialect: Dialect) -> _Insert:
    declared = table.__table__  # type: ignore[attr-defined]
    sqlite = dialect.name == "sqlite"
    places = {name: place for place, name in enumerate(columns)}
    keys = [column.name for column in declared.primary_key if isinstance(column.type, Integer)]
    alone = len(declared.primary_key) == 1 and keys
    return _Insert(
        table=declared.name,
        quoted=dialect.identifier_preparer.format_table(declared),
        mark="?" if sqlite else "%s",
        names=columns,
        converters=tuple(_converter(declared.c[name], sqlite) for name in columns),
        optional=tuple(declared.c[name].server_default is None for name in columns),
        all=tuple(range(len(columns))),
        order=tuple(
            (places.get(name), _default(declared.c[name])) for name in sorted(declared.c.keys())
        ),
        summed=sqlite and declared.name not in UNSUMMED,
        key=places.get(keys[0]) if alone else None,
    )


def _converter(column: Column[Any], sqlite: bool) -> Convert | None:
    if isinstance(column.type, State):
        return _state_value
    if sqlite and isinstance(column.type, Instant):
        return _instant_value
    if sqlite and isinstance(column.type, Day):
        return _day_value
    return None


def _default(column: Column[Any]) -> object:
    """Return what a row has in a column that no value is given for."""
    given: Any = column.server_default
    if given is None:
        return None
    return int(given.arg) if isinstance(column.type, Integer) else str(given.arg)


def _state_value(state: StrEnum | str) -> str:
    return str(state)


def _instant_value(at: datetime | str) -> str:
    return at if isinstance(at, str) else instant_text(at)


def _day_value(on: date | str) -> str:
    return on if isinstance(on, str) else on.isoformat()
