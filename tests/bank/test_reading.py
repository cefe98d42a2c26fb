"""Files are read by their form, not by which file they are, and held against what they state."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import pytest

from memberctl.bank.rules import Skip, StatementFormat
from tests.bank import texts
from tests.bank.opened import money, read, read_text
from tests.bank.texts import SAMPLES, alipay, alipay_row, wechat, wechat_row

FILES = Path(__file__).parent / "files"
ICBC = (FILES / "icbc-card.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "format", "amounts", "skips"),
    [
        ("alipay.csv", "alipay", [365000, 39900, -1750, 40000], ["closed"] * 3),
        ("wechat.csv", "wechat", [39900, 39900, -2816, 35], ["neutral"]),
        ("statement.sta", "mt940", [104900, -490, -4900, 8900, 8900], []),
        ("statement.xml", "camt053", [9600, 8900, -490], ["pending"] * 2),
    ],
)
def test_a_sample_is_known_by_its_form_and_bears_out_what_it_states(
    name: str, format: str, amounts: list[int], skips: list[str]
) -> None:
    rows, findings, found = read(SAMPLES / name)
    assert (found, money(rows)) == (format, amounts)
    assert [row.skip for row in rows if row.skip] == skips
    assert findings.differences == []
    assert all(row.raw for row in rows)


def test_every_row_keeps_its_line_and_its_text_as_it_stands_in_the_file() -> None:
    rows, _, _ = read(SAMPLES / "alipay.csv")
    lines = (SAMPLES / "alipay.csv").read_bytes().decode("gb18030").split("\n")
    assert [row.raw for row in rows] == [lines[row.line - 1] for row in rows]


def test_totals_that_a_file_states_are_compared_with_its_rows(tmp_path: Path) -> None:
    content = alipay(
        alipay_row("1", "10.00"), alipay_row("2", "5.00", way="支出"),
        preamble="共3笔记录\n收入：1笔 10.01元\n支出：1笔 5.00元",
    )  # fmt: skip
    _, findings, _ = read_text(tmp_path, content)
    assert findings.differences == [
        "all rows: the file states 3 of them, there are 2",
        "money in: the file states 10.01, the rows come to 10.00 CNY",
    ]


def test_a_closed_trade_and_its_refund_are_no_money_but_kept() -> None:
    rows, _, _ = read(SAMPLES / "alipay.csv")
    closed = [row for row in rows if row.skip is Skip.CLOSED]
    assert [row.external_id for row in closed] == [
        "20260307220014710005", "20260307220014710005_9001", "20260309220014710006",
    ]  # fmt: skip


def test_a_refund_of_a_trade_that_stands_is_money_in(tmp_path: Path) -> None:
    rows, _, _ = read_text(
        tmp_path,
        alipay(
            alipay_row("77_1", "4.00", way="不计收支", status="退款成功"),
            alipay_row("77", "20.00", way="支出"),
        ),
    )
    assert money(rows) == [400, -2000]


@pytest.mark.parametrize("lines", [16, 17, 24])
def test_wechats_header_is_found_wherever_it_stands(tmp_path: Path, lines: int) -> None:
    rows, _, found = read_text(
        tmp_path,
        wechat(wechat_row("9", "28.16"), lines_before=lines),
        format=StatementFormat.WECHAT,
    )
    assert found == "wechat" and money(rows) == [2816]
    assert (rows[0].external_id, rows[0].booked_on, rows[0].booked_at) == (
        "9", date(2026, 3, 2), time(10, 0),
    )  # fmt: skip


def test_a_merchants_movements_and_fees_are_read_with_its_balances() -> None:
    rows, findings, _ = read(FILES / "alipay-merchant.csv")
    assert money(rows) == [365000, -2190] and [row.fee for row in rows] == [False, True]
    assert findings.differences == []
    assert (findings.sections[0].opening_minor, findings.sections[0].closing_minor) == (0, 362810)


def test_a_merchants_wechat_movements_begin_with_back_quotes() -> None:
    rows, findings, found = read(FILES / "wechat-fund.csv")
    assert found == "wechat" and money(rows) == [39900, -239]
    assert [row.fee for row in rows] == [False, True] and findings.differences == []


@pytest.mark.parametrize(
    ("name", "format", "amounts", "skips"),
    [
        ("alipay-web.txt", "alipay", [39900], ["closed"]),
        ("alipay-business.csv", "alipay", [39900, -10000], []),
        ("wechat-trade.csv", "wechat", [39900, -10000], []),
        ("icbc-company.csv", "icbc", [365000, -500], []),
    ],
)
def test_what_the_channels_give_shops_and_companies_is_read_too(
    name: str, format: str, amounts: list[int], skips: list[str]
) -> None:
    rows, findings, found = read(FILES / name)
    assert (found, money(rows)) == (format, amounts)
    assert [row.skip for row in rows if row.skip] == skips
    assert findings.differences == []


def test_padded_cells_page_footers_and_several_accounts_are_read(tmp_path: Path) -> None:
    second = ICBC.replace("6222****0001", "6222****0002").replace("1,399.00", "1,400.00")
    rows, findings, found = read_text(tmp_path, ICBC + second)
    assert found == "icbc" and money(rows) == [139900, -10000, 140000, -10000]
    assert [row.section for row in rows] == ["6222****0001"] * 2 + ["6222****0002"] * 2
    assert [row.name for row in rows[:2]] == ["张三", ""]
    assert len(findings.sections) == 2
    assert findings.sections[0].opening_minor == 110000
    assert findings.differences == [
        "the running balance does not follow from the rows once, first on line 20",
        "the opening balance 1100.00 and the rows, 1300.00, come to 2400.00, the closing balance"
        " is 2399.00 CNY",
    ]


def test_a_masked_balance_is_none_and_no_fault(tmp_path: Path) -> None:
    _, findings, _ = read_text(
        tmp_path, ICBC.replace("2,399.00", "xx,yyyy.zz").replace("1,000.00", "*")
    )
    assert findings.differences == [] and findings.sections[0].closing_minor is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le-bom"])
def test_a_table_is_read_in_every_encoding_that_can_be_told(tmp_path: Path, encoding: str) -> None:
    text = alipay(alipay_row("1", "10.00")).decode("gb18030")
    content = (
        b"\xff\xfe" + text.encode("utf-16-le")
        if encoding == "utf-16-le-bom"
        else text.encode(encoding)
    )
    rows, _, _ = read_text(tmp_path, content)
    assert money(rows) == [1000] and rows[0].name == "*小明"


def test_a_workbook_has_the_same_rows_as_the_text(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "wechat.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        form = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for number, name in enumerate(texts.WECHAT_HEADER.strip().split(",")):
            sheet.write_string(16, number, name)
        cells = [
            "二维码收款",
            "林小满",
            "月卡",
            "收入",
            28.16,
            "零钱",
            "已收钱",
            "1000107101",
            "/",
            "/",
        ]
        sheet.write_datetime(17, 0, datetime(2026, 3, 2, 10, 0), form)
        sheet.write_row(17, 1, cells)
        sheet.write_number(18, 0, 46083.4375)
        sheet.write_row(18, 1, [*cells[:4], "¥0.30", *cells[5:7], "1000107102", "/", "/"])
    rows, findings, found = read(path)
    assert found == "wechat" and money(rows) == [2816, 30] and findings.differences == []
    assert [(row.booked_on, row.booked_at) for row in rows] == [
        (date(2026, 3, 2), time(10, 0)), (date(2026, 3, 2), time(10, 30)),
    ]  # fmt: skip
