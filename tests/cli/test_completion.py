"""Completion answers fast from the store's file, and is silent when anything is wrong."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from memberctl.cli.completion import (
    SHELLS,
    complete_branches,
    complete_members,
    complete_orders,
    complete_plans,
    complete_refunds,
    complete_staff,
    complete_tiers,
    script,
)
from memberctl.core.errors import UsageProblem

EVERY = (
    complete_members, complete_orders, complete_plans, complete_staff, complete_tiers,
    complete_branches, complete_refunds,
)  # fmt: skip


def made(path: Path) -> Path:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE member (id INTEGER PRIMARY KEY)")
        database.execute("CREATE TABLE orders (number TEXT UNIQUE)")
        database.execute("CREATE TABLE refund (id INTEGER PRIMARY KEY)")
        database.executemany("INSERT INTO refund VALUES (?)", [(n,) for n in (1, 2, 12, 12345)])
        for table in ("plan", "staff", "tier", "branch"):
            database.execute(f"CREATE TABLE {table} (code TEXT)")
        ids = [(n,) for n in (*range(1, 200), 1234, 12345, 123456, 1234567)]
        database.executemany("INSERT INTO member VALUES (?)", ids)
        orders = [(f"JN-2026-{n:04d}",) for n in range(100)] + [("RN-2026-7F3KX",)]
        database.executemany("INSERT INTO orders VALUES (?)", orders)
        plans = [(code,) for code in ("YEAR", "YEAR_2", "年卡", "100%", "x;rm", "a b", "e\x1b[2J")]
        database.executemany("INSERT INTO plan VALUES (?)", plans)
        database.executemany("INSERT INTO staff VALUES (?)", [("li",), ("wang",)])
    database.close()
    return path


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    at(monkeypatch, path := made(tmp_path / "x?mode=memory #1.db"))
    return path


def at(monkeypatch: pytest.MonkeyPatch, location: object) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")
    monkeypatch.delenv("MEMBERCTL_CONFIG", raising=False)
    monkeypatch.setenv("MEMBERCTL_DB", str(location))


def test_a_refund_number_is_completed_the_newest_first(store: Path) -> None:
    assert complete_refunds("") == ["RF-12345", "RF-0012", "RF-0002", "RF-0001"]
    assert complete_refunds("rf-00") == ["rf-0012", "rf-0002", "rf-0001"]
    assert complete_refunds("RF-9") == []


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("M-00123", ["M-001234"]),
        ("m-00123", ["m-001234"]),
        ("M00123", ["M001234"]),
        ("M-1234", ["M-123456", "M-1234567"]),
        ("M-1234567", ["M-1234567"]),
        ("M-00000", [f"M-{n:06d}" for n in range(1, 10)]),
        ("M-9", []),
        ("M-00123x", []),
        ("name:", []),
        ("'; DROP", []),
    ],
)
def test_members_are_completed_by_the_digits_of_their_number(store, typed, numbers):
    assert complete_members(typed) == numbers


@pytest.mark.parametrize("typed", ["", "M", "M-", "M-0"])
def test_at_most_fifty_members_are_offered(store, typed):
    assert complete_members(typed) == [f"M-{n:06d}" for n in range(1, 51)]


def test_orders_plans_and_staff_are_completed_by_their_beginning(store):
    assert complete_orders("RN") == ["RN-2026-7F3KX"]
    assert len(complete_orders("")) == 50
    assert complete_plans("YE") == ["YEAR", "YEAR_2"]
    assert complete_plans("年") == ["年卡"]
    assert complete_staff("w") == ["wang"]


def test_what_was_typed_stays_as_it_was_typed(store):
    assert complete_orders("rn") == ["rn-2026-7F3KX"]
    assert complete_plans("ye") == ["yeAR", "yeAR_2"]


@pytest.mark.parametrize("typed", ["%", "_", "\\", "'", "x;", "1"])
def test_signs_of_search_and_shell_match_nothing(store, typed):
    assert complete_plans(typed) == []
    assert complete_orders(typed) == []


def test_a_code_that_a_shell_or_terminal_would_act_on_is_not_offered(store):
    assert complete_plans("") == ["YEAR", "YEAR_2", "年卡"]


def test_completion_writes_nothing(store):
    before = (store.read_bytes(), sorted(store.parent.iterdir()))
    for complete in EVERY:
        complete("")
    assert (store.read_bytes(), sorted(store.parent.iterdir())) == before


def test_no_store_another_file_and_another_database_complete_nothing(tmp_path, monkeypatch):
    (tmp_path / "junk").write_bytes(b"junk" * 1000)
    sqlite3.connect(tmp_path / "empty.db").execute("CREATE TABLE other (x)").connection.close()
    os.mkfifo(tmp_path / "pipe")
    places = ["absent", "junk", "empty.db", "pipe", "."]
    others = ["postgresql+psycopg://nobody@127.0.0.1:1/x", "sqlite://", "file:x?mode=memory"]
    for location in [tmp_path / place for place in places] + others:
        at(monkeypatch, location)
        assert [complete("") for complete in EVERY] == [[]] * len(EVERY)


def test_a_sqlite_url_is_its_path(store, monkeypatch):
    at(monkeypatch, f"sqlite:///{store}")
    assert complete_staff("l") == ["li"]


def test_a_broken_configuration_completes_nothing(store, monkeypatch, tmp_path):
    (tmp_path / "config.toml").write_text("no toml")
    monkeypatch.setenv("MEMBERCTL_CONFIG", str(tmp_path / "config.toml"))
    assert complete_staff("") == []


def test_a_slow_store_is_given_up_within_the_time(tmp_path, monkeypatch):
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS code"
    with sqlite3.connect(tmp_path / "slow.db") as database:
        database.execute(f"CREATE VIEW plan AS {endless} FROM n WHERE x < 0")
    database.close()
    at(monkeypatch, tmp_path / "slow.db")
    before = time.monotonic()
    assert complete_plans("") == []
    assert time.monotonic() - before < 1


def test_a_store_locked_by_a_writer_is_given_up_within_the_time(store):
    writer = sqlite3.connect(store)
    writer.execute("BEGIN EXCLUSIVE")
    before = time.monotonic()
    assert complete_members("") == []
    assert time.monotonic() - before < 1
    writer.close()


def test_a_store_in_wal_mode_is_read_beside_its_writer(store):
    writer = sqlite3.connect(store, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO staff VALUES ('zhao')")
    assert complete_staff("z") == []
    writer.execute("COMMIT")
    assert complete_staff("z") == ["zhao"]
    writer.close()


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_a_script_that_names_the_program(shell):
    text = script(shell)
    assert "memberctl" in text
    assert f"_MEMBERCTL_COMPLETE=complete_{shell}" in text


def test_bash_accepts_its_script():
    done = subprocess.run(
        ["bash", "-n"], input=script("bash"), text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_another_shell_is_refused_with_the_known_ones():
    with pytest.raises(UsageProblem, match="bash, zsh, fish"):
        script("tcsh")
