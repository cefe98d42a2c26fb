"""SQLite's own locks: closing any descriptor of a file drops a process's locks on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from memberctl.store.engine import Store
from tests.stores import Grounds

VISIT = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT 1 FROM branch')"


@pytest.fixture
def busy_store(grounds: Grounds, tmp_path: Path) -> Store:
    """A store with a connection that stays open, as a batch has it, after a write."""
    store = Store(grounds.sqlite_copy(tmp_path / "store.db"), warm=True)
    with store.writing() as session:
        session.connection().exec_driver_sql("UPDATE branch SET name = 'x'")
        session.commit()
    return store


@pytest.mark.parametrize("again", ["the same store", "another store object"])
def test_a_look_at_the_file_keeps_the_locks_of_open_connections(
    busy_store: Store, again: str
) -> None:
    """Otherwise a visitor takes itself for the last one and removes the WAL under us."""
    assert busy_store.path is not None
    second = busy_store if again == "the same store" else Store(busy_store.location)
    with second.reading() as session:
        session.connection()
    subprocess.run([sys.executable, "-c", VISIT, busy_store.location], check=True)
    assert busy_store.path.with_name("store.db-wal").stat().st_size > 0
    busy_store.close()


def test_a_closed_store_is_looked_at_anew(busy_store: Store) -> None:
    from memberctl.core.errors import NoStore

    busy_store.close()
    assert busy_store.path is not None
    busy_store.path.write_bytes(b"junk")
    with pytest.raises(NoStore), busy_store.reading():
        pass
