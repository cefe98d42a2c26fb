"""Files are read by their form, not by which file they are, and held against what they state."""

from __future__ import annotations

import os
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import pytest

from memberctl.bank.mapping import read_form
from memberctl.bank.reading import open_statement, read_map
from memberctl.bank.rules import Entry, Findings, Skip, StatementFormat
from memberctl.core.errors import Invalid, MemberctlError, NotFound, UsageProblem
from tests.bank import texts
from tests.bank.texts import SAMPLES, alipay, alipay_row, camt, entry, swift, wechat, wechat_row

FILES = Path(__file__).parent / "files"
ICBC = (FILES / "icbc-card.csv").read_text(encoding="utf-8")
Read = tuple[list[Entry], Findings, StatementFormat]


def read(path: Path, *, map_text: str | None = None, format: StatementFormat | None = None) -> Read:
    """Return the rows of a file, what was noticed, and the format that it has."""
    form = None if map_text is None else read_form(map_text, "bank.toml")
    with open_statement(path, form=form, format=format) as statement:
        rows = list(statement.rows)
        statement.finish()
        return rows, statement.rows.findings, statement.format


def read_text(folder: Path, content: str | bytes, name: str = "statement", **more: object) -> Read:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, **more)  # type: ignore[arg-type]


def money(rows: list[Entry]) -> list[int]:
    return [row.amount_minor for row in rows if row.skip is None]


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


# MT940


def test_marks_of_reversals_and_the_third_letter_of_the_currency_are_told_apart(
    tmp_path: Path,
) -> None:
    rows, findings, _ = read_text(
        tmp_path,
        swift(
            ":61:2603020302CR300,NTRFNONREF//A1",
            ":61:2603020302RC100,NTRFNONREF//A2",
            ":61:2603020302RCR50,NTRFNONREF//A3",
            ":61:2603020302RD20,NTRFNONREF//A4",
            ":61:2603020302DR9,95NTRFNONREF//A5",
            closing="C260302EUR160,05",
        ),
    )
    assert money(rows) == [30000, -10000, -5000, 2000, -995] and findings.differences == []


def test_a_broken_field_costs_its_row_alone_and_shows_in_the_balance(tmp_path: Path) -> None:
    rows, findings, _ = read_text(
        tmp_path,
        swift(
            ":61:2603020302CR300,NTRFNONREF//A1", ":61:9999999999CRxNTRF",
            ":61:2603020302CR5,NTRFNONREF//A3", closing="C260302EUR305,",
        ),
    )  # fmt: skip
    assert [row.skip for row in rows] == [None, Skip.UNREADABLE, None]
    assert findings.differences == ["line 6: :61: is not in the form of MT940"]


def test_balances_of_statements_are_chained_and_a_missing_one_is_said(tmp_path: Path) -> None:
    first = swift(":61:2603020302CR300,NTRFNONREF//A1", closing="C260302EUR300,")
    wrong = swift(
        ":61:2603040304CR1,NTRFNONREF//A2", opening="C260304EUR400,", closing="C260304EUR402,"
    )
    _, findings, _ = read_text(tmp_path, first + wrong)
    assert findings.differences == [
        "statement on line 11: the opening balance 400.00 and the rows, 1.00, come to 401.00, the"
        " closing balance is 402.00 EUR",
        "statement on line 11: it opens with 400.00, the one before closed with 300.00 EUR: a"
        " statement is missing between them",
    ]
    assert len(findings.sections) == 1


def test_details_in_all_three_structures_give_name_reference_and_text(tmp_path: Path) -> None:
    rows, _, _ = read_text(
        tmp_path,
        swift(
            ":61:2603020302CR1,NTRFNONREF//A1\n"
            ":86:166?00GUTSCHRIFT?20EREF+E2E-77?21SVWZ+Beitrag JN-2026-7F3?22KX?32Anna?33 S",
            ":61:2603020302CR1,NTRFEREF//A2\n"
            ":86:/EREF/E2E-78/ORDP//NAME/J JANSEN/REMI/Lidmaatschap",
            ":61:2603020302CR1,NTRFNONREF//A3\n:86:GIRO JANE DOE RECHNUNG 12",
            closing="C260302EUR3,",
        ),
    )
    assert [row.name for row in rows] == ["Anna S", "J JANSEN", ""]
    assert rows[0].references == ("E2E-77",) and "E2E-78" in rows[1].references
    assert "JN-2026-7F3KX" in rows[0].text and "Lidmaatschap" in rows[1].text
    assert rows[2].text == "GIRO JANE DOE RECHNUNG 12"


