"""R16: ten ways to tamper with the audit log by sqlite3, judged by an anchor kept elsewhere.

Eight touch what the anchor covers and are found; two cut off what came after it, which nobody can
see, and which is therefore stated.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.histories import a_paid_member
from tests.program import Program

LATER = 3
BEFORE = "(SELECT MAX(seq) FROM audit) - 10"
FOUND = {
    "facts edited": [f"UPDATE audit SET facts = '{{}}' WHERE seq = {BEFORE}"],
    "the person and the account edited": [
        "UPDATE audit SET staff = 'sun', login = 'sun', account = '' WHERE seq = 4"
    ],
    "the time edited": ["UPDATE audit SET at = '2020-01-01T00:00:00.000000+00:00' WHERE seq = 7"],
    "a row deleted in the middle": ["DELETE FROM audit WHERE seq = 5"],
    "the last rows deleted, also those before the anchor": [
        f"DELETE FROM audit WHERE seq > {BEFORE}"
    ],
    "two rows swapped": [
        "UPDATE audit SET seq = 1000000 WHERE seq = 4",
        "UPDATE audit SET seq = 4 WHERE seq = 5",
        "UPDATE audit SET seq = 5 WHERE seq = 1000000",
    ],
    "a row forged": [
        "INSERT INTO audit SELECT seq + 1, at, login, staff, command, event, object, facts, mac,"
        " randomblob(32), account FROM audit ORDER BY seq DESC LIMIT 1"
    ],
    "the whole log truncated": ["DELETE FROM audit"],
}
IN_THE_WINDOW = {
    "the rows after the anchor deleted": [
        f"DELETE FROM audit WHERE seq > (SELECT MAX(seq) FROM audit) - {LATER}"
    ],
    "the newest row deleted": ["DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)"],
}


@pytest.fixture
def anchored(shop: Program) -> tuple[Program, Path]:
    """A store with a history, its anchor near the end of it, and rows after that."""
    return anchor_in(shop)


def anchor_in(shop: Program) -> tuple[Program, Path]:
    """Lead a history, anchor it, go on, and return the store with the anchor's file."""
    a_paid_member(shop)
    kept = shop.folder / "elsewhere.txt"
    assert shop("audit", "anchor", "--output", str(kept)).exit == 0
    for number in range(LATER):
        shop.ok("branch", "add", f"B{number}", "--name", "x")
    return shop, kept


def tamper(shop: Program, statements: list[str]) -> None:
    """Change the store as somebody can who may write the file, and put its triggers back."""
    connection = sqlite3.connect(shop.location)
    guards = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall()
    for name, _ in guards:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in (*statements, *(sql for _, sql in guards)):
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_there_are_ten_attacks() -> None:
    assert (len(FOUND), len(IN_THE_WINDOW)) == (8, 2)


@pytest.mark.parametrize("what", FOUND)
def test_what_touches_the_log_before_the_anchor_is_found(
    anchored: tuple[Program, Path], what: str
) -> None:
    shop, kept = anchored
    tamper(shop, FOUND[what])
    verified = shop("audit", "verify", "--anchors", str(kept), "--format", "json")
    assert verified.exit == 8
    assert verified.json["problems"][0]["object"].startswith("link ")


@pytest.mark.parametrize("what", IN_THE_WINDOW)
def test_what_cuts_off_the_end_after_the_anchor_was_announced(
    anchored: tuple[Program, Path], what: str
) -> None:
    shop, kept = anchored
    before = shop.ok("audit", "verify", "--anchors", str(kept))
    last = before["checked"]
    assert before["window"] == (
        f"rows {last - LATER + 1} to {last} since the anchor of 2026-03-02 02:00 UTC"
        " could have been cut off unseen"
    )
    tamper(shop, IN_THE_WINDOW[what])
    after = shop.ok("audit", "verify", "--anchors", str(kept))
    assert after["problems"] == []
    assert after["checked"] < last


def test_without_the_anchor_a_shortened_log_looks_whole(anchored: tuple[Program, Path]) -> None:
    shop, _ = anchored
    tamper(shop, FOUND["the last rows deleted, also those before the anchor"])
    assert shop("audit", "verify").exit == 0


def test_the_first_broken_row_is_named(anchored: tuple[Program, Path]) -> None:
    shop, _ = anchored
    tamper(shop, ["UPDATE audit SET event = 'x' WHERE seq IN (6, 9)"])
    (problem,) = shop("audit", "verify", "--format", "json").json["problems"]
    assert (problem["rule"], problem["object"]) == ("audit.content", "link 6")
