"""A terminal's table fits its width and never crops or folds what people copy."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from memberctl.cli.formats import Format
from memberctl.core.money import Money
from tests.cli.showing import Shop, in_format

COLUMNS = ("number", "member", "state", "total", "due_on", "note")
ROW = {
    "number": "JN-2026-7F3KX",
    "member": "阿卜杜勒·买买提",
    "state": "in_review",
    "total": Money(123456789, "CNY"),
    "due_on": date(2026, 3, 9),
    "note": "waits for a copy of the identity document, which was asked for on two occasions",
}


def table(width: int, rows: list[dict[str, object]], columns: tuple[str, ...] = COLUMNS) -> str:
    shop = in_format("table", environ={"COLUMNS": str(width)})
    shop.output.show_list(rows, columns)
    return shop.data()


@pytest.mark.parametrize("width", ["0", "1", "x", "9" * 5000, "1" * 7])
def test_a_width_that_is_none_loses_no_cell(width: str):
    shop = in_format("table", environ={"COLUMNS": width})
    shop.output.show_list([ROW], COLUMNS)
    letters = "".join(shop.data().split())
    assert all(str(ROW[key]) in letters for key in ("number", "state", "due_on"))


@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_table_fits_the_width_and_keeps_numbers_whole(width: int):
    text = table(width, [ROW, ROW])
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert len(set(text.splitlines()[0].split())) >= len(COLUMNS)
    for whole in ("JN-2026-7F3KX", "1234567.89", "2026-03-09"):
        assert text.count(whole) == 2


@pytest.mark.parametrize("width", [20, 30, 50])
def test_a_terminal_too_narrow_for_the_numbers_shows_a_block_for_each_row(width: int):
    text = table(width, [ROW, ROW])
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert text.count("total   1234567.89\n") == 2
    assert text.startswith("number  JN-2026")


WIDE = {
    "order": "JN-2026-7F3KX", "stage": None, "at": datetime(2026, 3, 9, 8, 30, tzinfo=UTC),
    "policy": "retention_members_years", "channel": "email",
}  # fmt: skip


def wide(width: int, *changes: dict[str, object]) -> list[str]:
    return table(width, [WIDE | change for change in changes], tuple(WIDE)).splitlines()


def test_with_too_little_room_an_empty_column_goes_first_and_no_word_is_folded():
    head, _, row = wide(70, {})
    assert "stage" not in head
    assert "2026-03-09 08:30  retention_members_years" in row
    assert "stage" in wide(80, {})[0]
    assert "stage" in wide(70, {"stage": "x"}, {})[0]


def test_then_an_instant_takes_two_lines_and_columns_move_together():
    assert wide(59, {})[2:] == [
        "JN-2026-7F3KX  2026-03-09  retention_members_years  email",
        "               08:30",
    ]
    assert wide(56, {})[2:] == [
        "JN-2026-7F3KX 2026-03-09 retention_members_years email",
        "              08:30",
    ]


def test_at_last_what_all_rows_share_is_said_once_above_them():
    lines = wide(36, {"channel": "sms"}, {})
    assert lines[:3] == ["order   JN-2026-7F3KX", "at      2026-03-09 08:30",
                         "policy  retention_members_years"]  # fmt: skip
    assert lines[3:] == ["", "channel", "───────", "sms", "email"]


def test_rows_that_share_nothing_take_several_lines_each_with_every_word_whole():
    other = {
        "order": "RN-2026-93TMV", "stage": "final", "at": datetime(2026, 5, 1, tzinfo=UTC),
        "policy": "grace_days", "channel": "sms",
    }  # fmt: skip
    assert wide(48, {}, other) == [
        "order          stage  at",
        "    policy                   channel",
        "──────────────────────────────────────",
        "JN-2026-7F3KX         2026-03-09 08:30",
        "    retention_members_years  email",
        "RN-2026-93TMV  final  2026-05-01 00:00",
        "    grace_days               sms",
    ]


def test_a_single_row_shares_nothing_and_is_a_block():
    assert wide(36, {})[0].split() == ["order", "JN-2026-7F3KX"]


def test_the_longest_text_gives_way_first():
    head, rule, *_ = table(80, [ROW]).splitlines()
    assert head.index("state") - head.index("member") >= cell_len("阿卜杜勒·买买提") - 6
    assert cell_len(rule) == 80


def test_columns_of_wide_characters_line_up():
    first, second = table(80, [ROW, ROW | {"member": "Li"}], ("member", "due_on")).splitlines()[2:]
    assert cell_len(first[: first.index("2026")]) == cell_len(second[: second.index("2026")])


def test_numbers_stand_at_the_right_and_codes_at_the_left():
    rows = [{"n": 5, "code": "M-1"}, {"n": 1000, "code": "M-100000"}]
    assert table(80, rows, ("n", "code")).splitlines()[2:] == ["   5  M-1", "1000  M-100000"]


@pytest.mark.parametrize("width", [20, 40, 60, 200])
@pytest.mark.parametrize("count", [1, 6, 30])
def test_an_empty_list_is_a_header_however_many_columns_it_has(width: int, count: int):
    columns = tuple(f"column_{number}" for number in range(count))
    text = table(width, [], columns)
    assert [f"column {number}" in text for number in range(count)] == [True] * count
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_an_empty_list_is_a_header():
    assert table(80, []).splitlines()[0].split() == [
        "number", "member", "state", "total", "due", "on", "note",
    ]  # fmt: skip
    for name in ("plain", "md", "html"):
        shop = in_format(name)
        shop.output.show_list([], COLUMNS)
        assert "due on" in shop.data()


def test_a_table_without_header_is_its_rows():
    for name in ("table", "plain"):
        shop = in_format(name, header=False)
        shop.output.show_list([{"number": "M-000001"}], ["number"])
        assert shop.data() == "M-000001\n"


@given(
    st.integers(10, 130),
    st.lists(st.tuples(st.text(max_size=30), st.integers()), min_size=1, max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_no_width_loses_a_digit(width, pairs):
    rows = [{"note": note, "count": count} for note, count in pairs]
    text = table(width, rows, ("note", "count")).replace("\n", "").replace(" ", "")
    assert all(_digits_in_order(str(count), text) for _, count in pairs)


def _digits_in_order(wanted: str, text: str) -> bool:
    left = iter(text)
    return all(digit in left for digit in wanted)


def test_bars_are_drawn_on_a_terminal_alone_and_no_text_of_theirs_acts() -> None:
    bars = [("2026-01", Money(10000, "CNY"), 10000), ("[red]2\x1b[2J", Money(0, "CNY"), 0)]
    screen = Shop(terminal=True, environ={"COLUMNS": "60", "NO_COLOR": "1"})
    screen.output.show_bars("Income by month", bars)
    drawn = screen.data()
    assert "100.00 CNY ███" in drawn
    assert "[red]2\\x1b[2J" in drawn
    assert "\x1b" not in drawn
    assert max(map(cell_len, drawn.splitlines())) <= 60
    record = {"income": 1, "months": [{"month": "2026-01"}]}
    screen.output.show_record(record, as_bars="months")
    assert screen.data().removeprefix(drawn) == "income  1\n", "the bars have the numbers"
    for name in ("tsv", "json", "plain"):
        silent = Shop(terminal=True, format=Format(name))
        silent.output.show_bars("Income by month", bars)
        assert silent.data() == ""
