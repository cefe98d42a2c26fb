"""Whose membership ends soon, for how much it goes on, and with which command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import histories
from tests.program import Program
from tests.warm import WarmProgram


@pytest.fixture
def club(memberctl: Program) -> Iterator[WarmProgram]:
    """The program with its store open; a paid member's term of a year begins on 2026-03-02."""
    program = WarmProgram(memberctl.location, memberctl.key_dir, memberctl.folder)
    yield program
    program.close()


def listed(club: WarmProgram, day: str, within: str = "30d") -> list[Any]:
    """Return the list of a day."""
    club.now = f"{day}T10:00:00+08:00"
    return list(club.ok("renewal", "list", "--within", within, as_="sun"))


def test_a_membership_is_listed_before_its_end_and_through_grace_at_the_price_of_the_day(
    club: WarmProgram,
) -> None:
    member, _ = histories.a_paid_member(club)
    assert listed(club, "2027-01-29") == []
    (line,) = listed(club, "2027-01-30")
    assert line == {
        "member": member, "name": "张伟", "plan": "YEAR", "end_on": "2027-03-01", "days_left": 30,
        "price": {"amount": "3980.00", "currency": "CNY"},
        "next": f"memberctl order file {member} --kind renewal --plan YEAR --agreed",
    }  # fmt: skip
    assert listed(club, "2027-03-31")[0]["days_left"] == -30
    assert listed(club, "2027-04-01") == []


def test_before_the_window_opens_it_says_from_when_on(club: WarmProgram) -> None:
    histories.a_paid_member(club)
    (line,) = listed(club, "2026-06-01", "1y")
    assert line["next"] == "wait until 2026-12-31"


def test_an_order_that_waits_is_what_comes_next_and_a_renewed_member_is_gone(
    club: WarmProgram,
) -> None:
    member, _ = histories.a_paid_member(club)
    club.now = "2027-02-01T10:00:00+08:00"
    renew = ("order", "file", member, "--kind", "renewal", "--plan", "YEAR")
    order = club.ok(*renew, as_="sun")["number"]
    (line,) = listed(club, "2027-02-01")
    assert line["next"] == f"memberctl order resubmit {order} --agreed"
    club.ok("order", "resubmit", order, "--agreed", as_="sun")
    (line,) = listed(club, "2027-02-01")
    assert line["next"] == f"memberctl payment record {order} AMOUNT --method METHOD"
    # Late money activates nothing (O8), so it is filed anew, whether the daily run came or not.
    (line,) = listed(club, "2027-03-10")
    assert "--kind renewal" in line["next"]
    club.now = "2027-02-01T10:00:00+08:00"
    histories.pay(club, order, "3980.00")
    assert listed(club, "2027-02-01") == []


def test_who_cancelled_was_expelled_or_never_paid_is_not_listed(club: WarmProgram) -> None:
    expelled, _ = histories.a_paid_member(club)
    cancelled, order = histories.a_paid_member(club)
    histories.a_confirmed_order(club)
    club.ok("member", "expel", expelled, "--reason", "fights", "--yes", as_="zhao")
    club.ok("term", "cancel", cancelled, "--reason", "moves", "--on", "2026-12-31", "--yes",
            as_="zhao")  # fmt: skip
    assert order
    assert listed(club, "2026-12-20", "1y") == []


def test_a_plan_that_is_withdrawn_is_renewed_as_another(club: WarmProgram) -> None:
    member, _ = histories.a_paid_member(club)
    club.ok("plan", "withdraw", "YEAR", "--yes", as_="zhao")
    (line,) = listed(club, "2027-02-01")
    assert line["price"] is None
    assert line["next"] == f"memberctl order file {member} --kind renewal --plan CODE --agreed"
