"""Tables for people: on a terminal by Rich, as plain text, Markdown and HTML by tabulate.

Every cell that arrives in a Sheet has passed core.text.safe(), and every renderer shows its
cells literally: no markup, emoji, link, tag or colour can come from data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING

from memberctl.cli.values import View, is_kept_money, is_record, is_sequence, keys_of, value_of
from memberctl.core.money import Money
from memberctl.core.text import safe

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

GAP = 2
_LEAST_TEXT = 10
_CODE = re.compile(r"(?=[^\d]*\d)[\x21-\x7e]{1,24}")
_MARKDOWN = re.compile(r"[\\`*_\[\]|~]|:(?=[a-z+-][\w+-]*:)")


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
            grid.append([_title(key), "" if _is_empty(value) else safe(view.drawn(value))])
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


def drawn(
    sheets: Sequence[Sheet], style: str, *, width: int, color: bool, header: bool = True
) -> str:
    """Return the sheets in one of the styles "table", "plain", "md" and "html"."""
    if style == "table":
        return terminal_text(sheets, width, color=color, header=header)
    draw = {"plain": plain_text, "md": markdown, "html": html_page}[style]
    return draw(sheets, header=header)


def terminal_text(sheets: Sequence[Sheet], width: int, *, color: bool, header: bool = True) -> str:
    """Return the sheets drawn by Rich, at most `width` cells wide.

    Numbers, dates and codes are never cropped or folded; other texts fold. A sheet that is
    too wide even so is drawn as one block for each row.
    """
    drawing = StringIO()
    console = _console(drawing, width, color)
    for number, sheet in enumerate(sheets):
        if number:
            console.print()
        _draw(console, sheet, width, header)
    return _stripped(drawing)


def _console(drawing: StringIO, width: int, color: bool) -> Console:
    """Return a console on which data are only ever themselves."""
    from rich.console import Console

    return Console(
        file=drawing,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )


def _stripped(drawing: StringIO) -> str:
    return "".join(f"{line.rstrip()}\n" for line in drawing.getvalue().split("\n")[:-1])


def _draw(console: Console, sheet: Sheet, width: int, header: bool) -> None:
    from rich.text import Text

    if sheet.caption:
        console.print(Text(safe(sheet.caption), style="bold"))
    widths = _grid_widths(sheet, width) if sheet.grid else _widths(sheet, width)
    if widths is not None:
        console.print(_drawn(sheet, widths, header))
        return
    for number, row in enumerate(sheet.rows):
        if number:
            console.print()
        block = _block(sheet, row)
        console.print(_drawn(block, _grid_widths(block, width), header))


def _block(sheet: Sheet, row: list[str]) -> Sheet:
    pairs = [[column.title, cell] for column, cell in zip(sheet.columns, row, strict=True)]
    return Sheet((Column("field", solid=True), Column("value")), pairs, grid=True)


def _drawn(sheet: Sheet, widths: Sequence[int], header: bool) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, GAP - 1, 0, 0),
        show_header=header and not sheet.grid,
        header_style="bold",
    )
    for number, (column, width) in enumerate(zip(sheet.columns, widths, strict=True)):
        table.add_column(
            Text(column.title),
            width=width,
            justify="right" if column.right else "left",
            overflow="fold",
            style="dim" if sheet.grid and number == 0 else "",
        )
    for row in sheet.rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _widths(sheet: Sheet, room: int) -> list[int] | None:
    """Return a width for each column so that all fit into `room`, or None when none can."""
    from rich.cells import cell_len

    spare = room - GAP * (len(sheet.columns) - 1)
    widths: list[int] = []
    least: list[int] = []
    for column, cells in zip(sheet.columns, _by_column(sheet), strict=True):
        longest = max((cell_len(cell) for cell in cells), default=0)
        word = max(cell_len(part) for part in column.title.split(" "))
        widths.append(max(longest, cell_len(column.title), 1))
        least.append(max(longest if column.solid else min(longest, _LEAST_TEXT), word, 1))
    if sum(least) > spare:
        return None
    return _shrunk([min(width, spare) for width in widths], least, spare)


def _by_column(sheet: Sheet) -> list[list[str]]:
    return [[row[number] for row in sheet.rows] for number in range(len(sheet.columns))]


def _shrunk(widths: list[int], least: Sequence[int], spare: int) -> list[int]:
    """Take from the widest column that may still give, until the sum fits; sum(least) does."""
    while sum(widths) > spare:
        givers = [number for number, width in enumerate(widths) if width > least[number]]
        widths[max(givers, key=widths.__getitem__)] -= 1
    return widths


def _grid_widths(sheet: Sheet, room: int) -> list[int]:
    """Return the width of the names and what is left for the values, which may fold."""
    from rich.cells import cell_len

    names, values = _by_column(sheet)
    name = max((cell_len(text) for text in names), default=1)
    longest = max((cell_len(text) for text in values), default=1)
    return [name, max(min(longest, room - GAP - name), 2)]


def bar_chart(title: str, bars: Sequence[tuple[str, str, int]], *, width: int, color: bool) -> str:
    """Return horizontal bars as a terminal shows them, the longest as wide as there is room.

    bars -- (label, value, length >= 0) of each, the texts safe already
    """
    from rich.bar import Bar
    from rich.table import Table
    from rich.text import Text

    longest = max(length for _, _, length in bars) or 1
    chart = Table.grid(padding=(0, 1), expand=True)
    chart.add_column(no_wrap=True)
    chart.add_column(justify="right", no_wrap=True)
    chart.add_column(ratio=1)
    for label, value, length in bars:
        chart.add_row(Text(label), Text(value), Bar(longest, 0, length, color="cyan"))
    drawing = StringIO()
    console = _console(drawing, width, color)
    console.print(Text(f"\n{title}"))
    console.print(chart)
    return _stripped(drawing)


def plain_text(sheets: Sequence[Sheet], *, header: bool = True) -> str:
    """Return the sheets in columns made of spaces, never folded."""
    return _joined(sheets, "plain", header)


def markdown(sheets: Sequence[Sheet], *, header: bool = True) -> str:
    """Return the sheets as pipe tables; what Markdown would read as a sign is escaped."""
    return _joined([_escaped(sheet) for sheet in sheets], "pipe", header)


def html_page(sheets: Sequence[Sheet], *, header: bool = True) -> str:
    """Return a small page in UTF-8 with the sheets as tables; every text is escaped."""
    from html import escape

    start = '<!doctype html>\n<html>\n<head><meta charset="utf-8"></head>\n<body>\n'
    parts = [
        (f"<h2>{escape(safe(sheet.caption))}</h2>\n" if sheet.caption else "")
        + _tabulated(sheet, "html", header)
        for sheet in sheets
    ]
    return start + "".join(f"{part}\n" for part in parts) + "</body>\n</html>\n"


def _joined(sheets: Sequence[Sheet], style: str, header: bool) -> str:
    parts = [
        (f"{safe(sheet.caption)}\n\n" if sheet.caption else "") + _tabulated(sheet, style, header)
        for sheet in sheets
    ]
    return "\n\n".join(parts) + "\n"


def _tabulated(sheet: Sheet, style: str, header: bool) -> str:
    from tabulate import tabulate

    titles = [column.title for column in sheet.columns]
    hidden = not header or (sheet.grid and style == "plain")
    text = tabulate(
        sheet.rows,
        headers=() if hidden else titles,
        tablefmt=style,
        disable_numparse=True,
        colalign=["right" if column.right else "left" for column in sheet.columns]
        if sheet.rows
        else None,
    )
    return "\n".join(line.rstrip() for line in text.split("\n"))


def _escaped(sheet: Sheet) -> Sheet:
    columns = tuple(
        Column(_markdown_cell(column.title), column.right, column.solid) for column in sheet.columns
    )
    rows = [[_markdown_cell(cell) for cell in row] for row in sheet.rows]
    return Sheet(columns, rows, sheet.caption and _markdown_cell(sheet.caption), sheet.grid)


def _markdown_cell(text: str) -> str:
    from html import escape

    return _MARKDOWN.sub(lambda sign: f"\\{sign[0]}", escape(text, quote=False))
