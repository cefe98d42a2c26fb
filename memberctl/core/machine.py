"""Every state machine is a table; this is the only code that reads them.

A table maps (state, verb) to the next state: {(State.APPROVED, "pay"): State.PAID}.
Source: rules O1.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from memberctl.core.errors import RuleRefused

S = TypeVar("S", bound=StrEnum)


def step(
    table: Mapping[tuple[S, str], S], state: S, verb: str, what: str, *, hint: str | None = None
) -> S:
    """Return the state that `verb` leads to from `state`, or refuse and say what is allowed.

    what -- the thing as the refusal calls it, e.g. "refund RF-0007"; hint -- where to look
    Raises RuleRefused, with the verbs that are allowed now, when the table has no such step.
    """
    found = table.get((state, verb))
    if found is None:
        raise RuleRefused(
            f"cannot {verb} {what}: it is {state}", hint=hint, allowed=allowed(table, state)
        )
    return found


def allowed(table: Mapping[tuple[S, str], S], state: S) -> tuple[str, ...]:
    """Return the verbs that lead out of `state`, in the order of the table."""
    return tuple(verb for origin, verb in table if origin == state)
