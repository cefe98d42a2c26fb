"""Fixtures: real stores on both engines, the people, the program."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from memberctl.core.actor import Actor
from memberctl.store.audit import open_trail
from memberctl.store.engine import Store
from memberctl.store.keys import Keys, load_keys
from tests import founding
from tests.compiled import compiled_once
from tests.program import Program
from tests.stores import Grounds, database_url, drop_database

ENGINES = ("sqlite", "postgresql")

# Whoever starts the tests in the background or by nohup lets them ignore signals, and each program
# that they start would inherit that. A handler that does nothing is not inherited.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)


@pytest.fixture(scope="session", autouse=True)
def compiled() -> Iterator[None]:
    """What was compiled for one command serves the next."""
    with compiled_once():
        yield


@pytest.fixture(scope="session")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Grounds:
    """The seeded stores that tests copy."""
    return Grounds(tmp_path_factory.mktemp("ground"))


@pytest.fixture(params=ENGINES)
def engine_kind(request: pytest.FixtureRequest) -> str:
    """The engine a test runs on; every test that uses a store runs on both."""
    return str(request.param)


@pytest.fixture
def keys(grounds: Grounds, engine_kind: str) -> Keys:
    """The keys of the seeded store."""
    _ensure(grounds, engine_kind)
    from memberctl.store.tables import StoreInfo  # noqa: F401 -- registers the table

    folder = grounds.key_dir / engine_kind
    secret = bytes.fromhex((folder / f"{founding.STORE_ID}.key").read_text().strip())
    from memberctl.store.keys import derive

    return load_keys(folder, founding.STORE_ID, derive(secret).check)


@pytest.fixture
def session(grounds: Grounds, engine_kind: str, keys: Keys, tmp_path: Path) -> Iterator[Session]:
    """A session in a write transaction on a seeded store; nothing outlives the test."""
    if engine_kind == "sqlite":
        store = Store(grounds.sqlite_copy(tmp_path / "store.db"))
        with store.writing() as opened:
            open_trail(opened, keys.audit, "test")
            yield opened
        return
    engine = create_engine(database_url(grounds.postgres_ground()), poolclass=NullPool)
    with engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, expire_on_commit=False) as opened:
            open_trail(opened, keys.audit, "test")
            yield opened
        transaction.rollback()


@pytest.fixture
def actors() -> dict[str, Actor]:
    """The people by their codes."""
    return founding.actors()


@pytest.fixture
def noon() -> Callable[[date], datetime]:
    """Noon of a day in Shanghai, as an instant."""

    def at(day: date) -> datetime:
        return datetime.combine(day, time(12), ZoneInfo("Asia/Shanghai")).astimezone(UTC)

    return at


@pytest.fixture
def memberctl(grounds: Grounds, engine_kind: str, tmp_path: Path) -> Iterator[Program]:
    """The program, run in this process on a fresh seeded store."""
    folder = grounds.key_dir / engine_kind
    if engine_kind == "sqlite":
        yield Program(grounds.sqlite_copy(tmp_path / "store.db"), folder, tmp_path)
        return
    name, url = grounds.postgres_copy()
    yield Program(url, folder, tmp_path)
    drop_database(name)


@pytest.fixture
def shop(grounds: Grounds, tmp_path: Path) -> Program:
    """The program on a SQLite store alone, for what only files, terminals and signals show."""
    return Program(grounds.sqlite_copy(tmp_path / "store.db"), grounds.key_dir / "sqlite", tmp_path)


def _ensure(grounds: Grounds, engine_kind: str) -> None:
    if engine_kind == "postgresql":
        grounds.postgres_ground()
    elif not (grounds.key_dir / "sqlite").exists():
        grounds.sqlite_copy(grounds.folder / "first-copy.db")
