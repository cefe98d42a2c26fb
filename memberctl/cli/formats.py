"""The formats of a result and what a run asks of its output.

Source: cli.md "Output".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from memberctl.core.text import Kind


class Format(StrEnum):
    """The values of --format."""

    TABLE = "table"
    PLAIN = "plain"
    TSV = "tsv"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    IDS = "ids"
    COUNT = "count"
    MD = "md"
    HTML = "html"


DRAWN = frozenset({Format.TABLE, Format.PLAIN, Format.MD, Format.HTML})
SUFFIXES = {
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".md": Format.MD,
    ".html": Format.HTML,
    ".txt": Format.PLAIN,
}


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How this run wants its output, from flags, environment and file.

    format -- None is by the file's suffix, else a table on a terminal and TSV elsewhere
    fields -- keys to show, in this order; None shows all
    path   -- the file of --output; None and "-" are stdout
    limit  -- most rows; None is 50 for a table on a terminal and no limit elsewhere
    color  -- "auto", "always" or "never"
    reveal -- kinds of personal fields shown in the clear; whoever sets it has checked the rights
    force  -- let --output replace a file
    pager  -- the command through which a terminal shows lists, records and texts
    documents -- suffixes of files that this command writes in a form of its own
    """

    format: Format | None = None
    fields: tuple[str, ...] | None = None
    path: str | None = None
    limit: int | None = None
    header: bool = True
    quiet: bool = False
    verbose: bool = False
    color: str = "auto"
    for_excel: bool = False
    reveal: frozenset[Kind] = frozenset()
    force: bool = False
    pager: str | None = None
    documents: frozenset[str] = frozenset()


def asked_format(options: OutputOptions, path: str | None) -> Format | None:
    if options.format is not None:
        return options.format
    if path is not None and (by_suffix := SUFFIXES.get(Path(path).suffix.lower())):
        return by_suffix
    return Format.CSV if options.for_excel else None
