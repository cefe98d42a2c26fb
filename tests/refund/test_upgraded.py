"""What was upgraded is refunded with the upgrade, out of both payments. Source: rules M8, M11."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.histories import a_member
from tests.refund.conftest import ask, cny, member_of, on, refunded, shares
from tests.reliability.promises import assert_sound
from tests.warm import WarmProgram

Join = Callable[..., str]


@pytest.fixture
def orders(club: WarmProgram, a_year: Join) -> tuple[str, str]:
    """A year for 600.00 in cash, and its upgrade on 2026-07-02 to 1000.00 for 200.55 by WeChat.

    501.37 for 183 of 365 days, less 300.82 that were left of the old plan (rules M11).
    """
    club.ok("plan", "add", "BASIC", "--name", "基础卡", "--term", "12m", "--price", "600.00")
    old = a_year(("600.00", "cash"), plan="BASIC")
    on(club, "2026-07-02")
    line = ("order", "file", member_of(club, old), "--kind", "upgrade", "--plan", "GYM")
    new = str(club.ok(*line, as_="sun")["number"])
    club.ok("payment", "record", new, "200.55", "--method", "wechat", as_="feng")
    return old, new


def test_the_value_of_the_rest_goes_back_to_both_payments(
    club: WarmProgram, orders: tuple[str, str]
) -> None:
    old, new = orders
    on(club, "2026-10-01")
    refused = club("refund", "preview", old)
    assert (refused.exit, f"went into {new}" in refused.err) == (6, True)
    found = club.ok("refund", "preview", new)
    assert (found["paid"], found["used_days"], found["term_days"]) == (cny("501.37"), 92, 183)
    assert found["amount"] == cny("249.32"), "501.37 x 91 of 183 days"
    paid = refunded(club, new)
    assert shares(paid) == [("wechat", "200.55"), ("cash", "48.77")]
    assert paid["terms"][0]["end_on"] == "2026-10-01"
    assert club.ok("refund", "preview", new)["left"] == cny("252.05")
    assert_sound(club)
    void = club("payment", "void", "P-000001", "--reason", "x", "--yes", as_="zhao")
    assert (void.exit, "was refunded" in void.err) == (6, True)
    on(club, "2027-01-02")
    club.ok("ledger", "recognise", "--through", "2027-01-01", as_="qian")
    balance = {each["account"]: each["balance"] for each in club.ok("ledger", "balance")}
    assert (balance["unearned_fees"], balance["fee_income"]) == (cny("0.00"), cny("-551.23"))
    assert_sound(club)


def test_nothing_of_an_order_is_taken_back_while_its_rest_goes_on_under_another(
    club: WarmProgram, orders: tuple[str, str]
) -> None:
    old, new = orders
    club.ok("payment", "void", "P-000002", "--reason", "x", "--yes", as_="zhao")
    club.ok("payment", "record", new, "200.55", "--method", "wechat", as_="feng")
    for line in (("order", "void", old), ("payment", "void", "P-000001")):
        refused = club(*line, "--reason", "x", "--yes", as_="zhao")
        assert (refused.exit, f"memberctl order void {new}" in refused.err) == (6, True), refused
    on(club, "2026-07-03")
    club.ok("order", "void", new, "--reason", "x", "--yes", as_="zhao")
    term = club.ok("member", "show", member_of(club, old))["terms"][0]
    assert (term["start_on"], term["end_on"]) == ("2026-01-01", "2026-12-31")
    club.ok("order", "void", old, "--reason", "x", "--yes", as_="zhao")
    assert club.ok("credit", "list")[0]["credit"] == cny("800.55")
    assert_sound(club)


def test_a_chargeback_waits_until_the_upgrade_that_rests_on_its_payment_is_void(
    club: WarmProgram, a_year: Join
) -> None:
    club.ok("plan", "add", "BASIC", "--name", "基础卡", "--term", "12m", "--price", "600.00")
    old = a_year(("600.00", "wechat"), plan="BASIC")
    on(club, "2026-07-02")
    line = ("order", "file", member_of(club, old), "--kind", "upgrade", "--plan", "GYM")
    new = str(club.ok(*line, as_="sun")["number"])
    club.ok("payment", "record", new, "200.55", "--method", "wechat", as_="feng")
    line = ("payment", "chargeback", "P-000001", "--reason", "bank", "--yes")
    assert f"goes on under {new}" in club(*line, as_="qian").err
    club.ok("order", "void", new, "--reason", "bank", "--yes", as_="zhao")
    assert club.ok(*line, as_="qian")["order_state"] == "confirmed"
    assert_sound(club)


def test_a_refund_out_of_the_old_payment_alone_keeps_the_upgrade_from_being_void(
    club: WarmProgram, orders: tuple[str, str]
) -> None:
    new = orders[1]
    assert shares(ask(club, new, "--amount", "300.82")) == [("cash", "300.82")]
    for line in (("order", "void", new), ("payment", "void", "P-000002")):
        refused = club(*line, "--reason", "x", "--yes", as_="zhao")
        assert (refused.exit, "waits" in refused.err) == (6, True), refused
    assert_sound(club)


def test_of_two_upgrades_of_one_term_only_one_is_paid(club: WarmProgram, a_year: Join) -> None:
    for code, price in (("BASIC", "600.00"), ("TOP", "1460.00")):
        club.ok("plan", "add", code, "--name", code, "--term", "12m", "--price", price)
    member = member_of(club, a_year(plan="BASIC"))
    on(club, "2026-07-02")
    first, second = (
        str(
            club.ok("order", "file", member, "--kind", "upgrade", "--plan", plan, as_="sun")[
                "number"
            ]
        )
        for plan in ("GYM", "TOP")
    )
    on(club, "2026-07-03")
    club.ok("payment", "record", second, "431.18", "--method", "cash", as_="feng")
    refused = club("payment", "record", first, "200.55", "--method", "cash", as_="feng")
    assert (refused.exit, "was ended" in refused.err) == (6, True), refused
    club.ok("order", "withdraw", first, "--reason", "x", "--yes", as_="sun")
    assert_sound(club)


def test_no_more_goes_back_to_the_old_payment_than_was_taken_over(
    club: WarmProgram, orders: tuple[str, str]
) -> None:
    new = orders[1]
    line = ("refund", "request", new, "--reason", "x", "--amount")
    assert club(*line, "501.38", as_="sun").exit == 6
    assert shares(ask(club, new, "--amount", "501.37")) == [
        ("cash", "300.82"), ("wechat", "200.55"),
    ]  # fmt: skip
    assert club(*line, "0.01", as_="sun").exit == 6


def test_what_was_handed_over_is_not_refunded_and_its_new_holder_may_give_notice(
    club: WarmProgram, a_year: Join
) -> None:
    order, receiver = a_year(), a_member(club, "王芳")
    on(club, "2026-07-01")
    line = ("order", "file", member_of(club, order), "--kind", "transfer", "--to", receiver)
    transfer = club.ok(*line, "--agreed", as_="sun")["number"]
    for person in ("li", "zhao"):
        club.ok("review", "advance", transfer, "--approve", as_=person)
    for number in (order, transfer):
        refused = club("refund", "request", number, "--reason", "x", as_="sun")
        assert (refused.exit, "another member" in refused.err) == (6, True), refused
    on(club, "2026-08-01")
    done = club.ok("term", "cancel", receiver, "--reason", "moves", "--yes", as_="sun")
    assert (done["member"], done["end_on"]) == (receiver, "2026-08-01")
    assert len(club.ok("message", "list", "--member", receiver, "--purpose", "term_cancelled")) == 1
    assert_sound(club)
