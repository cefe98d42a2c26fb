"""Policies: defaults, bounds and choices."""

from __future__ import annotations

import pytest

from memberctl.core.errors import Invalid, NotFound
from memberctl.office.policies import POLICIES, checked_policy
from tests.office.bad_values import REFUSED_COUNTS, REFUSED_NAMES


@pytest.mark.parametrize("key", sorted(POLICIES))
def test_every_default_is_a_value_that_may_be_set(key: str) -> None:
    assert checked_policy(key, POLICIES[key].default) == POLICIES[key].default


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("review_days", " 007 ", "7"),
        ("grace_entry", "refuse", "refuse"),
        ("join_documents", "identity, agreement", "agreement,identity"),
        ("join_documents", "", ""),
        ("benefit_notice_days", "0", "0"),
    ],
)
def test_a_value_is_stored_in_one_form(key: str, value: str, stored: str) -> None:
    assert checked_policy(key, value) == stored


@pytest.mark.parametrize("value", [*REFUSED_COUNTS.values(), "251", "0", "5 days"])
def test_a_number_outside_its_bounds_is_refused_with_the_bounds(value: str) -> None:
    with pytest.raises(Invalid, match="from 1 to 250"):
        checked_policy("review_days", value)


@pytest.mark.parametrize("value", [*REFUSED_NAMES.values(), "perhaps"])
def test_a_word_that_is_no_choice_is_refused_with_the_choices(value: str) -> None:
    with pytest.raises(Invalid, match="one of allow, warn, refuse"):
        checked_policy("grace_entry", value)
    with pytest.raises(Invalid, match="lists agreement, identity"):
        checked_policy("join_documents", value.strip() or "perhaps")


def test_an_unknown_policy_is_refused_with_a_near_one() -> None:
    with pytest.raises(NotFound, match=r"did you mean review_days\?") as refusal:
        checked_policy("reviewdays", "5")
    assert refusal.value.hint == "memberctl policy list"
