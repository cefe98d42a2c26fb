"""Nouns and their verbs: Typer apps whose commands all take the global options."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from memberctl.cli.options import lent_parameters, show_lent, take_from

FIRST_PARAGRAPH = re.compile(r"\s*\n\s*\n")
EPILOG = "Every command also takes the global options: memberctl help options"
DOCUMENTS = "memberctl_documents"
HELP_NAMES = {"help_option_names": ["--help", "-h"]}


def writes(*suffixes: str) -> Callable[[Any], Any]:
    """Let a command write files with these suffixes in a form of its own, e.g. ".pdf"."""

    def mark(command: Any) -> Any:
        setattr(command, DOCUMENTS, frozenset(suffixes))
        return command

    return mark


class Verb(TyperCommand):
    """A command that takes the global options and gives them to the run."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *lent_parameters(self.params, hidden=True)]
        self.epilog = self.epilog or EPILOG
        # The mark keeps an example on its line, so that it can be copied from a narrow terminal.
        self.help = (self.help or "").replace("\n\nExample:", "\n\n\b\nExample:")

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Offer the global options too, which help leaves to the root."""
        show_lent(self.params)
        return super().shell_complete(ctx, incomplete)

    def invoke(self, ctx: Any) -> Any:
        """Hand the global options to the run, then call the command with its own."""
        ctx.obj.take(take_from(ctx.params))
        documents: frozenset[str] = getattr(self.callback, DOCUMENTS, frozenset())
        ctx.obj.enter(ctx.command_path.partition(" ")[2], ctx.params, documents)
        return super().invoke(ctx)


class NounGroup(TyperGroup):
    """A noun: takes the global options between itself and its verb."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *lent_parameters(self.params, hidden=True)]
        self.epilog = self.epilog or EPILOG

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Offer the global options too, which help leaves to the root."""
        show_lent(self.params)
        return super().shell_complete(ctx, incomplete)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of verbs, each with its first sentence whole."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, FIRST_PARAGRAPH.split(verb.help or "")[0].replace("\n", " "))
                    for name, verb in self.commands.items()
                ]
            )

    def invoke(self, ctx: Any) -> Any:
        """Hand the global options to the run, then go on to the verb."""
        ctx.obj.take(take_from(ctx.params))
        return super().invoke(ctx)


class Noun(typer.Typer):
    """A Typer app whose commands are Verbs."""

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Any], Any]:
        """Register a verb under this noun. settings -- cls, for a verb of a kind of its own"""
        return super().command(name, **{"cls": Verb, "context_settings": HELP_NAMES, **settings})


def noun(name: str, help_: str) -> Noun:
    """Return the app of one noun. help_ -- one sentence for `memberctl --help`."""
    app = Noun(
        name=name,
        help=help_,
        cls=NounGroup,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings=HELP_NAMES,
    )

    @app.callback()
    def _group() -> None:
        """Keep a noun with one verb a noun."""

    return app


def single(name: str) -> Noun:
    """Return the app of one command that stands alone, such as `status`."""
    return Noun(
        name=name, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
    )
