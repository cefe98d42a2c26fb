"""The engine: what a connection is set to, who may write, what a wrong place answers."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from memberctl.core.errors import Busy, NoStore, NotPermitted, UsageProblem
from memberctl.store import engine
from memberctl.store.engine import WAL_LIMIT_BYTES, Store, sqlite_path, version_by_others
from memberctl.store.failures import plain_failure
from memberctl.store.held import is_held
from tests.program import Program
from tests.stores import Grounds


@pytest.fixture
def store(grounds: Grounds, tmp_path: Path) -> Store:
    """A seeded SQLite store."""
    return Store(grounds.sqlite_copy(tmp_path / "store.db"))


def test_a_writer_waits_for_the_disk_and_keeps_foreign_keys(store: Store) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "secure_delete": 1,
        "wal_autocheckpoint": 0,
        "query_only": 0,
    }
    with store.writing() as session:
        found = {
            name: session.connection().exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in wanted
        }
    assert found == wanted


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(NotPermitted), store.reading() as session:
        session.connection().exec_driver_sql("DELETE FROM branch")


def test_a_reader_of_postgresql_cannot_write(grounds: Grounds) -> None:
    _, url = grounds.postgres_copy()
    with pytest.raises(NotPermitted), Store(url).reading() as session:
        session.connection().exec_driver_sql("DELETE FROM branch")


def test_a_writer_holds_the_write_lock_before_its_first_statement(store: Store) -> None:
    assert store.path is not None
    with store.writing() as session:
        session.connection()
        other = sqlite3.connect(store.path, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_a_reader_sees_one_moment_while_a_writer_commits(memberctl: Program) -> None:
    count = text("SELECT COUNT(*) FROM branch")
    store = Store(memberctl.location)
    with store.reading() as reader:
        before = reader.connection().execute(count).scalar_one()
        memberctl.ok("branch", "add", "GZ01", "--name", "Guangzhou")
        assert reader.connection().execute(count).scalar_one() == before
    with store.reading() as reader:
        assert reader.connection().execute(count).scalar_one() == before + 1


def test_what_is_not_committed_never_happened(store: Store) -> None:
    with store.writing() as session:
        session.connection().exec_driver_sql("UPDATE branch SET name = 'x'")
    with store.reading() as session:
        names = session.connection().exec_driver_sql("SELECT name FROM branch").scalars().all()
    assert "x" not in names


def test_a_mistyped_path_makes_no_store(tmp_path: Path) -> None:
    with (
        pytest.raises(NoStore, match="there is no store"),
        Store(str(tmp_path / "typo.db")).writing(),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["x?mode=memory", "file:x.db", "a#b.db", "per%41cent.db", "名.db", "a b.db"]
)
def test_a_path_is_taken_literally(grounds: Grounds, tmp_path: Path, name: str) -> None:
    grounds.sqlite_copy(tmp_path / name)
    with Store(str(tmp_path / name)).writing() as session:
        session.connection().exec_driver_sql("UPDATE branch SET name = 'x'")
        session.commit()
    made = {path.name for path in tmp_path.iterdir()}
    assert made <= {name, f"{name}.lock", f"{name}-wal", f"{name}-shm"}


@pytest.mark.parametrize("location", ["mysql://h/x", "sqlite+aiosqlite:///x", "", "a\0b"])
def test_a_location_of_another_kind_is_refused(location: str) -> None:
    with pytest.raises(UsageProblem):
        sqlite_path(location)


def test_a_url_of_sqlite_names_its_file() -> None:
    assert sqlite_path("sqlite:///club.db") == Path("club.db")
    assert sqlite_path("sqlite:////var/club.db") == Path("/var/club.db")


def test_files_of_a_store_are_for_their_owner_only(store: Store) -> None:
    assert store.path is not None
    with store.writing() as session:
        session.connection().exec_driver_sql("UPDATE branch SET name = 'x'")
        session.commit()
        beside = [store.path.with_name(store.path.name + end) for end in (".lock", "-wal", "-shm")]
        assert {stat.S_IMODE(path.stat().st_mode) for path in beside} == {0o600}


def test_a_long_wal_is_moved_into_the_file(store: Store) -> None:
    assert store.path is not None
    store.warm = True
    wal = store.path.with_name(store.path.name + "-wal")
    for _ in range(2):
        with store.writing() as session:
            session.connection().exec_driver_sql(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)"
                " INSERT INTO repeat SELECT hex(randomblob(8)), 'c', i, hex(randomblob(4000)),"
                " '2026-01-01', NULL FROM n"
            )
            session.commit()
    assert wal.stat().st_size < 3 * WAL_LIMIT_BYTES
    store.close()


def test_a_wal_that_was_moved_is_written_over_and_not_moved_again_with_each_commit(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm = Store(store.location, warm=True)
    moved = 0
    before = engine._checkpoint_if_long

    def watched(connection: Connection, path: Path) -> None:
        nonlocal moved
        moved += engine._wal_bytes(path) > WAL_LIMIT_BYTES
        before(connection, path)

    monkeypatch.setattr(engine, "_checkpoint_if_long", watched)
    for number in range(30):
        with warm.writing() as session:
            session.connection().exec_driver_sql(
                "INSERT INTO repeat VALUES ('a', 'c', ?, hex(randomblob(250000)), '2026', NULL)",
                (str(number),),
            )
            session.commit()
    warm.close()
    assert 2 <= moved <= 6, "15 MB are about four times 4 MiB"


def test_a_warm_store_goes_on_after_what_went_wrong_in_one_transaction(store: Store) -> None:
    warm = Store(store.location, warm=True)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), warm.writing() as session:
            session.connection().exec_driver_sql("UPDATE branch SET name = 'half'")
            raise ZeroDivisionError
        with warm.writing() as session:
            session.connection().exec_driver_sql("UPDATE branch SET code = code || '1'")
            session.commit()
    with warm.reading() as session:
        names = session.execute(text("SELECT name FROM branch WHERE code LIKE '%11'")).all()
    warm.close()
    assert names
    assert ("half",) not in names


def test_a_reader_within_a_reader_of_a_warm_store_sees_its_own_moment(store: Store) -> None:
    warm = Store(store.location, warm=True)
    versions = "SELECT sum(version) FROM branch"
    with warm.reading() as outer:
        before = outer.execute(text(versions)).scalar_one()
        with store.writing() as session:
            session.connection().exec_driver_sql("UPDATE branch SET version = version + 1")
            session.commit()
        with warm.reading() as inner:
            assert inner.execute(text(versions)).scalar_one() > before
        assert outer.execute(text(versions)).scalar_one() == before
    warm.close()
    if store.path is not None:
        assert not is_held(store.path), "a connection was left open"


def test_what_another_connection_writes_is_another_version_and_what_one_writes_itself_is_not(
    store: Store,
) -> None:
    warm = Store(store.location, warm=True)
    versions = []
    for writes in (warm, warm, store, warm):
        with writes.writing() as session:
            session.connection().exec_driver_sql("UPDATE branch SET version = version + 1")
            session.commit()
        with warm.writing() as session:
            versions.append(version_by_others(session))
    warm.close()
    assert versions[0] == versions[1] != versions[2] == versions[3]


def test_a_lock_held_too_long_is_said_and_nothing_is_done(store: Store) -> None:
    with store.writing() as session:
        session.connection()
        impatient = Store(store.location, patience=0.05)
        with pytest.raises(Busy, match="nothing was done"), impatient.writing():
            pass


def test_a_postgresql_lock_held_too_long_is_said(grounds: Grounds) -> None:
    _, url = grounds.postgres_copy()
    with Store(url).writing() as session:
        session.connection()
        impatient = Store(url, patience=0.05)
        with pytest.raises(Busy), impatient.writing() as other:
            other.connection()


def test_a_forgetful_postgresql_is_refused(grounds: Grounds) -> None:
    name, url = grounds.postgres_copy()
    with Store(url).writing() as session:
        session.connection().exec_driver_sql(f'ALTER DATABASE "{name}" SET synchronous_commit=off')
        session.commit()
    with pytest.raises(NoStore, match="synchronous_commit"), Store(url).writing() as session:
        session.connection()


def test_an_unreachable_server_is_no_store() -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2"
    with pytest.raises(NoStore, match="cannot be reached"), Store(url).reading() as session:
        session.connection()


def test_a_stored_value_never_shows_in_an_error(store: Store) -> None:
    canary = "13800138000"
    with pytest.raises(DBAPIError) as caught, store.writing() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO branch VALUES (99999, 'X', ?, 1)", (canary,)
        )
    assert plain_failure(caught.value.orig) is None
    assert canary not in str(caught.value.orig)


def test_the_process_makes_no_file_that_others_may_read(store: Store) -> None:
    before = os.umask(0o022)
    try:
        with store.reading() as session:
            session.connection()
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)


def test_a_link_to_a_store_shares_its_lock(store: Store, tmp_path: Path) -> None:
    assert store.path is not None
    (tmp_path / "link.db").symlink_to(store.path)
    through = Store(str(tmp_path / "link.db"), patience=0.05)
    with store.writing(), pytest.raises(Busy), through.writing():
        pass
    assert not (tmp_path / "link.db.lock").exists()


def test_a_link_that_leads_nowhere_is_no_store_and_makes_none(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "absent.db")
    with pytest.raises(NoStore), Store(str(tmp_path / "link.db")).reading():
        pass
    assert not (tmp_path / "absent.db").exists()
