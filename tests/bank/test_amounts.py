"""Cells in which more stands than an amount: words, refunds, currencies. Nothing is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from memberctl.bank.rules import Skip
from tests.bank.opened import money, read_text
from tests.program import Program

MAP = """
dates = ["%Y-%m-%d"]
[columns]
date = "day"
amount = "sum"
"""
REFUNDS = (
    MAP + "[amounts]\npattern = '(?P<amount>[0-9.,-]+)(?:\\(back (?P<refund>[0-9.]+)\\))?"
    '(?P<refunded>\\(all back\\))?\'\nrefunds = "deducted"\n'
)
CURRENCIES = (
    MAP + "[amounts]\npattern = '(?P<currency>[A-Z]{3}|[€¥]) ?(?P<amount>[0-9.,-]+)'\n"
    '[currencies]\n"¥" = "JPY"\n'
)


def content(*cells: str) -> str:
    return "day,sum\n" + "".join(f'2026-03-02,"{cell}"\n' for cell in cells)


def test_a_refund_in_brackets_comes_off_its_amount_or_has_a_row_of_its_own(tmp_path: Path) -> None:
    cells = content("235.61(back 235.50)", "-10.00(back 2.50)", "9.00(all back)", "3.00")
    rows, findings, _ = read_text(tmp_path, cells, map_text=REFUNDS, currency="CNY")
    assert money(rows) == [11, -750, 300] and rows[2].skip is Skip.ZERO
    assert findings.differences == []
    separate = REFUNDS.replace("deducted", "separate")
    rows, _, _ = read_text(tmp_path, cells, map_text=separate, currency="CNY")
    assert money(rows) == [23561, -1000, 900, 300]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("5.00(other 1.00)", "does not fit amounts.pattern"),
        ("5.00(back 5.01)", "has a refund above its amount"),
        ("1.2.3", "is no amount"),
    ],
)
def test_a_cell_that_the_pattern_does_not_explain_is_said_and_kept(
    tmp_path: Path, cell: str, said: str
) -> None:
    rows, findings, _ = read_text(tmp_path, content(cell), map_text=REFUNDS, currency="CNY")
    assert rows[0].skip is Skip.UNREADABLE and rows[0].raw.endswith(f'"{cell}"')
    assert f"line 2: column sum: {said}" in findings.differences[0]


def test_the_currency_in_a_cell_is_that_of_its_row(tmp_path: Path) -> None:
    cells = content("CNY 5.00", "€5.00", "¥500")
    rows, findings, _ = read_text(tmp_path, cells, map_text=CURRENCIES, currency="CNY")
    assert [(row.amount_minor, row.currency) for row in rows] == [
        (500, "CNY"), (500, "EUR"), (500, "JPY"),
    ]  # fmt: skip
    assert findings.differences == []


def test_an_amount_in_another_currency_than_its_row_is_not_taken_for_it(tmp_path: Path) -> None:
    cells = content("5.00", "CNY 5.00", "JPY 1000.00", "£5.00", "US$5", "5.00 元")
    rows, findings, _ = read_text(tmp_path, cells, map_text=MAP, currency="CNY")
    assert money(rows) == [500, 500, 500]
    assert [each.partition(",")[0] for each in findings.differences] == [
        "line 4: column sum: is in JPY", "line 5: column sum: is in GBP",
        "line 6: column sum: is in USD",
    ]  # fmt: skip


def test_a_name_of_a_currency_in_a_cell_is_what_the_map_says_it_is(tmp_path: Path) -> None:
    named = MAP + '[currencies]\n"NIS" = "ILS"\n'
    cells = content("NIS 5.00", "5.00 ₪", "AR$ 5.00", "R$ 5.00")
    rows, findings, _ = read_text(tmp_path, cells, map_text=named, currency="ILS")
    assert money(rows) == [500, 500, 500]
    assert findings.differences[0].startswith("line 5: column sum: is in BRL")


@pytest.mark.parametrize("cell", ["DEM 5.00", "5.00 DEM"])
def test_a_currency_that_is_not_known_is_named_with_the_next_step(
    tmp_path: Path, cell: str
) -> None:
    for map_text in (MAP, CURRENCIES):
        rows, findings, _ = read_text(tmp_path, content(cell), map_text=map_text, currency="CNY")
        assert rows[0].skip is Skip.UNREADABLE
        if map_text == MAP or cell.startswith("DEM"):
            assert "DEM is no currency that memberctl knows" in findings.differences[0]
            assert '[currencies] "DEM" = "EUR"' in findings.differences[0]


def test_a_word_in_the_column_of_currencies_is_not_repeated(tmp_path: Path) -> None:
    by_column = MAP + 'currency = "unit"\n'
    text = "day,sum,unit\n2026-03-02,5.00,Li Xiaoman\n2026-03-02,5.00,DEM\n2026-03-02,5.00,eur\n"
    rows, findings, _ = read_text(tmp_path, text, map_text=by_column)
    assert [row.currency for row in rows] == ["XXX", "XXX", "EUR"]
    assert "Xiaoman" not in findings.differences[0] and "DEM" in findings.differences[1]
    assert all("column unit" in each for each in findings.differences)


def test_a_currency_that_nothing_names_is_the_accounts_else_the_organisations(
    shop: Program, tmp_path: Path
) -> None:
    mapped, file = tmp_path / "bank.toml", tmp_path / "bank.csv"
    mapped.write_text(MAP, encoding="utf-8")
    file.write_text(content("5.00"), encoding="utf-8")
    shop.ok("bank", "account", "add", "EURO", "--method", "bank", "--currency", "EUR", as_="qian")
    shop.ok("bank", "account", "add", "OURS", "--method", "bank", as_="qian")
    for account, code in (("EURO", "EUR"), ("OURS", "CNY")):
        line = ("bank", "import", str(file), "--account", account, "--map", str(mapped))
        assert shop.ok(*line, as_="qian")["new"] == 1
        lines = shop.ok("bank", "lines", "--account", account, as_="qian")
        assert lines[0]["amount"]["currency"] == code
    check = ("bank", "map", "check", str(file), "--map", str(mapped))
    assert shop.ok(*check, as_="qian")["rows"][0]["amount"]["currency"] == "CNY"
    assert shop.ok(*check, "--currency", "usd")["rows"][0]["amount"]["currency"] == "USD"
    assert shop(*check, "--currency", "DEM").exit == 6
