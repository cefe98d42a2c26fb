"""M6 to M10 as people meet them: by commands, on both engines."""

from __future__ import annotations

from collections.abc import Callable

from tests.refund.conftest import (
    a_card,
    approve,
    ask,
    cny,
    come_in,
    member_of,
    on,
    pay_out,
    refunded,
    shares,
    terms,
)
from tests.reliability.promises import assert_sound
from tests.warm import WarmProgram

Join = Callable[..., str]


def test_m6_unused_days_are_counted_from_dates_and_rounded_once(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year()
    on(club, "2026-04-10")
    found = club.ok("refund", "preview", order, "--on", "2026-04-10")
    assert (found["used_days"], found["term_days"]) == (100, 365)
    assert (found["paid"], found["refundable"]) == (cny("1000.00"), cny("1000.00"))
    assert (found["fee"], found["amount"]) == (cny("0.00"), cny("726.03"))
    assert refunded(club, order)["amount"] == cny("726.03")
    assert_sound(club)
    again = club("refund", "preview", order, "--format", "json")
    assert (again.json["amount"], again.json["left"]) == (cny("0.00"), cny("273.97"))


def test_m7_signed_on_the_first_all_goes_back_until_the_eighth(
    club: WarmProgram, a_year: Join
) -> None:
    on(club, "2026-03-01")
    club.ok("policy", "set", "refund_fee", "50.00")
    order = a_year()
    for day, basis, amount in (
        ("2026-03-08", "cooling_off", "1000.00"), ("2026-03-09", "unused", "925.34"),
    ):  # fmt: skip
        found = club.ok("refund", "preview", order, "--on", day)
        assert (found["basis"], found["amount"]) == (basis, cny(amount))
        assert found["cooling_off_until"] == "2026-03-08"


def test_m7_one_visit_ends_cooling_off(club: WarmProgram, a_year: Join) -> None:
    on(club, "2026-03-01")
    order = a_year()
    a_card(club, order)
    come_in(club, "2026-03-02")
    found = club.ok("refund", "preview", order, "--on", "2026-03-03")
    assert (found["basis"], found["used_days"]) == ("unused", 3)


def test_m8_the_newest_payment_goes_back_first_by_its_own_method(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year(("300.00", "cash"), ("700.00", "wechat"))
    on(club, "2026-04-10")
    asked = ask(club, order)
    assert asked["amount"] == cny("726.03")
    assert shares(asked) == [("wechat", "700.00"), ("cash", "26.03")]
    approve(club, asked["number"])
    assert shares(pay_out(club, asked["number"])) == [("wechat", "700.00"), ("cash", "26.03")]
    balance = {each["account"]: each["balance"] for each in club.ok("ledger", "balance")}
    assert (balance.get("wechat"), balance["cash"]) == (cny("0.00"), cny("273.97"))
    assert_sound(club)


def test_m8_a_third_of_three_equal_parts_is_cut_with_a_message(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year()
    amounts = []
    for part in range(3):
        line = ("refund", "request", order, "--reason", "x", "--amount", "333.34")
        done = club(*line, "--format", "json", as_="sun")
        assert done.exit == 0
        amounts.append(done.json["amount"]["amount"])
        assert ("cut to 333.32 CNY" in done.err) is (part == 2)
        assert any("cut to" in said for said in map(str, done.envelope["messages"])) is (part == 2)
        approve(club, done.json["number"])
        pay_out(club, done.json["number"])
    assert amounts == ["333.34", "333.34", "333.32"]
    assert club("refund", "request", order, "--reason", "x", "--amount", "0.01").exit == 6
    assert_sound(club)


def test_60_one_cent_above_the_rest_is_refused(club: WarmProgram, a_year: Join) -> None:
    order = a_year()
    line = ("refund", "request", order, "--reason", "x", "--amount")
    assert club(*line, "1000.01", as_="sun").exit == 6
    club.ok(*line, "400.00", as_="sun")
    refused = club(*line, "600.01", as_="sun")
    assert (refused.exit, "600.00 CNY that can still be refunded" in refused.err) == (6, True)
    assert club(*line, "600.00", as_="sun").exit == 0


def test_m9_three_people_and_a_pending_request_counts(club: WarmProgram, a_year: Join) -> None:
    order = a_year()
    on(club, "2026-04-10")
    club.ok("staff", "grant", "sun", "manager", "finance")
    club.ok("staff", "grant", "zhao", "finance")
    ask(club, order)
    assert club.ok("refund", "preview", order)["left"] == cny("273.97")
    second = club("refund", "request", order, "--reason", "again", as_="li")
    assert (second.exit, "give nothing more back" in second.err) == (6, True)
    review = ("refund", "review", "RF-0001", "--approve")
    own = club(*review, as_="sun")
    assert (own.exit, "sun asked for it" in own.err) == (5, True)
    assert club("refund", "pay", "RF-0001", "--yes", as_="qian").exit == 6
    approve(club, "RF-0001")
    assert club(*review, as_="wang").exit == 6
    for person, did in (("sun", "asked for it"), ("zhao", "reviewed it")):
        refused = club("refund", "pay", "RF-0001", "--yes", as_=person)
        assert (refused.exit, did in refused.err) == (5, True)
    assert pay_out(club, "RF-0001")["state"] == "paid"
    again = club("refund", "pay", "RF-0001", "--yes", as_="feng")
    assert (again.exit, "it is paid" in again.err) == (6, True)
    hands = club.ok("refund", "show", "RF-0001")["hands"]
    assert [(each["part"], each["by"]) for each in hands] == [
        ("request", "sun"), ("review", "zhao"), ("payout", "qian"),
    ]  # fmt: skip


def test_m9_a_payout_that_failed_is_booked_back_and_paid_another_way(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year(("1000.00", "wechat"))
    on(club, "2026-04-10")
    paid = refunded(club, order)
    assert shares(paid) == [("wechat", "726.03")]
    assert club("refund", "pay", "RF-0001", "--method", "bank", "--yes", as_="qian").exit == 6
    failed = club.ok("refund", "fail", "RF-0001", "--reason", "account closed", "--yes", as_="qian")
    assert failed["state"] == "failed"
    assert club.ok("refund", "preview", order)["left"] == cny("273.97")
    assert_sound(club)
    again = club.ok("refund", "pay", "RF-0001", "--method", "bank", "--yes", as_="feng")
    assert (again["state"], shares(again)) == ("paid", [("bank", "726.03")])
    balance = {each["account"]: each["balance"] for each in club.ok("ledger", "balance")}
    assert (balance["wechat"], balance["bank"]) == (cny("1000.00"), cny("-726.03"))
    assert_sound(club)


def test_m10_what_ends_is_said_before_and_done_with_the_payout(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year()
    card = a_card(club, order)
    on(club, "2026-04-10")
    effects = club.ok("refund", "preview", order)["effects"]
    assert effects["terms"] == [
        {"start_on": "2026-01-01", "was_on": "2026-12-31", "end_on": "2026-04-10"}
    ]
    assert effects["cards"] == [card]
    ask(club, order)
    approve(club, "RF-0001")
    unasked = club("refund", "pay", "RF-0001", as_="qian")
    assert (unasked.exit, "--yes" in unasked.err) == (2, True)
    assert "ends on 2026-04-10 instead of 2026-12-31" in unasked.err
    assert f"card {card} is blocked" in unasked.err
    assert terms(club, order) == [("2026-01-01", "2026-12-31", "active")]
    dry = club("refund", "pay", "RF-0001", "--dry-run", as_="qian")
    assert dry.exit == 0
    assert club.ok("refund", "show", "RF-0001")["state"] == "approved"
    paid = pay_out(club, "RF-0001")
    assert (paid["terms"], paid["cards"]) == (effects["terms"], effects["cards"])
    on(club, "2026-04-11")
    assert terms(club, order) == [("2026-01-01", "2026-04-10", "cancelled")]
    assert club.ok("card", "show", card)["state"] == "blocked"
    assert club.ok("member", "show", member_of(club, order))["status"] == "cancelled"
    before = club.ok("member", "show", member_of(club, order), "--as-of", "2026-04-09")
    assert before["status"] == "active"
    (notice,) = club.ok("message", "list", "--purpose", "refund_paid")
    assert "726.03" in club.ok("message", "preview", notice["number"])["body"]
    assert_sound(club)
