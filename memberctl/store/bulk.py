"""Many rows in one statement, through the driver, with SQL compiled once.

SQLAlchemy's own executemany costs two to twenty times the driver's for the same rows, which an
import of 100,000 applications feels; so sets are written here and single changes by the ORM.
Source: performance.md "Writing 10,000 applications".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    session.flush()
    raw, dialect = driver_of(session)
    insert = _insert(table, tuple(columns), dialect)
    stored = insert.stored(rows)
    cursor = raw.cursor()
    try:
        cursor.executemany(insert.sql, stored)
    finally:
        cursor.close()
    if insert.summed:
        at = insert.key
        keys: list[Any] | None = None if at is None else [row[at] for row in stored]
        add(raw, insert.table, stored, keys)


@dataclass(frozen=True, slots=True)
class _Insert:
    """One INSERT as a driver takes it.

    sources -- of each value: its place in a row that is given, or None; what converts it to what
    is stored; what it is where none is given
    summed -- whether rows have checksums; key -- the place of the integer primary key, if any
    """

    sql: str
    table: str
    sources: tuple[tuple[int | None, Convert | None, object], ...]
    summed: bool
    key: int | None

    def stored(self, rows: Sequence[Sequence[object]]) -> list[tuple[object, ...]]:
        """Convert column by column, each value once: a batch says the same days and states again.

        That takes half the time of converting row by row: 0.45 us for a row of a member, not 0.84.
        """
        if len(rows) == 1:
            return [tuple(self._values(rows[0]))]
        columns: list[Sequence[object]] = list(zip(*rows, strict=True))
        if not columns:
            return []
        count = len(columns[0])
        return list(zip(*(self._column(columns, count)), strict=True))

    def _values(self, row: Sequence[object]) -> Iterator[object]:
        for position, convert, default in self.sources:
            value = default if position is None else row[position]
            yield value if convert is None or value is None else convert(value)

    def _column(
        self, columns: Sequence[Sequence[object]], count: int
    ) -> Iterator[Iterable[object]]:
        for position, convert, default in self.sources:
            if position is None:
                yield repeat(default, count)
            elif convert is None:
                yield columns[position]
            else:
                column = columns[position]
                known = {value: None if value is None else convert(value) for value in set(column)}
                yield [known[value] for value in column]


@lru_cache(maxsize=256)
def _insert(table: type[SQLModel], columns: tuple[str, ...], dialect: Dialect) -> _Insert:
    """Return the statement that inserts into these columns, and what converts their values.

    On SQLite it names every column, in the order in which rows are summed (store.checksums).
    """
    declared = table.__table__  # type: ignore[attr-defined]
    sqlite = dialect.name == "sqlite"
    into = sorted(declared.c.keys()) if sqlite else list(columns)
    places = {name: place for place, name in enumerate(columns)}
    sources = tuple(
        (places.get(name), _converter(declared.c[name], sqlite), _default(declared.c[name]))
        for name in into
    )
    name = dialect.identifier_preparer.format_table(declared)
    marks = ", ".join(["?" if sqlite else "%s"] * len(into))
    keys = [column.name for column in declared.primary_key if isinstance(column.type, Integer)]
    alone = len(declared.primary_key) == 1 and keys and keys[0] in places
    return _Insert(
        # Names come from our own table classes, values are bound.
        sql=f"INSERT INTO {name} ({', '.join(into)}) VALUES ({marks})",  # noqa: S608
        table=declared.name,
        sources=sources,
        summed=sqlite and declared.name not in UNSUMMED,
        key=into.index(keys[0]) if alone else None,
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
