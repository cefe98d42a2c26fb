"""Plans and tiers in one TOML file."""

from __future__ import annotations

from datetime import date

import pytest

from memberctl.catalog.pricelists import PriceList, parse_price_list
from memberctl.catalog.rules import PaymentTiming, PlanOffer
from memberctl.catalog.tiers import TierOffer
from memberctl.core.errors import Invalid

WHOLE = """
[[plan]]
code = "year"
name = "年卡"
term = "12m"
price = 3650.10
joining_fee = "200"
payment_timing = "on_filing"
product = "membership"
from = 2026-01-01
visits = 10
hours = "daily 06:00-22:00"
branches = "SH01"

[[tier]]
code = "Gold"
name = "金卡"
price_percent = 92.5
points_percent = 200
guests = "1"
threshold = 10000
from = "2026-01-01"
"""


def test_every_key_of_a_file_is_read_and_numbers_are_exact() -> None:
    assert parse_price_list(WHOLE, "CNY") == PriceList(
        plans=(
            PlanOffer(
                "YEAR", "年卡", "12m", 365010, 20000, PaymentTiming.ON_FILING, "membership",
                date(2026, 1, 1), 10, "mon-sun 06:00-22:00", ("SH01",),
            ),
        ),
        tiers=(TierOffer("gold", "金卡", 9250, 200, 1, 1_000_000, date(2026, 1, 1)),),
    )  # fmt: skip


def test_an_empty_file_offers_nothing() -> None:
    assert parse_price_list("# nothing yet\n", "CNY") == PriceList((), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[plan]\n", "not TOML: at line 1"),
        ("x = " + "[" * 100_000, "not TOML"),
        ('secret = "13800138000"', "something else than"),
        ("[plan]\ncode = 'YEAR'", r"begins with a line \[\[plan\]\]"),
        ("plan = [1]", r"begins with a line \[\[plan\]\]"),
        ("[[plan]]\nname = 'x'", "plan 1: the code is missing"),
        ("[[plan]]\ncode = 'X'\ncolour = 'red'", "plan 1: there is an unknown key; known are code"),
        ("[[plan]]\ncode = true", "plan 1: code must be a text"),
        ("[[plan]]\ncode = 'X'\nprice = [1]", "plan 1: price must be a text"),
        ("[[plan]]\ncode = 'X'\nprice = nan", "plan 1: the price"),
        ("[[plan]]\ncode = 'X'\nprice = 1e400", "plan 1: the price"),
        ("[[plan]]\ncode = 'X'\nprice = -5", "plan 1: the price is negative"),
        ("[[plan]]\ncode = 'X'\nfrom = 2026-01-01T00:00:00Z", "plan 1: from must be"),
        ("[[plan]]\ncode = 'X'\npayment_timing = 'later'", "plan 1: payment_timing is one of"),
        ("[[tier]]\ncode = 'x'\nguests = 1000000000", "tier 1: the guests"),
        ("[[tier]]\ncode = 'x'\nprice_percent = 100.01", "tier 1: the price in percent"),
        ('[[plan]]\ncode = "X"\nname = "a\\u202Eb"', "plan 1: the name contains"),
    ],
)
def test_a_file_that_is_not_a_price_list_is_refused_with_the_place(text: str, message: str) -> None:
    with pytest.raises(Invalid, match=message) as refusal:
        parse_price_list(text, "CNY")
    assert "13800138000" not in refusal.value.message


def test_all_faults_are_said_at_once() -> None:
    text = "[[plan]]\ncode = 'A'\nprice = 0\n[[plan]]\ncode = 'B'\n[[tier]]\ncode = '%'\n"
    with pytest.raises(Invalid) as refusal:
        parse_price_list(text, "CNY")
    assert refusal.value.message.startswith("plan 1: the price is zero")
    assert "; tier 1: a tier's code has" in refusal.value.message
