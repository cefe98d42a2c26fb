"""R15, R16: attacks on the file by sqlite3 beside those on the log, and what is honestly not found.

Whoever can write the file can take its triggers off first, and puts them back here as well.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from memberctl.store.engine import Store
from tests.histories import a_member, a_paid_member
from tests.program import Program
from tests.reliability.test_r16_tampering import tamper

HALF = "(CASE WHEN amount_minor > 0 THEN -100 ELSE 100 END)"
FOUND = {
    "a payment and its posting made smaller": (
        ["UPDATE payment SET amount_minor = amount_minor - 100, applied_minor = applied_minor - 100"
         " WHERE id = 1",
         f"UPDATE posting SET amount_minor = amount_minor + {HALF}"
         " WHERE entry_id = (SELECT entry_id FROM payment WHERE id = 1)"],
        "payment row 1",
    ),
    "the limit of refunds raised": (
        ["INSERT INTO policy VALUES ('refund_owner_from', '9999999.00',"
         " '2026-03-02T02:00:00.000000+00:00', 1)"],
        "policy row",
    ),
    "a role given": (
        ["INSERT INTO staff_role SELECT id, 'owner' FROM staff WHERE code = 'sun'"], "staff_role",
    ),
    "a term made longer": (["UPDATE term SET end_on = '2036-01-01'"], "term row 1"),
    "two sealed numbers swapped": (
        ["UPDATE identity_document SET sealed = (SELECT other.sealed FROM identity_document other"
         " WHERE other.id <> identity_document.id)"],
        "identity_document",
    ),
    "a payment deleted": (["DELETE FROM payment WHERE id = 2"], "payment row 2"),
    "the checksums deleted": (["DELETE FROM checksum"], "row"),
}  # fmt: skip


@pytest.fixture
def club(shop: Program) -> Program:
    """A store with money, a term and two identity numbers."""
    a_paid_member(shop)
    a_member(shop, "李娜", "--id-number", "11010519491231002X")
    a_member(shop, "李四", "--id-number", "110101199003074514")
    assert shop("db", "check", "--deep").exit == 0
    return shop


@pytest.mark.parametrize("what", FOUND)
def test_what_another_tool_changed_is_found_and_named(club: Program, what: str) -> None:
    statements, named = FOUND[what]
    tamper(club, statements)
    checked = club("db", "check", "--deep", "--format", "json")
    assert checked.exit == 8
    assert any(named in problem["object"] for problem in checked.json["problems"]), checked.json
    assert club("audit", "verify").exit == 0, "the log itself is untouched, and says so"


def test_a_trigger_that_is_gone_is_missed(club: Program) -> None:
    tamper(club, [])
    assert club("db", "check", "--deep").exit == 0
    connection = sqlite3.connect(club.location)
    connection.execute("DROP TRIGGER audit_no_update")
    connection.close()
    (problem,) = club("db", "check", "--deep", "--format", "json").json["problems"]
    assert (problem["rule"], problem["object"]) == ("schema_shape", "trigger audit_no_update")


@pytest.mark.parametrize(
    "act",
    [
        "AFTER INSERT ON payment BEGIN UPDATE staff SET name = 'caught'; END",
        "BEFORE UPDATE ON audit BEGIN UPDATE staff SET name = 'caught';"
        " SELECT RAISE(ABORT, 'audit is append-only'); END",
        "BEFORE UPDATE ON audit BEGIN SELECT RAISE(IGNORE); END",
    ],
)
def test_a_trigger_of_ours_that_does_something_else_is_refused_by_every_command(
    club: Program, act: str
) -> None:
    connection = sqlite3.connect(club.location)
    connection.execute("DROP TRIGGER audit_no_update")
    connection.execute(f"CREATE TRIGGER audit_no_update {act}")
    connection.close()
    refused = club("member", "list")
    assert refused.exit == 8
    assert "memberctl did not make" in refused.err


def test_an_older_copy_of_the_whole_file_is_seen_against_an_anchor_alone(club: Program) -> None:
    old, anchors = club.folder / "old.db", club.folder / "elsewhere.txt"
    shutil.copy(club.location, old)
    club.ok("policy", "set", "review_days", "6")
    club.ok("audit", "anchor", "--output", str(anchors))
    for suffix in ("", "-wal", "-shm"):
        Path(club.location + suffix).unlink(missing_ok=True)
    shutil.copy(old, club.location)
    assert club("db", "check", "--deep").exit == 0
    assert club("audit", "verify").exit == 0
    verified = club("audit", "verify", "--anchors", str(anchors), "--format", "json")
    assert verified.exit == 8
    assert verified.json["problems"][0]["rule"] == "audit.anchor"


def test_who_can_write_the_file_and_knows_the_program_can_change_a_name_unseen(
    club: Program,
) -> None:
    """Why the manual says so: checksums are no signatures."""
    with Store(club.location).writing() as session:
        session.execute(text("UPDATE member SET name = '张三', name_key = '张三' WHERE id = 1"))
        session.commit()
    assert club("db", "check", "--deep").exit == 0
    assert club("audit", "verify").exit == 0
