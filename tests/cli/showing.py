"""What the tests of output show: one result with every kind of value, and hostile texts."""

from __future__ import annotations

import io
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from memberctl.cli.formats import Format, OutputOptions
from memberctl.cli.output import Output
from memberctl.core.money import Money
from memberctl.core.text import Kind, Personal


class State(StrEnum):
    """A state, stored and shown as its value."""

    IN_REVIEW = "in_review"


@dataclass(frozen=True)
class Part:
    """A row inside a record."""

    payment: str
    amount: Money


@dataclass(frozen=True)
class Shown:
    """One field for each kind of value that a result may hold."""

    number: str
    member: str
    phone: Personal
    state: State
    total: Money
    share: Decimal
    visits: int
    agreed: bool
    due_on: date | None
    filed_at: datetime
    parts: tuple[Part, ...]


MINUS = Money(-10000, "CNY")


@dataclass(frozen=True)
class Row:
    """A line of a list."""

    name: str
    amount: Money = MINUS


KEYS = tuple(Shown.__dataclass_fields__)

ORDER = Shown(
    "JN-2026-7F3KX",
    "张伟",
    Personal(Kind.PHONE, "+8613800138000"),
    State.IN_REVIEW,
    Money(365000, "CNY"),
    Decimal("0.25"),
    3,
    True,
    date(2026, 3, 9),
    datetime(2026, 3, 1, 8, 30, tzinfo=UTC),
    (Part("P-000001", Money(300, "CNY")),),
)

HOSTILE = [
    "[red]x[/red]",
    "[/]",
    "[link=https://evil]Zhang[/link]",
    ":smiley: Li",
    "A\x1b[2J\x1b[H",
    "\x1b]8;;http://evil\x1b\\click",
    "\x1b]52;c;cm0gLXJm\x07",
    "\x9b31m",
    "good\rEVIL",
    "a\x00b",
    "abc\u202egpj.exe",
    "\u2066x\u2069",
    "Li\u200b",
    "\ufeffLi",
    "e\u0301",
    "p\u0430ypal",
    "a" + "\u0301" * 300,
    "\u3164",
    "",
    "a\udce9b",
    "x" * 10_000,
    "𠮷",
    "O'Brien",
    "null",
    "-",
    "-rf",
    "Robert'); DROP TABLE member;--",
    "%_\\",
    "\U000e0041",
    "\ue000",
    "line\u2028line",
    "a\nb",
    "a\tb",
    "a|b",
    "<script>alert(1)</script>",
    "\x01",
]

TYPED = Path(os.devnull).open("rb")  # noqa: SIM115 (as long as the tests)


class Screen(io.StringIO):
    """A text stream that says it is a terminal, on which an answer was typed already."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        """Return a descriptor that can always be read, as a terminal's can behind a typed line."""
        return TYPED.fileno()


class Shop:
    """An Output with what it wrote."""

    def __init__(
        self, *, terminal: bool = False, environ: Mapping[str, str] | None = None, **options: object
    ) -> None:
        self.stdout = Screen() if terminal else io.StringIO()
        self.stderr = io.StringIO()
        given = OutputOptions(**options)  # type: ignore[arg-type]
        self.output = Output(
            given, stdout=self.stdout, stderr=self.stderr, environ=environ or {"COLUMNS": "120"}
        )

    def data(self) -> str:
        """Flush, and return what went to stdout."""
        self.output.flush()
        return self.stdout.getvalue()

    def words(self) -> str:
        """Return what went to stderr."""
        return self.stderr.getvalue()


def in_format(name: str, **options: object) -> Shop:
    """Return a shop whose output has a format, not on a terminal."""
    return Shop(format=Format(name), **options)


def is_dangerous(character: str) -> bool:
    """Tell by Unicode's own categories whether a terminal might act on a character."""
    if unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}:
        return True
    # Unassigned is what this interpreter's table calls so, but ideographs of planes 2 and 3.
    unassigned = unicodedata.category(character) == "Cn"
    return unassigned and not 0x20000 <= ord(character) < 0x40000
