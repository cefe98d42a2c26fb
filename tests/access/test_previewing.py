"""What a change would make of a member's terms is shown before, and is what it then does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import histories
from tests.program import Program
from tests.warm import WarmProgram

USAGE, REFUSED = 2, 6


@pytest.fixture
def club(memberctl: Program) -> Iterator[WarmProgram]:
    """The program with its store open, and a dearer and a cheaper plan of a year."""
    program = WarmProgram(memberctl.location, memberctl.key_dir, memberctl.folder)
    for code, price in (("PLUS", "7300.00"), ("BASE", "2000.00")):
        program.ok("plan", "add", code, "--name", code, "--term", "12m", "--price", price)
    yield program
    program.close()


def spans(rows: Any) -> list[tuple[str, str]]:
    """Return first and last days."""
    return [(row["start_on"], row["end_on"]) for row in rows]


def as_they_are(club: WarmProgram, member: str) -> list[tuple[str, str]]:
    """Return a member's terms that were not voided."""
    rows = club.ok("term", "list", member)
    return spans([row for row in rows if row["status"] != "voided"])


@pytest.mark.parametrize(
    ("preview", "then"),
    [
        ("--change freeze --from 2026-07-01 --until 2026-07-30",
         "term freeze {member} --from 2026-07-01 --until 2026-07-30 --reason x"),
        ("--change upgrade --plan PLUS", "order file {member} --kind upgrade --plan PLUS"),
        ("--change renewal --plan YEAR",
         "order file {member} --kind renewal --plan YEAR --agreed"),
        ("--change downgrade --plan BASE",
         "order file {member} --kind downgrade --plan BASE --agreed"),
    ],
)  # fmt: skip
def test_what_is_shown_is_what_is_done_and_showing_it_does_nothing(
    club: WarmProgram, preview: str, then: str
) -> None:
    member, _ = histories.a_paid_member(club)
    before = as_they_are(club, member)
    follows = "renewal" in then or "downgrade" in then
    club.now = "2027-01-10T10:00:00+08:00" if follows else "2026-05-01T10:00:00+08:00"
    club.ok("calendar", "add", "2027")
    shown = club.ok("term", "preview", member, *preview.split(), as_="sun")
    assert as_they_are(club, member) == before
    done = club.ok(*then.format(member=member).split(), as_="sun")
    if done.get("open"):
        assert [row["price"] for row in shown if row["price"]] == [done["total"]]
        histories.pay(club, done["number"], done["open"]["amount"])
    assert as_they_are(club, member) == spans(shown)


def test_a_resumption_and_a_transfer_are_shown_with_the_day_that_was(club: WarmProgram) -> None:
    member, order = histories.a_paid_member(club)
    freeze = ("--from", "2026-07-01", "--until", "2026-07-30", "--reason", "x")
    club.ok("term", "freeze", member, *freeze, as_="sun")
    club.now = "2026-07-11T10:00:00+08:00"
    (resumed,) = club.ok("term", "preview", member, "--change", "resume", as_="sun")
    assert (resumed["end_on"], resumed["was_on"]) == ("2027-03-11", "2027-03-31")
    club.ok("term", "resume", member, as_="sun")
    (left,) = club.ok("term", "preview", member, "--change", "transfer", as_="sun")
    assert (left["order"], left["end_on"]) == (order, "2026-07-11")


def test_a_plan_of_a_fixed_calendar_is_shown_from_a_late_join_on(club: WarmProgram) -> None:
    club.ok("plan", "add", "CAL", "--name", "历年卡", "--term", "12m", "--price", "3650.00",
            "--season", "01-01/days/11-01")  # fmt: skip
    line = ("term", "preview", "--plan", "CAL", "--count", "2", "--from")
    assert spans(club.ok(*line, "2026-09-01")) == [
        ("2026-09-01", "2026-12-31"), ("2027-01-01", "2027-12-31"),
    ]  # fmt: skip
    assert spans(club.ok(*line, "2026-11-01"))[0] == ("2026-11-01", "2027-12-31")


def test_a_series_begins_today_unless_a_day_is_given(club: WarmProgram) -> None:
    club.now = "2026-01-31T10:00:00+08:00"
    first, second = spans(club.ok("term", "preview", "--term", "1m", "--count", "2"))
    assert (first, second[0]) == (("2026-01-31", "2026-02-27"), "2026-02-28")


def test_what_would_be_refused_is_refused_and_what_is_missing_is_named(club: WarmProgram) -> None:
    member, _ = histories.a_paid_member(club)
    past = ("--change", "freeze", "--from", "2026-01-01", "--until", "2026-01-02")
    assert club("term", "preview", member, *past).exit == REFUSED
    other = histories.a_member(club)
    for line in (
        ("--change", "renewal", "--plan", "YEAR"),
        ("--change", "renewal", "--plan", "YEAR", "--from", "2026-03-01"),
        ("--change", "downgrade", "--plan", "PLUS", "--from", "2027-02-01"),
        ("--change", "upgrade", "--plan", "PLUS", "--order", "GR-2026-93TMQ"),
        ("--change", "freeze", "--from", "2026-07-01", "--until", "2026-07-02",
         "--order", "GR-2026-93TMQ"),
        ("--change", "transfer", "--to", member),
    ):  # fmt: skip
        refused = club("term", "preview", member, *line, as_="sun")
        assert (refused.exit, "memberctl: " in refused.err) == (REFUSED, True), line
    assert club.ok("term", "preview", member, "--change", "transfer", "--to", other, as_="sun")
    for line, named in (
        ((member,), "--change"), (("--term", "1m", "--plan", "YEAR"), "--term"),
        ((member, "--change", "freeze"), "--until"),
        ((member, "--change", "renewal"), "--plan"), ((), "--term"),
    ):  # fmt: skip
        told = club("term", "preview", *line)
        assert told.exit == USAGE and named in told.err, told
