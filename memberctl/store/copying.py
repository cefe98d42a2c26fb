"""Moving every row of a store into an empty one of another kind, and proof that all arrived.

Source: reliability.md R23; rules I7.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, Table, func, insert, inspect, select, text

from memberctl.store.audit import head
from memberctl.store.schema import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlmodel import Session

CHUNK = 5_000
NOT_COPIED = "checksum"  # A SQLite store sums what it gets; another engine has no checksums.
# PostgreSQL looks at a foreign key at once, unless it may wait for the end of the transaction.
FOREIGN_KEYS = """
    SELECT conrelid::regclass::text AS "table", quote_ident(conname) AS "name"
    FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """What two stores that hold the same have in common.

    rows -- by table; sums -- of every column of whole numbers, by table.column
    seq, head -- the newest link of the audit log
    """

    rows: dict[str, int]
    sums: dict[str, int]
    seq: int
    head: str


def is_empty(session: Session) -> bool:
    """Return whether a database holds no table at all."""
    return not inspect(session.connection()).get_table_names()


def copy_rows(source: Session, target: Session) -> None:
    """Copy every row into a target that has the same schema, in the target's transaction.

    What the migrations themselves put into the target goes first.
    """
    into = target.connection()
    with _references_later(into):
        for table in reversed(_moved()):
            if into.execute(select(func.count()).select_from(table)).scalar_one():
                into.execute(table.delete())
        for table in _moved():
            for chunk in _chunks(source.connection(), table):
                into.execute(insert(table), chunk)


def _moved() -> list[Table]:
    return [table for table in metadata.sorted_tables if table.name != NOT_COPIED]


def _chunks(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    found = connection.execute(select(table).order_by(*table.primary_key.columns))
    for rows in found.mappings().partitions(CHUNK):
        yield [dict(row) for row in rows]


class _references_later:  # noqa: N801 -- reads as what it does in a `with`.
    """Let rows come before those they point to, until the end of the block."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.keys: list[Any] = []

    def __enter__(self) -> None:
        if self.connection.dialect.name == "sqlite":
            self.connection.execute(text("PRAGMA defer_foreign_keys = ON"))
            return
        self.keys = list(self.connection.execute(text(FOREIGN_KEYS)))
        self._alter("DEFERRABLE")
        self.connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))

    def __exit__(self, kind: object, *_: object) -> None:
        if self.keys and kind is None:
            self.connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            self._alter("NOT DEFERRABLE")

    def _alter(self, how: str) -> None:
        for key in self.keys:
            # Both names come quoted from the catalogue of the server.
            self.connection.execute(
                text(f"ALTER TABLE {key.table} ALTER CONSTRAINT {key.name} {how}")
            )


def tally_of(session: Session) -> Tally:
    """Return how many rows a store has, the sums of its numbers, and its audit log's head."""
    connection = session.connection()
    rows: dict[str, int] = {}
    sums: dict[str, int] = {}
    for table in _moved():
        numbers = [column for column in table.columns if isinstance(column.type, Integer)]
        counted = select(func.count(), *(func.sum(column) for column in numbers))
        rows[table.name], *found = connection.execute(counted.select_from(table)).one()
        for column, total in zip(numbers, found, strict=True):
            sums[f"{table.name}.{column.name}"] = int(total or 0)
    seq, newest = head(session)
    return Tally(rows, sums, seq, newest.hex())


def differences(one: Tally, other: Tally) -> list[str]:
    """Return the names of what two stores do not have in common."""
    found = [name for name in one.rows if one.rows[name] != other.rows[name]]
    found += [name for name in one.sums if one.sums[name] != other.sums[name]]
    return found + ([] if one.head == other.head else ["audit head"])
