"""Who gets a card, as a pure decision. Source: rules C1-C3."""

from __future__ import annotations

import pytest

from memberctl.access.cards import (
    CardFacts,
    CardOutcome,
    blanks_after,
    card_outcomes,
    card_refusal,
)
from memberctl.access.rules import CardState, Handover
from memberctl.core.errors import NotFound, RuleRefused


def wish(member_id: int = 1, **changes: object) -> CardFacts:
    facts: dict[str, object] = {
        "entitled": True, "card": None, "branch_id": 1, "has_address": True,
    }  # fmt: skip
    return CardFacts(member_id, **(facts | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (wish(), CardOutcome.ISSUED),
        (None, CardOutcome.NOT_FOUND),
        (wish(entitled=False), CardOutcome.NOT_PAID),
        (wish(card=("86000100001236", CardState.ACTIVE)), CardOutcome.ALREADY),
        (wish(card=("86000100001236", CardState.ACTIVE), entitled=False), CardOutcome.ALREADY),
        (wish(card=("86000100001236", CardState.BLOCKED)), CardOutcome.BLOCKED),
        (wish(has_address=False), CardOutcome.NO_ADDRESS),
    ],
)
def test_a_card_is_posted_only_to_who_may_have_one(
    facts: CardFacts | None, expected: CardOutcome
) -> None:
    assert card_outcomes([facts], Handover.POST, {}) == [expected]


def test_no_address_is_needed_at_the_counter() -> None:
    assert card_outcomes([wish(has_address=False)], Handover.COUNTER, {}) == [CardOutcome.ISSUED]


def test_blanks_are_counted_per_branch_and_only_where_they_are_counted() -> None:
    wishes = [wish(1), wish(2), wish(3, branch_id=2), wish(4, branch_id=2)]
    outcomes = card_outcomes(wishes, Handover.COUNTER, {1: 1})
    assert outcomes == [
        CardOutcome.ISSUED, CardOutcome.NO_BLANKS, CardOutcome.ISSUED, CardOutcome.ISSUED,
    ]  # fmt: skip


def test_a_refused_wish_takes_no_blank() -> None:
    outcomes = card_outcomes([wish(1, entitled=False), wish(2)], Handover.COUNTER, {1: 1})
    assert outcomes == [CardOutcome.NOT_PAID, CardOutcome.ISSUED]


def test_one_member_twice_in_a_batch_gets_one_card() -> None:
    outcomes = card_outcomes([wish(1), wish(1)], Handover.COUNTER, {})
    assert outcomes == [CardOutcome.ISSUED, CardOutcome.ALREADY]


@pytest.mark.parametrize("outcome", [each for each in CardOutcome if each != "issued"])
def test_every_refusal_names_the_member_and_the_next_command(outcome: CardOutcome) -> None:
    refusal = card_refusal(outcome, "M-000001", "86000100001236")
    assert "M-000001" in refusal.message
    assert refusal.hint is not None
    assert refusal.hint.startswith("memberctl ")
    assert isinstance(refusal, NotFound if outcome == "not_found" else RuleRefused)


def test_stock_cannot_fall_below_zero() -> None:
    assert blanks_after(3, -3) == 0
    with pytest.raises(RuleRefused, match="has 3 blank cards"):
        blanks_after(3, -4)
