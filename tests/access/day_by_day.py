"""Terms as somebody would count them on a wall calendar, day by day, without any date library.

A day is a whole number, counted from 1 January 2000. Nothing here uses what it is to judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
Day = int
Term = tuple[Day, Day]


def _days_of(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else LENGTHS[month - 1]


@lru_cache(maxsize=1)
def wall() -> tuple[tuple[int, int, int], ...]:
    """Return the calendar: year, month and day of the month of every day of a century."""
    return tuple(
        (year, month, day)
        for year in range(2000, 2100)
        for month in range(1, 13)
        for day in range(1, _days_of(year, month) + 1)
    )


def marks(anchor: Day) -> Iterator[Day]:
    """Yield the days on which another month since `anchor` is over, one after the other.

    That is the anchor's day of the month, or the last of a month that has no such day.
    """
    wanted = wall()[anchor][2]
    day = anchor
    while True:
        day += 1
        year, month, of_month = wall()[day]
        last = _days_of(year, month)
        if of_month == wanted or (wanted > last and of_month == last):
            yield day


def following(anchor: Day, start: Day, count: int, unit: str) -> tuple[Day, Day]:
    """Return (anchor, last day) of a term of `count` months or days that begins on `start`.

    It goes on in the anchor's series where `start` is one of its marks, else it begins another.
    """
    if unit == "d":
        return start, start + count - 1
    if start != anchor:
        for mark in marks(anchor):
            if mark >= start:
                break
        if mark != start:
            anchor = start
    over = [mark for mark, _ in zip(_after(anchor, start), range(count), strict=False)]
    return anchor, over[-1] - 1


def _after(anchor: Day, start: Day) -> Iterator[Day]:
    for mark in marks(anchor):
        if mark > start:
            yield mark


class Membership:
    """One member's terms of one product, each a list of the days on which it could be used.

    sold -- per term the days that were paid for; frozen -- days on which nothing is used up
    """

    def __init__(self, count: int, unit: str, grace: int) -> None:
        self.count, self.unit, self.grace = count, unit, grace
        self.anchors: list[Day] = []
        self.starts: list[Day] = []
        self.sold: list[int] = []
        self.frozen: set[Day] = set()

    def terms(self) -> list[Term]:
        """Return first and last day of each term: it lasts until its paid days are used up."""
        found: list[Term] = []
        for planned, days in zip(self.starts, self.sold, strict=True):
            # What a freeze pushed on moves along.
            start = max(planned, found[-1][1] + 1) if found else planned
            day, left = start - 1, days
            while left:
                day += 1
                left -= day not in self.frozen
            found.append((start, day))
        return found

    def pay(self, on: Day) -> None:
        """Pay for another term."""
        terms = self.terms()
        if not terms or on > terms[-1][1] + self.grace:
            anchor = start = on
        else:
            anchor, start = self.anchors[-1], terms[-1][1] + 1
        anchor, last = following(anchor, start, self.count, self.unit)
        self.anchors.append(anchor)
        self.starts.append(start)
        self.sold.append(last - start + 1)

    def freeze(self, days: Sequence[Day]) -> None:
        """Let days pass without using anything up."""
        self.starts = [start for start, _ in self.terms()]
        self.frozen |= set(days)

    def thaw(self, days: Sequence[Day]) -> None:
        """Let the rest of a freeze count again; what had moved along comes back as far."""
        still = self.frozen - set(days)
        back = len(self.frozen) - len(still)
        ends = self.terms()
        self.frozen = still
        pushed = {n for n, (start, _) in enumerate(ends) if start > max(days)}
        self.starts = [
            start - back if n in pushed and self._follows(ends, n) else start
            for n, (start, _) in enumerate(ends)
        ]

    def _follows(self, terms: Sequence[Term], n: int) -> bool:
        return n > 0 and terms[n][0] == terms[n - 1][1] + 1