def test_years_of_two_digits_and_entry_dates_over_new_year_keep_their_century(
    tmp_path: Path,
) -> None:
    rows, _, _ = read_text(
        tmp_path,
        swift(
            ":61:9912311231CR1,NTRFNONREF//A1", ":61:2512310102CR1,NTRFNONREF//A2",
            ":61:260101CR1,NTRFNONREF//A3", closing="C260102EUR3,",
        ),
    )  # fmt: skip
    assert [row.booked_on for row in rows] == [
        date(1999, 12, 31), date(2026, 1, 2), date(2026, 1, 1),
    ]  # fmt: skip


def test_the_library_prints_nothing_of_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read_text(tmp_path, swift(":61:Geheim Mueller 4711", closing="C260302EUR0,"))
    shown = capsys.readouterr()
    assert shown.out + shown.err == ""


# camt.053


@pytest.mark.parametrize("version", ["02", "03", "04", "06", "08", "13"])
def test_every_version_of_camt_053_is_read_by_its_names(tmp_path: Path, version: str) -> None:
    details = (
        "<TxDtls><Refs><EndToEndId>E2E-1</EndToEndId></Refs><RltdPties><Dbtr><Nm>Anna</Nm></Dbtr>"
        "</RltdPties><RmtInf><Ustrd>Kurs</Ustrd></RmtInf></TxDtls>"
    )
    text = camt([entry("12.00", details=details)], version=version, closing="12.00")
    if version < "04":
        text = text.replace("<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>")
    rows, findings, found = read_text(tmp_path, text)
    assert (found, money(rows), findings.differences) == ("camt053", [1200], [])
    assert (rows[0].name, rows[0].references, rows[0].text) == ("Anna", ("E2E-1",), "Kurs")
    assert rows[0].raw.startswith("<Ntry>") and rows[0].raw.endswith("</Ntry>")
    assert rows[0].line == 3


def part(amount: str, name: str = "A") -> str:
    payer = f"<RltdPties><Dbtr><Nm>{name}</Nm></Dbtr></RltdPties>"
    return f'<TxDtls><Amt Ccy="EUR">{amount}</Amt>{payer}</TxDtls>'


def test_a_booking_of_several_payments_is_a_row_for_each_only_when_they_are_all_of_it(
    tmp_path: Path,
) -> None:
    whole = entry("30.00", details=part("10.00") + part("20.00"))
    short = entry("30.00", details=part("10.00") + part("19.00"))
    rows, _, _ = read_text(tmp_path, camt([whole, short], closing="60.00"))
    assert money(rows) == [1000, 2000, 3000]


def test_two_equal_payments_of_one_booking_are_two_rows_with_one_text(tmp_path: Path) -> None:
    rows, _, _ = read_text(
        tmp_path, camt([entry("20.00", details=part("10.00") + part("10.00"))], closing="20.00")
    )
    assert money(rows) == [1000, 1000] and rows[0].content != rows[1].content


def test_a_reversal_goes_by_its_own_mark_and_what_is_pending_is_no_money(tmp_path: Path) -> None:
    rows, findings, _ = read_text(
        tmp_path,
        camt(
            [
                entry("50.00"),
                entry("50.00", mark="DBIT", more="<RvslInd>true</RvslInd>"),
                entry("7.00", status="PDNG"),
                entry("8.00", status="INFO"),
            ],
            closing="0.00",
            more="<TxsSummry><TtlNtries><NbOfNtries>5</NbOfNtries></TtlNtries></TxsSummry>",
        ),
    )
    assert money(rows) == [5000, -5000]
    assert findings.differences == ["TtlNtries: the file states 5 of them, there are 4"]


