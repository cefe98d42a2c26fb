"""What is decided about a branch: where it lies, when it is open, how many it holds.

Source: rules T1, C4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from memberctl.core import dates
from memberctl.core.errors import Invalid
from memberctl.core.money import parse_count
from memberctl.office.hours import parse_hours
from memberctl.office.rules import Outcome

NO_LIMIT = "none"
"""The word by which a branch is let off its own zone, hours or capacity."""
MOST_INSIDE = 100_000


@dataclass(frozen=True, slots=True)
class BranchSettings:
    """What is to be changed at a branch; None leaves what holds, "" and 0 lift a limit."""

    zone: str | None = None
    hours: str | None = None
    capacity: int | None = None


def branch_settings(*, zone: str | None, hours: str | None, capacity: str | None) -> BranchSettings:
    """Return what was typed about a branch as one checked value; `none` lifts each limit.

    Raises Invalid, also when nothing is to be changed.
    """
    if zone is hours is capacity is None:
        raise Invalid("say what is to be changed: --zone, --hours or --capacity", rule="missing")
    return BranchSettings(
        zone=_unless_none(zone, lambda text: dates.zone(text).key),
        hours=_unless_none(hours, lambda text: str(parse_hours(text))),
        capacity=None if capacity is None else _capacity(capacity),
    )


def _unless_none(text: str | None, parse: Callable[[str], str]) -> str | None:
    if text is None:
        return None
    return "" if text.strip().lower() == NO_LIMIT else parse(text.strip())


def _capacity(text: str) -> int:
    if text.strip().lower() == NO_LIMIT:
        return 0
    return parse_count(text, what="the capacity", most=MOST_INSIDE)


@dataclass(frozen=True, slots=True)
class BranchChanged:
    """What a change of a branch came to."""

    code: str
    name: str
    card_digits: str
    zone: str | None
    hours: str
    capacity: int | None
    outcome: Outcome
