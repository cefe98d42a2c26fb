"""Checksums: of each row as it was written, so that a value that changes by itself is found.

A disk flips a bit, somebody edits a row with another tool: the row is still a row, and no rule may
be broken by it. So on SQLite each row has a checksum, kept apart from it, 64 rows to a block, and
`db check --deep` compares. Rows written many at a time are summed as they go by (`add`); of every
other statement, triggers that only this connection has tell it which rows are changed, and these
are summed before the commit (`refresh`).
PostgreSQL checks its own pages (`initdb --data-checksums`) and has no checksums of ours; the audit
log has signatures of its own.
Source: reliability.md R15.
"""

from __future__ import annotations

import json
import marshal
import re
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice, repeat
from typing import TYPE_CHECKING, Any
from zlib import crc32

from memberctl.store.held import HeldConnection

if TYPE_CHECKING:
    from memberctl.store.trail import Problem

PAGE = 1_000
BLOCK = 64  # Rows whose checksums stand in one row.
WIDTH = 4
# The audit log is signed; a counter is held against the rows that it has numbered, by `db check`.
UNSUMMED = frozenset({"audit", "counter", "checksum", "alembic_version"})
NO_ROW = 0
Row = tuple[Any, ...]
PLAIN = frozenset({int, str, bytes, type(None)})
_CHANGE = r'(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)"?'
_BEGINS = re.compile(rf"\s*{_CHANGE}", re.IGNORECASE)
_HOLDS = re.compile(rf"\s*WITH\b.*\b{_CHANGE}", re.IGNORECASE | re.DOTALL)
_PUT = "INSERT OR REPLACE INTO checksum (part, block, sums) VALUES (?, ?, ?)"
_HELD = "SELECT sums FROM checksum WHERE part = ? AND block = ?"
_ONE = struct.Struct("<I")
_IN = "{} IN (SELECT value FROM json_each(?))"
_NOTING = {
    "INSERT": "SELECT touched_{table}(NEW.rowid);",
    "UPDATE": "SELECT touched_{table}(OLD.rowid); SELECT touched_{table}(NEW.rowid);",
    "DELETE": "SELECT touched_{table}(OLD.rowid);",
}


@lru_cache(maxsize=1024)
def changed_by(statement: str) -> tuple[str, str] | None:
    """Return the verb of a statement that changes rows and its table, None for any other."""
    match = _BEGINS.match(statement) or _HOLDS.match(statement)
    if match is None or match[2].startswith("sqlite_"):  # A migration writes its own schema.
        return None
    return match[1].split()[0].upper(), match[2]


def watch(raw: Any, statement: str) -> None:
    """Take down the rows that a statement is about to change."""
    change = changed_by(statement)
    if change is not None and isinstance(raw, HeldConnection) and change[1] not in UNSUMMED:
        _watch(raw, *change)


def _watch(raw: HeldConnection, verb: str, table: str) -> None:
    if raw.watched is None:
        _begin(raw)
    if raw.sums_all or raw.watched is None or (verb, table) in raw.watched:
        return
    if table not in raw.touched:
        # No Python runs in this function, so no signal can raise in it, which SQLite would hide.
        raw.create_function(f"touched_{table}", 1, raw.touched[table].add)
    # An INSERT may turn out to update.
    for each in sorted({verb, "UPDATE"}):
        if (each, table) not in raw.watched:
            # The name comes from our own statements.
            raw.execute(
                f'CREATE TEMP TRIGGER "touched {each} {table}" AFTER {each} ON main."{table}"'
                f" BEGIN {_NOTING[each].format(table=table)} END"
            )
            raw.watched.add((each, table))


def _begin(raw: HeldConnection) -> None:
    """Find out what the connection watches already: what a rollback took back it does not."""
    found = raw.execute("SELECT name FROM temp.sqlite_master WHERE type = 'trigger'").fetchall()
    raw.watched = {(name.split()[1], name.split()[2]) for (name,) in found}
    if raw.watched:
        return
    if not _has_checksums(raw):
        raw.sums_all = True


def _has_checksums(raw: sqlite3.Connection) -> bool:
    found = raw.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'checksum'").fetchone()
    return found is not None


