"""What a command says: data on stdout or in a file, words on stderr.

Nothing here knows a noun or the database. Results arrive as frozen dataclasses or mappings and
are shown in the format that was asked for. Source: cli.md "Output"; reliability R17, R19.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from memberctl.cli.formats import DRAWN, SUFFIXES, Format, OutputOptions, asked_format
from memberctl.cli.sink import PipeClosed, Sink, in_utf8, tell
from memberctl.cli.values import View, json_text, keys_of, value_of
from memberctl.cli.words import error_record, error_text, fill, safe_lines
from memberctl.core.errors import MemberctlError, NotShown, UsageProblem
from memberctl.core.text import Personal, safe

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from memberctl.cli.sheets import Sheet

__all__ = ["Format", "Output", "OutputOptions", "PipeClosed"]

ENVELOPE_VERSION = 1
TERMINAL_ROWS = 50
LONGEST_ECHO = 40  # Of a word that was typed wrongly, in the error that says so.
RICH_ROWS = 1000
"""More rows than these take Rich seconds: they are printed as plain text."""


class Output:
    """Shows the result of one command: one show_* or say, then flush().

    command     -- what runs, e.g. "payment record"; part of the JSON envelope
    status      -- "ok", "partial" or "dry-run"; may be set until flush()
    zone        -- instants are shown with its offset; UTC when None
    format      -- the format that will be written
    on_terminal -- stdout is a terminal and there is no --output
    """

    def __init__(
        self,
        options: OutputOptions,
        *,
        stdout: TextIO | None,
        stderr: TextIO | None,
        environ: Mapping[str, str],
    ) -> None:
        self.options = options
        self.command = ""
        self.status = "ok"
        self.zone: ZoneInfo | None = None
        self._environ = environ
        self._stderr = in_utf8(stderr)
        self._path = None if options.path == "-" else options.path
        self._sink = Sink(stdout, self._path, force=options.force)
        self.on_terminal = self._sink.on_terminal
        self._asked = asked_format(options, self._path)
        self.format = self._asked or (Format.TABLE if self.on_terminal else Format.TSV)
        self._data: object = None
        self._shown = False
        self._rows: int | None = None
        self._messages: list[dict[str, str]] = []

    def prepare(self) -> None:
        """Refuse an --output that cannot be written before any work is done.

        Raises UsageProblem for a suffix that names no format, and what TargetFile raises.
        """
        suffix = Path(self._path or "").suffix.lower()
        known_suffixes = [*SUFFIXES, *sorted(self.options.documents)]
        if self.options.format is None and suffix and suffix not in known_suffixes:
            known = " ".join(known_suffixes)
            raise UsageProblem(
                f"the output file's suffix names no format; known are {known}",
                hint="--format says which one to write",
            )
        self._sink.open()

    def row_limit(self) -> int | None:
        """Return how many rows a list may show, or None for all."""
        if self.options.limit is not None:
            return self.options.limit
        return TERMINAL_ROWS if self.on_terminal and self.format is Format.TABLE else None

    def show_list(
        self,
        rows: Sequence[object],
        columns: Sequence[str],
        *,
        total: int | None = None,
        title: str | None = None,
    ) -> None:
        """Show rows, each with the values of `columns`, which are its stable keys.

        total -- how many there are, where `rows` was limited already
        Raises UsageProblem for --fields that `columns` has not.
        """
        keys = self._chosen(columns, UsageProblem)
        self._sink.page(self.options.pager)
        there = max(total or 0, len(rows))
        limit = self.row_limit()
        shown = rows if limit is None else rows[:limit]
        self._rows = len(shown)
        if self.format is Format.JSON:
            view = self._view()
            self._keep([view.record(row, keys) for row in shown])
        elif self.format is Format.COUNT:
            self._sink.write(f"{there}\n")
        elif self.format in DRAWN:
            self._draw_list(shown, keys, title)
        else:
            self._write_rows(shown, keys)
        if len(shown) < there and self.format is not Format.COUNT:
            self._say_cut(len(shown), there)

    def show_record(
        self, record: object, *, title: str | None = None, as_bars: str | None = None
    ) -> None:
        """Show one record; lists of records inside it become tables of their own.

        as_bars -- a list inside it that show_bars draws afterwards, and no table where it does
        Raises UsageProblem for --fields that the record has not.
        """
        self._sink.page(self.options.pager)
        keys = self._chosen(keys_of(record), UsageProblem)
        if self._draws_bars():
            keys = tuple(key for key in keys if key != as_bars)
        self._show_record(record, keys, title)

    def show_text(self, text: str, data: object) -> None:
        """Show a text such as a receipt, line by line; the record `data` in data formats."""
        self._sink.page(self.options.pager)
        if self._asked in (None, Format.TABLE, Format.PLAIN):
            self._sink.write(safe_lines(text))
            return
        self.show_record(data)

    def show_document(self, pieces: Iterable[str | bytes]) -> None:
        """Show a document of another program's form, such as a journal or a PDF, as it is.

        Raises UsageProblem for a --format, which is about rows, and for bytes on a terminal.
        """
        if self.options.format is not None:
            raise UsageProblem("this is a document of its own form; leave out --format")
        for piece in pieces:
            if isinstance(piece, bytes):
                if self.on_terminal:
                    raise UsageProblem("this is no text; --output FILE writes it")
                self._sink.write_bytes(piece)
            else:
                self._sink.write(safe_lines(piece) if self.on_terminal else piece)

    def show_bars(self, title: str, bars: Sequence[tuple[str, object, int]]) -> None:
        """Draw bars under what was shown, where a person looks; data formats have the numbers.

        bars -- (label, value, length) of each, the length in any unit >= 0
        """
        if not self._draws_bars() or not bars:
            return
        from memberctl.cli.tables import bar_chart

        view = self._view()
        told = [(safe(label), safe(view.word(value)), length) for label, value, length in bars]
        width = self._sink.width(self._environ)
        self._sink.write(bar_chart(safe(title), told, width=width, color=self._in_color()))

    def _draws_bars(self) -> bool:
        return self.on_terminal and self.format is Format.TABLE

    def say(self, result: object, sentence: str) -> None:
        """Say in one line what was done; the result itself where a format was asked for.

        sentence -- "Paid {amount} to {member}.", with fields of the result and nothing else
        Raises NotShown for wrong --fields: what is said here is done already.
        """
        self.say_line(result, _line(result, sentence, self._view()))

    def say_line(self, result: object, line: str) -> None:
        """Say a line that `line` made; the result itself where a format was asked for."""
        if self._asked is not None:
            self._show_record(result, self._chosen(keys_of(result), NotShown), None)
        elif not self.options.quiet:
            self._sink.write(f"{line}\n")

    def line(self, result: object, sentence: str) -> str:
        """Return the sentence as it may be stored for a repeat: safe, and always masked."""
        return _line(result, sentence, View(self.zone or UTC))

    def kept(self, result: object) -> object:
        """Return the result as it may be stored for a repeat: JSON values, masked."""
        return View(self.zone or UTC).json(result)

    def note(self, text: str) -> None:
        """Say something by the way on stderr, unless --quiet."""
        if not self.options.quiet:
            tell(self._stderr, safe_lines(text))

    def warn(self, text: str) -> None:
        """Warn on stderr and in the messages of the JSON envelope."""
        self._messages.append({"level": "warning", "message": text})
        tell(self._stderr, f"memberctl: warning: {safe_lines(text)}")

    def error(self, error: MemberctlError, *, committed: bool = False) -> None:
        """Say on stderr why the command failed; one line of JSON where JSON was asked for.

        committed -- the work itself is done and must not be repeated
        Source: cli.md "Errors".
        """
        if self.options.format in (Format.JSON, Format.JSONL):
            tell(self._stderr, json_text(error_record(error, committed)) + "\n")
        else:
            tell(self._stderr, error_text(error, committed))

    def flush(self) -> None:
        """Bring what was shown to its reader or its file; the last call of a command.

        Which file was written, and with how many rows, is said on stderr.
        Raises PipeClosed when the reader has gone, NotShown when it cannot be written.
        """
        if self._shown:
            self._write_envelope()
        path = self._sink.finish()
        if path is not None:
            self.note(f"wrote {self._amount()}{path}")

    def _amount(self) -> str:
        """Return "12 rows to " where rows were written: documents and counts have none."""
        if self._rows is None or self.format is Format.COUNT:
            return ""
        return f"{self._rows} row{'' if self._rows == 1 else 's'} to "

    def discard(self) -> None:
        """Drop what was not flushed, and the unfinished file of --output."""
        self._data, self._shown = None, False
        self._sink.discard()

    def _view(self) -> View:
        return View(self.zone or UTC, self.options.reveal)

    def _chosen(self, known: Sequence[str], refusal: type[MemberctlError]) -> tuple[str, ...]:
        fields = self.options.fields
        if fields is None:
            return tuple(known)
        wrong = [field for field in fields if field not in known]
        if wrong:
            named = safe(wrong[0][:LONGEST_ECHO])
            raise refusal(f"there is no field {named}; there are: {', '.join(known)}")
        return fields

    def _show_record(self, record: object, keys: tuple[str, ...], title: str | None) -> None:
        self._rows = 1
        if self.format is Format.JSON:
            self._keep(self._view().record(record, keys))
        elif self.format is Format.COUNT:
            self._sink.write("1\n")
        elif self.format in DRAWN:
            from memberctl.cli.sheets import sheets_of_record

            self._draw(sheets_of_record(record, keys, self._view(), title), self.format)
        else:
            self._write_rows([record], keys)

    def _draw_list(self, rows: Sequence[object], keys: Sequence[str], title: str | None) -> None:
        from memberctl.cli.sheets import sheet_of_rows

        style = self.format
        if style is Format.TABLE and len(rows) > RICH_ROWS:
            style = Format.PLAIN
        self._draw([sheet_of_rows(rows, keys, self._view(), title)], style)

    def _draw(self, sheets: Sequence[Sheet], style: Format) -> None:
        from memberctl.cli.tables import drawn

        header, color = self.options.header, self._in_color()
        width = self._sink.width(self._environ)
        self._sink.write(drawn(sheets, style, width=width, color=color, header=header))

    def _in_color(self) -> bool:
        if self.options.color != "auto":
            return self.options.color == "always"
        plain = self._environ.get("NO_COLOR") or self._environ.get("TERM") == "dumb"
        return self.on_terminal and not plain

    def _write_rows(self, rows: Sequence[object], keys: Sequence[str]) -> None:
        view = self._view()
        if self.format is Format.JSONL:
            for row in rows:
                self._sink.write(json_text(view.record(row, keys)) + "\n")
        elif self.format is Format.IDS:
            key = "number" if "number" in keys and not self.options.fields else keys[0]
            for row in rows:
                self._sink.write(safe(view.cell(value_of(row, key))) + "\n")
        else:
            self._write_separated(rows, keys, view)

    def _write_separated(self, rows: Sequence[object], keys: Sequence[str], view: View) -> None:
        """Write TSV or CSV: exact where a program reads it, safe where a terminal shows it."""
        import csv

        delimiter = "\t" if self.format is Format.TSV else ","
        # With this terminator the writer also quotes a lone CR; _Lines ends lines with LF.
        writer = csv.writer(_Lines(self._sink), delimiter=delimiter, lineterminator="\r\n")
        if self.options.for_excel:
            self._sink.write("\ufeff")
        if self.options.header:
            writer.writerow(keys)
        for row in rows:
            writer.writerow([self._separated_cell(value_of(row, key), view) for key in keys])

    def _separated_cell(self, value: object, view: View) -> str:
        text = view.cell(value)
        if self.on_terminal:
            text = safe(text)
        if not self.options.for_excel or not _is_text(value):
            return text
        from memberctl.core.cells import neutralise_cell

        return neutralise_cell(text)

    def _say_cut(self, shown: int, there: int) -> None:
        text = f"{shown} of {there} shown, use --limit"
        self._messages.append({"level": "note", "message": text})
        if self.on_terminal:
            self._sink.flush()  # The rows come before the words about them.
        self.note(text)

    def _keep(self, data: object) -> None:
        """Hold data back until flush(), when status and messages are known as well."""
        assert not self._shown, "one result per command: nest several in one record"
        self._data, self._shown = data, True

    def _write_envelope(self) -> None:
        envelope = {
            "memberctl": ENVELOPE_VERSION,
            "command": self.command,
            "status": self.status,
            "data": self._data,
            "messages": self._messages,
        }
        self._data, self._shown = None, False
        self._sink.write(json_text(envelope, indent=2 if self.on_terminal else None) + "\n")


class _Lines:
    """A file for csv.writer, which hands over whole lines ending in CR LF."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, line: str) -> None:
        self._sink.write(line[:-2] + "\n")


def _line(result: object, sentence: str, view: View) -> str:
    words = {key: safe(view.word(value_of(result, key))) for key in keys_of(result)}
    return fill(sentence, words)


def _is_text(value: object) -> bool:
    return isinstance(value, (str, Personal)) and not isinstance(value, Enum)
