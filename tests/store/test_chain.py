"""The audit chain: what an attacker with the file can do to it, and what of that is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from memberctl.core.actor import Actor
from memberctl.core.errors import IntegrityFailure, NotPermitted
from memberctl.store.audit import append_notes, head, note, note_many, open_trail
from memberctl.store.engine import Store
from memberctl.store.keys import Keys
from memberctl.store.trail import Wanted, list_audit, verify_chain
from tests.founding import FOUNDED_AT
from tests.program import Program
from tests.stores import Grounds

LINKS = 9
PLACE = {"by": Actor("li", "li", 2, frozenset()), "at": FOUNDED_AT}


def chain(session: Session, links: int = LINKS) -> None:
    """Write a chain of this many links."""
    note_many(session, "order.filed", [(f"JN-{n}", {"n": n}) for n in range(1, links + 1)], **PLACE)
    append_notes(session)


def test_a_whole_chain_is_whole(session: Session, keys: Keys) -> None:
    chain(session)
    checked = verify_chain(session, keys.audit)
    assert (checked.checked, checked.problems) == (LINKS, ())
    assert checked.head == head(session)[1].hex()


def test_links_count_up_from_one_without_a_gap_over_transactions(memberctl: Program) -> None:
    for number in range(5):
        memberctl.ok("branch", "add", f"B{number}", "--name", "x")
        memberctl("branch", "add", "!", "--name", "x")
    log = memberctl.ok("audit", "log")
    assert sorted(line["seq"] for line in log) == list(range(1, len(log) + 1))
    assert memberctl.ok("audit", "verify")["problems"] == []


def test_a_page_of_the_chain_ends_nowhere_special(session: Session, keys: Keys) -> None:
    chain(session, 5_003)
    assert verify_chain(session, keys.audit).checked == 5_003


def test_the_log_is_told_newest_first_and_by_object(session: Session) -> None:
    chain(session)
    assert [line.seq for line in list_audit(session, Wanted(), limit=2).rows] == [9, 8]
    assert [line.object for line in list_audit(session, Wanted(about="JN-4")).rows] == ["JN-4"]
    assert list_audit(session, Wanted(event="nothing")).total == 0


@pytest.mark.parametrize("sql", ["UPDATE audit SET staff = 'x'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_a_link(session: Session, sql: str) -> None:
    chain(session)
    with pytest.raises(Exception, match="append-only"):
        session.connection().exec_driver_sql(sql)


def test_a_refused_change_is_said_in_plain_words(memberctl: Program) -> None:
    memberctl.ok("branch", "add", "B1", "--name", "x")
    with (
        pytest.raises((IntegrityFailure, NotPermitted)),
        Store(memberctl.location).writing() as session,
    ):
        session.connection().exec_driver_sql("DELETE FROM audit")


def test_a_note_is_lost_with_its_transaction(memberctl: Program, keys: Keys) -> None:
    store = Store(memberctl.location)
    with store.writing() as session:
        open_trail(session, keys.audit, "test")
        note(session, "order.filed", "JN-1", **PLACE)
        append_notes(session)
    with store.reading() as session:
        assert head(session) == (0, bytes(32))


Attack = Callable[[Any], None]


def sql(*statements: str) -> Attack:
    """Return an attack that runs these statements."""

    def attack(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    return attack


FOUND = {
    "a changed fact": sql("UPDATE audit SET facts = '{\"n\":99}' WHERE seq = 4"),
    "a changed person": sql("UPDATE audit SET staff = 'wang', login = 'wang' WHERE seq = 4"),
    "a changed instant": sql("UPDATE audit SET at = '2024-06-01T00:00:00.000000+00:00'"),
    "a changed signature": sql("UPDATE audit SET mac = randomblob(32) WHERE seq = 4"),
    "a removed link": sql("DELETE FROM audit WHERE seq = 4"),
    "a removed beginning": sql("DELETE FROM audit WHERE seq <= 3"),
    "two links swapped": sql(
        "UPDATE audit SET seq = -4 WHERE seq = 4",
        "UPDATE audit SET seq = 4 WHERE seq = 5",
        "UPDATE audit SET seq = 5 WHERE seq = -4",
    ),
    "a link copied to the end": sql(
        "INSERT INTO audit SELECT 10, at, login, staff, command, event, object, facts, prev, mac,"
        " account FROM audit WHERE seq = 3"
    ),
    "a link forged without the key": sql(
        "INSERT INTO audit SELECT 10, at, login, staff, command, event, object, facts, mac,"
        " randomblob(32), account FROM audit WHERE seq = 9"
    ),
    "a letter moved from one field to the next": sql(
        "UPDATE audit SET event = 'order.file', object = 'dJN-4' WHERE seq = 4"
    ),
}
NOT_FOUND = {
    "the newest links cut off": sql("DELETE FROM audit WHERE seq >= 8"),
    "everything cut off": sql("DELETE FROM audit"),
}


@pytest.fixture
def attacked(grounds: Grounds, tmp_path: Path) -> tuple[Store, str]:
    """A store with a chain and without its triggers, and the head as it was noted elsewhere."""
    store = Store(grounds.sqlite_copy(tmp_path / "store.db"))
    with store.writing() as session:
        open_trail(session, key_of(grounds), "test")
        chain(session)
        connection = session.connection()
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text("ALTER TABLE audit RENAME TO sealed"))
        # The attacker may do anything to the file, so neither CHECK stands in the way.
        connection.execute(text("CREATE TABLE audit AS SELECT * FROM sealed"))
        connection.execute(text("DROP TABLE sealed"))
        noted = head(session)[1].hex()
        session.commit()
    return store, noted


def key_of(grounds: Grounds) -> bytes:
    """Return the key that signs the chain."""
    from memberctl.store.keys import derive

    file = next((grounds.key_dir / "sqlite").glob("*.key"))
    return derive(bytes.fromhex(file.read_text().strip())).audit


def after(attack: Attack, attacked: tuple[Store, str], grounds: Grounds) -> tuple[int, str]:
    """Return how many problems there are after an attack, and the head that is then told."""
    store, _ = attacked
    assert store.path is not None
    connection = sqlite3.connect(store.path, isolation_level=None)
    attack(connection)
    connection.close()
    with store.reading() as session:
        checked = verify_chain(session, key_of(grounds))
    return len(checked.problems), checked.head


@pytest.mark.parametrize("what", FOUND)
def test_an_attack_on_the_chain_is_found(
    what: str, attacked: tuple[Store, str], grounds: Grounds
) -> None:
    assert after(FOUND[what], attacked, grounds)[0] == 1


@pytest.mark.parametrize("what", NOT_FOUND)
def test_a_shortened_chain_is_found_only_against_a_head_kept_elsewhere(
    what: str, attacked: tuple[Store, str], grounds: Grounds
) -> None:
    problems, told = after(NOT_FOUND[what], attacked, grounds)
    assert problems == 0
    assert told != attacked[1]


def test_nothing_is_found_where_nothing_was_done(
    attacked: tuple[Store, str], grounds: Grounds
) -> None:
    assert after(sql(), attacked, grounds) == (0, attacked[1])
