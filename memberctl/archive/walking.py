"""All rows that belong to one person: their own and, key by key, what hangs on those.

Source: rules G3, A4.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Table, or_, select
from sqlmodel import col
from sqlmodel import select as select_rows

from memberctl.archive.pointing import MEMBER, Key, names_member
from memberctl.member.scope import every_branch
from memberctl.member.tables import Member
from memberctl.store.among import among
from memberctl.store.schema import metadata

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlmodel import Session

Belongings = dict[Table, list[Key]]


def numbers_of(session: Session, member_id: int) -> list[int]:
    """Return a member's id and those of the numbers that were merged into it."""
    merged = select_rows(Member.id).where(Member.merged_into == member_id).order_by(col(Member.id))
    return [member_id, *session.exec(every_branch(merged))]


def with_merged(session: Session, member_ids: Iterable[int]) -> list[int]:
    """Return the ids of members together with those of the numbers that were merged into them."""
    own = sorted(set(member_ids))
    merged = select_rows(Member.id).where(among(session, col(Member.merged_into), own))
    return sorted({*own, *session.exec(every_branch(merged))})


def belongings(session: Session, member_ids: Iterable[int]) -> Belongings:
    """Return the primary keys of everything that belongs to these members, by table.

    A table belongs by a key that leads to a member, directly or over other tables that do; a
    table that is added tomorrow is among them by itself.
    """
    own = sorted(set(member_ids))
    return _followed(session, {metadata.tables[MEMBER]: [(each,) for each in own]}, own)


def hanging_on(session: Session, table: Table, keys: list[Key]) -> Belongings:
    """Return the primary keys of some rows and of all that hang on them, by table."""
    return _followed(session, {table: keys}, [])


def _followed(session: Session, found: Belongings, own: list[int]) -> Belongings:
    for table in metadata.sorted_tables:
        condition = None if table in found else _belonging(session, table, own, found)
        if condition is None:
            continue
        keys = select(*table.primary_key.columns).where(condition)
        rows = session.connection().execute(every_branch(keys.order_by(*table.primary_key.columns)))
        if there := [tuple(row) for row in rows]:
            found[table] = there
    return found


def leads_to_member() -> list[Table]:
    """Return all tables whose rows may belong to a member, `member` itself among them."""
    found = {metadata.tables[MEMBER]}
    for table in metadata.sorted_tables:
        if any(names_member(column) for column in table.c) or any(
            key.column.table in found and _is_plain(key) for key in table.foreign_keys
        ):
            found.add(table)
    return sorted(found, key=lambda table: table.name)


def _belonging(
    session: Session, table: Table, own: list[int], found: Belongings
) -> ColumnElement[bool] | None:
    """Return what makes a row of a table belong to somebody, None when nothing can."""
    conditions = [among(session, column, own) for column in table.c if own and names_member(column)]
    for key in table.foreign_keys:
        parent = key.column.table
        if parent.name != MEMBER and parent is not table and parent in found and _is_plain(key):
            values = [each[0] for each in found[parent]]
            conditions.append(among(session, key.parent, values))
    return or_(*conditions) if conditions else None


def _is_plain(key: ForeignKey) -> bool:
    """Whether a key points to the whole primary key of its target."""
    return list(key.column.table.primary_key.columns) == [key.column]


def rows_by_key(session: Session, table: Table, keys: list[Key]) -> list[dict[str, Any]]:
    """Return whole rows by their primary keys, in the order of the keys."""
    columns = tuple(table.primary_key.columns)
    first = among(session, columns[0], sorted({key[0] for key in keys}))
    wanted = set(keys)
    rows = session.connection().execute(every_branch(select(table).where(first).order_by(*columns)))
    return [
        dict(row._mapping) for row in rows
        if tuple(row._mapping[column] for column in columns) in wanted
    ]  # fmt: skip
