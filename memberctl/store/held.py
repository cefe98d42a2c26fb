"""Which files this process has open through SQLite.

POSIX drops all of a process's locks on a file as soon as the process closes any descriptor of
it. Whoever opened a store's file beside an open connection, only to look at its header, would
take SQLite's locks away, and another process could remove the WAL under us: the file is then
damaged. So connections are counted here, and a file that is held is not opened otherwise.
Source: sqlite.org "How To Corrupt An SQLite Database File", 2.2; reliability.md R4, R13.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

_held: Counter[tuple[int, int]] = Counter()


class HeldConnection(sqlite3.Connection):
    """A connection that counts as holding its file until it is closed.

    It also keeps what `store.checksums` knows of its transaction:
    watched  -- the verbs and tables of which it takes down what changes; None when not yet known
    touched  -- of each table: the rows that have changed; SQLite adds to the sets by itself
    columns  -- of each table that was summed: its columns by the order of their names
    sums_all -- whether every row is summed at the end
    damaged  -- tables and rows that were found changed before a migration
    """

    _file: tuple[int, int] | None = None
    _committed = False

    def __init__(self, *settings: Any, **more: Any) -> None:
        super().__init__(*settings, **more)
        self.watched: set[tuple[str, str]] | None = None
        self.touched: defaultdict[str, set[int]] = defaultdict(set)
        self.columns: dict[str, str] = {}
        self.sums_all = False
        self.damaged: frozenset[tuple[str, int]] = frozenset()

    def hold(self, path: Path) -> None:
        """Count this connection as one that holds `path`."""
        found = path.stat()
        self._file = (found.st_dev, found.st_ino)
        _held[self._file] += 1

    def begin_anew(self) -> None:
        """Forget what was known of the transaction before.

        What a committed one watched is watched still; a rollback took the triggers back.
        """
        if not self._committed or self.sums_all:
            self.watched, self.columns = None, {}
        for rows in self.touched.values():
            rows.clear()
        self.sums_all, self.damaged, self._committed = False, frozenset(), False

    def commit(self) -> None:
        """Commit, and remember that it was."""
        super().commit()
        self._committed = True

    def close(self) -> None:
        """Close the connection; its file may be opened otherwise when it was the last."""
        super().close()
        if self._file is not None:
            _held[self._file] -= 1
            self._file = None


def is_held(path: Path) -> bool:
    """Return whether a connection of this process has the file at `path` open."""
    try:
        found = path.stat()
    except OSError:
        return False
    return _held[found.st_dev, found.st_ino] > 0
