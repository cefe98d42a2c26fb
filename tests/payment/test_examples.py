"""M1, M2, M4 and M12 to M16 as people meet them: by commands, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from memberctl.ledger.rules import Account
from tests.bank.texts import swift
from tests.histories import a_big_order, a_confirmed_order, a_paid_member, confirm, pay
from tests.program import Program
from tests.reliability.promises import assert_sound
from tests.warm import WarmProgram

REASON = ("--reason", "as agreed")


@pytest.fixture
def club(memberctl: Program) -> Iterator[WarmProgram]:
    """The program with its store kept open, because these stories take many commands."""
    warm = WarmProgram(memberctl.location, memberctl.key_dir, memberctl.folder)
    yield warm
    warm.close()


def on(club: Program, day: str) -> None:
    """Let it be ten in the morning of a day in Shanghai."""
    club.now = f"{day}T10:00:00+08:00"


def cny(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def minor(money: dict[str, str]) -> int:
    return int(money["amount"].replace(".", ""))


def member_of(club: Program, order: str) -> str:
    return str(club.ok("order", "show", order)["member"])


def another(club: Program, member: str, total: str, *more: str) -> str:
    """Return one more order of a member, on which this much is due."""
    line = ("order", "file", member, "--kind", "service", "--line", f"hall:1:{total}")
    number = str(club.ok(*line, *more, as_="sun")["number"])
    confirm(club, number)
    return number


def balance(club: Program, account: Account) -> str:
    """Return what an account holds; debit above 0, credit below."""
    held = {each["account"]: each["balance"]["amount"] for each in club.ok("ledger", "balance")}
    return str(held.get(account, "0.00"))


def refused(club: Program, *line: str, as_: str) -> str:
    """Run a command that a rule refuses and return what it says."""
    result = club(*line, as_=as_)
    assert result.exit in {5, 6, 7}, result
    return result.err


def test_m1_debits_are_credits_and_balances_are_what_orders_and_credits_say(
    club: WarmProgram,
) -> None:
    member, _ = a_paid_member(club)
    part, over = a_big_order(club, "1000.00"), a_big_order(club, "500.00")
    pay(club, part, "600.00")
    pay(club, over, "700.00")
    wrong = pay(club, part, "1.00")["number"]
    before = club.ok("ledger", "journal")
    club.ok("payment", "void", wrong, *REASON, "--yes", as_="feng")
    after = club.ok("ledger", "journal")
    assert after[-len(before) :] == before, "what is booked stays as it is"
    assert sum(minor(each["balance"]) for each in club.ok("ledger", "balance")) == 0
    assert balance(club, Account.RECEIVABLE) == "400.00"
    assert sum(minor(each["open"]) for each in club.ok("debt", "list")) == 40_000
    assert balance(club, Account.MEMBER_CREDIT) == "-200.00"
    assert sum(minor(each["credit"]) for each in club.ok("credit", "list")) == 20_000
    on(club, "2027-03-01")
    earned = club.ok("ledger", "recognise", "--through", "2027-02-28", as_="qian")
    assert minor(earned["unearned"]) == -minor(cny(balance(club, Account.UNEARNED_FEES)))
    assert club.ok("member", "show", member)["terms"][0]["end_on"] == "2027-03-01"
    checked = club.ok("ledger", "check")
    assert checked["checked"] > 0 and checked["problems"] == []


def test_m2_each_way_to_undo_is_a_command_of_its_own_and_nothing_is_deleted(
    club: WarmProgram,
) -> None:
    numbers = {word: a_big_order(club, "100.00") for word in ("void", "back", "note", "off")}
    error = pay(club, numbers["void"], "100.00")["number"]
    card = club.ok(
        "payment", "record", numbers["back"], "100.00", "--method", "card", "--reference", "TX1",
        as_="sun",
    )["number"]  # fmt: skip
    club.ok("payment", "void", error, *REASON, "--yes", as_="feng")
    club.ok("payment", "chargeback", card, *REASON, "--yes", as_="qian")
    invoice = club.ok("invoice", "issue", numbers["note"], as_="qian")["number"]
    noted = club.ok("invoice", "credit", invoice, "--amount", "30.00", *REASON, as_="qian")
    asked = club.ok("debt", "write-off", numbers["off"], *REASON, as_="qian")["number"]
    off = club.ok("debt", "approve", asked, "--yes", as_="zhao")
    states = {each["number"]: each["state"] for each in club.ok("payment", "list")}
    assert states == {error: "voided", card: "charged_back"}
    assert [each["state"] for each in club.ok("receipt", "list")] == ["voided", "voided"]
    assert (noted["total"], noted["open"]) == (cny("30.00"), cny("70.00"))
    assert (off["amount"], off["order_state"]) == (cny("100.00"), "closed")
    due = {each["order"]: each["open"]["amount"] for each in club.ok("debt", "list")}
    assert due == {
        numbers["void"]: "100.00", numbers["back"]: "100.00", numbers["note"]: "70.00",
    }  # fmt: skip
    assert club("payment", "delete", error).exit == 2
    assert_sound(club)


def test_m4_what_is_over_pays_the_oldest_open_invoice_and_is_shown_on_both(
    club: WarmProgram,
) -> None:
    paid = a_big_order(club, "1000.00")
    member = member_of(club, paid)
    oldest, next_one = another(club, member, "150.00"), another(club, member, "150.00")
    for order in (paid, oldest, next_one):
        club.ok("invoice", "issue", order, as_="qian")
    over = pay(club, paid, "1200.00")
    assert (over["order_state"], over["credit"]) == ("paid", cny("200.00"))
    (line,) = club.ok("credit", "list")
    assert (line["member"], line["credit"]) == (member, cny("200.00"))
    applied = club.ok("credit", "apply", member, as_="sun")
    assert [(part["order"], part["amount"]) for part in applied["parts"]] == [
        (oldest, cny("150.00")), (next_one, cny("50.00")),
    ]  # fmt: skip
    states = {each["order"]: each["state"] for each in club.ok("invoice", "list")}
    assert states == {paid: "paid", oldest: "paid", next_one: "open"}
    assert club.ok("order", "show", next_one)["open"] == cny("100.00")
    moved = [each["amount"]["amount"] for each in club.ok("credit", "show", member)["movements"]]
    assert moved == ["-50.00", "-150.00", "200.00"]
    assert club.ok("credit", "list") == []
    assert_sound(club)


def test_m4_a_payout_of_credit_is_approved_by_another_and_paid_by_a_third(
    club: WarmProgram,
) -> None:
    order = a_big_order(club, "1000.00")
    pay(club, order, "1200.00")
    line = ("credit", "payout", member_of(club, order), "--method", "cash", *REASON)
    number = club.ok(*line, as_="qian")["number"]
    assert "it is requested" in refused(club, "credit", "pay", number, "--yes", as_="feng")
    assert "asked for" in refused(club, "credit", "approve", number, as_="qian")
    club.ok("credit", "approve", number, as_="feng")
    assert "approved" in refused(club, "credit", "pay", number, "--yes", as_="feng")
    assert club.ok("credit", "pay", number, "--yes", as_="qian")["state"] == "paid"
    assert balance(club, Account.CASH) == "1000.00"
    assert_sound(club)


def test_m12_a_hundred_in_three_is_33_34_and_twice_33_33(club: WarmProgram) -> None:
    order = a_big_order(club, "100.00")
    line = ("debt", "instalments", order, "--count", "3", "--first", "2026-03-31")
    plan = club.ok(*line, as_="qian")
    parts = [(each["due_on"], each["amount"]["amount"]) for each in plan["instalments"]]
    assert parts == [("2026-03-31", "33.34"), ("2026-04-30", "33.33"), ("2026-05-31", "33.33")]
    pay(club, order, "40.00")
    left = [each["open"]["amount"] for each in club.ok("debt", "show", order)["instalments"]]
    assert left == ["0.00", "26.67", "33.33"]


@pytest.mark.parametrize("mode", ["inclusive", "exclusive"])
def test_m12_an_invoice_is_the_sum_of_its_rounded_lines_and_states_its_tax_mode(
    club: WarmProgram, mode: str
) -> None:
    club.ok("policy", "set", "tax_rate", "600")
    club.ok("policy", "set", "tax_mode", mode)
    lines = [word for price in ("33.33", "33.33", "0.05") for word in ("--line", f"x:1:{price}")]
    member = member_of(club, a_confirmed_order(club))
    filed = club.ok("order", "file", member, "--kind", "service", *lines, as_="sun")
    confirm(club, filed["number"])
    number = club.ok("invoice", "issue", filed["number"], as_="qian")["number"]
    shown = club.ok("invoice", "show", number)
    assert (shown["total"], shown["tax_mode"], shown["tax_percent"]) == (cny("66.71"), mode, "6")
    for key, whole in (("net", "net"), ("tax", "tax"), ("amount", "total")):
        assert sum(minor(line[key]) for line in shown["lines"]) == minor(shown[whole])
    assert minor(shown["net"]) + minor(shown["tax"]) == minor(shown["total"])
    assert shown["tax"] == cny("3.78"), "66.71 - 66.71 / 1.06"
    assert "（6%）" in club("invoice", "show", number).out


def test_m13_invoices_are_numbered_without_a_gap_per_branch_and_year(club: WarmProgram) -> None:
    member = member_of(club, a_big_order(club))
    orders = [another(club, member, "100.00", "--branch", "SH01") for _ in range(3)]
    first, second = (club.ok("invoice", "issue", order, as_="qian") for order in orders[:2])
    club.ok("invoice", "void", first["number"], *REASON, "--yes", as_="qian")
    assert "has the invoice" in refused(club, "invoice", "issue", orders[1], as_="qian")
    again = club.ok("invoice", "issue", orders[0], as_="qian")
    on(club, "2027-01-04")
    later = club.ok("invoice", "issue", orders[2], as_="qian")
    numbers = [each["number"] for each in (first, second, again, later)]
    assert numbers == [
        "IN-SH01-2026-000001", "IN-SH01-2026-000002", "IN-SH01-2026-000003", "IN-SH01-2027-000001",
    ]  # fmt: skip
    listed = {each["number"]: each["state"] for each in club.ok("invoice", "list")}
    assert listed[first["number"]] == "voided"
    assert club.ok("ledger", "check")["problems"] == []


def test_m14_the_oldest_debt_is_first_and_asked_for_at_each_level_on_its_day(
    club: WarmProgram,
) -> None:
    club.ok("policy", "set", "dunning_days", "1d,0d")
    old = a_big_order(club, "100.00")
    on(club, "2026-03-03")
    new = another(club, member_of(club, old), "50.00")
    assert [each["order"] for each in club.ok("debt", "list")] == [old, new]
    told = []
    for day in ("2026-03-08", "2026-03-09", "2026-03-10"):
        on(club, day)
        club.ok("run", "daily", as_="zhao")
        shown = [club.ok("order", "show", order) for order in (old, new)]
        told.append([(each["state"], each["dunning"]) for each in shown])
    assert told == [
        [("confirmed", 1), ("confirmed", None)],
        [("confirmed", 2), ("confirmed", 1)],
        [("forfeited", 2), ("confirmed", 2)],
    ]


def test_m14_another_debt_keeps_a_paid_up_member_out_only_if_the_policy_says_so(
    club: WarmProgram,
) -> None:
    member, _ = a_paid_member(club)
    card = club.ok("card", "issue", member, as_="sun")["number"]
    owed = another(club, member, "100.00")
    paid = club.ok(
        "payment", "record", owed, "100.00", "--method", "card", "--reference", "TX1", as_="sun"
    )["number"]
    club.ok("payment", "chargeback", paid, *REASON, "--yes", as_="qian")
    on(club, "2026-04-02")
    assert club.ok("debt", "list", "--overdue")[0]["order"] == owed
    assert club.ok("member", "show", member)["status"] == "active"
    assert club("checkin", "scan", card, as_="sun").exit == 0
    club.ok("policy", "set", "debt_entry", "refuse")
    on(club, "2026-04-03")
    kept_out = club("checkin", "scan", card, "--format", "json", as_="sun")
    assert (kept_out.json["allowed"], kept_out.json["reason"]) == (False, "debt")


def test_m14_a_write_off_and_a_stale_credit_take_two_people_and_their_days(
    club: WarmProgram,
) -> None:
    owed, over = a_big_order(club, "100.00"), a_big_order(club, "100.00")
    pay(club, over, "300.00")
    asked = club.ok("debt", "write-off", owed, *REASON, as_="qian")["number"]
    assert "asked for" in refused(club, "debt", "approve", asked, "--yes", as_="qian")
    assert club.ok("debt", "approve", asked, "--yes", as_="zhao")["state"] == "approved"
    assert balance(club, Account.BAD_DEBT) == "100.00"
    give_up = ("credit", "stale", member_of(club, over), *REASON)
    on(club, "2029-03-01")
    assert "stale after 1095 days" in refused(club, *give_up, as_="qian")
    on(club, "2029-03-02")
    number = club.ok(*give_up, as_="qian")["number"]
    assert "asked for" in refused(club, "credit", "approve", number, as_="qian")
    club.ok("credit", "approve", number, as_="feng")
    assert balance(club, Account.CREDIT_INCOME) == "-200.00"
    dated = {each["event"]: each["value_on"] for each in club.ok("ledger", "journal")}
    assert (dated["debt.written_off"], dated["credit.given_up"]) == ("2026-03-02", "2029-03-02")
    assert_sound(club)


def test_m15_opening_and_receipts_less_refunds_and_fees_are_the_closing_balance(
    club: WarmProgram,
) -> None:
    """Every way in which a row may stand to the books, and the difference line by line."""
    sure, part, lost = (a_big_order(club, "100.00") for _ in range(3))
    club.ok(
        "payment", "record", lost, "100.00", "--method", "bank", "--reference", "GONE", as_="sun"
    )
    rows = (
        f":61:2603020302C100,NTRFNONREF//A1\n:86:{sure}",
        f":61:2603020302C60,NTRFNONREF//A2\n:86:{part}",
        ":61:2603020302C7,NTRFNONREF//A3\n:86:THANK YOU",
        f":61:2603020302C100,NTRFNONREF//A4\n:86:{sure}",
        ":61:2603020302D5,NCHGNONREF//A5",
    )
    path = club.folder / "statement.sta"
    path.write_text(swift(*rows, opening="C260302CNY50,", closing="C260302CNY312,"))
    take = ("bank", "import", str(path), "--account", "BANK")
    assert club.ok(*take, as_="qian")["new"] == 5
    assert club.ok(*take, as_="qian")["new"] == 0
    matched: Any = club("bank", "match", "--format", "json", as_="qian").json
    told = {key: matched[key] for key in ("matched", "amount_differs", "unknown", "duplicate")}
    assert told == {"matched": 1, "amount_differs": 1, "unknown": 1, "duplicate": 1}
    line = ("bank", "report", "--from", "2026-03-02", "--to", "2026-03-02", "--account", "BANK")
    report: Any = club(*line, "--format", "json", as_="qian").json
    assert (report["opening"], report["closing"]) == (cny("50.00"), cny("312.00"))
    figures = ("opening", "receipts", "refunds", "fees", "difference")
    opening, receipts, refunds, fees, difference = (minor(report[key]) for key in figures)
    assert (receipts, refunds, fees) == (20_000, 0, 500)
    assert opening + receipts - refunds - fees + difference == minor(report["closing"])
    kinds = sorted((each["kind"], each["amount"]["amount"]) for each in report["items"])
    assert kinds == [
        ("missing_in_bank", "-100.00"), ("missing_in_books", "100.00"),
        ("missing_in_books", "60.00"), ("missing_in_books", "7.00"),
    ]  # fmt: skip
    assert sum(minor(each["amount"]) for each in report["items"]) == difference


def test_m16_a_till_is_counted_per_branch_and_method_and_what_comes_later_is_the_next_days(
    club: WarmProgram,
) -> None:
    member = member_of(club, a_big_order(club))
    order = another(club, member, "1000.00", "--branch", "SH01")
    pay(club, order, "123.45")
    close = ("till", "close", "--branch", "SH01", "--method", "cash", "--counted")
    first = club.ok(*close, "123.40", as_="sun")
    assert (first["expected"], first["difference"]) == (cny("123.45"), cny("-0.05"))
    assert balance(club, Account.TILL_DIFFERENCE) == "0.05"
    before = club.ok("till", "show", first["number"])
    assert "is closed for 2026-03-02" in refused(club, *close, "0.00", as_="sun")
    on(club, "2026-03-03")
    pay(club, order, "20.00", "--received", "2026-03-02")
    second = club.ok(*close, "20.10", as_="sun")
    assert (second["expected"], second["difference"]) == (cny("20.00"), cny("0.10"))
    (late, _) = club.ok("till", "show", second["number"])["movements"]
    assert (late["value_on"], late["amount"]) == ("2026-03-02", cny("20.00"))
    assert club.ok("till", "show", first["number"]) == before
    assert club.ok("ledger", "check")["problems"] == []


def test_an_invoice_that_was_written_off_is_not_called_paid(club: WarmProgram) -> None:
    order = a_big_order(club, "100.00")
    pay(club, order, "40.00")
    invoice = club.ok("invoice", "issue", order, as_="qian")["number"]
    asked = club.ok("debt", "write-off", order, *REASON, as_="qian")["number"]
    assert club.ok("invoice", "show", invoice)["state"] == "open"
    club.ok("debt", "approve", asked, "--yes", as_="zhao")
    assert club.ok("invoice", "show", invoice)["state"] == "written_off"
    (listed,) = club.ok("invoice", "list")
    assert (listed["state"], listed["total"]) == ("written_off", cny("100.00"))
    told = club("invoice", "show", invoice).out
    assert "已付" not in told


def test_what_a_till_was_over_or_short_is_no_money_of_members(club: WarmProgram) -> None:
    order = a_big_order(club, "1000.00")
    pay(club, order, "100.00")
    close = ("till", "close", "--branch", "SH01", "--method", "cash", "--counted")
    club.ok(*close, "103.00", as_="sun")
    on(club, "2026-03-03")
    pay(club, order, "50.00")
    club.ok(*close, "48.50", as_="sun")
    month = club.ok("ledger", "statement", "--month", "2026-03")
    figures = ("received", "paid_out", "till_over", "till_short")
    assert [month[key]["amount"] for key in figures] == ["150.00", "0.00", "3.00", "1.50"]
    assert month["lost"] == cny("-1.50"), "over and short are booked as one expense"
