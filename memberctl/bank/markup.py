"""Tables in HTML, which some banks hand out under the name of a workbook.

Source: rules M15; issue "with which any bank's download can be described".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from memberctl.core.errors import Invalid
from memberctl.core.lines import Line, LineFile
from memberctl.core.rows import FIELD_LIMIT

_BEGINS = re.compile(rb"\s*<(?:!doctype\s+html|html|head|meta|style|table)\b", re.IGNORECASE)
_CELLS = frozenset({"td", "th"})
_BREAKS = frozenset({"p", "div", "br", "h1", "h2", "h3", "h4", "li", "caption", "title", "table"})
_UNSEEN = frozenset({"script", "style"})


def looks_like_markup(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a page, with or without a byte order mark."""
    narrow = head.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe")
    return _BEGINS.match(narrow) is not None and b"<table" in narrow.lower()


class MarkupLines:
    """The rows of all tables of a page, and the text around them; see core.lines.LineFile.

    A line has the number of the line of the file on which it ends. Text outside of tables is a
    line of one cell, as a statement's period or account may stand there.
    """

    def __init__(self, file: LineFile) -> None:
        self._file = file
        self.name, self.encoding, self.sha256 = file.name, file.encoding, file.sha256
        self.notices, self.parts, self.has_cells = file.notices, file.parts, True

    def choose(self, part: int) -> None:
        """Read another of its tables: all of them are read as one."""
        self._file.choose(part)

    def lines(self, delimiter: str) -> Iterator[Line]:
        """Yield all rows. delimiter -- is of no account here"""
        page, number = _Page(), 0
        for number, text in self._file.text_lines():
            page.feed(f"{text}\n")
            yield from _lines_of(page.taken(), number)
        page.finish()
        yield from _lines_of(page.taken(), number)

    def text_lines(self) -> Iterator[tuple[int, str]]:
        """Yield the rows as text, their cells parted by tabs."""
        for line in self.lines("\t"):
            yield line.number, line.text

    def finish(self) -> None:
        """Refuse when the file was changed while it was read."""
        self._file.finish()

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


def _lines_of(rows: list[list[str]], number: int) -> Iterator[Line]:
    for cells in rows:
        if any(len(cell) > FIELD_LIMIT for cell in cells):
            raise Invalid(
                f"line {number}: a field has more than {FIELD_LIMIT:,} characters, too long",
                rule="field_too_long",
            )
        yield Line(number, "\t".join(cells).rstrip("\t"), cells)


class _Page(HTMLParser):
    """Collects the rows of the innermost tables, and what text stands around them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._done: list[list[str]] = []
        self._row: list[str] | None = None
        self._text: list[str] = []
        self._spans = 0  # Of the cell that is open; 0 when none is.
        self._unseen = False

    def taken(self) -> list[list[str]]:
        """Return what was finished since the last call."""
        done, self._done = self._done, []
        return done

    def finish(self) -> None:
        """Keep what was not closed when the page ended."""
        self.close()
        self._end_row()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen = tag in _UNSEEN
        if tag == "tr":
            self._end_row()
            self._row = []
        elif tag in _CELLS:
            self._end_cell()
            self._text = []
            self._spans = _span(dict(attrs).get("colspan"))
            self._row = [] if self._row is None else self._row
        elif tag in _BREAKS and self._row is None:
            self._end_text()

    def handle_endtag(self, tag: str) -> None:
        self._unseen = False
        if tag in _CELLS:
            self._end_cell()
        elif tag in ("tr", "table"):
            self._end_row()
        elif self._row is None:
            self._end_text()

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._text.append(data)

    def _words(self) -> str:
        words = " ".join("".join(self._text).split())
        self._text = []
        return words

    def _end_cell(self) -> None:
        """Keep the open cell; one that goes over several columns has its text in the first."""
        if self._row is not None and self._spans:
            self._row += [self._words(), *[""] * (self._spans - 1)]
        self._spans = 0

    def _end_row(self) -> None:
        if self._row is None:
            self._end_text()
            return
        self._end_cell()
        if any(self._row):
            self._done.append(self._row)
        self._row, self._text = None, []

    def _end_text(self) -> None:
        if words := self._words():
            self._done.append([words])


def _span(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and 1 <= int(text) <= 100 else 1
