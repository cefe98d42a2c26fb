"""R22: a clock that runs back, or ten years ahead, or in another zone, changes no rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from time import tzset
from typing import Any

import pytest
from sqlalchemy import text

from memberctl.store.engine import Store
from tests.histories import a_confirmed_order, a_paid_member, pay
from tests.program import Program
from tests.reliability.promises import assert_sound, dump
from tests.renewal.ground import with_terms
from tests.stores import Grounds

ZONES = ("America/Los_Angeles", "Pacific/Kiritimati", "nonsense")


def test_a_clock_that_runs_back_breaks_neither_numbers_nor_the_chain(memberctl: Program) -> None:
    order = a_confirmed_order(memberctl)
    receipts = []
    for now in ("2026-03-02T12:00:00+08:00", "2026-03-02T09:00:00+08:00",
                "2026-03-02T12:00:00+08:00"):  # fmt: skip
        memberctl.now = now
        receipts.append(pay(memberctl, order, "100.00", "--again")["receipt"])
    assert receipts == [f"RC-2026-{n:06d}" for n in (1, 2, 3)]
    seqs = [line["seq"] for line in memberctl.ok("audit", "log")]
    assert seqs == sorted(seqs, reverse=True)
    assert_sound(memberctl)


def test_ten_years_ahead_terms_have_lapsed_and_the_past_can_still_be_told(
    memberctl: Program,
) -> None:
    member, _ = a_paid_member(memberctl)
    shown = memberctl.ok("member", "show", member)
    memberctl.now = "2036-03-02T10:00:00+08:00"
    assert memberctl.ok("member", "show", member)["status"] == "lapsed"
    then = memberctl.ok("member", "show", member, "--as-of", "2026-03-02")
    assert (then["status"], shown["status"]) == ("active", "active")
    assert_sound(memberctl)


def test_receipts_count_from_one_in_each_year(memberctl: Program) -> None:
    order = a_confirmed_order(memberctl)
    first = pay(memberctl, order, "100.00")
    memberctl.now = "2027-01-01T00:30:00+08:00"
    second = pay(memberctl, order, "100.00")
    assert (first["receipt"], second["receipt"]) == ("RC-2026-000001", "RC-2027-000001")
    assert_sound(memberctl)


def last_minute(grounds: Grounds, folder: Path) -> dict[str, Any]:
    """Let a member join in the last minute of a local day and return what is stored."""
    folder.mkdir()
    program = Program(grounds.sqlite_copy(folder / "store.db"), grounds.key_dir / "sqlite", folder)
    program.now = "2026-03-31T23:59:00+08:00"
    a_paid_member(program)
    return dump(program, "repeat")


@contextmanager
def machine_in(zone: str) -> Iterator[None]:
    """Let the machine's clock be in another zone."""
    patch = pytest.MonkeyPatch()
    try:
        patch.setenv("TZ", zone)
        tzset()
        yield
    finally:
        patch.undo()
        tzset()


@pytest.mark.parametrize("zone", ZONES)
def test_the_zone_of_the_machine_changes_nothing(
    grounds: Grounds, tmp_path: Path, zone: str
) -> None:
    here = last_minute(grounds, tmp_path / "here")
    with machine_in(zone):
        there = last_minute(grounds, tmp_path / "there")
    assert here == there


def test_a_term_ends_with_its_last_local_day(memberctl: Program) -> None:
    memberctl.now = "2025-04-01T12:00:00+08:00"
    member, _ = a_paid_member(memberctl)
    ends = memberctl.ok("term", "list", member)[0]["end_on"]
    assert ends == "2026-03-31"
    status = {}
    for now in ("2026-03-31T23:59:00+08:00", "2026-04-01T00:01:00+08:00"):
        memberctl.now = now
        status[now] = memberctl.ok("member", "show", member)["status"]
    assert list(status.values()) == ["active", "grace"]


@pytest.fixture
def reminded(memberctl: Program) -> Program:
    """Members whose terms end on the last days of three months, to be reminded by e-mail."""
    with_terms(memberctl, [date(2026, 3, 31), date(2026, 4, 30), date(2028, 3, 31)])
    memberctl.ok("policy", "set", "reminder_channels", "email")
    return memberctl


def causes_after_runs(memberctl: Program, *instants: str) -> list[list[str]]:
    """Run the daily jobs at each instant and return what was queued by then."""
    found = []
    for now in instants:
        memberctl.now = now
        assert memberctl("run", "daily", "--quiet", as_="zhao").exit == 0
        found.append(sorted(each["cause"] for each in memberctl.ok("message", "list")))
    return found


def test_daily_jobs_do_nothing_twice_when_the_clock_steps_back(reminded: Program) -> None:
    steps = causes_after_runs(
        reminded, "2026-03-31T08:17:00+08:00", "2026-03-29T08:17:00+08:00",
        "2026-02-28T08:17:00+08:00", "2026-03-31T08:18:00+08:00",
    )  # fmt: skip
    march = ["T-1/0d", "T-2/1m"]
    assert steps == [march, march, ["T-1/0d", "T-1/1m", "T-2/1m"], ["T-1/0d", "T-1/1m", "T-2/1m"]]


def test_the_day_of_daily_jobs_begins_at_local_midnight(reminded: Program) -> None:
    assert causes_after_runs(
        reminded, "2026-02-27T23:59:00+08:00", "2026-02-28T00:01:00+08:00"
    ) == [[], ["T-1/1m"]]  # fmt: skip


def test_a_leap_day_is_a_day_for_daily_jobs(reminded: Program) -> None:
    assert causes_after_runs(
        reminded, "2028-02-28T08:17:00+08:00", "2028-02-29T08:17:00+08:00",
        "2028-02-29T20:17:00+08:00", "2028-03-01T08:17:00+08:00",
    ) == [[], ["T-3/1m"], ["T-3/1m"], ["T-3/1m"]]  # fmt: skip


@pytest.mark.parametrize(
    "hours",
    [
        ("2026-03-08T00:30:00-05:00", "2026-03-08T23:30:00-04:00"),
        ("2026-11-01T00:30:00-04:00", "2026-11-01T23:30:00-05:00"),
    ],
)
def test_daily_jobs_run_once_on_a_day_of_23_or_25_hours(
    memberctl: Program, hours: tuple[str, str]
) -> None:
    with_terms(memberctl, [date.fromisoformat(hours[0][:10])])
    memberctl.ok("policy", "set", "reminder_channels", "email")
    with Store(memberctl.location).writing() as session:
        session.execute(text("UPDATE organisation SET zone = 'America/New_York'"))
        session.commit()
    assert causes_after_runs(memberctl, *hours) == [["T-1/0d"], ["T-1/0d"]]


def evening(grounds: Grounds, folder: Path) -> dict[str, Any]:
    """Run the daily jobs in the last minute of a local day and the first of the next."""
    folder.mkdir()
    program = Program(grounds.sqlite_copy(folder / "store.db"), grounds.key_dir / "sqlite", folder)
    with_terms(program, [date(2026, 3, 31), date(2026, 4, 1)])
    causes_after_runs(program, "2026-03-31T23:59:00+08:00", "2026-04-01T00:01:00+08:00")
    return dump(program, "repeat")


@pytest.mark.parametrize("zone", ZONES)
def test_the_zone_of_the_machine_changes_nothing_of_daily_jobs(
    grounds: Grounds, tmp_path: Path, zone: str
) -> None:
    here = evening(grounds, tmp_path / "here")
    with machine_in(zone):
        there = evening(grounds, tmp_path / "there")
    assert here == there
