"""The only place that opens a database.

A store is one SQLite file or one PostgreSQL database. Writers get BEGIN IMMEDIATE behind a
turnstile (SQLite) or one advisory lock (PostgreSQL), so a transaction never finds at its end
that somebody else was faster; readers get a snapshot and never wait for a writer.
Source: reliability.md "The engine on SQLite"; rules I7.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from memberctl.core.errors import (
    IntegrityFailure,
    NoStore,
    OutsideUnclear,
    TryAgain,
    Unreachable,
    UsageProblem,
)
from memberctl.store.failures import said_plainly
from memberctl.store.files import refuse_strange_file
from memberctl.store.held import HeldConnection
from memberctl.store.prepared import driver_of
from memberctl.store.servers import how_to_look, odd_options_refused, refuse_forgetful, server_url
from memberctl.store.turnstile import PATIENCE_SECONDS, turnstile

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlmodel import Session

WAL_LIMIT_BYTES = 4 * 1024 * 1024
# An import of 1,000,000 rows takes 139 MiB with it and as much time as with 32. 16 MiB cost half as
# much time again, and 64 save nothing.
CACHE_KIB = 28 * 1024
WRITERS_LOCK = 0x6D62  # The advisory lock that all writers of one PostgreSQL store share.
READ_PRAGMAS = (
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    f"PRAGMA cache_size=-{CACHE_KIB}",
)
FEW_PAGES_KIB = 8 * 1024
NO_INDEX = ("SQLITE_IOERR", "SQLITE_FULL", "SQLITE_CANTOPEN", "SQLITE_READONLY")
WRITE_PRAGMAS = (
    *READ_PRAGMAS,
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA wal_autocheckpoint=0",
    # A WAL that begins anew would keep its length, and be taken for long ever after; cut to the
    # limit it is written over, which costs the disk half of what growing does.
    f"PRAGMA journal_size_limit={WAL_LIMIT_BYTES}",
)


class Store:
    """One store, by path or URL; opens nothing until it is asked to read or write.

    location -- a path, or a SQLAlchemy URL that begins with sqlite:// or postgresql
    warm     -- keep the connections between transactions, for many commands in one process
    """

    def __init__(
        self, location: str, *, warm: bool = False, patience: float = PATIENCE_SECONDS
    ) -> None:
        self.path = _followed(sqlite_path(location))
        self.location = location
        self.warm = warm
        self.patience = patience
        self._engines: dict[str, Engine] = {}
        self._kept: dict[str, tuple[Connection, Session]] = {}
        self._was_reached = False

    @property
    def kind(self) -> str:
        """Return "sqlite" or "postgresql"."""
        return "sqlite" if self.path is not None else "postgresql"

    @property
    def database(self) -> str:
        """Return the name of a PostgreSQL database."""
        return server_url(self.location).database or "memberctl"

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session in a write transaction; the caller commits, or it is rolled back.

        Raises Busy after `patience` seconds behind others, NoStore, StorageFailure.
        """
        if self.path is None:
            with self._reconnecting(), said_plainly(), self._session("write") as session:
                yield session
            return
        if "write" not in self._kept:
            refuse_strange_file(self.path)
        with (
            turnstile(self.path, self.patience),
            said_plainly(self.path),
            self._session("write") as session,
        ):
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one moment of the store and cannot write."""
        if self.path is not None and "read" not in self._kept:
            refuse_strange_file(self.path)
        with self._reconnecting(), said_plainly(self.path), self._session("read") as session:
            yield session

    def close(self) -> None:
        """Give up connections that were kept warm."""
        for connection, _ in self._kept.values():
            connection.close()
        for engine in self._engines.values():
            engine.dispose()
        self._kept.clear()
        self._engines.clear()

    @contextmanager
    def _reconnecting(self) -> Iterator[None]:
        """Give up a warm connection whose server was lost, so that the next try has a new one."""
        try:
            yield
        except (TryAgain, OutsideUnclear):
            self.close()
            raise
        except Unreachable as problem:
            self.close()
            if self._was_reached:
                raise TryAgain("the database server went away; nothing was done") from None
            # No Unreachable any more: a store around this one has not lost its server.
            raise NoStore(problem.message, hint=how_to_look(self.location)) from None

    @contextmanager
    def _session(self, purpose: str) -> Iterator[Session]:
        """Give a session; a warm store keeps it, unless something went wrong in it."""
        kept = self._kept.pop(purpose) if purpose in self._kept else self._opened(purpose)
        connection, session = kept
        try:
            yield session
            session.close()
            session.info.clear()
            if purpose == "write" and self.path is not None:
                _checkpoint_if_long(connection, self.path)
        except BaseException:
            _close(connection, session)
            raise
        if self.warm and purpose not in self._kept:
            self._kept[purpose] = kept
        else:
            connection.close()

    def _opened(self, purpose: str) -> tuple[Connection, Session]:
        from sqlmodel import Session

        with odd_options_refused():
            connection = self.engine(purpose).connect()
        self._was_reached = True
        return connection, Session(connection, expire_on_commit=False)

    def engine(self, purpose: str) -> Engine:
        """Return the engine for "read" or "write", made when it is first asked for."""
        if purpose not in self._engines:
            # SQLAlchemy would print the traceback of a signal that arrives while it closes.
            logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())
            make = _sqlite_engine if self.path is not None else _postgres_engine
            self._engines[purpose] = make(self, purpose)
        return self._engines[purpose]


def keep_few_pages(session: Session) -> None:
    """Let SQLite keep less in memory on this connection, for rows that are written in order.

    100,000 lines of a statement cost as much time with 8 MiB as with 32 (10.7 and 10.8 s).
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size=-{FEW_PAGES_KIB}")


