"""Tables in HTML under the name of a workbook, as some banks hand them out."""

from __future__ import annotations

from pathlib import Path

import pytest

from memberctl.core.errors import Invalid
from tests.bank.opened import money, read_text

MAP = """
dates = ["%m-%d"]
[year]
pattern = '至(?P<date>\\d{4}-\\d{2}-\\d{2})'
[columns]
date = "日期"
amount = "金额"
text = "摘要"
[account]
pattern = '账号：(\\d+)'
[[totals]]
row = "^合计"
"""
MAP = MAP.replace('["%m-%d"]', '["%m-%d", "%Y-%m-%d"]')
PAGE = """<!DOCTYPE html>
<html><head><meta charset="gb18030"><style>td { color: red }</style><title>明细</title></head>
<body><p>账号：6200001</p><div>2025-12-01 至2026-01-31</div>
<table border=1><tr><th>日期</th><th>金额</th><th>摘要</th></tr>
<tr><td>12-30</td><td align="right">&nbsp;1,234.50</td><td>年卡 &amp;
 续费</td></tr>
<tr><td>01-02<td>-5.00<td>Fee &lt;1&gt;
<tr><td>合计</td><td>1229.50</td></tr>
<tr><td colspan="3">&copy; 2026</td></tr>
</table><script>var x = "<td>";</script></body></html>
"""


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_a_page_with_a_table_is_read_as_the_table_that_it_is(tmp_path: Path, encoding: str) -> None:
    rows, findings, _ = read_text(
        tmp_path, PAGE.encode(encoding, "xmlcharrefreplace"), "bank.xls", map_text=MAP,
        currency="CNY",
    )  # fmt: skip
    assert money(rows) == [123450, -500] and findings.differences == []
    assert [(str(row.booked_on), row.text, row.section) for row in rows] == [
        ("2025-12-30", "年卡 & 续费", "6200001"), ("2026-01-02", "Fee <1>", "6200001"),
    ]  # fmt: skip


def test_a_wrong_sum_in_a_page_is_said(tmp_path: Path) -> None:
    _, findings, _ = read_text(
        tmp_path, PAGE.replace("1229.50", "1230.50"), "bank.xls", map_text=MAP, currency="CNY"
    )
    assert findings.differences == [
        "money in less money out: the file states 1230.50, the rows come to 1229.50 CNY"
    ]


@pytest.mark.parametrize(
    "page",
    [
        "<html><body>nothing</body></html>",
        "<html><table>" + "<tr><td>" * 20_000,
        "<html><table><tr><td>" + "<b>" * 50_000,
        "<html><table><tr><td colspan='999999999'>x",
        "<html><table><!-- <tr><td>日期",
    ],
)
def test_a_page_without_the_columns_is_refused_in_words(tmp_path: Path, page: str) -> None:
    with pytest.raises(Invalid, match=r"no line has the columns|is empty"):
        read_text(tmp_path, page, "bank.xls", map_text=MAP, currency="CNY")


def test_a_page_that_ends_in_the_middle_of_a_row_keeps_the_row(tmp_path: Path) -> None:
    cut = PAGE.partition("<tr><td>合计")[0].rstrip().removesuffix("&lt;1&gt;")
    rows, _, _ = read_text(tmp_path, cut, "bank.xls", map_text=MAP, currency="CNY")
    assert money(rows) == [123450, -500]
