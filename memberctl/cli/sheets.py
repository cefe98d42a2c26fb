"""What is drawn as a table: safe texts in rows and columns, made of the values of results.

Every cell that arrives in a Sheet has passed core.text.safe(). Each renderer shows its cells
literally.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from memberctl.cli.values import View, is_kept_money, is_record, is_sequence, keys_of, value_of
from memberctl.core.money import Money
from memberctl.core.text import safe

NOTHING = "none"
"""How a record shows a list that is empty, such as the problems of a check."""

_CODE = re.compile(r"(?=[^\d]*\d)[\x21-\x7e]{1,32}")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet.

    right -- numbers, lined up at the right
    solid -- numbers, dates and codes, which are never folded over two lines
    """

    title: str
    right: bool = False
    solid: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table, ready to be drawn.

    rows -- safe texts, as many in each row as there are columns
    grid -- a record: the first column holds the names, and there is no header to show
    """

    columns: tuple[Column, ...]
    rows: list[list[str]]
    caption: str | None = None
    grid: bool = False


def sheet_of_rows(
    rows: Sequence[object], keys: Sequence[str], view: View, caption: str | None = None
) -> Sheet:
    """Return a sheet with one line for each row and one column for each key."""
    values = [[value_of(row, key) for key in keys] for row in rows]
    cells = [[safe(view.drawn(value)) for value in line] for line in values]
    columns = tuple(
        _column(key, [line[i] for line in values], [line[i] for line in cells])
        for i, key in enumerate(keys)
    )
    return Sheet(columns, cells, caption)


def sheets_of_record(
    record: object, keys: Sequence[str], view: View, caption: str | None = None
) -> list[Sheet]:
    """Return a grid of names and values, then one sheet for each record or list inside it."""
    grid: list[list[str]] = []
    inner: list[Sheet] = []
    for key in keys:
        value = value_of(record, key)
        if is_record(value):
            inner += sheets_of_record(value, keys_of(value), view, _title(key))
        elif _is_table(value):
            assert isinstance(value, Sequence)
            inner.append(sheet_of_rows(value, keys_of(value[0]), view, _title(key)))
        else:
            grid.append([_title(key), NOTHING if _is_empty(value) else safe(view.drawn(value))])
    first = Sheet((Column("field", solid=True), Column("value")), grid, caption, grid=True)
    return ([first] if grid else []) + inner


def _is_table(value: object) -> bool:
    if not is_sequence(value):
        return False
    assert isinstance(value, Sequence)
    return len(value) > 0 and all(is_record(item) for item in value)


def _is_empty(value: object) -> bool:
    return isinstance(value, (list, tuple)) and not value


def _title(key: str) -> str:
    return safe(key.replace("_", " "))


def _column(key: str, values: list[object], cells: list[str]) -> Column:
    known = [value for value in values if value is not None]
    number = bool(known) and all(_is_number(value) for value in known)
    solid = number or all(
        isinstance(value, (date, bool)) or _CODE.fullmatch(cell) is not None
        for value, cell in zip(values, cells, strict=True)
        if cell
    )
    return Column(_title(key), right=number, solid=solid)


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, (Money, int, Decimal)) or is_kept_money(value)
