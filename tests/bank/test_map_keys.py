"""A map that cannot be right gives one error, which names the key and what it takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from memberctl.bank.mapping import read_form
from memberctl.bank.rules import Skip
from memberctl.core.errors import Invalid
from tests.bank.opened import money, read_text

SOUND = 'dates = ["%Y-%m-%d"]\n[columns]\ndate = "d"\namount = "a"\n'
TOLD = SOUND + 'direction = "w"\n[signs]\n'
FEES = SOUND + 'fee = "f"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("header_lines = 0\n" + SOUND, "line 1: header_lines is not below 1"),
        ("header_lines = 9\n" + SOUND, "line 1: header_lines is at most 3"),
        (
            "header_lines = 2\nheader = false\n" + SOUND.replace('"d"', "1").replace('"a"', "2"),
            "line 1: header_lines does not go with header = false",
        ),
        ("widths = []\n" + SOUND, "line 1: widths lists how many characters"),
        ('widths = [1, "2"]\n' + SOUND, "line 1: widths lists"),
        ('widths = [1]\ndelimiter = ";"\n' + SOUND, "line 1: widths stands in place of delimiter"),
        ('months = ["jan"]\n' + SOUND, "line 1: months lists how the names of the twelve"),
        (
            'months = ["a","b","c","d","e","f","g","h","i","j","k","aa"]\n' + SOUND,
            "line 1: months has two of which one begins as the other does",
        ),
        ('decimal = ";"\n' + SOUND, 'line 1: decimal is "." or ",", or ""'),
        ('currency = "DEM"\n' + SOUND, "line 1: currency DEM is no currency that memberctl knows"),
        ("dates_from_above = 1\n" + SOUND, "line 1: dates_from_above is true or false"),
        (SOUND.replace("%Y", "%e"), "year.era is what a year written as %e lacks"),
        (SOUND + "[year]\nera = 1911\n", "line 6: year.era is what a year"),
        (SOUND + "[year]\npattern = '(x)'\n", "line 6: year.pattern has a group (?P<date>...)"),
        (SOUND + "[year]\nfile = '(?P<month>x)'\n", "line 6: year.file has a group"),
        (SOUND + "[year]\npattern = '('\n", "line 6: year.pattern is no pattern"),
        (SOUND + "[year]\ncolumn = 'x'\n", "line 6: year.column is not known"),
        (SOUND + "[amounts]\npattern = 'x'\n", "line 6: amounts.pattern has a group (?P<amount>"),
        (
            SOUND + "[amounts]\npattern = '(?P<amount>x)(?P<refund>y)'\n",
            "amounts.refunds is missing: deducted where",
        ),
        (
            SOUND + "[amounts]\npattern = '(?P<amount>x)'\nrefunds = 'deducted'\n",
            "line 7: amounts.refunds is of a group",
        ),
        (SOUND + "[amounts]\nrefunds = 'never'\n", "line 6: amounts.refunds is not known"),
        (TOLD + 'in_patterns = ["("]\n', "line 7: signs.in_patterns is no pattern"),
        (TOLD + 'in_patterns = ["a"]\n', "signs.in and out list the words"),
        (TOLD + 'otherwise = "up"\n', "line 7: signs.otherwise is not known"),
        (TOLD + 'in = ["a"]\nneutral = ["a"]\notherwise = "out"\n', "neutral has a word"),
        (SOUND + '[signs]\notherwise = "out"\n', 'signs.otherwise does not go with signs.rule'),
        (SOUND + '[status]\nskip_lines = ["("]\n', "line 6: status.skip_lines is no pattern"),
        (SOUND + "[status]\npending_lines = [1]\n", "line 6: status.pending_lines is a list"),
        (FEES, "fees.amount is missing: gross where the fee comes off the amount"),
        (FEES + '[fees]\namount = "half"\n', "line 7: fees.amount is not known"),
        (SOUND + '[fees]\ncharge = "negative"\n', "line 6: fees.charge is of a column fee"),
        (SOUND + 'fee = "a"\n[fees]\namount = "net"\n', "columns.fee is the column of amount too"),
        ('unquoted = "text"\n' + SOUND, "line 1: unquoted is a key of [columns]"),
        ("text_below = 1\n" + SOUND, "line 1: text_below is true or false"),
        (SOUND + "[in_text]\nname = '(a)'\n", "columns.text is missing, and [in_text] looks"),
        (SOUND + "text = 't'\n[in_text]\nname = 'a'\n", "line 7: in_text.name has one group"),
        (SOUND + "text = 't'\n[in_text]\nday = '(a)'\n", "line 7: in_text.day is not known"),
        (SOUND + "[totals]\nrow = 'x'\n", "line 5: totals may come more than once, so each is"),
        ("totals = ['x']\n" + SOUND, "line 1: totals is a table, written [[totals]]"),
        (SOUND + "columns.x = 1\n", "columns.columns is no column"),
        ("status = 'x'\n" + SOUND, "line 1: status is a table"),
        (SOUND.replace("%Y-%m-%d", "YYYY-MM-DD"), 'need a month and a day, e.g. "%Y-%m-%d"'),
        (SOUND + "[[totals]]\nof = 'some'\nrow = 'x'\n", "line 6: totals.of is not known"),
    ],
)  # fmt: skip
def test_a_map_with_a_wrong_value_names_its_line_its_key_and_what_it_takes(
    text: str, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        read_form(text, "bank.toml")
    assert re.match(r"the map bank\.toml(, line \d+)?: ", refused.value.message)
    assert said in refused.value.message


def test_words_decide_before_patterns_and_two_patterns_decide_nothing(tmp_path: Path) -> None:
    mapped = TOLD + 'in = ["退款"]\nin_patterns = ["^退"]\nout_patterns = ["消费"]\n'
    content = "d,a,w\n2026-03-02,1.00,退款\n2026-03-02,2.00,退货 x\n2026-03-02,3.00,消费 y\n"
    doubtful = "2026-03-02,4.00,退货 消费\n2026-03-02,5.00,结息\n"
    rows, findings, _ = read_text(tmp_path, content + doubtful, map_text=mapped, currency="CNY")
    assert money(rows) == [100, 200, -300]
    assert findings.differences == [
        "line 5: column w: fits the patterns of in and of out",
        "line 6: column w: is none of the map's words",
    ]
    otherwise = mapped + 'otherwise = "neutral"\n'
    rows, _, _ = read_text(tmp_path, content + doubtful, map_text=otherwise, currency="CNY")
    assert [row.skip for row in rows[3:]] == [Skip.UNREADABLE, Skip.NEUTRAL]


def test_a_stated_sum_is_compared_whatever_rule_and_whatever_tells_its_currency(
    tmp_path: Path,
) -> None:
    """Net sums below an amount's column, and sums of a file whose rows name the currency."""
    net = SOUND + '[[totals]]\nrow = "^Sum"\n'
    content = "d,a\n2026-03-02,5.00\n2026-03-03,-2.00\nSum,{}\n"
    for stated, differences in (("3.00", 0), ("7.00", 1)):
        _, findings, _ = read_text(
            tmp_path, content.format(stated), map_text=net, currency="CNY"
        )  # fmt: skip
        assert len(findings.differences) == differences
    named = SOUND + "currency = 'c'\n[[totals]]\nof = 'in'\npattern = 'in all (?P<sum>[0-9.]+)'\n"
    _, findings, _ = read_text(
        tmp_path, "d,a,c\n2026-03-02,5.00,EUR\nin all 5.01\n", map_text=named
    )
    assert findings.differences == ["money in: the file states 5.01, the rows come to 5.00 EUR"]


