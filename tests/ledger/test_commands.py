"""The noun `ledger` as it is typed: recognise, statement, balance on a day."""

from __future__ import annotations

import pytest

from tests import histories
from tests.program import Program


@pytest.fixture
def earning(memberctl: Program) -> Program:
    """A shop with one year paid on 2026-03-02, on the seventeenth of May."""
    histories.a_paid_member(memberctl)
    memberctl.now = "2026-05-17T10:00:00+08:00"
    return memberctl


def test_income_is_booked_once_and_told_in_one_line(earning: Program) -> None:
    line = ("ledger", "recognise", "--through", "2026-03-31")
    assert earning(*line, "--dry-run", as_="qian").out.startswith("Booked 300.00 CNY as income")
    told = earning(*line, as_="qian").out
    assert told == (
        "Booked 300.00 CNY as income through 2026-03-31, for orders: 1; 3350.00 CNY is still"
        " owed in service.\n"
    )
    assert earning.ok(*line, as_="qian")["orders"] == 0


@pytest.mark.parametrize(
    ("through", "exit_"), [("2026-05-18", 6), ("2026-02-30", 6), ("soon", 6), ("2026-05-17", 0)]
)
def test_a_day_that_has_not_come_or_is_none_is_refused(
    earning: Program, through: str, exit_: int
) -> None:
    assert earning("ledger", "recognise", "--through", through, as_="qian").exit == exit_


def test_a_past_day_names_what_is_booked(earning: Program) -> None:
    earning.ok("ledger", "recognise", "--through", "2026-05-10", as_="qian")
    refused = earning("ledger", "recognise", "--through", "2026-05-09", as_="qian")
    assert refused.exit == 6
    assert "memberctl ledger recognise --through 2026-05-10" in refused.err


def test_only_finance_books_income(earning: Program) -> None:
    assert earning("ledger", "recognise", "--through", "2026-03-31", as_="sun").exit == 5


def test_the_daily_run_books_whole_months(earning: Program) -> None:
    jobs = earning.ok("run", "daily")["jobs"]
    done = {job["job"]: job["done"] for job in jobs}
    assert done["recognise_fees"] == 2
    statement = earning.ok("ledger", "statement", "--month", "2026-04", as_="qian")
    assert statement["income"] == {"amount": "300.00", "currency": "CNY"}
    assert statement["booked_through"] == "2026-04-30"


def test_the_daily_run_of_a_past_day_books_nothing(earning: Program) -> None:
    earning.ok("ledger", "recognise", "--through", "2026-05-10", as_="qian")
    jobs = earning.ok("run", "daily")["jobs"]
    assert {job["job"]: job["done"] for job in jobs}["recognise_fees"] == 0


def test_a_statement_tells_a_month_account_by_account(earning: Program) -> None:
    earning.ok("ledger", "recognise", "--through", "2026-03-31", as_="qian")
    shown = earning.ok("ledger", "statement", "--month", "2026-03", as_="qian")
    assert shown["received"]["amount"] == "3650.00"
    assert shown["unearned"]["amount"] == "3350.00"
    unearned = next(each for each in shown["accounts"] if each["account"] == "unearned_fees")
    assert [unearned[key]["amount"] for key in ("opening", "more", "less", "closing")] == [
        "0.00", "3650.00", "300.00", "3350.00",
    ]  # fmt: skip
    assert [each["month"] for each in shown["months"]][-2:] == ["2026-02", "2026-03"]


def test_a_payment_that_was_an_error_is_money_neither_received_nor_paid_out(
    memberctl: Program,
) -> None:
    """M2: no money moved; the entries and their accounts show both bookings all the same."""
    order = histories.a_confirmed_order(memberctl)
    wrong = histories.pay(memberctl, order, "365.00")["number"]
    memberctl.ok("payment", "void", wrong, "--reason", "typed 365", "--yes", as_="qian")
    histories.pay(memberctl, order, "3650.00")
    for which in (("--month", "2026-03"), ("--year", "2026")):
        shown = memberctl.ok("ledger", "statement", *which, as_="qian")
        assert (shown["received"]["amount"], shown["paid_out"]["amount"]) == ("3650.00", "0.00")
        (cash,) = (each for each in shown["accounts"] if each["account"] == "cash")
        assert [cash[key]["amount"] for key in ("more", "less", "closing")] == [
            "4015.00", "365.00", "3650.00",
        ]  # fmt: skip


def test_a_statement_of_a_year_is_the_sum_of_its_months_and_ends_as_the_last(
    earning: Program,
) -> None:
    earning.ok("ledger", "recognise", "--through", "2026-05-16", as_="qian")
    shown = earning.ok("ledger", "statement", "--year", "2026", as_="qian")
    months = shown["months"]
    assert [each["month"] for each in months] == [f"2026-{n:02}" for n in range(1, 13)]
    for number, month in enumerate(months, start=1):
        alone = earning.ok("ledger", "statement", "--month", f"2026-{number:02}", as_="qian")
        assert {key: alone[key] for key in month} == month

    def minor(record: dict[str, dict[str, str]], key: str) -> int:
        return int(record[key]["amount"].replace(".", ""))

    for key in ("income", "lost", "received", "paid_out"):
        assert minor(shown, key) == sum(minor(each, key) for each in months), key
    for key in ("receivable", "credit", "unearned"):
        assert shown[key] == months[-1][key], key
    assert (shown["year"], shown["income"]["amount"]) == (2026, "760.00")
    (unearned,) = (each for each in shown["accounts"] if each["account"] == "unearned_fees")
    assert [unearned[key]["amount"] for key in ("opening", "more", "less", "closing")] == [
        "0.00", "3650.00", "760.00", "2890.00",
    ]  # fmt: skip
    empty = earning.ok("ledger", "statement", "--year", "2025", as_="qian")
    assert (empty["received"]["amount"], len(empty["months"])) == ("0.00", 12)


@pytest.mark.parametrize(
    ("argv", "exit_"),
    [(("26",), 6), (("２０２６",), 6), (("2026-03",), 6), (("0",), 6),
     (("2026", "--month", "2026-03"), 2)],
)  # fmt: skip
def test_a_year_that_is_none_or_stands_beside_a_month_is_refused(
    earning: Program, argv: tuple[str, ...], exit_: int
) -> None:
    assert earning("ledger", "statement", "--year", *argv, as_="qian").exit == exit_


def test_the_balance_of_a_day_knows_nothing_of_the_next(earning: Program) -> None:
    earning.ok("ledger", "recognise", "--through", "2026-05-16", as_="qian")

    def owed(on: str) -> str:
        rows = earning.ok("ledger", "balance", "--on", on, as_="qian")
        return str({row["account"]: row["balance"]["amount"] for row in rows}["unearned_fees"])

    assert (owed("2026-03-31"), owed("2026-04-30")) == ("-3350.00", "-3050.00")
    assert earning("ledger", "balance", "--on", "2026-03-01", as_="qian").exit == 0