# maps of one's own

SPARKASSE = (SAMPLES / "sparkasse.toml").read_text(encoding="utf-8")
US_BANK = """
name = "A bank in the US"
currency = "USD"
dates = ["%m/%d/%Y"]
[columns]
date = "Posting Date"
amount = "Amount"
balance = "Balance"
text = ["Description", "Memo"]
[signs]
rule = "signed"
"""
CMB = """
name = "招商银行"
currency = "CNY"
dates = ["%Y%m%d", "%Y-%m-%d"]
footer = ["^#"]
[columns]
date = "交易日期"
time = "交易时间"
in = "收入"
out = "支出"
balance = "余额"
kind = "交易类型"
text = ["交易备注"]
[account]
pattern = '账\\s*号\\s*[:：]\\s*\\[(.+?)\\]'
[[totals]]
of = "in"
pattern = '收入合计.*?(?P<count>\\d+)\\s*笔.*?(?P<sum>[\\d.,]+)'
"""
UK_BANK = """
name = "A bank in the UK"
encoding = "latin-1"
currency = "GBP"
dates = ["%d %b %Y"]
[columns]
date = "Date"
out = "Paid out"
in = "Paid in"
balance = "Balance"
text = "Description"
"""
CARD = """
name = "A credit card"
currency = "CAD"
header = false
skip_rows = 1
dates = ["%m/%d/%Y"]
[columns]
date = 1
text = 2
out = 3
in = 4
balance = 5
"""
INVERSE = """
name = "A card that bills"
currency = "CNY"
dates = ["%Y/%m/%d"]
[columns]
date = "交易日期"
amount = "交易金额"
currency = "交易货币"
text = "交易摘要"
[signs]
rule = "reversed"
[currencies]
"人民币" = "CNY"
"""
BANKS = {
    "us": (
        US_BANK,
        'Details,Posting Date,Description,Amount,Type,Balance,Check or Slip #\r\n'
        'CREDIT,03/04/2026,"DEPOSIT, BRANCH 12","$1,250.00",ACH,"$2,200.50",\r\n'
        'DEBIT,03/03/2026,GROCERY,"($49.50)",DEBIT_CARD,$950.50,\r\n',
        [125000, -4950], (100000, 220050),
    ),
    "cmb": (
        CMB,
        '"# 招商银行交易记录"\n"# 账    号: [一卡通：6225********0001 长风]"\n'
        '"# 起始日期: [20260301]   终止日期: [20260331]"\n'
        '"交易日期","交易时间","收入","支出","余额","交易类型","交易备注"\n'
        '"\t20260302","\t10:00:01","399.00","","1,399.00","转账汇款","月卡 林小满"\n'
        '"\t20260303","\t11:30:00","","12.50","1,386.50","快捷支付","财付通"\n'
        '"# 收入合计: 1 笔, 共 399.00 元"\n"# 支出合计: 1 笔, 共 12.50 元"\n',
        [39900, -1250], (100000, 138650),
    ),
    "uk": (
        UK_BANK,
        '"Account Name:","Current ****01234"\n"Account Balance: ","£1,100.00"\n\n'
        '"Date","Transaction type","Description","Paid out","Paid in","Balance"\n'
        '"02 Mar 2026","Bank credit","A SMITH","","£250.00","£1,250.00"\n'
        '"03 Mar 2026","Visa purchase","TESCO","£150.00","","£1,100.00"\n',
        [25000, -15000], (100000, 110000),
    ),
    "card without a header": (
        CARD,
        "as of yesterday\n03/01/2026,DOLLARAMA   _M,1.96,,13.04\n03/02/2026,PAYMENT,,20.00,33.04\n",
        [-196, 2000], (1500, 3304),
    ),
    "card that bills": (
        INVERSE,
        "交易日期,入账日期,交易摘要,交易金额,交易货币\n2026/03/05,2026/03/06,（消费）商户,15.90,人民币\n"
        "2026/03/04,2026/03/04,（退款）商户,-97.20,人民币\n",
        [-1590, 9720], (None, None),
    ),
}  # fmt: skip


