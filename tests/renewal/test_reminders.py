"""Reminders as pure decisions. Source: rules N1; mission S1.7."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memberctl.core.dates import Period, Unit, span_at
from memberctl.core.errors import Invalid
from memberctl.core.schedules import closes_on, current, normal_offsets, parse_offsets
from memberctl.message.rules import Purpose
from memberctl.renewal.reminders import is_within, open_ends, purpose_of, step_words

END = date(2026, 3, 31)
FOUR = parse_offsets("1m,1w,0d,+1w")
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))


def test_n1_one_month_before_the_31st_of_march_is_the_28th_of_february() -> None:
    due = [step.from_(END).isoformat() for step in FOUR]
    assert due == ["2026-02-28", "2026-03-24", "2026-03-31", "2026-04-07"]


def test_the_earliest_step_stands_first_however_they_are_listed() -> None:
    assert normal_offsets(" +1w, 0D ,1m") == "1m,0d,+1w"
    assert [step_words(step) for step in FOUR] == [
        "1 month before the end", "1 week before the end", "on the last day",
        "1 week after the end",
    ]  # fmt: skip
    assert {purpose_of(step) for step in FOUR[:3]} == {Purpose.RENEWAL_REMINDER}
    assert purpose_of(FOUR[3]) is Purpose.WIN_BACK


@pytest.mark.parametrize(
    "text",
    ["", ",", "1", "m", "1y", "-1m", "1m,1m", "4w,28d", "500d", "1m,2m,3m,4m,5m,6m,7m,8m,9m"],
)
def test_what_is_no_list_of_days_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_offsets(text)


@pytest.mark.parametrize(
    ("day", "place"),
    [
        ("2026-02-27", None), ("2026-02-28", 0), ("2026-03-13", 0), ("2026-03-14", None),
        ("2026-03-24", 1), ("2026-03-30", 1), ("2026-03-31", 2), ("2026-04-06", 2),
        ("2026-04-07", 3), ("2026-04-20", 3), ("2026-04-21", None),
    ],
)  # fmt: skip
def test_a_step_is_open_until_the_next_and_at_most_two_weeks(day: str, place: int | None) -> None:
    assert current(FOUR, END, date.fromisoformat(day), 14) == place


@settings(max_examples=150, deadline=None)
@given(DAYS, DAYS, st.integers(1, 60))
def test_the_ends_for_which_a_step_is_open_are_a_stretch_that_agrees_with_each_day(
    today: date, end_on: date, window: int
) -> None:
    found = open_ends(FOUR, today, window)
    for place, step in enumerate(FOUR):
        is_open = step.from_(end_on) <= today <= closes_on(FOUR, place, end_on, window)
        its = [ends for ends in found if ends.step is step and ends.first <= end_on <= ends.last]
        assert len(its) == is_open, "a stretch, cut into pieces that share no day"
        assert all(ends.days == (end_on - step.from_(end_on)).days for ends in its)


@settings(max_examples=300, deadline=None)
@given(DAYS, st.integers(0, 40), st.integers(1, 3))
def test_a_step_before_the_end_is_within_a_term_that_is_longer_and_in_no_other(
    anchor: date, place: int, months: int
) -> None:
    span = span_at(anchor, Period(months, Unit.MONTH), place)
    within = {step.key for step in FOUR if is_within(step, span.start_on, span.end_on)}
    assert within == {"1w", "0d", "+1w"} | ({"1m"} if months > 1 else set())


@given(DAYS, st.integers(0, 70))
def test_a_step_is_within_a_term_when_somebody_lived_a_day_of_it_before(
    start_on: date, more: int
) -> None:
    end_on = start_on + timedelta(days=more)
    lived = {start_on + timedelta(days=n) for n in range(1, more + 1)}
    for step in FOUR[:3]:
        assert is_within(step, start_on, end_on) == (step.from_(end_on) in lived)
    assert is_within(FOUR[3], start_on, end_on)


def test_every_end_has_each_step_on_some_day_even_in_february() -> None:
    for offset in range(366):
        end_on = date(2028, 1, 1) + timedelta(days=offset)
        for place, step in enumerate(FOUR):
            assert current(FOUR, end_on, step.from_(end_on), 14) == place
