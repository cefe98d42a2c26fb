"""Dates are read strictly, and terms follow one another without gap, overlap or drift."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.core.dates import (
    EARLIEST,
    LATEST,
    Period,
    Span,
    Unit,
    add_period,
    at_local_midnight,
    local_date,
    parse_birth_date,
    parse_date,
    parse_instant,
    parse_month,
    parse_period,
    span_at,
    spans_from,
    zone,
)
from memberctl.core.errors import Invalid

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
D = date.fromisoformat


@given(st.dates(EARLIEST, LATEST))
def test_every_date_in_range_is_read_from_its_iso_form(day):
    assert parse_date(day.isoformat()) == day


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("2023-02-29", "date_unknown"),
        ("2023-13-01", "date_unknown"),
        ("31/04/2024", "date_form"),
        ("0001-01-01", "date_range"),
        ("2200-01-01", "date_range"),
        ("2024-W01-1", "date_form"),
        ("20240101", "date_form"),
        ("2024-1-1", "date_form"),
        ("2024-01-0١", "date_form"),
        ("2024-ab-cd", "date_form"),
        ("", "date_form"),
        (" 2024-01-1", "date_form"),
    ],
)
def test_a_bad_date_is_refused_with_its_own_reason(typed, rule):
    with pytest.raises(Invalid) as refused:
        parse_date(typed)

    assert refused.value.rule == rule


def test_a_birth_in_the_future_is_refused_without_repeating_it():
    with pytest.raises(Invalid) as refused:
        parse_birth_date("2026-03-02", today=D("2026-03-01"))

    assert refused.value.field == "birth_date"
    assert "2026" not in refused.value.message
    assert parse_birth_date("2026-03-01", today=D("2026-03-01")) == D("2026-03-01")


@pytest.mark.parametrize("name", ["Asia/Shanghia", "", "../etc/passwd", "Asia", "a\0b", "/etc/x"])
def test_an_unknown_zone_is_refused(name):
    with pytest.raises(Invalid, match="time zone is not known"):
        zone(name)


def test_a_mistyped_zone_is_guessed():
    with pytest.raises(Invalid) as refused:
        zone("asia/shanghia")

    assert refused.value.hint == "for example Asia/Shanghai"


def test_t1_a_term_ends_with_the_local_day_wherever_the_server_is():
    last_minute = parse_instant("2026-03-31 23:59", SHANGHAI)
    next_day = parse_instant("2026-04-01 00:01", SHANGHAI)

    assert local_date(last_minute, SHANGHAI) == D("2026-03-31")
    assert local_date(next_day, SHANGHAI) == D("2026-04-01")
    assert last_minute == datetime(2026, 3, 31, 15, 59, tzinfo=UTC)


def test_an_instant_without_a_zone_is_a_programmers_error():
    with pytest.raises(ValueError, match="zone"):
        local_date(datetime(2026, 1, 1), SHANGHAI)


@pytest.mark.parametrize(
    ("typed", "utc"),
    [
        ("2026-07-01T12:00:00+08:00", "2026-07-01T04:00:00+00:00"),
        ("2026-07-01 12:00Z", "2026-07-01T12:00:00+00:00"),
        ("2026-07-01 12:00:30", "2026-07-01T10:00:30+00:00"),
        ("2026-10-25 02:30+02:00", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25 02:30+01:00", "2026-10-25T01:30:00+00:00"),
    ],
)
def test_an_instant_is_kept_in_utc(typed, utc):
    instant = parse_instant(typed, BERLIN)

    assert instant.isoformat() == utc
    assert instant.tzinfo is UTC


@pytest.mark.parametrize(
    "typed", ["2026-07-01", "2026-07-01 24:01", "2026-07-01 1:00", "now", "2026-07-01 12:00+99:00"]
)
def test_a_bad_instant_is_refused(typed):
    with pytest.raises(Invalid):
        parse_instant(typed, BERLIN)


@pytest.mark.parametrize("typed", ["2026-03-29 02:00", "2026-03-29 02:30", "2026-03-29 02:59:59"])
def test_t11_a_time_that_clocks_skip_is_refused_with_the_nearest_valid_one(typed):
    with pytest.raises(Invalid, match="nearest valid time after it is 2026-03-29 03:00") as refused:
        parse_instant(typed, BERLIN)

    assert refused.value.rule == "instant_skipped"


def test_t11_a_time_that_comes_twice_needs_its_offset():
    with pytest.raises(Invalid, match="happens twice") as refused:
        parse_instant("2026-10-25 02:30", BERLIN)

    assert refused.value.hint == "add the offset: +02:00 or +01:00"


def test_a_day_begins_at_local_midnight_or_where_clocks_skip_it():
    assert at_local_midnight(D("2026-03-31"), SHANGHAI) == datetime(2026, 3, 30, 16, tzinfo=UTC)
    # Chile skipped from 24:00 on 7 September 2024 to 01:00 on the 8th.
    santiago = ZoneInfo("America/Santiago")
    began = at_local_midnight(D("2024-09-08"), santiago)
    assert began.astimezone(santiago).isoformat() == "2024-09-08T01:00:00-03:00"


def test_a_midnight_that_comes_twice_is_the_first():
    havana = ZoneInfo("America/Havana")
    began = at_local_midnight(D("2024-11-03"), havana)

    assert began.astimezone(havana).isoformat() == "2024-11-03T00:00:00-04:00"


@given(st.dates(D("1950-01-01"), D("2035-12-31")), st.sampled_from(["Asia/Shanghai", "Asia/Gaza"]))
def test_the_second_before_a_day_belongs_to_the_day_before(day, name):
    tz = ZoneInfo(name)
    began = at_local_midnight(day, tz)

    assert local_date(began, tz) == day
    assert local_date(began - timedelta(seconds=1), tz) == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("typed", "period"),
    [
        ("12m", Period(12, Unit.MONTH)),
        ("1y", Period(1, Unit.YEAR)),
        ("30d", Period(30, Unit.DAY)),
        ("2W", Period(2, Unit.WEEK)),
    ],
)
def test_a_period_is_read_and_printed(typed, period):
    assert parse_period(typed) == period
    assert str(period) == typed.lower()


@pytest.mark.parametrize(
    "typed", ["", "0m", "12", "m", "1.5y", "-1m", "101y", "99999999999d", "１m"]
)
def test_a_bad_period_is_refused(typed):
    with pytest.raises(Invalid):
        parse_period(typed)


def test_a_period_beyond_the_calendar_is_refused():
    with pytest.raises(Invalid):
        add_period(D("2199-12-31"), Period(100, Unit.YEAR), 100)


def test_t2_monthly_terms_from_the_31st_have_no_gap_and_no_drift():
    spans = spans_from(D("2024-01-31"), Period(1, Unit.MONTH), 4)

    assert spans == [
        Span(D("2024-01-31"), D("2024-02-28")),
        Span(D("2024-02-29"), D("2024-03-30")),
        Span(D("2024-03-31"), D("2024-04-29")),
        Span(D("2024-04-30"), D("2024-05-30")),
    ]


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [("2025-03-01", "1m", "2025-03-31"), ("2023-03-01", "12m", "2024-02-29")],
)
def test_t3_a_term_ends_the_day_before_the_next_begins(start, period, end):
    assert span_at(D(start), parse_period(period), 0).end_on == D(end)


def test_t3_yearly_terms_from_a_leap_day_return_to_it():
    ends = [str(each.end_on) for each in spans_from(D("2024-02-29"), Period(1, Unit.YEAR), 5)]

    assert ends == ["2025-02-27", "2026-02-27", "2027-02-27", "2028-02-28", "2029-02-27"]


def month_later(anchor: date, months: int) -> date:
    """An independent model: look for the day, else the last one of the month."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(anchor.day, last))


