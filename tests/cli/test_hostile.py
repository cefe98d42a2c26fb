"""No stored text acts on a terminal, in any format."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memberctl.cli.formats import Format
from tests.cli.showing import HOSTILE, Row, Shop, in_format, is_dangerous


@pytest.mark.parametrize("name", ["table", "plain", "md", "html"])
@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_hostile_text_acts_on_a_table(name: str, text: str):
    shop = in_format(name)
    shop.output.show_list([Row(text)], ["name", "amount"], title=text)
    shop.output.show_record({"name": text, "inner": [Row(text)]}, title=text)
    data = shop.data()
    assert not [c for c in data if c != "\n" and is_dangerous(c)]
    assert data.count("-100.00") == 2


@pytest.mark.parametrize("name", ["tsv", "csv", "ids", "json", "jsonl"])
@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_hostile_text_acts_on_a_terminal_in_a_data_format(name: str, text: str):
    shop = Shop(terminal=True, format=Format(name))
    shop.output.show_list([{"name": text}], ["name"])
    data = shop.data()
    assert not [c for c in data if c not in "\n" and is_dangerous(c)]
    if name == "json":
        assert json.loads(data)["data"] == [{"name": text}]


def test_markup_emoji_and_links_are_shown_literally():
    shop = Shop(terminal=True, color="always")
    shop.output.show_list([Row("[link=https://e]Li[/link] :smiley: [/red]")], ["name"])
    assert "[link=https://e]Li[/link] :smiley: [/red]" in shop.data()
    assert "\x1b]8" not in shop.stdout.getvalue()


@given(st.lists(st.text(max_size=40), min_size=50, max_size=50))
@settings(max_examples=200, deadline=None)
def test_ten_thousand_texts_put_no_dangerous_character_into_a_table(texts):
    rows = [{"name": text, "again": text} for text in texts]
    for name in ("table", "plain", "md", "html"):
        shop = in_format(name)
        shop.output.show_list(rows, ["name", "again"])
        dangerous = [c for c in set(shop.data()) - {"\n"} if is_dangerous(c)]
        assert dangerous == []


@given(st.lists(st.text(max_size=40), max_size=20))
@settings(max_examples=100, deadline=None)
def test_plain_and_markdown_keep_one_line_for_each_row(texts):
    for name, head in (("plain", 1), ("md", 2)):
        shop = in_format(name)
        shop.output.show_list([{"n": "-", "name": text} for text in texts], ["n", "name"])
        assert shop.data().count("\n") == head + len(texts)


def test_html_and_markdown_show_tags_and_signs_as_text():
    shop = in_format("html")
    shop.output.show_list([Row("<b>x</b>&")], ["name"])
    assert "&lt;b&gt;x&lt;/b&gt;&amp;" in shop.data()
    shop = in_format("md")
    shop.output.show_list([Row("a|b [x](y) *z* <b> :smiley:")], ["name"])
    assert r"a\|b \[x\](y) \*z\* &lt;b&gt; \:smiley:" in shop.data()
