"""What orders cost, what may be filed and how they are known again: pure, without a store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from memberctl.access.rules import Held
from memberctl.access.switches import OnHand
from memberctl.catalog.rules import PaymentTiming, PlanTerms
from memberctl.core.dates import Span
from memberctl.core.errors import Conflict, Invalid, NotPermitted, RuleRefused
from memberctl.core.machine import allowed, step
from memberctl.core.money import Money
from memberctl.core.numbering import order_number, parse_order_number
from memberctl.order import filing, pricing, rules
from memberctl.order.filing import Applicant, Ground
from memberctl.order.pricing import PricedLine
from memberctl.order.results import Filed, OrderFiled
from memberctl.order.rules import STEPS, Filing, OrderKind, OrderState

TODAY = date(2026, 3, 2)
YEAR = PlanTerms(
    plan_version_id=1,
    code="YEAR",
    version=1,
    name="年卡",
    term="12m",
    price_minor=365000,
    joining_fee_minor=20000,
    payment_timing=PaymentTiming.AFTER_APPROVAL,
    product="membership",
    valid_from=date(2024, 1, 1),
)
GROUND = Ground(
    today=TODAY,
    currency="CNY",
    staff="sun",
    staff_id=6,
    documents="agreement",
    renewal_window_days=60,
    agreements=[(date(2024, 1, 1), 1), (date(2026, 1, 1), 2)],
)
NEWCOMER = Applicant(price_basis_points=10000, staff_id=None, has_identity=False, until={})


def until(last: date) -> Applicant:
    """Return the applicant as one whose term of a year ends on `last`."""
    span = Span(last - timedelta(days=364), last)
    held = Held(span, span.start_on, span.start_on, source="JN-1")
    return NEWCOMER._replace(
        until={YEAR.product: last}, on_hand=(OnHand(1, YEAR, span.days, 10000, held),)
    )


def joining(**more: Any) -> Filing:
    return Filing(**{"member_id": 1, "plan": YEAR, "agreed_on": TODAY, **more})


def filed(**more: Any) -> OrderFiled:
    known: dict[str, Any] = {
        "outcome": Filed.UNCHANGED, "order_id": 1, "number": "JN-2026-8C7XN",
        "kind": OrderKind.JOIN, "member_id": 1, "plan": "YEAR", "state": OrderState.SUBMITTED,
        "stage": "initial", "total": Money(385000, "CNY"), "due_on": TODAY,
    }  # fmt: skip
    return OrderFiled(**{**known, **more})


def test_joining_costs_the_tiers_share_of_the_price_and_the_whole_joining_fee() -> None:
    lines = pricing.price_lines(YEAR, 9500, is_joining=True, days=None)
    assert [line.amount_minor for line in lines] == [346750, 20000]


def test_renewing_costs_no_joining_fee() -> None:
    lines = pricing.price_lines(YEAR, 10000, is_joining=False, days=None)
    assert lines == (PricedLine("年卡", 1, 365000),)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("拳击课:2:150.00", PricedLine("拳击课", 2, 15000)),
        ("Repair: pump, size 3:1:99.5", PricedLine("Repair: pump, size 3", 1, 9950)),
    ],
)
def test_a_line_is_split_at_its_last_two_colons(text: str, line: PricedLine) -> None:
    assert pricing.parse_line(text, "CNY") == line


@pytest.mark.parametrize(
    "text",
    [
        "拳击课", "拳击课:2", ":2:150.00", "x:0:150.00", "x:10001:1.00", "x:1.5:1.00",
        "x:2:NaN", "x:2:1e400", "x:2:1_000", "x:2:１００", "x:2:0", "x:2:-5", "x:2:0.005",
        "x:2:1,234.50", "x:2:¥100", "x:2:12345678901234567.89", "x:2:9223372036854775808",
        "x\x1b[2J:1:1.00", "x\u202e:1:1.00",
    ],
)  # fmt: skip
def test_a_line_with_a_bad_text_quantity_or_price_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        pricing.parse_line(text, "CNY")


def test_a_yen_line_has_no_decimals() -> None:
    with pytest.raises(Invalid, match="decimals"):
        pricing.parse_line("x:1:10.5", "JPY")


def test_a_total_that_the_lines_do_not_add_up_to_is_refused_with_both_sums() -> None:
    lines = (PricedLine("a", 3, 3333), PricedLine("b", 1, 1))
    assert pricing.checked_total(lines, 10000, "CNY") == 10000
    with pytest.raises(Invalid, match=r"99\.00 CNY.*100\.00 CNY"):
        pricing.checked_total(lines, 9900, "CNY")


def test_a_total_beyond_the_limit_is_refused_even_when_each_line_is_below_it() -> None:
    with pytest.raises(Invalid, match="below"):
        pricing.checked_total((PricedLine("a", 10000, 10**13),), None, "CNY")


def test_the_content_hash_changes_with_member_plan_and_price_and_with_nothing_else() -> None:
    lines = (PricedLine("年卡", 1, 365000),)
    first = pricing.content_sha256(("张伟", "1990-01-01"), 1, lines, "CNY")
    assert pricing.content_sha256(["张伟", "1990-01-01"], 1, list(lines), "CNY") == first
    others = [
        pricing.content_sha256(("张玮", "1990-01-01"), 1, lines, "CNY"),
        pricing.content_sha256(("张伟", "1990-01-01"), 2, lines, "CNY"),
        pricing.content_sha256(("张伟", "1990-01-01"), 1, (PricedLine("年卡", 1, 1),), "CNY"),
        pricing.content_sha256(("张伟1990-01-01",), 1, lines, "CNY"),
    ]
    assert len({first, *others}) == 5


def test_a_complete_application_waits_for_its_first_stage() -> None:
    draft = filing.draft(joining(), NEWCOMER, GROUND)
    assert (draft.state, draft.stage, draft.missing) == (OrderState.SUBMITTED, "initial", ())
    assert (draft.total_minor, draft.agreement) == (385000, 2)


def test_an_application_without_consent_is_returned_with_the_list() -> None:
    draft = filing.draft(joining(agreed_on=None), NEWCOMER, GROUND)
    assert (draft.state, draft.stage, draft.missing) == (OrderState.RETURNED, None, ("agreement",))


def test_the_policy_may_ask_for_an_identity_document_too() -> None:
    ground = replace(GROUND, documents="agreement,identity")
    assert filing.draft(joining(), NEWCOMER, ground).missing == ("identity",)
    known = NEWCOMER._replace(has_identity=True)
    assert filing.draft(joining(), known, ground).missing == ()


def test_the_policy_may_ask_for_nothing() -> None:
    ground = replace(GROUND, documents="")
    assert filing.draft(joining(agreed_on=None), NEWCOMER, ground).missing == ()


def test_consent_counts_for_the_wording_of_the_day_on_which_it_was_given() -> None:
    early = joining(agreed_on=date(2025, 12, 31))
    assert filing.draft(early, NEWCOMER, GROUND).agreement == 1


def test_consent_on_a_day_to_come_is_refused() -> None:
    with pytest.raises(Invalid, match="future"):
        filing.draft(joining(agreed_on=date(2026, 3, 3)), NEWCOMER, GROUND)


def test_consent_before_the_first_wording_is_refused_with_the_command_that_publishes_one() -> None:
    with pytest.raises(RuleRefused) as refusal:
        filing.draft(joining(agreed_on=date(2023, 12, 31)), NEWCOMER, GROUND)
    assert "agreement publish" in str(refusal.value.hint)


def test_nobody_files_an_order_for_their_own_membership() -> None:
    with pytest.raises(NotPermitted, match="O2"):
        filing.draft(joining(), NEWCOMER._replace(staff_id=6), GROUND)


def test_a_member_whose_term_runs_renews_and_does_not_join() -> None:
    with pytest.raises(RuleRefused, match="member until 2026-03-02") as refusal:
        filing.draft(joining(), until(TODAY), GROUND)
    assert "--kind renewal" in str(refusal.value.hint)
    lapsed = until(date(2026, 3, 1))
    assert filing.draft(joining(), lapsed, GROUND).state is OrderState.SUBMITTED


def test_a_renewal_needs_a_term_and_opens_with_the_window() -> None:
    renewal = joining(kind=OrderKind.RENEWAL)
    with pytest.raises(RuleRefused, match="no term to renew"):
        filing.draft(renewal, NEWCOMER, GROUND)
    with pytest.raises(RuleRefused, match="from 2026-03-03 on"):
        filing.draft(renewal, until(date(2026, 5, 2)), GROUND)
    opened = filing.draft(renewal, until(date(2026, 5, 1)), GROUND)
    assert (opened.state, opened.stage) == (OrderState.SUBMITTED, None)


def test_a_renewal_needs_the_terms_accepted_again_whatever_joining_asks_for() -> None:
    ground = replace(GROUND, documents="identity")
    renewal = joining(kind=OrderKind.RENEWAL, agreed_on=None)
    draft = filing.draft(renewal, until(TODAY), ground)
    assert draft.missing == ("agreement",)


def test_a_service_order_has_lines_and_no_plan_and_the_others_the_other_way_round() -> None:
    line = PricedLine("拳击课", 2, 15000)
    service = joining(kind=OrderKind.SERVICE, plan=None, lines=(line,), agreed_on=None)
    assert filing.draft(service, NEWCOMER, GROUND).total_minor == 30000
    for wrong in (
        joining(kind=OrderKind.SERVICE),
        joining(kind=OrderKind.SERVICE, plan=None),
        joining(plan=None),
        joining(lines=(line,)),
    ):
        with pytest.raises(Invalid):
            filing.draft(wrong, NEWCOMER, GROUND)


@pytest.mark.parametrize("kind", [OrderKind.RENEWAL, OrderKind.UPGRADE, OrderKind.DOWNGRADE])
def test_what_changes_a_term_takes_one_that_runs_and_a_plan(kind: OrderKind) -> None:
    with pytest.raises(RuleRefused, match="no term"):
        filing.draft(joining(kind=kind), NEWCOMER, GROUND)
    with pytest.raises(Invalid, match="has a plan"):
        filing.draft(joining(kind=kind, plan=None), until(TODAY), GROUND)


def test_an_order_is_known_again_by_reference_and_by_member_and_plan() -> None:
    asked = joining(source="web", external_ref="A1")
    assert filing.keys_of(asked) == (("web", "A1"), (1, "YEAR"))
    assert filing.keys_of(joining(kind=OrderKind.RENEWAL)) == (None, None)


def test_the_same_reference_again_is_unchanged_and_another_one_a_duplicate() -> None:
    again = filing.repeated(joining(source="web", external_ref="A1"), filed(), by_reference=True)
    assert again.outcome is Filed.UNCHANGED
    assert filing.repeated(joining(), filed(), by_reference=False).outcome is Filed.UNCHANGED
    other = joining(source="web", external_ref="A2")
    assert filing.repeated(other, filed(), by_reference=False).outcome is Filed.DUPLICATE


@pytest.mark.parametrize(
    ("agreed_on", "state", "anew"),
    [
        (date(2026, 2, 1), OrderState.FULFILLED, True),
        (date(2026, 1, 31), OrderState.FULFILLED, False),
        (None, OrderState.FULFILLED, False),
        (date(2026, 2, 1), OrderState.CONFIRMED, False),
    ],
)
def test_who_agrees_after_a_membership_has_ended_joins_anew(
    agreed_on: date | None, state: OrderState, anew: bool
) -> None:
    ended = until(date(2026, 1, 31))
    earlier = filed(state=state)
    assert filing.joins_anew(joining(agreed_on=agreed_on), earlier, ended) is anew
    assert not filing.joins_anew(joining(agreed_on=agreed_on), earlier, NEWCOMER)


def test_a_reference_with_other_content_is_a_conflict_that_names_the_order() -> None:
    asked = joining(source="web", external_ref="A1")
    with pytest.raises(Conflict, match="JN-2026-8C7XN"):
        filing.repeated(asked, filed(plan="MONTH"), by_reference=True)
    with pytest.raises(Conflict):
        filing.repeated(asked, filed(member_id=2), by_reference=True)


def test_an_external_reference_needs_its_source() -> None:
    assert filing.checked_reference("web", " A1 ") == ("web", "A1")
    assert filing.checked_reference(None, None) == (None, None)
    with pytest.raises(Invalid, match="a source means nothing"):
        filing.checked_reference("web", None)
    with pytest.raises(Invalid, match="source"):
        filing.checked_reference(None, "A1")


def test_only_the_listed_moves_are_allowed_and_a_refusal_lists_them() -> None:
    for state in OrderState:
        for verb in {verb for _, verb in STEPS}:
            if (state, verb) in STEPS:
                assert step(STEPS, state, verb, "order X") is STEPS[state, verb]
                continue
            with pytest.raises(RuleRefused) as refusal:
                step(STEPS, state, verb, "order X")
            assert refusal.value.allowed == allowed(STEPS, state)


def test_a_quote_is_valid_through_its_last_day() -> None:
    last = rules.quote_valid_until(TODAY, 14)
    assert last == date(2026, 3, 16)
    assert not rules.has_expired(last, last)
    assert rules.has_expired(last, date(2026, 3, 17))


def test_what_is_due_is_the_review_then_the_payment_then_nothing() -> None:
    review, payment = date(2026, 3, 9), date(2026, 3, 16)
    assert rules.due_date(OrderState.IN_REVIEW, review, None) == review
    assert rules.due_date(OrderState.CONFIRMED, review, payment) == payment
    assert rules.due_date(OrderState.RETURNED, review, None) is None
    assert rules.due_date(OrderState.FULFILLED, review, payment) is None


def test_only_a_confirmed_order_owes_and_never_less_than_nothing() -> None:
    assert rules.open_minor(OrderState.SUBMITTED, 100, 0) == 0
    assert rules.open_minor(OrderState.CONFIRMED, 100, 60) == 40
    assert rules.open_minor(OrderState.CONFIRMED, 100, 120) == 0


def test_a_row_that_changed_since_it_was_read_is_a_conflict_that_names_both_versions() -> None:
    rules.refuse_if_changed(None, 8)
    rules.refuse_if_changed(8, 8)
    with pytest.raises(Conflict, match="v7, now v8"):
        rules.refuse_if_changed(7, 8)


@pytest.mark.parametrize(
    ("expired", "may_honour", "is_same"),
    [(False, True, False), (True, False, False), (True, True, True)],
)
def test_only_a_second_senior_person_honours_and_only_an_expired_quote(
    expired: bool, may_honour: bool, is_same: bool
) -> None:
    with pytest.raises((RuleRefused, NotPermitted)):
        rules.refuse_honour("JN", expired=expired, may_honour=may_honour, is_same=is_same)
    rules.refuse_honour("JN", expired=True, may_honour=True, is_same=False)


@pytest.mark.parametrize("kind", OrderKind)
def test_orders_of_every_kind_have_numbers_that_can_be_typed(kind: OrderKind) -> None:
    number = order_number(rules.PREFIXES[kind], 2026, 1)
    assert parse_order_number(number.lower()) == number
