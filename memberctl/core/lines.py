"""Tables in which other things stand as well: lines of cells, each with its text as it was read.

A bank's download has a preamble, footers and page headers around its rows, so no line is taken
for a header here and no width is expected. A workbook gives the same lines as a text.
Source: rules I3; bad inputs 31-50.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple, Protocol

from memberctl.core.compound import MARK
from memberctl.core.errors import Invalid
from memberctl.core.rows import FIELD_LIMIT
from memberctl.core.textfile import TextFile, refuse_changed

MOST_JOINED = 500
"""Lines that one quoted cell may go over."""

_ZIP = b"PK\x03\x04"


class Line(NamedTuple):
    """One line of a table.

    number -- in the file, counted from 1; of a workbook the row of its sheet
    text   -- as it was read, without its line end; a workbook's cells parted by tabs
    """

    number: int
    text: str
    cells: list[str]


class LineFile(Protocol):
    """An opened file of lines; read it with lines(), then call finish() and close().

    name, encoding, notices, sha256 -- as TextFile has them
    parts -- how many tables it holds: the sheets of a workbook, 1 for a text
    has_cells -- its lines have their cells without a delimiter
    """

    name: str
    encoding: str
    notices: list[str]
    sha256: str
    parts: int
    has_cells: bool

    def choose(self, part: int) -> None:
        """Read another of its tables, counted from 0; the first one is read unless told so."""

    def lines(self, delimiter: str) -> Iterator[Line]:
        """Yield all lines from the beginning; may be called again."""

    def text_lines(self) -> Iterator[tuple[int, str]]:
        """Yield the lines as they stand in the file, each with its number and without its end."""

    def finish(self) -> None:
        """Refuse when the file was changed while it was read (Invalid, rule "file_changed")."""

    def close(self) -> None:
        """Give the file back; a second call does nothing."""


def lines_of(
    raw: BinaryIO, name: str, *, encoding: str | None = None, otherwise: str | None = None
) -> LineFile:
    """Return an opened file as lines: a workbook by its first bytes, else a text.

    raw, name -- from open_bytes; whoever opened it closes it when this refuses
    encoding, otherwise -- of a text, see open_text
    Raises Invalid as open_text does, and for a workbook that is too large, has macros or
    formulas or is encrypted.
    """
    raw.seek(0)
    head = raw.read(len(MARK))
    raw.seek(0)
    if head.startswith(_ZIP) or head == MARK:
        from memberctl.core.workbook import Workbook

        return Workbook(raw, name)
    return TextLines(TextFile(raw, name, encoding, otherwise))


class TextLines:
    """The lines of a text file."""

    def __init__(self, file: TextFile) -> None:
        self._file = file
        self.name = file.name
        self.encoding = file.encoding
        self.notices = file.notices
        self.sha256 = file.sha256
        self.parts = 1
        self.has_cells = False

    def choose(self, part: int) -> None:
        """Do nothing: a text is one table."""

    def lines(self, delimiter: str) -> Iterator[Line]:
        """Yield all lines; a quoted cell may go over several. delimiter -- one character

        Raises Invalid for a quote that is not closed and for a cell that is too long.
        """
        csv.field_size_limit(FIELD_LIMIT)
        numbered = self.text_lines()
        for number, text in numbered:
            cells = _apart(number, text, delimiter)
            if cells is None:
                yield _joined(number, text, numbered, delimiter)
            else:
                yield Line(number, text, cells)

    def text_lines(self) -> Iterator[tuple[int, str]]:
        """Yield the lines, each with its number and without its end."""
        try:
            for number, line in enumerate(self._file.lines(), 1):
                yield number, line.rstrip("\r\n")
        except UnicodeDecodeError:
            # All bytes could be decoded when the file was opened.
            refuse_changed(self.name)

    def finish(self) -> None:
        """Refuse when the file was changed while it was read."""
        self._file.refuse_if_changed()

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


def _apart(number: int, text: str, delimiter: str) -> list[str] | None:
    """Return a line's cells, or None when its last quote is not closed.

    Banks put a tab behind a closing quote, so what stands there belongs to the cell.
    """
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as problem:
        if "unexpected end" in str(problem):
            return None
        if "field larger" in str(problem):
            raise Invalid(
                f"line {number}: a field has more than {FIELD_LIMIT:,} characters, too long",
                rule="field_too_long",
            ) from None
        return next(csv.reader([text], delimiter=delimiter), [])


def _joined(number: int, text: str, following: Iterator[tuple[int, str]], delimiter: str) -> Line:
    """Return the line whose last cell goes on below. Raises Invalid when it never ends."""
    parts = [text]
    for _, more in following:
        parts.append(more)
        if '"' in more:
            whole = "\n".join(parts)
            cells = _apart(number, whole, delimiter)
            if cells is not None:
                return Line(number, whole, cells)
        if len(parts) > MOST_JOINED:
            break
    raise Invalid(f"line {number}: a quote that begins here is not closed", rule="unclosed_quote")


def delimiter_of(text: str, known: Sequence[str] = (",", ";", "\t", "|")) -> str:
    """Return what most likely parts the cells of a header line; quoted text does not count."""
    bare = "".join(text.split('"')[::2])
    return max(known, key=bare.count)
