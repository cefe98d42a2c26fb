"""What a database says when it fails, in words for people, without parameters or rows.

Only the primary message of PostgreSQL is looked at: DETAIL repeats values.
Source: reliability.md R6, R12, R20, R24.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from memberctl.core.errors import (
    Busy,
    Conflict,
    IntegrityFailure,
    MemberctlError,
    NoAccess,
    NoStore,
    NotPermitted,
    OutsideUnclear,
    StorageFailure,
    TryAgain,
    Unreachable,
)
from memberctl.store.unfinished import NAME as UNFINISHED

# What libpq says of a server that is going down, coming up, or no longer the primary.
LOST = re.compile(
    "server closed the connection|connection is lost|connection is closed|consuming input failed"
    "|Multiple connection attempts|starting up|shutting down|recovery"
    "|not yet accepting|session is read-only|terminating"
)
REPEATABLE_STATES = {"40001", "40P01"}


@contextmanager
def said_plainly(path: Path | None = None) -> Iterator[None]:
    """Turn a driver's failure into one of ours; what is unknown stays what it is.

    path -- the file of a SQLite store, to be named
    """
    try:
        yield
    except driver_errors() as problem:  # Asked only now: nothing is paid for while all is well.
        plain = plain_failure(_cause(problem), path)
        if plain is None:
            raise
        raise plain from None


def driver_errors() -> tuple[type[Exception], ...]:
    """Return what the loaded drivers raise, by themselves or through SQLAlchemy."""
    from sqlalchemy.exc import DBAPIError

    psycopg: Any = sys.modules.get("psycopg")
    own = (sqlite3.Error,) if psycopg is None else (sqlite3.Error, psycopg.Error)
    return (DBAPIError, *own)


def _cause(problem: Exception) -> BaseException | None:
    """Return what the driver itself raised."""
    from sqlalchemy.exc import DBAPIError

    return problem.orig if isinstance(problem, DBAPIError) else problem


def plain_failure(problem: BaseException | None, path: Path | None = None) -> MemberctlError | None:
    """Return what the driver's `problem` means to a user, or None when it means a bug."""
    if isinstance(problem, sqlite3.Error):
        name = getattr(problem, "sqlite_errorname", "") or ""
        return _disk_failure(name, path) or _sqlite_failure(name, str(problem))
    return _postgres_failure(problem)


def _disk_failure(name: str, path: Path | None) -> MemberctlError | None:
    """Return what is wrong with the file itself, and where to look (R12)."""
    file = "the store" if path is None else str(path)
    if path is not None and UNFINISHED.fullmatch(path.name):
        file = f"a new file in {path.parent}"  # Its name means nothing to anybody.
    room = None if path is None else f"df -h {path.absolute().parent}"
    if name.startswith("SQLITE_FULL"):
        return StorageFailure(f"the disk of {file} is full; nothing was done", hint=room)
    if name.startswith("SQLITE_IOERR"):
        return StorageFailure(f"the disk failed under {file}; nothing was done", hint=room)
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return NoAccess(f"no right to write {file}; nothing was done", hint="memberctl doctor")
    if name.startswith("SQLITE_CANTOPEN"):
        return StorageFailure(f"{file} cannot be opened; nothing was done", hint="memberctl doctor")
    return None


def _sqlite_failure(name: str, said: str) -> MemberctlError | None:
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Busy("another program holds the store; nothing was done", hint="memberctl doctor")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return IntegrityFailure(
            "the store's file is damaged",
            hint="memberctl backup restore FILE; the damaged file is kept beside it",
        )
    if name == "SQLITE_CONSTRAINT_TRIGGER":
        return IntegrityFailure("the store forbids this change: its records are append-only")
    if name == "SQLITE_CONSTRAINT_UNIQUE":
        return Conflict("somebody else has just recorded the same; nothing was done")
    if "Could not decode to UTF-8" in said:
        return IntegrityFailure("the store holds text that is damaged", hint="memberctl db check")
    if name == "SQLITE_ERROR" and "no such table" in said:
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
    if _is_lost(state):
        return TryAgain("the database server went away; nothing was done")
    return None


def _is_lost(state: str) -> bool:
    return state.startswith(("08", "57P"))


def _unreachable(problem: BaseException | None) -> MemberctlError | None:
    """A connection that was lost, or never came about, has no SQL state."""
    if not _is_connection_failure(problem):
        return None
    said = str(problem)
    if LOST.search(said):
        return TryAgain("the database server went away or is just starting; nothing was done")
    return Unreachable("the PostgreSQL server cannot be reached or refuses this user")


def _is_connection_failure(problem: BaseException | None) -> bool:
    kinds = {"OperationalError", "ConnectionTimeout", "InterfaceError"}
    return type(problem).__module__.startswith("psycopg") and type(problem).__name__ in kinds


@contextmanager
def committing() -> Iterator[None]:
    """Tell truly of a server that is lost during COMMIT: it may have done it or not.

    Raises OutsideUnclear. What the server says by itself it has undone, is undone.
    """
    try:
        yield
    except driver_errors() as problem:
        cause = _cause(problem)
        state = getattr(cause, "sqlstate", None)
        lost = _is_connection_failure(cause) if state is None else _is_lost(state)
        if not lost:
            raise
        raise OutsideUnclear(
            "the database server was lost while it recorded the change, which may be done or not",
            hint="repeat the command with the same --key, or look: memberctl audit log --limit 3",
        ) from None
