"""Where a file has the columns of a map, and the cells of a line by a map's keys.

Source: rules M15; bad inputs 40, 41.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from memberctl.bank.figures import is_nothing, plain
from memberctl.bank.mapping import Form, Place, column_key
from memberctl.core.errors import Invalid
from memberctl.core.lines import Line, LineFile, delimiter_of

HEADER_WITHIN = 1_000
"""Lines among which the header must be."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a header has the columns of a map. places -- key -> indexes, counted from 0"""

    form: Form
    places: Mapping[str, tuple[int, ...]]
    width: int
    delimiter: str


def find_layout(file: LineFile, forms: Sequence[Form], *, delimiter: str | None = None) -> Layout:
    """Return the map of several that a file has the columns of, and where they are.

    Of maps that fit the same line the one that finds most columns is taken.
    Raises Invalid that names the columns that were looked for when none is found.
    """
    for form in forms:
        if not form.header:
            return _layout_without_header(form, file, delimiter)
    for part in range(file.parts):
        file.choose(part)
        for line in _first_lines(file):
            found = [each for form in forms if (each := _layout_of(line, form, delimiter))]
            if found:
                _note_other_sheets(file)
                return max(found, key=lambda layout: len(layout.places))
    wanted = "; or ".join(dict.fromkeys(", ".join(form.looked_for) for form in forms))
    raise Invalid(
        f"{file.name} is not in this form: no line has the columns {wanted}",
        rule="header_missing",
        hint="leave out --format, or write a map: memberctl bank map example",
    )


def _note_other_sheets(file: LineFile) -> None:
    if file.parts > 1:
        file.notices.append(f"{file.name} has {file.parts} sheets; only the one with rows is read")


def _first_lines(file: LineFile) -> Iterator[Line]:
    workbook = file.encoding == "xlsx"
    if workbook:
        for line in file.lines("\t"):
            if line.number <= HEADER_WITHIN:
                yield line
        return
    for number, text in file.text_lines():
        if number > HEADER_WITHIN:
            return
        yield Line(number, text, [])


def _layout_of(line: Line, form: Form, delimiter: str | None) -> Layout | None:
    if line.number <= form.skip_rows:
        return None
    parted = delimiter or form.delimiter or delimiter_of(line.text)
    cells = line.cells or next(csv.reader([line.text], delimiter=parted), [])
    places = places_in(cells, form)
    return None if places is None else Layout(form, places, len(cells), parted)


def places_in(cells: Sequence[str], form: Form) -> dict[str, tuple[int, ...]] | None:
    """Return where a header has a map's columns, None when a needed one is missing."""
    names = [column_key(cell) for cell in cells]
    found: dict[str, tuple[int, ...]] = {}
    for key, places in form.columns.items():
        indexes = tuple(index for each in places if (index := _index_of(each, names)) is not None)
        if indexes:
            found[key] = indexes
    return found if all(key in found for key in form.needed) else None


def _index_of(place: Place, names: Sequence[str]) -> int | None:
    if isinstance(place, int):
        return place - 1 if place <= len(names) else None
    wanted = column_key(place)
    return names.index(wanted) if wanted in names else None


def _layout_without_header(form: Form, file: LineFile, delimiter: str | None) -> Layout:
    parted = delimiter or form.delimiter
    if parted is None:
        texts = (line.text for line in _first_lines(file) if line.number > form.skip_rows)
        parted = delimiter_of(next((text for text in texts if text.strip()), ""))
    places = {
        key: tuple(int(place) - 1 for place in several) for key, several in form.columns.items()
    }
    return Layout(form, places, 0, parted)


class Cells:
    """The cells of one line by a map's keys, without outer blanks."""

    def __init__(self, line: Line, places: Mapping[str, tuple[int, ...]]) -> None:
        self._cells = line.cells
        self._places = places

    def all(self, key: str) -> list[str]:
        """Return what stands in all columns of a key, without empty ones."""
        cells = self._cells
        found = [
            plain(cells[at]).lstrip("`") for at in self._places.get(key, ()) if at < len(cells)
        ]
        return [each for each in found if not is_nothing(each) and each != "0"]

    def first(self, key: str) -> str:
        """Return what stands in the first column of a key that has anything, else ""."""
        for at in self._places.get(key, ()):
            if at < len(self._cells) and (found := plain(self._cells[at]).lstrip("`")):
                return found
        return ""

    def content(self) -> list[str]:
        """Return all cells but the status, which changes while the row stays the same one."""
        changing = self._places.get("status", ())
        return [cell.strip() for at, cell in enumerate(self._cells) if at not in changing]
