"""`db check`: whether everything that is stored agrees with everything else.

Looks and never mends. The same list judges the store after every kill in the reliability tests.
Source: reliability.md "Invariants", R13, R15, R16; rules G1, M1, M13.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from memberctl.bank.checking import broken_rows
from memberctl.core.errors import MemberctlError
from memberctl.refund.checking import check_money
from memberctl.report.invariants import INVARIANTS
from memberctl.report.rules import Invariant
from memberctl.report.seals import broken_seals
from memberctl.report.shape import shape_problems
from memberctl.report.traces import accepted_late, strange_steps
from memberctl.store.checksums import changed_rows
from memberctl.store.schema import metadata
from memberctl.store.trail import Checked, Problem, verify_chain

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.keys import Keys


STRANGE_VALUES = (ValueError, TypeError, LookupError, ArithmeticError, AssertionError)


def check_everything(session: Session, keys: Keys, *, deep: bool) -> Checked:
    """Return every contradiction in the store, and how many rows were looked at.

    deep -- also open every sealed field, compare the schema with a fresh one and every row with
            what was written, and follow the audit log behind a broken link
    Every problem names the rule that is broken, the object, what was expected and what is there.
    """
    connection = session.connection()
    heads: list[str] = []

    def chain() -> Iterable[Problem]:
        verified = verify_chain(session, keys.audit, to_the_end=deep)
        heads.append(verified.head)
        return verified.problems

    checks: dict[str, Callable[[], Iterable[Any]]] = {
        "file": lambda: file_problems(connection),
        "rows": lambda: rows_as_written(connection) if deep else (),
        "rules": lambda: (each for rule in INVARIANTS for each in breaks(connection, rule)),
        "counters": lambda: counter_problems(connection),
        "quotes": lambda: accepted_late(session),
        "steps": lambda: strange_steps(connection),
        "money": lambda: check_money(session).problems,
        "audit log": chain,
    }
    if deep:
        checks |= {
            "fields": lambda: broken_seals(session, keys),
            "statements": lambda: broken_rows(session, keys),
            "schema": lambda: shape_problems(connection),
        }
    problems = [each for name, check in checks.items() for each in _made(name, check)]
    return Checked(count_rows(connection), tuple(problems), "".join(heads))


def _made(name: str, check: Callable[[], Iterable[Any]]) -> Iterator[Problem]:
    """Return what a check finds; what it cannot even read is found as well.

    A damaged store holds values that no version of memberctl has written, so that any check may
    fail on them in any way.
    """
    try:
        yield from (Problem(**asdict(problem)) for problem in check())
    except (*STRANGE_VALUES, SQLAlchemyError, sqlite3.Error, MemberctlError) as fault:
        yield Problem("unreadable", f"the check of {name}", "readable", type(fault).__name__)


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


def rows_as_written(connection: Connection) -> Iterator[Problem]:
    """Return rows of a SQLite store that do not hold what was written (reliability.md R15)."""
    if connection.dialect.name == "sqlite":
        yield from changed_rows(connection.connection.driver_connection)


def count_rows(connection: Connection) -> int:
    """Return how many rows the store holds."""
    return sum(_count(connection, metadata.tables))


def _count(connection: Connection, names: Iterable[str]) -> Iterator[int]:
    for name in names:
        # Names come from our own table classes.
        yield connection.execute(text(f'SELECT COUNT(*) FROM "{name}"')).scalar_one()  # noqa: S608
