"""Reminders as pure decisions: which ends of terms a step is open for, and what a step came to.

Source: rules N1, N2, N5; mission S1.7.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from itertools import groupby
from typing import NamedTuple

from memberctl.core.schedules import Offset, closes_on
from memberctl.message.rules import Channel, Purpose

TOO_SHORT = "the term is no longer than this step"
_FAR = 800
"""Days within which every end lies for which a step can be open: steps go 400 days at most."""


class StepState(StrEnum):
    """What a step came to for one member, one term and one channel."""

    NOT_YET = "not_yet"
    DUE = "due"
    MISSED = "missed"
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"


class OpenEnds(NamedTuple):
    """A step and the ends of terms for which it is open today; none when first > last.

    days -- how many days before each of these ends the step is, below 0 after them
    """

    step: Offset
    purpose: Purpose
    first: date
    last: date
    days: int


@dataclass(frozen=True, slots=True)
class RemindersRun:
    """What `reminder run` came to, in reminders: one for each term, step and channel.

    due = queued + already + suppressed; already -- queued or sent by an earlier run
    """

    due: int
    queued: int
    already: int
    suppressed: int


@dataclass(frozen=True, slots=True)
class Explained:
    """One line of `reminder explain`.

    due_on, until_on -- from when until when the step is open; at -- when it was sent or queued
    """

    member: str
    term: str
    end_on: date
    step: str
    due_on: date
    until_on: date
    channel: Channel
    state: StepState
    why: str
    message: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step as it is set. example -- its day for a term that ends on 2026-03-31"""

    step: str
    purpose: Purpose
    when: str
    open_days: int
    example: date


def purpose_of(step: Offset) -> Purpose:
    """Return what is said at a step: until the end that it comes, afterwards a word of welcome."""
    return Purpose.WIN_BACK if step.after else Purpose.RENEWAL_REMINDER


def open_ends(steps: Sequence[Offset], today: date, window_days: int) -> list[OpenEnds]:
    """Return for each step the ends of terms for which it is open on `today`.

    Both the first and the last day of a step move along with the end, so the ends are a stretch;
    it is cut where a month before them has another number of days. Source: rules N1.
    """
    around = range(today.toordinal() - _FAR, today.toordinal() + _FAR)
    found: list[OpenEnds] = []
    for place, step in enumerate(steps):
        first = bisect_left(around, today, key=partial(_closes, steps, place, window_days))
        after = bisect_right(around, today, key=partial(_begins, step))
        found += _cut(step, date.fromordinal(around[first]), date.fromordinal(around[after - 1]))
    return found


def _cut(step: Offset, first: date, last: date) -> Iterator[OpenEnds]:
    if first > last:
        yield OpenEnds(step, purpose_of(step), first, last, 0)
    ends = (date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1))
    for days, group in groupby(ends, lambda end_on: (end_on - step.from_(end_on)).days):
        piece = list(group)
        yield OpenEnds(step, purpose_of(step), piece[0], piece[-1], days)


def is_within(step: Offset, start_on: date, end_on: date) -> bool:
    """Whether a step's day comes after a term's first: who joins is not told at once that it ends.

    A term of one month has no "one month before". Source: rules N1, N2.
    """
    return step.from_(end_on) > start_on


def _begins(step: Offset, day: int) -> date:
    return step.from_(date.fromordinal(day))


def _closes(steps: Sequence[Offset], place: int, window_days: int, day: int) -> date:
    return closes_on(steps, place, date.fromordinal(day), window_days)


def cause_of(term_id: int, step: Offset) -> str:
    """Return the cause of a reminder: with member, purpose and channel its only key (N1)."""
    return f"T-{term_id}/{step.key}"


def parse_cause(cause: str) -> tuple[int, str]:
    """Return the term's id and the step's key of a cause that `cause_of` made."""
    term, _, key = cause.removeprefix("T-").partition("/")
    return int(term), key


def step_words(step: Offset) -> str:
    """Return a step in words: "1 month before the end"."""
    if step.count == 0:
        return "on the last day"
    unit = {"d": "day", "w": "week", "m": "month"}[step.unit.value]
    plural = "" if step.count == 1 else "s"
    return f"{step.count} {unit}{plural} {'after' if step.after else 'before'} the end"
