"""Everything in the store that names a member: found in the tables themselves, so that a table
that is added tomorrow is not forgotten by merging, by the dossier or by erasure.

Source: rules A4, G3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table, UniqueConstraint, and_, or_, select, update

from memberctl.member.scope import every_branch
from memberctl.store.schema import metadata

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlmodel import Session

Key = tuple[Any, ...]
MEMBER = "member"
# What is told of members themselves, and must go on naming whom it named.
HISTORY = frozenset({"member_merge", "erasure"})


@dataclass(frozen=True, slots=True)
class Pointer:
    """A column that names a member, with or without a foreign key."""

    table: Table
    column: Column[Any]

    @property
    def name(self) -> str:
        """Return the name of the table; with the column where that is not the usual one."""
        if self.column.name == "member_id":
            return self.table.name
        return f"{self.table.name}.{self.column.name}"


def pointers() -> tuple[Pointer, ...]:
    """Return all columns that name a member and follow them to another number.

    What stands below members in the house, such as messages, names them without a foreign key.
    """
    found = [
        Pointer(table, column)
        for table in metadata.sorted_tables
        if table.name not in HISTORY
        for column in table.c
        if names_member(column)
    ]
    return tuple(sorted(found, key=lambda pointer: pointer.name))


def names_member(column: Column[Any]) -> bool:
    """Whether a column holds ids of members."""
    targets = {key.target_fullname for key in column.foreign_keys}
    return "member.id" in targets or column.name == "member_id"


def rows_of(session: Session, pointer: Pointer, member_id: int) -> list[Key]:
    """Return the primary keys of the rows that name a member."""
    statement = select(*pointer.table.primary_key.columns).where(pointer.column == member_id)
    found = session.execute(every_branch(statement.order_by(*pointer.table.primary_key.columns)))
    return [tuple(row) for row in found]


def clashing(session: Session, pointer: Pointer, merged: int, survivor: int) -> list[Key]:
    """Return the rows of `merged` that the survivor has alike, so that a unique key forbids two."""
    keys = tuple(pointer.table.primary_key.columns)
    found: list[Key] = []
    for others, condition in _unique_with(pointer):
        whose = select(pointer.column, *others, *keys).where(
            pointer.column.in_((merged, survivor)), *condition
        )
        rows = session.execute(every_branch(whose)).all()
        width = 1 + len(others)
        had = {tuple(row[1:width]) for row in rows if row[0] == survivor}
        found += [
            tuple(row[width:]) for row in rows
            if row[0] == merged and tuple(row[1:width]) in had
        ]  # fmt: skip
    return found


def _unique_with(
    pointer: Pointer,
) -> Iterator[tuple[list[Column[Any]], tuple[ColumnElement[bool], ...]]]:
    """Yield what else stands in each unique key with a member's id, and when the key holds."""
    for constraint in pointer.table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield from _others(pointer, list(constraint.columns), None)
    for index in pointer.table.indexes:
        if index.unique:
            where = index.dialect_options["sqlite"].get("where")
            yield from _others(pointer, list(index.columns), where)


def _others(
    pointer: Pointer, columns: Sequence[Column[Any]], where: ColumnElement[bool] | None
) -> Iterator[tuple[list[Column[Any]], tuple[ColumnElement[bool], ...]]]:
    others = [column for column in columns if column.name != pointer.column.name]
    if len(others) < len(columns):
        yield others, () if where is None else (where,)


def move_rows(
    session: Session, pointer: Pointer, keys: Iterable[Key], *, from_: int, to: int
) -> int:
    """Let rows that name one member name another; return how many still did."""
    condition = _keyed(pointer.table, list(keys))
    if condition is None:
        return 0
    done = session.connection().execute(
        update(pointer.table)
        .where(pointer.column == from_, condition)
        .values({pointer.column.name: to})
    )
    return int(done.rowcount)


def _keyed(table: Table, keys: Sequence[Key]) -> ColumnElement[bool] | None:
    if not keys:
        return None
    columns = tuple(table.primary_key.columns)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return or_(*(and_(*(c == v for c, v in zip(columns, key, strict=True))) for key in keys))
