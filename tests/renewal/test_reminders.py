"""Reminders as pure decisions. Source: rules N1; mission S1.7."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memberctl.core.errors import Invalid
from memberctl.core.schedules import closes_on, current, normal_offsets, parse_offsets
from memberctl.message.rules import Purpose
from memberctl.renewal.reminders import open_ends, purpose_of, step_words

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
    for place, ends in enumerate(open_ends(FOUR, today, window)):
        is_open = FOUR[place].from_(end_on) <= today <= closes_on(FOUR, place, end_on, window)
        assert (ends.first <= end_on <= ends.last) == is_open


def test_every_end_has_each_step_on_some_day_even_in_february() -> None:
    for offset in range(366):
        end_on = date(2028, 1, 1) + timedelta(days=offset)
        for place, step in enumerate(FOUR):
            assert current(FOUR, end_on, step.from_(end_on), 14) == place
