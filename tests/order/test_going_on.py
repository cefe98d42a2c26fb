"""A term goes on under another plan, or under another member, by commands on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import histories
from tests.program import Program
from tests.warm import WarmProgram

NOT_PERMITTED, REFUSED = 5, 6


@pytest.fixture
def club(memberctl: Program) -> Iterator[WarmProgram]:
    """The program with its store open, on the first day of 2026, and two plans of a year."""
    program = WarmProgram(memberctl.location, memberctl.key_dir, memberctl.folder)
    on(program, "2026-01-01")
    for code, price in (("BASIC", "600.00"), ("PLUS", "1000.00"), ("TOP", "1460.00")):
        program.ok("plan", "add", code, "--name", code, "--term", "12m", "--price", price)
    yield program
    program.close()


def on(club: WarmProgram, day: str) -> None:
    """Let it be ten o'clock of a day in Shanghai."""
    club.now = f"{day}T10:00:00+08:00"


def join(club: WarmProgram, plan: str = "BASIC") -> tuple[str, str]:
    """Let somebody join and pay; return the numbers of the member and the order."""
    member = histories.a_member(club)
    order = club.ok("order", "file", member, "--plan", plan, "--agreed", as_="sun")["number"]
    histories.confirm(club, order)
    settle(club, order)
    return member, str(order)


def settle(club: WarmProgram, order: str) -> Any:
    """Pay what is open of an order."""
    amount = club.ok("order", "show", order)["open"]["amount"]
    return club.ok("payment", "record", order, amount, "--method", "cash", as_="qian")


def file(club: WarmProgram, member: str, *more: str) -> Any:
    """File an order about a term."""
    return club.ok("order", "file", member, *more, as_="sun")


def terms(club: WarmProgram, member: str) -> list[tuple[str, str, str, str]]:
    """Return a member's terms that were not voided."""
    return [
        (row["plan"], row["start_on"], row["end_on"], row["status"])
        for row in club.ok("term", "list", member)
        if row["status"] != "voided"
    ]


def test_m11_the_rest_is_charged_at_the_new_price_less_the_current_plans_value(
    club: WarmProgram,
) -> None:
    member, _ = join(club)
    on(club, "2026-07-02")
    filed = file(club, member, "--kind", "upgrade", "--plan", "PLUS")
    assert (filed["total"]["amount"], filed["state"]) == ("200.55", "confirmed")
    lines = club.ok("order", "show", filed["number"])["lines"]
    assert [line["amount"]["amount"] for line in lines] == ["501.37", "-300.82"]
    invoice = club.ok("invoice", "issue", filed["number"], as_="qian")
    assert invoice["total"]["amount"] == "200.55"
    settle(club, filed["number"])
    assert terms(club, member) == [
        ("BASIC", "2026-01-01", "2026-07-01", "ended"),
        ("PLUS", "2026-07-02", "2026-12-31", "active"),
    ]


def test_m11_a_second_upgrade_credits_the_plans_value_and_not_what_was_paid_last(
    club: WarmProgram,
) -> None:
    member, _ = join(club)
    on(club, "2026-07-02")
    settle(club, file(club, member, "--kind", "upgrade", "--plan", "PLUS")["number"])
    on(club, "2026-10-01")
    filed = file(club, member, "--kind", "upgrade", "--plan", "TOP")
    # 92 of 365 days: 1460.00 is worth 368.00 of them, 1000.00 is worth 252.05.
    assert filed["total"]["amount"] == "115.95"


def test_an_upgrade_keeps_its_price_until_it_is_paid_and_counts_from_its_own_day(
    club: WarmProgram,
) -> None:
    member, _ = join(club)
    card = club.ok("card", "issue", member, as_="sun")["number"]
    on(club, "2026-07-02")
    filed = file(club, member, "--kind", "upgrade", "--plan", "PLUS")
    on(club, "2026-07-04")
    club.ok("payment", "record", filed["number"], "200.55", "--method", "cash", as_="qian")
    assert terms(club, member)[1][1] == "2026-07-02"
    assert club.ok("card", "show", card)["state"] == "active"
    assert club.ok("db", "check")["problems"] == []


def test_voiding_the_payment_of_an_upgrade_gives_the_old_term_back(club: WarmProgram) -> None:
    member, _ = join(club)
    before = terms(club, member)
    on(club, "2026-07-02")
    paid = settle(club, file(club, member, "--kind", "upgrade", "--plan", "PLUS")["number"])
    club.ok("payment", "void", paid["number"], "--reason", "wrong", "--yes", as_="qian")
    assert [row[:3] for row in terms(club, member)] == [row[:3] for row in before]
    assert club.ok("db", "check")["problems"] == []
    assert club.ok("ledger", "check")["problems"] == []


