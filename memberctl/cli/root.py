"""Commands that stand alone: init, batch, completion, help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from memberctl.cli.nouns import single
from memberctl.core.errors import NotFound, UsageProblem

init = single("init")
batch = single("batch")
completion = single("completion")
help_ = single("help")

TOPICS = Path(__file__).parent.parent / "help"


class Shell(StrEnum):
    """Shells that completion is made for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def topics_beginning(text: str) -> list[str]:
    """Return the topics of the manual whose names begin so."""
    return sorted(path.stem for path in TOPICS.glob("*.md") if path.stem.startswith(text))


@init.command("init")
def init_store(
    ctx: typer.Context,
    name: Annotated[str, typer.Option(help="The organisation's name.")] = "My organisation",
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "CNY",
    zone: Annotated[str, typer.Option(help="IANA time zone.")] = "Asia/Shanghai",
    region: Annotated[str, typer.Option(help="Region of phone numbers without a country.")] = "CN",
    owner: Annotated[
        str | None, typer.Option(help="Your staff code; your login name unless given.")
    ] = None,
) -> None:
    """Make a new store and its key file, with you as the owner.

    Example: memberctl --db club.db init --name "Longwind Fitness" --zone Asia/Shanghai
    """
    from memberctl.cli.founding import Wish, found_store

    run = ctx.obj
    wish = Wish(name=name, currency=currency, zone=zone, region=region, owner=owner)
    founded = found_store(run.settings, wish, command=run.command, dry_run=run.dry_run)
    run.mark_ended()
    run.output.say(
        founded,
        "Made the store of {name} at {store}; you are {owner}. Keep {key_file} safe, elsewhere.",
    )


@batch.command("batch")
def run_batch(ctx: typer.Context) -> None:
    """Run many commands from stdin, one line each, each in its own transaction.

    Every line is answered by one line of JSON. The exit code is 0 if all of them ended with 0,
    else 3.

    Example: printf 'plan list\\nstatus\\n' | memberctl batch
    """
    from memberctl.cli.main import run_line
    from memberctl.cli.run import Run, options_of

    outer: Run = ctx.obj
    if outer.in_batch:
        raise UsageProblem("a batch cannot stand in a batch")
    outer.stores = {}
    inherited = options_of(outer) | {"format": "json"}
    failed = 0
    try:
        for line in outer.stdin:
            if line.strip() and not line.lstrip().startswith("#"):
                failed += run_line(outer, inherited, line) != 0
    finally:
        for store in outer.stores.values():
            store.close()
    outer.exit_code = 3 if failed else 0


@completion.command("completion")
def show_completion(
    ctx: typer.Context, shell: Annotated[Shell, typer.Argument(help="bash, zsh or fish")]
) -> None:
    """Print the completion script of a shell.

    Example: memberctl completion bash > ~/.local/share/bash-completion/completions/memberctl
    """
    from memberctl.cli.completion import script

    ctx.obj.output.show_text(script(shell.value), {"shell": shell.value})


@help_.command("help")
def show_help(
    ctx: typer.Context,
    topic: Annotated[
        str | None,
        typer.Argument(help="A topic; none lists them.", autocompletion=topics_beginning),
    ] = None,
) -> None:
    """Show a page of the manual.

    Example: memberctl help import
    """
    known = topics_beginning("")
    if topic is None:
        rows = [{"topic": name, "about": _first_line(name)} for name in known]
        ctx.obj.output.show_list(rows, ("topic", "about"))
        return
    if topic not in known:
        raise NotFound(f"there is no such topic; there are {', '.join(known)}")
    text = (TOPICS / f"{topic}.md").read_text(encoding="utf-8")
    ctx.obj.output.show_text(text, {"topic": topic, "text": text})


def _first_line(topic: str) -> str:
    return (TOPICS / f"{topic}.md").read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
