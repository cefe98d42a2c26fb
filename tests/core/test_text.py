"""Text is let in unchanged or refused, shown harmlessly, compared fairly and hidden by default."""

from __future__ import annotations

import random
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.core.errors import Invalid
from memberctl.core.text import (
    _PLAIN,
    Kind,
    Personal,
    clean_text,
    mask_email,
    mask_id_number,
    mask_phone,
    mixed_script,
    name_key,
    safe,
)

ANYTHING = st.text(st.characters(codec=None), max_size=30)


def dangerous(character: str) -> bool:
    """An independent model of what may not reach a terminal."""
    if 0x20000 <= ord(character) <= 0x3FFFD and ord(character) & 0xFFFE != 0xFFFE:
        return False
    category = unicodedata.category(character)
    return category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A\x1b[2J\x1b[H", "A\\x1b[2J\\x1b[H"),
        ("\x9b31m", "\\x9b31m"),
        ("good\rEVIL", "good\\x0dEVIL"),
        ("abc\u202egpj.exe", "abc\\u202egpj.exe"),
        ("\U000e0041", "\\U000e0041"),
        ("\ue000", "\\ue000"),
        ("\udce9", "\\udce9"),
        ("a\u2028b", "a\\u2028b"),
        ("[red]王小明[/red]", "[red]王小明[/red]"),
        ("张\u3000伟", "张\u3000伟"),
        ("𠮷 Nguyễn", "𠮷 Nguyễn"),
        ("", ""),
    ],
)
def test_only_dangerous_characters_are_shown_as_their_codes(text, shown):
    assert safe(text) == shown


def test_ten_thousand_wild_strings_come_out_harmless():
    chance = random.Random(20261)
    for _ in range(10_000):
        wild = "".join(chr(chance.randrange(sys.maxunicode + 1)) for _ in range(12))
        assert not any(map(dangerous, safe(wild)))


def test_each_character_is_escaped_exactly_when_it_is_dangerous():
    for code in range(sys.maxunicode + 1):
        assert (safe(chr(code)) != chr(code)) == dangerous(chr(code)), hex(code)


def test_ideographs_younger_than_the_interpreter_are_still_names():
    assert safe("\U00031350") == "\U00031350"
    assert clean_text("\U00031350", what="name") == "\U00031350"


def test_characters_of_the_fast_path_need_no_second_look():
    plain = [chr(code) for code in range(sys.maxunicode + 1) if _PLAIN.fullmatch(chr(code))]

    for each in plain:
        assert each.isprintable() and unicodedata.category(each)[0] != "M", hex(ord(each))
    everything = "".join(plain)
    assert unicodedata.normalize("NFC", everything) == everything


@pytest.mark.parametrize(
    "name",
    [
        "[red]x[/red]",
        "[/]",
        "[link=https://evil]Zhang[/link]",
        ":smiley: Li",
        "𠮷",
        "王小明",
        "Nguyễn",
        "O'Brien",
        "Ng",
        "van der Berg",
        "null",
        "None",
        "True",
        "NaN",
        "-",
        "-rf",
        "Robert'); DROP TABLE member;--",
        "=HYPERLINK(1)",
        "ཨོཾ་མ་ཎི",
        "葛\U000e0100",
    ],
)
def test_a_real_name_is_accepted_unchanged(name):
    assert clean_text(name, what="name") == name


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("A\x1b[2J\x1b[H", "control_character"),
        ("\x1b]8;;http://evil\x1b\\click", "control_character"),
        ("\x1b]52;c;cm0gLXJm\x07", "control_character"),
        ("\x9b31m", "control_character"),
        ("good\rEVIL", "control_character"),
        ("two\nlines", "control_character"),
        ("a\x00b", "control_character"),
        ("x\x1f", "control_character"),
        ("a\u2028b", "control_character"),
        ("abc\u202egpj.exe", "direction_character"),
        ("\u2066x\u2069", "direction_character"),
        ("Li\u200b", "invisible_character"),
        ("\ufeffLi", "invisible_character"),
        ("\U000e0041", "invisible_character"),
        ("\ue000", "private_character"),
        ("\udce9", "surrogate"),
        ("\uffff", "unknown_character"),
        ("\U0002fffe", "unknown_character"),
        ("e" + "\u0301" * 300, "combining_marks"),
        ("e" + "\u0301" * 5, "combining_marks"),
        ("\u3164", "text_empty"),
        ("\u2800 \u3164", "text_empty"),
        ("   ", "text_empty"),
        ("\u3000", "text_empty"),
        ("", "text_empty"),
        ("王" * 201, "text_too_long"),
        ("x" * 10_000, "text_too_long"),
    ],
)
def test_bad_text_is_refused_with_its_own_reason(value, rule):
    with pytest.raises(Invalid) as refused:
        clean_text(value, what="name", field="name")

    assert refused.value.rule == rule
    assert refused.value.field == "name"
    assert refused.value.message.isprintable()


def test_the_refusal_does_not_repeat_the_text():
    with pytest.raises(Invalid) as refused:
        clean_text("Zhang Wei\x1b", what="name")

    assert refused.value.message == "name contains a control character (\\x1b)"


