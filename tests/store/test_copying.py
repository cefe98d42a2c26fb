"""`db copy`: a store moves to the other engine and back, and nothing is lost or half done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from memberctl.store.copying import differences, tally_of
from memberctl.store.engine import Store
from tests.histories import a_busy_day
from tests.program import Program
from tests.stores import drop_database, make_database


@pytest.fixture
def elsewhere(engine_kind: str, tmp_path: Path) -> Any:
    """An empty place of the other kind."""
    if engine_kind == "postgresql":
        yield str(tmp_path / "moved.db")
        return
    name = f"moved_{os.urandom(4).hex()}"
    yield make_database(name)
    drop_database(name)


def at(memberctl: Program, location: str) -> Program:
    """Return the program on another store with the same key file."""
    return Program(location, memberctl.key_dir, memberctl.folder)


def test_a_store_moves_to_the_other_engine_and_back(
    memberctl: Program, elsewhere: str, tmp_path: Path
) -> None:
    a_busy_day(memberctl)
    before = memberctl.ok("audit", "log")
    copied = memberctl.ok("db", "copy", "--to", elsewhere)
    moved = at(memberctl, elsewhere)
    after = moved.ok("audit", "log")
    assert copied["audit_seq"] == before[0]["seq"]
    assert after == before
    assert moved.ok("db", "check", "--deep")["problems"] == []
    for line in ("member list", "payment list", "ledger balance", "order list"):
        assert moved.ok(*line.split()) == memberctl.ok(*line.split())
    moved.ok("branch", "add", "NEW", "--name", "x")
    back = str(tmp_path / "back.db")
    if memberctl.location.startswith("postgresql"):
        moved.ok("db", "copy", "--to", back)
    else:
        at(moved, elsewhere).ok("db", "copy", "--to", back)
    assert at(moved, back).ok("db", "check", "--deep")["problems"] == []
    assert at(moved, back).ok("audit", "log") == moved.ok("audit", "log")


def test_the_copy_is_equal_by_rows_sums_and_head(memberctl: Program, tmp_path: Path) -> None:
    a_busy_day(memberctl)
    with Store(memberctl.location).reading() as session:
        one = tally_of(session)
        assert one.sums["posting.amount_minor"] == 0
        assert one.sums["payment.amount_minor"] > 0
    with Store(memberctl.location).writing() as session:
        session.connection().exec_driver_sql(
            "UPDATE payment SET amount_minor = amount_minor + 1, applied_minor = applied_minor + 1"
        )
        assert differences(one, tally_of(session)) == [
            "payment.amount_minor", "payment.applied_minor",
        ]  # fmt: skip


def test_whoever_moves_a_store_can_work_in_it(memberctl: Program, elsewhere: str) -> None:
    other = "database_user" if memberctl.location.endswith("store.db") else "uid"
    with Store(memberctl.location).writing() as session:
        session.connection().exec_driver_sql(f"UPDATE staff SET {other} = NULL")
        session.commit()
    before = memberctl.ok("audit", "log")
    copied = memberctl.ok("db", "copy", "--to", elsewhere)
    (given, *older) = at(memberctl, elsewhere).ok("audit", "log")
    assert (given["event"], given["object"], older) == ("staff.login", "owner", before)
    assert copied["login"] in {f"uid {os.getuid()}", "user postgres"}
    assert at(memberctl, elsewhere)("audit", "verify").exit == 0


def test_a_place_that_is_not_empty_is_refused(memberctl: Program, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    assert memberctl("db", "copy", "--to", str(precious)).exit == 7
    assert precious.read_text() == "mine"
    name = f"used_{os.urandom(4).hex()}"
    url = make_database(name)
    assert memberctl("db", "copy", "--to", url).exit == 0
    assert memberctl("db", "copy", "--to", url).exit == 7
    drop_database(name)


def test_a_copy_that_cannot_be_whole_leaves_nothing(memberctl: Program, elsewhere: str) -> None:
    with Store(memberctl.location).writing() as session:
        connection = session.connection()
        sqlite = connection.dialect.name == "sqlite"
        session.connection().exec_driver_sql("DROP TRIGGER audit_no_update" if sqlite else
            "ALTER TABLE audit DISABLE TRIGGER audit_no_update")  # fmt: skip
        session.commit()
    memberctl("policy", "set", "review_days", "9")
    with Store(memberctl.location).writing() as session:
        session.connection().exec_driver_sql("UPDATE audit SET facts = '{}'")
        session.commit()
    refused = memberctl("db", "copy", "--to", elsewhere)
    assert refused.exit == 8, refused
    assert "nothing was done" in refused.err
    assert at(memberctl, elsewhere)("branch", "list").exit == 10


def test_a_dry_run_copies_nothing(memberctl: Program, elsewhere: str) -> None:
    assert memberctl("db", "copy", "--to", elsewhere, "--dry-run").exit == 0
    assert at(memberctl, elsewhere)("branch", "list").exit == 10
    assert memberctl("db", "copy", "--to", elsewhere, as_="zhao").exit == 5
