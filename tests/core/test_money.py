"""Amounts come in exactly or not at all, and splits add up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.core.errors import Invalid
from memberctl.core.money import (
    EXPONENTS,
    MAX_MINOR,
    Money,
    apply_basis_points,
    apportion,
    divide_half_up,
    format_minor,
    parse_amount,
    parse_count,
    parse_percent,
)


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("3650.00", "CNY", 365_000),
        ("3650", "CNY", 365_000),
        ("0.1", "CNY", 10),
        ("0.01", "CNY", 1),
        ("007.50", "CNY", 750),
        (" 12 ", "CNY", 1200),
        ("10", "JPY", 10),
        ("1.234", "KWD", 1234),
        ("999999999999.99", "CNY", MAX_MINOR - 1),
    ],
)
def test_a_plain_amount_is_read_exactly(typed, currency, minor):
    assert parse_amount(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency", "rule"),
    [
        ("NaN", "CNY", "amount_form"),
        ("inf", "CNY", "amount_form"),
        ("1e400", "CNY", "amount_form"),
        ("1_000", "CNY", "amount_form"),
        ("１００", "CNY", "amount_form"),
        ("٣", "CNY", "amount_form"),
        ("0", "CNY", "amount_zero"),
        ("-5", "CNY", "amount_negative"),
        ("-0", "CNY", "amount_negative"),
        ("0.005", "CNY", "amount_decimals"),
        ("1.000", "CNY", "amount_decimals"),
        ("1,234.50", "CNY", "amount_form"),
        ("1.234,50", "CNY", "amount_form"),
        ("1 234.50", "CNY", "amount_form"),
        ("¥100", "CNY", "amount_form"),
        ("+5", "CNY", "amount_form"),
        ("5.", "CNY", "amount_form"),
        (".5", "CNY", "amount_form"),
        ("", "CNY", "amount_empty"),
        ("12345678901234567.89", "CNY", "amount_limit"),
        ("1000000000000.00", "CNY", "amount_limit"),
        (str(2**63), "CNY", "amount_limit"),
        ("9" * 10_000, "CNY", "amount_limit"),
        ("10.5", "JPY", "amount_decimals"),
        ("10", "XXX", "currency"),
        ("10", "cny", "currency"),
    ],
)
def test_a_bad_amount_is_refused_with_its_own_reason(typed, currency, rule):
    with pytest.raises(Invalid) as refused:
        parse_amount(typed, currency)

    assert refused.value.rule == rule


def test_separators_are_told_from_letters_in_the_refusal():
    with pytest.raises(Invalid, match="separators"):
        parse_amount("1,234.50", "CNY")


def test_zero_is_an_amount_where_it_is_allowed():
    assert parse_amount("0.00", "CNY", zero_ok=True) == 0


def test_the_refusal_names_the_amount_by_its_role():
    with pytest.raises(Invalid, match=r"^joining fee is zero"):
        parse_amount("0", "CNY", what="joining fee")


@given(st.integers(0, MAX_MINOR - 1), st.sampled_from(sorted(EXPONENTS)))
def test_what_is_printed_is_read_back_exactly(minor, currency):
    assert parse_amount(format_minor(minor, currency), currency, zero_ok=True) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [(365_000, "CNY", "3650.00"), (-5, "CNY", "-0.05"), (0, "CNY", "0.00"), (7, "JPY", "7")],
)
def test_an_amount_is_shown_with_the_decimals_of_its_currency(minor, currency, shown):
    assert Money(minor, currency).amount == shown
    assert str(Money(minor, currency)) == f"{shown} {currency}"


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**9))
def test_a_quotient_is_at_most_half_a_unit_off_and_a_half_goes_away_from_zero(n, d):
    quotient = divide_half_up(n, d)

    assert abs(2 * (quotient * d - n)) <= d
    if abs(2 * (quotient * d - n)) == d:
        assert abs(quotient * d) > abs(n)


@pytest.mark.parametrize(
    ("n", "d", "rounded"), [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (7, 4, 2), (0, 9, 0)]
)
def test_halves_are_rounded_away_from_zero(n, d, rounded):
    assert divide_half_up(n, d) == rounded
    assert rounded == int((Decimal(n) / Decimal(d)).quantize(Decimal(1), ROUND_HALF_UP))


def test_m6_the_unused_part_of_a_fee_is_rounded_once():
    assert divide_half_up(100_000 * 265, 365) == 72_603


def test_division_by_nothing_is_a_programmers_error():
    with pytest.raises(ValueError, match="positive"):
        divide_half_up(1, 0)


def test_m12_a_hundred_in_three_instalments_adds_up():
    assert apportion(10_000, [1, 1, 1]) == [3334, 3333, 3333]


@given(
    st.integers(-MAX_MINOR, MAX_MINOR),
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=30).filter(lambda w: sum(w) > 0),
)
def test_parts_add_up_and_are_never_a_unit_away_from_their_share(total, weights):
    parts = apportion(total, weights)

    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * whole - total * weight) < whole


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_weights_that_divide_nothing_are_a_programmers_error(weights):
    with pytest.raises(ValueError, match="weights"):
        apportion(100, weights)


@pytest.mark.parametrize(
    ("typed", "points"),
    [("12.5", 1250), ("0", 0), ("100", 10_000), ("100.00%", 10_000), ("5 %", 500)],
)
def test_a_percentage_is_read_as_basis_points(typed, points):
    assert parse_percent(typed, what="discount") == points


@pytest.mark.parametrize("typed", ["100.01", "1000", "-1", "1.005", "", "%", "1,5", "nan"])
def test_a_bad_percentage_is_refused(typed):
    with pytest.raises(Invalid, match=r"^discount "):
        parse_percent(typed, what="discount")


def test_basis_points_of_an_amount_are_rounded_half_up():
    assert apply_basis_points(999, 1250) == 125
    assert apply_basis_points(-999, 1250) == -125


@pytest.mark.parametrize("typed", ["0", "-1", "1e3", "1.0", "٣", "", "1000000000", "9" * 5000, 0])
def test_a_bad_count_is_refused(typed):
    with pytest.raises(Invalid, match=r"^quantity must be"):
        parse_count(typed, what="quantity", most=999)


def test_a_count_is_read_from_text_and_from_numbers():
    assert parse_count("12", what="quantity", most=999) == 12
    assert parse_count(999, what="quantity", most=999) == 999
