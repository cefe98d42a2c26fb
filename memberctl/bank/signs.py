"""Which way the money of a row went, by the one rule of its map.

Source: rules M15; bad inputs 51-59.
"""

from __future__ import annotations

from memberctl.bank.amounts import parse_amount, take_apart
from memberctl.bank.figures import is_nothing, parse_figure
from memberctl.bank.layout import Cells
from memberctl.bank.table_form import Form, SignRule, word_key
from memberctl.core.errors import Invalid
from memberctl.core.money import EXPONENTS

DIRECTIONS = {
    "all": "all rows", "in": "money in", "out": "money out", "neutral": "neutral rows",
    "net": "money in less money out",
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

    def currency_in(self, row: Cells) -> str:
        """Return the currency that the map's pattern finds in the cells of money, else ""."""
        if self._form.amounts.pattern is None:
            return ""
        for key in ("amount", "in", "out"):
            try:
                found = take_apart(row.first(key), self._form.amounts).currency
            except Invalid:
                continue
            if found:
                return found
        return ""

    def fee_of(self, row: Cells, currency: str, problems: list[str]) -> int:
        """Return what the bank kept of a row as it counts in the account: a charge is below 0."""
        typed = row.first("fee")
        if is_nothing(typed) or currency not in EXPONENTS:
            return 0
        try:
            minor = parse_figure(typed, currency, self._form.numbers)
        except Invalid as problem:
            problems.append(f"column {self._form.named('fee')}: {problem.message}")
            return 0
        return minor if self._form.fees.negative else -minor

    def balance_of(self, row: Cells, currency: str) -> int | None:
        """Return the balance behind a row; banks also mask it, and then there is none."""
        typed = row.first("balance")
        if is_nothing(typed):
            return None
        try:
            return parse_figure(typed, currency, self._form.numbers)
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
        way = self._way_of(row.first("direction"), problems)
        if way == "in":
            return self._unsigned(minor, "in", row.line), "in"
        if way == "out":
            return -self._unsigned(minor, "out", row.line), "out"
        return abs(minor), way or "all"

    def _way_of(self, text: str, problems: list[str]) -> str:
        """Return in, out or neutral for the text of a direction, "" for one that tells none."""
        ways, word = self._form.ways, word_key(text)
        for way, said in ways.items():
            if word in said.words:
                return way
        fitting = [way for way, said in ways.items() if said.fits(text)]
        if len(fitting) == 1:
            return fitting[0]
        named = f"column {self._form.named('direction')}"
        if fitting:
            problems.append(f"{named}: fits the patterns of {' and of '.join(fitting)}")
        elif self._form.otherwise:
            return self._form.otherwise
        else:
            problems.append(f"{named}: is none of the map's words")
        return ""

    def _figure(
        self, row: Cells, key: str, currency: str, problems: list[str], empty_ok: bool = False
    ) -> int | None:
        typed = row.first(key)
        if is_nothing(typed) and empty_ok:
            return None
        try:
            return parse_amount(typed, currency, self._form.numbers, self._form.amounts)
        except Invalid as problem:
            problems.append(f"column {self._form.named(key)}: {problem.message}")
            return None
