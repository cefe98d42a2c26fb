"""Amounts and dates as banks write them."""

from __future__ import annotations

from datetime import date, time

import pytest

from memberctl.bank.figures import NumberForm, parse_figure
from memberctl.bank.moments import DateForm, date_pattern, parse_clock, parse_moment
from memberctl.core.errors import Invalid

POINT, COMMA = NumberForm(".", ","), NumberForm(",", ".")
BLANK, QUOTE = NumberForm(",", " "), NumberForm(".", "'")


@pytest.mark.parametrize(
    ("text", "form", "minor"),
    [
        ("28.16", POINT, 2816), ("¥28.16", POINT, 2816), ("￥1,234.56\t", POINT, 123456),
        ("１２．５０", POINT, 1250), ("+10000.00", POINT, 1000000), ("-10.00", POINT, -1000),
        ("(1,234.50)", POINT, -123450), ("($45.00)", POINT, -4500), ("1,234.50-", POINT, -123450),
        ("- 12.00", POINT, -1200), ("−12.00", POINT, -1200), ("CNY 123.18", POINT, 12318),
        ("CNY13.50", POINT, 1350), ("13.40元", POINT, 1340), ("12.00 CR", POINT, 1200),
        ("12.00 DR", POINT, -1200), ("1.049,00", COMMA, 104900), ("-212,4", COMMA, -21240),
        ("212,40 S", COMMA, -21240), ("212,40 H", COMMA, 21240), ("1 234,50", BLANK, 123450),
        ("1\u202f234,50", BLANK, 123450), ("1'234.50", QUOTE, 123450), ("6.0", POINT, 600),
        ("1,00,000.00", POINT, 10000000), ("7.5000", POINT, 750), ("0.00", POINT, 0),
        ("£1,000", POINT, 100000), (".50", POINT, 50), ("-.5", POINT, -50), (",50 €", COMMA, 50),
        ("12.00 Cr.", POINT, 1200), ("R$ 1.234,56", COMMA, 123456), ("12,00 zł", COMMA, 1200),
        ("-1.250,00 TL", COMMA, -125000), ("Rs. 1,00,000.50", POINT, 10000050),
        ("1’234.50", QUOTE, 123450), ("30,000円", POINT, 3000000), ("+ $25.00", POINT, 2500),
        ("250", NumberForm("", ","), 250), ("-1,250", NumberForm("", ","), -1250),
    ],
)  # fmt: skip
def test_an_amount_is_read_in_the_form_that_its_bank_writes(
    text: str, form: NumberForm, minor: int
) -> None:
    assert parse_figure(text, "CNY", form) == minor


@pytest.mark.parametrize(
    "text",
    [
        "", "-", "abc", "1.234,50", "1,23.00", "12,3456.00", "0.005", "1e5", "NaN", "inf", "1_000",
        "--5", "(5", "5)", "+5-", "xx,yyyy.zz", "****", "1.2.3", "12345678901234567.89",
        "9" * 5000, "٣", "5 6", ".", ",", "-.",
    ],
)  # fmt: skip
def test_what_is_no_amount_in_the_stated_form_is_refused_and_never_repeated(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_figure(text, "CNY", POINT)
    assert text not in refused.value.message or len(text) < 2


def test_a_currency_without_decimals_takes_none() -> None:
    assert parse_figure("1,000", "JPY", POINT) == 1000
    assert parse_figure("1000.00", "JPY", POINT) == 1000
    with pytest.raises(Invalid):
        parse_figure("10.5", "JPY", POINT)


@pytest.mark.parametrize(
    ("text", "form", "day", "clock"),
    [
        ("2026-03-02 10:21:07", "%Y-%m-%d %H:%M:%S", date(2026, 3, 2), time(10, 21, 7)),
        ("03.03.26", "%d.%m.%y", date(2026, 3, 3), None),
        ("3/2/2026", "%m/%d/%Y", date(2026, 3, 2), None),
        ("02/03/2026", "%d/%m/%Y", date(2026, 3, 2), None),
        ("20260302", "%Y%m%d", date(2026, 3, 2), None),
        ("02 Mar 2026", "%d %b %Y", date(2026, 3, 2), None),
        ("2-Sept-26", "%d-%b-%y", date(2026, 9, 2), None),
        ("03/02/2026 01:05 PM", "%m/%d/%Y %I:%M %p", date(2026, 3, 2), time(13, 5)),
        ("03/02/2026 12:05 am", "%m/%d/%Y %I:%M %p", date(2026, 3, 2), time(0, 5)),
        ("31.12.99", "%d.%m.%y", date(1999, 12, 31), None),
        ("2026/3/5 下午 2:03:22", "%Y/%m/%d %p %I:%M:%S", date(2026, 3, 5), time(14, 3, 22)),
        ("2026年3月5日 上午12:03", "%Y年%m月%d日 %p%I:%M", date(2026, 3, 5), time(0, 3)),
        ("3/5/2026", "%-m/%-d/%Y", date(2026, 3, 5), None),
        ("2026-03-05 14:03:22", "%F %T", date(2026, 3, 5), time(14, 3, 22)),
        ("05MAR2026", "%d%b%Y", date(2026, 3, 5), None),
        ("Thu, 5 Mar 2026 10:00+08:00", "%a, %d %b %Y %H:%M%z", date(2026, 3, 5), time(10)),
    ],
)
def test_a_date_is_read_in_the_stated_form_alone(
    text: str, form: str, day: date, clock: time | None
) -> None:
    assert parse_moment(text, DateForm((form,))) == (day, clock)
    with pytest.raises(Invalid):
        parse_moment(f"{text}x", DateForm((form,)))


@pytest.mark.parametrize("text", ["31/04/2026", "29/02/2023", "00/01/2026", "01/13/2026", "", "x"])
def test_a_day_that_is_not_in_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_moment(text, DateForm(("%d/%m/%Y",)))


def test_a_workbook_may_hold_the_serial_number_of_a_day() -> None:
    assert parse_moment("46082.4375", DateForm(("%Y-%m-%d",)), workbook=True) == (
        date(2026, 3, 1), time(10, 30),
    )  # fmt: skip
    assert parse_moment("46082", DateForm(("%Y-%m-%d",)), workbook=True) == (date(2026, 3, 1), None)
    with pytest.raises(Invalid):
        parse_moment("46082", DateForm(("%Y-%m-%d",)))


@pytest.mark.parametrize("form", ["%Y-%m", "%Y.%d", "%Y-%m-%d %Q", "%Y-%m-%d %", "%Y%Y-%m-%d", "x"])
def test_a_form_without_a_whole_date_is_refused(form: str) -> None:
    with pytest.raises(Invalid):
        date_pattern(form)


def test_a_time_of_its_own_column_may_be_six_digits() -> None:
    assert parse_clock("123456") == time(12, 34, 56)
    assert parse_clock("12:34") == time(12, 34)
    assert parse_clock(" ") is None
    with pytest.raises(Invalid):
        parse_clock("25:00")
