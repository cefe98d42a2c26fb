"""Whole numbers as options, and global options without a value."""

from __future__ import annotations

import pytest

from memberctl.cli.whole import whole
from memberctl.core.errors import Invalid
from tests.program import Program


@pytest.mark.parametrize("typed", ["1_0", "١٠", "１０", "+10", "10.0", "1e1", "", "0x1", "9" * 30])
def test_only_the_digits_0_to_9_make_a_number(typed: str) -> None:
    with pytest.raises(Invalid, match="--seen must be"):
        whole("--seen", 1)(typed)


def test_a_number_lies_between_its_limits() -> None:
    parse = whole("--add", -5, 5)
    assert [parse("-5"), parse(" 5 "), parse("007"[:2])] == [-5, 5, 0]
    for beyond in ("-6", "6"):
        with pytest.raises(Invalid, match="from -5 to 5"):
            parse(beyond)


@pytest.mark.parametrize("option", ["--db", "--as", "--as-of", "--key", "--config", "--output"])
def test_an_empty_global_option_is_an_error_and_not_the_default(shop: Program, option: str) -> None:
    for place in (["branch", "list", option, ""], [option, " ", "branch", "list"]):
        result = shop(*place)
        assert (result.exit, result.out) == (2, "")
        assert f"{option} is empty" in result.err


@pytest.mark.parametrize(
    "line",
    [
        ("backup", "create", ""),
        ("backup", "list", " "),
        ("archive", "create", "--quarter", "2025Q4", "--to", ""),
        ("branch", "list", "--fields", " ,"),
    ],
)
def test_an_empty_name_is_not_the_folder_one_is_in(shop: Program, line: tuple[str, ...]) -> None:
    result = shop(*line)
    assert (result.exit, result.out) == (2, "")
    assert "is empty" in result.err
