"""Deadlines count working days by the calendar and never guess a year."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.core.errors import RuleRefused
from memberctl.core.workdays import (
    WorkCalendar,
    due_after,
    due_with_pauses,
    warning_on,
    working_days_between,
)

D = date.fromisoformat
# China 2024: 1-7 October are holidays, Saturday 12 October makes up for one of them.
CALENDAR = WorkCalendar(
    years=frozenset({2024, 2025, 2026}),
    holidays=frozenset(date(2024, 10, day) for day in (1, 2, 3, 4, 7)),
    workdays=frozenset({D("2024-09-29"), D("2024-10-12")}),
)
RECEIVED = st.dates(D("2024-01-01"), D("2025-12-31"))


def test_o5_a_make_up_saturday_counts():
    assert due_after(D("2024-10-10"), 2, CALENDAR) == D("2024-10-12")


def test_o5_a_holiday_week_does_not_count():
    assert due_after(D("2024-09-30"), 1, CALENDAR) == D("2024-10-08")


def test_o8_five_working_days_to_pay():
    assert due_after(D("2026-03-02"), 5, CALENDAR) == D("2026-03-09")


def test_no_working_days_are_due_at_once():
    assert due_after(D("2026-03-07"), 0, CALENDAR) == D("2026-03-07")


def test_o5_a_year_that_was_never_entered_is_refused_with_the_command_that_enters_it():
    with pytest.raises(RuleRefused, match="has no year 2027") as refused:
        due_after(D("2026-12-30"), 5, CALENDAR)

    assert refused.value.hint == "memberctl calendar add 2027"


@given(RECEIVED, st.integers(1, 60))
def test_the_due_date_is_the_nth_working_day(received, n):
    due = due_after(received, n, CALENDAR)

    assert CALENDAR.is_working(due)
    assert working_days_between(received, due, CALENDAR) == n


def test_between_a_day_and_itself_lie_no_working_days():
    assert working_days_between(D("2026-03-02"), D("2026-03-02"), CALENDAR) == 0
    assert working_days_between(D("2026-03-03"), D("2026-03-02"), CALENDAR) == 0


def test_o6_a_pause_gives_back_its_working_days_and_not_its_weekend():
    # Friday to Monday: one working day stood still, although three days passed.
    paused = [(D("2026-03-06"), D("2026-03-09"))]
    due = due_with_pauses(D("2026-03-02"), 5, paused, CALENDAR, as_of=D("2026-03-09"))

    assert due == D("2026-03-10")


def test_o6_an_open_pause_lasts_through_today():
    paused = [(D("2026-03-03"), None)]
    due = due_with_pauses(D("2026-03-02"), 5, paused, CALENDAR, as_of=D("2026-03-05"))

    assert due == D("2026-03-11")


def test_o6_overlapping_pauses_count_once():
    once = [(D("2026-03-03"), D("2026-03-05"))]
    twice = [*once, (D("2026-03-04"), D("2026-03-05"))]
    dues = {
        due_with_pauses(D("2026-03-02"), 5, each, CALENDAR, as_of=D("2026-03-09"))
        for each in (once, twice)
    }

    assert dues == {D("2026-03-11")}


def test_a_pause_after_the_due_date_does_not_undo_a_breach():
    paused = [(D("2026-03-10"), None)]
    due = due_with_pauses(D("2026-03-02"), 5, paused, CALENDAR, as_of=D("2026-04-30"))

    assert due == D("2026-03-09")


@given(RECEIVED, st.integers(1, 20), st.integers(0, 30), st.integers(0, 20))
def test_a_pause_moves_the_deadline_by_its_own_working_days(received, n, offset, length):
    start = received + timedelta(days=offset)
    end = start + timedelta(days=length)
    due = due_with_pauses(received, n, [(start, end)], CALENDAR, as_of=end)

    if start < due_after(received, n, CALENDAR):
        paused = working_days_between(start, end, CALENDAR)
        assert working_days_between(received, due, CALENDAR) == n + paused
    else:
        assert due == due_after(received, n, CALENDAR)


def test_o6_the_warning_comes_at_eighty_percent():
    assert warning_on(D("2026-03-02"), D("2026-03-09"), 80, CALENDAR) == D("2026-03-06")


@given(RECEIVED, st.integers(1, 40), st.integers(1, 100))
def test_a_warning_never_comes_after_the_deadline(received, n, percent):
    due = due_after(received, n, CALENDAR)

    assert received < warning_on(received, due, percent, CALENDAR) <= due
