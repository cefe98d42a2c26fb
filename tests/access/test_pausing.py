"""Freezes by commands, on real stores. Source: rules T7-T9; mission S1.7."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlmodel import select

from memberctl.access.rules import CardKind, CardState, Handover
from memberctl.access.tables import Card, Term
from memberctl.access.visit_tables import Visit
from memberctl.access.visiting import VisitGround
from memberctl.store.engine import Store
from tests.access.conftest import member_row
from tests.program import Program
from tests.report.test_members import JANUARY, term_row

JULY = ("--from", "2026-07-01", "--until", "2026-07-30")


@pytest.fixture
def club(memberctl: Program) -> Program:
    """张伟 has paid for 2026 and for 2027, a member without a name to remember for 2026."""
    with Store(memberctl.location).writing() as session:
        session.add_all([member_row(1, JANUARY, name="张伟"), member_row(2, JANUARY)])
        session.flush()
        session.add_all(
            [
                term_row(1, 1, date(2026, 1, 1), date(2026, 12, 31)),
                term_row(2, 1, date(2027, 1, 1), date(2027, 12, 31), granted_at=JANUARY),
                term_row(3, 2, date(2026, 1, 1), date(2026, 12, 31)),
            ]
        )
        session.commit()
    memberctl.now = "2026-06-20T10:00:00+08:00"
    return memberctl


def ends(club: Program, member: str, as_of: str | None = None) -> list[str]:
    past = () if as_of is None else ("--as-of", as_of)
    return [each["end_on"] for each in club.ok("term", "list", member, *past)]


def test_a_freeze_and_its_early_end_move_what_follows_and_the_past_is_repeated(
    club: Program,
) -> None:
    shown = {on: club.ok("member", "show", "M-000001", "--as-of", on) for on in ("2026-06-19",)}
    frozen = club.ok("term", "freeze", "M-000001", *JULY, "--reason", "出差", as_="sun")
    assert (frozen["days"], frozen["was_on"], frozen["end_on"]) == (30, "2026-12-31", "2027-01-30")
    assert [each["end_on"] for each in frozen["moved"]] == ["2028-01-30"]
    assert ends(club, "M-000001") == ["2027-01-30", "2028-01-30"]
    club.now = "2026-07-11T10:00:00+08:00"
    assert club.ok("member", "show", "M-000001")["status"] == "frozen"
    resumed = club.ok("term", "resume", "M-000001", as_="sun")
    assert (resumed["days"], resumed["end_on"]) == (10, "2027-01-10")
    assert ends(club, "M-000001") == ["2027-01-10", "2028-01-10"]
    assert ends(club, "M-000001", "2026-07-10") == ["2027-01-30", "2028-01-30"]
    assert ends(club, "M-000001", "2026-06-19") == ["2026-12-31", "2027-12-31"]
    statuses = {
        on: club.ok("member", "show", "M-000001", "--as-of", on)["status"]
        for on in ("2026-06-30", "2026-07-10", "2026-07-11")
    }
    assert list(statuses.values()) == ["active", "frozen", "active"]
    for on, before in shown.items():
        assert club.ok("member", "show", "M-000001", "--as-of", on) == before
    kinds = [each["change"] for each in club.ok("term", "history", "M-000001")]
    assert kinds == ["frozen", "moved", "resumed", "moved"]


def test_a_dry_run_says_the_same_and_changes_nothing(club: Program) -> None:
    line = ("term", "freeze", "phone:13800000001", *JULY, "--reason", "出差")
    dry = club.ok(*line, "--dry-run", as_="sun")
    assert ends(club, "M-000001") == ["2026-12-31", "2027-12-31"]
    assert club.ok(*line, as_="sun") == dry


def test_frozen_members_are_found_by_their_status_and_come_back_by_themselves(
    club: Program,
) -> None:
    club.ok("term", "freeze", "M-000002", *JULY, "--reason", "出差", as_="sun")
    for now, frozen in (("2026-07-30", ["M-000002"]), ("2026-07-31", [])):
        club.now = f"{now}T23:59:00+08:00"
        listed = club.ok("member", "list", "--status", "frozen")
        assert [each["number"] for each in listed] == frozen


def test_a_member_who_came_in_is_not_frozen_for_that_day(club: Program) -> None:
    with Store(club.location).writing() as session:
        session.add(
            Card(
                id=1, number="86000100000014", member_id=2, kind=CardKind.MEMBERSHIP,
                state=CardState.ACTIVE, handover=Handover.COUNTER, issued_at=JANUARY, issued_by=1,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            Visit(
                id=1, card_id=1, member_id=2, term_id=3, ground=VisitGround.TERM, recorded_by=1,
                visited_at=datetime(2026, 6, 20, 1, tzinfo=UTC), visited_on=date(2026, 6, 20),
            )
        )  # fmt: skip
        session.commit()
    line = ("term", "freeze", "M-000002", "--until", "2026-06-30", "--reason", "x", "--from")
    refused = club(*line, "2026-06-20", as_="sun")
    assert (refused.exit, "came in on 2026-06-20" in refused.err) == (6, True)
    assert club(*line, "2026-06-21", as_="sun").exit == 0


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (("--from", "2026-07-30", "--until", "2026-07-01"), 6, "cannot end before it starts"),
        (("--from", "2026-06-19", "--until", "2026-07-01"), 6, "today or later"),
        (("--from", "2029-01-01", "--until", "2029-01-02"), 6, "no term on 2029-01-01"),
        (("--from", "2026-07-01", "--until", "2026-12-31"), 6, "90 days"),
        (("--from", "1.7.2026", "--until", "2026-12-31"), 6, "YYYY-MM-DD"),
    ],
)
def test_a_freeze_that_cannot_be_is_refused_in_words_and_nothing_is_written(
    club: Program, words: tuple[str, ...], exit_code: int, said: str
) -> None:
    refused = club("term", "freeze", "M-000001", *words, "--reason", "x", as_="sun")
    assert (refused.exit, said in refused.err) == (exit_code, True), refused.err
    assert ends(club, "M-000001") == ["2026-12-31", "2027-12-31"]


def test_who_is_not_at_the_desk_freezes_nothing(club: Program) -> None:
    assert club("term", "freeze", "M-000001", *JULY, "--reason", "x", as_="qian").exit == 5
    assert club("term", "resume", "M-000001", as_="wang").exit == 5
    assert club("term", "resume", "M-000001", as_="sun").exit == 6, "nothing is frozen"


def test_a_row_that_changed_counts_its_version(club: Program) -> None:
    club.ok("term", "freeze", "M-000001", *JULY, "--reason", "x", as_="sun")
    with Store(club.location).reading() as session:
        found = session.exec(select(Term.version).order_by(Term.id)).all()
    assert found == [2, 2, 1]
