"""Opening hours: what is understood, how it is written back, what is refused."""

from __future__ import annotations

from datetime import datetime

import pytest

from memberctl.core.errors import Invalid
from memberctl.office.hours import parse_hours

MONDAY = datetime(2026, 3, 2)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("mon-fri 06:00-22:00, sat-sun 08:00-20:00", "mon-fri 06:00-22:00, sat-sun 08:00-20:00"),
        ("Daily 00:00-24:00", "mon-sun 00:00-24:00"),
        ("tue 09:00-12:00 11:00-13:00 14:00-18:00", "tue 09:00-13:00 14:00-18:00"),
        ("fri 18:00-02:00", "fri 18:00-24:00, sat 00:00-02:00"),
        ("sat-mon 10:00-12:00", "mon 10:00-12:00, sat-sun 10:00-12:00"),
        ("sun 22:00-00:00", "sun 22:00-24:00"),
        ("mon 06:00-08:00,mon 08:00-10:00", "mon 06:00-10:00"),
    ],
)
def test_hours_have_one_form_that_reads_as_itself(typed: str, written: str) -> None:
    assert str(parse_hours(typed)) == written
    assert parse_hours(written) == parse_hours(typed)


@pytest.mark.parametrize(
    ("clock", "open_"),
    [("05:59", False), ("06:00", True), ("21:59", True), ("22:00", False)],
)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(
    clock: str, open_: bool
) -> None:
    at = datetime.fromisoformat(f"{MONDAY.date()}T{clock}")
    assert parse_hours("mon 06:00-22:00").contains(at) is open_
    assert not parse_hours("tue 06:00-22:00").contains(at)


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("", "hours_form"),
        ("always", "hours_form"),
        ("mon", "hours_form"),
        ("mon 6:00-22:00", "hours_form"),
        ("mon ٠٦:٠٠-٢٢:٠٠", "hours_form"),
        ("montag 06:00-22:00", "hours_form"),
        ("mon 06:00-22:00 \x1b[31m", "hours_form"),
        ("mon 06:00-25:00", "hours_clock"),
        ("mon 06:60-07:00", "hours_clock"),
        ("mon 06:00-06:00", "hours_empty"),
        ("mon 24:00-06:00", "hours_empty"),
        ("mon 06:00-22:00," * 100, "hours_form"),
    ],
)
def test_what_can_be_no_hours_is_refused_by_name(typed: str, rule: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_hours(typed)
    assert refused.value.rule == rule
