"""What was changed of a term after it was granted, and what the term was known to be on a day.

A term's row says how it stands now; its changes are never edited, so any past day is derived.
Source: rules T7, T9, M10; mission S1.10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from memberctl.core.dates import Span


class ChangeKind(StrEnum):
    """What happened to a term."""

    FROZEN = "frozen"
    RESUMED = "resumed"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    TRANSFERRED = "transferred"
    SWITCHED = "switched"
    RESTORED = "restored"


ENDINGS = frozenset(
    {
        ChangeKind.CANCELLED,
        ChangeKind.REFUNDED,
        ChangeKind.TRANSFERRED,
        ChangeKind.SWITCHED,
    }
)
"""What ends a term before its time; SWITCHED goes on as a term of another plan the day after."""

CARRIED_ON = frozenset({ChangeKind.SWITCHED, ChangeKind.TRANSFERRED})
"""Endings after which somebody goes on using what was paid, under another order."""

CUT_SHORT = ENDINGS - {ChangeKind.SWITCHED}
"""Endings after which the member is `cancelled`, without grace (rules T7)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a term.

    recorded_on   -- the local date from which it is a fact
    before, after -- the term's days
    stretch       -- the frozen days, or those that were used of a freeze that was resumed, or None
    follows       -- the change that this one takes back, or by which the term was moved, or None
    """

    id: int
    kind: ChangeKind
    recorded_on: date
    before: Span
    after: Span
    stretch: Span | None = None
    follows: int | None = None


def known(changes: Sequence[Change], as_of: date) -> tuple[Change, ...]:
    """Return the changes that were recorded by the end of `as_of`, in their order."""
    return tuple(change for change in changes if change.recorded_on <= as_of)


def span_known(now: Span, changes: Sequence[Change], as_of: date) -> Span:
    """Return a term's days as they were known at the end of `as_of`.

    now -- as they stand; changes -- all of them, in the order in which they were recorded
    """
    later = [change for change in changes if change.recorded_on > as_of]
    return later[0].before if later else now


def freezes(changes: Sequence[Change]) -> tuple[Span, ...]:
    """Return the stretches in which a term was, is or will be frozen. Source: rules T9."""
    found = {each.id: each.stretch for each in changes if each.kind is ChangeKind.FROZEN}
    for change in changes:
        if change.kind is ChangeKind.RESUMED and change.follows in found:
            found[change.follows] = change.stretch
    return tuple(stretch for stretch in found.values() if stretch is not None)


def ending(changes: Sequence[Change]) -> ChangeKind | None:
    """Return what ended a term before its time, or None; what was restored did not end."""
    found: ChangeKind | None = None
    for change in changes:
        if change.kind in ENDINGS:
            found = change.kind
        elif change.kind is ChangeKind.RESTORED:
            found = None
    return found


def days_sold(span: Span, frozen: Sequence[Span]) -> int:
    """Return how many days of entitlement a term holds: its days less those it was frozen."""
    return span.days - sum(_shared(span, each) for each in frozen)


def days_used(span: Span, frozen: Sequence[Span], last_on: date) -> int:
    """Return how many days of entitlement were used when a term ends on `last_on`.

    A frozen day is not used; 0 when the term had not begun. Source: rules M6, T9.
    """
    if last_on < span.start_on:
        return 0
    return days_sold(Span(span.start_on, min(last_on, span.end_on)), frozen)


def _shared(one: Span, other: Span) -> int:
    first, last = max(one.start_on, other.start_on), min(one.end_on, other.end_on)
    return max((last - first).days + 1, 0)
