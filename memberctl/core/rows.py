"""Tables from outside as a stream of rows.

CSV, TSV and JSON Lines are read row by row in constant memory. A row that cannot be used is a
value (BadRow) among the others, so that the good rows can be written; only what makes the whole
file doubtful is refused as a whole.
Source: rules I1-I4; bad inputs 31-50; cli.md "Import".
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Self

from memberctl.core.cells import excel_damaged, match_header, neutralise_cell, restore_cell
from memberctl.core.errors import Invalid
from memberctl.core.text import name_key
from memberctl.core.textfile import TextFile, open_text, refuse_changed

__all__ = [
    "FIELD_LIMIT",
    "BadRow",
    "Row",
    "RowFile",
    "excel_damaged",
    "match_header",
    "neutralise_cell",
    "open_rows",
    "restore_cell",
]

if TYPE_CHECKING:
    import _csv

FIELD_LIMIT = 1_000_000
"""Characters that one field may have."""

_SEPARATOR_LINE = re.compile(r'sep=([^\w"\r\n])[\r\n]*', re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')


class Row(NamedTuple):
    """One row as it was written; as many cells as the header has.

    A named tuple, because a file has a million of them and a frozen dataclass takes twice as long.

    line -- the line of the file on which it begins, counted from 1
    """

    line: int
    cells: list[str]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read as one of this table.

    cells   -- what was there; the whole line as one cell when it has no readable cells
    rule    -- "short_row", "long_row", "nul", "bad_quote", "bad_json", "unknown_key" or
               "bad_value"
    message -- the reason, without what was written
    """

    line: int
    cells: list[str]
    rule: str
    message: str


