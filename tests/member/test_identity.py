"""Identity documents: valid ones become one form, others name the rule they break."""

from __future__ import annotations

import random
from datetime import date

import pytest
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from memberctl.core.errors import Invalid
from memberctl.member.identity import (
    DocumentKind,
    county_is_known,
    normal_business_code,
    normal_document,
    normal_passport,
    normal_resident_id,
)

TODAY = date(2026, 3, 2)
MANY = 20_000
SEED = 20260303


def rule_of(text: str) -> str:
    """Return the rule that refuses an identity number."""
    with pytest.raises(Invalid) as refused:
        normal_resident_id(text, today=TODAY)
    assert text not in refused.value.message
    return refused.value.rule


def generated_id(chance: random.Random) -> str:
    """Return 18 characters that are mostly a resident ID."""
    born = (
        f"{chance.randrange(1900, 2027)}{chance.randrange(1, 14):02d}{chance.randrange(1, 33):02d}"
    )
    place = chance.choice(["110105", "310101", "440305", "650102"])
    body = f"{place}{born}{chance.randrange(1000):03d}"
    return body + chance.choice([ric.calc_check_digit(body + "0"), chance.choice("0123456789X")])


def library_accepts(number: str) -> bool:
    """Whether python-stdnum finds the check character and the birth date right."""
    try:
        born = ric.get_birth_date(number)
    except ValidationError:
        return False
    return number[-1] == ric.calc_check_digit(number) and born <= TODAY


def test_resident_ids_are_judged_as_the_library_judges_them() -> None:
    chance = random.Random(SEED)
    accepted = 0
    for _ in range(MANY):
        number = generated_id(chance)
        try:
            ours = normal_resident_id(number, today=TODAY) == number
        except Invalid:
            ours = False
        assert ours == library_accepts(number), f"seed {SEED}: {number}"
        accepted += ours
    assert accepted > MANY / 5, "too few of the generated numbers are valid to prove anything"


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002X",
        "11010519491231002x",
        "110105 19491231 002X",
        "１１０１０５１９４９１２３１００２Ｘ",
    ],
)
def test_every_way_to_write_one_resident_id_gives_one_form(text: str) -> None:
    found = normal_document(text, today=TODAY)
    assert found == (DocumentKind.RESIDENT_ID, "11010519491231002X", date(1949, 12, 31))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("110105194912310021", "check_character"),
        ("1101051949123100", "length"),
        ("11010519491231002", "length"),
        ("110105194902300023", "birth_date"),
        ("110105209912310028", "birth_date"),
        ("000000194912310021", "region"),
        ("110105491231002", "old_form"),
        ("1101051949123100AX", "digits"),
        ("1.10105E+17", "excel_number"),
    ],
)
def test_a_wrong_resident_id_names_the_rule_and_not_the_number(text: str, rule: str) -> None:
    assert rule_of(text) == rule


def test_one_swap_of_neighbours_is_found() -> None:
    assert rule_of("11010519491231020X") == "check_character"


def test_a_county_that_no_list_has_is_known_as_such_and_not_refused() -> None:
    assert county_is_known("110105")
    assert not county_is_known("119999")
    body = "11999919491231002"
    assert normal_resident_id(body + ric.calc_check_digit(body + "0"), today=TODAY)


def test_a_business_code_is_told_from_a_resident_id() -> None:
    found = normal_document("91110000600037341l", today=TODAY)
    assert found == (DocumentKind.BUSINESS_CODE, "91110000600037341L", None)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("91110000600037341A", "check_character"),
        ("9111", "length"),
        ("911100006000373I1L", "digits"),
    ],
)
def test_a_wrong_business_code_names_the_rule(text: str, rule: str) -> None:
    with pytest.raises(Invalid) as refused:
        normal_business_code(text)
    assert refused.value.rule == rule


def test_a_passport_is_taken_in_capitals() -> None:
    assert normal_document("e12345678", today=TODAY) == (DocumentKind.PASSPORT, "E12345678", None)


def test_what_is_too_short_for_a_passport_is_refused() -> None:
    with pytest.raises(Invalid, match="passport"):
        normal_passport("E12")
