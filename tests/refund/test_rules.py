"""Whose hands a refund goes through, and what it may be asked for. Source: rules M2, M9, O2."""

from __future__ import annotations

from datetime import date

import pytest

from memberctl.access.changes import ChangeKind
from memberctl.core.errors import Conflict, Invalid, NotPermitted, RuleRefused
from memberctl.core.machine import allowed, step
from memberctl.office.rules import Role
from memberctl.order.rules import OrderState
from memberctl.payment.rules import Method
from memberctl.refund import rules
from memberctl.refund.amounts import Usage
from memberctl.refund.rules import (
    PAYERS,
    STEPS,
    Bands,
    Hand,
    HandPart,
    RefundState,
    Signature,
    approvers,
    sign,
)
from memberctl.review.rules import Person

BANDS = Bands(manager_from=500_000, owner_from=5_000_000)


def person(number: int, *roles: Role, is_member: bool = False) -> Person:
    return Person(f"p{number}", number, frozenset(roles), is_member)


REVIEWERS = frozenset({Role.REVIEWER, Role.MANAGER})
ASKED = [Hand(HandPart.REQUEST, 1)]
REVIEWED = [*ASKED, Hand(HandPart.REVIEW, 2)]


@pytest.mark.parametrize("state", RefundState)
@pytest.mark.parametrize("verb", ["approve", "reject", "withdraw", "pay", "fail"])
def test_m9_only_the_listed_moves_are_allowed_and_a_refusal_lists_them(
    state: RefundState, verb: str
) -> None:
    if (state, verb) in STEPS:
        assert step(STEPS, state, verb, "refund RF-0001") is STEPS[state, verb]
        return
    with pytest.raises(RuleRefused) as refused:
        step(STEPS, state, verb, "refund RF-0001")
    assert refused.value.allowed == allowed(STEPS, state)


@pytest.mark.parametrize(
    ("minor", "beyond", "named"),
    [
        (499_999, False, {Role.REVIEWER, Role.MANAGER, Role.OWNER}),
        (500_000, False, {Role.MANAGER, Role.OWNER}),
        (100, True, {Role.MANAGER, Role.OWNER}),
        (5_000_000, False, {Role.OWNER}),
        (5_000_000, True, {Role.OWNER}),
    ],
)
def test_m9_the_amount_decides_who_approves(minor: int, beyond: bool, named: set[Role]) -> None:
    assert approvers(minor, BANDS, beyond=beyond) == named


def test_three_people_sign_three_parts() -> None:
    assert sign(HandPart.REVIEW, person(2, Role.REVIEWER), ASKED, REVIEWERS, refund="RF-1") == (
        Signature(2, 2)
    )
    assert sign(HandPart.PAYOUT, person(3, Role.FINANCE), REVIEWED, PAYERS, refund="RF-1") == (
        Signature(3, 3)
    )


@pytest.mark.parametrize(("number", "did"), [(1, "p1 asked for it"), (2, "p2 reviewed it")])
def test_nobody_who_had_a_hand_in_it_pays(number: int, did: str) -> None:
    with pytest.raises(NotPermitted, match=did):
        sign(HandPart.PAYOUT, person(number, Role.FINANCE), REVIEWED, PAYERS, refund="RF-1")


def test_the_owner_is_held_to_it_as_well() -> None:
    with pytest.raises(NotPermitted, match="asked for it"):
        sign(HandPart.REVIEW, person(1, Role.OWNER), ASKED, REVIEWERS | PAYERS, refund="RF-1")


@pytest.mark.parametrize("part", HandPart)
def test_the_member_concerned_signs_nothing(part: HandPart) -> None:
    own = person(9, Role.OWNER, is_member=True)
    with pytest.raises(NotPermitted, match="own membership"):
        sign(part, own, ASKED, PAYERS, refund="RF-1")


def test_who_lacks_the_role_is_told_which_it_takes() -> None:
    with pytest.raises(NotPermitted, match="takes manager or owner"):
        roles = approvers(500_000, BANDS, beyond=False)
        sign(HandPart.REVIEW, person(2, Role.REVIEWER), ASKED, roles, refund="RF-1")


