"""Tables are read row by row as they were written, and a doubtful file is refused as a whole."""

from __future__ import annotations

import csv
import io
import json
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.core.errors import Invalid
from memberctl.core.rows import FIELD_LIMIT, BadRow, Row, open_rows
from tests.spending import spend

HEADER = "name,phone\n"


def cells(rows):
    return [row.cells for row in rows]


def refusal(table, *arguments, **options):
    with pytest.raises(Invalid) as refused:
        table(*arguments, **options)
    return refused.value


def test_rows_come_in_order_with_the_lines_they_begin_on(table):
    file, rows = table(HEADER + 'Li,1\n"two\nlines",2\nNg,3\n')

    assert file.header == ["name", "phone"]
    assert rows == [Row(2, ["Li", "1"]), Row(3, ["two\nlines", "2"]), Row(5, ["Ng", "3"])]
    assert file.notices == []


def test_a_row_with_a_nul_is_refused_alone(table):
    _, rows = table(HEADER + "Li\0,1\nNg,2\n")

    assert (rows[0].line, rows[0].rule) == (2, "nul")
    assert rows[1] == Row(3, ["Ng", "2"])


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_field_that_is_too_long_is_refused_with_the_limit(table, quote):
    long = HEADER + f"{quote}{'x' * (FIELD_LIMIT + 1)}{quote},1\n"

    refused = refusal(table, long)
    assert refused.rule == "field_too_long"
    assert refused.message.startswith("line 2: a field has more than 1,000,000 characters")


def test_a_field_just_short_enough_is_read(table):
    _, rows = table(HEADER + "x" * FIELD_LIMIT + ",1\n")

    assert len(rows[0].cells[0]) == FIELD_LIMIT


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (HEADER + 'Li,1\n"Ng,2\nLi,3\n', 3),
        (HEADER + '"Ng,2\nLi,"3"\n', 2),
        (HEADER + '"a\nb","c\nd\n', 3),
        ('"name,phone\nLi,1\n', 1),
        ("sep=;\n" + 'name;phone\nLi;"1\n', 3),
        (HEADER + 'a""b,"c ""d"" e\n', 2),
    ],
)
def test_an_unclosed_quote_is_refused_with_the_line_where_it_began(table, content, line):
    refused = refusal(table, content)

    assert refused.rule == "unclosed_quote"
    assert refused.message.startswith(f"line {line}: a quote that begins here")


def test_a_file_that_runs_on_in_a_quote_is_refused_with_the_line_where_it_began(table):
    runaway = HEADER + 'Li,1\n"Ng,2\n' + "Li,3\n" * FIELD_LIMIT

    assert refusal(table, runaway).message.startswith("line 3: ")


def test_text_behind_a_closing_quote_spoils_its_row_alone(table):
    _, rows = table(HEADER + 'Li,1\n"Ng"x,2\nLi,3\n"No"y,4\n')

    assert cells(rows) == [["Li", "1"], ['"Ng"x,2'], ["Li", "3"], ['"No"y,4']]
    assert [row.line for row in rows] == [2, 3, 4, 5]
    assert rows[1].rule == rows[3].rule == "bad_quote"


def test_short_and_long_rows_are_refused_alone_and_keep_their_cells(table):
    _, rows = table(HEADER + "Li\nNg,2\nLi,3,4\n")

    assert [getattr(row, "rule", None) for row in rows] == ["short_row", None, "long_row"]
    assert rows[0] == BadRow(2, ["Li"], "short_row", "has 1 cells, the header has 2")
    assert rows[2].cells == ["Li", "3", "4"]


@pytest.mark.parametrize("header", ["name,name\n", "Name, name\n", "é,e\u0301\n"])
def test_a_header_that_repeats_a_name_is_refused(table, header):
    assert "columns 1 and 2" in refusal(table, header + "a,b\n").message


def test_a_column_without_a_name_is_refused(table):
    assert "column 2 of the header has no name" in refusal(table, "name,,phone\n").message


@pytest.mark.parametrize(
    ("content", "notice"),
    [
        ("name;phone\nLi;1\n", "separated by"),
        ("name\tphone\nLi\t1\n", "separated by tabs"),
        ('"na,me";phone\nLi;1\n', "separated by"),
        ("sep=;\nname;phone\nLi;1\n", None),
        ("SEP=|\r\nname|phone\r\nLi|1\r\n", None),
    ],
)
def test_the_separator_is_detected_and_said(table, content, notice):
    file, rows = table(content)

    assert file.header[1] == "phone"
    assert cells(rows) == [["Li", "1"]]
    assert [notice in each for each in file.notices] == ([True] if notice else [])


def test_a_tsv_is_separated_by_tabs_without_a_word(table):
    file, rows = table("name\tphone\nLi, Wei\t1\n", "people.tsv")

    assert cells(rows) == [["Li, Wei", "1"]]
    assert file.notices == []


