"""A text that is no TOML is refused in one way, whatever it does to the parser."""

from __future__ import annotations

import pytest

from memberctl.core.toml import NotToml, read_toml


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[plan]\n", "at line 1"),
        ("x = " + "[" * 100_000, "nested too deeply"),
        ("x = " + "9" * 10_000, "too many digits"),
        ("x = 2026-02-30", "at line 1"),
    ],
)
def test_what_is_no_toml_is_refused_in_one_way(text: str, said: str) -> None:
    with pytest.raises(NotToml, match=said):
        read_toml(text)


def test_a_price_stays_the_text_that_it_was() -> None:
    assert read_toml("price = 0.10", parse_float=str) == {"price": "0.10"}