def test_outer_blanks_go_and_accents_are_composed():
    assert clean_text(" \u3000 e\u0301 \n", what="name") == "é"


def test_four_marks_on_a_letter_are_a_script_and_five_are_an_attack():
    assert clean_text("e" + "\u0316" * 4, what="name")


def test_optional_text_may_be_empty_but_not_invisible():
    assert clean_text("\u3164", what="note", required=False) == ""
    assert clean_text("", what="note", required=False) == ""


def test_text_of_several_lines_keeps_line_feeds_and_refuses_the_rest():
    assert clean_text("a\r\n\tb", what="note", lines=True) == "a\n\tb"
    with pytest.raises(Invalid):
        clean_text("good\rEVIL", what="note", lines=True)


@given(ANYTHING)
def test_whatever_is_let_in_is_harmless_and_let_in_again_unchanged(value):
    try:
        text = clean_text(value, what="text")
    except Invalid:
        return
    assert safe(text) == text
    assert clean_text(text, what="text") == text


def test_a_heap_of_marks_is_refused_at_once_however_long():
    with pytest.raises(Invalid, match="combining"):
        clean_text("e" + "\u0301\u0316" * 1_000_000, what="name")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("é", "e\u0301"),
        ("é", "É"),
        ("Li", "Li\u200b"),
        ("Li", "\ufeffli"),
        ("Zhang  Wei", " zhang wei "),
        ("张\u3000伟", "张 伟"),
        ("Ｚｈａｎｇ", "zhang"),
        ("Straße", "STRASSE"),
        ("ﬁn", "FIN"),
    ],
)
def test_two_spellings_of_one_name_have_one_key(one, other):
    assert name_key(one) == name_key(other)


def test_two_names_have_two_keys():
    assert len({name_key(each) for each in ("张伟", "张玮", "Zhang", "Zháng")}) == 4


@given(ANYTHING)
def test_the_key_of_a_key_is_itself(name):
    assert name_key(name_key(name)) == name_key(name)


@pytest.mark.parametrize("text", ["zh\u0430ng@example.com", "Αlice\u0062", "\u0430bc"])
def test_a_word_of_two_scripts_is_noticed(text):
    assert mixed_script(text)


@pytest.mark.parametrize("text", ["zhang@example.com", "Иван Li", "王Wei", "Zoë", "Ωμέγα", ""])
def test_words_of_one_script_each_are_no_matter(text):
    assert not mixed_script(text)


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13800138000", "138****8000"),
        ("+8613800138000", "138****8000"),
        ("+86 138-0013-8000", "138****8000"),
        ("+442079460958", "+44****0958"),
        ("01085551234", "010****1234"),
        ("85551234", "****34"),
        ("12345", "****"),
        ("", "****"),
    ],
)
def test_the_middle_of_a_phone_number_is_hidden(phone, masked):
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("zhang@example.com", "z***@example.com"),
        ("z@example.com", "***@example.com"),
        ('"a@b"@example.com', '"***@example.com'),
        ("nonsense", "***"),
        ("", "***"),
    ],
)
def test_an_email_address_keeps_a_letter_and_its_domain(address, masked):
    assert mask_email(address) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("11010519491231002X", "110105********002X"),
        ("110105491231002", "110105*****1002"),
        ("E12345678", "*******78"),
        ("1234567", "****"),
        ("", "****"),
    ],
)
def test_the_birth_date_in_an_identity_number_is_hidden(number, masked):
    assert mask_id_number(number) == masked


@pytest.mark.parametrize(
    ("kind", "value", "masked"),
    [
        (Kind.PHONE, "13800138000", "138****8000"),
        (Kind.EMAIL, "zhang@example.com", "z***@example.com"),
        (Kind.ID_NUMBER, "11010519491231002X", "110105********002X"),
        (Kind.ADDRESS, "北京市朝阳区建国路 88 号", "****"),
        (Kind.BIRTH_DATE, "1949-12-31", "****-**-**"),
        (Kind.NAME, "王小明", "王**"),
        (Kind.NAME, "王", "**"),
        (Kind.TEXT, "allergic to nuts", "****"),
        (Kind.REMITTANCE, "张伟年费 JN-2026-7F3KX", "张** JN-2026-7F3KX"),
        (Kind.REMITTANCE, "张伟JN-2026-7F3KX年卡13800138000", "张**JN-2026-7F3KX**"),
        (Kind.REMITTANCE, "Li, Na / 138-0013-8000; na@x.cn", "L**, N** / **-**-**; n**@**.c**"),
        (Kind.REMITTANCE, "JN-2026-7F3KXLI 伟", "JN-2026-7F3KXL** **"),
    ],
)
def test_g2_a_personal_value_is_masked_however_it_is_printed(kind, value, masked):
    personal = Personal(kind, value)

    assert personal.masked == masked
    assert f"{personal}" == str(personal) == "%s" % personal == masked  # noqa: UP031
    assert masked in repr([personal])
    assert value not in f"{personal!r} {personal!s} {personal:>30}"
    assert personal.value == value


def test_a_personal_value_that_is_not_there_is_shown_as_nothing():
    assert str(Personal(Kind.PHONE, "")) == ""
