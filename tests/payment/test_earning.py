"""What of a fee is earned by a day: exact, day by day, as it was known then."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.access.changes import Change, ChangeKind
from memberctl.access.rules import Held
from memberctl.core.dates import Span
from memberctl.core.errors import Invalid, RuleRefused
from memberctl.payment.earning import (
    Fee,
    Movement,
    earned_by,
    earned_minor,
    job_through,
    refuse_through,
    value_dates,
)

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
YEAR = Span(FIRST, LAST)


def term(span: Span = YEAR, *changes: Change, granted_on: date = FIRST, **more: object) -> Held:
    return Held(span, span.start_on, granted_on, changes=changes, **more)  # type: ignore[arg-type]


def change(
    kind: ChangeKind, on: date, after: Span, before: Span = YEAR, stretch: Span | None = None
) -> Change:
    return Change(1, kind, on, before, after, stretch)


def test_a_fee_is_earned_day_by_day_and_whole_on_the_last_day() -> None:
    assert earned_minor(100000, 0, [term()], date(2025, 12, 31)) == 0
    assert earned_minor(100000, 0, [term()], FIRST) == 274
    assert earned_minor(100000, 0, [term()], date(2026, 4, 10)) == 27397
    assert earned_minor(100000, 0, [term()], LAST) == 100000
    assert earned_minor(100000, 0, [term()], date(2030, 1, 1)) == 100000


@given(st.integers(0, 10**9), st.integers(0, 800), st.integers(1, 800))
def test_days_add_up_to_the_fee_and_never_go_back(fee: int, after: int, days: int) -> None:
    span = Span(FIRST, FIRST + timedelta(days=days - 1))
    steps = [earned_minor(fee, 0, [term(span)], FIRST + timedelta(days=n)) for n in range(days)]
    assert steps == sorted(steps)
    assert steps[-1] == fee
    assert earned_minor(fee, 0, [term(span)], FIRST + timedelta(days=days + after)) == fee


def test_the_joining_fee_is_earned_on_the_first_day_and_the_rest_over_the_term() -> None:
    assert earned_minor(120000, 20000, [term()], FIRST) == 20274
    assert earned_minor(120000, 20000, [term()], LAST) == 120000
    assert earned_minor(15000, 20000, [term()], FIRST) == 15000


def test_a_frozen_day_earns_nothing_and_the_end_moves_with_it() -> None:
    stretch = Span(date(2026, 7, 1), date(2026, 7, 30))
    longer = Span(FIRST, date(2027, 1, 30))
    frozen = term(longer, change(ChangeKind.FROZEN, date(2026, 6, 1), longer, YEAR, stretch))
    before = earned_minor(36500, 0, [frozen], date(2026, 6, 30))
    assert before == 18100
    assert earned_minor(36500, 0, [frozen], date(2026, 7, 30)) == before
    assert earned_minor(36500, 0, [frozen], date(2026, 7, 31)) == before + 100
    assert earned_minor(36500, 0, [frozen], LAST) == 36500 - 3000
    assert earned_minor(36500, 0, [frozen], date(2027, 1, 30)) == 36500


def test_what_is_left_when_a_term_ends_early_is_earned_then() -> None:
    cut = Span(FIRST, date(2026, 4, 10))
    ended = term(cut, change(ChangeKind.CANCELLED, date(2026, 4, 10), cut))
    assert earned_minor(36500, 0, [ended], date(2026, 4, 9)) == 9900
    assert earned_minor(36500, 0, [ended], date(2026, 4, 10)) == 36500


@pytest.mark.parametrize("kind", [ChangeKind.SWITCHED, ChangeKind.TRANSFERRED])
def test_what_is_handed_on_is_earned_to_the_old_end(kind: ChangeKind) -> None:
    cut = Span(FIRST, date(2026, 4, 10))
    handed = term(cut, change(kind, date(2026, 4, 11), cut))
    assert earned_minor(36500, 0, [handed], date(2026, 4, 20)) == 11000
    assert earned_minor(36500, 0, [handed], LAST) == 36500


def test_a_term_that_was_voided_or_not_granted_yet_earns_nothing() -> None:
    assert earned_minor(36500, 0, [], LAST) == 0
    assert earned_minor(36500, 0, [term(voided_on=date(2026, 3, 1))], date(2026, 3, 1)) == 0
    assert earned_minor(36500, 0, [term(voided_on=date(2026, 3, 1))], date(2026, 2, 28)) == 5900
    assert earned_minor(36500, 0, [term(granted_on=date(2026, 2, 1))], date(2026, 1, 31)) == 0


def a_fee(*terms: Held, movements: tuple[Movement, ...] = (Movement(FIRST, 36500, 0),)) -> Fee:
    return Fee("JN-1", terms, movements)


def test_each_month_has_the_income_that_it_earned_however_seldom_it_is_booked() -> None:
    found = earned_by(a_fee(term()), None, date(2026, 4, 10))
    assert [(each.value_on, each.amount) for each in found] == [
        (date(2026, 1, 31), 3100), (date(2026, 2, 28), 2800), (date(2026, 3, 31), 3100),
        (date(2026, 4, 10), 1000),
    ]  # fmt: skip


@given(st.sets(st.integers(0, 420), min_size=1, max_size=8), st.integers(1, 10**7))
def test_booking_on_many_days_comes_to_the_same_months_as_booking_once(
    days: set[int], fee: int
) -> None:
    def booked(runs: list[date]) -> dict[str, int]:
        movements, last = [Movement(FIRST, fee, 0)], None
        months: dict[str, int] = {}
        for day in runs:
            for each in earned_by(a_fee(term(), movements=tuple(movements)), last, day):
                movements.append(Movement(each.value_on, 0, each.amount))
                months[f"{each.value_on:%Y-%m}"] = (
                    months.get(f"{each.value_on:%Y-%m}", 0) + each.amount
                )
            last = day
        return months

    runs = sorted(FIRST + timedelta(days=n) for n in days)
    assert booked(runs) == booked(runs[-1:])


def test_a_closed_month_keeps_its_income_and_a_correction_counts_from_now_on() -> None:
    late = term(Span(date(2026, 2, 1), LAST), granted_on=date(2026, 3, 5))
    fee = a_fee(late, movements=(Movement(date(2026, 3, 5), 33400, 0),))
    found = earned_by(fee, date(2026, 2, 28), date(2026, 3, 31))
    assert [(each.value_on, each.amount) for each in found] == [(date(2026, 3, 31), 5900)]


def test_income_is_booked_through_no_later_than_today_and_never_before_what_is_booked() -> None:
    refuse_through(LAST, LAST, LAST)
    with pytest.raises(Invalid, match="has not come yet"):
        refuse_through(LAST, None, LAST - timedelta(days=1))
    with pytest.raises(RuleRefused, match="booked through"):
        refuse_through(FIRST, LAST, LAST)


def test_the_daily_run_books_yesterday_or_the_last_months_end() -> None:
    assert job_through(date(2026, 3, 1), "month") == date(2026, 2, 28)
    assert job_through(date(2026, 3, 1), "day") == date(2026, 2, 28)
    assert job_through(date(2026, 3, 17), "month") == date(2026, 2, 28)
    assert job_through(date(2026, 3, 17), "day") == date(2026, 3, 16)


def test_nothing_is_booked_for_days_before_the_fee() -> None:
    assert value_dates(a_fee(), None, date(2025, 12, 31)) == [date(2025, 12, 31)]
    assert earned_by(a_fee(term()), None, date(2025, 12, 31)) == []
