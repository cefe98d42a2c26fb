"""A workbook in the format of xlsx, read as lines of cells, and what is refused of one.

A cell is what its maker typed, never what a formula came to: the value that is stored beside a
formula can be anything. Source: bad inputs 46, 47; libraries.md "xlsx".
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

from memberctl.core.errors import Invalid, UsageProblem
from memberctl.core.lines import Line

MOST_PACKED = 50_000_000
"""Bytes that the file may have."""

MOST_UNPACKED = 300_000_000
"""Bytes that all its parts may have together when they are unpacked."""

MOST_PARTS = 2_000

_FORMULA = re.compile(rb"<(?:[A-Za-z0-9_]+:)?f[ >/]")
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
            if any(_has_formula(packed, part) for part in parts):
                raise Invalid(
                    f"{name} contains formulas, whose values are not what was typed",
                    rule="formula_cell",
                    hint="copy the cells as values, or save it as CSV UTF-8",
                )
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, NotImplementedError, EOFError):
        raise Invalid(f"{name} is not a whole workbook", rule="file_kind") from None


def _has_formula(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a sheet has a formula; a size that was stated too small is found out by zipfile."""
    if not part.filename.startswith(_SHEETS) or not part.filename.endswith(".xml"):
        return False
    rest = b""
    with packed.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            if _FORMULA.search(rest + chunk):
                return True
            rest = chunk[-64:]
    return False


def _sheets_of(content: bytes, name: str) -> list[list[list[object]]]:
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise UsageProblem(
            "workbooks need the extra xlsx", hint='pip install "memberctl[xlsx]"'
        ) from None
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [book.get_sheet_by_index(place) for place in range(len(book.sheet_names))]
        return [[[*row] for row in each.to_python(skip_empty_area=False)] for each in sheets]
    except (CalamineError, OSError, ValueError):
        raise Invalid(
            f"{name} cannot be read as a workbook",
            rule="file_kind",
            hint="a download in a zip file is unpacked first",
        ) from None


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
