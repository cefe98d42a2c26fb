"""What people see at a real terminal, and what pipes and full disks get instead."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pexpect
import pytest

from memberctl.store.engine import Store
from tests import histories
from tests.access.conftest import member_row
from tests.program import PYTHON, Program
from tests.stores import Grounds

MEMBERS = 60
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
WIDE = (50, 200)


@pytest.fixture(scope="module")
def ground(grounds: Grounds, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store with 60 members and one order, and the order's number."""
    folder = tmp_path_factory.mktemp("many")
    program = Program(grounds.sqlite_copy(folder / "store.db"), grounds.key_dir / "sqlite", folder)
    order = histories.a_join_order(program, histories.a_member(program, "[red]张伟[/red]"))
    with Store(program.location).writing() as session:
        session.add_all(member_row(number, JANUARY) for number in range(2, MEMBERS + 1))
        session.commit()
    return folder / "store.db", order


@pytest.fixture
def busy(shop: Program, ground: tuple[Path, str]) -> Program:
    """The program on a copy of that store."""
    with sqlite3.connect(ground[0]) as source, sqlite3.connect(shop.location) as target:
        source.backup(target)
    return shop


@pytest.fixture
def order(ground: tuple[Path, str]) -> str:
    """The number of the order."""
    return ground[1]


Start = Callable[..., "pexpect.spawn[str]"]


@pytest.fixture
def at_terminal(busy: Program) -> Iterator[Start]:
    """Start a command at a terminal of its own."""
    children: list[pexpect.spawn[str]] = []

    def start(*argv: str, as_: str | None = None, **more: str) -> pexpect.spawn[str]:
        child = pexpect.spawn(
            PYTHON, ["-m", "memberctl", *argv], encoding="utf-8", timeout=60, dimensions=WIDE,
            env=busy.environment(as_, **{"TERM": "xterm-256color", **more}),
        )  # fmt: skip
        children.append(child)
        return child

    yield start
    for child in children:
        child.close(force=True)


def ended(child: pexpect.spawn[str]) -> tuple[int | None, str]:
    """Wait for the end of a command and return its exit code and the last words."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, child.before or ""


def state(program: Program, order: str) -> str:
    return str(program.ok("order", "show", order)["state"])


def test_a_list_is_a_table_of_50_rows_and_says_that_there_are_more(at_terminal: Start) -> None:
    code, shown = ended(at_terminal("member", "list"))
    assert code == 0
    assert "─" in shown or "━" in shown
    assert "\x1b[" in shown
    assert shown.count("M-0000") == 50
    assert "50 of 60 shown, use --limit" in shown
    assert "[red]张伟[/red]" in shown


def test_with_a_limit_and_without_colours_all_rows_are_there(at_terminal: Start) -> None:
    code, shown = ended(at_terminal("member", "list", "--limit", "100", NO_COLOR="1"))
    assert (code, shown.count("M-0000")) == (0, 60)
    assert "\x1b[3" not in shown and "\x1b[9" not in shown
    assert "shown, use --limit" not in shown


def test_a_pipe_gets_every_row_as_tabs_without_colour(busy: Program) -> None:
    piped = busy.process("member", "list")
    lines = piped.out.splitlines()
    assert (piped.exit, len(lines), piped.err) == (0, 61, "")
    assert lines[0].split("\t")[:2] == ["number", "name"]
    assert "\x1b" not in piped.out


def test_yes_at_the_question_does_it_and_says_what_was_done(
    at_terminal: Start, busy: Program, order: str
) -> None:
    child = at_terminal("order", "withdraw", order, "--reason", "moved", as_="sun")
    child.expect_exact("[y/N] ")
    child.sendline("y")
    code, shown = ended(child)
    assert (code, state(busy, order)) == (0, "withdrawn")
    assert f"Withdrew {order}" in shown


def test_no_at_the_question_does_nothing(at_terminal: Start, busy: Program, order: str) -> None:
    child = at_terminal("order", "withdraw", order, "--reason", "moved", as_="sun")
    child.expect_exact("[y/N] ")
    child.sendline("n")
    code, shown = ended(child)
    assert (code, state(busy, order)) == (6, "submitted")
    assert "nothing was done" in shown


def test_ctrl_c_at_the_question_ends_with_130_and_does_nothing(
    at_terminal: Start, busy: Program, order: str
) -> None:
    child = at_terminal("order", "withdraw", order, "--reason", "moved", as_="sun")
    child.expect_exact("[y/N] ")
    child.sendintr()
    code, shown = ended(child)
    assert (code, state(busy, order)) == (130, "submitted")
    assert "interrupted; nothing was done" in shown
    assert "Traceback" not in shown


def test_agreed_already_nothing_is_asked(at_terminal: Start, busy: Program, order: str) -> None:
    code, shown = ended(
        at_terminal("order", "withdraw", order, "--reason", "moved", "--yes", as_="sun")
    )
    assert (code, state(busy, order)) == (0, "withdrawn")
    assert "[y/N]" not in shown


def test_where_nothing_may_be_asked_yes_is_named(
    at_terminal: Start, busy: Program, order: str
) -> None:
    code, shown = ended(
        at_terminal("order", "withdraw", order, "--reason", "moved", "--no-input", as_="sun")
    )
    assert (code, state(busy, order)) == (2, "submitted")
    assert "--yes" in shown
    piped = busy.process("order", "withdraw", order, "--reason", "moved", as_="sun", stdin=b"y\n")
    assert (piped.exit, state(busy, order)) == (2, "submitted")


def test_a_reader_that_has_enough_is_no_failure(busy: Program) -> None:
    line = f"set -o pipefail; '{sys.executable}' -m memberctl member list | head -1"
    done = subprocess.run(
        ["bash", "-c", line],
        env=busy.environment(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"number\t")


def test_a_full_disk_after_the_change_ends_with_14_and_says_that_it_is_done(
    busy: Program, order: str
) -> None:
    with Path("/dev/full").open("wb") as full:
        child = busy.start(
            "order", "withdraw", order, "--reason", "moved", "--yes", as_="sun", stdout=full
        )
        _, words = child.communicate(timeout=60)
    assert (child.returncode, state(busy, order)) == (14, "withdrawn")
    assert b"the work itself is done" in words


def test_a_terminal_that_is_closed_ends_the_question_with_nothing_done(
    at_terminal: Start, busy: Program, order: str
) -> None:
    child = at_terminal("order", "withdraw", order, "--reason", "moved", as_="sun")
    child.expect_exact("[y/N] ")
    os.kill(child.pid, signal.SIGTERM)
    code, _ = ended(child)
    assert (code, state(busy, order)) == (143, "submitted")
