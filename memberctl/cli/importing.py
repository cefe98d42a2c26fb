"""One way in for every file of rows: parse and check each, write the good, give back the bad.

An import command opens the file before its transaction, then hands over how a row is parsed and
which operation takes a batch of parsed rows; everything else is the same for all of them. The
file is read row by row inside the transaction, because a million parsed rows would not fit into
memory; it is a regular file, or a copy of standard input, that was read to its end before, so
nobody waits for it.
Source: rules I1-I3, I6; bad inputs 24-50; cli.md "Import".
"""

from __future__ import annotations

import gc
from array import array
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import typer

from memberctl.cli.progress import progress
from memberctl.cli.rejects import Rejects
from memberctl.core.cells import match_header, restore_cell
from memberctl.core.errors import Invalid, RuleRefused
from memberctl.core.rows import BadRow, Row, RowFile, open_rows
from memberctl.core.textfile import open_text
from memberctl.core.toml import read_toml

if TYPE_CHECKING:
    from memberctl.cli.invocation import Writing
    from memberctl.cli.run import Run

T = TypeVar("T")
BATCH = 2_000
"""Rows that are parsed and written together: enough for few statements, little for memory."""

LONGEST_MAPPING = 1_000_000
"""Characters that a --map file may have."""

MOST_SAID = 20
"""Refused rows that are named on stderr one by one; all of them are in the rejects file."""

FileArgument = Annotated[str, typer.Argument(help="CSV, TSV or JSON Lines file; - is stdin.")]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help="utf-8, gb18030 or big5; detected if not given.")
]
MapOption = Annotated[
    str | None, typer.Option("--map", help="TOML file of lines: column in the file = our column.")
]
IgnoreExtraOption = Annotated[
    bool, typer.Option("--ignore-extra", help="Pass over columns that are not known.")
]
AllOrNothingOption = Annotated[
    bool, typer.Option("--all-or-nothing", help="Write nothing when a single row is refused.")
]


class Problem(Protocol):
    """One thing wrong with a row."""

    @property
    def field(self) -> str:
        """The column's key, or ""."""

    @property
    def code(self) -> str:
        """A stable reason code."""

    @property
    def message(self) -> str:
        """Words without the row's data."""


class Answer(Problem, Protocol):
    """What an operation made of one row.

    outcome   -- created, updated, unchanged, duplicate or rejected
    member_id -- whom the row is about, or repeats
    """

    @property
    def outcome(self) -> str:
        """One of the five outcomes."""

    @property
    def member_id(self) -> int | None:
        """The id of a member, or None."""


_REFUSED = frozenset({"duplicate", "rejected"})


@dataclass(frozen=True, slots=True)
class Imported:
    """The summary of an import; rejects_file -- its name, None when no row was refused.

    read = created + updated + unchanged + duplicate + rejected
    """

    read: int
    created: int
    updated: int
    unchanged: int
    duplicate: int
    rejected: int
    rejects_file: str | None

    @property
    def exit_code(self) -> int:
        """3 when rows were refused, else 0."""
        return 3 if self.duplicate or self.rejected else 0

    def sentence(self, what: str) -> str:
        """Return the summary in words; what -- "applications"."""
        taken = self.created + self.updated + self.unchanged
        parts = [
            f"{count} {name}"
            for name in ("created", "updated", "unchanged", "duplicate", "rejected")
            if (count := getattr(self, name))
        ]
        ending = " -> {rejects_file}" if self.rejects_file else "."
        return f"Imported {taken} of {self.read} {what}: {', '.join(parts) or 'no rows'}{ending}"


class ImportFile:
    """An opened file whose columns are known."""

    def __init__(self, path: str, rows: RowFile, columns: Mapping[str, int]) -> None:
        self.path = path
        self.rows = rows
        self._columns = tuple(columns.items())

    def cells(self, row: Row) -> dict[str, str]:
        """Return a row's cells by our columns, without the quotes that protect spreadsheets."""
        cells = row.cells
        found = {key: cells[place] for key, place in self._columns}
        if "'" in "".join(cells):
            return {key: restore_cell(text) for key, text in found.items()}
        return found


