"""What reports derive, as pure functions. Source: rules T5, T7, O8."""

from __future__ import annotations

from datetime import date

import pytest

from memberctl.access.rules import Held, Wait, member_status
from memberctl.core.dates import Span
from memberctl.order.rules import OrderState
from memberctl.report.rules import (
    Check,
    Finding,
    OrderFacts,
    continuous_since,
    exit_of,
    member_since,
    standing,
    wait_of,
)


def march(day: int) -> date:
    return date(2026, 3, day)


def order(state: OrderState) -> OrderFacts:
    return OrderFacts("JN-1", state, march(2), march(9))


@pytest.mark.parametrize(
    ("state", "granted", "called_off", "expected"),
    [
        (OrderState.CONFIRMED, None, None, Wait(march(2), march(9))),
        (OrderState.FULFILLED, march(5), None, Wait(march(2), march(5))),
        (OrderState.FORFEITED, None, None, Wait(march(2), march(9))),
        (OrderState.WITHDRAWN, None, march(6), Wait(march(2), march(5))),
        (OrderState.VOIDED, None, None, None),
    ],
)
def test_an_order_waits_for_its_money_until_it_is_paid_forfeited_or_called_off(
    state: OrderState, granted: date | None, called_off: date | None, expected: Wait | None
) -> None:
    assert wait_of(order(state), granted, called_off) == expected


def test_an_order_that_was_never_confirmed_never_waits() -> None:
    assert wait_of(OrderFacts("JN-1", OrderState.SUBMITTED, None, None), None, None) is None


def test_the_past_of_a_paid_order_is_pending_payment() -> None:
    term = Held(Span(march(5), date(2027, 3, 4)), march(5), march(5), None, "JN-1")
    facts = standing([term], [order(OrderState.FULFILLED)], {}, 30)
    found = [member_status(facts, march(day)) for day in (1, 2, 4, 5)]
    assert found == ["applicant", "pending_payment", "pending_payment", "active"]


def test_a_reinstatement_keeps_the_first_day() -> None:
    terms = [
        Held(Span(date(2026, 5, 5), date(2027, 5, 4)), date(2026, 5, 5), date(2026, 5, 5)),
        Held(Span(date(2025, 4, 1), date(2026, 3, 31)), date(2025, 4, 1), date(2025, 4, 1)),
    ]
    assert member_since(terms, date(2026, 6, 1)) == date(2025, 4, 1)
    assert member_since(terms, date(2025, 3, 31)) is None


def years(*starts: int) -> list[Held]:
    """Return terms that cover the named calendar years, all sold before the first."""
    return [
        Held(Span(date(year, 1, 1), date(year, 12, 31)), date(year, 1, 1), date(2020, 1, 1))
        for year in starts
    ]


@pytest.mark.parametrize(
    ("terms", "since"),
    [
        ([], None),
        (years(2027, 2025, 2026), 2025),
        (years(2023, 2025, 2026), 2025),
        (years(2025, 2028), 2025),
        (years(2028, 2029), 2028),
    ],
)
def test_the_latest_stretch_without_a_gap_begins_where_the_last_gap_ended(
    terms: list[Held], since: int | None
) -> None:
    found = continuous_since(terms, date(2026, 6, 1))
    assert found == (None if since is None else date(since, 1, 1))


def test_the_worst_finding_decides_how_doctor_ends() -> None:
    ok, warn, wrong = (Check("x", state, "") for state in Finding)
    assert [exit_of([ok]), exit_of([warn, ok]), exit_of([ok, wrong, warn])] == [0, 3, 8]