def test_a_stated_delimiter_is_followed(table):
    assert cells(table("a:b\n1:2\n", delimiter=":")[1]) == [["1", "2"]]
    assert cells(table("a\tb\n1\t2\n", delimiter="tab")[1]) == [["1", "2"]]
    assert refusal(table, HEADER, delimiter="ab").rule == "delimiter"


def test_blank_lines_and_lines_of_commas_are_skipped_and_counted(table):
    file, rows = table("\n,\n" + HEADER + "\nLi,1\n,\n , \n,9\n\n")

    assert rows == [Row(5, ["Li", "1"]), Row(8, ["", "9"])]
    assert file.notices == ["4 blank lines skipped"]


def test_line_ends_of_every_kind_inside_a_field_keep_it_one_row(table):
    fields = ["a\rb", "a\r\nb", "a\nb", "a\u2028b", "a\x85b\x0b"]
    content = HEADER + "".join(f'"{each}",1\r\n' for each in fields)

    assert cells(table(content)[1]) == [[each, "1"] for each in fields]


def test_line_ends_may_be_mixed_between_rows(table):
    assert cells(table("name,phone\rLi,1\r\nNg,2\nLi,3")[1]) == [
        ["Li", "1"],
        ["Ng", "2"],
        ["Li", "3"],
    ]


@pytest.mark.parametrize("name", ["people.csv", "people.jsonl"])
def test_an_empty_file_is_no_rows_and_a_notice(table, name):
    file, rows = table("", name)

    assert (file.header, rows, file.notices) == ([], [], [f"{name} is empty: 0 rows"])


def test_a_header_alone_is_no_rows_and_a_notice(table):
    file, rows = table(HEADER)

    assert (rows, file.notices) == ([], ["people.csv has only a header: 0 rows"])


def test_reading_twice_gives_the_same_rows_and_notices_once(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(HEADER + "\nLi,1\n")
    with open_rows(path) as file:
        assert list(file) == list(file) == [Row(3, ["Li", "1"])]
        assert file.notices == ["1 blank line skipped"]


@pytest.mark.parametrize("content", [HEADER + "Li,1\n", '{"name": "Li", "phone": 1}\n'])
def test_a_dash_reads_standard_input_as_csv_or_json_lines(content):
    with open_rows("-", stdin=io.BytesIO(content.encode())) as file:
        assert file.header == ["name", "phone"]
        assert cells(file) == [["Li", "1"]]
        file.finish()


def test_json_lines_keep_numbers_as_they_were_typed(table):
    _, rows = table('{"a": "x", "b": 1.10, "c": null}\n\n{"b": 110101199003074514}\n', "x.jsonl")

    assert rows == [Row(1, ["x", "1.10", ""]), Row(3, ["", "110101199003074514", ""])]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("nonsense", "bad_json"),
        ("[1]", "bad_json"),
        ("3", "bad_json"),
        ('{"a": NaN}', "bad_json"),
        ('{"a": 1, "a": 2}', "bad_json"),
        ("[" * 100_000, "bad_json"),
        ('{"z": 1}', "unknown_key"),
        ('{"a": true}', "bad_value"),
        ('{"a": ["x"]}', "bad_value"),
        ('{"a": {"b": 1}}', "bad_value"),
        ('{"a": "' + "x" * (FIELD_LIMIT + 1) + '"}', "bad_value"),
        (r'{"a": "\u0000"}', "nul"),
    ],
)
def test_a_bad_line_of_json_is_refused_alone(table, line, rule):
    _, rows = table('{"a": 1}\n' + line + '\n{"a": 2}\n', "x.jsonl")

    assert [getattr(row, "rule", "good") for row in rows] == ["good", rule, "good"]
    assert rows[1].cells == [line]


def test_json_lines_without_a_readable_beginning_have_no_header(table):
    assert refusal(table, "nonsense\n", "x.jsonl").message == "the first line is not JSON"


FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.lists(FIELDS, min_size=3, max_size=3), max_size=6))
def test_whatever_the_csv_module_writes_is_read_back(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("rows") / "x.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["a", "b", "c"], *written])

    with open_rows(path) as file:
        assert cells(file) == [each for each in written if "".join(each).strip()]
        file.finish()


@given(st.lists(st.dictionaries(st.sampled_from("abc"), FIELDS), max_size=6))
def test_whatever_the_json_module_writes_is_read_back(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("rows") / "x.jsonl"
    objects = [{"a": "", "b": "", "c": ""}, *written]
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in objects))

    with open_rows(path) as file:
        assert cells(file) == [[each.get(key, "") for key in "abc"] for each in objects]


MEASURE = """
import sys
from memberctl.core.rows import open_rows
with open_rows(sys.argv[1]) as file:
    count = sum(1 for _ in file)
    file.finish()
print(count)
"""


def read_rows(path, count):
    path.write_text(HEADER + "王小明,13800138000\n" * count)
    spent = spend([sys.executable, "-c", MEASURE, str(path)], os.environ)
    assert int(spent.said) == count
    return spent.peak


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "rows.csv"
    assert read_rows(path, 300_000) - read_rows(path, 300) < 8
