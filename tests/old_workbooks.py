"""Workbooks in the old format of xls, written record by record: one sheet of texts and numbers."""

from __future__ import annotations

import struct
from collections.abc import Sequence

SECTOR = 512
_FREE, _END, _FAT = 0xFFFF_FFFF, 0xFFFF_FFFE, 0xFFFF_FFFD
FORMULA, ENCRYPTED = (0x0006, b"\0" * 22), (0x002F, b"\0" * 6)


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def old_workbook(
    rows: Sequence[Sequence[str | float]],
    *,
    more: tuple[int, bytes] | None = None,
    sheet_kind: int = 0,
    names: Sequence[str] = ("Workbook",),
) -> bytes:
    """Return a workbook. more -- a record in its sheet; names -- the first is its stream's"""
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    last = max(map(len, rows), default=0)
    sheet += record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, last, 0))
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet += _cell(at, column, cell)
    if more is not None:
        sheet += record(*more)
    sheet += record(0x000A, b"")
    start = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    start += record(0x0042, struct.pack("<H", 1200))
    title = b"\x05\x00sheet"
    place = len(start) + 4 + 6 + len(title) + 4
    start += record(0x0085, struct.pack("<IBB", place, 0, sheet_kind) + title)
    return _compound(start + record(0x000A, b"") + sheet, names)


def _cell(row: int, column: int, cell: str | float) -> bytes:
    where = struct.pack("<HHH", row, column, 0)
    if isinstance(cell, str):
        text = struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le")
        return record(0x0204, where + text)
    return record(0x0203, where + struct.pack("<d", cell))


def _compound(stream: bytes, names: Sequence[str]) -> bytes:
    size = max(len(stream), 4096)
    stream = stream.ljust(-(-size // SECTOR) * SECTOR, b"\0")
    count = len(stream) // SECTOR
    table = [_FAT, _END, *range(3, count + 2), _END]
    table += [_FREE] * (SECTOR // 4 - len(table))
    entries = [_entry("Root Entry", 5, _END, 0, child=1)]
    entries.append(_entry(names[0], 2, 2, size))
    entries += [_entry(name, 1, 0, 0) for name in names[1:]]
    directory = b"".join(entries).ljust(SECTOR, b"\0")
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6,
        0, 1, 1, 0, 4096, _END, 0, _END, 0, 0,
    )  # fmt: skip
    header = header[:76] + struct.pack("<109I", 0, *[_FREE] * 108)
    return header + struct.pack(f"<{len(table)}I", *table) + directory + stream


def _entry(name: str, kind: int, first: int, size: int, child: int = _FREE) -> bytes:
    raw = (name + "\0").encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII36xIQ", raw, len(raw), kind, 1, _FREE, _FREE, child, first, size
    )  # fmt: skip
