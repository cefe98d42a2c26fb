"""One door for every statement: which form it has, and its rows in the same shape for all forms.

Source: rules M15, I3; cli.md, `bank import`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, Protocol

from memberctl.bank.camt import Camt053
from memberctl.bank.cutting import CutLines
from memberctl.bank.forms import TABULAR, family_of, forms_of
from memberctl.bank.layout import find_layout
from memberctl.bank.mapping import read_form
from memberctl.bank.markup import MarkupLines, looks_like_markup
from memberctl.bank.results import MapChecked, RowRead
from memberctl.bank.rules import Entry, Findings, Section, StatementFormat
from memberctl.bank.swift import Mt940, looks_like_mt940
from memberctl.bank.table_form import Form
from memberctl.bank.tabular import Table
from memberctl.core.errors import Invalid, UsageProblem
from memberctl.core.lines import LineFile, lines_of
from memberctl.core.money import EXPONENTS, Money
from memberctl.core.text import Kind, Personal
from memberctl.core.textfile import open_bytes, open_text, refuse_changed

LONGEST_MAP = 1_000_000
MOST_SHOWN = 20
"""Rows that `bank map check` shows."""

_HEAD = 200_000
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_WIDE_TAGS = (b"\xff\xfe<", b"\xfe\xff\0<")


class Rows(Protocol):
    """The rows of a file; findings are whole once all rows were taken."""

    findings: Findings

    def __iter__(self) -> Iterator[Entry]:
        """Yield every row in the order of the file."""


@dataclass(frozen=True, slots=True)
class Statement:
    """An opened statement.

    format -- the one it has; form -- the map's name, "" where there is none
    """

    name: str
    format: StatementFormat
    form: str
    sha256: str
    rows: Rows
    notices: list[str]
    source: LineFile | _Bytes

    def finish(self) -> None:
        """Refuse when the file was changed while it was read."""
        self.source.finish()

    def assume_currency(self, code: str) -> None:
        """Read rows in this currency where neither the map nor the file names one."""
        if isinstance(self.rows, Table):
            self.rows.assume_currency(code)


class _Bytes:
    """A file that is no text; see core.lines.LineFile for what is meant by finish and close."""

    def __init__(self, raw: BinaryIO, name: str) -> None:
        self.raw, self.name = raw, name
        self.sha256 = self._digest()

    def _digest(self) -> str:
        self.raw.seek(0)
        digest = hashlib.sha256()
        while chunk := self.raw.read(_HEAD):
            digest.update(chunk)
        return digest.hexdigest()

    def finish(self) -> None:
        """Refuse when the file was changed while it was read."""
        if self._digest() != self.sha256:
            refuse_changed(self.name)

    def close(self) -> None:
        """Give the file back."""
        self.raw.close()


@contextmanager
def open_statement(
    path: str | Path,
    *,
    format: StatementFormat | None = None,
    form: Form | None = None,
    encoding: str | None = None,
    until: date | None = None,
    stdin: BinaryIO | None = None,
) -> Iterator[Statement]:
    """Open a statement and close it in the end.

    format   -- None detects it, and the notices say which
    form     -- the map, for the format csv
    until    -- the last day of a table whose dates have no year
    Raises NotFound, UsageProblem for csv without a map, and Invalid for what is no statement of
    that form; it names what was looked for.
    """
    if format is StatementFormat.CSV and form is None:
        raise UsageProblem(
            "--format csv needs --map FILE.toml", hint="memberctl bank map example > bank.toml"
        )
    raw, name = open_bytes(path, stdin=stdin)
    try:
        head = raw.read(_HEAD)
        found = format or _told_apart(head, form)
        said = format is None and form is None
        if found is StatementFormat.CAMT053:
            yield _statement(_Bytes(raw, name), found, Camt053(raw, name), said=said)
            return
        if encoding is None and head.startswith(_WIDE):
            encoding = "utf-16"
        lines = lines_of(raw, name, encoding=encoding, otherwise=_otherwise(found, form))
        if form is not None and looks_like_markup(head):
            lines = MarkupLines(lines)
        yield _of_lines(lines, found, form, until, said=said)
        lines.close()
    finally:
        raw.close()


def _told_apart(head: bytes, form: Form | None) -> StatementFormat | None:
    """Return the format that a file's beginning shows; None for a table, whose columns tell."""
    if form is not None:
        return StatementFormat.CSV
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"<", *_WIDE_TAGS)):
        return StatementFormat.CAMT053
    if looks_like_mt940(head.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")):
        return StatementFormat.MT940
    return None


def _otherwise(found: StatementFormat | None, form: Form | None) -> str | None:
    """Return what a text that is not UTF-8 is most likely written in; None to find out."""
    if form is not None:
        return form.encoding
    if found is StatementFormat.MT940:
        return "latin-1"
    return "gb18030" if found in TABULAR else None


def _of_lines(
    lines: LineFile,
    found: StatementFormat | None,
    form: Form | None,
    until: date | None,
    *,
    said: bool,
) -> Statement:
    if found is StatementFormat.MT940:
        _refuse_no_mt940(lines)
        return _statement(lines, found, Mt940(lines), said=said)
    forms = [form] if form is not None else forms_of(found)
    if form is not None and form.widths:
        lines = CutLines(lines, form.widths)
    layout = find_layout(lines, forms)
    table = Table(lines, layout, until=until)
    if form is not None:
        # Whoever wrote the map means a column that is there; a form that comes along may not.
        lines.notices += [f"no column {each} was found" for each in table.missing]
    return _statement(lines, family_of(layout.form), table, said=said, form=layout.form)


def _refuse_no_mt940(lines: LineFile) -> None:
    head = []
    for number, text in lines.text_lines():
        head.append(text)
        if number >= 1_000:
            break
    if not looks_like_mt940("\n".join(head)):
        raise Invalid(
            f"{lines.name} is not in the form mt940: the fields :20:, :60F: and :61: were"
            " looked for",
            rule="header_missing",
        )


def _statement(
    source: LineFile | _Bytes,
    format: StatementFormat,
    rows: Rows,
    *,
    said: bool,
    form: Form | None = None,
) -> Statement:
    notices = [] if isinstance(source, _Bytes) else source.notices
    name = form.name if form is not None else ""
    if said:
        notices.append(f"{source.name} is read as {format}" + (f" ({name})" if name else ""))
    return Statement(source.name, format, name, source.sha256, rows, notices, source)


def check_map(
    path: str | Path,
    form: Form,
    *,
    encoding: str | None = None,
    until: date | None = None,
    currency: str | None = None,
    stdin: BinaryIO | None = None,
) -> MapChecked:
    """Return what a map reads of a file. Raises what open_statement raises.

    currency -- of rows that are in none by the map and the file; each of them is a problem else
    """
    with open_statement(path, form=form, encoding=encoding, until=until, stdin=stdin) as statement:
        assert isinstance(statement.rows, Table), "a map reads a table"
        if currency is not None:
            statement.assume_currency(currency)
        shown: list[RowRead] = []
        read = money = 0
        for entry in statement.rows:
            read += 1
            money += entry.skip is None
            if len(shown) < MOST_SHOWN:
                shown.append(_row_read(entry))
        statement.finish()
        return _checked(statement, statement.rows, form, shown, read, money)


def _checked(
    statement: Statement, table: Table, form: Form, shown: list[RowRead], read: int, money: int
) -> MapChecked:
    findings = table.findings
    unfound = [f"{each}: no line of the file fits it" for each in table.unfound]
    single = findings.sections[0] if len(findings.sections) == 1 else None
    return MapChecked(
        map=form.name,
        columns=table.found,
        read=read,
        money=money,
        skipped=read - money,
        opening=_balance(single, "opening_minor"),
        closing=_balance(single, "closing_minor"),
        rows=shown,
        stated=table.held,
        notices=[*statement.notices, *findings.notices, *unfound],
        problems=findings.differences,
    )


def _row_read(entry: Entry) -> RowRead:
    known = entry.currency in EXPONENTS

    def money(minor: int | None) -> Money | None:
        return Money(minor, entry.currency) if known and minor is not None else None

    return RowRead(
        line=entry.line,
        booked_on=entry.booked_on,
        amount=money(entry.amount_minor),
        balance=money(entry.balance_minor),
        id=entry.external_id,
        name=Personal(Kind.NAME, entry.name),
        skipped=entry.skip,
        fee=entry.fee,
    )


def _balance(section: Section | None, key: str) -> Money | None:
    minor = None if section is None else getattr(section, key)
    return None if section is None or minor is None else Money(minor, section.currency)


def read_map(path: str) -> Form:
    """Return the map in a TOML file. Raises what open_text and read_form raise."""
    file = open_text(path, encoding="utf-8")
    try:
        return read_form(file.lines().read(LONGEST_MAP), file.name)
    finally:
        file.close()
