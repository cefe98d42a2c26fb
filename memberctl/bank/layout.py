"""Where a file has the columns of a map, and the cells of a line by a map's keys.

Source: rules M15; bad inputs 40, 41.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from memberctl.bank.figures import is_nothing, plain
from memberctl.bank.table_form import Form, Place, column_key
from memberctl.core.errors import Invalid
from memberctl.core.lines import Line, LineFile, delimiter_of

HEADER_WITHIN = 1_000
"""Lines among which the header must be."""

_ROW_NUMBERS = frozenset(
    {"序号", "行号", "#", "s.no", "s.no.", "sr.no.", "srno", "lfd.nr.", "lfdnr"}
)
"""Columns, by their keys, that count the rows of a file, when a map names no other."""

_MOST_HEADER_LINES = 20
_MOST_NAMED = 4  # Maps whose columns a refusal lists; a format has no more.

_FORMS = "try another --format or none, or a map: memberctl bank map example"
_NAMES = "name the columns as the file does, or count them with header = false: memberctl help maps"

_NONE_GIVEN = frozenset({"0", "NOTPROVIDED", "NOT PROVIDED", "NONREF"})
"""What stands for a number that nobody gave."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a header has the columns of a map.

    places -- key -> indexes, counted from 0; part -- of a workbook, the sheet that has it
    """

    form: Form
    places: Mapping[str, tuple[int, ...]]
    width: int
    delimiter: str
    part: int = 0


def find_layout(file: LineFile, forms: Sequence[Form], *, delimiter: str | None = None) -> Layout:
    """Return the map of several that a file has the columns of, and where they are.

    Of maps that fit the same line the one that finds most columns is taken.
    Raises Invalid that names the columns that were looked for when none is found.
    """
    for form in forms:
        if not form.header:
            return _layout_without_header(form, file, delimiter)
    nearest: tuple[int, str] = (0, "")
    empty = True
    for part in range(file.parts):
        file.choose(part)
        heads = [Heading(form) for form in forms]
        for line in _first_lines(file):
            empty = empty and not line.text.strip()
            found = [
                each
                for form, head in zip(forms, heads, strict=True)
                if (each := _layout_of(line, form, delimiter, head))
            ]
            if found:
                _note_other_sheets(file)
                best = max(found, key=lambda layout: len(layout.places))
                return replace(best, part=part)
            nearest = max(nearest, _likeness(line, forms, delimiter))
    if empty:
        raise Invalid(f"{file.name} is empty", rule="empty_file", hint="download it again")
    if len(forms) > _MOST_NAMED:
        raise Invalid(
            f"{file.name} is in no form that is known: no line has the columns of one",
            rule="header_missing",
            hint="write a map: memberctl bank map example; the forms: memberctl help bank",
        )
    wanted = "; or ".join(dict.fromkeys(", ".join(form.looked_for) for form in forms))
    raise Invalid(
        f"{file.name} is not in this form: no line has the columns {wanted}{nearest[1]}",
        rule="header_missing",
        hint=_NAMES if len(forms) == 1 else _FORMS,
    )


def _likeness(line: Line, forms: Sequence[Form], delimiter: str | None) -> tuple[int, str]:
    """Return how many needed columns of a map of one's own a line has, and which it lacks."""
    if len(forms) != 1:
        return 0, ""
    form = forms[0]
    names = [[column_key(cell) for cell in _cells_of(line, form, delimiter)]]
    lacks = [
        form.named(key)
        for key in form.needed
        if all(_index_of(place, names) is None for place in form.columns[key])
    ]
    return len(form.needed) - len(lacks), f"; line {line.number} lacks {', '.join(lacks)}"


def _note_other_sheets(file: LineFile) -> None:
    if file.parts > 1:
        file.notices.append(f"{file.name} has {file.parts} sheets; read are those with the columns")


def _first_lines(file: LineFile) -> Iterator[Line]:
    if file.has_cells:
        for line in file.lines("\t"):
            if line.number <= HEADER_WITHIN:
                yield line
        return
    began, parts = 0, list[str]()
    for number, text in file.text_lines():
        if number > HEADER_WITHIN:
            return
        yield Line(number, text, [])
        # A name in a header may be quoted and go over several lines.
        odd = text.count('"') % 2 == 1
        if parts:
            parts.append(text)
            if odd:
                yield Line(began, "\n".join(parts), [])
            if odd or len(parts) > _MOST_HEADER_LINES:
                parts = []
        elif odd:
            began, parts = number, [text]


