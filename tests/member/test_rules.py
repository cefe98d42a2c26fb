"""What a row says about a person, with all that is wrong with it."""

from __future__ import annotations

from datetime import date

import pytest

from memberctl.core.errors import Invalid
from memberctl.core.text import name_key
from memberctl.member.rules import (
    APPLICATION_COLUMNS,
    COLUMNS,
    Problem,
    Registration,
    checked_registration,
    parse_registration,
)
from memberctl.message.rules import Language

TODAY = date(2026, 3, 2)


def parsed(region: str = "CN", **cells: str) -> Registration | list[Problem]:
    """Return what a row with these cells says."""
    return parse_registration(cells, region=region, today=TODAY, source="crm", channel="import")


def good(region: str = "CN", **cells: str) -> Registration:
    """Return what a good row says."""
    found = parsed(region, **cells)
    assert isinstance(found, Registration), found
    return found


def codes(**cells: str) -> list[tuple[str, str]]:
    """Return field and code of everything wrong with a row."""
    found = parsed(**cells)
    assert isinstance(found, list), found
    return [(problem.field, problem.code) for problem in found]


def test_a_full_row_becomes_one_normal_value() -> None:
    found = good(
        external_ref=" A-1 ", name=" 张伟 ", phone="138-0013-8000", email="Zhang@Example.COM",
        birth_date="1949-12-31", id_number="11010519491231002x", address="上海市静安区1号",
        channel="web", branch="sh01", referrer="M-000007", language="EN",
    )  # fmt: skip
    assert found.name == found.name_key == "张伟"
    assert (found.phone, found.phone_typed) == ("+8613800138000", "138-0013-8000")
    assert found.email == "Zhang@example.com"
    assert found.birth_on == date(1949, 12, 31)
    assert found.document is not None and found.document.number == "11010519491231002X"
    assert (found.branch, found.channel, found.language) == ("SH01", "web", Language.ENGLISH)
    assert (found.source, found.external_ref, found.remarks) == ("crm", "A-1", ())


def test_everything_wrong_with_a_row_is_said_at_once() -> None:
    assert codes(
        name="", phone="110", email="a@b, c@d", id_number="110105194912310021",
        birth_date="31/04/2024", language="de", branch="?!",
    ) == [
        ("name", "text_empty"),
        ("phone", "phone_number"),
        ("email", "email_form"),
        ("id_number", "check_character"),
        ("birth_date", "date_form"),
        ("language", "language"),
        ("branch", codes(name="x", phone="13800138000", branch="?!")[0][1]),
    ]  # fmt: skip


def test_nobody_is_registered_who_cannot_be_reached() -> None:
    assert codes(name="张伟") == [("phone", "unreachable")]
    assert good(name="张伟", email="a@example.com").phone is None


def test_a_birth_date_that_is_not_the_one_in_the_resident_id_is_refused() -> None:
    row = {"name": "张伟", "phone": "13800138000", "id_number": "11010519491231002X"}
    assert codes(**row, birth_date="1949-12-30") == [("birth_date", "birth_date_differs")]
    assert good(**row).birth_on == date(1949, 12, 31)


@pytest.mark.parametrize(
    "text", ["2023-02-29", "31/04/2024", "0001-01-01", "2026-03-03", "2024-W01-1"]
)
def test_a_birth_date_that_cannot_be_is_refused(text: str) -> None:
    assert [field for field, _ in codes(name="Li", phone="13800138000", birth_date=text)] == [
        "birth_date"
    ]


@pytest.mark.parametrize(
    "name",
    [
        "A\x1b[2J\x1b[H", "\x1b]8;;http://evil\x1b\\click", "\x1b]52;c;cm0gLXJm\x07", "\x9b31m",
        "good\rEVIL", "a\x00b", "abc\u202egpj.exe", "\u2066x\u2069", "Li\u200b",
        "e" + "\u0301" * 300,
        "\u3164", "   ", "", "\udce9", "x" * 10_000, "a\U000e0041", "\ue000",
    ],
)  # fmt: skip
def test_a_hostile_name_is_refused(name: str) -> None:
    assert [field for field, _ in codes(name=name, phone="13800138000")] == ["name"]


@pytest.mark.parametrize(
    "name",
    [
        "[red]x[/red]", "[/]", "[link=https://evil]Zhang[/link]", ":smiley: Li", "𠮷", "王小明",
        "Nguyễn", "O'Brien", "Ng", "van der Berg", "null", "None", "True", "NaN", "-", "-rf",
        "Robert'); DROP TABLE member;--", "%", "_", "$secret", "{{7*7}}", "<b>x</b>",
    ],
)  # fmt: skip
def test_an_unusual_name_is_kept_as_it_is(name: str) -> None:
    assert good(name=name, phone="13800138000").name == name


@pytest.mark.parametrize("name", ["张伟", "Zhang Wei", "É", "𠮷田", "王 小明", "ﬁ"])
def test_the_key_of_a_name_is_the_one_that_all_comparisons_use(name: str) -> None:
    found = good(name=name, phone="13800138000")
    assert found.name_key == name_key(found.name)


def test_every_common_ideograph_is_its_own_key() -> None:
    block = "".join(map(chr, range(0x4E00, 0xA000)))
    assert name_key(block) == block


def test_look_alike_letters_and_unknown_counties_are_remarked_on() -> None:
    assert [each.code for each in good(name="P\u0430vel", phone="13800138000").remarks] == [
        "mixed_script"
    ]
    unknown = good(name="张伟", phone="13800138000", id_number="119999194912310021")
    assert [each.code for each in unknown.remarks] == ["county"]


def test_a_number_that_a_spreadsheet_destroyed_is_refused_in_every_column() -> None:
    row = {"name": "Li", "phone": "13800138000"}
    assert codes(**row, id_number="1.10101E+17") == [("id_number", "excel_number")]
    assert codes(**row, external_ref="1.10101E+17") == [("external_ref", "excel_number")]
    assert codes(name="Li", phone="1.38001E+10") == [("phone", "excel_number")]


def test_the_language_follows_the_region_until_it_is_said() -> None:
    assert good("CN", name="Li", phone="13800138000").language is Language.CHINESE
    assert good("GB", name="Li", phone="+8613800138000").language is Language.ENGLISH


def test_a_source_is_kept_only_with_a_reference() -> None:
    assert good(name="Li", phone="13800138000").source is None


def test_a_single_registration_is_refused_with_every_reason() -> None:
    found = parsed(name="", phone="110")
    with pytest.raises(Invalid) as refused:
        checked_registration(found)
    assert refused.value.message.count(";") == 1
    assert refused.value.field == "name"


def test_applications_have_the_columns_of_members_and_two_more() -> None:
    assert APPLICATION_COLUMNS.keys() - COLUMNS.keys() == {"plan", "agreed_on"}


def test_no_name_of_a_column_means_two_things() -> None:
    names = [name for others in APPLICATION_COLUMNS.values() for name in others]
    assert len(names) == len(set(names))
