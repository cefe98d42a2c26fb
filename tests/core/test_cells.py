"""Columns are recognised by what people call them, and spreadsheets neither run nor spoil cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.core.errors import Invalid
from memberctl.core.rows import excel_damaged, match_header, neutralise_cell, restore_cell

SYNONYMS = {"name": ["full name", "姓名"], "phone": ["mobile", "手机"], "plan": ["套餐"]}
TRICKY = st.text(st.sampled_from(list("'\"=+-@ \t\r\n\0＝＠a1“’")), max_size=8)


def test_columns_are_found_by_key_and_by_every_name_in_any_order():
    found = match_header(["手机", "Full_Name", "PLAN"], SYNONYMS, required=["name"])

    assert found == {"phone": 0, "name": 1, "plan": 2}


def test_i1_the_columns_of_a_rejects_file_are_passed_over():
    header = ["name", "_row", "_code", "_field", "_message"]

    assert match_header(header, SYNONYMS, required=["name"]) == {"name": 0}


def test_i2_what_our_own_list_shows_besides_is_passed_over_only_in_a_whole_export():
    own = ("number", "name", "phone")

    assert match_header(["phone", "number", "name"], SYNONYMS, required=[], own_list=own) == {
        "phone": 0, "name": 2,
    }  # fmt: skip
    for header in (["number", "name"], ["number", "name", "phone", "status"]):
        with pytest.raises(Invalid, match="is not known"):
            match_header(header, SYNONYMS, required=[], own_list=own)


def test_an_unknown_column_is_refused_with_a_guess():
    with pytest.raises(Invalid, match='column 2, "phnoe", is not known') as refused:
        match_header(["name", "phnoe"], SYNONYMS, required=["name"])

    assert refused.value.hint.startswith("did you mean phone?")
    assert refused.value.allowed == ("name", "phone", "plan")


def test_without_a_header_the_first_person_is_not_repeated_in_the_refusal():
    with pytest.raises(Invalid) as refused:
        match_header(["王小明", "13800138000"], SYNONYMS, required=["name"])

    assert refused.value.message == "column 1 is not known"


def test_an_unknown_column_may_be_passed_over_on_request():
    found = match_header(["shoe size", "name"], SYNONYMS, required=["name"], ignore_extra=True)

    assert found == {"name": 1}


def test_two_columns_of_one_meaning_are_refused():
    with pytest.raises(Invalid, match="columns 1 and 3 both mean phone"):
        match_header(["mobile", "name", "手机"], SYNONYMS, required=[])


def test_every_missing_column_is_named():
    with pytest.raises(Invalid, match="lacks name, plan"):
        match_header(["phone"], SYNONYMS, required=["name", "phone", "plan"])


def test_a_mapping_is_stronger_than_the_names_we_know():
    found = match_header(
        ["Mobile", "Wer"], SYNONYMS, required=["plan"], mapping={"mobile": "plan", "wer": "name"}
    )

    assert found == {"plan": 0, "name": 1}


@pytest.mark.parametrize("mapping", [{"name": "shoe"}, {"Namen": "name"}])
def test_a_mapping_that_fits_nothing_is_refused(mapping):
    with pytest.raises(Invalid, match="mapping"):
        match_header(["name"], SYNONYMS, required=[], mapping=mapping)


@pytest.mark.parametrize(
    "text",
    ['=HYPERLINK("http://e","x")', "@SUM(1)", "+1", "\t=1", "＝1", "-100.00", "\r1", "\0", ' "=1'],
)
def test_a_cell_that_a_spreadsheet_would_run_is_marked(text):
    assert neutralise_cell(text) == "'" + text


@pytest.mark.parametrize(
    "text", ["110101199003074514", "0012", "王小明", "O'Brien", "a=b", "", "'x"]
)
def test_a_harmless_cell_stays_as_it_is(text):
    assert neutralise_cell(text) == text == restore_cell(text)


@given(TRICKY | st.text())
def test_i2_a_cell_that_goes_out_and_comes_back_is_the_same(text):
    assert restore_cell(neutralise_cell(text)) == text


@given(TRICKY)
def test_nothing_marked_still_begins_like_a_formula(text):
    assert neutralise_cell(text)[:1] not in set("=+-@\t\r\0＝＠")


@pytest.mark.parametrize(
    "text", ["1.10105E+17", "1.10101E+17", "1,10105E+17", "1E+11", " 1.1e+17 "]
)
def test_i3_a_number_that_excel_has_destroyed_is_recognised(text):
    assert excel_damaged(text)


@pytest.mark.parametrize("text", ["110101199003074514", "E12345678", "1.5", "", "12E+1", "Li"])
def test_other_text_is_not_called_destroyed(text):
    assert not excel_damaged(text)
