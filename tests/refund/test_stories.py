"""What else happens to refunds, by commands on SQLite; the rules' examples stand beside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from memberctl.store.engine import Store
from tests.histories import a_big_order, a_member, confirm
from tests.program import Program
from tests.refund.conftest import (
    a_card,
    a_club,
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


@pytest.fixture
def club(shop: Program) -> Iterator[WarmProgram]:
    """The program on SQLite alone: what differs between engines, the examples show."""
    yield from a_club(shop)


def test_m6_policies_decide_about_fee_joining_fee_and_gifts(
    club: WarmProgram, a_year: Join
) -> None:
    club.ok(
        "plan", "add", "PLUS", "--name", "金卡", "--term", "12m", "--price", "1000.00",
        "--joining-fee", "100.00",
    )  # fmt: skip
    order = a_year(("1100.00", "cash"), plan="PLUS")
    preview = ("refund", "preview", order, "--on", "2026-04-10")
    kept = club.ok(*preview)
    assert (kept["paid"], kept["refundable"]) == (cny("1100.00"), cny("1000.00"))
    assert kept["amount"] == cny("726.03")
    club.ok("policy", "set", "refund_joining_fee", "yes")
    assert club.ok(*preview)["amount"] == cny("798.63")
    for value, fee, amount in (("50.00", "50.00", "748.63"), ("10%", "79.86", "718.77")):
        club.ok("policy", "set", "refund_fee", value)
        found = club.ok(*preview)
        assert (found["fee"], found["amount"]) == (cny(fee), cny(amount))
    club.ok("policy", "set", "refund_fee_minimum", "100.00")
    assert club.ok(*preview)["fee"] == cny("100.00")
    gifts = club.ok(*preview, "--gifts", "98.63")
    assert (gifts["gifts"], gifts["amount"]) == (cny("98.63"), cny("600.00"))
    club.ok("policy", "set", "refund_gifts", "ignore")
    assert club.ok(*preview, "--gifts", "98.63")["amount"] == cny("698.63")


def test_m6_frozen_days_are_not_used_and_both_figures_agree(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year()
    freeze = ("term", "freeze", member_of(club, order), "--reason", "travel")
    club.ok(*freeze, "--from", "2026-02-01", "--until", "2026-03-02", as_="sun")
    found = club.ok("refund", "preview", order, "--on", "2026-05-10")
    assert (found["used_days"], found["term_days"]) == (100, 365)
    assert found["amount"] == cny("726.03")


def test_m6_a_pack_is_counted_in_visits(club: WarmProgram, a_year: Join) -> None:
    club.ok(
        "plan", "add", "TEN", "--name", "十次卡", "--term", "12m", "--price", "500.00",
        "--visits", "10", "--product", "pack",
    )  # fmt: skip
    order = a_year(("500.00", "cash"), plan="TEN")
    a_card(club, order)
    come_in(club, "2026-01-20")
    found = club.ok("refund", "preview", order, "--on", "2026-06-30")
    assert (found["used_days"], found["term_days"], found["counted"]) == (1, 10, "visits")
    assert found["amount"] == cny("450.00")


def test_m7_a_payout_is_due_within_working_days_and_then_overdue(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year()
    on(club, "2026-04-10")
    assert ask(club, order)["due_on"] == "2026-05-01"
    approve(club, "RF-0001")
    assert club.ok("refund", "list", "--overdue") == []
    on(club, "2026-05-02")
    (late,) = club.ok("refund", "list", "--overdue")
    assert (late["number"], late["overdue"]) == ("RF-0001", True)
    queues = {each["work"]: each for each in club.ok("status")["queues"]}
    assert queues["refunds to pay"]["overdue"] == 1
    assert queues["refunds to pay"]["oldest_due_on"] == "2026-05-01"
    assert queues["refunds to review"]["waiting"] == 0


def test_m9_the_amount_decides_who_approves(club: WarmProgram, a_year: Join) -> None:
    order = a_year()
    club.ok("policy", "set", "refund_manager_from", "500.00")
    club.ok("policy", "set", "refund_owner_from", "900.00")
    for amount, who in (("100.00", "wang"), ("500.00", "zhao"), ("300.00", "wang")):
        number = ask(club, order, "--amount", amount)["number"]
        review = ("refund", "review", number, "--approve")
        if who == "zhao":
            refused = club(*review, as_="wang")
            assert (refused.exit, "takes manager or owner" in refused.err) == (5, True)
        assert club(*review, as_=who).exit == 0
        club.ok("refund", "withdraw", number, "--reason", "x", "--yes", as_="sun")
    number = ask(club, order)["number"]
    assert club("refund", "review", number, "--approve", as_="zhao").exit == 5
    assert club("refund", "review", number, "--approve", as_="owner").exit == 0


def test_m9_parts_of_one_order_count_together(club: WarmProgram, a_year: Join) -> None:
    order = a_year()
    club.ok("policy", "set", "refund_manager_from", "500.00")
    first, second = (ask(club, order, "--amount", "250.00")["number"] for _ in range(2))
    for number in (first, second):
        assert club("refund", "review", number, "--approve", as_="wang").exit == 5
        assert approve(club, number)["state"] == "approved"


def test_m9_the_member_concerned_has_no_part_in_it(club: WarmProgram, a_year: Join) -> None:
    member = a_member(club)
    order = a_year(member=member)
    from memberctl.member.tables import Member

    with Store(club.location).writing() as session:
        session.get_one(Member, int(member[2:])).staff_id = 6  # sun
        session.commit()
    refused = club("refund", "request", order, "--reason", "x", as_="sun")
    assert (refused.exit, "own membership" in refused.err) == (5, True)


def test_m9_a_rejection_gives_the_claim_back_and_is_told_with_its_reason(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year()
    on(club, "2026-04-10")
    ask(club, order)
    line = ("refund", "review", "RF-0001", "--reject", "the contract excludes it")
    assert club.ok(*line, as_="wang")["state"] == "rejected"
    assert club.ok("refund", "preview", order)["left"] == cny("1000.00")
    (notice,) = club.ok("message", "list", "--purpose", "refund_rejected")
    told = club.ok("message", "preview", notice["number"])
    assert "the contract excludes it" in told["body"]
    assert "the contract excludes it" not in json.dumps(club.ok("audit", "log"))
    assert_sound(club)


def test_m9_an_emergency_takes_a_second_named_person_and_a_reason(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year()
    on(club, "2026-04-10")
    club.ok("staff", "grant", "sun", "manager")
    ask(club, order)
    review = ("refund", "review", "RF-0001", "--approve", "--override", "zheng")
    assert club(*review, as_="sun").exit == 6
    assert club(*review, "--reason", "alone at night", as_="sun").exit == 0
    hands = club.ok("refund", "show", "RF-0001")["hands"]
    assert (hands[1]["by"], hands[1]["acting"]) == ("zheng", "sun")
    (logged,) = club.ok("audit", "log", "--event", "refund.approved")
    assert json.loads(logged["facts"])["override"] is True
    pay_out(club, "RF-0001")
    assert_sound(club)


def test_m10_an_effective_date_to_come_leaves_the_card_until_then(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year()
    card = a_card(club, order)
    on(club, "2026-04-10")
    paid = refunded(club, order, "--on", "2026-04-30")
    assert (paid["effective_on"], paid["cards"]) == ("2026-04-30", [])
    assert terms(club, order) == [("2026-01-01", "2026-04-30", "active")]
    assert club.ok("card", "show", card)["state"] == "active"
    assert_sound(club)


def test_who_comes_in_after_the_effective_date_has_used_those_days(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year()
    a_card(club, order)
    on(club, "2026-04-10")
    ask(club, order)
    approve(club, "RF-0001")
    come_in(club, "2026-04-12")
    on(club, "2026-04-13")
    refused = club("refund", "pay", "RF-0001", "--yes", as_="qian")
    assert (refused.exit, "2026-04-12" in refused.err) == (6, True)
    club.ok("refund", "withdraw", "RF-0001", "--reason", "came in", "--yes", as_="sun")
    early = club("refund", "request", order, "--reason", "x", "--on", "2026-04-11", as_="sun")
    assert (early.exit, "--on 2026-04-12" in early.err) == (6, True)


def test_a_freeze_after_the_request_asks_for_a_new_one(club: WarmProgram, a_year: Join) -> None:
    order = a_year()
    on(club, "2026-04-10")
    ask(club, order, "--on", "2026-06-30")
    approve(club, "RF-0001")
    freeze = ("term", "freeze", member_of(club, order), "--reason", "travel")
    club.ok(*freeze, "--from", "2026-05-01", "--until", "2026-05-30", as_="sun")
    refused = club("refund", "pay", "RF-0001", "--yes", as_="qian")
    assert (refused.exit, "the term changed" in refused.err) == (7, True)


def test_a_renewal_that_has_not_begun_gives_all_back_and_the_running_term_stays(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year()
    card = a_card(club, order)
    on(club, "2026-12-01")
    line = ("order", "file", member_of(club, order), "--plan", "GYM", "--kind", "renewal")
    renewal = club.ok(*line, "--agreed", as_="sun")["number"]
    club.ok("payment", "record", renewal, "1000.00", "--method", "cash", as_="feng")
    on(club, "2026-12-20")
    found = club.ok("refund", "preview", renewal)
    assert (found["used_days"], found["amount"]) == (0, cny("1000.00"))
    assert (found["effects"]["cards"], found["effects"]["stays"]) == ([], [order])
    paid = refunded(club, renewal)
    assert paid["terms"][0]["end_on"] is None
    assert [status for *_, status in terms(club, order)] == ["active", "voided"]
    assert club.ok("card", "show", card)["state"] == "active"
    assert_sound(club)


def test_a_fee_kept_of_a_term_that_never_began_becomes_income(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year()
    on(club, "2026-12-01")
    club.ok("policy", "set", "refund_fee", "50.00")
    club.ok("policy", "set", "cooling_off_days", "0")
    line = ("order", "file", member_of(club, order), "--plan", "GYM", "--kind", "renewal")
    renewal = club.ok(*line, "--agreed", as_="sun")["number"]
    club.ok("payment", "record", renewal, "1000.00", "--method", "cash", as_="feng")
    assert refunded(club, renewal)["amount"] == cny("950.00")
    on(club, "2027-01-31")
    club.ok("ledger", "recognise", "--through", "2027-01-31")
    balance = {each["account"]: each["balance"] for each in club.ok("ledger", "balance")}
    assert balance["unearned_fees"] == cny("0.00")
    assert balance["fee_income"] == cny("-1050.00")
    assert_sound(club)


def test_income_that_was_booked_goes_back_only_after_what_was_not_earned(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year()
    on(club, "2026-04-10")
    club.ok("ledger", "recognise", "--through", "2026-03-31")
    refunded(club, order, "--amount", "1000.00")
    posted = {
        each["account"]: each["amount"]["amount"]
        for each in club.ok("ledger", "journal", "--about", order)
        if each["event"] == "refund.paid"
    }
    assert posted == {"unearned_fees": "753.42", "fee_income": "246.58", "cash": "-1000.00"}
    assert_sound(club)


def test_two_stacked_terms_are_refunded_each_by_itself(club: WarmProgram, a_year: Join) -> None:
    order = a_year()
    on(club, "2026-12-01")
    line = ("order", "file", member_of(club, order), "--plan", "GYM", "--kind", "renewal")
    renewal = club.ok(*line, "--agreed", as_="sun")["number"]
    club.ok("payment", "record", renewal, "1000.00", "--method", "cash", as_="feng")
    assert club.ok("refund", "preview", order)["effects"]["stays"] == [renewal]
    assert refunded(club, order)["amount"] == cny("82.19")
    assert [end for _, end, _ in terms(club, order)] == ["2026-12-01", "2027-12-31"]
    assert refunded(club, renewal)["amount"] == cny("1000.00")
    assert_sound(club)


def test_m9_a_payout_as_credit_does_not_fail_once_the_credit_is_spent(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year(("1000.00", "cash"))
    member = member_of(club, order)
    hall = ("order", "file", member, "--kind", "service", "--line")
    club.ok("payment", "record", order, "500.00", "--method", "cash", as_="qian")
    paid_by_credit = club.ok(*hall, "hall:1:500.00", as_="sun")["number"]
    confirm(club, paid_by_credit)
    club.ok("credit", "apply", member, as_="qian")
    assert shares(refunded(club, paid_by_credit)) == [("member_credit", "500.00")]
    other = club.ok(*hall, "court:1:500.00", as_="sun")["number"]
    confirm(club, other)
    club.ok("credit", "apply", member, as_="qian")
    failed = club("refund", "fail", "RF-0001", "--reason", "x", "--yes", as_="qian")
    assert (failed.exit, "RF-0001 left as credit is spent" in failed.err) == (6, True)
    assert_sound(club)


def test_what_was_overpaid_is_credit_and_no_part_of_the_refund(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year(("1200.00", "cash"))
    on(club, "2026-04-10")
    assert club.ok("refund", "preview", order)["paid"] == cny("1000.00")
    asked = ("refund", "request", order, "--reason", "x", "--amount")
    assert club(*asked, "1000.01", as_="sun").exit == 6
    assert refunded(club, order, "--amount", "1000.00")["amount"] == cny("1000.00")
    (line,) = club.ok("credit", "list")
    assert line["credit"] == cny("200.00")
    assert_sound(club)


def test_money_of_an_order_that_is_not_settled_goes_another_way(
    club: WarmProgram, a_year: Join
) -> None:
    order = a_year(("400.00", "cash"))
    asked = ("refund", "request", order, "--reason", "x")
    part = club(*asked, as_="sun")
    assert (part.exit, f"order withdraw {order}" in part.err) == (6, True)
    club.ok("order", "withdraw", order, "--reason", "x", "--yes", as_="sun")
    credit = club(*asked, as_="sun")
    assert (credit.exit, "credit list" in credit.err) == (6, True)


def test_a_service_order_is_refunded_by_amount_or_whole(club: WarmProgram) -> None:
    order = a_big_order(club, "800.00")
    club.ok("payment", "record", order, "800.00", "--method", "bank", as_="feng")
    found = club.ok("refund", "preview", order)
    assert (found["basis"], found["used_days"], found["amount"]) == ("service", None, cny("800.00"))
    paid = refunded(club, order, "--amount", "300.00")
    assert (shares(paid), paid["terms"]) == ([("bank", "300.00")], [])
    assert refunded(club, order)["amount"] == cny("500.00")
    assert club("refund", "request", order, "--reason", "x", as_="sun").exit == 6
    assert_sound(club)


@pytest.mark.parametrize("settled", [False, True])
def test_87_what_is_refunded_or_is_to_be_cannot_be_voided(
    club: WarmProgram, a_year: Join, settled: bool
) -> None:
    order = a_year(("300.00", "cash"), ("700.00", "wechat"))
    club.ok("policy", "set", "void_days", "366", as_="owner")
    on(club, "2026-04-10")
    ask(club, order, "--amount", "700.00")
    if settled:
        approve(club, "RF-0001")
        pay_out(club, "RF-0001")
    why = "was refunded" if settled else "waits"
    for line in (
        ("payment", "void", "P-000002"), ("payment", "void", "P-000001"), ("order", "void", order),
    ):  # fmt: skip
        refused = club(*line, "--reason", "x", "--yes", as_="zhao")
        assert (refused.exit, why in refused.err) == (6, True), line
    if not settled:
        club.ok("refund", "withdraw", "RF-0001", "--reason", "x", "--yes", as_="sun")
        club.ok("payment", "void", "P-000002", "--reason", "x", "--yes", as_="zhao")
    assert_sound(club)
