"""Workbooks in the old format of xls: what must be refused before one is read.

An old workbook is a stream of records inside a compound file, which is a small file system:
sectors, a table that chains them, and a directory. Nothing is read here but the directory and the
kinds of the records. Source: bad inputs 47; [MS-CFB] 2, [MS-XLS] 2.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from memberctl.core.errors import Invalid

MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

MOST_CELLS = 10_000_000
"""Cells that a sheet may go over, empty ones as well: they are all kept while it is read."""

_HEADER = struct.Struct("<8s22xHH14xI8xI4xI4x")
_ENTRY = struct.Struct("<64sHB49xIQ")
_LAST_SECTOR = 0xFFFF_FFFA
_SMALL = 4096
"""Streams below this size stand in sectors of their own kind, inside the root's stream."""

_STREAM, _ROOT = 2, 5
_BOOKS = frozenset({"workbook", "book"})
_MACROS = frozenset({"vba", "_vba_project_cur", "macros"})
_FORMULAS = frozenset({0x0006, 0x0206, 0x0406, 0x0021, 0x0221, 0x0036, 0x0236, 0x04BC})
_CELLS = frozenset({0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E})
_PLACE = struct.Struct("<HH")
_EXTENT, _EXTENTS = 0x0200, struct.Struct("<IIHH2x")
_TEXTS, _COUNTS = 0x00FC, struct.Struct("<II")
_ENCRYPTED = 0x002F
_SHEET = 0x0085
_MACRO_SHEETS = frozenset({1, 6})


def refuse_unsafe_book(content: bytes, name: str) -> None:
    """Refuse an old workbook with formulas, macros or a password, and what is none.

    Raises Invalid.
    """
    try:
        found = dict(_streams(content))
    except (struct.error, IndexError, ValueError):
        raise _not_whole(name) from None
    if "encryptedpackage" in found:
        raise Invalid(f"{name} is encrypted", rule="file_kind")
    book = next((found[key] for key in _BOOKS if key in found), None)
    if book is None:
        raise Invalid(
            f"{name} is no workbook", rule="file_kind", hint="save it as xlsx or as CSV UTF-8"
        )
    if found.keys() & _MACROS:
        raise Invalid(f"{name} contains macros", rule="file_kind")
    try:
        _refuse_records(book, name)
    except (struct.error, IndexError, ValueError):
        raise _not_whole(name) from None


def _refuse_records(book: bytes, name: str) -> None:
    rows = columns = 0
    for kind, record in _records(book):
        _refuse_record(kind, record, name)
        row, column = _reach(kind, record)
        rows, columns = max(rows, row), max(columns, column)
        refuse_wide(rows, columns, name)
        if kind == _TEXTS and (len(record) < _COUNTS.size or _counted(record) > len(book)):
            raise _not_whole(name)


def _counted(record: bytes) -> int:
    whole, own = _COUNTS.unpack_from(record)
    return int(max(whole, own))


def _not_whole(name: str) -> Invalid:
    return Invalid(f"{name} is not a whole workbook", rule="file_kind")


def _reach(kind: int, record: bytes) -> tuple[int, int]:
    """Return how many rows and columns a sheet has at least, by one of its records."""
    if kind in _CELLS and len(record) >= _PLACE.size:
        row, column = _PLACE.unpack_from(record)
        return row + 1, column + 1
    if kind == _EXTENT and len(record) >= _EXTENTS.size:
        first_row, rows, first_column, columns = _EXTENTS.unpack_from(record)
        if first_row > rows or first_column > columns:
            raise ValueError("a sheet that ends before it begins")
        return int(rows), int(columns)
    return 0, 0


def refuse_wide(rows: int, columns: int, name: str) -> None:
    """Refuse a sheet whose cells lie so far apart that all between them fill the memory."""
    if rows * columns > MOST_CELLS:
        raise Invalid(
            f"{name} has {rows:,} rows and {columns:,} columns, more than {MOST_CELLS:,} cells",
            rule="file_too_large",
        )


def _refuse_record(kind: int, record: bytes, name: str) -> None:
    if kind == _ENCRYPTED:
        raise Invalid(f"{name} is encrypted", rule="file_kind")
    if kind == _SHEET and len(record) > len("posdt") and record[5] in _MACRO_SHEETS:
        raise Invalid(f"{name} contains macros", rule="file_kind")
    if kind in _FORMULAS:
        raise Invalid(
            f"{name} contains formulas, whose values are not what was typed",
            rule="formula_cell",
            hint="copy the cells as values, or save it as CSV UTF-8",
        )


def _records(book: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a workbook: their kinds and what is in them."""
    place = 0
    while place + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, place)
        yield kind, book[place + 4 : place + 4 + length]
        place += 4 + length


class _Sectors:
    """The sectors of a compound file and the table that chains them."""

    def __init__(self, content: bytes) -> None:
        mark, big, small, self.first_entry, self.first_small, first_more = _HEADER.unpack_from(
            content
        )
        if mark != MARK or big not in (9, 12) or small != 6:
            raise ValueError("no compound file")
        self._content = content
        self._size, self._small = 1 << big, 1 << small
        self._table = self._chains(first_more)

    def _chains(self, first_more: int) -> tuple[int, ...]:
        """Return for each sector the one behind it."""
        tables = list(struct.unpack_from("<109I", self._content, 76))
        met = 0
        while first_more < _LAST_SECTOR:
            more = struct.unpack(f"<{self._size // 4}I", self.sector(first_more))
            tables += more[:-1]
            first_more, met = more[-1], met + 1
            if met > len(self._content) // self._size:
                raise ValueError("a chain without an end")
        joined = b"".join(self.sector(each) for each in tables if each < _LAST_SECTOR)
        return struct.unpack(f"<{len(joined) // 4}I", joined)

    def sector(self, number: int) -> bytes:
        """Return one sector; the header stands in place of the one before the first."""
        begin = (number + 1) * self._size
        found = self._content[begin : begin + self._size]
        if not found:
            raise ValueError("a sector outside the file")
        return found.ljust(self._size, b"\0")

    def chain(self, first: int) -> bytes:
        """Return all sectors from one on."""
        return b"".join(self.sector(each) for each in self._along(self._table, first))

    def small_chain(self, inside: bytes, first: int) -> bytes:
        """Return all small sectors from one on. inside -- the stream of the root"""
        table = self.chain(self.first_small)
        chained = struct.unpack(f"<{len(table) // 4}I", table)
        size = self._small
        return b"".join(
            inside[each * size : (each + 1) * size] for each in self._along(chained, first)
        )

    @staticmethod
    def _along(table: tuple[int, ...], first: int) -> Iterator[int]:
        left = len(table)
        while first < _LAST_SECTOR:
            yield first
            first, left = table[first], left - 1
            if left < 0:
                raise ValueError("a chain without an end")


def _streams(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the names in a compound file in small letters, with what streams of books hold."""
    sectors = _Sectors(content)
    inside = b""
    directory = sectors.chain(sectors.first_entry)
    for place in range(0, len(directory) - _ENTRY.size + 1, _ENTRY.size):
        raw, length, kind, first, size = _ENTRY.unpack_from(directory, place)
        name = raw[: max(length - 2, 0)].decode("utf-16-le", "replace").casefold()
        if kind == _ROOT:
            inside = sectors.chain(first) if first < _LAST_SECTOR else b""
        if kind != _STREAM or name not in _BOOKS:
            yield name, b""
            continue
        size &= 0xFFFF_FFFF
        whole = sectors.chain(first) if size >= _SMALL else sectors.small_chain(inside, first)
        yield name, whole[:size]
