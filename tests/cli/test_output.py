"""Every format shows the same data, exactly to programs and safely to people."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memberctl.cli.formats import Format
from memberctl.core.errors import Conflict, Invalid, NotShown, RuleRefused, UsageProblem
from memberctl.core.money import Money
from memberctl.core.text import Kind
from tests.cli.showing import KEYS, ORDER, Part, Row, Shop, in_format

MASKED = "138****8000"
JSON_ORDER = {
    "number": "JN-2026-7F3KX",
    "member": "张伟",
    "phone": MASKED,
    "state": "in_review",
    "total": {"amount": "3650.00", "currency": "CNY"},
    "share": "0.25",
    "visits": 3,
    "agreed": True,
    "due_on": "2026-03-09",
    "filed_at": "2026-03-01T08:30:00+00:00",
    "parts": [{"payment": "P-000001", "amount": {"amount": "3.00", "currency": "CNY"}}],
}
CELLS = [
    "JN-2026-7F3KX", "张伟", MASKED, "in_review", "3650.00", "0.25", "3", "yes", "2026-03-09",
    "2026-03-01T08:30:00+00:00",
    '[{"payment":"P-000001","amount":{"amount":"3.00","currency":"CNY"}}]',
]  # fmt: skip


@dataclass(frozen=True)
class Paid:
    number: str
    member: str
    amount: Money
    due_on: None = None


PAID = Paid("RF-0007", "[b]李[/b]\x1b[2J", Money(365000, "CNY"))
PAID_SENTENCE = "Paid {amount} to {member} ({number})."
PAID_LINE = "Paid 3650.00 CNY to [b]李[/b]\\x1b[2J (RF-0007).\n"


def test_the_json_envelope_has_these_keys_and_no_others():
    shop = in_format("json")
    shop.output.command = "order list"
    shop.output.show_list([ORDER], KEYS)
    assert shop.data() == (
        json.dumps(
            {
                "memberctl": 1,
                "command": "order list",
                "status": "ok",
                "data": [JSON_ORDER],
                "messages": [],
            },
            ensure_ascii=False,
        )
        + "\n"
    )


def test_status_and_warnings_after_the_result_are_in_the_envelope():
    shop = in_format("json")
    shop.output.show_record(ORDER)
    shop.output.status = "partial"
    shop.output.warn("the year 2031 is provisional")
    found = json.loads(shop.data())
    assert found["status"] == "partial"
    assert found["data"] == JSON_ORDER
    assert found["messages"] == [{"level": "warning", "message": "the year 2031 is provisional"}]
    assert shop.words() == "memberctl: warning: the year 2031 is provisional\n"


def test_one_json_command_has_one_result():
    shop = in_format("json")
    shop.output.show_record(ORDER)
    with pytest.raises(AssertionError, match="one result per command"):
        shop.output.show_record(ORDER)


def test_none_is_null_in_json_and_empty_in_a_cell():
    nothing = replace(ORDER, due_on=None)
    assert in_json(nothing)["due_on"] is None
    shop = in_format("tsv", fields=("number", "due_on", "visits"))
    shop.output.show_record(nothing)
    assert shop.data() == "number\tdue_on\tvisits\nJN-2026-7F3KX\t\t3\n"


def test_instants_carry_the_offset_of_the_zone_that_was_set():
    shop = in_format("tsv", fields=("filed_at",))
    shop.output.zone = ZoneInfo("Asia/Shanghai")
    shop.output.show_record(ORDER)
    assert shop.data() == "filed_at\n2026-03-01T16:30:00+08:00\n"


def test_personal_data_are_clear_only_when_revealed():
    assert in_json(ORDER)["phone"] == MASKED
    phone = frozenset({Kind.PHONE})
    assert in_json(ORDER, reveal=phone)["phone"] == "+8613800138000"
    assert in_json(ORDER, reveal=frozenset(Kind) - phone)["phone"] == MASKED
    for name in ("table", "plain", "tsv", "csv", "md", "html", "jsonl"):
        masked, clear = in_format(name), in_format(name, reveal=phone)
        for shop in (masked, clear):
            shop.output.show_list([ORDER], KEYS)
        assert "13800138000" not in masked.data()
        assert "13800138000" in clear.data()


def in_json(record: object, **options: object) -> dict[str, object]:
    shop = in_format("json", **options)
    shop.output.show_record(record)
    return json.loads(shop.data())["data"]


@pytest.mark.parametrize(("name", "delimiter"), [("tsv", "\t"), ("csv", ",")])
def test_separated_values_come_back_from_a_reader_with_stable_keys(name: str, delimiter: str):
    shop = in_format(name)
    shop.output.show_list([ORDER], KEYS)
    assert list(csv.reader(io.StringIO(shop.data()), delimiter=delimiter)) == [list(KEYS), CELLS]


def test_without_a_terminal_and_a_format_a_list_is_tsv_that_nothing_wraps_or_crops():
    shop = Shop(environ={"COLUMNS": "20"})
    shop.output.show_list([Row("n" * 500), Row("Li")], ["name", "amount"])
    assert shop.data() == f"name\tamount\n{'n' * 500}\t-100.00\nLi\t-100.00\n"


def test_no_header_leaves_only_the_rows():
    shop = Shop(header=False)
    shop.output.show_list([Row("Li")], ["name", "amount"])
    assert shop.data() == "Li\t-100.00\n"


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
@settings(max_examples=300, deadline=None)
def test_every_text_survives_csv_and_tsv(pairs):
    for name, delimiter in (("csv", ","), ("tsv", "\t")):
        shop = in_format(name)
        shop.output.show_list([{"a": a, "b": b} for a, b in pairs], ["a", "b"])
        read = csv.reader(io.StringIO(shop.data(), newline=""), delimiter=delimiter)
        assert list(read) == [["a", "b"], *([a, b] for a, b in pairs)]


def test_for_excel_formulas_are_disarmed_in_text_and_money_stays_a_number():
    shop = in_format("csv", for_excel=True)
    texts = ['=HYPERLINK("http://e","x")', "@SUM(1)", "+1", "-100.00", "＝1", "0012", "Li"]
    shop.output.show_list([Row(text) for text in texts], ["name", "amount"])
    data = shop.data()
    assert data.startswith("\ufeffname,amount\n")
    rows = list(csv.reader(io.StringIO(data)))[1:]
    assert [row[0] for row in rows] == [f"'{text}" for text in texts[:5]] + texts[5:]
    assert {row[1] for row in rows} == {"-100.00"}


def test_for_excel_alone_means_csv():
    shop = Shop(for_excel=True)
    shop.output.show_list([Row("Li")], ["name", "amount"])
    assert shop.data() == "\ufeffname,amount\nLi,-100.00\n"


def test_jsonl_prints_bare_rows():
    shop = in_format("jsonl")
    shop.output.show_list([Row("Li"), Row("王")], ["name"])
    assert shop.data() == '{"name": "Li"}\n{"name": "王"}\n'


def test_ids_are_the_numbers_or_else_the_first_field():
    shop = in_format("ids")
    shop.output.show_list([ORDER, ORDER], ["member", "number"])
    assert shop.data() == "JN-2026-7F3KX\nJN-2026-7F3KX\n"
    shop = in_format("ids")
    shop.output.show_list([Row("Li")], ["name", "amount"])
    assert shop.data() == "Li\n"
    shop = in_format("ids", fields=("member",))
    shop.output.show_list([ORDER], ["member", "number"])
    assert shop.data() == "张伟\n"


def test_count_is_how_many_there_are_and_not_how_many_fit():
    shop = in_format("count", limit=1)
    shop.output.show_list([Row("Li")], ["name"], total=1234)
    assert (shop.data(), shop.words()) == ("1234\n", "")


def test_fields_choose_and_order_the_columns():
    shop = in_format("csv", fields=("visits", "number"))
    shop.output.show_list([ORDER], KEYS)
    assert shop.data() == "visits,number\n3,JN-2026-7F3KX\n"


def test_a_wrong_field_lists_the_right_ones():
    for show in ("list", "record"):
        shop = Shop(fields=("number", "wrong"))
        with pytest.raises(UsageProblem, match=r"no field wrong; there are: .*number.*member"):
            if show == "list":
                shop.output.show_list([], KEYS)
            else:
                shop.output.show_record(ORDER)


def test_a_wrong_field_for_a_change_says_that_the_change_is_done():
    shop = in_format("json", fields=("wrong",))
    with pytest.raises(NotShown, match="there are: number"):
        shop.output.say(PAID, PAID_SENTENCE)


SAID = {
    None: PAID_LINE,
    "json": '{"memberctl": 1, "command": "refund pay", "status": "ok", "data": {"number": '
    '"RF-0007", "member": "[b]李[/b]\\u001b[2J", "amount": {"amount": "3650.00", "currency": '
    '"CNY"}, "due_on": null}, "messages": []}\n',
    "jsonl": '{"number": "RF-0007", "member": "[b]李[/b]\\u001b[2J", "amount": '
    '{"amount": "3650.00", "currency": "CNY"}, "due_on": null}\n',
    "ids": "RF-0007\n",
    "count": "1\n",
    "tsv": "number\tmember\tamount\tdue_on\nRF-0007\t[b]李[/b]\x1b[2J\t3650.00\t\n",
    "csv": "number,member,amount,due_on\nRF-0007,[b]李[/b]\x1b[2J,3650.00,\n",
    "table": "number  RF-0007\nmember  [b]李[/b]\\x1b[2J\namount  3650.00\ndue on\n",
    "plain": "number  RF-0007\nmember  [b]李[/b]\\x1b[2J\namount  3650.00\ndue on\n",
}


@pytest.mark.parametrize("quiet", [False, True])
@pytest.mark.parametrize("name", SAID)
def test_a_change_is_said_in_a_line_or_in_the_format_asked_for(name: str | None, quiet: bool):
    shop = Shop(format=name and Format(name), quiet=quiet)
    shop.output.command = "refund pay"
    shop.output.say(PAID, PAID_SENTENCE)
    assert shop.data() == ("" if quiet and name is None else SAID[name])


def test_a_change_reads_the_same_on_a_terminal():
    shop = Shop(terminal=True)
    shop.output.say(PAID, PAID_SENTENCE)
    assert shop.data() == PAID_LINE


@pytest.mark.parametrize(
    "sentence", ["{amount.minor}", "{number[0]}", "{number!r}", "{number:>9}", "{nothing}", "{}"]
)
def test_a_sentence_reaches_nothing_but_the_fields(sentence: str):
    with pytest.raises((AssertionError, KeyError)):
        Shop().output.say(PAID, sentence)


@pytest.mark.parametrize("name", [None, *Format])
def test_a_repeat_shows_what_was_kept_as_it_was_shown_the_first_time(name: str | None):
    first, again = (Shop(format=name and Format(name)) for _ in range(2))
    first.output.say(ORDER, "Filed {number} for {phone}: {total}.")
    kept = json.loads(json.dumps(again.output.kept(ORDER)))
    again.output.say_line(kept, again.output.line(ORDER, "Filed {number} for {phone}: {total}."))
    assert again.data() == first.data()


def test_what_is_kept_for_a_repeat_is_masked_even_when_revealed():
    output = Shop(reveal=frozenset(Kind)).output
    kept = json.dumps(output.kept(ORDER)) + output.line(ORDER, "{phone}")
    assert kept.count(MASKED) == 2
    assert "13800138000" not in kept


def test_braces_in_data_stay_braces():
    shop = Shop()
    shop.output.say(replace(PAID, member="{number.__class__}"), "{member} {due_on}")
    assert shop.data() == "{number.__class__} none\n"


def test_a_text_keeps_its_lines_and_loses_its_escapes():
    shop = Shop()
    shop.output.show_text("Receipt\n\ttotal\t3650.00\n\x1b[2J\n", ORDER)
    assert shop.data() == "Receipt\n\ttotal\t3650.00\n\\x1b[2J\n"
    shop = in_format("json")
    shop.output.show_text("Receipt", ORDER)
    assert json.loads(shop.data())["data"] == JSON_ORDER


def test_a_terminal_shows_fifty_rows_and_says_how_many_there_are():
    shop = Shop(terminal=True)
    assert shop.output.row_limit() == 50
    shop.output.show_list([Row("Li")] * 60, ["name"], total=1234)
    assert shop.data().count("Li") == 50
    assert shop.words() == "50 of 1234 shown, use --limit\n"


def test_off_a_terminal_all_rows_are_shown_unless_limited():
    shop = Shop()
    assert shop.output.row_limit() is None
    shop.output.show_list([Row("Li")] * 60, ["name"])
    assert (shop.data().count("Li"), shop.words()) == (60, "")
    shop = in_format("json", limit=2, quiet=True)
    shop.output.show_list([Row("Li")] * 60, ["name"])
    found = json.loads(shop.data())
    assert len(found["data"]) == 2
    assert found["messages"] == [{"level": "note", "message": "2 of 60 shown, use --limit"}]
    assert shop.words() == ""


def test_more_than_a_thousand_rows_are_printed_plainly_and_completely():
    shop = Shop(terminal=True, limit=5000, environ={"COLUMNS": "20"})
    shop.output.show_list([Row("n" * 40)] * 1001, ["name", "amount"])
    assert shop.data().count(f"{'n' * 40}   -100.00\n") == 1001


@pytest.mark.parametrize(
    ("options", "environ", "terminal", "colored"),
    [
        ({}, {}, True, True),
        ({}, {}, False, False),
        ({}, {"NO_COLOR": "1"}, True, False),
        ({}, {"NO_COLOR": ""}, True, True),
        ({}, {"TERM": "dumb"}, True, False),
        ({"color": "never"}, {}, True, False),
        ({"color": "always"}, {"NO_COLOR": "1", "TERM": "dumb"}, False, True),
    ],
)
def test_color_follows_the_option_then_the_environment_then_the_terminal(
    options, environ, terminal, colored
):
    shop = Shop(terminal=terminal, format=Format.TABLE, environ=environ, **options)
    shop.output.show_list([Row("Li")], ["name"])
    assert ("\x1b[1m" in shop.data()) is colored


def test_a_record_shows_its_lists_as_tables_beneath():
    shop = in_format("table")
    shop.output.show_record(
        {"number": "M-000123", "cards": (), "parts": [Part("P-1", PAID.amount)]}
    )
    assert shop.data() == (
        "number  M-000123\ncards   none\n\nparts\n"
        "payment   amount\n────────────────\nP-1      3650.00\n"
    )


def test_notes_are_silenced_by_quiet_and_warnings_are_not():
    for quiet, said in ((False, "read 3\nmemberctl: warning: old\n"), (True, None)):
        shop = Shop(quiet=quiet)
        shop.output.note("read 3")
        shop.output.warn("old")
        assert shop.words() == (said or "memberctl: warning: old\n")
        assert shop.data() == ""


def test_an_error_names_the_fact_what_is_allowed_and_the_next_command():
    shop = Shop()
    shop.output.error(
        RuleRefused(
            "cannot pay refund RF-0007: it is paid",
            hint="memberctl refund show RF-0007",
            allowed=[],
        )
    )
    assert shop.words() == (
        "memberctl: cannot pay refund RF-0007: it is paid\n"
        "  allowed now: nothing\n"
        "hint: memberctl refund show RF-0007\n"
    )


def test_an_error_without_more_to_say_is_one_line_and_safe():
    shop = Shop()
    shop.output.error(Invalid("it is \x1b[2J"))
    shop.output.error(RuleRefused("no", allowed=["pay", "void"]))
    assert shop.words() == "memberctl: it is \\x1b[2J\nmemberctl: no\n  allowed now: pay, void\n"


def test_an_error_after_the_commit_says_that_the_work_is_done():
    shop = Shop()
    shop.output.error(NotShown("no space"), committed=True)
    assert shop.words() == "memberctl: no space\n  the work itself is done: do not repeat it\n"


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_an_error_is_one_line_of_json_where_json_was_asked_for(name: str):
    shop = in_format(name)
    shop.output.error(Conflict("probable duplicate \x9b", hint="--again"), committed=True)
    assert shop.words() == (
        '{"type": "error", "code": "conflict", "exit": 7, "message": "probable duplicate \\u009b", '
        '"hint": "--again", "committed": true, "allowed": null}\n'
    )