class RowFile:
    """An opened table: iterate it for its rows, then call finish().

    header   -- the column names as written, without outer blanks; [] for an empty file
    encoding -- see TextFile
    notices  -- words for stderr; complete once the rows have been read
    sha256   -- of the file's bytes, in hexadecimal
    """

    def __init__(self, file: TextFile, table: _Delimited | _JsonLines) -> None:
        self._file = file
        self._table = table
        self.header = table.header
        self.encoding = file.encoding
        self.notices = file.notices
        self.sha256 = file.sha256

    def __iter__(self) -> Iterator[Row | BadRow]:
        try:
            yield from self._table.rows()
        except (UnicodeDecodeError, csv.Error):
            # All bytes could be decoded and the header read when the file was opened.
            refuse_changed(self._file.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def finish(self) -> None:
        """Refuse when the file was changed while it was read (Invalid, rule "file_changed")."""
        self._file.refuse_if_changed()

    def close(self) -> None:
        """Give the file back; a second call does nothing."""
        self._file.close()


def open_rows(
    source: str | Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    stdin: BinaryIO | None = None,
) -> RowFile:
    """Open a table: JSON Lines by the suffix .jsonl or .ndjson, TSV by .tsv or .tab, else CSV.

    "-" reads standard input, which is JSON Lines when it begins with a brace. Without a delimiter
    a line "sep=;" decides, then the header.

    delimiter -- one character, or "tab"
    Raises NotFound and Invalid as open_text does, and Invalid for a header that repeats a name or
    lacks one.
    """
    file = open_text(source, encoding=encoding, stdin=stdin)
    try:
        return RowFile(file, _table_of(file, source, delimiter))
    except BaseException:
        file.close()
        raise


def _table_of(file: TextFile, source: str | Path, delimiter: str | None) -> _Delimited | _JsonLines:
    suffix = Path(source).suffix.lower()
    braced = str(source) == "-" and file.lines().read(64).lstrip().startswith("{")
    if suffix in (".jsonl", ".ndjson") or braced:
        return _JsonLines(file)
    if delimiter is None and suffix in (".tsv", ".tab"):
        delimiter = "tab"
    return _Delimited(file, delimiter)


class _Delimited:
    """The rows of a CSV or TSV file."""

    def __init__(self, file: TextFile, delimiter: str | None) -> None:
        self._file = file
        first = file.lines().readline()
        stated = _SEPARATOR_LINE.fullmatch(first)
        self._lines_before = 1 if stated else 0
        if delimiter is not None:
            self._delimiter = _one_character(delimiter)
        elif stated:
            self._delimiter = stated[1]
        else:
            self._delimiter = self._detected_delimiter()
        self.header = self._read_header()

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield every row below the header in order; add the closing notices at the end."""
        reader = self._reader()
        # Lines are read a second time, in step, only for rows that cannot be taken apart:
        # remembering each line in case would cost more than parsing it.
        numbered = enumerate(self._file.lines(), 1)
        self._skip_to_header(reader)
        width, has_nul = len(self.header), self._file.has_nul
        read = blank = 0
        begins = self._lines_before + reader.line_num + 1
        while True:
            try:
                for cells in reader:
                    line, begins = begins, self._lines_before + reader.line_num + 1
                    # Most rows take this one test and nothing more.
                    if len(cells) == width and cells[0].strip() and not has_nul:
                        read += 1
                        yield Row(line, cells)
                    elif _is_blank(cells):
                        blank += 1
                    else:
                        read += 1
                        yield _judged(line, cells, width)
                break
            except csv.Error as problem:
                last = self._lines_before + reader.line_num
                read += 1
                yield self._broken(begins, last, problem, numbered)
                begins = last + 1
        _note_the_end(self._file, self.header, read, blank)

    def _reader(self) -> _csv.Reader:
        csv.field_size_limit(FIELD_LIMIT)
        lines = self._file.lines()
        for _ in range(self._lines_before):
            lines.readline()
        return csv.reader(lines, delimiter=self._delimiter, strict=True)

    def _skip_to_header(self, reader: Iterator[list[str]]) -> list[str]:
        return next((cells for cells in reader if not _is_blank(cells)), [])

    def _read_header(self) -> list[str]:
        reader = self._reader()
        try:
            return _checked_header(self._skip_to_header(reader))
        except csv.Error as problem:
            raise self._refusal(1, self._lines_before + reader.line_num, problem) from None

    def _detected_delimiter(self) -> str:
        header = next((line for line in self._file.lines() if line.strip(" ,;\t\r\n")), "")
        bare = _QUOTED.sub("", header)
        found = max(",;\t", key=bare.count)
        if found != "," and found in bare:
            shown = "tabs" if found == "\t" else f'"{found}"'
            self._file.notices.append(f"{self._file.name} is separated by {shown}")
            return found
        return ","

    def _broken(
        self, begins: int, last: int, problem: csv.Error, numbered: Iterator[tuple[int, str]]
    ) -> BadRow:
        """Return the row as bad when the fault stays within its line, else refuse the file."""
        if begins == last and "expected after" in str(problem):
            whole = next(text for number, text in numbered if number == begins)
            message = "has text behind a closing quote"
            return BadRow(begins, [whole.rstrip("\r\n")], "bad_quote", message)
        raise self._refusal(begins, last, problem) from None

    def _refusal(self, begins: int, last: int, problem: csv.Error) -> Invalid:
        record = islice(self._file.lines(), begins - 1, last)
        opened = _line_of_last_quote(record, self._delimiter)
        if "field larger" in str(problem):
            where = f"line {begins}" if opened is None else f"line {begins + opened}"
            return Invalid(
                f"{where}: a field has more than {FIELD_LIMIT:,} characters, too long;"
                " perhaps a quote that begins there is not closed",
                rule="field_too_long",
            )
        return Invalid(
            f"line {begins + (opened or 0)}: a quote that begins here is not closed",
            rule="unclosed_quote",
        )


class _JsonLines:
    """The rows of a JSON Lines file: one object of texts, numbers and nulls on each line."""

    def __init__(self, file: TextFile) -> None:
        self._file = file
        first = next((line for line in file.lines() if line.strip()), None)
        try:
            keys = [] if first is None else [key for key, _ in _pairs(first)]
        except _NotARow as problem:
            raise Invalid(f"the first line {problem}", rule="bad_json") from None
        self.header = _checked_header(keys)

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield every object in order; missing keys and nulls are empty cells."""
        read = blank = 0
        known = frozenset(self.header)
        for number, line in enumerate(self._file.lines(), 1):
            if not line.strip():
                blank += 1
                continue
            read += 1
            try:
                yield Row(number, self._cells(line, known))
            except _NotARow as problem:
                yield BadRow(number, [line.rstrip("\r\n")], problem.rule, str(problem))
        _note_the_end(self._file, self.header, read, blank)

    def _cells(self, line: str, known: frozenset[str]) -> list[str]:
        pairs = _pairs(line)
        by_key = {key.strip(): value for key, value in pairs}
        if len(by_key) != len(pairs):
            raise _NotARow("bad_json", "has a key twice")
        if not by_key.keys() <= known:
            raise _NotARow("unknown_key", "has a key that the first line does not have")
        return [_json_cell(by_key.get(key)) for key in self.header]


class _NotARow(Exception):
    """A line of JSON that is no row; the message continues "the line ..."."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class _Pairs(list[tuple[str, object]]):
    """A JSON object with its keys in order, also those that come twice."""


def _no_constant(name: str) -> object:
    raise ValueError(name)


# Numbers stay as they were typed: 1.10 is no float and 0.1 is not 0.1000000000000000055.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_Pairs, parse_int=str, parse_float=str, parse_constant=_no_constant
)


def _pairs(line: str) -> _Pairs:
    try:
        found = _DECODER.decode(line)
    except (ValueError, RecursionError):
        raise _NotARow("bad_json", "is not JSON") from None
    if not isinstance(found, _Pairs):
        raise _NotARow("bad_json", "is not a JSON object")
    return found


def _json_cell(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _NotARow("bad_value", "has a value that is not a text, a number or null")
    if len(value) > FIELD_LIMIT:
        raise _NotARow("bad_value", f"has a field of more than {FIELD_LIMIT:,} characters")
    if "\0" in value:
        raise _NotARow("nul", "contains a NUL")
    return value


def _one_character(delimiter: str) -> str:
    found = {"tab": "\t", "\\t": "\t"}.get(delimiter.lower(), delimiter)
    if len(found) != 1 or found.isalnum() or found in '"\r\n\0 ':
        raise Invalid('a delimiter is one character such as ";", or "tab"', rule="delimiter")
    return found


def _is_blank(cells: list[str]) -> bool:
    return not "".join(cells).strip()


def _judged(line: int, cells: list[str], width: int) -> Row | BadRow:
    """Return the row as good or bad, for the few that need a closer look."""
    if len(cells) != width:
        rule = "short_row" if len(cells) < width else "long_row"
        return BadRow(line, cells, rule, f"has {len(cells)} cells, the header has {width}")
    if any("\0" in cell for cell in cells):
        return BadRow(line, cells, "nul", "contains a NUL")
    return Row(line, cells)


def _checked_header(cells: Sequence[str]) -> list[str]:
    """Return the names without outer blanks. Raises Invalid for one that is missing or twice."""
    header = [unicodedata.normalize("NFC", cell.strip()) for cell in cells]
    first: dict[str, int] = {}
    for place, name in enumerate(header, 1):
        if not name:
            raise Invalid(f"column {place} of the header has no name", rule="header_empty")
        if name_key(name) in first:
            earlier = first[name_key(name)]
            raise Invalid(
                f"columns {earlier} and {place} of the header have the same name",
                rule="header_duplicate",
            )
        first[name_key(name)] = place
    return header


def _line_of_last_quote(record: Iterable[str], delimiter: str) -> int | None:
    """Return how many lines into a record the quote begins that troubles it, or None."""
    opened, state = None, "start"
    for number, line in enumerate(record):
        for character in line:
            if state == "quoted":
                state = "closed" if character == '"' else state
            elif character == '"' and state == "start":
                opened, state = number, "quoted"
            elif character == '"' and state == "closed":
                state = "quoted"
            elif character == delimiter or character in "\r\n":
                state = "start"
            elif state == "closed":
                return opened
            else:
                state = "plain"
    return opened


def _note_the_end(file: TextFile, header: list[str], read: int, blank: int) -> None:
    """Add what is only known at the end, once however often the rows are read."""
    notices = []
    if blank:
        notices.append(f"{blank} blank {'line' if blank == 1 else 'lines'} skipped")
    if not read:
        notices.append(f"{file.name} {'has only a header' if header else 'is empty'}: 0 rows")
    file.notices.extend(each for each in notices if each not in file.notices)
