"""camt.053: every version, bookings of several payments, reversals."""

from __future__ import annotations

from pathlib import Path

import pytest

from memberctl.bank.rules import Skip
from tests.bank.opened import money, read_text
from tests.bank.texts import camt, entry


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


def test_an_entry_in_a_currency_of_the_past_is_left_out_and_named(tmp_path: Path) -> None:
    old = entry("5.00").replace('"EUR"', '"DEM"')
    rows, findings, _ = read_text(tmp_path, camt([entry("1.00"), old], closing="1.00"))
    assert [row.skip for row in rows] == [None, Skip.UNREADABLE]
    assert findings.differences[0].endswith(
        "the entry is left out: DEM is no currency that memberctl knows"
    )
