"""R19: no text acts on a terminal; every text is refused with a reason or shown as it is.

The table of bad inputs has tests of its own; here are the texts that nobody thought of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memberctl.core.errors import Invalid
from memberctl.core.text import clean_text, safe
from tests.cli.showing import is_dangerous
from tests.harmless import harmless
from tests.program import Program
from tests.stores import Grounds
from tests.warm import WarmProgram

TEXTS = st.lists(st.text(max_size=60), min_size=50, max_size=50)


def assert_kept_or_refused(texts: list[str]) -> None:
    """Assert of each text that it is kept or refused, and acts on nothing either way."""
    for text in texts:
        assert not any(is_dangerous(each) for each in safe(text))
        try:
            kept = clean_text(text, what="the name")
        except Invalid as refused:
            assert not any(is_dangerous(each) for each in refused.message)
            assert len(text) < 4 or text not in refused.message
        else:
            assert not any(is_dangerous(each) for each in kept)
            assert clean_text(kept, what="the name") == kept


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_ten_thousand_texts_are_accepted_harmless_or_refused_harmlessly(texts: list[str]) -> None:
    assert_kept_or_refused(texts)


@pytest.fixture(scope="module")
def open_shop(grounds: Grounds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A program whose store stays open over many texts."""
    folder = tmp_path_factory.mktemp("hostile")
    program = WarmProgram(
        grounds.sqlite_copy(folder / "store.db"), grounds.key_dir / "sqlite", folder
    )
    yield program
    program.close()


@given(text=st.text(min_size=1, max_size=60))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_given_to_commands_ends_with_a_known_code(open_shop: Program, text: str) -> None:
    person = json.dumps({"name": text, "phone": "13800138000", "address": text})
    runs = (
        open_shop("member", "register", "-", as_="li", stdin=person),
        open_shop("member", "show", f"name:{text}", as_="li"),
        open_shop("order", "show", "--", text),
        open_shop("audit", "log", f"--object={text}"),
        open_shop("branch", "list", "--fields", text),
    )
    for done in runs:
        assert done.exit in {0, 2, 4, 6, 7}, done
        harmless(done)


def test_what_the_texts_left_behind_is_shown_harmlessly(open_shop: Program) -> None:
    for line in (("member", "list"), ("audit", "log"), ("db", "check", "--deep")):
        for form in ("table", "tsv", "csv", "json", "md", "html"):
            done = open_shop(*line, "--format", form)
            assert done.exit == 0, done.err
            if form in {"table", "md", "html"}:
                harmless(done)
