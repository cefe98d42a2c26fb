"""The noun `template`: an organisation's own words for what members are told."""

from __future__ import annotations

from typing import Annotated

import typer

from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun
from memberctl.message.rules import Language

template = noun("template", "Templates: your own words for messages.")

TEMPLATES = ("purpose", "language", "own", "subject", "names", "changed_at", "changed_by")

PurposeArgument = Annotated[str, typer.Argument(help="What the message is for, e.g. welcome.")]
InLanguage = Annotated[Language, typer.Option("--language", help="Which language: zh or en.")]


@template.command("list")
def list_templates(
    ctx: typer.Context,
    language: Annotated[Language | None, typer.Option(help="Only this language.")] = None,
) -> None:
    """List what messages are for, whether the words are your own, and what names they may say.

    Example: memberctl template list --language zh
    """
    from memberctl.message.wordings import list_wordings

    with look(ctx, "message.read") as r:
        lines = list_wordings(r.session, language)
    r.show_list(lines, TEMPLATES)


@template.command()
def show(ctx: typer.Context, purpose: PurposeArgument, language: InLanguage) -> None:
    """Show the words of a message as they are written.

    Example: memberctl template show welcome --language en
    """
    from memberctl.message.wordings import parse_purpose, show_wording

    wanted = parse_purpose(purpose)
    with look(ctx, "message.read") as r:
        shown = show_wording(r.session, wanted, language)
    r.show_text(f"{shown.subject}\n\n{shown.body}", shown)


@template.command("set")
def set_(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="TOML file with [purpose], subject and body.")],
    language: InLanguage,
) -> None:
    """Use your own words: a table for each purpose, with subject and body.

    Only $names that `template list` shows may stand in them; anything else is refused now, not
    when a message is sent.

    Example: memberctl template set words.toml --language zh
    """
    from memberctl.core.textfile import open_text
    from memberctl.message import wordings

    opened = open_text(file, encoding="utf-8")
    try:
        found = wordings.parse_wordings(opened.lines().read(wordings.LONGEST_FILE))
    finally:
        opened.close()
    with work(ctx, "message.change") as w:
        done = wordings.set_wordings(w.session, found, language, by=w.actor, at=w.now)
        w.say({"templates": done, "count": len(done)}, "Set {count} templates.")


@template.command()
def reset(ctx: typer.Context, purpose: PurposeArgument, language: InLanguage) -> None:
    """Use the program's words for a message again.

    Example: memberctl template reset welcome --language zh
    """
    from memberctl.message import wordings

    wanted = wordings.parse_purpose(purpose)
    with work(ctx, "message.change") as w:
        done = wordings.reset_wording(w.session, wanted, language, by=w.actor, at=w.now)
        w.say(done, "Template {purpose}, {language}: {outcome}.")
