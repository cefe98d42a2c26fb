"""Which pairs of people are worth comparing: those that share a key, small groups first.

A hundred thousand people make five thousand million pairs; nearly all share nothing. Keys are
made so that a person with several things wrong still shares one of them.
Source: performance.md "duplicates found by ... one join instead of look-ups".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

from memberctl.member.likeness import Person, sound

PAIRS_EACH = 10
"""Pairs that are compared for each person at most, on the average."""

FEWEST_PAIRS = 200_000
LARGEST_GROUP = 400
"""A key that more people share, such as the first of January 1900, tells nobody apart."""

_DELETABLE = 12
_END = 3
Key = tuple[str, ...]


def candidates(people: Sequence[Person]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of places in `people` to compare, each once and the smaller place first."""
    count = len(people)
    budget = max(FEWEST_PAIRS, PAIRS_EACH * count)
    # One number for a pair takes half the memory of two.
    found: set[int] = set()
    for group in sorted(_groups(people), key=len):
        if len(found) + len(group) * (len(group) - 1) // 2 > budget:
            break
        found.update([one * count + other for one, other in combinations(group, 2)])
    for pair in found:
        yield divmod(pair, count)


def _groups(people: Sequence[Person]) -> list[list[int]]:
    """Return the places of those who share a key."""
    sharing: dict[Key, int | list[int]] = {}
    for place, who in enumerate(people):
        for key in set(_keys(who)):
            there = sharing.get(key)
            # Most keys are one person's alone, for whom a list would be a waste.
            if there is None:
                sharing[key] = place
            elif isinstance(there, int):
                sharing[key] = [there, place]
            else:
                there.append(place)
    return [
        group for group in sharing.values()
        if not isinstance(group, int) and len(group) <= LARGEST_GROUP
    ]  # fmt: skip


def _keys(who: Person) -> Iterator[Key]:
    """Yield what brings somebody together with their other records."""
    for kind, number in who.numbers.items():
        yield kind, str(number)
        if isinstance(number, str):
            yield from _with_one_missing(kind, number)
    if who.phone is not None:
        yield "phone", who.phone
    if who.email is not None:
        yield "email", who.email.partition("@")[0]
    if who.born is not None:
        yield "born", who.born
    yield "name", "".join(sorted(who.compact))
    yield from _by_name(who)
    yield from _by_place(who)


def _by_name(who: Person) -> Iterator[Key]:
    # Half of all Chinese people have one of twenty surnames: the given name tells more.
    telling = who.tokens[1:] if who.chinese else who.tokens
    codes = sorted({sound(token) for token in telling})
    if len(codes) > 1:
        yield "sounds", *codes
    if not who.chinese and len(telling) == 2:
        # A slip changes the code of a name, but hardly ever both of its ends.
        for whole, part in permutations(telling):
            yield "begins", whole, part[:_END]
            yield "ends", whole, part[-_END:]
    for code in codes:
        if who.born is not None:
            yield "year", code, who.born[:4]
            yield "day", code, who.born[4:]
        if who.phone is not None:
            yield "end", code, who.phone[-4:]
        for number in who.house:
            yield "house", code, number
        for word in who.places:
            yield "at", code, word


def _by_place(who: Person) -> Iterator[Key]:
    """Yield the numbers of an address in pairs, such as house and post code."""
    yield from (("place", *pair) for pair in combinations(sorted(who.house)[:4], 2))
    if who.born is not None:
        yield from (("born at", who.born[:4], number) for number in who.house)


def _with_one_missing(kind: str, number: str) -> Iterator[Key]:
    """Yield a number without each of its characters: two with one slip have one in common."""
    if len(number) <= _DELETABLE:
        for place in range(len(number)):
            yield "missing", kind, number[:place] + number[place + 1 :]