@given(st.dates(EARLIEST, D("2100-12-31")), st.integers(1, 24), st.integers(1, 20))
def test_monthly_terms_cover_every_day_once_and_begin_on_the_anchors_day(anchor, n, count):
    spans = spans_from(anchor, Period(n, Unit.MONTH), count)

    day = anchor
    for index, span in enumerate(spans):
        assert span.start_on == day == month_later(anchor, index * n)
        day = span.end_on + timedelta(days=1)
    covered = sum(span.days for span in spans)
    assert covered == (day - anchor).days


@given(st.dates(EARLIEST, D("2100-12-31")), st.sampled_from(["1y", "12m"]), st.integers(0, 50))
def test_a_year_is_twelve_months(anchor, typed, index):
    assert span_at(anchor, parse_period(typed), index) == span_at(anchor, parse_period("1y"), index)


def test_weeks_and_days_are_counted_straight():
    assert span_at(D("2026-01-01"), Period(2, Unit.WEEK), 1) == Span(
        D("2026-01-15"), D("2026-01-28")
    )
    assert span_at(D("2026-01-01"), Period(1, Unit.DAY), 3) == Span(
        D("2026-01-04"), D("2026-01-04")
    )


def test_a_span_includes_both_its_ends():
    span = Span(D("2026-03-01"), D("2026-03-31"))

    assert span.days == 31
    assert span.contains(D("2026-03-01")) and span.contains(D("2026-03-31"))
    assert not span.contains(D("2026-04-01"))


def test_t8_containment_and_one_shared_day_are_overlaps_and_neighbours_are_not():
    year = Span(D("2026-01-01"), D("2026-12-31"))

    assert year.overlaps(Span(D("2026-03-01"), D("2026-05-31")))
    assert Span(D("2026-03-01"), D("2026-05-31")).overlaps(year)
    assert year.overlaps(Span(D("2026-12-31"), D("2027-01-31")))
    assert not year.overlaps(Span(D("2027-01-01"), D("2027-01-31")))


def test_a_span_that_ends_before_it_starts_is_refused():
    with pytest.raises(Invalid):
        Span(D("2026-03-02"), D("2026-03-01"))


def test_a_month_that_no_year_has_is_told_as_a_month() -> None:
    with pytest.raises(Invalid, match="a month is 01 to 12"):
        parse_month("2026-13")