def test_in_an_emergency_a_second_person_answers_for_it() -> None:
    who, second = person(1, Role.MANAGER), person(5, Role.MANAGER)
    found = sign(HandPart.REVIEW, who, ASKED, REVIEWERS, refund="RF-1", approver=second)
    assert found == Signature(staff_id=5, acted_by=1)


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (person(1, Role.MANAGER), "second person"),
        (person(5, Role.RECEPTION), "is not one"),
        (person(5, Role.MANAGER, is_member=True), "own membership"),
        (person(2, Role.FINANCE), "had a hand"),
    ],
)
def test_not_everybody_can_be_that_second_person(second: Person, why: str) -> None:
    roles = REVIEWERS | PAYERS
    with pytest.raises(NotPermitted, match=why):
        sign(
            HandPart.PAYOUT, person(1, Role.MANAGER), REVIEWED, roles,
            refund="RF-1", approver=second,
        )  # fmt: skip


def test_an_override_that_nothing_asks_for_is_refused() -> None:
    who, second = person(3, Role.FINANCE), person(4, Role.FINANCE)
    with pytest.raises(RuleRefused, match="needs no override"):
        sign(HandPart.PAYOUT, who, REVIEWED, PAYERS, refund="RF-1", approver=second)


@pytest.mark.parametrize(
    ("state", "way"),
    [
        (OrderState.CONFIRMED, "order withdraw"),
        (OrderState.IN_REVIEW, "order withdraw"),
        (OrderState.FORFEITED, "credit list"),
        (OrderState.VOIDED, "credit list"),
    ],
)
def test_m2_money_of_an_order_that_is_not_settled_goes_another_way(
    state: OrderState, way: str
) -> None:
    with pytest.raises(RuleRefused) as refused:
        rules.refuse_unsettled("JN-1", state)
    assert way in str(refused.value.hint)


@pytest.mark.parametrize("state", [OrderState.PAID, OrderState.FULFILLED, OrderState.CLOSED])
def test_a_settled_order_may_be_refunded(state: OrderState) -> None:
    assert rules.refuse_unsettled("JN-1", state) is None  # type: ignore[func-returns-value]


def test_what_went_on_under_another_order_is_refunded_there() -> None:
    with pytest.raises(RuleRefused, match="went into UP-1"):
        rules.refuse_what_went_on("JN-1", ChangeKind.SWITCHED, "UP-1")
    with pytest.raises(RuleRefused, match="handed over"):
        rules.refuse_what_went_on("JN-1", ChangeKind.TRANSFERRED, "TR-1")
    rules.refuse_what_went_on("JN-1", ChangeKind.REFUNDED, "RF-1")


def test_a_step_that_is_not_allowed_says_where_to_look() -> None:
    with pytest.raises(RuleRefused, match="cannot pay refund RF-0007: it is paid") as refused:
        rules.move_on(rules.RefundState.PAID, "pay", "RF-0007")
    assert refused.value.hint == "memberctl refund show RF-0007"


def test_a_visit_after_the_effective_date_used_that_day() -> None:
    rules.refuse_visit_after([date(2026, 4, 10)], date(2026, 4, 10), order="JN-1")
    with pytest.raises(RuleRefused) as refused:
        rules.refuse_visit_after([date(2026, 4, 12)], date(2026, 4, 10), order="JN-1")
    assert refused.value.hint == "--on 2026-04-12"
    with pytest.raises(RuleRefused) as refused:
        rules.refuse_visit_after(
            [date(2026, 4, 12)], date(2026, 4, 10), order="JN-1", refund="RF-0001"
        )
    assert "memberctl refund withdraw RF-0001" in (refused.value.hint or "")


def test_what_was_counted_by_another_term_is_not_paid() -> None:
    rules.refuse_other_usage("RF-1", Usage(100, 365), Usage(100, 365))
    with pytest.raises(Conflict, match="the term changed"):
        rules.refuse_other_usage("RF-1", Usage(100, 365), Usage(80, 365))


def test_another_way_to_pay_is_for_a_payout_that_failed() -> None:
    rules.refuse_other_method(RefundState.FAILED, Method.BANK, "RF-1")
    with pytest.raises(RuleRefused, match="the way the money came"):
        rules.refuse_other_method(RefundState.APPROVED, Method.BANK, "RF-1")
    with pytest.raises(RuleRefused, match="credit is no way"):
        rules.refuse_other_method(RefundState.FAILED, Method.MEMBER_CREDIT, "RF-1")


def test_a_rejection_says_why() -> None:
    with pytest.raises(Invalid, match="a rejection needs a reason"):
        rules.require_reason("", what="a rejection")
