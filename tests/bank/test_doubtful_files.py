"""Files that are no statement, or not to be trusted, are refused in words."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from memberctl.bank.rules import Skip, StatementFormat
from memberctl.core.errors import Invalid, MemberctlError, NotFound, UsageProblem
from tests.bank import texts
from tests.bank.opened import read, read_text
from tests.bank.texts import SAMPLES, alipay, alipay_row, wechat, wechat_row


def test_a_number_that_a_spreadsheet_destroyed_is_refused_and_the_row_kept(tmp_path: Path) -> None:
    rows, findings, _ = read_text(tmp_path, wechat(wechat_row("1.00011E+27", "10.00")))
    assert rows[0].skip is Skip.UNREADABLE and rows[0].raw
    assert findings.differences == ["line 18: column 交易单号: Excel has destroyed this number"]


def workbook(path: Path, kind: str) -> None:
    """Make a workbook that is not to be read."""
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, texts.WECHAT_HEADER.strip().split(","))
        if kind == "formula":
            sheet.write_formula(1, 5, "=1+1", value=5000)
    if kind in ("formula", "plain"):
        return
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
        if kind == "macro":
            packed.writestr("xl/vbaProject.bin", b"x")
        else:
            with packed.open("xl/media/bomb.bin", "w", force_zip64=True) as part:
                for _ in range(31):
                    part.write(b"\0" * 10_000_000)


@pytest.mark.parametrize(
    ("kind", "rule"),
    [("formula", "formula_cell"), ("macro", "file_kind"), ("bomb", "file_too_large")],
)
def test_a_workbook_with_formulas_macros_or_a_bomb_is_refused(
    tmp_path: Path, kind: str, rule: str
) -> None:
    workbook(tmp_path / "book.xlsx", kind)
    with pytest.raises(Invalid) as refused:
        read(tmp_path / "book.xlsx")
    assert refused.value.rule == rule


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "only a header": texts.WECHAT_HEADER.encode(),
    "junk": bytes(range(256)) * 50,
    "an image": b"\x89PNG\r\n\x1a\n" + b"\0" * 2000,
    "utf-16 unmarked": wechat(wechat_row("1", "1.00")).decode("utf-8-sig").encode("utf-16-le"),
    "an open quote": wechat(wechat_row("1", "1.00"), '2026-03-02 10:00:00,"x') + b"a,b\n" * 600,
    "a huge field": wechat() + b"2026-03-02 10:00:00," + b"x" * 9_000_000 + b"\n",
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "half a workbook": b"PK\x03\x04" + b"\0" * 600,
    "other xml": b"<?xml version='1.0'?><html><body/></html>",
    "a doctype": b'<!DOCTYPE d [<!ENTITY a "b">]><Document><BkToCstmrStmt/></Document>',
    "an outside entity": b'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><Document/>',
    "half an xml": (SAMPLES / "statement.xml").read_bytes()[:1500],
    "half a statement": (SAMPLES / "statement.sta").read_bytes()[:600],
    "deep xml": b"<Document><BkToCstmrStmt>" + b"<a>" * 5000,
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_is_doubtful_as_a_whole_is_refused_in_words(tmp_path: Path, kind: str) -> None:
    try:
        rows, _, _ = read_text(tmp_path, HOSTILE[kind])
    except MemberctlError as refused:
        assert refused.exit_code == 6 and "Traceback" not in refused.message
    else:
        assert kind == "only a header" and rows == []


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "device", "nothing"])
def test_what_is_no_ordinary_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "odd"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(SAMPLES / "alipay.csv")
    with pytest.raises(NotFound if kind == "nothing" else Invalid):
        read(Path("/dev/zero") if kind == "device" else path)


def test_the_wrong_format_names_what_was_looked_for() -> None:
    with pytest.raises(Invalid, match="当前状态"):
        read(SAMPLES / "alipay.csv", format=StatementFormat.WECHAT)
    with pytest.raises(Invalid, match=":60F:"):
        read(SAMPLES / "alipay.csv", format=StatementFormat.MT940)
    with pytest.raises(Invalid, match="line 1"):
        read(SAMPLES / "alipay.csv", format=StatementFormat.CAMT053)
    with pytest.raises(UsageProblem, match="--map"):
        read(SAMPLES / "alipay.csv", format=StatementFormat.CSV)


def test_a_row_that_cannot_be_read_is_kept_and_said_with_its_line_and_column(
    tmp_path: Path,
) -> None:
    rows, findings, _ = read_text(
        tmp_path,
        alipay(
            alipay_row("1", "10.00"),
            alipay_row("2", "ten"),
            alipay_row("3", "3.00", at="2026-02-30 10:00:00"),
            alipay_row("4", "4.00", way="没有"),
            alipay_row("5", "5.00") + "and,more",
        ),
    )
    assert [row.skip for row in rows] == [None, *[Skip.UNREADABLE] * 4]
    assert findings.differences == [
        "line 8: column 金额: is no amount in the form that the map states",
        "line 9: column 交易时间: is no date in a form that the map states",
        "line 10: column 收/支: is none of the map's words",
        "line 11: has 14 cells, the header has 13",
    ]