@pytest.mark.parametrize("bank", BANKS)
def test_a_bank_that_nobody_knew_is_read_by_a_map(tmp_path: Path, bank: str) -> None:
    map_text, content, amounts, balances = BANKS[bank]
    encoding = "latin-1" if bank == "uk" else "utf-8"
    rows, findings, found = read_text(tmp_path, content.encode(encoding), map_text=map_text)
    assert (found, money(rows), findings.differences) == ("csv", amounts, [])
    section = findings.sections[0]
    assert (section.opening_minor, section.closing_minor) == balances


def test_the_sample_map_reads_decimal_commas_and_umlauts() -> None:
    rows, findings, _ = read(SAMPLES / "sparkasse.csv", map_text=SPARKASSE)
    assert money(rows) == [104900, -21240, -490] and findings.differences == []
    assert rows[0].name == "Müller, Jörg" and rows[2].fee and rows[3].skip is Skip.PENDING


def test_running_balances_are_checked_newest_first_and_newest_last(tmp_path: Path) -> None:
    map_text, content, _, _ = BANKS["us"]
    lines = content.splitlines()
    turned = "\n".join([lines[0], *reversed(lines[1:])])
    for text in (content, turned):
        _, findings, _ = read_text(tmp_path, text, map_text=map_text)
        assert findings.sections[0].opening_minor == 100000 and findings.differences == []
    wrong = content.replace("$950.50", "$950.51")
    _, findings, _ = read_text(tmp_path, wrong, map_text=map_text)
    assert any("running balance" in each for each in findings.differences)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colour = 1", "line 1: colour is not known"),
        ("decimal = 5", "line 1: decimal is a text"),
        ('decimal = ";"', "line 1: decimal"),
        ('dates = ["%Y"]', "line 1: dates"),
        ("dates = []", "line 1: dates is missing"),
        ('encoding = "ebcdic"', "line 1: encoding is not supported"),
        ('delimiter = "xx"', "line 1: delimiter"),
        ('currency = "EURO"', "line 1: currency"),
        ('footer = ["("]', "line 1: footer is no pattern"),
        ('skip_rows = "3"', "line 1: skip_rows is a whole number"),
    ],
)
def test_an_error_of_a_map_names_its_line_and_key(line: str, said: str) -> None:
    key = line.partition(" ")[0]
    rest = "\n".join(each for each in US_BANK.splitlines() if not each.startswith(key))
    with pytest.raises(Invalid) as refused:
        read_form(f"{line}\n{rest}", "bank.toml")
    assert f"the map bank.toml, {said}" in refused.value.message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('amount = "Amount"', 'amout = "Amount"', "line 7: columns.amout is no column"),
        ('amount = "Amount"', "amount = true", "line 7: columns.amount"),
        ('amount = "Amount"', "amount = 0", "line 7: columns.amount"),
        ('date = "Posting Date"', "", "columns.date is missing"),
        ('rule = "signed"', 'rule = "guess"', "line 11: signs.rule is not known"),
        ('rule = "signed"', 'rule = "columns"', "columns.in and out are both needed"),
        ('rule = "signed"', 'rule = "direction"', "columns.direction is missing"),
        ("[signs]", "[signs", "is not TOML"),
        ('currency = "USD"', "", "currency is missing"),
    ],
)
def test_an_error_inside_a_table_of_a_map_names_its_line_and_key(
    old: str, new: str, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        read_form(US_BANK.replace(old, new), "bank.toml")
    assert said in refused.value.message


def test_all_maps_that_come_along_and_the_example_are_sound() -> None:
    from memberctl.bank.forms import example_map, known_forms

    assert {family for family, _ in known_forms()} == {"alipay", "wechat", "icbc"}
    assert read_form(example_map(), "example.toml").name
    assert read_map(str(SAMPLES / "sparkasse.toml")).name == "Sparkasse CSV-CAMT"
