"""Years of the calendar: the published holidays and files of one's own."""

from __future__ import annotations

from datetime import date

import pytest

from memberctl.core.errors import Invalid
from memberctl.core.rows import BadRow, Row
from memberctl.core.workdays import WorkCalendar, due_after
from memberctl.office.calendars import (
    HEADER,
    given_year,
    is_provisional,
    parse_stretch,
    parse_year,
    published_year,
)
from memberctl.office.rules import DayKind
from tests.office.bad_values import REFUSED_COUNTS, REFUSED_DATES, REFUSED_NAMES


def calendar_of(region: str, year: int) -> WorkCalendar:
    days = published_year(region, year).days
    return WorkCalendar(
        years=frozenset({year}),
        holidays=frozenset(day.day for day in days if day.kind is DayKind.HOLIDAY),
        workdays=frozenset(day.day for day in days if day.kind is DayKind.WORKDAY),
    )


def test_chinas_national_holiday_of_2024_is_free_and_its_make_up_saturday_is_worked() -> None:
    china = calendar_of("CN", 2024)
    free = [day for day in range(1, 14) if not china.is_working(date(2024, 10, day))]
    assert free == [1, 2, 3, 4, 5, 6, 7, 13]
    assert due_after(date(2024, 10, 10), 2, china) == date(2024, 10, 12)


def test_make_up_days_of_other_years_stay_out_of_a_year() -> None:
    days = published_year("CN", 2026).days
    assert {day.day.year for day in days} == {2026}
    assert [day.day for day in days if day.kind is DayKind.WORKDAY] == [
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    ]


def test_days_carry_the_names_of_their_country() -> None:
    assert published_year("CN", 2026).days[0].name == "元旦"


@pytest.mark.parametrize(("year", "provisional"), [(2024, False), (2026, False), (2030, True)])
def test_a_year_without_announced_make_up_days_is_provisional(year: int, provisional: bool) -> None:
    assert is_provisional(published_year("CN", year).source) is provisional


def test_a_country_that_moves_no_days_is_never_provisional() -> None:
    assert not is_provisional(published_year("DE", 2030).source)


def test_where_friday_is_free_and_sunday_is_worked_the_calendar_says_so() -> None:
    israel = calendar_of("IL", 2026)
    assert not israel.is_working(date(2026, 1, 2))
    assert israel.is_working(date(2026, 1, 4))


@pytest.mark.parametrize(("region", "year"), [("XX", 2026), ("CN", 1900), ("CN", 2199)])
def test_a_year_that_nobody_knows_is_refused_and_a_file_asked_for(region: str, year: int) -> None:
    with pytest.raises(Invalid, match="are not known") as refusal:
        published_year(region, year)
    assert refusal.value.hint == f"memberctl calendar add {year} --file FILE"


@pytest.mark.parametrize("typed", [*REFUSED_COUNTS.values(), "26", "1899", "2200", "２０２６"])
def test_a_year_is_four_plain_digits(typed: str) -> None:
    with pytest.raises(Invalid, match="four digits"):
        parse_year(typed)


def test_a_stretch_is_a_month_or_a_year() -> None:
    assert parse_stretch("2024-02") == (date(2024, 2, 1), date(2024, 2, 29))
    assert parse_stretch(" 2026 ") == (date(2026, 1, 1), date(2026, 12, 31))
    assert parse_stretch("2026-12") == (date(2026, 12, 1), date(2026, 12, 31))


@pytest.mark.parametrize("typed", ["2026-13", "2026-00", "2026-2", "1800-01", "2026-02-01", ""])
def test_any_other_stretch_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        parse_stretch(typed)


def test_a_file_gives_the_days_of_a_year_in_order() -> None:
    rows = [Row(2, ["2027-10-01", "holiday", "国庆节"]), Row(3, ["2027-01-02", " workday ", ""])]
    given = given_year(2027, HEADER, rows)
    assert given.source == "given"
    assert [(str(day.day), day.kind.value, day.name) for day in given.days] == [
        ("2027-01-02", "workday", ""),
        ("2027-10-01", "holiday", "国庆节"),
    ]


def test_all_faults_of_a_file_are_said_with_their_lines() -> None:
    rows = [
        Row(2, ["2027-02-29", "holiday", "x"]),
        Row(3, ["2026-01-01", "holiday", "x"]),
        Row(4, ["2027-01-01", "free", "x"]),
        BadRow(5, ["2027-01-01"], "short_row", "has 1 cells, the header has 3"),
        Row(6, ["2027-05-01", "holiday", "x"]),
        Row(7, ["2027-05-01", "workday", "x"]),
    ]
    with pytest.raises(Invalid) as refusal:
        given_year(2027, HEADER, rows)
    assert refusal.value.message == (
        "line 2: the date is not a day of the calendar; "
        "line 3: the date is not of the year 2027; "
        "line 4: the kind is one of holiday, workday; "
        "line 5: has 1 cells, the header has 3; "
        "line 7: the date is there already"
    )


@pytest.mark.parametrize("number", REFUSED_DATES)
def test_a_date_in_another_form_is_refused(number: str) -> None:
    with pytest.raises(Invalid, match="line 2: the date"):
        given_year(2023, HEADER, [Row(2, [REFUSED_DATES[number], "holiday", "x"])])


@pytest.mark.parametrize("number", [n for n in REFUSED_NAMES if not n.startswith("16")])
def test_a_days_name_with_hidden_characters_is_refused(number: str) -> None:
    with pytest.raises(Invalid, match="line 2: the name"):
        given_year(2027, HEADER, [Row(2, ["2027-01-01", "holiday", REFUSED_NAMES[number]])])


def test_another_header_is_refused_with_the_right_one() -> None:
    with pytest.raises(Invalid, match="the first line must be date,kind,name"):
        given_year(2027, ["2027-01-01", "holiday", "元旦"], [])
