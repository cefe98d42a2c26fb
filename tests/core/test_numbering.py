"""Numbers never collide, betray nothing, find slips of the pen and forgive look-alikes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.core.errors import Invalid, RuleRefused
from memberctl.core.numbering import (
    ALPHABET,
    card_number,
    check_character,
    member_number,
    order_number,
    parse_card_number,
    parse_member_number,
    parse_order_number,
    parse_receipt_number,
    parse_serial_number,
    receipt_number,
    serial_number,
)

BODIES = st.text(ALPHABET, min_size=1, max_size=29)


def holds(word: str) -> bool:
    return check_character(word[:-1]) == word[-1]


@given(BODIES, st.data())
def test_every_single_wrong_character_is_found(body, data):
    word = body + check_character(body)
    place = data.draw(st.integers(0, len(word) - 1))
    other = data.draw(st.sampled_from([each for each in ALPHABET if each != word[place]]))

    assert not holds(word[:place] + other + word[place + 1 :])


@given(BODIES, st.data())
def test_every_swap_of_neighbours_is_found(body, data):
    word = body + check_character(body)
    place = data.draw(st.integers(0, len(word) - 2))
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]

    assert holds(swapped) == (swapped == word)


@pytest.mark.parametrize("body", ["", "O", "jn", "A" * 30])
def test_a_body_outside_the_alphabet_is_a_programmers_error(body):
    with pytest.raises(ValueError, match="alphabet"):
        check_character(body)


def test_orders_of_one_year_never_share_a_number():
    serials = [*range(1, 50_001), *range(923_000, 924_000)]

    assert len({order_number("JN", 2026, serial) for serial in serials}) == len(serials)


def test_the_order_after_the_last_short_number_gets_one_more_character():
    assert len(order_number("JN", 2026, 31**4)) == len("JN-2026-7F3KX")
    assert len(order_number("JN", 2026, 31**4 + 1)) == len("JN-2026-7F3KXY")


def test_neighbouring_orders_do_not_look_alike():
    bodies = [order_number("JN", 2026, serial)[8:12] for serial in range(1, 200)]

    assert all(a[0] != b[0] for a, b in pairwise(bodies))


@given(st.sampled_from(["JN", "RN", "X", "SVCE"]), st.integers(1000, 9999), st.integers(1, 31**5))
def test_an_order_number_is_its_own_canonical_form(prefix, year, serial):
    number = order_number(prefix, year, serial)

    assert parse_order_number(number) == number


def forgiven(number: str) -> list[str]:
    plain = number.replace("-", "")
    full_width = "".join(chr(ord(each) + 0xFEE0) for each in number)
    return [
        number.lower(),
        plain,
        " ".join(plain),
        number.replace("-", "\u2013"),
        full_width,
        number.replace("0", "O"),
        number.replace("0", "o").replace("1", "l"),
        number.replace("1", "I").replace("V", "U"),
        number.replace("2", "z"),
    ]


@given(st.integers(1, 31**4))
def test_o9_typing_an_order_number_forgives_what_looks_alike(serial):
    number = order_number("JN", 2026, serial)

    assert {parse_order_number(typed) for typed in forgiven(number)} == {number}


@given(st.integers(1, 31**4), st.sampled_from(ALPHABET))
def test_a_wrong_character_in_an_order_number_is_named_as_such(serial, other):
    number = order_number("JN", 2026, serial)
    if other != number[9]:
        with pytest.raises(Invalid, match="check character") as refused:
            parse_order_number(number[:9] + other + number[10:])
        assert refused.value.rule == "check_character"


@pytest.mark.parametrize(
    "typed", ["", "JN-2026", "M-000123", "JN-2026-ÄÖÜ12", "x" * 10_000, "2026"]
)
def test_what_is_no_order_number_is_refused(typed):
    with pytest.raises(Invalid, match="not an order number"):
        parse_order_number(typed)


@pytest.mark.parametrize(("prefix", "serial"), [("JN", 0), ("UP", 1), ("", 1), ("J2", 1)])
def test_an_order_number_that_could_not_be_read_back_is_never_made(prefix, serial):
    with pytest.raises(ValueError, match=r"serials|letters"):
        order_number(prefix, 2026, serial)


def test_a_members_number_is_read_as_people_type_it():
    assert member_number(123) == "M-000123"
    for typed in ("M-000123", "m123", "M 000 l23", "Ｍ-０００１２３", "m-OOO123", "M000123"):
        assert parse_member_number(typed) == 123


@pytest.mark.parametrize(
    "typed", ["", "M-", "M-000000", "123", "RF-000123", "M-12A", "M-" + "9" * 16]
)
def test_what_is_no_members_number_is_refused(typed):
    with pytest.raises(Invalid, match="M-000123"):
        parse_member_number(typed)


@given(st.integers(1, 10**15 - 1), st.sampled_from(["M", "RF", "C", "OIL"]))
def test_a_serial_number_is_read_back(n, prefix):
    assert parse_serial_number(serial_number(prefix, n), prefix) == n


def test_a_serial_number_may_be_narrower():
    assert serial_number("RF", 7, width=4) == "RF-0007"


@given(
    st.sampled_from(["RC", "IV", "RO", "LIZ", "A"]), st.integers(2000, 2199), st.integers(1, 10**9)
)
def test_a_receipt_number_is_read_back_with_and_without_its_dashes(series, year, n):
    number = receipt_number(series, year, n)

    assert parse_receipt_number(number) == (series, year, n)
    assert parse_receipt_number(number.replace("-", "").lower()) == (series, year, n)


def test_receipt_numbers_forgive_look_alikes_only_among_the_digits():
    assert receipt_number("RC", 2026, 1) == "RC-2026-000001"
    assert parse_receipt_number("ro-2o26-oooool") == ("RO", 2026, 1)


@pytest.mark.parametrize(
    "typed", ["", "RC-2026-1", "RC-2026-000000", "2026-000001", "RC-1926-000001"]
)
def test_what_is_no_receipt_number_is_refused(typed):
    with pytest.raises(Invalid, match="RC-2026-000001"):
        parse_receipt_number(typed)


@pytest.mark.parametrize(("series", "n"), [("RC", 0), ("rc", 1), ("", 1), ("R2", 1), ("AZO", 1)])
def test_a_receipt_number_that_could_not_be_read_back_is_never_made(series, n):
    with pytest.raises(ValueError, match="receipt number"):
        receipt_number(series, 2026, n)


def test_c1_a_card_number_is_prefix_branch_serial_and_luhn():
    assert card_number("86", 1, 123) == "86000100001236"


def test_c1_one_wrong_digit_is_called_check_digit():
    number = "86000100001236"
    for place in range(14):
        wrong = str((int(number[place]) + 1) % 10)
        with pytest.raises(Invalid, match="check digit") as refused:
            parse_card_number(number[:place] + wrong + number[place + 1 :])
        assert refused.value.rule == "check_digit"


@pytest.mark.parametrize(
    "typed",
    ["86000100001236", "8600 0100 0012 36", "86-0001-0000123-6", "８６０００１００００１２３６"],
)
def test_a_card_number_is_read_as_people_type_it(typed):
    assert parse_card_number(typed) == "86000100001236"


@pytest.mark.parametrize(
    "typed", ["", "8600010000123", "860001000012366", "8600010000123X", "٣" * 14]
)
def test_what_is_no_card_number_is_refused(typed):
    with pytest.raises(Invalid, match="14 digits"):
        parse_card_number(typed)


@pytest.mark.parametrize(("branch", "serial"), [(10_000, 1), (1, 10_000_000), (1, 0), (-1, 1)])
def test_a_card_number_never_outgrows_its_digits(branch, serial):
    with pytest.raises(RuleRefused, match="room"):
        card_number("86", branch, serial)


def test_a_card_prefix_has_two_digits():
    with pytest.raises(ValueError, match="two digits"):
        card_number("8", 1, 1)
