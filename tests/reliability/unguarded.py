"""What a store would be without its guards: the twin that every race test must see break.

SQLite gets the engine that SQLAlchemy makes by default, PostgreSQL loses the writers' lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from memberctl.store.engine import Store

if TYPE_CHECKING:
    from sqlmodel import Session


class Unguarded(Store):
    """A store with neither turnstile nor BEGIN IMMEDIATE nor advisory lock."""

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session as a tutorial would."""
        from sqlmodel import Session

        rest = self.location.partition("://")[2]
        url = f"sqlite:///{self.path}" if self.path else f"postgresql+psycopg://{rest}"
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection, Session(connection, expire_on_commit=False) as session:
            yield session
