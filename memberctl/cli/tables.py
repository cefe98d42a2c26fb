"""Tables for people: on a terminal by Rich, as plain text, Markdown and HTML by tabulate.

Every renderer shows its cells literally: no markup, emoji, link, tag or colour can come from data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from memberctl.cli.fitting import GAP, INDENT, Layout, fitted, grid_widths
from memberctl.cli.sheets import Column, Sheet
from memberctl.core.text import safe

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_MARKDOWN = re.compile(r"[\\`*_\[\]|~]|:(?=[a-z+-][\w+-]*:)")


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
    too wide whatever is tried (see fitting.py) is drawn as one block for each row.
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
    if sheet.grid:
        console.print(_drawn(sheet, grid_widths(sheet, width), header))
        return
    layout = fitted(sheet, width)
    if layout is None:
        _draw_blocks(console, sheet, width)
        return
    if layout.above is not None:
        console.print(_drawn(layout.above, grid_widths(layout.above, width), header))
        console.print()
    if layout.lines:
        _draw_lines(console, layout, header)
    else:
        console.print(_drawn(layout.sheet, layout.widths, header, layout.gap))


def _draw_lines(console: Console, layout: Layout, header: bool) -> None:
    """Draw each row, and the header, in the lines that the layout gives it."""
    from rich.text import Text

    columns = layout.sheet.columns
    if header:
        titles = [column.title for column in columns]
        for line in _lines(layout, titles):
            console.print(Text(line, style="bold"))
        console.print(Text("─" * max(_length(layout, line) for line in layout.lines)))
    for row in layout.sheet.rows:
        for line in _lines(layout, row):
            console.print(Text(line))


def _lines(layout: Layout, cells: Sequence[str]) -> Iterator[str]:
    from rich.cells import cell_len

    for place, line in enumerate(layout.lines):
        told = []
        for number in line:
            blanks = " " * (layout.widths[number] - cell_len(cells[number]))
            right = layout.sheet.columns[number].right
            told.append(blanks + cells[number] if right else cells[number] + blanks)
        yield (" " * INDENT if place else "") + (" " * GAP).join(told).rstrip()


def _length(layout: Layout, line: Sequence[int]) -> int:
    indent = 0 if line is layout.lines[0] else INDENT
    return indent + sum(layout.widths[number] for number in line) + GAP * (len(line) - 1)


def _draw_blocks(console: Console, sheet: Sheet, width: int) -> None:
    for number, row in enumerate(sheet.rows):
        if number:
            console.print()
        block = _block(sheet, row)
        console.print(_drawn(block, grid_widths(block, width), header=False))


def _block(sheet: Sheet, row: list[str]) -> Sheet:
    pairs = [[column.title, cell] for column, cell in zip(sheet.columns, row, strict=True)]
    return Sheet((Column("field", solid=True), Column("value")), pairs, grid=True)


def _drawn(sheet: Sheet, widths: Sequence[int], header: bool, gap: int = GAP) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, gap - 1, 0, 0),
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
