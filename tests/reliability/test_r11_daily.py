"""R11: a job runs once at a time, a dead one blocks nobody, missed days are caught up once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from memberctl.daily import operations
from memberctl.renewal import reminding
from memberctl.renewal.reminders import open_ends
from memberctl.store import process
from tests.message.mailserver import configure
from tests.program import Program
from tests.reliability.terminals import Terminal, happens, run_terminal, terminal
from tests.renewal.ground import with_terms

CRON = ("run", "daily", "--no-input", "--quiet")
STARTS = 8
LAST_DAY = "2026-03-31T08:17:00+08:00"
Be = Callable[[Sequence[str], Mapping[str, str], Path], None]


@pytest.fixture
def club(memberctl: Program) -> Program:
    """A member to be told by SMS that today is the last day; the SMS service waits for a sign."""
    with_terms(memberctl, [date(2026, 3, 31)], email=False)
    send = memberctl.folder / "send-sms"
    begun, go = memberctl.folder / "begun", memberctl.folder / "go"
    send.write_text(f"#!/bin/sh\necho $$ >> {begun}\nuntil [ -e {go} ]; do sleep 0.05; done\n")
    send.chmod(0o700)
    configure(memberctl, sms=f'[sms]\ncommand = ["{send}"]\ntimeout = 120\n')
    memberctl.now = LAST_DAY
    return memberctl


def start_together(club: Program, be: Be | None = None) -> list[Terminal]:
    """Start eight runs while none can end that has something to send."""
    return [
        terminal(club, *CRON, folder=club.folder / f"run{n}", as_="zhao", be=be)
        for n in range(STARTS)
    ]


def end_of_all(club: Program, runs: list[Terminal]) -> Counter[int]:
    """Wait until seven have ended, let the eighth go on, and count the exit codes."""
    assert happens(lambda: sum(run.process.is_alive() for run in runs) <= 1), "they wait"
    (club.folder / "go").touch()
    return Counter(run.end() for run in runs)


def messages(club: Program) -> list[tuple[str, str]]:
    """Return cause and state of every message."""
    return [(each["cause"], each["state"]) for each in club.ok("message", "list")]


def test_of_eight_runs_that_start_at_once_one_ends_with_0_and_seven_with_75(club: Program) -> None:
    runs = start_together(club)
    assert end_of_all(club, runs) == {0: 1, 75: STARTS - 1}
    assert [run.err for run in runs].count("") == 1, "each that is refused says who runs"
    assert messages(club) == [("T-1/0d", "sent")]


def heedless(argv: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
    """Be a run that asks for no lease."""
    operations.take_lease = lambda *_, **__: None
    run_terminal(argv, environ, folder)


def test_without_the_lease_more_than_one_of_them_runs(club: Program) -> None:
    assert end_of_all(club, start_together(club, heedless))[0] > 1


def killed_while_it_sends(club: Program) -> None:
    """Leave the lease of a run that was killed in the middle of its work."""
    run = terminal(club, *CRON, folder=club.folder / "killed", as_="zhao")
    assert happens((club.folder / "begun").exists), "it sends nothing"
    run.kill()
    (club.folder / "go").touch()


def test_the_lease_of_a_dead_run_is_taken_over_at_once(club: Program) -> None:
    killed_while_it_sends(club)
    after = terminal(club, *CRON, folder=club.folder / "after", as_="zhao")
    assert after.end() == 3
    assert "1 unknown" in after.err, "a person is told of the SMS that nobody knows of"
    assert messages(club) == [("T-1/0d", "unknown")]
    assert terminal(club, *CRON, folder=club.folder / "third", as_="zhao").end() == 0


def believing(argv: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
    """Be a run that believes every other one alive."""
    process.is_alive = lambda _: True
    run_terminal(argv, environ, folder)


def test_without_the_look_for_it_a_dead_run_blocks_the_next(club: Program) -> None:
    killed_while_it_sends(club)
    after = terminal(club, *CRON, folder=club.folder / "after", as_="zhao", be=believing)
    assert after.end() == 75


def cron_comes_back(memberctl: Program) -> list[tuple[str, str]]:
    """Let cron be away for five days on which a step begins, and come back for two."""
    with_terms(memberctl, [date(2026, 3, 31)])
    memberctl.ok("policy", "set", "reminder_channels", "email")
    for day in ("2026-02-26", "2026-03-04", "2026-03-04", "2026-03-05"):
        memberctl.now = f"{day}T08:17:00+08:00"
        assert memberctl(*CRON, as_="zhao").exit == 0
    return messages(memberctl)


def test_missed_days_are_caught_up_once(memberctl: Program) -> None:
    assert cron_comes_back(memberctl) == [("T-1/1m", "queued")]


def test_without_catching_up_the_missed_reminder_is_lost(
    shop: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_its_day = lambda steps, today, _: open_ends(steps, today, 1)  # noqa: E731
    monkeypatch.setattr(reminding, "open_ends", on_its_day)
    assert cron_comes_back(shop) == []
