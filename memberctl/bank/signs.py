"""Which way the money of a row went, by the one rule of its map.

Source: rules M15; bad inputs 51-59.
"""

from __future__ import annotations

from memberctl.bank.figures import is_nothing, parse_figure
from memberctl.bank.layout import Cells
from memberctl.bank.table_form import Form, SignRule, word_key
from memberctl.core.errors import Invalid
from memberctl.core.money import EXPONENTS

DIRECTIONS = {
    "all": "all rows", "in": "money in", "out": "money out", "neutral": "neutral rows",
}  # fmt: skip


class Signs:
    """Reads the amounts of one file's rows and remembers signs that its map leaves unexplained."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._seen: dict[str, tuple[int | None, int | None]] = {}

    def money_of(self, row: Cells, currency: str, problems: list[str]) -> tuple[int, str]:
        """Return a row's minor units, below 0 for money out, and its direction.

        What cannot be read is added to problems, with its column.
        """
        form = self._form
        if currency not in EXPONENTS:
            return 0, "all"
        if form.rule is SignRule.COLUMNS:
            return self._from_two_columns(row, currency, problems)
        if is_nothing(row.first("amount")) and self.balance_of(row, currency) is not None:
            return 0, "all"  # A balance carried forward is no booking.
        minor = self._figure(row, "amount", currency, problems) or 0
        if form.rule is SignRule.DIRECTION:
            return self._directed(row, minor, problems)
        signed = -minor if form.rule is SignRule.REVERSED else minor
        return signed, "in" if signed >= 0 else "out"

    def balance_of(self, row: Cells, currency: str) -> int | None:
        """Return the balance behind a row; banks also mask it, and then there is none."""
        try:
            return parse_figure(row.first("balance"), currency, self._form.numbers)
        except (Invalid, KeyError):
            return None

    def unexplained(self) -> list[str]:
        """Return a difference for each direction whose amounts have both signs, and no rule."""
        return [
            f"line {below}: {DIRECTIONS[direction]} is below 0, on line {above} above it: the map"
            " says signs.reversals = true where it takes a booking back"
            for direction, (above, below) in self._seen.items()
            if above and below
        ]

    def _from_two_columns(self, row: Cells, currency: str, problems: list[str]) -> tuple[int, str]:
        came = self._figure(row, "in", currency, problems, empty_ok=True) or 0
        went = self._figure(row, "out", currency, problems, empty_ok=True) or 0
        if came and went:
            problems.append("has money in both columns, in and out")
        return (came, "in") if came else (-self._unsigned(went, "out", row.line), "out")

    def _unsigned(self, minor: int, direction: str, line: int) -> int:
        """Return an amount whose direction is told beside it; below 0 it may be a reversal.

        Some banks write all money out below 0 in its own column as well, so the map says which
        it is.
        """
        if self._form.reversals or minor == 0:
            return minor
        above, below = self._seen.get(direction, (None, None))
        if minor < 0:
            self._seen[direction] = above, below or line
        else:
            self._seen[direction] = above or line, below
        return abs(minor)

    def _directed(self, row: Cells, minor: int, problems: list[str]) -> tuple[int, str]:
        word, form = word_key(row.first("direction")), self._form
        if word in form.words_in:
            return self._unsigned(minor, "in", row.line), "in"
        if word in form.words_out:
            return -self._unsigned(minor, "out", row.line), "out"
        if word in form.words_neutral:
            return abs(minor), "neutral"
        problems.append(f"column {form.named('direction')}: is none of the map's words")
        return abs(minor), "all"

    def _figure(
        self, row: Cells, key: str, currency: str, problems: list[str], empty_ok: bool = False
    ) -> int | None:
        typed = row.first(key)
        if is_nothing(typed) and empty_ok:
            return None
        try:
            return parse_figure(typed, currency, self._form.numbers)
        except Invalid as problem:
            problems.append(f"column {self._form.named(key)}: {problem.message}")
            return None