def _layout_of(line: Line, form: Form, delimiter: str | None, head: Heading) -> Layout | None:
    if line.number <= form.skip_rows:
        return None
    cells = _cells_of(line, form, delimiter)
    places = head.places(cells)
    parted = delimiter or form.delimiter or delimiter_of(line.text)
    return None if places is None else Layout(form, places, head.width, parted)


def _cells_of(line: Line, form: Form, delimiter: str | None) -> list[str]:
    parted = delimiter or form.delimiter or delimiter_of(line.text)
    return line.cells or next(csv.reader([line.text], delimiter=parted), [])


class Heading:
    """The names of columns, line by line: the last one, and those above it that belong to it.

    width -- how many cells they go over, once places were found
    """

    def __init__(self, form: Form) -> None:
        self._form = form
        self._above: list[Sequence[str]] = []
        self.width = 0

    def places(self, cells: Sequence[str]) -> dict[str, tuple[int, ...]] | None:
        """Return where a header has a map's columns, None when a needed one is missing."""
        rows = [*self._above, cells]
        self._above = rows[1 - self._form.header_lines :] if self._form.header_lines > 1 else []
        self.width = max(map(len, rows))
        if len(rows) < self._form.header_lines:
            return None
        return places_in(rows, self._form)


def places_in(rows: Sequence[Sequence[str]], form: Form) -> dict[str, tuple[int, ...]] | None:
    """Return where lines of names, one above the other, have a map's columns.

    A column of several lines is named by all its names, the upper first, or by one of them alone;
    an upper name without another beside it goes over the columns on its right as well.
    Returns None when a needed one is missing.
    """
    names = _names(rows)
    found: dict[str, tuple[int, ...]] = {}
    for key, places in form.columns.items():
        indexes = tuple(index for each in places if (index := _index_of(each, names)) is not None)
        if indexes:
            found[key] = indexes
    if not all(key in found for key in form.needed):
        return None
    counting = tuple(at for at, each in enumerate(names[0]) if each in _ROW_NUMBERS)
    used = {at for places in found.values() for at in places}
    if counting and not used.intersection(counting):
        found["row_number"] = counting
    return found


def _names(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the names of the columns as they are compared, in each way that they may be said."""
    own = [[column_key(cell) for cell in row] for row in rows]
    if len(own) == 1:
        return own
    width = max(map(len, own))
    filled: list[list[str]] = []
    for row in own:
        above = row + [""] * (width - len(row))
        if row is not own[-1]:
            for at in range(1, width):
                above[at] = above[at] or above[at - 1]
        filled.append(above)
    return [["".join(each) for each in zip(*filled, strict=True)], *reversed(own)]


def _index_of(place: Place, names: Sequence[Sequence[str]]) -> int | None:
    if isinstance(place, int):
        return place - 1 if place <= max(map(len, names)) else None
    wanted = column_key(place)
    return next((each.index(wanted) for each in names if wanted in each), None)


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
        self.line = line.number
        self._cells = line.cells
        self._places = places

    def all(self, key: str) -> list[str]:
        """Return what stands in all columns of a key, without empty ones."""
        cells = self._cells
        found = [
            plain(cells[at]).lstrip("`") for at in self._places.get(key, ()) if at < len(cells)
        ]
        return [each for each in found if not is_nothing(each) and each.upper() not in _NONE_GIVEN]

    def first(self, key: str) -> str:
        """Return what stands in the first column of a key that has anything, else ""."""
        for at in self._places.get(key, ()):
            if at < len(self._cells) and (found := plain(self._cells[at]).lstrip("`")):
                return found
        return ""

    def content(self) -> list[str]:
        """Return all cells but those that change while the row stays the same one.

        A status does, and the number that a row has in its file, and what a map calls so.
        """
        changing = {
            at for key in ("status", "row_number", "changing") for at in self._places.get(key, ())
        }
        return [cell.strip() for at, cell in enumerate(self._cells) if at not in changing]
