"""Fixed-calendar plans: when their terms end, what a late join pays and when it rolls over."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.core.errors import Invalid
from memberctl.core.money import divide_half_up
from memberctl.core.seasons import Share, checked_season, season_months, season_of

YEAR = season_of("01-01/days/11-01", "12m")


def test_t10_joining_in_september_pays_122_of_365_days() -> None:
    on = date(2025, 9, 1)
    assert YEAR.joined(on).end_on == date(2025, 12, 31)
    n, d = YEAR.portion(on)
    assert (n, d) == (122, 365)
    assert divide_half_up(365000 * n, d) == 122000


@pytest.mark.parametrize(
    ("on", "end", "portion"),
    [
        (date(2025, 1, 1), date(2025, 12, 31), (365, 365)),
        (date(2025, 10, 31), date(2025, 12, 31), (62, 365)),
        (date(2025, 11, 1), date(2026, 12, 31), (61 + 365, 365)),
        (date(2025, 12, 31), date(2026, 12, 31), (1 + 365, 365)),
        (date(2024, 2, 29), date(2024, 12, 31), (307, 366)),
    ],
)
def test_from_the_roll_over_on_a_join_also_gets_the_next_year(
    on: date, end: date, portion: tuple[int, int]
) -> None:
    assert YEAR.joined(on).end_on == end
    assert YEAR.portion(on) == portion


def test_by_months_the_month_that_has_begun_is_paid_whole() -> None:
    season = season_of("09-01/months/06-15", "12m")
    assert season.portion(date(2025, 9, 1)) == (12, 12)
    assert season.portion(date(2025, 12, 31)) == (9, 12)
    assert season.portion(date(2026, 1, 1)) == (8, 12)
    assert season.portion(date(2026, 6, 15)) == (3 + 12, 12)
    assert season.joined(date(2026, 6, 15)).end_on == date(2027, 8, 31)


def test_stretches_of_a_month_from_the_31st_do_not_drift() -> None:
    season = season_of("01-31/days", "1m")
    assert season.span(date(2025, 2, 28)).start_on == date(2025, 2, 28)
    assert season.span(date(2025, 4, 1)).start_on == date(2025, 3, 31)
    assert season.span(date(2025, 4, 30)).start_on == date(2025, 4, 30)


@given(
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.sampled_from(("01-01", "09-01", "02-28", "01-31", "12-15")),
    st.sampled_from(("1m", "2m", "3m", "4m", "6m", "12m", "1y")),
)
def test_every_day_is_in_one_stretch_and_the_next_begins_the_day_after(
    on: date, start: str, term: str
) -> None:
    season = season_of(f"{start}/days", term)
    span = season.span(on)
    assert span.start_on <= on <= span.end_on
    assert season.span(span.start_on) == season.span(span.end_on) == span
    assert season.span(span.end_on + timedelta(days=1)).start_on == span.end_on + timedelta(days=1)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [(" 01-01 ", "01-01/days"), ("09-01/MONTHS", "09-01/months"),
     ("01-01/days/11-01", "01-01/days/11-01"), ("01-01/11-01", "01-01/days/11-01")],
)  # fmt: skip
def test_a_season_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert checked_season(typed) == kept
    assert season_of(kept, "12m").share in Share


@pytest.mark.parametrize("wrong", ["", "1-1", "02-29", "13-01", "01-32", "01-01/weeks", "0１-01"])
def test_what_no_season_can_be_is_refused(wrong: str) -> None:
    with pytest.raises(Invalid):
        checked_season(wrong)


@pytest.mark.parametrize("term", ["30d", "2w", "5m", "24m", "2y"])
def test_a_term_that_makes_up_no_year_has_no_season(term: str) -> None:
    with pytest.raises(Invalid):
        season_months(term)
