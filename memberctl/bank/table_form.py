"""The form of a table: what a map says of one bank's download, checked.

Source: rules M15.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from memberctl.bank.amounts import AmountForm
from memberctl.bank.figures import NumberForm
from memberctl.bank.moments import DateForm
from memberctl.bank.years import YearForm

Place = str | int
"""A column: its name in the header, or its place counted from 1."""


class SignRule(StrEnum):
    """How a map tells money in from money out."""

    SIGNED = "signed"
    REVERSED = "reversed"
    COLUMNS = "columns"
    DIRECTION = "direction"


@dataclass(frozen=True, slots=True)
class Way:
    """How the column of the direction tells one of them: whole words, or patterns found in it."""

    words: frozenset[str] = frozenset()
    patterns: tuple[re.Pattern[str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.patterns)

    def fits(self, text: str) -> bool:
        """Whether one of the patterns is found in a text."""
        return any(pattern.search(text) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class FeeForm:
    """How a map tells what the bank charged.

    words -- in the column `kind`, that make a row a charge
    net   -- of a column `fee`: it has come off the amount already
    negative -- of a column `fee`: a charge is written below 0
    """

    words: tuple[str, ...] = ()
    net: bool = False
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Total:
    """A sum or number of rows that a file states.

    pattern -- finds it in a line, with the groups count and sum
    of      -- all, in, out, neutral, or net: money in less money out
    row     -- instead: the first cell of a row whose money columns hold the sums
    """

    of: str = "all"
    pattern: re.Pattern[str] | None = None
    row: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A map, checked.

    columns   -- key -> the columns that it may be found in; of `references`, `text`, `kind` and
                 `status` all of them are taken, of others the first that is there
    currency  -- None where a column or the account tells it
    delimiter -- None is detected from the header's line
    widths    -- of the cells of a line, in place of a delimiter
    header_lines -- how many lines of names stand above each other
    also_needed -- keys of columns that tell this form from one like it
    unquoted  -- key of the column whose text may hold the delimiter without quotes
    text_below -- lines without day and money below a row go on with its text
    in_text   -- key -> what finds it in the text of a row, where it has no column of its own
    days_from_above -- a row without a date is of the day of the row above it
    ways      -- in, out and neutral -> how the column of the direction tells it
    otherwise -- which of them a row is that none of them fits
    reversals -- an amount below 0 takes a booking back where its column or its word tells which
                 way the money went; else the sign only repeats that
    skip      -- words of the status that make a row none; pending -- not yet money
    skip_lines, pending_lines -- the same by a pattern in the whole line
    """

    name: str
    columns: Mapping[str, tuple[Place, ...]]
    dates: DateForm
    rule: SignRule
    years: YearForm = field(default_factory=YearForm)
    currency: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    widths: tuple[int, ...] = ()
    numbers: NumberForm = field(default_factory=NumberForm)
    amounts: AmountForm = field(default_factory=AmountForm)
    skip_rows: int = 0
    header: bool = True
    header_lines: int = 1
    footer: re.Pattern[str] | None = None
    unquoted: str = ""
    text_below: bool = False
    in_text: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    days_from_above: bool = False
    ways: Mapping[str, Way] = field(default_factory=dict)
    otherwise: str = ""
    neutral_in: frozenset[str] = frozenset()
    reversals: bool = False
    skip: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    skip_lines: re.Pattern[str] | None = None
    pending_lines: re.Pattern[str] | None = None
    currencies: Mapping[str, str] = field(default_factory=dict)
    fees: FeeForm = field(default_factory=FeeForm)
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
