"""More values for a column of states, in a table that has rows already.

SQLite can add no constraint to a table, and rebuilding one loses what points to it. Its manual
("Making Other Kinds Of Table Schema Changes") names the way for a CHECK, which changes nothing of
what is stored: write the table's new text into the schema.
"""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

TABLE_TEXT = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
CHECK_TEXT = sa.text(
    "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE conname = :name AND conrelid = CAST(:table AS regclass)"
)


def widen(table: str, column: str, more: Sequence[str]) -> None:
    """Let `column` of `table` also be one of `more`; what was allowed before stays allowed.

    The CHECK keeps its name, ck_TABLE_COLUMN_known; rows, indexes, triggers and foreign keys stay
    as they are.
    """
    name = f"ck_{table}_{column}_known"
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(table, name, column, more)
        return
    before = op.get_bind().execute(CHECK_TEXT, {"name": name, "table": table}).scalar_one()
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {_check(column, before, more)}")


def replace_check(table: str, name: str, condition: str) -> None:
    """Let the CHECK ck_TABLE_NAME of a table say `condition`, which all its rows meet already."""
    full = f"ck_{table}_{name}"
    if op.get_bind().dialect.name == "sqlite":
        before = str(op.get_bind().execute(TABLE_TEXT, {"table": table}).scalar_one())
        start = before.index(f"CONSTRAINT {full} CHECK (") + len(f"CONSTRAINT {full} ")
        _write_text(table, f"{before[:start]}CHECK ({condition}){before[_closed(before, start) :]}")
        return
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {full}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {full} CHECK ({condition})")


def _closed(text: str, start: int) -> int:
    """Return the place behind the bracket that closes the first one after `start`."""
    depth = 0
    for place in range(text.index("(", start), len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    raise AssertionError("a CHECK that was written ends")


def _rewrite(table: str, name: str, column: str, more: Sequence[str]) -> None:
    before = str(op.get_bind().execute(TABLE_TEXT, {"table": table}).scalar_one())
    start = before.index(f"CONSTRAINT {name} ") + len(f"CONSTRAINT {name} ")
    end = before.index("))", start) + 2
    _write_text(table, before[:start] + _check(column, before[start:end], more) + before[end:])


def _write_text(table: str, after: str) -> None:
    connection = op.get_bind()
    version = int(connection.execute(sa.text("PRAGMA schema_version")).scalar_one())
    connection.execute(sa.text("PRAGMA writable_schema=ON"))
    connection.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"),
        {"sql": after, "table": table},
    )
    # Both let this connection read the new text at once, and every other one by and by.
    connection.execute(sa.text(f"PRAGMA schema_version={version + 1}"))
    connection.execute(sa.text("PRAGMA writable_schema=RESET"))


def _check(column: str, before: str, more: Sequence[str]) -> str:
    """Return the CHECK with the values that the text of the old one names, and `more`."""
    values = dict.fromkeys([*re.findall(r"'([^']*)'", before), *more])
    return f"CHECK ({column} IN ({', '.join(repr(value) for value in values)}))"
