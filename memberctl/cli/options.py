"""The options that every command takes, before the noun, after it, or after the verb.

They are declared once, as the parameters of a function that is never called, and lent to every
command; whatever stands nearest to the end of the line wins.
Source: cli.md "Global options".
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Annotated, Any

import typer

from memberctl.cli.completion import complete_staff, one_of
from memberctl.core.errors import UsageProblem

FORMATS = "table plain tsv csv json jsonl ids count md html"


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """What the line said; None is "not said". Names are those of the parameters below."""

    db: str | None = None
    config: str | None = None
    format: str | None = None
    fields: str | None = None
    output: str | None = None
    limit: str | None = None
    no_header: bool | None = None
    for_excel: bool | None = None
    force: bool | None = None
    quiet: bool | None = None
    verbose: bool | None = None
    color: str | None = None
    no_input: bool | None = None
    yes: bool | None = None
    dry_run: bool | None = None
    as_staff: str | None = None
    as_of: str | None = None
    key: str | None = None
    reveal: str | None = None
    pin_file: str | None = None


NAMES = tuple(field.name for field in fields(GlobalOptions))
LENT = "global "  # Before a lent parameter's name, so that no command's own can be meant.


def _declared(
    db: Annotated[str | None, typer.Option("--db", help="Store: a path or a database URL.")] = None,
    config: Annotated[str | None, typer.Option("--config", help="Configuration file.")] = None,
    format: Annotated[
        str | None,
        typer.Option("--format", "-f", help=FORMATS, autocompletion=one_of(FORMATS)),
    ] = None,
    fields: Annotated[
        str | None, typer.Option("--fields", help="Keys to show, joined by commas.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="File to write; - is stdout.")
    ] = None,
    limit: Annotated[str | None, typer.Option("--limit", help="Most rows to show.")] = None,
    no_header: Annotated[
        bool | None, typer.Option("--no-header", help="Leave out the header row.")
    ] = None,
    for_excel: Annotated[
        bool | None, typer.Option("--for-excel", help="CSV that a spreadsheet opens safely.")
    ] = None,
    force: Annotated[
        bool | None, typer.Option("--force", help="Let --output replace a file.")
    ] = None,
    quiet: Annotated[bool | None, typer.Option("--quiet", "-q", help="Fewer words.")] = None,
    verbose: Annotated[bool | None, typer.Option("--verbose", "-v", help="More words.")] = None,
    color: Annotated[
        str | None,
        typer.Option(
            "--color", help="auto, always or never", autocompletion=one_of("auto always never")
        ),
    ] = None,
    no_input: Annotated[bool | None, typer.Option("--no-input", help="Never ask.")] = None,
    yes: Annotated[bool | None, typer.Option("--yes", "-y", help="Do it without asking.")] = None,
    dry_run: Annotated[
        bool | None, typer.Option("--dry-run", "-n", help="Do all of it, then take it back.")
    ] = None,
    as_staff: Annotated[
        str | None,
        typer.Option(
            "--as", help="Act for another member of staff.", autocompletion=complete_staff
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Date or instant that stands for now.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="Idempotency key: the same key happens once.")
    ] = None,
    reveal: Annotated[
        str | None, typer.Option("--reveal", help="Reason to show personal data in the clear.")
    ] = None,
    pin_file: Annotated[
        str | None, typer.Option("--pin-file", help="File with the PIN that --as may take.")
    ] = None,
) -> None:
    """Declare the global options; nothing calls this."""


@lru_cache(maxsize=1)
def _parameters() -> tuple[Any, ...]:
    declaring = typer.Typer(add_completion=False, rich_markup_mode=None)
    declaring.command()(_declared)
    return tuple(typer.main.get_command(declaring).params)


def lent_parameters(own: list[Any], *, hidden: bool) -> list[Any]:
    """Return the global options as parameters for a command that has `own` already.

    Where a command has an option of the same spelling, its own meaning holds; the other
    spellings of a global option stay.
    """
    taken = {spelling for parameter in own for spelling in parameter.opts}
    lent = []
    for one in _parameters():
        left = [spelling for spelling in one.opts if spelling not in taken]
        if left:
            parameter = copy.copy(one)
            parameter.opts = left
            parameter.name = LENT + parameter.name
            parameter.hidden = hidden
            lent.append(parameter)
    return lent


def show_lent(parameters: list[Any]) -> None:
    """Let completion offer the global options among a command's parameters."""
    for parameter in parameters:
        if parameter.name.startswith(LENT):
            parameter.hidden = False


def said_so_far(ctx: typer.Context | None, name: str) -> str | None:
    """Return a global option of a line that is still being typed; the nearest to its end wins."""
    place: Any = ctx
    while place is not None:
        said = place.params.get(LENT + name)
        if said is not None:
            return str(said)
        place = place.parent
    return None


def take_from(params: dict[str, Any]) -> dict[str, Any]:
    """Remove the global options from a command's parsed parameters and return those given.

    Raises UsageProblem for an empty one: `--db "$DB"` with nothing in DB must not mean another
    store, nor `--as "$WHO"` oneself.
    """
    found = {name: params.pop(LENT + name) for name in NAMES if LENT + name in params}
    given = {name: value for name, value in found.items() if value is not None}
    for name, value in given.items():
        if isinstance(value, str) and not value.strip():
            spelling = "as" if name == "as_staff" else name.replace("_", "-")
            raise UsageProblem(f"--{spelling} is empty")
    return given
