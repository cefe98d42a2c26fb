"""MT940: marks, balances, details and years."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from memberctl.bank.rules import Skip
from memberctl.core.errors import Invalid
from tests.bank.opened import money, read_text
from tests.bank.texts import swift


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


def test_a_currency_of_the_past_is_named_with_the_line_it_stands_on(tmp_path: Path) -> None:
    content = swift(opening="C260302DEM0,", closing="C260302DEM0,")
    with pytest.raises(Invalid, match="DEM is no currency that memberctl") as refused:
        read_text(tmp_path, content)
    assert "currencies that are in use" in (refused.value.hint or "")
