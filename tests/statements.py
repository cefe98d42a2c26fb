"""What the database's driver is told to do, whether SQLAlchemy or our own code tells it.

SQLAlchemy's events see its own statements alone; here the calls of the drivers' methods are seen,
so a loop that goes past SQLAlchemy is counted as well. One `executemany` is one statement.
What store.checksums adds depends on what its connection watches already; it is counted by
tests/store/test_prepared.py, where it is shown not to grow with the rows.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import psycopg

from memberctl.store import checksums

METHODS = frozenset({"execute", "executemany", "executescript"})
PSYCOPG = frozenset(getattr(psycopg.Cursor, name).__code__ for name in ("execute", "executemany"))


@contextmanager
def statements_sent(*, summing: bool = False) -> Iterator[list[str]]:
    """Yield the places from which this thread gives statements to a driver, as they come.

    summing -- count those of store.checksums as well
    """
    places: list[str] = []

    def watch(frame: FrameType, event: str, called: Any) -> None:
        caller: FrameType | None = None
        if event == "c_call" and called.__name__ in METHODS:
            of = getattr(called, "__self__", None)
            caller = frame if isinstance(of, (sqlite3.Connection, sqlite3.Cursor)) else None
        elif event == "call" and frame.f_code in PSYCOPG:
            caller = frame.f_back
        if caller is not None and (summing or caller.f_code.co_filename != checksums.__file__):
            places.append(f"{caller.f_code.co_filename}:{caller.f_lineno}")

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield places
    finally:
        sys.setprofile(before)