def test_what_no_upgrade_can_be_is_refused_with_the_next_command(club: WarmProgram) -> None:
    member, _ = join(club, "PLUS")
    on(club, "2026-07-02")
    for plan, hint in (("BASIC", "--kind downgrade"), ("PLUS", "already")):
        line = ("order", "file", member, "--kind", "upgrade", "--plan", plan)
        refused = club(*line, as_="sun")
        assert refused.exit == REFUSED and hint in refused.err, refused
    stranger = histories.a_member(club)
    refused = club("order", "file", stranger, "--kind", "upgrade", "--plan", "TOP", as_="sun")
    assert refused.exit == REFUSED and f"memberctl term list {stranger}" in refused.err


def test_a_downgrade_begins_when_the_term_ends_at_the_lower_price(club: WarmProgram) -> None:
    member, _ = join(club, "PLUS")
    on(club, "2026-11-15")
    filed = file(club, member, "--kind", "downgrade", "--plan", "BASIC", "--agreed")
    assert filed["total"]["amount"] == "600.00"
    settle(club, filed["number"])
    assert terms(club, member) == [
        ("PLUS", "2026-01-01", "2026-12-31", "active"),
        ("BASIC", "2027-01-01", "2027-12-31", "future"),
    ]
    dearer = club("order", "file", member, "--kind", "downgrade", "--plan", "TOP", "--agreed",
                  as_="sun")  # fmt: skip
    assert dearer.exit == REFUSED and "--kind upgrade" in dearer.err


def test_a_term_is_given_to_another_member_after_two_approvals_and_a_fee(club: WarmProgram) -> None:
    club.ok("policy", "set", "transfer_fee", "50.00")
    giver, _ = join(club)
    card = club.ok("card", "issue", giver, as_="sun")["number"]
    receiver = histories.a_member(club, "王芳")
    on(club, "2026-07-01")
    filed = file(club, giver, "--kind", "transfer", "--to", receiver, "--agreed")
    order = filed["number"]
    assert (filed["total"]["amount"], filed["state"]) == ("50.00", "submitted")
    assert club("review", "advance", order, "--approve", as_="sun").exit == NOT_PERMITTED
    for person in ("li", "zhao"):
        club.ok("review", "advance", order, "--approve", as_=person)
    settle(club, order)
    assert terms(club, giver) == [("BASIC", "2026-01-01", "2026-07-01", "active")]
    assert terms(club, receiver) == [("BASIC", "2026-07-02", "2026-12-31", "future")]
    assert club.ok("card", "show", card)["state"] == "blocked"
    assert club.ok("member", "show", giver, "--as-of", "2026-08-01")["status"] == "cancelled"
    assert club.ok("member", "show", receiver, "--as-of", "2026-08-01")["status"] == "active"
    welcomed = club.ok("message", "list", "--member", receiver, "--purpose", "welcome")
    assert len(welcomed) == 1
    assert club.ok("db", "check")["problems"] == []


def test_who_gets_a_term_has_no_hand_in_its_transfer_nor_a_term_of_the_same_days(
    club: WarmProgram,
) -> None:
    giver, _ = join(club)
    colleague, busy = histories.a_member(club, "赵敏"), join(club)[0]
    club.ok("member", "update", colleague, "--staff", "zhao", as_="owner")
    order = file(club, giver, "--kind", "transfer", "--to", colleague, "--agreed")["number"]
    club.ok("review", "advance", order, "--approve", as_="li")
    refused = club("review", "advance", order, "--approve", as_="zhao")
    assert refused.exit == NOT_PERMITTED and "O2" in refused.err
    club.ok("review", "advance", order, "--approve", as_="zheng")
    line = ("order", "file", giver, "--kind", "transfer", "--agreed")
    assert club(*line, "--to", busy, as_="sun").exit == REFUSED
    assert club(*line, "--to", giver, as_="sun").exit == REFUSED
    assert club(*line, as_="sun").exit == REFUSED


def test_an_upgraded_members_fees_become_income_once(club: WarmProgram) -> None:
    member, _ = join(club)
    on(club, "2026-07-02")
    settle(club, file(club, member, "--kind", "upgrade", "--plan", "PLUS")["number"])
    on(club, "2027-01-02")
    club.ok("ledger", "recognise", "--through", "2027-01-01", as_="qian")
    found = {row["account"]: row["balance"]["amount"] for row in club.ok("ledger", "balance")}
    assert (found["fee_income"], found["unearned_fees"]) == ("-800.55", "0.00")
    assert club.ok("ledger", "check")["problems"] == []


