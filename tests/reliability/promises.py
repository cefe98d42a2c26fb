"""What several promises are judged by: what a store holds, and whether it is sound."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from tests.program import Program

# What is drawn at random when it is written: keys, and what is sealed under them.
RANDOM_COLUMNS = {"wrapped_key", "sealed", "sealed_old", "sealed_new", "details"}
# Sums of what is random are as random.
SUMS = {"checksum"}


def assert_sound(memberctl: Program) -> None:
    """Assert that nothing in the store contradicts itself."""
    checked = memberctl("db", "check", "--deep", "--format", "json")
    assert checked.exit == 0, checked.out + checked.err
    assert checked.json["problems"] == []


def dump(memberctl: Program, *without: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of a SQLite store by table, but for what is random and `without`."""
    connection = sqlite3.connect(memberctl.location)
    connection.row_factory = sqlite3.Row
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    dumped = {
        name: sorted(
            tuple(row[key] for key in row.keys() if key not in RANDOM_COLUMNS)  # noqa: SIM118
            for row in connection.execute(f'SELECT * FROM "{name}"')
        )
        for (name,) in names
        if name not in SUMS.union(without)
    }
    connection.close()
    return dumped


def acknowledged(text: str) -> list[Any]:
    """Return the data of every whole JSON line that says ok, as a script would read them."""
    lines = [line for line in text.split("\n")[:-1] if line.startswith("{")]
    envelopes = [json.loads(line) for line in lines]
    return [envelope["data"] for envelope in envelopes if envelope.get("status") == "ok"]
