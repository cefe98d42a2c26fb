"""How much goes back, and where to. Source: rules M6-M8; bad inputs 60, 87."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.core.errors import Invalid, RuleRefused
from memberctl.payment.rules import Method
from memberctl.refund import amounts
from memberctl.refund.amounts import (
    Basis,
    Claim,
    Conditions,
    Due,
    Fee,
    Share,
    Source,
    Usage,
    Wish,
    cools_off,
    refund_due,
    split,
)
from memberctl.refund.rules import Bands, parse_bands, parse_fee

AT = datetime(2026, 1, 1, 4, tzinfo=UTC)
YEAR = Claim(paid_minor=100_000, returned_minor=0, usage=Usage(100, 365))
SIGNED = date(2026, 3, 1)


def due(claim: Claim, **decided: object) -> tuple[int, int]:
    """Return fee and amount."""
    found = refund_due(claim, Conditions(**decided))  # type: ignore[arg-type]
    return found.fee_minor, found.amount_minor


def test_m6_a_hundred_of_365_days_of_1000_leave_726_03() -> None:
    assert refund_due(YEAR, Conditions()) == Due(Basis.UNUSED, 100_000, 0, 0, 72_603)


@pytest.mark.parametrize(
    ("used", "whole", "amount"),
    [(0, 365, 100_000), (365, 365, 0), (364, 365, 274), (1, 2, 50_000), (1, 3, 66_667)],
)
def test_the_unused_share_is_rounded_once_half_up(used: int, whole: int, amount: int) -> None:
    assert due(replace(YEAR, usage=Usage(used, whole))) == (0, amount)


def test_half_a_cent_is_rounded_up() -> None:
    assert due(Claim(1, 0, Usage(1, 2))) == (0, 1)


@pytest.mark.parametrize(
    ("fee", "expected"),
    [
        (Fee(fixed_minor=5_000), (5_000, 67_603)),
        (Fee(basis_points=500), (3_630, 68_973)),
        (Fee(basis_points=500, least_minor=5_000), (5_000, 67_603)),
        (Fee(fixed_minor=200_000), (72_603, 0)),
        (Fee(least_minor=200_000), (72_603, 0)),
    ],
)
def test_the_fee_comes_off_the_unused_value_and_never_takes_more(
    fee: Fee, expected: tuple[int, int]
) -> None:
    assert due(YEAR, fee=fee) == expected


def test_the_joining_fee_stays_unless_the_policy_gives_it_back() -> None:
    claim = replace(YEAR, paid_minor=110_000, joining_minor=10_000)
    assert due(claim) == (0, 72_603)
    assert due(claim, joining_fee_back=True) == (0, 79_863)


def test_used_gifts_come_off_unless_the_policy_lets_them_be() -> None:
    claim = replace(YEAR, gifts_minor=2_603)
    assert due(claim) == (0, 70_000)
    assert due(claim, gifts_kept=True) == (0, 72_603)
    assert due(replace(claim, gifts_minor=99_999)) == (0, 0)


def test_what_went_back_before_is_not_owed_again() -> None:
    assert due(replace(YEAR, returned_minor=30_000)) == (0, 42_603)
    assert due(replace(YEAR, returned_minor=90_000)) == (0, 0)
    assert refund_due(replace(YEAR, returned_minor=30_000), Conditions()).refundable_minor == 70_000


def test_inside_cooling_off_everything_goes_back_without_a_fee() -> None:
    claim = replace(YEAR, paid_minor=110_000, joining_minor=10_000, cools_off=True)
    found = refund_due(claim, Conditions(fee=Fee(fixed_minor=5_000)))
    assert found == Due(Basis.COOLING_OFF, 110_000, 0, 0, 110_000)


def test_an_order_without_a_term_gives_all_back_less_the_fee() -> None:
    found = refund_due(replace(YEAR, usage=None), Conditions(fee=Fee(fixed_minor=1_000)))
    assert found == Due(Basis.SERVICE, 100_000, 1_000, 0, 99_000)


@given(
    paid=st.integers(0, 10**9),
    share=st.integers(0, 100),
    returned=st.integers(0, 10**9),
    whole=st.integers(1, 4000),
    part=st.integers(0, 4000),
    fee=st.builds(Fee, st.integers(0, 10**6), st.integers(0, 10_000), st.integers(0, 10**6)),
    gifts=st.integers(0, 10**6),
    back=st.booleans(),
)
def test_a_refund_is_never_below_zero_nor_above_what_is_left(
    paid: int, share: int, returned: int, whole: int, part: int, fee: Fee, gifts: int, back: bool
) -> None:
    claim = Claim(
        paid, returned, Usage(min(part, whole), whole),
        joining_minor=paid * share // 100, gifts_minor=gifts,
    )  # fmt: skip
    found = refund_due(claim, Conditions(fee=fee, joining_fee_back=back))
    assert 0 <= found.amount_minor <= claim.left_minor
    assert found.fee_minor >= 0 and found.gifts_minor >= 0


@given(st.integers(1, 10**9), st.integers(1, 4000))
def test_each_further_day_of_use_gives_back_no_more(paid: int, whole: int) -> None:
    steps = sorted({0, 1, whole // 2, whole - 1, whole})
    found = [due(Claim(paid, 0, Usage(used, whole)))[1] for used in steps if 0 <= used <= whole]
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    ("on", "cools"),
    [("2026-02-28", False), ("2026-03-01", True), ("2026-03-08", True), ("2026-03-09", False)],
)
def test_m7_signed_on_the_first_the_last_day_is_the_eighth(on: str, cools: bool) -> None:
    assert cools_off(SIGNED, date.fromisoformat(on), 7, []) is cools


def test_m7_one_visit_ends_the_right_and_one_before_signing_does_not() -> None:
    assert not cools_off(SIGNED, date(2026, 3, 3), 7, [date(2026, 3, 2)])
    assert cools_off(SIGNED, date(2026, 3, 3), 7, [date(2026, 2, 27)])


def test_m7_nobody_cools_off_what_nobody_signed_or_the_policy_does_not_give() -> None:
    assert not cools_off(None, SIGNED, 7, [])
    assert not cools_off(SIGNED, SIGNED, 0, [])


def wish(
    asked: int | None, *, given: int = 72_603, left: int = 100_000, earlier: Sequence[int] = ()
) -> Wish:
    known = Due(Basis.UNUSED, left, 0, 0, given)
    return amounts.wish(asked, known, left, earlier, order="JN-1", currency="CNY")


def test_without_an_amount_the_rules_decide_and_a_smaller_one_may_be_asked_for() -> None:
    assert wish(None) == Wish(72_603)
    assert wish(50_000) == Wish(50_000)


def test_more_than_the_rules_give_is_marked_for_a_manager() -> None:
    assert wish(72_604) == Wish(72_604, beyond=True)


def test_60_a_cent_above_the_rest_is_refused() -> None:
    assert wish(100_000) == Wish(100_000, beyond=True)
    with pytest.raises(RuleRefused, match=r"1000\.01 CNY is more than the 1000\.00 CNY"):
        wish(100_001)
    with pytest.raises(RuleRefused):
        wish(60_001, left=60_000, earlier=[40_000])


def test_m8_only_the_last_of_equal_parts_is_cut_to_what_is_left() -> None:
    found = wish(33_334, left=33_332, earlier=[33_334, 33_334], given=5_935)
    assert found == Wish(33_332, cut=True, beyond=True)


def test_87_nothing_is_left_of_what_was_refunded() -> None:
    with pytest.raises(RuleRefused, match="nothing is left"):
        wish(None, left=0, given=0)


def test_a_term_used_to_its_end_owes_nothing_but_goodwill() -> None:
    with pytest.raises(RuleRefused, match="give nothing back") as refused:
        wish(None, given=0)
    assert "--amount" in str(refused.value.hint)
    assert wish(100, given=0) == Wish(100, beyond=True)


def source(number: int, left: int, method: Method = Method.CASH, days: int = 0) -> Source:
    return Source(number, method, AT + timedelta(days=days), left)


def test_m8_726_03_of_300_cash_and_700_wechat_is_700_wechat_and_26_03_cash() -> None:
    cash, wechat = source(1, 30_000), source(2, 70_000, Method.WECHAT)
    assert split(72_603, [cash, wechat]) == (
        Share(2, Method.WECHAT, 70_000), Share(1, Method.CASH, 2_603),
    )  # fmt: skip


def test_m8_the_newest_is_what_came_last_not_what_was_typed_last() -> None:
    assert split(100, [source(1, 500, days=9), source(2, 500)]) == (Share(1, Method.CASH, 100),)


def test_m8_an_exact_match_goes_before_newer_payments() -> None:
    sources = [source(1, 300), source(2, 300), source(3, 700)]
    assert split(300, sources) == (Share(2, Method.CASH, 300),)


def test_m8_a_payment_gives_no_more_than_is_left_of_it() -> None:
    sources = [source(1, 500), source(2, 0), source(3, 100)]
    assert split(450, sources) == (Share(3, Method.CASH, 100), Share(1, Method.CASH, 350))


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8), st.data())
def test_parts_add_up_and_none_is_empty_or_above_its_payment(
    lefts: list[int], data: st.DataObject
) -> None:
    sources = [source(number, left) for number, left in enumerate(lefts)]
    amount = data.draw(st.integers(0, sum(lefts)))
    shares = split(amount, sources)
    assert sum(share.amount_minor for share in shares) == amount
    assert all(0 < share.amount_minor <= lefts[share.payment_id] for share in shares)
    assert len({share.payment_id for share in shares}) == len(shares)


def test_a_fee_is_an_amount_or_a_percentage_with_a_minimum() -> None:
    assert parse_fee("50.00", "0", "CNY") == Fee(fixed_minor=5_000)
    assert parse_fee("12.5%", "20", "CNY") == Fee(basis_points=1_250, least_minor=2_000)
    with pytest.raises(Invalid):
        parse_fee("1.5", "0", "JPY")


def test_bands_are_amounts_of_the_organisations_currency() -> None:
    assert parse_bands("5000", "50000.00", "CNY") == Bands(500_000, 5_000_000)
