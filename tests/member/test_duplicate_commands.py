"""`member duplicates`: over the store and over a file, masked, scored, grouped and explained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.program import Program

PEOPLE = """\
rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, \
date_of_birth, soc_sec_id
r1, harley, mccarthy, 177, pridham street, milton, marsden, 3165, nsw, 19080419, 6089216
r2, mccarthy, haryley, 177, pridhamstreet, , marsden, 3156, nsw, 19080419, 6089216
r3, harley, mccartyh, 177, pridham street, miltoh, marsden, 3165, , 19081904, 6089261
r4, petreece, lusted, 78, baseby place, , east branxton, 6214, sa, 19951320, 8084076
r5, olivia, white, 55, duffy street, shopping village, mirrabooka, 2260, vic, , 4996142
"""


@pytest.fixture
def people(tmp_path: Path) -> str:
    """A file of people in the columns of a public benchmark."""
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    return str(file)


def test_the_people_of_a_file_are_compared_before_anything_is_imported(
    memberctl: Program, people: str
) -> None:
    found = memberctl.ok("member", "duplicates", "--file", people, as_="sun")
    assert {(each["member"], each["other"]) for each in found} == {
        ("r1", "r2"), ("r1", "r3"), ("r2", "r3"),
    }  # fmt: skip
    assert {each["group"] for each in found} == {"r1"}
    assert all(each["score"] >= 90 for each in found)
    assert (found[0]["line"], found[0]["other_line"]) != (None, None)
    assert memberctl.ok("member", "list") == []


def test_a_pair_says_which_fields_agree_and_what_each_weighs(
    memberctl: Program, people: str
) -> None:
    line = ("member", "duplicates", "--file", people)
    pairs = {(each["member"], each["other"]): each for each in memberctl.ok(*line)}
    pair = pairs["r1", "r2"]
    assert pair["reason"].startswith("same birth_date, id_number; near name")
    weights = {part["field"]: float(part["weight"]) for part in pair["parts"]}
    assert weights["birth_date"] > 5 and weights["id_number"] > 5
    assert "parts" not in memberctl(*line).out
    assert (
        "id_number"
        in memberctl(*line, "--explain").out.splitlines()[0] + memberctl(*line, "--explain").out
    )


def test_a_file_comes_from_stdin_and_its_columns_by_a_mapping(
    memberctl: Program, tmp_path: Path
) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text('"Kunde" = "name"\n"geboren" = "birth_date"\n"Telefon" = "phone"\n')
    rows = "Kunde,geboren,Telefon\n张伟,1990-03-07,13800138000\n張偉,07/03/1990,138-0013-8000\n"
    line = ("member", "duplicates", "--file", "-", "--map", str(mapping))
    (pair,) = memberctl.ok(*line, stdin=rows)
    assert (pair["member"], pair["other"], pair["line"]) == ("line 2", "line 3", 2)


def test_a_row_that_cannot_be_read_is_said_and_the_others_are_compared(
    memberctl: Program, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,phone\n张\x1b[2J伟,13800138000\n张伟\n李娜,13800138001\n")
    done = memberctl("member", "duplicates", "--file", str(file))
    assert done.exit == 0
    assert "line 2" in done.err and "line 3" in done.err
    assert "\x1b" not in done.out + done.err


def test_over_the_store_the_score_decides_and_what_is_below_is_said(memberctl: Program) -> None:
    for born, phone in (("1990-03-07", "13800138001"), ("1990-03-07", "13900139777")):
        memberctl.ok(
            "member", "register", "张晓明", "--phone", phone, "--birth-date", born,
            "--override", "says he is another", as_="li",
        )  # fmt: skip
    memberctl.ok("member", "register", "张芳", "--phone", "13800138001", as_="li")
    (pair,) = memberctl.ok("member", "duplicates", as_="sun")
    assert (pair["member"], pair["other"], pair["group"]) == ("M-000001", "M-000002", "M-000001")
    assert pair["reason"] == "same name, birth_date; other phone"
    told = memberctl("member", "duplicates", as_="sun")
    assert "less probable than 50 %" in told.err
    assert len(memberctl.ok("member", "duplicates", "--min-score", "1")) == 2
    assert memberctl("member", "duplicates", "--min-score", "100").out.count("M-") == 0


@pytest.mark.parametrize("score", ["0", "101", "-5", "0.5", "x", "１", "9" * 5000])
def test_a_score_is_a_whole_number_of_percent(memberctl: Program, score: str) -> None:
    assert memberctl("member", "duplicates", "--min-score", score).exit == 6


def test_numbers_of_other_documents_are_compared_though_they_are_sealed(
    memberctl: Program,
) -> None:
    for phone, number in (("13800138001", "G1234567"), ("13800138002", "G1234576")):
        memberctl.ok(
            "member", "register", "Anna Schmidt", "--phone", phone, "--id-number", number, as_="li"
        )
    (pair,) = memberctl.ok("member", "duplicates", as_="sun")
    assert "near id_number" in pair["reason"]
    assert "G12345" not in json.dumps(pair)


def test_what_is_listed_shows_no_contact_data(memberctl: Program, people: str) -> None:
    done = memberctl("member", "duplicates", "--file", people, "--format", "json", "--explain")
    assert "6089216" not in done.out + done.err
    assert "pridham" not in done.out + done.err
