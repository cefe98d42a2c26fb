"""Phone numbers and e-mail addresses: the fast way and the library agree, the odd is refused."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from memberctl.core.errors import Invalid
from memberctl.member.contact import library_email, library_phone, normal_email, normal_phone

MANY = 20_000
SEED = 20260302


def answer(normal: Callable[..., str], *given: str) -> str:
    """Return the normal form, or the rule that refused it."""
    try:
        return normal(*given)
    except Invalid as refusal:
        return f"refused: {refusal.rule}"


def generated_phone(chance: random.Random) -> str:
    """Return a number that is mostly a Chinese mobile's, in one of the ways people type it."""
    digits = f"1{chance.randrange(10**10):010d}"
    if chance.random() < 0.1:
        digits = f"{chance.randrange(10 ** chance.randrange(3, 14))}"
    parts = [digits[:3], digits[3:7], digits[7:]]
    text = chance.choice(["", "", "", "-", " "]).join(parts)
    return chance.choice(["", "", "", "+86", "+86 ", "+86-", "86", "0086", "+1"]) + text


def generated_email(chance: random.Random) -> str:
    """Return an address that is mostly an ordinary one."""
    letters = "abcxyz0189_+-." if chance.random() < 0.9 else 'aB.-_+ "(,é'
    local = "".join(chance.choices(letters, k=chance.randrange(1, 14)))
    labels = ["".join(chance.choices("ab1-", k=chance.randrange(1, 7))) for _ in range(2)]
    if chance.random() < 0.5:
        local, labels = local.strip(".-"), ["example", "mail2"]
    ending = chance.choice(["com", "cn", "co.uk", "test", "local", "invalid", "x", "c1", "COM"])
    return f"{local}@{'.'.join([*labels[: chance.randrange(0, 3)], ending])}"


@pytest.mark.parametrize("region", ["CN", "GB"])
def test_the_fast_way_for_phones_answers_as_the_library_does(region: str) -> None:
    chance = random.Random(SEED)
    fast = 0
    for _ in range(MANY // 2):
        text = generated_phone(chance)
        slow = answer(library_phone, text, region)
        assert answer(normal_phone, text, region) == slow, f"seed {SEED}: {text}"
        fast += slow.startswith("+")
    assert fast > MANY / 40, "too few of the generated numbers are valid to prove anything"


def test_the_fast_way_for_addresses_answers_as_the_library_does() -> None:
    chance = random.Random(SEED)
    valid = 0
    for _ in range(MANY):
        text = generated_email(chance)
        slow = answer(library_email, text)
        assert answer(normal_email, text) == slow, f"seed {SEED}: {text}"
        valid += "@" in slow
    assert valid > MANY / 8, "too few of the generated addresses are valid to prove anything"


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "138-0013-8000",
        "+86 138-0013-8000",
        "０１３８ ００１３ ８０００",
        " 138 0013 8000",
    ],
)
def test_every_way_to_write_one_phone_number_gives_one_key(text: str) -> None:
    assert normal_phone(text.strip(), "CN") == "+8613800138000"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("110", "phone_number"),
        ("1" * 40, "phone_form"),
        ("9" * 41, "phone_form"),
        ("", "phone_form"),
        ("1-800-FLOWERS", "phone_form"),
        ("13800138000 ext. 5", "phone_form"),
        ("13800138000;13900139000", "phone_form"),
        ("13800138000\r\nX", "phone_form"),
        ("1.38001E+10", "excel_number"),
        ("138****8000", "masked"),
        ("10000000000", "phone_number"),
    ],
)
def test_a_phone_number_that_is_none_is_refused_by_its_rule(text: str, rule: str) -> None:
    assert answer(normal_phone, text, "CN") == f"refused: {rule}"


def test_a_number_from_abroad_keeps_its_country() -> None:
    assert normal_phone("+44 20 7946 0958", "CN") == "+442079460958"


def test_the_domain_is_lower_case_and_the_local_part_stays() -> None:
    assert normal_email("Zhang.Wei@Example.COM") == "Zhang.Wei@example.com"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a@b\r\nBcc: v@x.com", "email_form"),
        ("a@b.com, evil@y.com", "email_form"),
        ("victim@x.com (evil@y.com)", "email_form"),
        ("a@b.com(evil@c.com)", "email_form"),
        ("a" * 320 + "@b.com", "email_form"),
        ("王@例子.cn", "smtputf8"),
        ("ad\u043cin@b.com", "mixed_script"),
        ("a@b", "email_form"),
        ("a@localhost", "email_form"),
        ("z***@example.com", "masked"),
        ("***@example.com", "masked"),
        ("Li <li@b.com>", "email_form"),
    ],
)
def test_an_address_that_is_none_is_refused_by_its_rule(text: str, rule: str) -> None:
    assert answer(normal_email, text) == f"refused: {rule}"


@pytest.mark.parametrize("text", ["13800138999999", "secret.person@nowhere"])
def test_a_refusal_does_not_repeat_what_was_typed(text: str) -> None:
    normal = normal_email if "@" in text else lambda each: normal_phone(each, "CN")
    with pytest.raises(Invalid) as refused:
        normal(text)
    assert text not in refused.value.message