def version_by_others(session: Session) -> int | None:
    """Return a number that is another one when another connection has written since.

    None where the engine keeps none. SQLite tells it in 2 us, a hundredth of what most questions
    about the same take.
    """
    raw, dialect = driver_of(session)
    if dialect.name != "sqlite":
        return None
    (version,) = raw.execute("PRAGMA data_version").fetchone()
    return int(version)


def sqlite_path(location: str) -> Path | None:
    """Return the file that `location` names, or None for a PostgreSQL URL.

    A plain path is taken literally, whatever characters it holds (bad inputs 81).
    Raises UsageProblem for a URL of another database.
    """
    if "\0" in location or not location:
        raise UsageProblem("the store's path is empty or holds a NUL character")
    scheme, found, rest = location.partition("://")
    if not found:
        return Path(location).expanduser() if location.startswith("~/") else Path(location)
    if scheme in {"sqlite", "sqlite+pysqlite"}:
        return Path(rest.removeprefix("/"))
    if scheme in {"postgresql", "postgresql+psycopg", "postgres"}:
        return None
    raise UsageProblem(
        f"{scheme}:// is no store that memberctl knows",
        hint="give a path, sqlite:///PATH or postgresql+psycopg://HOST/NAME",
    )


def _followed(path: Path | None) -> Path | None:
    """Return where a link leads: SQLite keeps the WAL there, so the lock belongs there as well."""
    try:
        is_link = path is not None and path.is_symlink() and path.exists()
    except OSError:  # A name that can be none; whoever opens it says so.
        is_link = False
    return path.resolve() if path is not None and is_link else path


def _sqlite_engine(store: Store, purpose: str) -> Engine:
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    path = store.path
    assert path is not None

    def connect() -> sqlite3.Connection:
        return _open_sqlite(path, purpose)

    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=NullPool)
    begin = "BEGIN IMMEDIATE" if purpose == "write" else "BEGIN"

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        raw: Any = connection.connection.driver_connection
        raw.begin_anew()
        raw.execute(begin)

    if purpose == "write":
        _sum_rows(engine)
    return engine


