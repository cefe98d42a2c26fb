"""The rules' examples about terms as people meet them: by commands, on both engines.

Source: rules T7, T9.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.histories import a_paid_member, pay
from tests.program import Program
from tests.test_rules_examples import on, renew, terms
from tests.warm import WarmProgram


@pytest.fixture
def club(memberctl: Program) -> Iterator[WarmProgram]:
    """The program with its store kept open, because these stories take many commands."""
    warm = WarmProgram(memberctl.location, memberctl.key_dir, memberctl.folder)
    yield warm
    warm.close()


def sound(club: WarmProgram) -> bool:
    """Tell whether the store and its books contradict themselves nowhere."""
    return [club.ok(noun, "check")["problems"] for noun in ("db", "ledger")] == [[], []]


def a_member_of_2026(club: WarmProgram) -> str:
    """Return a member whose year is 2026, and leave the clock on its first day."""
    on(club, "2026-01-01")
    return a_paid_member(club)[0]


def test_t9_a_freeze_moves_the_end_by_its_days_and_what_is_unused_is_given_back(
    club: WarmProgram,
) -> None:
    member = a_member_of_2026(club)
    on(club, "2026-06-20")
    days = ("--from", "2026-07-01", "--until", "2026-07-30", "--reason", "出差")
    assert club.ok("term", "freeze", member, *days, as_="sun")["days"] == 30
    assert terms(club, member) == [("2026-01-01", "2027-01-30", "active")]
    on(club, "2026-07-11")
    assert terms(club, member) == [("2026-01-01", "2027-01-30", "frozen")]
    club.ok("term", "resume", member, as_="sun")
    assert terms(club, member) == [("2026-01-01", "2027-01-10", "active")]
    assert sound(club)


def test_t9_a_renewal_that_was_paid_moves_along_and_one_paid_later_follows_the_new_end(
    club: WarmProgram,
) -> None:
    member = a_member_of_2026(club)
    on(club, "2026-11-10")
    first, second = renew(club, member), renew(club, member)
    pay(club, first, "3650.00")
    days = ("--from", "2026-12-01", "--until", "2026-12-30", "--reason", "出差")
    club.ok("term", "freeze", member, *days, as_="sun")
    pay(club, second, "3650.00")
    assert terms(club, member) == [
        ("2026-01-01", "2027-01-30", "active"),
        ("2027-01-31", "2028-01-30", "future"),
        ("2028-01-31", "2029-01-30", "future"),
    ]
    assert sound(club)
