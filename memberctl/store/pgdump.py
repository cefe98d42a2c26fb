"""Copying a PostgreSQL store by pg_dump and pg_restore, the server's own tools.

The dump is taken of the very snapshot that the command sees. A restore fills a database of its
own, which then takes the store's name in one transaction; the store as it was keeps another name.
A password is never an argument: it stays in the client's own files.
Source: rules G5; reliability.md R14.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memberctl.core.errors import (
    Busy,
    MemberctlError,
    NotPermitted,
    StorageFailure,
    UsageProblem,
)
from memberctl.store.failures import said_plainly
from memberctl.store.servers import server_url

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from memberctl.store.engine import Store

INSTALL = "install PostgreSQL's client programs, of the server's version or newer"
MAINTENANCE = "postgres"  # Renaming a database is done from another one.


def row_counts(raw: Any) -> dict[str, int]:
    """Return how many rows each table of a store holds, whatever its schema is."""
    from psycopg import sql

    names = raw.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    ).fetchall()
    count = sql.SQL("SELECT COUNT(*) FROM {}")
    return {
        name: raw.execute(count.format(sql.Identifier(name))).fetchone()[0] for (name,) in names
    }


def copy_store(raw: Any, target: Path) -> None:
    """Dump the moment that a connection's transaction sees into `target`, and read it again.

    Raises UsageProblem when pg_dump is not installed, StorageFailure when it fails.
    """
    (snapshot,) = raw.execute("SELECT pg_export_snapshot()").fetchone()
    _run(
        "pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--snapshot={snapshot}",
        f"--file={target}", f"--dbname={_conninfo(raw)}", password=raw.info.password,
    )  # fmt: skip
    _run("pg_restore", "--file=/dev/null", str(target))


@contextmanager
def opened_copy(store: Store, copy: Path) -> Iterator[str]:
    """Give the URL of a database of its own that a dump was restored to; it goes again."""
    name = f"memberctl_check_{secrets.token_hex(6)}"
    filled(store, copy, name)
    try:
        yield url_of(store, name)
    finally:
        drop(store, name)


def filled(store: Store, dump: Path, name: str) -> None:
    """Make a database beside the store's and restore a dump into it, whole or not at all."""
    make_database(store, name)
    try:
        with _connected(store, name) as connection:
            raw = _raw(connection)
            target, password = _conninfo(raw), raw.info.password
        _run(
            "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--no-acl",
            f"--dbname={target}", str(dump), password=password,
        )  # fmt: skip
    except BaseException:
        drop(store, name)
        raise


def make_database(store: Store, name: str) -> None:
    """Create an empty database on the store's server, in UTF-8."""
    from psycopg import sql

    statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
    with _connected(store, MAINTENANCE, autocommit=True) as connection:
        _raw(connection).execute(statement.format(sql.Identifier(name)))


def drop(store: Store, name: str) -> None:
    """Drop a database of ours, whoever is still connected."""
    from psycopg import sql

    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    with _connected(store, MAINTENANCE, autocommit=True) as connection:
        _raw(connection).execute(statement.format(sql.Identifier(name)))


def put_in_place(store: Store, staged: str, aside: str) -> None:
    """Let the store's name lead to the database `staged`; what was there is kept as `aside`.

    Both names change in one transaction. Raises Busy while others are connected.
    """
    from psycopg import errors, sql

    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    try:
        with _connected(store, MAINTENANCE) as connection:
            raw = _raw(connection)
            for before, after in ((store.database, aside), (staged, store.database)):
                raw.execute(rename.format(sql.Identifier(before), sql.Identifier(after)))
            raw.commit()
    except errors.ObjectInUse:
        raise Busy(
            "others have the store open; nothing was done",
            hint="end their commands and batches, then repeat this one",
        ) from None


def refuse_if_open(store: Store) -> None:
    """Raise Busy while others are connected to the store's database."""
    with _connected(store, MAINTENANCE) as connection:
        others = _raw(connection).execute(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = %s", (store.database,)
        )
        if others.fetchone()[0]:
            raise Busy(
                "others have the store open; nothing was done",
                hint="end their commands and batches, then repeat this one",
            )


def url_of(store: Store, name: str) -> str:
    """Return the URL of another database on the store's server."""
    return server_url(store.location).set(database=name).render_as_string(hide_password=False)


@contextmanager
def _connected(store: Store, name: str, *, autocommit: bool = False) -> Iterator[Connection]:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    level = "AUTOCOMMIT" if autocommit else "READ COMMITTED"
    url = server_url(store.location).set(database=name)
    engine = create_engine(url, poolclass=NullPool, isolation_level=level)
    with said_plainly(), engine.connect() as connection:
        yield connection


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _conninfo(raw: Any) -> str:
    """Return how to reach the database of a connection, without the password."""
    from psycopg.conninfo import make_conninfo

    return make_conninfo(**raw.info.get_parameters())


def _run(tool: str, *arguments: str, password: str | None = None) -> None:
    """Run one of PostgreSQL's tools to its good end; a password goes through a nameless file."""
    program = shutil.which(tool)
    if program is None:
        raise UsageProblem(
            f"{tool} is not installed, or not on PATH",
            hint=INSTALL,
        )
    with _password_file(password) as environ:
        # Our own argv, no shell; what is in it was never typed as a command.
        done = subprocess.run(  # noqa: S603
            [program, *arguments], capture_output=True, check=False, text=True, errors="replace",
            env={**os.environ, **environ},
        )  # fmt: skip
    if done.returncode:
        raise _failed(tool, done.stderr)


@contextmanager
def _password_file(password: str | None) -> Iterator[dict[str, str]]:
    import tempfile

    from memberctl.store.unfinished import new_file

    if not password:
        yield {}
        return
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    path, descriptor = new_file(Path(tempfile.gettempdir()))
    try:
        os.write(descriptor, f"*:*:*:*:{escaped}\n".encode())
        yield {"PGPASSFILE": str(path)}
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _failed(tool: str, said: str) -> MemberctlError:
    """Return what a tool's failure means; of its words only the first, which names no row."""
    if "version mismatch" in said:
        return UsageProblem(f"{tool} is older than the server", hint=INSTALL)
    if "permission denied" in said:
        return NotPermitted(f"{tool} has not the rights that it needs; nothing was done")
    line = next((line for line in said.splitlines() if "error:" in line), "it gave no reason")
    reason = line.partition("error:")[2].strip() or line
    return StorageFailure(f"{tool} failed: {reason[:200]}; nothing was done")