def test_t10_a_late_join_of_a_calendar_year_pays_its_share_and_ends_with_everybody(
    club: WarmProgram,
) -> None:
    on(club, "2025-09-01")
    club.ok("plan", "add", "CAL", "--name", "历年卡", "--term", "12m", "--price", "3650.00",
            "--season", "01-01/days/11-01")  # fmt: skip
    member = histories.a_member(club)
    filed = file(club, member, "--plan", "CAL", "--agreed")
    assert filed["total"]["amount"] == "1220.00"
    histories.confirm(club, filed["number"])
    settle(club, filed["number"])
    assert terms(club, member) == [("CAL", "2025-09-01", "2025-12-31", "active")]
    on(club, "2025-12-01")
    renewed = file(club, member, "--kind", "renewal", "--plan", "CAL", "--agreed")
    assert renewed["total"]["amount"] == "3650.00"
    settle(club, renewed["number"])
    assert terms(club, member)[1] == ("CAL", "2026-01-01", "2026-12-31", "future")


def test_t10_from_the_roll_over_on_a_join_also_gets_the_next_year(club: WarmProgram) -> None:
    on(club, "2025-11-01")
    club.ok("plan", "add", "CAL", "--name", "历年卡", "--term", "12m", "--price", "3650.00",
            "--season", "01-01/days/11-01")  # fmt: skip
    member = histories.a_member(club)
    filed = file(club, member, "--plan", "CAL", "--agreed")
    assert filed["total"]["amount"] == "4260.00"
    histories.confirm(club, filed["number"])
    settle(club, filed["number"])
    assert terms(club, member) == [("CAL", "2025-11-01", "2026-12-31", "active")]


def test_t10_what_follows_within_a_season_pays_for_the_days_that_are_left_of_it(
    club: WarmProgram,
) -> None:
    member, _ = join(club)
    club.ok("plan", "add", "FALL", "--name", "学年卡", "--term", "12m", "--price", "3650.00",
            "--season", "09-01/days/06-01")  # fmt: skip
    on(club, "2026-12-01")
    line = ("--kind", "renewal", "--plan", "FALL", "--agreed")
    renewed = file(club, member, *line)
    assert renewed["total"]["amount"] == "2430.00", "1 January to 31 August is 243 of 365 days"
    second = club("order", "file", member, *line, as_="sun")
    assert (second.exit, f"{renewed['number']} waits" in second.err) == (REFUSED, True)
    settle(club, renewed["number"])
    assert terms(club, member)[1] == ("FALL", "2027-01-01", "2027-08-31", "future")
    whole = file(club, member, *line)
    assert whole["total"]["amount"] == "3650.00"
    settle(club, whole["number"])
    assert terms(club, member)[2] == ("FALL", "2027-09-01", "2028-08-31", "future")


def test_t10_a_renewal_behind_a_frozen_season_pays_for_what_is_left_of_the_next(
    club: WarmProgram,
) -> None:
    club.ok("plan", "add", "CAL", "--name", "历年卡", "--term", "12m", "--price", "3650.00",
            "--season", "01-01")  # fmt: skip
    member, _ = join(club, "CAL")
    club.ok("term", "freeze", member, "--from", "2026-07-01", "--until", "2026-07-10",
            "--reason", "出差", as_="sun")  # fmt: skip
    on(club, "2026-12-20")
    renewed = file(club, member, "--kind", "renewal", "--plan", "CAL", "--agreed")
    assert renewed["total"]["amount"] == "3550.00", "355 of 365 days"
    settle(club, renewed["number"])
    assert terms(club, member)[1] == ("CAL", "2027-01-11", "2027-12-31", "future")


def test_the_price_of_a_late_join_counts_until_its_season_ends(club: WarmProgram) -> None:
    on(club, "2025-12-29")
    club.ok("plan", "add", "CAL", "--name", "历年卡", "--term", "12m", "--price", "3650.00",
            "--season", "01-01")  # fmt: skip
    member = histories.a_member(club)
    filed = file(club, member, "--plan", "CAL", "--agreed")
    assert filed["total"]["amount"] == "30.00"
    histories.confirm(club, filed["number"])
    assert club.ok("order", "show", filed["number"])["due_on"] == "2025-12-31"
    on(club, "2026-01-01")
    late = club.ok("payment", "record", filed["number"], "30.00", "--method", "cash", as_="qian")
    assert (late["credit"]["amount"], late["order_state"]) == ("30.00", "confirmed")
    assert terms(club, member) == []
