"""How alike names, dates, numbers and addresses are: the levels, with what people really write."""

from __future__ import annotations

import pytest

from memberctl.member.likeness import (
    Level,
    compare_codes,
    compare_dates,
    compare_emails,
    compare_houses,
    compare_names,
    compare_streets,
    name_parts,
    person,
    sound,
)


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Jacob Lanyon", "lanyon, JACOB", Level.SAME),
        ("Jacob Lanyon", "jac ob lanyon", Level.SAME),
        ("Jacob Lanyon", "Jakob Lanyon", Level.NEAR),
        ("Jacob Lanyon", "Jcaob Lanyno", Level.NEAR),
        ("Matthew Donaldson", "Donaldson", Level.PART),
        ("Sarah White", "Emily White", Level.SHARED),
        ("Sarah White", "Thomas Green", Level.DIFFERENT),
        ("Joseph Phelps", "Josef Phelps", Level.NEAR),
        ("Tara Whiteh", "Trey White", Level.SHARED),
        ("Ng Li", "Ng Lu", Level.SHARED),
        ("张小明", "張小明", Level.SAME),
        ("张小明", "张晓明", Level.NEAR),
        ("张小明", "张明小", Level.NEAR),
        ("张伟", "张玮", Level.SHARED),
        ("张伟", "李伟", Level.SHARED),
        ("张伟", "王芳", Level.DIFFERENT),
        ("欧阳修", "欧阳询", Level.SHARED),
        ("Nguyễn Văn Anh", "nguyễn văn anh", Level.SAME),
    ],
)
def test_names_are_compared_whatever_their_order_and_script(
    one: str, other: str, level: Level
) -> None:
    for left, right in ((one, other), (other, one)):
        found = compare_names(person(1, left), person(2, right))
        assert found is not None
        assert found[0] is level


def test_a_chinese_name_is_parted_into_surname_and_given_name() -> None:
    assert name_parts("欧阳娜娜") == (("欧阳", "娜娜"), True)
    assert name_parts("王 芳") == (("王", "芳"), True)
    assert name_parts("Smith-Jones, Anna") == (("anna", "jones", "smith"), False)


def test_a_missing_name_says_nothing() -> None:
    assert compare_names(person(1, ""), person(2, "张伟")) is None


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("19560409", "19560409", Level.SAME),
        ("19560409", "19560904", Level.NEAR),
        ("19560409", "19560490", Level.NEAR),
        ("19560409", "1956049", Level.NEAR),
        ("19560409", "19560411", Level.PART),
        ("19560409", "19700409", Level.PART),
        ("19560409", "19701231", Level.DIFFERENT),
        ("19560409", None, None),
    ],
)
def test_a_slip_in_a_date_or_day_and_month_exchanged_is_near(
    one: str, other: str | None, level: Level | None
) -> None:
    assert compare_dates(one, other) is level
    assert compare_dates(other, one) is level


def test_numbers_and_addresses_of_e_mail_forgive_one_slip() -> None:
    assert compare_codes("7535316", "7535361") is Level.NEAR
    assert compare_codes("7535316", "7533561") is Level.DIFFERENT
    assert compare_codes(b"12", b"13") is Level.DIFFERENT
    assert compare_emails("zhangwei@qq.com", "zhangwei@163.com") is Level.NEAR
    assert compare_emails("zhangwei@qq.com", "zhagnwei@qq.com") is Level.NEAR
    assert compare_emails("li@qq.com", "lu@qq.com") is Level.DIFFERENT


def test_an_address_is_compared_by_its_words_and_by_its_numbers() -> None:
    one = person(1, "x", address="长乐路900弄23号")
    other = person(2, "x", address="上海市静安区长乐路 900弄23号")
    worth = dict.fromkeys(one.street | other.street, 1.0)
    assert compare_streets(one.street, other.street, worth) is Level.PART
    assert compare_houses(one.house, other.house) is Level.SAME
    assert compare_houses(frozenset({"23"}), frozenset({"23", "900"})) is Level.NEAR
    assert compare_houses(frozenset({"23", "2602"}), frozenset({"23", "2620"})) is Level.NEAR
    assert compare_houses(frozenset({"23"}), frozenset({"7"})) is Level.DIFFERENT
    assert compare_houses(frozenset(), frozenset({"7"})) is None


def test_parts_of_names_that_sound_alike_share_a_code() -> None:
    assert sound("stephen") == sound("steven") == sound("stefan")
    assert sound("kathryn") == sound("katrin")
    assert sound("white") != sound("green")
    assert sound("伟") == "伟"
