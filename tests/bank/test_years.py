"""Dates without a year get it from what the file or a person says, never from a guess."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.bank.moments import DateForm, DayOfMonth
from memberctl.bank.rules import Skip
from memberctl.bank.years import YearForm, Years
from memberctl.core.errors import Invalid
from tests.bank.opened import read_text
from tests.program import Program

MAP = """
currency = "CNY"
dates = ["%m/%d", "%Y-%m-%d"]
[year]
pattern = '至(?P<date>[0-9-]+)'
[columns]
date = "day"
amount = "sum"
text = "what"
"""
PLAIN = MAP.replace("[year]\npattern = '至(?P<date>[0-9-]+)'\n", "")


def days(folder: Path, content: str, map_text: str = MAP, until: date | None = None) -> list[str]:
    rows, _, _ = read_text(folder, content, map_text=map_text, until=until)
    return [str(row.booked_on) for row in rows]


@pytest.mark.parametrize(
    ("last", "day", "expected"),
    [
        (date(2026, 1, 31), (12, 29), date(2025, 12, 29)),
        (date(2026, 1, 31), (1, 31), date(2026, 1, 31)),
        (date(2026, 1, 30), (1, 31), date(2025, 1, 31)),
        (date(2026, 1, 31), (2, 29), date(2024, 2, 29)),
        (date(2024, 2, 29), (2, 29), date(2024, 2, 29)),
        (date(2026, 12, 31), (1, 1), date(2026, 1, 1)),
    ],
)
def test_a_day_is_in_the_newest_year_in_which_it_is_not_after_the_statement(
    last: date, day: tuple[int, int], expected: date
) -> None:
    years = Years(YearForm(), DateForm(("%m/%d",)), "a.csv", last)
    assert years.place(DayOfMonth(*day), "") == expected


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.integers(0, 364))
def test_every_day_of_the_year_before_the_last_day_is_found_again(last: date, ago: int) -> None:
    day = last - timedelta(days=ago)
    years = Years(YearForm(), DateForm(("%m/%d",)), "a.csv", last)
    assert years.place(DayOfMonth(day.month, day.day), "") == day


def test_a_december_row_of_a_january_statement_is_of_the_year_before(tmp_path: Path) -> None:
    content = "账单 2025-12-08 至2026-01-07\nday,what,sum\n12/29,a,1.00\n01/07,b,2.00\n"
    assert days(tmp_path, content) == ["2025-12-29", "2026-01-07"]
    # Also where the period stands below the rows, and for each part of a file its own.
    turned = "day,what,sum\n12/29,a,1.00\n01/07,b,2.00\n至2026-01-07\n12/29,c,1.00\n"
    assert days(tmp_path, turned) == ["2025-12-29", "2026-01-07", "2025-12-29"]
    two = "至2025-01-07\nday,what,sum\n12/29,a,1.00\n至2026-01-07\n12/29,c,1.00\n"
    assert days(tmp_path, two) == ["2024-12-29", "2025-12-29"]


def test_another_column_of_the_row_tells_the_year(tmp_path: Path) -> None:
    by_column = PLAIN.replace('text = "what"', 'year = "booked"')
    content = (
        "day,booked,sum\n12/31,2026-01-02,1.00\n01/02,2025-12-31,1.00\n"
        "02/29,2024,1.00\n02/29,2025,1.00\n03/01,,1.00\n"
    )
    rows, findings, _ = read_text(tmp_path, content, map_text=by_column)
    assert [str(row.booked_on) for row in rows] == [
        "2025-12-31", "2026-01-02", "2024-02-29", "None", "None",
    ]  # fmt: skip
    assert findings.differences == [
        "line 5: column day: is no day of 2025", "line 6: column day: has no year, and nothing"
        " tells it",
    ]  # fmt: skip
    assert rows[3].skip is Skip.UNREADABLE


def test_the_name_of_the_file_or_a_person_tells_the_last_day(tmp_path: Path) -> None:
    content = "day,what,sum\n12/29,a,1.00\n"
    named = PLAIN.replace(
        "[columns]", "[year]\nfile = '(?P<year>\\d{4})-(?P<month>\\d\\d)'\n[columns]"
    )
    rows, _, _ = read_text(tmp_path, content, "card_2026-01.csv", map_text=named)
    assert str(rows[0].booked_on) == "2025-12-29"
    assert days(tmp_path, content, PLAIN, date(2024, 1, 7)) == ["2023-12-29"]
    # Who gives a day knows better than the file.
    assert days(tmp_path, f"至2026-01-07\n{content}", MAP, date(2020, 1, 7)) == ["2019-12-29"]


@pytest.mark.parametrize(("map_text", "said"), [(MAP, "nothing in it fits"), (PLAIN, "no [year]")])
def test_a_file_whose_years_nothing_tells_is_refused_with_the_way_out(
    tmp_path: Path, map_text: str, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        days(tmp_path, "day,what,sum\n12/29,a,1.00\n", map_text)
    assert said in refused.value.message and "--until" in (refused.value.hint or "")


def test_a_year_alone_is_not_enough_around_new_year(tmp_path: Path) -> None:
    alone = MAP.replace("至(?P<date>[0-9-]+)", "(?P<year>[0-9]{4}) ")
    content = "2026 statement\nday,what,sum\n03/29,a,1.00\n04/07,b,2.00\n"
    rows, findings, _ = read_text(tmp_path, content, map_text=alone)
    assert str(rows[0].booked_on) == "2026-03-29" and findings.differences == []
    assert findings.notices[-1].endswith("from 2026-03-29 to 2026-04-07")
    around = content.replace("03/29", "12/29").replace("04/07", "01/07")
    _, findings, _ = read_text(tmp_path, around, map_text=alone)
    assert "only a year is stated" in findings.differences[0]


def test_the_same_row_a_year_later_is_another_payment(shop: Program, tmp_path: Path) -> None:
    mapped, file = tmp_path / "card.toml", tmp_path / "card.csv"
    mapped.write_text(PLAIN, encoding="utf-8")
    file.write_text("day,what,sum\n03/09,rent,10.00\n03/09,rent,10.00\n", encoding="utf-8")

    def taken(*until: str) -> tuple[int, int]:
        line = ("bank", "import", str(file), "--account", "CARD", "--map", str(mapped), *until)
        done = shop.ok(*line, as_="qian")
        return done["new"], done["duplicate"]

    assert shop("bank", "import", str(file), "--account", "CARD", "--map", str(mapped)).exit in (
        5,
        6,
    )
    assert taken("--until", "2025-03-31") == (2, 0)
    assert taken("--until", "2025-04-30") == (0, 2)
    assert taken("--until", "2026-03-31") == (2, 0)
