"""A statement as a test reads it: its rows, what was noticed, and its format."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from memberctl.bank.mapping import read_form
from memberctl.bank.reading import open_statement
from memberctl.bank.rules import Entry, Findings, StatementFormat

Read = tuple[list[Entry], Findings, StatementFormat]


def read(
    path: Path,
    *,
    map_text: str | None = None,
    format: StatementFormat | None = None,
    until: date | None = None,
    currency: str = "",
) -> Read:
    """Return the rows of a file, what was noticed, and the format that it has."""
    form = None if map_text is None else read_form(map_text, "bank.toml")
    with open_statement(path, form=form, format=format, until=until) as statement:
        statement.assume_currency(currency)
        rows = list(statement.rows)
        statement.finish()
        return rows, statement.rows.findings, statement.format


def read_text(folder: Path, content: str | bytes, name: str = "statement", **more: object) -> Read:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, **more)  # type: ignore[arg-type]


def money(rows: list[Entry]) -> list[int]:
    return [row.amount_minor for row in rows if row.skip is None]
