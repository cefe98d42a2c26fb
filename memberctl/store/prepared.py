"""Statements that are compiled once and then run straight through the driver.

SQLAlchemy takes 60 to 100 us for each statement it executes, the driver 5; a turnstile that opens
three hundred times a minute feels the difference. Everything that is asked once stays with
SQLAlchemy.
Source: performance.md D, "statements of hot paths are built once".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memberctl.store.checksums import watch

if TYPE_CHECKING:
    from sqlalchemy import Dialect, Select, TextualSelect
    from sqlmodel import Session

Convert = Callable[[Any], Any]
DRIVER = "driver"
"""Where a session, which lives for one transaction, keeps the driver's connection."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement as one driver takes it.

    order -- the names of the values in their places, None where the driver takes names
    fixed -- values that the statement itself holds; into, out -- converters to and from storage
    """

    sql: str
    order: tuple[str, ...] | None
    fixed: dict[str, Any]
    into: dict[str, Convert]
    out: tuple[Convert | None, ...] | None

    def bound(self, values: dict[str, Any]) -> Any:
        """Return the values in the driver's own types and order."""
        stored = {**self.fixed, **values}
        for name, convert in self.into.items():
            stored[name] = convert(stored[name])
        return stored if self.order is None else [stored[name] for name in self.order]


def driver_of(session: Session) -> tuple[Any, Dialect]:
    """Return the driver's own connection of a session, in its transaction, and the dialect."""
    found: tuple[Any, Dialect] | None = session.info.get(DRIVER)
    if found is None:
        connection = session.connection()
        found = connection.connection.driver_connection, connection.dialect
        session.info[DRIVER] = found
    return found


class Prepared:
    """One statement that answers rows, with its values named by bindparam() or in its text."""

    def __init__(self, statement: Select[*tuple[Any, ...]] | TextualSelect) -> None:
        self._statement = statement
        self._ready: dict[str, _Ready] = {}

    def rows(self, session: Session, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows for these values, in the Python types of the columns.

        What the session holds unflushed goes first, as everywhere.
        """
        session.flush()
        raw, dialect = driver_of(session)
        ready = self._ready.get(dialect.name) or self._prepare(dialect)
        watch(raw, ready.sql)
        found: list[tuple[Any, ...]] = raw.execute(ready.sql, ready.bound(values)).fetchall()
        out = ready.out
        if out is None:
            return found
        return [
            tuple(
                [
                    value if convert is None else convert(value)
                    for convert, value in zip(out, row, strict=True)
                ]
            )
            for row in found
        ]

    def row(self, session: Session, **values: Any) -> tuple[Any, ...] | None:
        """Return the first row for these values, or None."""
        found = self.rows(session, **values)
        return found[0] if found else None

    def _prepare(self, dialect: Dialect) -> _Ready:
        compiled: Any = self._statement.compile(dialect=dialect)
        into: dict[str, Convert] = {}
        fixed: dict[str, Any] = {}
        for name, parameter in compiled.binds.items():
            convert = parameter.type.dialect_impl(dialect).bind_processor(dialect)
            if not parameter.required:
                fixed[name] = parameter.value if convert is None else convert(parameter.value)
            elif convert is not None:
                into[name] = convert
        out = tuple(
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in self._statement.selected_columns
        )
        ready = _Ready(
            sql=str(compiled),
            order=tuple(compiled.positiontup) if compiled.positional else None,
            fixed=fixed,
            into=into,
            out=out if any(out) else None,
        )
        self._ready[dialect.name] = ready
        return ready
