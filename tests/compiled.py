"""Statements are compiled once in a worker, as in one long batch, not once for every command.

Each command opens an engine of its own, whose cache is empty; in thousands of tests that is a
quarter of the time. Real processes, which the tests of terminals, signals and crashes start,
compile for themselves as ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Dialect, Engine

CACHED = 5_000
"""Statements that one worker may keep; its tests have about half as many."""

OWN = frozenset({"isolation_level", "hide_parameters"})
"""Arguments that a dialect keeps: only engines with the same ones can share it."""


@contextmanager
def compiled_once() -> Iterator[None]:
    """Let engines of one kind and isolation share their dialect and what was compiled for it."""
    make = sqlalchemy.create_engine
    first: dict[tuple[Any, ...], Engine] = {}

    def shared(url: Any, **given: Any) -> Engine:
        engine = make(url, **({"query_cache_size": CACHED} | given))
        key = (engine.dialect.name, *sorted((k, str(v)) for k, v in given.items() if k in OWN))
        known = first.setdefault(key, engine)
        if not _has_connected(known.dialect):
            first[key] = engine
        elif known is not engine:
            engine.dialect = known.dialect
            engine._compiled_cache = known._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlalchemy, "create_engine", shared)
        yield


def _has_connected(dialect: Dialect) -> bool:
    """Whether a dialect has asked its server what it is; before that it knows too little."""
    return getattr(dialect, "server_version_info", None) is not None
