"""Opening hours of a week, as people write them: "mon-fri 06:00-22:00, sat-sun 08:00-20:00".

Source: rules C4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby

from memberctl.core.errors import Invalid

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
LONGEST = 1_000
_DAY = "|".join(DAYS)
_ENTRY = re.compile(
    rf"(daily|(?:{_DAY})(?:-(?:{_DAY}))?)((?: +[0-9]{{2}}:[0-9]{{2}}-[0-9]{{2}}:[0-9]{{2}})+)"
)
_SPAN = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class WeekHours:
    """When something is open. days -- for Monday to Sunday, spans of minutes, end exclusive."""

    days: tuple[Spans, ...]

    def contains(self, local: datetime) -> bool:
        """Whether it is open at a local time."""
        minute = local.hour * 60 + local.minute
        return any(begin <= minute < end for begin, end in self.days[local.weekday()])

    def __str__(self) -> str:
        """Return the one form in which equal hours are written."""
        return ", ".join(_entries(self.days))


@lru_cache(maxsize=256)
def parse_hours(text: str) -> WeekHours:
    """Return the hours that `text` says; a day that it does not name is closed.

    text -- entries joined by commas, each days and spans: "mon-fri 06:00-12:00 13:00-22:00";
            "daily" is every day; a span that ends before it begins goes on into the next day
    Raises Invalid.
    """
    typed = text.strip().lower()
    if not typed or len(typed) > LONGEST:
        raise _malformed()
    week: list[list[tuple[int, int]]] = [[] for _ in DAYS]
    for entry in typed.split(","):
        match = _ENTRY.fullmatch(entry.strip())
        if match is None:
            raise _malformed()
        for day in _days(match[1]):
            for span in _SPAN.finditer(match[2]):
                _open(week, day, _minutes(span[1], span[2]), _minutes(span[3], span[4]))
    return WeekHours(tuple(_without_overlap(spans) for spans in week))


def _days(named: str) -> Iterator[int]:
    if named == "daily":
        yield from range(len(DAYS))
        return
    first, _, last = named.partition("-")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    yield from (day % len(DAYS) for day in range(begin, end + 1 + (7 if end < begin else 0)))


def _minutes(hours: str, minutes: str) -> int:
    clock = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or clock > DAY_MINUTES:
        raise Invalid("a time of opening hours lies between 00:00 and 24:00", rule="hours_clock")
    return clock


def _open(week: list[list[tuple[int, int]]], day: int, begin: int, end: int) -> None:
    if begin in {end, DAY_MINUTES}:
        raise Invalid("opening hours end at another time than they begin", rule="hours_empty")
    if begin < end:
        week[day].append((begin, end))
        return
    week[day].append((begin, DAY_MINUTES))
    if end:
        week[(day + 1) % len(DAYS)].append((0, end))


def _without_overlap(spans: list[tuple[int, int]]) -> Spans:
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return tuple(joined)


def _entries(days: tuple[Spans, ...]) -> Iterator[str]:
    for spans, group in groupby(range(len(DAYS)), key=lambda day: days[day]):
        run = list(group)
        if spans:
            named = DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}"
            yield f"{named} {' '.join(f'{_clock(begin)}-{_clock(end)}' for begin, end in spans)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _malformed() -> Invalid:
    return Invalid(
        "opening hours are written like mon-fri 06:00-22:00, sat-sun 08:00-20:00",
        rule="hours_form",
    )
