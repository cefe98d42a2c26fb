"""Making an empty store: a SQLite file that says whose it is before anything is in it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from memberctl.core.errors import Conflict, MemberctlError, NoAccess, StorageFailure
from memberctl.store.failures import said_plainly
from memberctl.store.files import APPLICATION_ID, refuse_strange_file


def make_sqlite_file(path: Path) -> bool:
    """Create an empty SQLite file of ours, mode 0600, in WAL mode; return whether it was made.

    One that is ours and in which there is nothing at all is taken as it is: whoever made it was
    killed before they had founded anything in it (bad inputs 90).
    Raises Conflict when anything else of that name is there: nothing is ever overwritten; NoAccess
    and StorageFailure, after which nothing is left of it.
    """
    os.umask(0o077)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    except FileExistsError:
        if _holds_nothing(path):
            return False
        raise Conflict(
            f"{path} exists already; nothing was done",
            hint=f"give a name that nothing has; or see what it is: memberctl --db {path} status",
        ) from None
    except PermissionError:
        raise NoAccess(f"no right to create {path}") from None
    except OSError as problem:
        raise StorageFailure(f"{path} cannot be created: {problem.strerror}") from None
    with ExitStack() as undo, said_plainly(path):
        undo.callback(remove_unfinished, path)
        _mark_as_ours(path)
        undo.pop_all()
    return True


def _holds_nothing(path: Path) -> bool:
    """Return whether a file is a store of ours without a single table."""
    if path.is_symlink():
        return False
    try:
        refuse_strange_file(path)
    except MemberctlError:
        return False
    connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=rw", uri=True)
    try:
        return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None
    except sqlite3.Error:
        return False
    finally:
        connection.close()


def _mark_as_ours(path: Path) -> None:
    connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=rw", uri=True)
    try:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE founding (page INTEGER) STRICT")
        connection.execute("DROP TABLE founding")  # A first page has to exist to carry the mark.
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def remove_unfinished(path: Path) -> None:
    """Take back a store that could not be founded to its end, so that `init` can be repeated."""
    for suffix in ("", "-wal", "-shm", ".lock"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
