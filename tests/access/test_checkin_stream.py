"""`checkin scan -`: an answer at once for each line, whatever the lines are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import Any

import pexpect
import pytest

from tests.access.ground import a_holder, a_pack, scan
from tests.program import PYTHON, Program
from tests.reliability.terminals import happens

HEADER = "card\tmember\tallowed\treason\tvisit\tname\tuntil\tleft"
UNKNOWN = "86000100001236"


def rows(out: str) -> list[Any]:
    """Return the JSON lines of a stream."""
    return [json.loads(line) for line in out.splitlines()]


def test_each_line_is_answered_in_turn_and_a_bad_one_ends_nothing(memberctl: Program) -> None:
    memberctl.ok("policy", "set", "entry_repeat_minutes", "0")
    _, card = a_holder(memberctl, a_pack(memberctl, 2), "100.00")
    wrong = card[:-1] + str((int(card[-1]) + 1) % 10)
    lines = [card, "", wrong, "\x1b[31mx", UNKNOWN, f"{card}\tg1", f"{card}\tg1", card, "9" * 5_000]
    stdin = "\n".join(lines).encode() + b"\n\xff\xfe\x00\r\n" + card.encode() + b"\r"
    answered = memberctl("checkin", "scan", "-", "-f", "jsonl", as_="sun", stdin=stdin)
    told = [(row["allowed"], row["reason"], row["left"]) for row in rows(answered.out)]
    assert told == [
        (True, None, 1),
        (False, "check_digit", None),
        (False, "number", None),
        (False, "card_unknown", None),
        (True, None, 0),
        (True, "already_in", None),
        (False, "pack_empty", None),
        (False, "number", None),
        (False, "number", None),
        (False, "pack_empty", None),
    ]
    assert answered.exit == 3
    assert answered.err == ""
    assert "\x1b" not in answered.out
    assert len(memberctl.ok("checkin", "list")) == 2
    reasons = [row["reason"] for row in memberctl.ok("checkin", "refused")]
    assert reasons == ["card_unknown", "pack_empty", "pack_empty"]


def test_the_header_comes_once_and_all_let_in_is_0(memberctl: Program) -> None:
    cards = [a_holder(memberctl)[1] for _ in range(2)]
    answered = memberctl("checkin", "scan", "-", as_="sun", stdin="\n".join(cards))
    assert answered.exit == 0
    lines = answered.out.splitlines()
    assert lines[0] == HEADER
    assert [line.split("\t")[:3] for line in lines[1:]] == [
        [cards[0], "M-000001", "yes"], [cards[1], "M-000002", "yes"],
    ]  # fmt: skip
    nothing = memberctl("checkin", "scan", "-", as_="sun", stdin="")
    assert (nothing.exit, nothing.out) == (0, "")


def test_an_envelope_stands_on_each_line_of_json_and_a_dry_run_writes_nothing(
    memberctl: Program,
) -> None:
    _, card = a_holder(memberctl)
    tried = memberctl("checkin", "scan", "-", "-f", "json", "-n", as_="sun", stdin=f"{card}\n" * 2)
    assert [(row["status"], row["data"]["visit"]) for row in rows(tried.out)] == [
        ("dry-run", "V-000001")
    ] * 2
    assert "dry run: nothing was written" in tried.err
    assert memberctl.ok("checkin", "list") == []


@pytest.mark.parametrize(
    "wrong",
    [
        ["--force", "--reason", "x"],
        ["--nonce", "n"],
        ["--key", "k"],
        ["--format", "md"],
        ["--format", "count"],
    ],
)
def test_what_is_no_stream_is_a_usage_problem(memberctl: Program, wrong: list[str]) -> None:
    assert memberctl("checkin", "scan", "-", *wrong, stdin="86000100001236\n").exit == 2


def test_a_stream_in_a_batch_would_eat_its_lines(memberctl: Program) -> None:
    answered = memberctl("batch", stdin="checkin scan -\nplan list\n")
    assert answered.exit == 3
    assert [json.loads(line).get("exit", 0) for line in answered.out.splitlines()] == [2, 0]


def test_who_may_not_scan_is_told_at_the_first_line(memberctl: Program) -> None:
    assert memberctl("checkin", "scan", "-", as_="qian", stdin=f"{UNKNOWN}\n").exit == 5
    assert memberctl("checkin", "scan", "-", "--branch", "NO1", stdin=f"{UNKNOWN}\n").exit == 4


class Door:
    """A real process that answers lines in a pipe."""

    def __init__(self, memberctl: Program, *more: str) -> None:
        self.process = memberctl.start(
            "checkin", "scan", "-", "-f", "jsonl", *more, as_="sun", stdin=subprocess.PIPE
        )

    def ask(self, line: str) -> Any:
        """Give one line and return what comes back, while the pipe stays open."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self) -> tuple[int, str]:
        """Return the exit code and what was said beside the answers."""
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err.decode()


