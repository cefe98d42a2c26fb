"""The commands of the tree, for tests that hold for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memberctl.cli.lazy import TREE
from memberctl.cli.main import tree


def verbs() -> Iterator[tuple[str, Any]]:
    """Yield every command of the tree with its path."""
    root = tree()
    for name in TREE:
        yield from verbs_under(name, root.get_command(None, name))


def verbs_under(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield a command, or the commands of a noun, some of which are nouns again."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    for verb, inner in command.commands.items():
        yield from verbs_under(f"{name} {verb}", inner)
