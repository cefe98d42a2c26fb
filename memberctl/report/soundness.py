"""`db check`: whether everything that is stored agrees with everything else.

Looks and never mends. The same list judges the store after every kill in the reliability tests.
Source: reliability.md "Invariants", R13, R15, R16; rules G1, M1, M13.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from memberctl.bank.checking import broken_rows
from memberctl.refund.checking import check_money
from memberctl.report.invariants import INVARIANTS
from memberctl.report.rules import Invariant
from memberctl.report.seals import broken_seals
from memberctl.report.shape import shape_problems
from memberctl.report.traces import accepted_late, strange_steps
from memberctl.store.schema import metadata
from memberctl.store.trail import Checked, Problem, verify_chain

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.keys import Keys


def check_everything(session: Session, keys: Keys, *, deep: bool) -> Checked:
    """Return every contradiction in the store, and how many rows were looked at.

    deep -- also open every sealed field, and compare the schema with a fresh one
    Every problem names the rule that is broken, the object, what was expected and what is there.
    """
    connection = session.connection()
    chain = verify_chain(session, keys.audit)
    problems = [
        *file_problems(connection),
        *(problem for rule in INVARIANTS for problem in breaks(connection, rule)),
        *counter_problems(connection),
        *accepted_late(session),
        *strange_steps(connection),
        *(Problem(**asdict(problem)) for problem in check_money(session).problems),
        *chain.problems,
    ]
    if deep:
        rows = (Problem(**asdict(problem)) for problem in broken_rows(session, keys))
        problems += [*broken_seals(session, keys), *rows, *shape_problems(connection)]
    return Checked(count_rows(connection), tuple(problems), chain.head)


def breaks(connection: Connection, invariant: Invariant) -> Iterator[Problem]:
    """Return what breaks one invariant."""
    for object_, expected, found in connection.execute(text(invariant.sql)):
        yield Problem(invariant.rule, invariant.naming(object_), str(expected), str(found))


def file_problems(connection: Connection) -> Iterator[Problem]:
    """Return what SQLite itself finds damaged or orphaned in its file.

    PostgreSQL checks its pages and foreign keys by itself and has no such question.
    """
    if connection.dialect.name != "sqlite":
        return
    for (said,) in connection.execute(text("PRAGMA integrity_check")):
        if said != "ok":
            yield Problem("file_whole", "database file", "ok", str(said))
    for table, row, parent, _ in connection.execute(text("PRAGMA foreign_key_check")):
        yield Problem("row_orphan", f"{table} row {row}", f"a row of {parent}", "none")


def counter_problems(connection: Connection) -> Iterator[Problem]:
    """Return the tables whose next id is taken already (rules O9, M13)."""
    known = [name for name, table in metadata.tables.items() if "id" in table.c]
    for name in sorted(known):
        # Names come from our own table classes.
        sql = f'SELECT (SELECT value FROM counter WHERE name = :name), MAX(id) FROM "{name}"'  # noqa: S608
        given, highest = connection.execute(text(sql), {"name": name}).one()
        if given is not None and highest is not None and highest > given:
            yield Problem("counter_behind", name, f"at least {highest}", str(given))


def count_rows(connection: Connection) -> int:
    """Return how many rows the store holds."""
    return sum(_count(connection, metadata.tables))


def _count(connection: Connection, names: Iterable[str]) -> Iterator[int]:
    for name in names:
        # Names come from our own table classes.
        yield connection.execute(text(f'SELECT COUNT(*) FROM "{name}"')).scalar_one()  # noqa: S608
