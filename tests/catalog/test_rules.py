"""Which version holds on a day, and what an offer adds to a plan, a tier or an agreement."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from memberctl.catalog.agreements import refuse_order, wording
from memberctl.catalog.results import percent_text
from memberctl.catalog.rules import (
    PaymentTiming,
    PlanHistory,
    PlanOffer,
    PlanState,
    PlanTerms,
    first_version,
    next_version,
    parse_offer,
    refuse_short_notice,
    tier_price,
    version_on,
)
from memberctl.catalog.tiers import (
    TierOffer,
    first_tier,
    next_tier,
    parse_tier,
    tier_on,
    usual_tiers,
)
from memberctl.core.errors import Conflict, Invalid, RuleRefused
from tests.office.bad_values import (
    REFUSED_AMOUNTS,
    REFUSED_CODES,
    REFUSED_COUNTS,
    REFUSED_DATES,
    REFUSED_NAMES,
)

TODAY = date(2026, 3, 2)
V1 = PlanTerms(
    plan_version_id=7,
    code="YEAR",
    version=1,
    name="年卡",
    term="12m",
    price_minor=365000,
    joining_fee_minor=0,
    payment_timing=PaymentTiming.AFTER_APPROVAL,
    product="membership",
    valid_from=date(2026, 1, 1),
)
V2 = replace(V1, plan_version_id=8, version=2, price_minor=398000, valid_from=date(2027, 1, 1))
YEAR = PlanHistory("YEAR", 1, "membership", PlanState.OFFERED, (V1, V2))
GOLD = first_tier(TierOffer("gold", "金卡", 9000, 200, 1, 0, date(2026, 1, 1)), 3, TODAY)


class TestWhichVersionHolds:
    """Rules P6: the newest whose day has come."""

    @pytest.mark.parametrize(
        ("on", "version"),
        [
            (date(2026, 1, 1), 1),
            (date(2026, 12, 31), 1),
            (date(2027, 1, 1), 2),
            (date(2030, 1, 1), 2),
        ],
    )
    def test_a_plan_has_the_version_of_the_day(self, on: date, version: int) -> None:
        assert version_on([V2, V1], on, "YEAR").version == version

    def test_a_plan_is_not_offered_before_its_first_day(self) -> None:
        with pytest.raises(RuleRefused, match="YEAR is not offered on 2025-12-31"):
            version_on([V1, V2], date(2025, 12, 31), "YEAR")

    def test_a_tiers_first_version_also_covers_the_days_before_it(self) -> None:
        later = replace(GOLD, version=2, valid_from=date(2027, 1, 1))
        assert tier_on([later, GOLD], date(2020, 1, 1)).version == 1
        assert tier_on([later, GOLD], date(2027, 1, 1)).version == 2


class TestRevisingAPlan:
    """What an offer adds to a plan that is there."""

    def test_what_an_offer_does_not_give_stays(self) -> None:
        offer = PlanOffer("YEAR", price_minor=400000, valid_from=date(2028, 1, 1))
        new = next_version(offer, YEAR, TODAY)
        assert new == replace(
            V2, plan_version_id=0, version=3, price_minor=400000, valid_from=date(2028, 1, 1)
        )

    @pytest.mark.parametrize(
        "offer",
        [
            PlanOffer("YEAR"),
            PlanOffer("YEAR", price_minor=398000),
            PlanOffer("YEAR", price_minor=398000, valid_from=date(2027, 1, 1)),
            PlanOffer("YEAR", price_minor=365000, valid_from=date(2026, 1, 1)),
            PlanOffer("YEAR", name="年卡", valid_from=date(2029, 1, 1)),
        ],
    )
    def test_an_offer_that_says_nothing_new_adds_nothing(self, offer: PlanOffer) -> None:
        assert next_version(offer, YEAR, TODAY) is None

    @pytest.mark.parametrize(
        ("start", "message"),
        [
            (date(2026, 3, 1), "that day is past"),
            (date(2026, 3, 2), "must begin after that day"),
            (date(2026, 12, 31), "must begin after that day"),
        ],
    )
    def test_a_version_begins_after_the_newest_and_never_in_the_past(
        self, start: date, message: str
    ) -> None:
        with pytest.raises(RuleRefused, match=message):
            next_version(PlanOffer("YEAR", price_minor=1, valid_from=start), YEAR, TODAY)

    def test_the_day_of_a_published_version_is_taken_for_good(self) -> None:
        offer = PlanOffer("YEAR", price_minor=1, valid_from=date(2027, 1, 1))
        with pytest.raises(Conflict, match="what is published stays"):
            next_version(offer, YEAR, TODAY)

    def test_without_a_day_a_version_begins_today(self) -> None:
        history = replace(YEAR, versions=(V1,))
        new = next_version(PlanOffer("YEAR", price_minor=1), history, TODAY)
        assert new is not None and new.valid_from == TODAY

    def test_a_plan_that_is_not_stored_yet_may_still_get_a_past(self) -> None:
        fresh = replace(YEAR, plan_id=None, versions=(V1,))
        offer = PlanOffer("YEAR", price_minor=1, valid_from=date(2026, 2, 1))
        new = next_version(offer, fresh, TODAY)
        assert new is not None and new.valid_from == date(2026, 2, 1)

    def test_a_withdrawn_plan_is_not_revised(self) -> None:
        history = replace(YEAR, state=PlanState.WITHDRAWN)
        with pytest.raises(RuleRefused, match="withdrawn"):
            next_version(PlanOffer("YEAR", price_minor=1), history, TODAY)

    def test_a_plan_stays_with_its_product(self) -> None:
        with pytest.raises(Conflict, match="belongs to the product membership"):
            next_version(PlanOffer("YEAR", product="pool"), YEAR, TODAY)

    def test_a_new_plan_needs_a_name_a_term_and_a_price(self) -> None:
        whole = PlanOffer("WEEK", name="周卡", term="1w", price_minor=9900)
        assert first_version(whole, TODAY).valid_from == TODAY
        for lack in ({"name": None}, {"term": None}, {"price_minor": None}):
            with pytest.raises(Invalid, match="needs a name, a term and a price"):
                first_version(replace(whole, **lack), TODAY)  # type: ignore[arg-type]


class TestTiers:
    """Benefits, their notice and their share of a price."""

    def test_the_usual_tiers_are_those_of_the_manual(self) -> None:
        tiers = [(t.price_basis_points, t.points_percent, t.guests) for t in usual_tiers("CNY")]
        assert tiers == [(10000, 100, 0), (9500, 100, 0), (9000, 200, 1), (8500, 300, 2)]

    def test_thresholds_are_in_the_units_of_the_currency(self) -> None:
        assert [usual_tiers(code)[2].threshold_minor for code in ("CNY", "JPY", "KWD")] == [
            1_000_000,
            10_000,
            10_000_000,
        ]

    @pytest.mark.parametrize(
        ("price", "share", "due"), [(365000, 9500, 346750), (333, 8500, 283), (101, 9500, 96)]
    )
    def test_a_tiers_price_is_rounded_half_up(self, price: int, share: int, due: int) -> None:
        assert tier_price(price, share) == due

    def test_new_benefits_keep_what_is_not_given(self) -> None:
        offer = TierOffer("gold", guests=0, valid_from=date(2026, 5, 1))
        new = next_tier(offer, [GOLD], TODAY)
        assert new == replace(GOLD, version=2, guests=0, valid_from=date(2026, 5, 1))

    def test_the_same_benefits_again_are_no_change(self) -> None:
        offer = TierOffer("gold", guests=1, valid_from=date(2026, 5, 1))
        assert next_tier(offer, [GOLD], TODAY) is None

    def test_a_published_day_is_taken_for_good(self) -> None:
        offer = TierOffer("gold", guests=5, valid_from=date(2026, 1, 1))
        with pytest.raises(Conflict, match="what is published stays"):
            next_tier(offer, [GOLD], TODAY)

    def test_benefits_change_on_the_last_day_of_notice_and_not_before(self) -> None:
        earliest = date(2026, 3, 16)
        refuse_short_notice("tier gold", earliest, earliest=earliest, days=10)
        with pytest.raises(RuleRefused, match="10 working days' notice") as refusal:
            refuse_short_notice("tier gold", date(2026, 3, 15), earliest=earliest, days=10)
        assert refusal.value.hint == "the earliest day is --from 2026-03-16"

    @pytest.mark.parametrize(
        ("basis_points", "shown"),
        [(10000, "100"), (9250, "92.5"), (9001, "90.01"), (0, "0"), (1000, "10"), (5, "0.05")],
    )
    def test_a_share_is_shown_without_idle_zeros(self, basis_points: int, shown: str) -> None:
        assert percent_text(basis_points) == shown


class TestAgreements:
    """A wording is named by the hash of its text."""

    def test_line_ends_and_outer_blanks_make_no_other_wording(self) -> None:
        one, other = (
            wording("membership", text, title=None, valid_from=None)
            for text in ("\n# 会员协议\r\n\r\n第一条  ", "# 会员协议\n\n第一条\n\n")
        )
        assert one == other
        assert (one.code, one.title, one.body) == (
            "MEMBERSHIP",
            "会员协议",
            "# 会员协议\n\n第一条\n",
        )

    def test_one_letter_more_is_another_wording(self) -> None:
        hashes = {wording("A", text, title="t", valid_from=None).sha256 for text in ("a", "a.")}
        assert len(hashes) == 2

    @pytest.mark.parametrize("number", [n for n in REFUSED_NAMES if n != "18"])
    def test_a_text_or_title_with_hidden_characters_is_refused(self, number: str) -> None:
        with pytest.raises(Invalid):
            wording("A", REFUSED_NAMES[number], title="t", valid_from=None)
        with pytest.raises(Invalid):
            wording("A", "text", title=REFUSED_NAMES[number], valid_from=None)

    def test_a_first_line_that_is_too_long_for_a_title_asks_for_one(self) -> None:
        with pytest.raises(Invalid) as refusal:
            wording("A", "x" * 201, title=None, valid_from=None)
        assert refusal.value.hint == "give --title TEXT"

    def test_a_text_beyond_200000_characters_is_refused(self) -> None:
        with pytest.raises(Invalid, match="longer than 200000"):
            wording("A", "x" * 200_001, title="t", valid_from=None)

    def test_a_wording_holds_neither_before_today_nor_before_the_newest(self) -> None:
        refuse_order("A", TODAY, newest=TODAY, today=TODAY)
        with pytest.raises(RuleRefused, match="is past"):
            refuse_order("A", date(2026, 3, 1), newest=date(2026, 1, 1), today=TODAY)
        with pytest.raises(RuleRefused, match="has a wording from 2027-01-01"):
            refuse_order("A", date(2026, 12, 31), newest=date(2027, 1, 1), today=TODAY)


class TestWhatIsTyped:
    """Names, amounts, dates, codes and percentages from a command line."""

    def test_a_plan_is_normalised(self) -> None:
        offer = parse_offer(
            " year ", currency="CNY", name=" 年卡 ", term="12M", price=" 3650 ", joining_fee="0",
            product="Pool", valid_from=" 2026-05-01 ",
        )  # fmt: skip
        assert offer == PlanOffer("YEAR", "年卡", "12m", 365000, 0, None, "pool", date(2026, 5, 1))

    @pytest.mark.parametrize("amount", REFUSED_AMOUNTS.values())
    def test_an_amount_that_is_not_plain_is_refused(self, amount: str) -> None:
        with pytest.raises(Invalid, match="the price"):
            parse_offer("YEAR", currency="CNY", price=amount)

    @pytest.mark.parametrize("amount", sorted({*REFUSED_AMOUNTS.values()} - {"0"}))
    def test_a_fee_or_threshold_may_be_nothing_but_must_be_plain(self, amount: str) -> None:
        with pytest.raises(Invalid, match="the joining fee"):
            parse_offer("YEAR", currency="CNY", joining_fee=amount)
        with pytest.raises(Invalid, match="the threshold"):
            parse_tier("gold", currency="CNY", threshold=amount)

    def test_a_price_has_no_more_decimals_than_its_currency(self) -> None:
        with pytest.raises(Invalid, match="JPY has 0"):
            parse_offer("YEAR", currency="JPY", price="10.5")

    @pytest.mark.parametrize("day", REFUSED_DATES.values())
    def test_a_date_in_another_form_is_refused(self, day: str) -> None:
        with pytest.raises(Invalid, match="the date of --from"):
            parse_offer("YEAR", currency="CNY", valid_from=day)
        with pytest.raises(Invalid, match="the date of --from"):
            parse_tier("gold", currency="CNY", valid_from=day)

    @pytest.mark.parametrize("term", ["", "12", "m12", "0m", "-1m", "1.5m", "１2m", "101y", "12mm"])
    def test_a_term_that_is_no_period_is_refused(self, term: str) -> None:
        with pytest.raises(Invalid, match="a period must be"):
            parse_offer("YEAR", currency="CNY", term=term)

    @pytest.mark.parametrize("name", REFUSED_NAMES.values())
    def test_a_name_with_hidden_characters_is_refused(self, name: str) -> None:
        with pytest.raises(Invalid, match="the name"):
            parse_offer("YEAR", currency="CNY", name=name)
        with pytest.raises(Invalid, match="the name"):
            parse_tier("gold", currency="CNY", name=name)

    @pytest.mark.parametrize("code", REFUSED_CODES.values())
    def test_a_code_that_could_be_anything_else_is_refused(self, code: str) -> None:
        with pytest.raises(Invalid, match="a plan's code"):
            parse_offer(code, currency="CNY")
        with pytest.raises(Invalid, match="a product's code"):
            parse_offer("YEAR", currency="CNY", product=code)
        with pytest.raises(Invalid, match="a tier's code"):
            parse_tier(code, currency="CNY")
        with pytest.raises(Invalid, match="an agreement's code"):
            wording(code, "text", title=None, valid_from=None)

    @pytest.mark.parametrize("percent", ["100.01", "101", "-1", "NaN", "１０", "12.345", "", "1e2"])
    def test_a_percentage_beyond_0_to_100_is_refused(self, percent: str) -> None:
        with pytest.raises(Invalid, match="the price in percent"):
            parse_tier("gold", currency="CNY", price_percent=percent)

    @pytest.mark.parametrize("count", REFUSED_COUNTS.values())
    def test_a_count_that_is_not_plain_or_too_large_is_refused(self, count: str) -> None:
        with pytest.raises(Invalid, match="the guests must be a whole number from 0 to 99"):
            parse_tier("gold", currency="CNY", guests=count)
        with pytest.raises(Invalid, match="the points in percent must be"):
            parse_tier("gold", currency="CNY", points_percent=count)
