"""A workbook in the format of xlsx or xls, read as lines of cells, and what is refused of one.

A cell is what its maker typed, never what a formula came to: the value that is stored beside a
formula can be anything. Source: bad inputs 46, 47; libraries.md "xlsx".
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

from memberctl.core.compound import MARK, refuse_unsafe_book, refuse_wide
from memberctl.core.errors import Invalid, UsageProblem
from memberctl.core.lines import Line

MOST_PACKED = 50_000_000
"""Bytes that the file may have."""

MOST_UNPACKED = 300_000_000
"""Bytes that all its parts may have together when they are unpacked."""

MOST_PARTS = 2_000

_FORMULA = re.compile(rb"<(?:[A-Za-z0-9_]+:)?f[ >/]")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_SHEETS = ("xl/worksheets/", "xl\\worksheets\\")
_CHUNK = 1 << 18
_DESTROYED = 1e15
"""A spreadsheet keeps 15 digits of a number; what was longer is lost."""


class Workbook:
    """The lines of one sheet of a workbook; see core.lines.LineFile."""

    def __init__(self, raw: BinaryIO, name: str) -> None:
        self.name = name
        self.encoding = "xlsx"
        self.has_cells = True
        self.notices: list[str] = []
        content = raw.read(MOST_PACKED + 1)
        if len(content) > MOST_PACKED:
            raise Invalid(f"{name} has more than {MOST_PACKED:,} bytes", rule="file_too_large")
        self.sha256 = hashlib.sha256(content).hexdigest()
        if content.startswith(MARK):
            refuse_unsafe_book(content, name)
        else:
            _refuse_unsafe(content, name)
        self._sheets = _sheets_of(content, name)
        self.parts = len(self._sheets)
        self._chosen = 0

    def choose(self, part: int) -> None:
        """Read another sheet, counted from 0."""
        self._chosen = part

    def lines(self, delimiter: str) -> Iterator[Line]:
        """Yield all rows. delimiter -- is of no account here"""
        for number, cells in enumerate(self._sheets[self._chosen], 1):
            texts = [_text_of(cell) for cell in cells]
            yield Line(number, "\t".join(texts).rstrip("\t"), texts)

    def text_lines(self) -> Iterator[tuple[int, str]]:
        """Yield the rows as text, their cells parted by tabs."""
        for line in self.lines("\t"):
            yield line.number, line.text

    def finish(self) -> None:
        """Do nothing: the file was read as a whole when it was opened."""

    def close(self) -> None:
        """Give the rows back."""
        self._sheets = []


def _refuse_unsafe(content: bytes, name: str) -> None:
    """Raise Invalid for a zip bomb, macros, encryption and formula cells, before any is parsed."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise Invalid(
                    f"{name} unpacks to more than {MOST_UNPACKED:,} bytes or has too many parts",
                    rule="file_too_large",
                )
            if any(part.flag_bits & 1 for part in parts):
                raise Invalid(f"{name} is encrypted", rule="file_kind")
            if any(part.filename.lower().endswith("vbaproject.bin") for part in parts):
                raise Invalid(f"{name} contains macros", rule="file_kind")
            for part in parts:
                _refuse_unsafe_sheet(packed, part, name)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, NotImplementedError, EOFError):
        raise Invalid(f"{name} is not a whole workbook", rule="file_kind") from None


def _refuse_unsafe_sheet(packed: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    """Refuse a sheet with a formula, or with cells far apart.

    A size that was stated too small is found out by zipfile.
    """
    if not part.filename.startswith(_SHEETS) or not part.filename.endswith(".xml"):
        return
    rest, rows, columns = b"", 0, 0
    with packed.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            seen = rest + chunk
            if _FORMULA.search(seen):
                raise Invalid(
                    f"{name} contains formulas, whose values are not what was typed",
                    rule="formula_cell",
                    hint="copy the cells as values, or save it as CSV UTF-8",
                )
            places = _PLACE.findall(seen)
            rows = max(rows, max((int(row) for _, row in places), default=0))
            letters = {each for each, _ in places}
            columns = max(columns, max(map(_column, letters), default=0))
            refuse_wide(rows, columns, name)
            rest = chunk[-64:]


def _column(letters: bytes) -> int:
    """Return the number of a column by its letters: 1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _sheets_of(content: bytes, name: str) -> list[list[list[object]]]:
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise UsageProblem(
            "workbooks need the extra xlsx", hint='pip install "memberctl[xlsx]"'
        ) from None
    try:
        with _silent():
            book = CalamineWorkbook.from_filelike(io.BytesIO(content))
            sheets = [book.get_sheet_by_index(place) for place in range(len(book.sheet_names))]
            return [[[*row] for row in each.to_python(skip_empty_area=False)] for each in sheets]
    except (CalamineError, OSError, ValueError, IndexError):
        raise _unreadable(name) from None
    except BaseException as problem:
        # A library in Rust gives up on damage by what is no Exception, and has no module to import.
        if type(problem).__module__ != "pyo3_runtime":
            raise
        raise _unreadable(name) from None


def _unreadable(name: str) -> Invalid:
    return Invalid(
        f"{name} cannot be read as a workbook",
        rule="file_kind",
        hint="a download in a zip file is unpacked first",
    )


@contextmanager
def _silent() -> Iterator[None]:
    """Keep a library that gives up from writing where it did to standard error by itself."""
    try:
        kept = os.dup(2)
    except OSError:
        # Whoever started the program closed it: there is nothing to be silent on.
        yield
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def _text_of(cell: object) -> str:
    """Return a cell as text: numbers in full, dates as ISO 8601.

    A number that is too long for a spreadsheet keeps the form that says so (bad inputs 46).
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, (int, float)):
        if abs(cell) >= _DESTROYED:
            return f"{cell:.5E}"
        return str(int(cell)) if cell == int(cell) else f"{cell:.15g}"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return str(cell) if isinstance(cell, timedelta) else ""