def test_an_answer_comes_before_the_next_line_and_heeds_what_changed_meanwhile(
    memberctl: Program,
) -> None:
    memberctl.ok("policy", "set", "entry_repeat_minutes", "0")
    _, card = a_holder(memberctl)
    door = Door(memberctl, "--branch", "SH01")
    assert door.ask(card)["reason"] is None
    memberctl.ok("branch", "update", "SH01", "--hours", "tue 08:00-20:00")  # It is a Monday.
    assert door.ask(card)["reason"] == "hours"
    memberctl.ok("branch", "update", "SH01", "--hours", "none")
    memberctl.ok("policy", "set", "entry_repeat_minutes", "10")
    assert door.ask(card)["reason"] == "already_in"
    memberctl.ok("card", "block", card, as_="sun")
    assert door.ask(card)["reason"] == "card_blocked"
    memberctl.ok("staff", "revoke", "sun", "reception")
    assert door.process.stdin is not None
    door.process.stdin.write(f"{card}\n".encode())
    code, err = door.end()
    assert (code, "sun has no right to checkin.scan" in err) == (5, True)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_between_two_lines_ends_the_stream_without_a_traceback(
    shop: Program, sent: signal.Signals, code: int
) -> None:
    _, card = a_holder(shop)
    door = Door(shop)
    assert door.ask(card)["allowed"] is True
    time.sleep(0.5)  # Until it waits for the next line.
    os.kill(door.process.pid, sent)
    ended, err = door.end()
    assert (ended, err) == (code, "interrupted; every line that was answered is stored\n")
    assert len(shop.ok("checkin", "list")) == 1


def test_a_reader_that_goes_away_ends_the_stream(shop: Program) -> None:
    _, card = a_holder(shop)
    door = Door(shop)
    assert door.ask(card)["allowed"] is True
    assert door.process.stdout is not None
    assert door.process.stdin is not None
    door.process.stdout.close()
    door.process.stdin.write(f"{UNKNOWN}\n".encode())
    door.process.stdin.close()
    assert door.process.wait(60) == 0


def test_on_a_terminal_each_scan_is_a_sentence(shop: Program) -> None:
    _, card = a_holder(shop)
    terminal = pexpect.spawn(
        PYTHON, ["-m", "memberctl", "checkin", "scan", "-"], env=shop.environment("sun"),
        encoding="utf-8", timeout=60, echo=False,
    )  # fmt: skip
    terminal.sendline(card)
    terminal.expect("Let in M-000001 张\\*\\*: visit V-000001, until 2027-03-01.")
    terminal.sendline(UNKNOWN)
    terminal.expect("REFUSED: no card has this number \\(card_unknown\\).")
    terminal.sendeof()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 3


def test_a_door_waits_for_nobody_who_reads(shop: Program) -> None:
    from memberctl.store.engine import Store

    _, card = a_holder(shop)
    door = Door(shop)
    with Store(shop.location).reading() as session:
        session.connection()
        assert door.ask(card)["allowed"] is True
    assert door.process.stdin is not None
    door.process.stdin.close()
    assert happens(lambda: door.process.poll() is not None)
    assert scan(shop, card)["reason"] == "already_in"
