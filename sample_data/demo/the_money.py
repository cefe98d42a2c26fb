"""The money: what the bank says against what the books say, invoices, income, other programs."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from stage import Stage
from statement import Movement, wechat_statement

STATEMENT = "wechat-june.csv"
UNPAID = 4
GUO = "M-000003"
TRANSPOSED = Decimal("3560.00")


def read_the_bank(stage: Stage) -> None:
    """Take in a statement and match it: all that is sure by itself, the rest by a person."""
    stage.turn_to("2025-06-09", "WeChat's statement: nearly everybody has paid")
    write_statement(stage)
    stage.print_file(STATEMENT, 20)
    importing = ("bank", "import", STATEMENT, "--account", "WECHAT", "--as", "qian")
    stage.run(*importing)
    stage.tell("The same file again adds nothing")
    stage.run(*importing)
    stage.tell("What is unique and exact is booked by itself; the rest waits for a person")
    stage.run("bank", "match", "--as", "qian", exit_code=3)
    waiting = "number,booked_on,amount,finding,name,reason"
    stage.run("bank", "lines", "--state", "open", "--fields", waiting, "--as", "qian")
    decide_the_rest(stage)
    account = ("--from", "2025-06-03", "--to", "2025-06-09", "--account", "WECHAT")
    stage.run("bank", "report", *account, "--as", "qian", exit_code=3)


def write_statement(stage: Stage) -> None:
    """Write the statement: payments with order numbers, one mistyped amount, and drinking water."""
    names = {row["number"]: row["name"] for row in stage.ask("member", "list")}
    orders = stage.ask("order", "list", "--state", "confirmed")
    paid = [
        Movement(
            names[row["member"]],
            f"会员费 {row['number']}",
            TRANSPOSED if row["member"] == GUO else Decimal(row["open"]["amount"]),
        )
        for row in list(reversed(orders))[:-UNPAID]
    ]
    movements = [
        Movement("张伟", "年卡 首付", Decimal("2000.00"), reference="WX-20318"),
        *paid,
        Movement("清泉桶装水", "前台饮水", Decimal("60.00"), spent=True),
    ]
    text = wechat_statement(movements, datetime(2025, 6, 4, 9, 0, 1))
    (stage.folder / STATEMENT).write_text(text, encoding="utf-8-sig")


def decide_the_rest(stage: Stage) -> None:
    """Decide the lines that memberctl leaves to a person, and let a second person verify."""
    (mistyped,) = stage.ask("bank", "lines", "--finding", "amount_differs", "--as", "qian")
    (water,) = stage.ask("bank", "lines", "--finding", "missing_in_books", "--as", "qian")
    stage.run("bank", "show", mistyped["number"], "--as", "qian")
    (order, *_) = stage.ask("order", "list", "--member", GUO)
    match = ("bank", "match", "--as")
    stage.run(*match, "qian", "--accept", mistyped["number"], order["number"])
    stage.run("payment", "record", order["number"], "90.00", "--method", "cash", "--as", "sun")
    stage.run(*match, "qian", "--ignore", water["number"], "--reason", "前台饮用水")
    stage.tell("Who recorded the payments does not verify them: a second person does")
    stage.run(*match, "chen")


def invoice(stage: Stage) -> None:
    """Issue an invoice, gapless by branch and year, with its tax stated."""
    stage.turn_to("2025-06-16", "A member's company wants an invoice")
    stage.run("policy", "set", "tax_rate", "600")
    (order, *_) = stage.ask("order", "list", "--member", GUO)
    stage.run("invoice", "issue", order["number"], "--as", "qian")
    issued = stage.ask("invoice", "list", "--as", "qian")[0]["number"]
    stage.run("invoice", "show", issued, "--as", "qian")


def close_the_month(stage: Stage) -> None:
    """Book what was earned in June: fees become income day by day."""
    stage.turn_to("2025-07-01", "The month is closed: fees become income day by day")
    stage.run("ledger", "recognise", "--through", "2025-06-30", "--as", "qian")
    stage.tell("A second run adds nothing")
    stage.run("ledger", "recognise", "--through", "2025-06-30", "--as", "qian")
    stage.run("ledger", "statement", "--month", "2025-06", "--as", "qian")


def close_the_year(stage: Stage) -> None:
    """Book the rest of the year, and hand the books to other programs."""
    stage.turn_to("2026-07-01", "The year's books, and the same for beancount and hledger")
    stage.run("ledger", "recognise", "--through", "2026-06-30", "--as", "qian")
    stage.run("ledger", "statement", "--month", "2026-06", "--as", "qian")
    export = ("ledger", "export", "--as", "qian", "--to")
    stage.run(*export, "beancount", "--output", "books.beancount")
    stage.run(*export, "hledger", "--output", "books.journal")
    stage.print_file("books.journal", 24)
