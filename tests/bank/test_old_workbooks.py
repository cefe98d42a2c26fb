"""Workbooks in the old format of xls, which many banks still hand out."""

from __future__ import annotations

from pathlib import Path

import pytest

from memberctl.core.errors import Invalid
from tests.bank.opened import money, read_text
from tests.old_workbooks import ENCRYPTED, FORMULA, old_workbook

MAP = """
currency = "CNY"
dates = ["%Y%m%d", "%Y/%m/%d %H:%M:%S"]
[columns]
date = "交易日期"
out = "支出"
in = "收入"
balance = "账户余额"
text = "摘要"
[account]
pattern = '账\\s*号\\s*[:：]\\s*(\\S+)'
"""
ROWS: list[list[str | float]] = [
    ["账\u3000\u3000号：", "6200****1230"],
    [],
    ["交易日期   ", "支出   ", "收入   ", "账户余额   ", "摘要   "],
    ["20260302", 67.0, 0.0, 2176.91, "消费"],
    ["2026/03/03  14:06:51", 0.0, 16.78, 2193.69, "转账 林小满"],
    ["2026/03/03  14:06:51", 0.0, 16.78, 2210.47, "转账 林小满"],
]


def test_an_old_workbook_is_read_as_a_new_one(tmp_path: Path) -> None:
    rows, findings, _ = read_text(tmp_path, old_workbook(ROWS), "bank.xls", map_text=MAP)
    assert money(rows) == [-6700, 1678, 1678] and findings.differences == []
    section = findings.sections[0]
    assert (section.opening_minor, section.closing_minor) == (224391, 221047)
    assert [row.line for row in rows] == [4, 5, 6]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (old_workbook(ROWS, more=FORMULA), "contains formulas"),
        (old_workbook(ROWS, more=ENCRYPTED), "is encrypted"),
        (old_workbook(ROWS, sheet_kind=1), "contains macros"),
        (old_workbook(ROWS, names=("Workbook", "_VBA_PROJECT_CUR")), "contains macros"),
        (old_workbook(ROWS, names=("EncryptedPackage",)), "is encrypted"),
        (old_workbook(ROWS, names=("WordDocument",)), "is no workbook"),
        (old_workbook(ROWS)[:700], "is not a whole workbook"),
        (old_workbook(ROWS)[:60], "is not a whole workbook"),
    ],
)
def test_an_old_workbook_that_cannot_be_trusted_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        read_text(tmp_path, content, "bank.xls", map_text=MAP)


def test_chains_that_go_in_circles_end(tmp_path: Path) -> None:
    content = bytearray(old_workbook(ROWS))
    for place in range(512, 1024, 4):
        content[place : place + 4] = (2).to_bytes(4, "little")
    with pytest.raises(Invalid, match="not a whole workbook"):
        read_text(tmp_path, bytes(content), "bank.xls", map_text=MAP)


@pytest.mark.parametrize("step", range(2))
def test_damage_anywhere_is_refused_in_words_or_read(tmp_path: Path, step: int) -> None:
    whole = old_workbook(ROWS)
    for place in range(step, len(whole), 61):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        try:
            read_text(tmp_path, bytes(damaged), "bank.xls", map_text=MAP)
        except Invalid as refused:
            assert refused.exit_code == 6


@pytest.mark.parametrize("kind", ["xls", "xlsx"])
def test_a_small_workbook_whose_cells_lie_far_apart_is_refused_before_it_fills_the_memory(
    tmp_path: Path, kind: str
) -> None:
    content = old_workbook(ROWS, more=(0x0203, b"\xff\xff\xff\xff" + b"\0" * 10))
    if kind == "xlsx":
        import xlsxwriter

        path = tmp_path / "wide.xlsx"
        with xlsxwriter.Workbook(path) as book:
            book.add_worksheet().write(1_048_575, 16_383, "x")
        content = path.read_bytes()
    with pytest.raises(Invalid, match="more than 10,000,000 cells"):
        read_text(tmp_path, content, "bank.x", map_text=MAP)


def test_a_library_that_gives_up_is_not_heard(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A name of a range that is cut short, which the reader of workbooks does not expect."""
    content = old_workbook(ROWS)
    damaged = content.replace(b"\x42\x00\x02\x00\xb0\x04", b"\x18\x00\x02\x00\xb0\x04")
    assert damaged != content
    with pytest.raises(Invalid, match="cannot be read as a workbook"):
        read_text(tmp_path, damaged, "bank.xls", map_text=MAP)
    assert capfd.readouterr().err == ""
