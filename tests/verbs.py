"""The commands of the tree, for tests that hold for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
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


def is_free(parameter: Any) -> bool:
    """Tell whether a parameter takes what somebody types: no flag, no word out of a list."""
    wanted = parameter.type_descriptor
    kind = (wanted() if callable(wanted) else wanted).annotation
    own = not parameter.name.startswith("global ")
    return own and not (isinstance(kind, type) and issubclass(kind, (bool, Enum)))


def taker(command: Any, words: list[str], value: str) -> str | None:
    """Return the name of the parameter that takes the word in which `value` stands."""
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = {name: each for each in command.params for name in each.opts}
    places, rest = iter(arguments), iter(words)
    positional = False
    for word in rest:
        if word == "--":
            positional = True
        elif word.startswith("--") and not positional:
            name, _, said = word.partition("=")
            option = options.get(name)
            count = 0 if said or option is None or option.is_flag else option.nargs
            taken = [said, *(next(rest, "") for _ in range(count))]
            if option is not None and any(value in each for each in taken):
                return str(option.name)
        else:
            argument = next(places, arguments[-1] if arguments else None)
            if value in word:
                return None if argument is None else str(argument.name)
    return None
