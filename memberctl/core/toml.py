"""TOML that somebody wrote: read, or refused in one way whatever is wrong with it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any


class NotToml(ValueError):
    """A text is no TOML; the message says why and, where that is known, at which line."""


def read_toml(text: str, *, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Return what a TOML text holds.

    Raises NotToml, also for what the parser stumbles over: arrays within arrays without end, and
    whole numbers of thousands of digits.
    """
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except tomllib.TOMLDecodeError as problem:
        raise NotToml(str(problem)) from None
    except RecursionError:
        raise NotToml("it is nested too deeply") from None
    except ValueError:
        raise NotToml("a number has too many digits") from None
