"""Whole numbers as options: in the digits 0-9 alone.

Typer itself also takes 1_000 and 1.0 for a whole number. Source: bad inputs 52, 63, 64.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

import typer

from memberctl.core.errors import Invalid

LARGEST = 2**63 - 1
_FORM = re.compile(r"-?[0-9]{1,19}")


def whole(what: str, least: int, most: int = LARGEST) -> Callable[[str], int]:
    """Return the `parser=` of an option that takes a whole number from `least` to `most`.

    what -- how a refusal calls the number, e.g. "--seen"
    The parser raises Invalid for everything else, also for other digits, "_" and "+".
    """

    def parse(text: str) -> int:
        typed = str(text).strip()
        if not _FORM.fullmatch(typed):
            raise Invalid(
                f"{what} must be a whole number from {least} to {most}", rule="count_form"
            )
        if not least <= int(typed) <= most:
            raise Invalid(f"{what} must be from {least} to {most}", rule="count_range")
        return int(typed)

    return parse


Seen = Annotated[
    int | None,
    typer.Option(
        parser=whole("--seen", 1),
        metavar="N",
        help="The version that you looked at; refused if it changed since.",
    ),
]
"""The option of every command that changes one thing which a person has looked at."""