@contextmanager
def open_import(
    run: Run,
    path: str,
    columns: Mapping[str, Sequence[str]],
    *,
    required: Sequence[str],
    encoding: str | None = None,
    map_file: str | None = None,
    ignore_extra: bool = False,
    own_list: Sequence[str] = (),
) -> Iterator[ImportFile]:
    """Open a file for import, before any transaction begins, and close it in the end.

    columns  -- our columns and their synonyms; required -- those that must be there
    map_file -- a TOML file of further names
    own_list -- the columns of our own list, whose export may come back (rules I2)
    Raises what open_rows and match_header raise.
    """
    mapping = read_mapping(map_file) if map_file is not None else None
    stdin = getattr(run.stdin, "buffer", None)
    with open_rows(path, encoding=encoding, stdin=stdin) as rows:
        found: Mapping[str, int] = {}
        if rows.header:
            found = match_header(
                rows.header, columns, required=required, mapping=mapping,
                ignore_extra=ignore_extra, own_list=own_list,
            )  # fmt: skip
        yield ImportFile(path, rows, found)


def read_mapping(path: str) -> dict[str, str]:
    """Return the names of columns in a TOML file, each with our column's key.

    Raises NotFound, Invalid; a pipe or a device is refused as for any other file.
    """
    file = open_text(path, encoding="utf-8")
    try:
        content = read_toml(file.lines().read(LONGEST_MAPPING))
    except ValueError:
        raise Invalid("the --map file is not TOML in UTF-8", rule="map") from None
    finally:
        file.close()
    if not all(isinstance(value, str) for value in content.values()):
        raise Invalid('the --map file has lines like "Kunde" = "name" and no others', rule="map")
    return content


class NamedMembers:
    """Whom a file was about so far, and on which line; 4 bytes for each member of the store."""

    def __init__(self) -> None:
        self._lines = array("I")

    def __contains__(self, member_id: object) -> bool:
        return isinstance(member_id, int) and self.line_of(member_id) is not None

    def line_of(self, member_id: int | None) -> int | None:
        """Return the line on which a member was named, or None."""
        if member_id is None or not 0 <= member_id < len(self._lines):
            return None
        return self._lines[member_id] or None

    def remember(self, member_id: int, line: int) -> None:
        """Remember the line that named a member first."""
        missing = member_id + 1 - len(self._lines)
        if missing > 0:
            self._lines.extend([0] * (missing + BATCH))
        self._lines[member_id] = self._lines[member_id] or line


def run_import(
    w: Writing,
    file: ImportFile,
    *,
    parse: Callable[[Mapping[str, str]], T | list[Any]],
    operate: Callable[[list[T], Container[int]], Sequence[Answer]],
    all_or_nothing: bool = False,
) -> Imported:
    """Parse every row and write the good ones; the bad ones go to the rejects file.

    parse   -- what a row's cells say, or a list of everything wrong with them
    operate -- writes a batch and answers for each of its rows, in order; its second argument
               tells whom earlier batches named, since nobody comes twice in one file
    Raises RuleRefused for a bad row with `all_or_nothing`, Invalid when the file changes.
    """
    options = w.run.options
    rejects = Rejects(
        file.path, file.rows.header, file.rows.encoding,
        force=bool(options.force), wanted=not w.dry_run,
    )  # fmt: skip
    reading = _Reading(w, file, rejects)
    # The garbage collector would look through all of SQLAlchemy again for every few hundred rows,
    # which is a fifth of an import; what is loaded by now is no garbage.
    gc.freeze()
    try:
        _read_all(reading, parse, operate)
        file.rows.finish()
        rejects.finish()
    finally:
        gc.unfreeze()
        rejects.discard()
    imported = reading.summary()
    reading.say_notices()
    if all_or_nothing and imported.exit_code:
        raise _nothing_written(imported, kept=not w.dry_run)
    return imported