def _sum_rows(engine: Engine) -> None:
    """Let each row have the checksum of what it holds when it is committed (promise R15)."""
    from sqlalchemy import event

    from memberctl.store import checksums

    @event.listens_for(engine, "before_cursor_execute")
    def _watch(_: Connection, cursor: Any, statement: str, *more: Any) -> None:
        checksums.watch(cursor.connection, statement)

    @event.listens_for(engine, "rollback_savepoint")
    def _look_again(connection: Connection, *_: Any) -> None:
        raw: Any = connection.connection.driver_connection
        raw.watched = None  # What was watched since the savepoint is not any more.

    @event.listens_for(engine, "commit")
    def _refresh(connection: Connection) -> None:
        checksums.refresh(connection.connection.driver_connection)


def _open_sqlite(path: Path, purpose: str) -> sqlite3.Connection:
    """Open an existing file; `mode=rw` keeps a mistyped path from becoming a new store."""
    os.umask(0o077)
    if purpose == "write":
        connection = _connected(path, "rw", WRITE_PRAGMAS)
        _back_to_wal(connection)
        return connection
    return _open_to_read(path, "rw" if os.access(path.parent, os.W_OK) else "ro")


def _back_to_wal(connection: sqlite3.Connection) -> None:
    """Put a store that a killed restore left folded into one file into WAL mode again.

    The mode stands in the file's header, so a file that this version may not work with is left
    as it is; the guard refuses it a moment later (R13).
    """
    from memberctl.store.guard import SCHEMA

    if connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):
        return
    known = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
    if connection.execute(known).fetchone() is None:
        return
    if connection.execute("SELECT version_num FROM alembic_version").fetchone() == (SCHEMA,):
        connection.execute("PRAGMA journal_mode=WAL")


def _open_to_read(path: Path, mode: str) -> sqlite3.Connection:
    """Open to read, also in a folder that cannot be written and on a disk that is full (R12).

    Readers of a WAL need its index beside it. Where that cannot be made and no WAL is waiting,
    nobody can change the file under us either, and it is read as it is.
    """
    try:
        connection = _connected(path, mode, (*READ_PRAGMAS, "PRAGMA schema_version"))
    except sqlite3.OperationalError as problem:
        if not problem.sqlite_errorname.startswith(NO_INDEX) or _wal_bytes(path):
            raise
        connection = _connected(path, "ro&immutable=1", READ_PRAGMAS)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _connected(path: Path, mode: str, pragmas: Sequence[str]) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=PATIENCE_SECONDS,
        check_same_thread=False,
        factory=HeldConnection,
    )
    connection.hold(path)
    try:
        for pragma in pragmas:
            connection.execute(pragma)
    except sqlite3.Error:
        connection.close()
        raise
    except UnicodeDecodeError:  # SQLite quotes a schema that is no text any more.
        connection.close()
        raise IntegrityFailure(
            "the store's file is damaged", hint="memberctl backup restore FILE"
        ) from None
    return connection


def _wal_bytes(path: Path) -> int:
    try:
        return os.stat(f"{path}-wal").st_size  # noqa: PTH116 (after each commit: half the time)
    except FileNotFoundError:
        return 0


def _checkpoint_if_long(connection: Connection, path: Path) -> None:
    """Move a long WAL into the file, still behind the turnstile, without waiting for readers."""
    if _wal_bytes(path) > WAL_LIMIT_BYTES:
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _close(connection: Connection, session: Session) -> None:
    try:
        session.close()
    finally:
        connection.close()


def _postgres_engine(store: Store, purpose: str) -> Engine:
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise UsageProblem(
            "PostgreSQL needs the extra `postgres`", hint="pip install 'memberctl[postgres]'"
        ) from None
    engine = create_engine(
        server_url(store.location),
        poolclass=NullPool,
        hide_parameters=True,
        isolation_level="READ COMMITTED" if purpose == "write" else "REPEATABLE READ",
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if purpose == "read":
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            return
        refuse_forgetful(connection)
        milliseconds = int(store.patience * 1000)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{milliseconds}ms'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")

    return engine
