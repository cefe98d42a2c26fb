"""Holds and expulsions: as decisions, and by commands on both engines. Source: rules T7, C2, C4."""

from __future__ import annotations

from datetime import date

import pytest

from memberctl.access.holds import Hold, HoldKind, covering, refuse_hold
from memberctl.core.dates import Span
from memberctl.core.errors import RuleRefused
from memberctl.store.engine import Store
from tests.access.conftest import member_row
from tests.program import Program
from tests.report.test_members import JANUARY, term_row

MARCH = [date(2026, 3, number) for number in range(1, 32)]


def a_hold(from_: int, until: int, recorded: int = 1, lifted: int | None = None) -> Hold:
    lifted_on = None if lifted is None else MARCH[lifted - 1]
    return Hold(HoldKind.HOLD, MARCH[from_ - 1], MARCH[until - 1], MARCH[recorded - 1], lifted_on)


def test_a_hold_counts_from_its_recording_to_its_last_day_or_its_lifting() -> None:
    for hold, days in (
        (a_hold(3, 6), {3, 4, 5, 6}),
        (a_hold(3, 6, recorded=4), {4, 5, 6}),
        (a_hold(3, 6, lifted=5), {3, 4}),
        (a_hold(3, 6, lifted=3), set()),
    ):
        assert {d.day for d in MARCH if covering([hold], HoldKind.HOLD, d)} == days
        assert not covering([hold], HoldKind.EXPULSION, MARCH[3])


def test_an_expulsion_lasts_until_it_is_taken_back() -> None:
    expelled = Hold(HoldKind.EXPULSION, MARCH[2], None, MARCH[2], MARCH[9])
    covered = [d.day for d in MARCH if covering([expelled], HoldKind.EXPULSION, d)]
    assert covered == [3, 4, 5, 6, 7, 8, 9]


def test_holds_do_not_overlap_nor_begin_in_the_past_nor_follow_an_expulsion() -> None:
    for days, why in (
        (Span(MARCH[0], MARCH[4]), "today or later"),
        (Span(MARCH[5], MARCH[9]), "already"),
    ):
        with pytest.raises(RuleRefused, match=why):
            refuse_hold([a_hold(3, 6)], days, "M-000001", MARCH[1])
    refuse_hold([a_hold(3, 6, lifted=2)], Span(MARCH[5], MARCH[9]), "M-000001", MARCH[1])
    expelled = Hold(HoldKind.EXPULSION, MARCH[0], None, MARCH[0])
    with pytest.raises(RuleRefused, match="expelled"):
        refuse_hold([expelled], Span(MARCH[5], MARCH[9]), "M-000001", MARCH[1])


@pytest.fixture
def club(memberctl: Program) -> Program:
    """张伟 has paid for 2026 and has a card."""
    with Store(memberctl.location).writing() as session:
        session.add(member_row(1, JANUARY, name="张伟"))
        session.flush()
        session.add(term_row(1, 1, date(2026, 1, 1), date(2026, 12, 31)))
        session.commit()
    memberctl.ok("card", "issue", "M-000001", as_="sun")
    return memberctl


def status(club: Program, *as_of: str) -> str:
    return str(club.ok("member", "show", "M-000001", *as_of)["status"])


def test_a_hold_makes_frozen_until_its_last_day_and_moves_no_end(club: Program) -> None:
    line = ("member", "hold", "M-000001", "--until", "2026-03-09", "--reason", "设备损坏待查")
    assert club(*line, as_="sun").exit == 5
    held = club.ok(*line, as_="zhao")
    assert (held["from_on"], held["until_on"]) == ("2026-03-02", "2026-03-09")
    assert status(club) == "frozen"
    assert [m["number"] for m in club.ok("member", "list", "--status", "frozen")] == ["M-000001"]
    assert club.ok("term", "list", "M-000001")[0]["end_on"] == "2026-12-31"
    assert club(*line, as_="zhao").exit == 6
    club.now = "2026-03-05T10:00:00+08:00"
    club.ok("member", "release", "M-000001", "--reason", "查清", as_="zhao")
    assert status(club) == "active"
    assert [status(club, "--as-of", f"2026-03-0{n}") for n in (1, 2, 4)] == [
        "active", "frozen", "frozen",
    ]  # fmt: skip
    assert club("member", "release", "M-000001", "--reason", "查清", as_="zhao").exit == 6
    (line_,) = club.ok("member", "holds", "M-000001")
    assert (line_["reason"], line_["staff"], line_["lifted_on"]) == (
        "设备损坏待查", "zhao", "2026-03-05",
    )  # fmt: skip


def test_nothing_is_sold_or_given_to_who_is_expelled_until_they_are_readmitted(
    club: Program,
) -> None:
    expel = ("member", "expel", "M-000001", "--reason", "打人")
    assert club(*expel, as_="zhao").exit == 2, "it asks first"
    assert club.ok(*expel, "--yes", "--dry-run", as_="zhao")["cards"] == ["86000100000014"]
    assert status(club) == "active"
    club.ok(*expel, "--yes", as_="zhao")
    assert status(club) == "expelled"
    assert club("card", "replace", "86000100000014", as_="sun").exit == 6
    renewal = ("order", "file", "M-000001", "--plan", "YEAR", "--kind", "renewal", "--agreed")
    refused = club(*renewal, as_="sun")
    assert (refused.exit, "is expelled" in refused.err) == (6, True)
    assert club(*expel, "--yes", as_="zhao").exit == 6
    club.now = "2026-03-10T10:00:00+08:00"
    club.ok("member", "readmit", "M-000001", "--reason", "申诉成功", as_="zhao")
    assert (status(club), status(club, "--as-of", "2026-03-09")) == ("active", "expelled")
    assert club("card", "replace", "86000100000014", as_="sun").exit == 0
    audited = club("audit", "log", "--object", "M-000001", "--format", "json").out
    assert "打人" not in audited
