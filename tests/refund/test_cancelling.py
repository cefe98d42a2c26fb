"""A member gives notice: the term ends, nothing is paid back. Source: rules T7, M2; S1.10."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.program import Program
from tests.refund.conftest import a_club, approve, ask, cny, on, pay_out
from tests.reliability.promises import assert_sound
from tests.warm import WarmProgram

Join = Callable[..., str]


@pytest.fixture
def club(shop: Program) -> Iterator[WarmProgram]:
    """The program on SQLite alone; how terms end on both engines, access shows."""
    yield from a_club(shop)


@pytest.fixture
def member(club: WarmProgram, a_year: Join) -> str:
    """Somebody with a card whose year for 1000.00 began on 2026-01-01."""
    order = a_year()
    number = str(club.ok("order", "show", order)["member"])
    club.ok("card", "issue", number, as_="sun")
    return number


def cancel(club: WarmProgram, member: str, *more: str) -> tuple[str, ...]:
    return ("term", "cancel", member, "--reason", "moves away", "--yes", *more)


def test_a_term_ends_on_the_day_of_the_notice_and_nothing_is_paid_back(
    club: WarmProgram, member: str
) -> None:
    on(club, "2026-04-10")
    done = club.ok(*cancel(club, member), as_="sun")
    assert (done["end_on"], done["was_on"], len(done["cards"])) == ("2026-04-10", "2026-12-31", 1)
    on(club, "2026-04-11")
    assert club.ok("member", "show", member)["status"] == "cancelled"
    (line,) = club.ok("term", "history", member)
    assert (line["change"], line["reason"]) == ("cancelled", "moves away")
    order = done["order"]
    found = club.ok("refund", "preview", order)
    assert (found["used_days"], found["term_days"], found["amount"]) == (365, 365, cny("0.00"))
    assert club("refund", "request", order, "--reason", "x", as_="sun").exit == 6
    (notice,) = club.ok("message", "list", "--purpose", "term_cancelled")
    assert "2026-04-10" in club.ok("message", "preview", notice["number"])["body"]
    assert_sound(club)


def test_a_notice_for_a_day_to_come_leaves_the_card_until_then(
    club: WarmProgram, member: str
) -> None:
    on(club, "2026-04-10")
    done = club.ok(*cancel(club, member, "--on", "2026-06-30"), as_="sun")
    assert (done["end_on"], done["cards"]) == ("2026-06-30", [])
    assert club.ok("member", "show", member)["status"] == "active"
    on(club, "2026-07-01")
    assert club.ok("member", "show", member)["status"] == "cancelled"


def test_what_was_kept_is_all_earned_when_the_term_has_ended(
    club: WarmProgram, member: str
) -> None:
    on(club, "2026-04-10")
    club.ok(*cancel(club, member), as_="sun")
    on(club, "2026-05-01")
    club.ok("ledger", "recognise", "--through", "2026-04-30")
    balance = {each["account"]: each["balance"] for each in club.ok("ledger", "balance")}
    assert (balance["unearned_fees"], balance["fee_income"]) == (cny("0.00"), cny("-1000.00"))


@pytest.mark.parametrize(
    ("more", "as_", "exit_code", "why"),
    [
        (("--on", "2026-12-31"), "sun", 6, "ends on 2026-12-31 anyway"),
        (("--on", "2027-06-30"), "sun", 6, "no term"),
        (("--on", "2025-06-30"), "sun", 6, "no term"),
        (("--on", "2026-02-29"), "sun", 6, "--on"),
        (("--order", "JN-2026-7F3KX"), "sun", 6, "check character"),
        ((), "qian", 5, "no right"),
    ],
)
def test_what_cannot_be_cancelled_is_refused(
    club: WarmProgram, member: str, more: tuple[str, ...], as_: str, exit_code: int, why: str
) -> None:
    on(club, "2026-04-10")
    refused = club(*cancel(club, member, *more), as_=as_)
    assert (refused.exit, why in refused.err) == (exit_code, True), refused
    assert club.ok("term", "history", member) == []


def test_it_asks_before_and_changes_nothing_in_a_dry_run(club: WarmProgram, member: str) -> None:
    on(club, "2026-04-10")
    unasked = club("term", "cancel", member, "--reason", "x", as_="sun")
    assert (unasked.exit, "--yes" in unasked.err) == (2, True)
    assert club(*cancel(club, member), "--dry-run", as_="sun").exit == 0
    assert club.ok("term", "history", member) == []


def test_a_refund_that_waits_ends_the_term_itself(club: WarmProgram, member: str) -> None:
    on(club, "2026-04-10")
    (line,) = club.ok("order", "list", "--member", member)
    ask(club, line["number"])
    refused = club(*cancel(club, member), as_="sun")
    assert (refused.exit, "a refund of" in refused.err) == (6, True)
    approve(club, "RF-0001")
    assert pay_out(club, "RF-0001")["state"] == "paid"
    assert_sound(club)
