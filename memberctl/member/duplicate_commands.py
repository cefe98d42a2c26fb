"""The verb of the noun `member` that looks for one person under several numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.importing import (
    EncodingOption,
    IgnoreExtraOption,
    MapOption,
    open_import,
)
from memberctl.cli.invocation import look
from memberctl.core.errors import Invalid
from memberctl.core.rows import BadRow
from memberctl.core.text import clean_text
from memberctl.member.peoplefile import PEOPLE_COLUMNS, person_of

if TYPE_CHECKING:
    from memberctl.cli.importing import ImportFile
    from memberctl.cli.invocation import Reading
    from memberctl.cli.nouns import Noun
    from memberctl.cli.run import Run
    from memberctl.member.likely import Shown
    from memberctl.member.likeness import Person

PAIR_COLUMNS = (
    "member", "name", "other", "other_name", "reason", "score", "weight", "group",
)  # fmt: skip
FILE_PAIR_COLUMNS = (*PAIR_COLUMNS, "line", "other_line")


def add_to(noun: Noun) -> None:
    """Give the noun its verb."""
    noun.command()(duplicates)


def duplicates(
    ctx: typer.Context,
    min_score: Annotated[
        str, typer.Option("--min-score", help="Least probability in percent, 1 to 100.")
    ] = "50",
    file: Annotated[
        str | None,
        typer.Option("--file", help="Look at the people in this file instead; - is stdin."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also show what each field weighs, in bits.")
    ] = False,
    encoding: EncodingOption = None,
    map_file: MapOption = None,
    ignore_extra: IgnoreExtraOption = False,
) -> None:
    """List pairs of members who may be one person, the most probable first.

    The score is the probability in percent. Pairs of one person share a group. With --file the
    people of a file are compared before anything is imported; names and addresses may be in
    several columns, and what is misspelt is compared as it stands.

    Example: memberctl member duplicates --min-score 80 --explain
    """
    from memberctl.member.likely import find_duplicates, load_members

    run: Run = ctx.obj
    percent = _percent(min_score)
    with look(ctx, "member.read") as r:
        if file is None:
            people, shown = load_members(r.session, r.keys)
        else:
            opened = open_import(
                run,
                file,
                PEOPLE_COLUMNS,
                required=(),
                encoding=encoding,
                map_file=map_file,
                ignore_extra=ignore_extra,
            )
            with opened as table:
                people, shown = _read(r, table)
    found = find_duplicates(people, shown, percent=percent)
    columns = PAIR_COLUMNS if file is None else FILE_PAIR_COLUMNS
    r.show_list(found.pairs, (*columns, "parts") if _wants_parts(run, explain) else columns)
    if found.below:
        run.output.note(
            f"{found.below} pairs are less probable than {percent} %: "
            "--min-score 1 shows them as well"
        )


def _wants_parts(run: Run, explain: bool) -> bool:
    """Whether the weights of the fields are shown: when asked for, and to programs."""
    fields = run.options.fields or ""
    return explain or "parts" in fields or run.output.format in {"json", "jsonl"}


def _percent(text: str) -> int:
    typed = text.strip().removesuffix("%")
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 3 and 1 <= int(typed) <= 100):
        raise Invalid(
            "--min-score is a whole number of percent from 1 to 100",
            field="min_score",
            rule="percent",
        )
    return int(typed)


def _read(r: Reading, table: ImportFile) -> tuple[list[Person], dict[int, Shown]]:
    """Return the people of a file and how they are called; who cannot be read is said."""
    from memberctl.member.likely import Shown

    people: list[Person] = []
    shown: dict[int, Shown] = {}
    for row in table.rows:
        if isinstance(row, BadRow):
            r.run.output.warn(f"line {row.line}: {row.message}")
            continue
        cells = table.cells(row)
        try:
            who, name = person_of(row.line, cells, region=r.region)
            reference = clean_text(
                cells.get("external_ref", ""), what="the reference", required=False
            )
        except Invalid as problem:
            r.run.output.warn(f"line {row.line}: {problem.message}")
            continue
        people.append(who)
        shown[row.line] = Shown(reference or f"line {row.line}", name, row.line)
    table.rows.finish()
    return people, shown