def sum_all_at_commit(raw: Any) -> None:
    """Let every row be summed at the end of a transaction that makes or migrates the tables."""
    if not isinstance(raw, HeldConnection):
        return
    if _has_checksums(raw):
        raw.damaged = frozenset(
            (table, row) for table in _tables(raw) for row, *_ in _compared(raw, table)
        )
    made = raw.execute("SELECT name FROM temp.sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in made:
        raw.execute(f'DROP TRIGGER temp."{name}"')
    raw.watched, raw.sums_all, raw.columns = set(), True, {}


def add(raw: Any, table: str, rows: Sequence[Row], keys: Sequence[int] | None) -> None:
    """Sum rows that were just inserted by one statement.

    rows -- all columns by the order of their names, as SQLite stores them
    keys -- the rows' integer primary keys; None where SQLite has numbered them itself
    """
    if not rows or table in UNSUMMED or not isinstance(raw, HeldConnection):
        return
    if raw.watched is None:
        _begin(raw)
    if raw.sums_all:
        return
    sums = _sums(rows)
    if keys is None:
        (last,) = raw.execute("SELECT last_insert_rowid()").fetchone()
        keys = range(last - len(rows) + 1, last + 1)
    if len(keys) < BLOCK or list(keys) != list(range(keys[0], keys[0] + len(keys))):
        put(raw, table, list(zip(keys, sums, strict=True)))
    else:
        raw.executemany(_PUT, list(_blocks(raw, table, keys[0], sums)))


def _sums(rows: Sequence[Row]) -> list[int]:
    """Return the checksum of each row: whole numbers, text, bytes and nothing.

    Format 0 of marshal writes equal values as equal bytes, and takes a fifth of what repr takes.
    A test pins what it writes, since a store outlives the Python that has written it.
    """
    if not PLAIN.issuperset(map(type, rows[0])):
        rows = _plain_rows(rows)
    try:
        sums = list(map(crc32, map(marshal.dumps, rows, repeat(0))))
    except ValueError:  # A state, in a column of which the first row holds nothing.
        sums = list(map(crc32, map(marshal.dumps, _plain_rows(rows), repeat(0))))
    return [each or 1 for each in sums] if NO_ROW in sums else sums


def _plain_rows(rows: Sequence[Row]) -> list[Row]:
    return [tuple(map(_plain, row)) for row in rows]


def _plain(value: object) -> object:
    """Return a value as SQLite stores it: a state as its text, a truth as 0 or 1."""
    if isinstance(value, str):
        return str(value)
    return int(value) if isinstance(value, int) else value


def _blocks(
    raw: sqlite3.Connection, table: str, first: int, sums: list[int]
) -> Iterator[tuple[str, int, bytes]]:
    """Yield the blocks in which the checksums of successive rows stand."""
    data = struct.pack(f"<{len(sums)}I", *sums)
    held = _held(raw, table, [first // BLOCK, (first + len(sums) - 1) // BLOCK])
    place = first % BLOCK * WIDTH
    for block, begins in enumerate(range(-place, len(data), BLOCK * WIDTH), first // BLOCK):
        piece = data[max(begins, 0) : begins + BLOCK * WIDTH]
        if len(piece) < BLOCK * WIDTH:
            whole, at = held[block], max(-begins, 0)
            whole[at : at + len(piece)] = piece
            piece = bytes(whole)
        yield table, block, piece


def _held(raw: sqlite3.Connection, table: str, blocks: list[int]) -> dict[int, bytearray]:
    """Return blocks as they stand, zeros for those that do not yet."""
    which, value = _among("block", blocks)
    found = raw.execute(
        f"SELECT block, sums FROM checksum WHERE part = ? AND {which}",  # noqa: S608
        (table, value),
    )
    held = {block: bytearray(sums) for block, sums in found}
    return {block: held.get(block) or bytearray(BLOCK * WIDTH) for block in blocks}


def put(raw: sqlite3.Connection, table: str, sums: Sequence[tuple[int, int]]) -> None:
    """Write checksums, each behind the number of its row, by a constant number of statements."""
    if len(sums) == 1:
        _put_one(raw, table, *sums[0])
        return
    held = _held(raw, table, sorted({row // BLOCK for row, _ in sums}))
    for row, value in sums:
        place = row % BLOCK * WIDTH
        _ONE.pack_into(held[row // BLOCK], place, value)
    raw.executemany(_PUT, [(table, block, bytes(sums)) for block, sums in held.items()])


def _put_one(raw: sqlite3.Connection, table: str, row: int, value: int) -> None:
    """Write one checksum, as a scan does: in half the time of what is ready for many."""
    block, place = divmod(row, BLOCK)
    found = raw.execute(_HELD, (table, block)).fetchone()
    sums = bytearray(found[0] if found else BLOCK * WIDTH)
    _ONE.pack_into(sums, place * WIDTH, value)
    raw.execute(_PUT, (table, block, sums))


def refresh(raw: Any) -> None:
    """Sum what a transaction has changed; called just before its commit."""
    if not isinstance(raw, HeldConnection):
        return
    if raw.watched is None:
        _begin(raw)
    if raw.sums_all:
        if _has_checksums(raw):
            _sum_everything(raw)
        return
    for table, touched in raw.touched.items():
        if touched:
            rows = sorted(touched)
            now = dict(_summed(raw, table, *_among("rowid", rows)))
            put(raw, table, [(row, now.get(row, NO_ROW)) for row in rows])
            touched.clear()


def _among(column: str, numbers: Sequence[int]) -> tuple[str, object]:
    """Return the condition that a column is one of these numbers, and what to bind to it."""
    one = len(numbers) == 1
    return (f"{column} = ?", numbers[0]) if one else (_IN.format(column), json.dumps(numbers))


def _sum_everything(raw: HeldConnection) -> None:
    """Sum every row of a store that was just founded, filled or migrated.

    A row that was found changed before its migration stays known as changed.
    """
    raw.execute("DELETE FROM checksum")
    for table in _tables(raw):
        rows = _summed(raw, table)
        while page := list(islice(rows, PAGE)):
            put(raw, table, page)
    for table, row in sorted(raw.damaged):
        wrong = next((value for _, value in _summed(raw, table, "rowid = ?", row)), NO_ROW) ^ 1
        put(raw, table, [(row, wrong or 2)])


def _tables(raw: sqlite3.Connection) -> list[str]:
    found = raw.execute(
        "SELECT name FROM main.sqlite_master WHERE type = 'table'"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    return [name for (name,) in found.fetchall() if name not in UNSUMMED]


def _summed(
    raw: sqlite3.Connection, table: str, which: str = "TRUE", *values: object
) -> Iterator[tuple[int, int]]:
    """Yield the number and the checksum of each row of which a condition holds, in order."""
    columns = _columns(raw, table)
    with _any_text(raw):
        cursor = raw.execute(
            # The names come from the store's own schema.
            f'SELECT rowid, {columns} FROM main."{table}"'  # noqa: S608
            f" WHERE {which} ORDER BY rowid",
            values,
        )
        while rows := cursor.fetchmany(PAGE):
            yield from zip([row[0] for row in rows], _sums([row[1:] for row in rows]), strict=True)


def _columns(raw: sqlite3.Connection, table: str) -> str:
    """Return a table's columns by the order of their names, as a SELECT lists them."""
    known = raw.columns.get(table) if isinstance(raw, HeldConnection) else None
    if known is None:
        described = raw.execute(f'PRAGMA main.table_info("{table}")').fetchall()
        known = ", ".join(f'"{name}"' for name in sorted(each[1] for each in described))
        if isinstance(raw, HeldConnection):
            raw.columns[table] = known
    return known


@contextmanager
def _any_text(raw: sqlite3.Connection) -> Iterator[None]:
    """Read text that is damaged as text that differs."""
    before = raw.text_factory
    raw.text_factory = _text
    try:
        yield
    finally:
        raw.text_factory = before


def _text(stored: bytes) -> str:
    return stored.decode(errors="surrogateescape")


def changed_rows(raw: Any) -> Iterator[Problem]:
    """Return the rows that are not as they were written, that are gone, or that nobody wrote."""
    from memberctl.store.trail import Problem  # Which the audit log's own writing needs first.

    if isinstance(raw, HeldConnection) and raw.watched:
        refresh(raw)  # Of a transaction that is not committed yet.
    for table in _tables(raw):
        for row, expected, found in _compared(raw, table):
            yield Problem("row_written", f"{table} row {row}", expected, found)


def _compared(raw: sqlite3.Connection, table: str) -> Iterator[tuple[int, str, str]]:
    held = dict(_expected(raw, table))
    for row, value in _summed(raw, table):
        wanted = held.pop(row, NO_ROW)
        if wanted == NO_ROW:
            yield row, "none", "added by another program"
        elif wanted != value:
            yield row, "as written", "changed"
    for row in sorted(held):
        yield row, "as written", "none"


def _expected(raw: sqlite3.Connection, table: str) -> Iterator[tuple[int, int]]:
    blocks = raw.execute("SELECT block, sums FROM checksum WHERE part = ?", (table,)).fetchall()
    for block, sums in blocks:
        for place, (value,) in enumerate(struct.iter_unpack("<I", sums)):
            if value != NO_ROW:
                yield block * BLOCK + place, value
