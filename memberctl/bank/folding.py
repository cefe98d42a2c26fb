"""Rows whose text was cut, by line ends or by delimiters that nobody quoted, put together again.

Source: rules M15, "every row kept as read".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import zip_longest

from memberctl.core.lines import Line


def folded(
    lines: Iterator[Line], is_row: Callable[[Line], bool], goes_on: Callable[[Line], bool]
) -> Iterator[tuple[Line, list[Line]]]:
    """Yield each line that begins something, with the lines below that go on with it.

    A line is asked about only once all lines above it were taken, since a header between them
    tells what is a row. goes_on -- whether a line has text alone and belongs to a row above it
    """
    row: Line | None = None
    below: list[Line] = []
    for line in lines:
        if row is not None and goes_on(line):
            below.append(line)
            continue
        if row is not None:
            yield row, below
            row, below = None, []
        if is_row(line):
            row = line
        else:
            yield line, []
    if row is not None:
        yield row, below


def joined(line: Line, below: list[Line], kept: Collection[int]) -> Line:
    """Return a row with what stands below it, cell by cell. kept -- cells that take nothing"""
    if not below:
        return line
    cells = line.cells
    for more in below:
        pairs = zip_longest(cells, more.cells, fillvalue="")
        cells = [
            upper if at in kept or not lower.strip() else f"{upper}\n{lower}".strip()
            for at, (upper, lower) in enumerate(pairs)
        ]
    return Line(line.number, "\n".join([line.text, *(each.text for each in below)]), cells)


def rejoined(line: Line, place: int, width: int, delimiter: str) -> Line:
    """Return a row of too many cells as one of `width`: those that are too many belong to a text.

    place -- of the text; empty cells behind the last column are no part of it
    """
    cells = [*line.cells]
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    more = len(cells) - width
    if more <= 0:
        return line
    text = delimiter.join(cells[place : place + more + 1])
    return Line(line.number, line.text, [*cells[:place], text, *cells[place + more + 1 :]])
