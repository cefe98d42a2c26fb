"""What a database says when it fails, in words for people, without parameters or rows.

Only the primary message of PostgreSQL is looked at: DETAIL repeats values.
Source: reliability.md R6, R12, R20, R24.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from memberctl.core.errors import (
    Busy,
    Conflict,
    IntegrityFailure,
    MemberctlError,
    NoStore,
    NotPermitted,
    StorageFailure,
    TryAgain,
)

REPEATABLE_STATES = {"40001", "40P01"}


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn a driver's failure into one of ours; what is unknown stays what it is."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as problem:
        plain = plain_failure(problem.orig)
        if plain is None:
            raise
        raise plain from None
    except sqlite3.Error as problem:
        plain = plain_failure(problem)
        if plain is None:
            raise
        raise plain from None


def plain_failure(problem: BaseException | None) -> MemberctlError | None:
    """Return what the driver's `problem` means to a user, or None when it means a bug."""
    if isinstance(problem, sqlite3.Error):
        return _sqlite_failure(problem)
    return _postgres_failure(problem)


def _sqlite_failure(problem: sqlite3.Error) -> MemberctlError | None:
    name = getattr(problem, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Busy("another program holds the store; nothing was done", hint="memberctl doctor")
    if name.startswith("SQLITE_FULL"):
        return StorageFailure("the disk is full; nothing was done")
    if name.startswith("SQLITE_IOERR"):
        return StorageFailure("the disk failed to read or write; nothing was done")
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return NotPermitted("no right to write to the store; nothing was done")
    if name.startswith("SQLITE_CANTOPEN"):
        return StorageFailure("the store cannot be opened; nothing was done")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return IntegrityFailure("the store's file is damaged", hint="memberctl db check")
    if name == "SQLITE_CONSTRAINT_TRIGGER":
        return IntegrityFailure("the store forbids this change: its records are append-only")
    if name == "SQLITE_CONSTRAINT_UNIQUE":
        return Conflict("somebody else has just recorded the same; nothing was done")
    if name == "SQLITE_ERROR" and "no such table" in str(problem):
        return NoStore("the store lacks a table", hint="memberctl db upgrade")
    return None


def _postgres_failure(problem: BaseException | None) -> MemberctlError | None:
    state = getattr(problem, "sqlstate", None)
    if state is None:
        return _unreachable(problem)
    if state in REPEATABLE_STATES:
        return TryAgain("the database asked for the command to be repeated; nothing was done")
    if state == "55P03":
        return Busy("other commands held the store too long; nothing was done")
    if state in {"53100", "53200", "58030"}:
        return StorageFailure("the server's disk or memory is full; nothing was done")
    if state in {"42501", "28000", "28P01", "25006"}:
        return NotPermitted("the database refuses this user; nothing was done")
    if state == "23505":
        return Conflict("somebody else has just recorded the same; nothing was done")
    if state in {"3D000", "42P01"}:
        return NoStore("there is no memberctl store in that database", hint="memberctl init")
    if state.startswith(("08", "57P")):
        return StorageFailure("the database server went away; the change was not acknowledged")
    return None


def _unreachable(problem: BaseException | None) -> MemberctlError | None:
    """A connection that never came about has no SQL state."""
    if type(problem).__module__.startswith("psycopg") and type(problem).__name__ in {
        "OperationalError",
        "ConnectionTimeout",
    }:
        return NoStore("the PostgreSQL server cannot be reached or refuses this user")
    return None
