"""What checksums rest on: the same sum by every way in which a row is written (promise R15)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from memberctl.office.rules import Role
from memberctl.office.tables import Branch
from memberctl.store.bulk import insert_rows
from memberctl.store.checksums import BLOCK, _sums, changed_by, changed_rows
from memberctl.store.engine import Store
from memberctl.store.tables import Repeat
from tests.histories import a_paid_member
from tests.program import Program
from tests.reliability.promises import assert_sound
from tests.store.past_schemas import make_past, revisions
from tests.stores import Grounds

WHEN = "2026-03-02T02:00:00.000000+00:00"
BRANCH = ("id", "code", "name", "version")
STATEMENTS = {
    "INSERT INTO branch (id) VALUES (?)": ("INSERT", "branch"),
    '  insert into "orders" (id) SELECT 1': ("INSERT", "orders"),
    "UPDATE counter SET value = 1": ("UPDATE", "counter"),
    "DELETE FROM visit WHERE id = ?": ("DELETE", "visit"),
    "WITH x AS (SELECT 1) UPDATE term SET version = 2": ("UPDATE", "term"),
    "SELECT 'UPDATE term SET'": None,
    "PRAGMA table_info(branch)": None,
}


@pytest.fixture
def store(grounds: Grounds, tmp_path: Path) -> Iterator[Store]:
    """A seeded SQLite store that keeps its connection."""
    opened = Store(grounds.sqlite_copy(tmp_path / "store.db"), warm=True)
    yield opened
    opened.close()


def problems(store: Store) -> list[str]:
    """Return what is not as it was written."""
    with store.reading() as session:
        raw = session.connection().connection.driver_connection
        return [f"{each.object} {each.found}" for each in changed_rows(raw)]


def test_what_is_a_text_or_a_number_of_another_type_is_summed_as_what_is_stored() -> None:
    assert _sums([(Role.FINANCE, True), (Role.OWNER, False)]) == _sums(
        [("finance", 1), ("owner", 0)]
    )
    assert _sums([(None, 1), (Role.OWNER, 2)]) == _sums([(None, 1), ("owner", 2)])


def branches(*ids: int) -> list[tuple[int, str, str, int]]:
    """Return rows of branches."""
    return [(id_, f"B{id_}", "分店", 1) for id_ in ids]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_it_is_known_which_table_a_statement_changes(statement: str) -> None:
    assert changed_by(statement) == STATEMENTS[statement]


def test_a_sum_is_the_same_under_every_python() -> None:
    """A store outlives the Python that wrote it: these sums may never become others."""
    rows = [
        (1, "张伟", b"\x00\xff", None, 365_000, -1, 2**40, ""),
        (2, "x" * 300, b"", None, 0, -(2**62), 2**31, "\U00020bb7"),
    ]
    assert _sums(rows) == [273137890, 4134948242]


@pytest.mark.parametrize(
    "ids",
    [
        range(100, 101),
        range(100, 100 + 3 * BLOCK),
        range(128, 192),
        (300, 100, 200),
        (65, 64, 2000),
    ],
    ids=str,
)
def test_rows_written_at_once_have_the_sum_of_rows_that_are_read(
    store: Store, ids: range | tuple[int, ...]
) -> None:
    with store.writing() as session:
        insert_rows(session, Branch, BRANCH, branches(*ids))
        session.commit()
    assert problems(store) == []


def test_rows_that_sqlite_numbers_itself_are_summed_under_its_numbers(store: Store) -> None:
    columns = ("actor", "command", "key", "args_sha256", "at")
    for begin in (0, 70):
        with store.writing() as session:
            rows = [("li", "c", f"K{number}", "x", WHEN) for number in range(begin, begin + 70)]
            insert_rows(session, Repeat, columns, rows)
            session.commit()
    assert problems(store) == []


def test_every_other_statement_is_summed_as_well(store: Store) -> None:
    with store.writing() as session:
        insert_rows(session, Branch, BRANCH, branches(100, 101, 102, 103))
        session.add(Branch(id=104, code="B104", name="x"))
        session.flush()
        for statement in (
            "UPDATE branch SET name = 'y' WHERE id IN (101, 104)",
            "DELETE FROM branch WHERE id = 102",
            "UPDATE branch SET id = 500 WHERE id = 103",
            "INSERT INTO branch (id, code, name, version) VALUES (501, 'B501', 'z', 1)",
            "INSERT INTO branch (id, code, name, version) VALUES (100, 'B100', 'z', 1)"
            " ON CONFLICT (id) DO UPDATE SET name = 'again'",
        ):
            session.connection().execute(text(statement))
        session.commit()
    assert problems(store) == []


def test_what_is_taken_back_is_not_summed_and_the_next_transaction_is(store: Store) -> None:
    """A rollback also takes back the triggers, which a kept connection must not believe in."""
    for ends in ("rollback", "commit", "rollback", "commit"):
        with store.writing() as session:
            insert_rows(session, Branch, BRANCH, branches(100 if ends == "rollback" else 101))
            session.connection().execute(text("UPDATE branch SET name = name || '.'"))
            session.connection().execute(text("DELETE FROM branch WHERE id = 101"))
            getattr(session, ends)()
        assert problems(store) == []


def test_part_of_a_transaction_that_is_taken_back_is_not_summed(store: Store) -> None:
    with store.writing() as session:
        with session.begin_nested() as part:
            insert_rows(session, Branch, BRANCH, branches(100))
            session.connection().execute(text("UPDATE branch SET name = 'gone'"))
            part.rollback()
        insert_rows(session, Branch, BRANCH, branches(101))
        session.commit()
    assert problems(store) == []


def test_changed_added_and_removed_rows_are_told_apart(store: Store) -> None:
    """The twin: the same statements by another program, which sums nothing."""
    assert store.path is not None
    with closing(sqlite3.connect(store.path)) as other:
        other.execute("UPDATE branch SET name = 'y' WHERE id = 1")
        other.execute("DELETE FROM calendar_day WHERE day = (SELECT MIN(day) FROM calendar_day)")
        other.execute("INSERT INTO branch (id, code, name, version) VALUES (501, 'B501', 'z', 1)")
        other.commit()
    found = problems(store)
    assert {"branch row 1 changed", "branch row 501 added by another program"} <= set(found)


def test_a_row_that_is_changed_later_does_not_vouch_for_its_neighbours(store: Store) -> None:
    assert store.path is not None
    with closing(sqlite3.connect(store.path)) as other:
        other.execute("UPDATE branch SET name = 'y' WHERE id = 1")
        other.commit()
    with store.writing() as session:
        session.connection().execute(text("UPDATE branch SET name = 'z' WHERE id = 2"))
        session.commit()
    assert problems(store) == ["branch row 1 changed"]


@pytest.mark.parametrize("revision", revisions()[:-1])
def test_a_store_of_an_earlier_schema_is_summed_by_its_upgrade(
    tmp_path: Path, revision: str
) -> None:
    make_past(str(tmp_path / "store.db"), tmp_path / "keys", revision)
    program = Program(str(tmp_path / "store.db"), tmp_path / "keys", tmp_path)
    program.ok("db", "upgrade")
    assert_sound(program)
    with closing(sqlite3.connect(program.location)) as other:
        other.execute("UPDATE branch SET name = name || '.' WHERE id = 1")
        other.commit()
    assert problems(Store(program.location)) == ["branch row 1 changed"]


def test_what_was_damaged_before_an_upgrade_stays_known_behind_it(store: Store) -> None:
    from memberctl.store.checksums import sum_all_at_commit

    assert store.path is not None
    with closing(sqlite3.connect(store.path)) as other:
        other.execute("UPDATE branch SET name = 'y' WHERE id = 1")
        other.execute("DELETE FROM staff_role WHERE rowid = 3")
        other.commit()
    before = problems(store)
    with store.writing() as session:
        sum_all_at_commit(session.connection().connection.driver_connection)
        session.commit()
    assert problems(store) == before
    assert len(before) == 2


def test_a_copy_into_another_store_has_sums_of_its_own(shop: Program, tmp_path: Path) -> None:
    a_paid_member(shop)
    target = tmp_path / "copied.db"
    shop.ok("db", "copy", "--to", str(target))
    copied = Program(str(target), shop.key_dir, shop.folder)
    assert_sound(copied)
    with closing(sqlite3.connect(target)) as other:
        other.execute("UPDATE member SET name = '别' WHERE id = 1")
        other.commit()
    assert "member row 1 changed" in problems(Store(str(target)))
