"""How wide the columns of a table are, and what gives way first where there is too little room.

Words stay whole as long as anything else helps: an empty column goes, an instant takes two lines,
columns move together, what is the same in all rows is said once, a row takes several lines. Only
then are words folded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from memberctl.cli.sheets import Column, Sheet

GAP = 2
CLOSE = 1
INDENT = 4
SEVERAL = 2
_MOST_LINES = 4
_LONG_WORD = 30
_LEAST_TEXT = 10


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet that fits: its columns' widths, the blanks between them, and what is above it.

    above -- a record of what is the same in all rows, and no column of the sheet
    lines -- the columns of each line of a row, where a row takes several; else empty
    """

    sheet: Sheet
    widths: list[int]
    gap: int = GAP
    above: Sheet | None = None
    lines: tuple[tuple[int, ...], ...] = ()


def fitted(sheet: Sheet, room: int) -> Layout | None:
    """Return the best layout that is at most `room` cells wide, or None when there is none."""
    full = _widths(sheet, room, GAP, most=_LONG_WORD, instants=False)
    if full is not None:
        return Layout(sheet, full)
    held = _chosen(sheet, _filled(sheet))
    return (
        _in_one_line(held, room, _LONG_WORD)
        or _with_common_above(held, room, _LONG_WORD)
        or _in_several_lines(held, room)
        or _in_one_line(held, room, _LEAST_TEXT)
        or _with_common_above(held, room, _LEAST_TEXT)
    )


def _in_one_line(sheet: Sheet, room: int, most: int) -> Layout | None:
    """Return a layout that keeps words of up to `most` cells whole, or None when none does."""
    for gap, instants in ((GAP, False), (GAP, True), (CLOSE, True)):
        widths = _widths(sheet, room, gap, most=most, instants=instants)
        if widths is not None:
            return Layout(sheet, widths, gap)
    return None


def _with_common_above(sheet: Sheet, room: int, most: int) -> Layout | None:
    """Return a layout that says above the table what is the same in all of several rows."""
    common = [number for number, cells in enumerate(_by_column(sheet)) if len(set(cells)) == 1]
    rest = [number for number in range(len(sheet.columns)) if number not in common]
    if len(sheet.rows) < SEVERAL or not common or not rest:
        return None
    told = [[sheet.columns[number].title, sheet.rows[0][number]] for number in common]
    above = Sheet((Column("field", solid=True), Column("value")), told, grid=True)
    layout = _in_one_line(_chosen(sheet, rest), room, most)
    return None if layout is None else replace(layout, above=above)


def _in_several_lines(sheet: Sheet, room: int) -> Layout | None:
    """Return a layout in which each of several rows takes a few lines, none of them folded.

    So does the header of a list without rows, however many lines it takes.
    """
    widths = _natural_widths(sheet)
    if 0 < len(sheet.rows) < SEVERAL or max(widths) > room - INDENT:
        return None
    lines: list[list[int]] = [[]]
    left = room
    for number, width in enumerate(widths):
        if width > left:
            lines.append([])
            left = room - INDENT
        lines[-1].append(number)
        left -= width + GAP
    if len(lines) > _MOST_LINES and sheet.rows:
        return None
    return Layout(sheet, widths, lines=tuple(map(tuple, lines)))


def _natural_widths(sheet: Sheet) -> list[int]:
    from rich.cells import cell_len

    return [
        max(1, cell_len(column.title), *map(cell_len, cells))
        for column, cells in zip(sheet.columns, _by_column(sheet), strict=True)
    ]


def _filled(sheet: Sheet) -> list[int]:
    """Return the columns in which a row has something; all of them when there are no rows."""
    return [
        number for number, cells in enumerate(_by_column(sheet)) if any(cells) or not sheet.rows
    ]


def _chosen(sheet: Sheet, columns: Sequence[int]) -> Sheet:
    return Sheet(
        tuple(sheet.columns[number] for number in columns),
        [[row[number] for number in columns] for row in sheet.rows],
        sheet.caption,
    )


def _widths(sheet: Sheet, room: int, gap: int, *, most: int, instants: bool) -> list[int] | None:
    """Return a width for each column so that all fit into `room`, or None when none can.

    most -- a longer word may be folded; instants -- they may be, between day and time
    """
    from rich.cells import cell_len

    spare = room - gap * (len(sheet.columns) - 1)
    least: list[int] = []
    for column, cells in zip(sheet.columns, _by_column(sheet), strict=True):
        longest = max(map(cell_len, cells), default=0)
        word = max((cell_len(word) for word in _words(cells)), default=0)
        title = max(map(cell_len, column.title.split(" ")))
        whole = word if instants else longest
        needed = whole if column.solid else min(word, most)
        least.append(max(needed, title, 1))
    if sum(least) > spare:
        return None
    return _shrunk([min(width, spare) for width in _natural_widths(sheet)], least, spare)


def _words(cells: Sequence[str]) -> Iterator[str]:
    return (word for cell in cells for word in cell.split(" "))


def _by_column(sheet: Sheet) -> list[list[str]]:
    return [[row[number] for row in sheet.rows] for number in range(len(sheet.columns))]


def _shrunk(widths: list[int], least: Sequence[int], spare: int) -> list[int]:
    """Take from the widest column that may still give, until the sum fits; sum(least) does."""
    while sum(widths) > spare:
        givers = [number for number, width in enumerate(widths) if width > least[number]]
        widths[max(givers, key=widths.__getitem__)] -= 1
    return widths


def grid_widths(sheet: Sheet, room: int) -> list[int]:
    """Return the width of a record's names and what is left for its values, which may fold."""
    from rich.cells import cell_len

    names, values = _by_column(sheet)
    name = max((cell_len(text) for text in names), default=1)
    longest = max((cell_len(text) for text in values), default=1)
    return [name, max(min(longest, room - GAP - name), 2)]
