"""Copying a SQLite store while others write, and putting another one in its place.

A copy is made by SQLite's own backup interface inside one read transaction, so it is one moment
of the store. Putting a store in place is one rename: whenever the power goes, the path leads to
the whole old store or to the whole new one, and never to a WAL of the other.
Source: rules G5; reliability.md R14; sqlite.org "Online Backup API", "Write-Ahead Logging".
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from memberctl.core.errors import Busy, StorageFailure
from memberctl.store.failures import plain_failure

if TYPE_CHECKING:
    from memberctl.store.engine import Store

STEP_PAGES = 1024
OTHERS_PATIENCE_SECONDS = 2.0  # A listing ends in that time, a batch or an open shell does not.
BESIDE = ("-wal", "-shm", "-journal")
DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def copy_store(source: sqlite3.Connection, target: Path) -> None:
    """Copy a store into `target`, an empty file, as one file that needs no other.

    source -- with a read transaction open, which keeps the copy to one moment
    Raises StorageFailure when there is no room.
    """
    copy = sqlite3.connect(_uri(target), uri=True, isolation_level=None)
    try:
        source.backup(copy, pages=STEP_PAGES)
        copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as problem:
        raise plain_failure(problem, target) or problem from None
    finally:
        copy.close()


@contextmanager
def opened_copy(store: Store, copy: Path) -> Iterator[str]:
    """Give the place of a copy that can be opened as a store: its own, for SQLite."""
    yield str(copy)


def copy_file(source: Path, target: Path) -> None:
    """Copy a closed store into a new file of mode 0600, on the disk when this returns."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with source.open("rb") as file, os.fdopen(os.open(target, flags, 0o600), "wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
    except OSError as problem:
        target.unlink(missing_ok=True)
        raise StorageFailure(f"the copy cannot be written: {problem.strerror}") from None


@contextmanager
def held_alone(path: Path) -> Iterator[sqlite3.Connection | None]:
    """Hold a store so that nobody else has it open; give None for one that SQLite cannot open.

    Raises Busy while others are connected: what they have open must not change under them.
    """
    connection = sqlite3.connect(
        _uri(path), uri=True, isolation_level=None, timeout=OTHERS_PATIENCE_SECONDS
    )
    try:
        # Before the first access: a WAL is then used without its shared index, by one alone.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
        usable = True
    except sqlite3.DatabaseError as problem:
        usable = False
        if not _is_damage(problem):
            connection.close()
            raise _held_by_others(problem) from None
    try:
        yield connection if usable else None
    finally:
        connection.close()


def _held_by_others(problem: sqlite3.DatabaseError) -> Exception:
    plain = plain_failure(problem)
    if isinstance(plain, Busy):
        return Busy(
            "others have the store open; nothing was done",
            hint="end their commands and batches, then repeat this one",
        )
    return plain or problem


def put_in_place(staged: Path, path: Path, aside: Path, old: sqlite3.Connection | None) -> None:
    """Let `path` lead to the store `staged`; what was there is kept at `aside`.

    old -- the old store, held alone; None when there is none, or none that SQLite can open
    """
    folded = old is not None and _fold(old)
    _set_aside(path, aside, old if folded else None)
    for suffix in BESIDE:
        left = path.with_name(path.name + suffix)
        if folded:
            left.unlink(missing_ok=True)  # Of what it held, nothing is not in the file.
        elif left.exists():
            left.replace(aside.with_name(aside.name + suffix))
    staged.replace(path)
    sync_folder(path.parent)


def _fold(old: sqlite3.Connection) -> bool:
    """Move the WAL into its file, which is whole by itself then; False when it is damaged."""
    try:
        old.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as problem:
        if _is_damage(problem):
            return False
        raise plain_failure(problem) or problem from None
    return True


def _is_damage(problem: sqlite3.DatabaseError) -> bool:
    return (getattr(problem, "sqlite_errorname", "") or "").startswith(DAMAGED)


def _set_aside(path: Path, aside: Path, old: sqlite3.Connection | None) -> None:
    """Give the old store a second name, so that its path always leads to a store."""
    if not path.exists():
        return
    try:
        os.link(path, aside)
    except OSError:  # Some file systems know no hard links.
        if old is None:
            copy_file(path, aside)
        else:  # Opening the file beside SQLite would drop its locks (see store.held).
            copy_store(old, aside)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    with suppress(OSError):  # Some file systems cannot, and need not.
        os.fsync(descriptor)
    os.close(descriptor)


def row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many rows each table of a SQLite store holds, whatever its schema is."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
        " ESCAPE '\\' ORDER BY name"
    ).fetchall()
    # The names are quoted, and come from the store's own schema.
    return {
        name: connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]  # noqa: S608
        for (name,) in names
    }


def _uri(path: Path) -> str:
    return f"file:{quote(str(path.absolute()))}?mode=rw"
