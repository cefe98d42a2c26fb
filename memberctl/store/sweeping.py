"""After an erasure: nothing of what was overwritten stays in the log or in free places.

Source: reliability.md R21, "The engine on SQLite".
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from memberctl.core.errors import Busy

if TYPE_CHECKING:
    from memberctl.store.engine import Store


def sweep(store: Store, tables: Iterable[str]) -> None:
    """Move the write-ahead log into the file and empty it; on PostgreSQL, vacuum the tables.

    What a page no longer holds SQLite has overwritten with zeros already (secure_delete); old
    pages are left in the log alone. PostgreSQL gives dead rows' places to new ones, and keeps its
    own log as long as its administrator says.
    Raises Busy while somebody still reads what was there before; a repeat sweeps again.
    """
    from memberctl.store.engine import Store as Opened

    store.close()
    if store.kind == "sqlite":
        _empty_log(Opened(store.location))
    else:
        _vacuum(Opened(store.location), tables)


def _empty_log(store: Store) -> None:
    with store.writing() as session:
        # A checkpoint is no part of a transaction.
        session.rollback()
        raw: Any = session.connection().connection.driver_connection
        session.rollback()
        (busy, _, _) = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise Busy(
            "it is erased, but somebody still reads what was there before, so the log is not empty",
            hint="repeat the command when other commands have ended",
        )


def _vacuum(store: Store, tables: Iterable[str]) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    engine = store.engine("write")  # VACUUM stands outside every transaction.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in sorted(tables):
            # Names come from our own table classes. Who is not their owner leaves it to autovacuum.
            with suppress(SQLAlchemyError):
                connection.execute(text(f'VACUUM "{table}"'))
    store.close()
