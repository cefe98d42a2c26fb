"""Lines whose cells have fixed widths, cut where a map says.

Source: rules M15; issue "with which any bank's download can be described".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from memberctl.core.lines import Line, LineFile

_WIDE_ENCODINGS = frozenset({"gb18030", "big5", "cp932", "cp949"})
"""In which a wide character has two bytes, as wide as two narrow ones."""


class CutLines:
    """A text whose cells have fixed widths; see core.lines.LineFile.

    In the encodings of East Asia a wide character counts two, as it does in the bank's own system.
    """

    def __init__(self, file: LineFile, widths: Sequence[int]) -> None:
        self._file = file
        self._widths = widths
        self._wide = file.encoding in _WIDE_ENCODINGS
        self.name, self.encoding, self.sha256 = file.name, file.encoding, file.sha256
        self.notices, self.parts, self.has_cells = file.notices, file.parts, True

    def choose(self, part: int) -> None:
        """Read another of its tables: a text has one."""
        self._file.choose(part)

    def lines(self, delimiter: str) -> Iterator[Line]:
        """Yield all lines, cut. delimiter -- is of no account here"""
        for number, text in self._file.text_lines():
            yield Line(number, text, self._cut(text))

    def text_lines(self) -> Iterator[tuple[int, str]]:
        """Yield the lines as they stand in the file."""
        return self._file.text_lines()

    def _cut(self, text: str) -> list[str]:
        """Return the cells of a line; what stands behind the last width is a cell of its own."""
        if self._wide and not text.isascii():
            return self._cut_wide(text)
        cells, begin = [], 0
        for width in self._widths:
            cells.append(text[begin : begin + width])
            begin += width
        return [*cells, text[begin:]] if text[begin:].strip() else cells

    def _cut_wide(self, text: str) -> list[str]:
        ends = iter(self._widths)
        cells, at, end = [""], 0, next(ends)
        for each in text:
            while at >= end:
                cells.append("")
                end += next(ends, len(text) * 2)
            cells[-1] += each
            at += 2 if unicodedata.east_asian_width(each) in "WFA" else 1
        return cells

    def finish(self) -> None:
        """Refuse when the file was changed while it was read."""
        self._file.finish()

    def close(self) -> None:
        """Give the file back."""
        self._file.close()
