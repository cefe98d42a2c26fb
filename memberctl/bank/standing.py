"""Whether a row counts as money: closed, pending, neutral or empty rows do not.

Source: rules M15.
"""

from __future__ import annotations

import re

from memberctl.bank.figures import plain
from memberctl.bank.layout import Cells, Layout
from memberctl.bank.rules import Entry, Skip
from memberctl.bank.table_form import word_key
from memberctl.core.lines import LineFile


class Standing:
    """Tells of the rows of one file why they count as no money, by its map."""

    def __init__(self, file: LineFile, layout: Layout) -> None:
        self._file = file
        self._layout = layout
        self._form = layout.form
        self._closed = self._closed_ids()

    def _closed_ids(self) -> frozenset[str]:
        """Return the numbers of closed trades, whose refunds are no money either."""
        form, separator = self._form, self._form.refund_separator
        found: set[str] = set()
        if not separator or "id" not in self._layout.places:
            return frozenset()
        for line in self._file.lines(self._layout.delimiter):
            cells = line.cells
            status = self._layout.places.get("status", ())
            if any(place < len(cells) and word_key(cells[place]) in form.skip for place in status):
                found.update(
                    plain(cells[place]) for place in self._layout.places["id"] if place < len(cells)
                )
        return frozenset(found - {""})

    def skip_of(self, entry: Entry, row: Cells) -> Skip | None:
        """Return why a row counts as no money, or None."""
        if entry.problem:
            return Skip.UNREADABLE
        waits = self.waits(row, entry.raw)
        if waits is not None:
            return waits
        if self._refunds_a_closed_trade(entry):
            return Skip.CLOSED
        if entry.direction == "neutral":
            words = {word_key(each) for key in ("status", "kind") for each in row.all(key)}
            if not words & self._form.neutral_in:
                return Skip.NEUTRAL
        return Skip.ZERO if entry.amount_minor == 0 else None

    def waits(self, row: Cells, text: str) -> Skip | None:
        """Return whether a row is closed or pending by its status or its line, or None."""
        form = self._form
        words = {word_key(each) for each in row.all("status") or [row.first("status")]}
        if words.intersection(form.skip) or has_match(form.skip_lines, text):
            return Skip.CLOSED
        if words.intersection(form.pending) or has_match(form.pending_lines, text):
            return Skip.PENDING
        return None

    def _refunds_a_closed_trade(self, entry: Entry) -> bool:
        separator = self._form.refund_separator
        if not separator or not entry.external_id:
            return False
        trade, found, _ = entry.external_id.partition(separator)
        return bool(found) and trade in self._closed


def has_match(pattern: re.Pattern[str] | None, text: str) -> bool:
    """Whether a pattern is found in a text; one that a map has not is found nowhere."""
    return pattern is not None and pattern.search(text) is not None
