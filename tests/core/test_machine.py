"""States change along their table and no other way."""

from __future__ import annotations

from enum import StrEnum

import pytest

from memberctl.core.errors import RuleRefused
from memberctl.core.machine import allowed, step


class State(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    PAID = "paid"


STEPS = {
    (State.ASKED, "approve"): State.APPROVED,
    (State.ASKED, "reject"): State.PAID,
    (State.APPROVED, "pay"): State.PAID,
}


def test_a_step_in_the_table_leads_on():
    assert step(STEPS, State.APPROVED, "pay", "refund RF-0007") is State.PAID


def test_another_step_is_refused_with_what_is_allowed():
    with pytest.raises(RuleRefused) as refused:
        step(STEPS, State.ASKED, "pay", "refund RF-0007")

    assert refused.value.message == "cannot pay refund RF-0007: it is asked"
    assert refused.value.allowed == ("approve", "reject")


def test_at_the_end_nothing_is_allowed():
    with pytest.raises(RuleRefused) as refused:
        step(STEPS, State.PAID, "pay", "refund RF-0007")

    assert refused.value.allowed == () == allowed(STEPS, State.PAID)
