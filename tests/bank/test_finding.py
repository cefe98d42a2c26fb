"""Numbers in texts, names that banks mask, and what is sure enough to be booked."""

from __future__ import annotations

import pytest

from memberctl.bank.finding import (
    Candidate,
    Decision,
    How,
    Kind,
    decide,
    names_agree,
    order_numbers_in,
    without_rivals,
)
from memberctl.bank.rules import Entry, Finding, identity_of, is_account
from memberctl.core.numbering import order_number

NUMBER = order_number("JN", 2026, 1)


@pytest.mark.parametrize(
    "text",
    [
        NUMBER, NUMBER.lower(), f"年卡{NUMBER}张伟", NUMBER.replace("-", " "),
        NUMBER.replace("-", ""),
        NUMBER.replace("0", "O"), NUMBER.replace("2026", "2O26"), f"pay {NUMBER}/member fee 2026",
        f"{NUMBER[:10]}\n{NUMBER[10:]}", "".join(chr(ord(c) + 0xFEE0) for c in NUMBER),
        f"{NUMBER}MITGLIED", f"X{NUMBER}",
    ],
)  # fmt: skip
def test_an_orders_number_is_found_as_people_write_it(text: str) -> None:
    assert NUMBER in order_numbers_in(text)


@pytest.mark.parametrize(
    "text", ["", "JN-2026", "JN 1999 7F3KX", "2026-03-02 10:00", "ZZ-2026-00000"]
)
def test_what_is_no_orders_number_is_none(text: str) -> None:
    assert order_numbers_in(text) == []


def test_one_wrong_character_is_no_number() -> None:
    wrong = NUMBER[:-1] + ("2" if NUMBER[-1] != "2" else "3")
    assert NUMBER not in order_numbers_in(wrong)


@pytest.mark.parametrize(
    ("told", "name", "how"),
    [
        ("王小明", "王小明", How.NAME), ("MUELLER Joerg", "Joerg Mueller", How.NAME),
        ("Müller, Jörg", "Jörg Müller", How.NAME), ("*小明", "王小明", How.MASKED_NAME),
        ("王**", "王小明", How.MASKED_NAME), ("**明", "王小明", How.MASKED_NAME),
        ("长风(*小明)", "王小明", How.MASKED_NAME), ("长风（*小明）", "王小明", How.MASKED_NAME),
        ("*小明(138****0001)", "王小明", How.MASKED_NAME),
        ("*小红", "王小明", None), ("李**", "王小明", None), ("***", "王小明", None),
        ("", "王小明", None), ("王小", "王小明", None), ("*.*", "王小明", None),
    ],
)  # fmt: skip
def test_names_agree_as_far_as_the_bank_shows_them(told: str, name: str, how: How | None) -> None:
    assert names_agree(told, name) is how


def candidate(how: How, minor: int = 100, *, id: int = 1, **more: object) -> Candidate:
    return Candidate(Kind.PAYMENT, id, f"P-{id}", "JN", minor, how, **more)  # type: ignore[arg-type]


ORDER = Candidate(Kind.ORDER, 9, "JN", "JN", 100, How.ORDER_NUMBER)


@pytest.mark.parametrize(
    ("candidates", "named", "finding"),
    [
        ([candidate(How.REFERENCE)], False, Finding.MATCHED),
        ([candidate(How.REFERENCE, 99)], False, Finding.AMOUNT_DIFFERS),
        ([candidate(How.REFERENCE, 99), candidate(How.NAME, id=2)], False, Finding.AMOUNT_DIFFERS),
        ([candidate(How.REFERENCE, taken=True)], False, Finding.DUPLICATE),
        ([candidate(How.ORDER_NUMBER), ORDER], True, Finding.MATCHED),
        ([ORDER], True, Finding.MATCHED),
        ([candidate(How.ORDER_NUMBER), candidate(How.ORDER_NUMBER, id=2)], True, Finding.AMBIGUOUS),
        ([candidate(How.ORDER_NUMBER, taken=True), candidate(How.ORDER_NUMBER, 0)], True,
         Finding.DUPLICATE),
        ([], True, Finding.UNKNOWN_REFERENCE),
        ([candidate(How.NAME)], False, Finding.MATCHED),
        ([candidate(How.NAME), candidate(How.NAME, id=2)], False, Finding.AMBIGUOUS),
        ([candidate(How.NAME, late=True)], False, Finding.AMBIGUOUS),
        ([candidate(How.MASKED_NAME)], False, Finding.AMBIGUOUS),
        ([candidate(How.AMOUNT)], False, Finding.AMBIGUOUS),
        ([], False, Finding.MISSING_IN_BOOKS),
    ],
)  # fmt: skip
def test_only_what_is_unique_and_exact_is_chosen(
    candidates: list[Candidate], named: bool, finding: Finding
) -> None:
    decision = decide(100, candidates, names_order=named)
    assert decision.finding is finding
    assert (decision.chosen is not None) is (finding is Finding.MATCHED)


def test_of_lines_that_tell_one_number_the_first_is_it_and_by_a_name_none() -> None:
    told = Decision(Finding.MATCHED, "", candidate(How.REFERENCE))
    named = Decision(Finding.MATCHED, "", candidate(How.NAME, id=2))
    settled = without_rivals({1: told, 2: told, 3: named, 4: named})
    assert [each.finding for each in settled.values()] == [
        Finding.MATCHED, Finding.DUPLICATE, Finding.AMBIGUOUS, Finding.AMBIGUOUS,
    ]  # fmt: skip


def test_a_rows_identity_leaves_out_what_changes() -> None:
    from datetime import date

    one = Entry(
        1, "a", booked_on=date(2026, 3, 2), amount_minor=500, currency="CNY", external_id="7"
    )
    turned = Entry(
        9, "b", booked_on=date(2026, 3, 2), amount_minor=-500, currency="CNY", external_id="7",
        status="交易关闭",
    )  # fmt: skip
    assert identity_of(one) == identity_of(turned)
    assert identity_of(one) != identity_of(Entry(1, "a", content="x"))


@pytest.mark.parametrize(
    ("own", "told", "same"),
    [
        (None, "1", True), ("6222021234567890001", "6222****0001", True), ("6222 0212", "", True),
        ("6222021234567890001", "6222****0002", False),
        ("DE89370400440532013000", "532013000", True),
        ("37040044/1", "37040044/2", False),
    ],
)  # fmt: skip
def test_a_masked_number_is_an_accounts_when_what_is_shown_fits(
    own: str | None, told: str, same: bool
) -> None:
    assert is_account(own, told) is same