def _read_all(
    reading: _Reading,
    parse: Callable[[Mapping[str, str]], T | list[Any]],
    operate: Callable[[list[T], Container[int]], Sequence[Answer]],
) -> None:
    from memberctl.store.audit import append_notes

    run, file = reading.w.run, reading.file
    bar = progress("importing", None, stream=run.stderr, quiet=bool(run.options.quiet))
    rows = iter(file.rows)
    with bar:
        while batch := list(islice(rows, BATCH)):
            parsed = [None if isinstance(row, BadRow) else parse(file.cells(row)) for row in batch]
            good: list[T] = [
                each for each in parsed if each is not None and not isinstance(each, list)
            ]
            answers = iter(operate(good, reading.named))
            for row, each in zip(batch, parsed, strict=True):
                if isinstance(row, BadRow):
                    reading.refuse(row, [_Unreadable(row.rule, row.message)])
                elif isinstance(each, list):
                    reading.refuse(row, each)
                else:
                    reading.take(row, next(answers))
            append_notes(reading.w.session)
            # A batch's statements, with all that was bound to them, refer to each other: they stay
            # until somebody looks, which otherwise happens every few hundred batches.
            gc.collect(0)
            bar.advance(len(batch))


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """A row that has no cells to look at."""

    code: str
    message: str
    field: str = ""


class _Reading:
    """What has become of the rows so far."""

    def __init__(self, w: Writing, file: ImportFile, rejects: Rejects) -> None:
        self.w = w
        self.file = file
        self.named = NamedMembers()
        self._rejects = rejects
        self._tally: Counter[str] = Counter()
        self._said = 0

    def take(self, row: Row, answer: Answer) -> None:
        """Count what an operation made of a row; keep the row if it was refused."""
        outcome = str(answer.outcome)
        if outcome in _REFUSED:
            self._keep(row, outcome, [self._with_line(answer)])
            return
        self._tally[outcome] += 1
        if answer.member_id is not None:
            self.named.remember(answer.member_id, row.line)
        if answer.message:
            self._say(row.line, answer)

    def refuse(self, row: Row | BadRow, problems: Sequence[Problem]) -> None:
        """Keep a row that could not be read."""
        self._keep(row, "rejected", problems)

    def summary(self) -> Imported:
        """Return the counts."""
        tally = self._tally
        return Imported(
            read=sum(tally.values()),
            created=tally["created"],
            updated=tally["updated"],
            unchanged=tally["unchanged"],
            duplicate=tally["duplicate"],
            rejected=tally["rejected"],
            rejects_file=self._rejects.name,
        )

    def say_notices(self) -> None:
        """Say what the file's reader noticed, and how many more rows were refused."""
        if self._said > MOST_SAID:
            self.w.note(f"and {self._said - MOST_SAID} more rows")
        for notice in self.file.rows.notices:
            (self.w.note if self._tally else self.w.warn)(notice)

    def _with_line(self, answer: Answer) -> Problem:
        """Name the other line too when the file itself repeats somebody (bad inputs 45)."""
        line = self.named.line_of(answer.member_id)
        if line is None:
            return answer
        return _Unreadable(answer.code, f"{answer.message} (line {line})", answer.field)

    def _keep(self, row: Row | BadRow, outcome: str, problems: Sequence[Problem]) -> None:
        self._tally[outcome] += 1
        self._rejects.add(
            row.cells,
            row.line,
            ";".join(problem.code for problem in problems),
            ";".join(problem.field for problem in problems),
            "; ".join(problem.message for problem in problems),
        )
        for problem in problems:
            self._say(row.line, problem)

    def _say(self, line: int, problem: Problem) -> None:
        self._said += 1
        if self._said <= MOST_SAID:
            field = f"{problem.field}: " if problem.field else ""
            self.w.note(f"line {line}: {field}{problem.message}")


def _nothing_written(imported: Imported, *, kept: bool) -> RuleRefused:
    refused = imported.duplicate + imported.rejected
    return RuleRefused(
        f"{refused} of {imported.read} rows are refused, so nothing was written",
        hint=f"the rows and the reasons are in {imported.rejects_file}" if kept else None,
    )
