"""Roles, rights, codes and particulars of staff and branches."""

from __future__ import annotations

import pytest

from memberctl.core.errors import Invalid, NotPermitted, RuleRefused
from memberctl.office import rights, rules
from memberctl.office.rules import Role
from tests.office.bad_values import (
    ACCEPTED_NAMES,
    REFUSED_CODES,
    REFUSED_COUNTS,
    REFUSED_NAMES,
)


@pytest.mark.parametrize("right", sorted(rights.RIGHTS))
def test_the_owner_may_do_what_any_role_may(right: str) -> None:
    assert rights.may({Role.OWNER}, right)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_nobody_but_the_owner_changes_staff_and_policy(role: Role) -> None:
    assert not rights.may({role}, "office.change")


def test_a_right_that_is_not_listed_nobody_has_but_the_owner() -> None:
    assert not rights.may(set(Role) - {Role.OWNER}, "money.print")


def test_a_refusal_says_which_roles_would_do() -> None:
    with pytest.raises(NotPermitted, match=r"li has no right to payment\.verify.*finance or owner"):
        rights.require({Role.SERVICE}, "payment.verify", "li")


@pytest.mark.parametrize("number", REFUSED_CODES)
def test_a_code_with_anything_but_letters_digits_and_marks_is_refused(number: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.parse_code(REFUSED_CODES[number], what="a code")
    assert refusal.value.rule == "code_form"
    assert REFUSED_CODES[number].strip() not in refusal.value.message or number.startswith("16")


@pytest.mark.parametrize("code", ["li", "Zhang.San", "SH01", "a_b-c", "年卡", "0", "x" * 32])
def test_a_code_of_any_language_is_kept_as_it_is(code: str) -> None:
    assert rules.parse_code(f" {code} ", what="a code") == code


def test_a_code_of_33_letters_is_refused() -> None:
    with pytest.raises(Invalid):
        rules.parse_code("x" * 33, what="a code")


def test_a_composed_and_a_decomposed_letter_are_one_code() -> None:
    assert rules.parse_code("Jose\u0301", what="a code") == "Jos\u00e9"


def test_staff_are_small_letters_and_branches_capitals_however_they_are_typed() -> None:
    assert (rules.staff_key("LI"), rules.branch_key("sh01")) == ("li", "SH01")


@pytest.mark.parametrize("number", REFUSED_NAMES)
def test_a_name_with_hidden_or_controlling_characters_is_refused(number: str) -> None:
    for make in (
        lambda name: rules.new_staff("li", name, [Role.SERVICE]),
        lambda name: rules.new_branch("SH01", name),
    ):
        with pytest.raises(Invalid) as refusal:
            make(REFUSED_NAMES[number])
        assert refusal.value.field == "name"


@pytest.mark.parametrize("number", ACCEPTED_NAMES)
def test_an_unusual_name_is_kept_unchanged(number: str) -> None:
    assert rules.new_branch("SH01", ACCEPTED_NAMES[number]).name == ACCEPTED_NAMES[number]


@pytest.mark.parametrize(("typed", "uid"), [("0", 0), ("1001", 1001), (" 4294967294 ", 2**32 - 2)])
def test_a_uid_is_a_whole_number(typed: str, uid: int) -> None:
    assert rules.parse_uid(typed) == uid


@pytest.mark.parametrize("typed", [*REFUSED_COUNTS.values(), "4294967295", "root"])
def test_a_uid_that_no_system_has_is_refused(typed: str) -> None:
    if typed == REFUSED_COUNTS["63"]:
        assert rules.parse_uid(typed) == 10**9
        return
    with pytest.raises(Invalid, match="a uid is a whole number"):
        rules.parse_uid(typed)


def test_the_only_owner_cannot_go() -> None:
    with pytest.raises(RuleRefused, match="the only owner"):
        rules.refuse_ownerless("owner", ["owner"])
    rules.refuse_ownerless("owner", ["li", "owner"])
    rules.refuse_ownerless("li", ["owner"])


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("yaer", "did you mean YEAR?"), ("MONHT", "did you mean MONTH?"), ("zz", "there are MONTH,")],
)
def test_a_wrong_code_is_answered_with_a_near_one_or_all(typed: str, answer: str) -> None:
    assert rules.suggestion(typed, ["YEAR", "MONTH"]).startswith(answer)


def test_a_long_list_of_codes_is_cut_and_counted() -> None:
    said = rules.suggestion("?", [f"c{n:03}" for n in range(25)])
    assert said.startswith("there are c000, ") and said.endswith(" and 5 more")


def test_what_was_typed_is_never_repeated_in_a_suggestion() -> None:
    assert "13800138000" not in rules.suggestion("13800138000", ["YEAR"])
    assert rules.suggestion("x", []) == "there are none yet"


def test_the_first_five_faults_of_a_file_are_said_and_the_rest_counted() -> None:
    assert rules.first_faults(["a", "b"]) == "a; b"
    assert rules.first_faults(list("abcdefg")) == "a; b; c; d; e; and 2 more"