def test_a_balance_that_stands_once_a_day_is_held_against_all_rows_of_its_days(
    tmp_path: Path,
) -> None:
    mapped = SOUND + 'balance = "b"\n'
    content = (
        "d,a,b\n2026-03-02,5.00,\n2026-03-02,1.00,{}\n2026-03-03,-2.00,\n2026-03-04,1.00,15.00\n"
    )
    rows, findings, _ = read_text(
        tmp_path, content.format("16.00"), map_text=mapped, currency="CNY"
    )
    section = findings.sections[0]
    assert (section.opening_minor, section.closing_minor) == (1000, 1500)
    assert findings.differences == [] and len(rows) == 4
    _, findings, _ = read_text(tmp_path, content.format("16.01"), map_text=mapped, currency="CNY")
    assert (
        "running balance does not follow from the rows once, first on line 5"
        in (findings.differences[0])
    )


def test_a_workbook_has_dates_as_dates_and_as_serial_numbers(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "bank.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        dated = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["d", "a"])
        sheet.write_number(1, 0, 46083, dated)
        sheet.write_number(1, 1, 1234.5)
        sheet.write_number(2, 0, 46084.5)
        sheet.write_number(2, 1, -2)
        sheet.write_row(3, 0, ["2026-03-04", "1,000.00"])
    rows, findings, _ = read_text(
        tmp_path, path.read_bytes(), "b.xlsx", map_text=SOUND, currency="CNY"
    )
    assert money(rows) == [123450, -200, 100000] and findings.differences == []
    assert [str(row.booked_on) for row in rows] == ["2026-03-02", "2026-03-03", "2026-03-04"]


def test_wide_characters_of_a_fixed_width_line_count_two_where_their_bytes_do(
    tmp_path: Path,
) -> None:
    mapped = 'encoding = "{}"\nwidths = [10, 8, 8]\n' + SOUND
    content = "d         who     a\n2026-03-02{}    1.00\n2026-03-0212345678   -2.50   more\n"
    for encoding, name in (("gb18030", "林小满  "), ("utf-8", "林小满     ")):
        rows, findings, _ = read_text(
            tmp_path, content.format(name).encode(encoding), map_text=mapped.format(encoding),
            currency="CNY",
        )  # fmt: skip
        assert money(rows) == [100]
        assert findings.differences == ["line 3: has 4 cells, the header has 3"]


def test_days_may_stand_one_way_and_the_rows_of_a_day_the_other(tmp_path: Path) -> None:
    mapped = SOUND + 'balance = "b"\n'
    days = ["2026-03-02,-2.00,14.00\n2026-03-02,6.00,16.00\n", "2026-03-03,1.00,15.00\n"]
    days.append("2026-03-04,5.00,22.00\n2026-03-04,2.00,17.00\n")
    for order in (days, days[::-1]):
        content = "d,a,b\n" + "".join(order)
        _, findings, _ = read_text(tmp_path, content, map_text=mapped, currency="CNY")
        section = findings.sections[0]
        assert (section.opening_minor, section.closing_minor) == (1000, 2200)
        assert findings.differences == []
        _, findings, _ = read_text(
            tmp_path, content.replace("17.00", "17.50"), map_text=mapped, currency="CNY"
        )
        assert findings.differences


def test_text_below_a_row_belongs_to_it_and_names_are_found_in_it(tmp_path: Path) -> None:
    mapped = (
        'text_below = true\nfooter = ["^Page"]\n' + SOUND + 'text = "t"\n[in_text]\n'
        "name = 'FROM (.+?) REF'\nid = 'REF (\\w+)'\n"
    )
    content = (
        "d,a,t\n2026-03-02,5.00,TRANSFER\n,,FROM LI JO REF 17A\n,,thanks\nPage 2\nd,a,t\n"
        "2026-03-03,-2.00,FEE\nelsewhere\n\n"
    )
    rows, findings, _ = read_text(tmp_path, content, map_text=mapped, currency="CNY")
    assert money(rows) == [500, -200] and findings.differences == []
    assert (rows[0].name, rows[0].external_id) == ("LI JO", "17A")
    assert rows[0].text == "TRANSFER\nFROM LI JO REF 17A\nthanks"
    assert rows[0].raw == "2026-03-02,5.00,TRANSFER\n,,FROM LI JO REF 17A\n,,thanks"
    assert (rows[1].text, rows[1].name, rows[1].external_id) == ("FEE", "", None)


def test_text_with_the_delimiter_in_it_and_no_quotes_is_put_together_again(
    tmp_path: Path,
) -> None:
    mapped = 'unquoted = "text"\n' + SOUND + 'text = "t"\nbalance = "b"\n'
    content = (
        "d,t,a,b\n2026-03-02,LI, JO, class,5.00,5.00\n2026-03-03,FEE,-2.00,3.00\n"
        "2026-03-04,x,1.00,4.00,,\n"
    )
    rows, findings, _ = read_text(tmp_path, content, map_text=mapped, currency="CNY")
    assert money(rows) == [500, -200, 100] and findings.differences == []
    assert [row.text for row in rows] == ["LI, JO, class", "FEE", "x"]
    _, findings, _ = read_text(
        tmp_path, content, map_text=mapped.replace('unquoted = "text"', ""), currency="CNY"
    )
    assert "has 6 cells, the header has 4" in findings.differences[0]


def test_a_group_that_found_nothing_is_nothing(tmp_path: Path) -> None:
    mapped = (
        SOUND + "text = 't'\n[in_text]\nname = 'FROM( LI)?'\nid = 'NO (\\S+)'\n"
        "[account]\npattern = 'ACCOUNT( \\d+)?'\n[balances]\nopening = 'OPEN(1.00)?'\n"
    )
    content = "ACCOUNT\nOPEN\nd,a,t\n2026-03-02,5.00,FROM NO 1.10101E+17\n"
    rows, findings, _ = read_text(tmp_path, content, map_text=mapped, currency="CNY")
    assert (rows[0].name, rows[0].section, rows[0].skip) == ("", "", Skip.UNREADABLE)
    assert findings.differences == ["line 4: column t: Excel has destroyed this number"]


def test_every_sheet_of_a_workbook_that_has_the_columns_is_read(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "bank.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_row(0, 0, ["read me"])
        for day in ("2026-03-02", "2026-04-02"):
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["d", "a"])
            sheet.write_row(1, 0, [day, "5.00"])
        book.add_worksheet().write_row(0, 0, ["2026-05-02", "9.00"])
    rows, findings, _ = read_text(
        tmp_path, path.read_bytes(), "b.xlsx", map_text=SOUND, currency="CNY"
    )
    assert [str(row.booked_on) for row in rows] == ["2026-03-02", "2026-04-02"]
    assert findings.notices == ["1 lines are no rows and were passed over"]
