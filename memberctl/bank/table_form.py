"""The form of a table: what a map says of one bank's download, checked.

Source: rules M15.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from memberctl.bank.figures import NumberForm

Place = str | int
"""A column: its name in the header, or its place counted from 1."""


class SignRule(StrEnum):
    """How a map tells money in from money out."""

    SIGNED = "signed"
    REVERSED = "reversed"
    COLUMNS = "columns"
    DIRECTION = "direction"


@dataclass(frozen=True, slots=True)
class Total:
    """A sum or number of rows that a file states.

    pattern -- finds it in a line, with the groups count and sum; of -- all, in, out or neutral
    row     -- instead: the first cell of a row whose money columns hold the sums
    """

    of: str = "all"
    pattern: re.Pattern[str] | None = None
    row: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A map, checked.

    columns   -- key -> the columns that it may be found in; of `references`, `text` and `kind`
                 all of them are taken, of others the first that is there
    delimiter -- None is detected from the header's line
    also_needed -- keys of columns that tell this form from one like it
    reversals -- an amount below 0 takes a booking back where its column or its word tells which
                 way the money went; else the sign only repeats that
    skip      -- words of the status that make a row none; pending -- not yet money
    """

    name: str
    columns: Mapping[str, tuple[Place, ...]]
    dates: tuple[str, ...]
    rule: SignRule
    currency: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    numbers: NumberForm = field(default_factory=NumberForm)
    skip_rows: int = 0
    header: bool = True
    footer: re.Pattern[str] | None = None
    words_in: frozenset[str] = frozenset()
    words_out: frozenset[str] = frozenset()
    words_neutral: frozenset[str] = frozenset()
    neutral_in: frozenset[str] = frozenset()
    reversals: bool = False
    skip: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    currencies: Mapping[str, str] = field(default_factory=dict)
    fees: tuple[str, ...] = ()
    account: re.Pattern[str] | None = None
    opening: re.Pattern[str] | None = None
    closing: re.Pattern[str] | None = None
    totals: tuple[Total, ...] = ()
    refund_separator: str = ""
    also_needed: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """Return the keys of the columns without which nothing can be read."""
        money = ("in", "out") if self.rule is SignRule.COLUMNS else ("amount",)
        told = ("direction",) if self.rule is SignRule.DIRECTION else ()
        return ("date", *money, *told, *self.also_needed)

    @property
    def looked_for(self) -> list[str]:
        """Return the names of the columns without which nothing can be read, for a refusal."""
        return [self.named(key) for key in self.needed]

    def named(self, key: str) -> str:
        """Return the name of a key's column, for a message."""
        return str(self.columns[key][0])


def column_key(name: str) -> str:
    """Return a column's name as it is compared: without blanks, full-width or not, any case."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(folded.split()).strip("\ufeff`")


def word_key(word: str) -> str:
    """Return a word of a direction or status as it is compared."""
    return unicodedata.normalize("NFKC", word).strip("` \t").casefold()
