"""R22: a clock that runs back, or ten years ahead, or in another zone, changes no rule."""

from __future__ import annotations

from pathlib import Path
from time import tzset
from typing import Any

import pytest

from tests.histories import a_confirmed_order, a_paid_member, pay
from tests.program import Program
from tests.reliability.promises import assert_sound, dump
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


@pytest.mark.parametrize("zone", ZONES)
def test_the_zone_of_the_machine_changes_nothing(
    grounds: Grounds, tmp_path: Path, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = last_minute(grounds, tmp_path / "here")
    try:
        monkeypatch.setenv("TZ", zone)
        tzset()
        there = last_minute(grounds, tmp_path / "there")
    finally:
        monkeypatch.undo()
        tzset()
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
