"""Downloads as banks made them that nobody thought of when the reader was written. Source: M15."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import NamedTuple

import pytest

from memberctl.bank.mapping import read_form
from memberctl.core.errors import Invalid
from tests.bank.opened import Read, money, read, read_text
from tests.program import Program

FILES = Path(__file__).parent / "files" / "unseen"
MAPS = {"ccb-later": "ccb"}


class Bank(NamedTuple):
    """What a file holds.

    amounts -- minor units of what is money; skips -- why the other rows are none
    balances -- before and behind the rows of each account, in minor units
    """

    amounts: list[int]
    skips: list[str]
    balances: list[tuple[int | None, int | None]]


CAMT = Bank(
    [10000, 10000, 10000, -2000, -150, 2500, 2500, -150, 1000, 1000], ["pending"],
    [(100000, 134700)],
)  # fmt: skip
BANKS = {
    "alipay-2024.csv": Bank([364800, 40000, -2850], ["neutral", "zero"], [(None, None)]),
    "wechat-2025.csv": Bank([2816, 2816, -100000], ["neutral"], [(None, None)]),
    "icbc-company.csv": Bank([365000, -5000, 5000, 10000], [], [(1000000, 1365000), (0, 10000)]),
    "ccb.csv": Bank([-2816, 120000, 120000, -200], [], [(100000, 336984)]),
    "ccb-later.csv": Bank([120000, 120000, -200, 16], [], [(97184, 337000)]),
    "abc.csv": Bank([100000, 100000, -5000, 5000], [], [(1000000, 1200000)]),
    "boc.txt": Bank([365000, -500], [], [(0, 364500)]),
    "dkb.csv": Bank([105000, -1544], ["pending"], [(None, 123456)]),
    "volksbank.csv": Bank([105050, -5000], [], [(105000, 205050)]),
    "natwest.csv": Bank([25000, -50, -50], [], [(100000, 124900)]),
    "us.csv": Bank([25025, -5000], ["zero"], [(100000, 120025)]),
    "ing.sta": Bank([156, -157, -157, 200], [], [(66223, 66265)]),
    "leap-day.sta": Bank([1000, 1000, 1000, 1000, 300, -1000], [], [(0, 2300), (-550, 450)]),
    "camt-02.xml": CAMT,
    "camt-08.xml": CAMT,
    "camt-10.xml": CAMT,
}


def map_of(name: str) -> Path | None:
    """Return the map that a file is read with, None where its form is known."""
    stem = Path(name).stem
    path = FILES / f"{MAPS.get(stem, stem)}.toml"
    return path if path.exists() else None


def read_bank(name: str) -> Read:
    path = map_of(name)
    return read(FILES / name, map_text=None if path is None else path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", BANKS)
def test_a_download_is_read_whole_and_bears_out_what_it_states(name: str) -> None:
    rows, findings, _ = read_bank(name)
    bank = BANKS[name]
    assert money(rows) == bank.amounts
    assert [row.skip for row in rows if row.skip] == bank.skips
    assert findings.differences == []
    found = [(each.opening_minor, each.closing_minor) for each in findings.sections]
    assert found == bank.balances
    assert all(row.raw for row in rows)


def test_every_download_is_taken_in_once_by_the_command(shop: Program) -> None:
    """Each into an account of its own: the first time all of it, the second time nothing."""
    for place, (name, bank) in enumerate(BANKS.items()):
        if name == "ccb-later.csv":
            continue
        code = f"B{place:02}"
        shop.ok("bank", "account", "add", code, "--method", "bank", as_="qian")
        path = map_of(name)
        mapped = () if path is None else ("--map", str(path))
        line = ("bank", "import", str(FILES / name), "--account", code, *mapped, "-f", "json")
        first, again = (shop(*line, as_="qian") for _ in range(2))
        assert (first.exit, again.exit) == (0, 0), f"{name}: {first.err}"
        assert first.json["new"] == len(bank.amounts) and first.json["differences"] == []
        assert (again.json["new"], again.json["duplicate"]) == (0, len(bank.amounts)), name


def test_an_overlapping_download_that_counts_its_rows_anew_adds_only_what_is_new(
    memberctl: Program,
) -> None:
    """序号 begins at 1 in every file, so it is no part of what makes a row itself."""
    counted = []
    for name in ("ccb.csv", "ccb-later.csv", "ccb.csv"):
        line = ("bank", "import", str(FILES / name), "--account", "BANK")
        done = memberctl(*line, "--map", str(FILES / "ccb.toml"), "-f", "json", as_="qian")
        assert done.exit == 0, done.err
        counted.append((done.json["new"], done.json["duplicate"]))
    assert counted == [(4, 0), (1, 3), (0, 4)]


def test_the_entries_of_a_camt_may_be_numbered_anew_in_the_next_download(tmp_path: Path) -> None:
    rows, _, _ = read_bank("camt-02.xml")
    text = (FILES / "camt-02.xml").read_text(encoding="utf-8")
    assert "<NtryRef>1<" in text
    renumbered = text.replace("<NtryRef>1<", "<NtryRef>71<")
    again, _, _ = read_text(tmp_path, renumbered)
    assert [row.content for row in again] == [row.content for row in rows]


def test_the_29th_of_february_stays_the_29th_in_a_swift_statement() -> None:
    rows, _, _ = read_bank("leap-day.sta")
    assert [row.booked_on for row in rows][:3] == [date(2028, 2, 29)] * 3


def test_details_are_told_apart_whatever_sign_a_bank_marks_them_with() -> None:
    rows, _, _ = read_bank("leap-day.sta")
    assert [row.name for row in rows[2:4]] == ["Jörg Weiss"] * 2
    assert rows[2].text == "GUTSCHRIFT Beitrag JN-2026"
    assert rows[3].references == ("E123",) and rows[5].text == "RETOURE"
    dutch, _, _ = read_bank("ing.sta")
    assert [row.name for row in dutch] == ["INGTEST BANK NV", "", "J.Jansen", ""]
    assert "EV12341REP1231456T1234" in dutch[0].references


def test_what_a_bank_kept_of_payments_is_a_fee_beside_the_whole_payments() -> None:
    """50.00 were paid and 48.50 booked: each payment can settle its order, 1.50 is a fee."""
    rows, _, _ = read_bank("camt-08.xml")
    assert [(row.amount_minor, row.fee) for row in rows[6:9]] == [
        (2500, False), (2500, False), (-150, True),
    ]  # fmt: skip


def test_charges_that_do_not_add_up_leave_the_booking_whole(tmp_path: Path) -> None:
    text = (FILES / "camt-08.xml").read_text(encoding="utf-8")
    changed = text.replace(">1.50</ns2:TtlChrgsAndTaxAmt>", ">1.40</ns2:TtlChrgsAndTaxAmt>")
    changed = changed.replace(
        '<ns2:Rcrd><ns2:Amt Ccy="CHF">1.50', '<ns2:Rcrd><ns2:Amt Ccy="CHF">1.40'
    )
    assert changed != text
    rows, findings, _ = read_text(tmp_path, changed)
    assert 4850 in money(rows) and findings.differences == []


def test_what_takes_a_booking_back_is_told_only_by_the_map(tmp_path: Path) -> None:
    """红字冲销: below 0 beside 借. A map that does not say so gives a difference, not a guess."""
    unsaid = (FILES / "abc.toml").read_text(encoding="utf-8").replace("reversals=true\n", "")
    rows, findings, _ = read(FILES / "abc.csv", map_text=unsaid)
    assert money(rows)[-1] == -5000
    assert (
        "line 7: money out is below 0, on line 6 above it: the map says signs.reversals = true"
        " where it takes a booking back"
    ) in findings.differences


def test_times_and_purposes_are_read_as_they_stand() -> None:
    rows, _, _ = read_bank("abc.csv")
    assert [row.booked_at for row in rows[:3]] == [time(9, 5, 7), time(9, 5, 7), time(14, 3, 22)]
    rows, _, _ = read_bank("boc.txt")
    assert rows[0].text == "年卡\r\n续费" or rows[0].text == "年卡\n续费"
    rows, _, _ = read_bank("dkb.csv")
    assert rows[1].text == 'Strom "März"\nAbschlag' and rows[0].references == ()


def test_a_total_that_is_not_that_of_the_rows_is_said(tmp_path: Path) -> None:
    changed = (FILES / "icbc-company.csv").read_bytes().replace(b'"3,750.00"', b'"3,760.00"')
    _, findings, _ = read_text(tmp_path, changed)
    assert findings.differences == [
        "money in: the file states 3760.00, the rows come to 3750.00 CNY"
    ]


def test_a_statement_in_an_envelope_of_its_bank_is_read(tmp_path: Path) -> None:
    text = (FILES / "camt-10.xml").read_text(encoding="utf-8")
    head, body = text.split("\n", 1)
    wrapped = f'{head}\n<Envelope xmlns="urn:x"><AppHdr><Id>1</Id></AppHdr>{body}</Envelope>\n'
    rows, findings, _ = read_text(tmp_path, wrapped)
    assert money(rows) == CAMT.amounts and findings.differences == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "is empty"),
        ("<?xml version='1.0' encoding='GB18030'?><Document/>".encode("gb18030"), "GB18030"),
        (b"<html><body><table/></body></html>", "BkToCstmrStmt"),
        (b"<?xml version='1.0'?><Report><Line/></Report>", "BkToCstmrStmt"),
    ],
)
def test_what_is_no_statement_is_refused_in_words(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        read_text(tmp_path, content)


def test_a_table_of_an_unknown_bank_says_so_without_listing_every_form(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="in no form that is known") as refused:
        read_text(tmp_path, "Date,Description,Sum\n")
    assert "bank map example" in (refused.value.hint or "")


def test_a_map_that_does_not_fit_names_the_line_and_the_column_that_it_lacks(
    tmp_path: Path,
) -> None:
    with pytest.raises(Invalid, match="line 2 lacks Amount"):
        read_text(
            tmp_path, "made yesterday\nDate,Description,Sum\n",
            map_text=(FILES / "us.toml").read_text(encoding="utf-8"),
        )  # fmt: skip


def test_a_name_in_the_header_may_go_over_two_lines(tmp_path: Path) -> None:
    mapped = (FILES / "us.toml").read_text(encoding="utf-8").replace('"Amount"', '"Amount (USD)"')
    content = 'sep=;\n"Date";"Amount\n(USD)";Description;"Running Bal."\n03/02/2026;5.00;"x";5.00\n'
    rows, findings, _ = read_text(tmp_path, content, map_text=mapped)
    assert money(rows) == [500] and rows[0].line == 4 and findings.differences == []


SOUND = 'currency = "CNY"\ndates = ["%Y-%m-%d"]\n[columns]\ndate = "d"\namount = "a"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SOUND + 'in = "i"\nout = "o"\n', "line 5: columns.amount does not go with signs.rule"),
        (SOUND + 'direction = "w"\n[signs]\nrule = "signed"\n', "columns.direction does not go"),
        (SOUND + 'direction = "w"\n[signs]\nin = ["a"]\nout = ["a"]\n', "signs.out has a word"),
        (SOUND.replace('"a"', '"d"'), "columns.amount is the column of date too"),
        ("skip_rows = -1\n" + SOUND, "line 1: skip_rows is not below 0"),
        ('needed = [["a"]]\n' + SOUND, "line 1: needed lists keys"),
        (SOUND + '[currencies]\n"元" = {a = 1}\n', "line 7: currencies.元 is no currency"),
        (SOUND + "[signs]\nreversals = 1\n", "line 7: signs.reversals is true or false"),
        (SOUND + "[signs]\nin = [1]\n", "line 7: signs.in is a list of texts"),
        ('encoding = "utf-9"\n' + SOUND, "line 1: encoding is not supported"),
    ],
)
def test_a_map_with_two_rules_or_a_wrong_value_gives_one_clear_error(text: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_form(text, "bank.toml")
    assert said in refused.value.message
