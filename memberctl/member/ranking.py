"""Pairs of people who may be one person, the most probable first, with the reasons.

Source: rules A3; mission S0.2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from math import log2

from memberctl.member.blocking import candidates
from memberctl.member.likeness import Level, Person, are_proven_two
from memberctl.member.weighing import Frequencies, Pattern, Weights, learn, pattern_of

LIKELY = 0.5
"""From here on a pair is more probably one person than not."""

SURE = 0.9
"""From here on two pairs that share a person may imply the third."""

CONTRADICTED = 0.001
"""Below, what two people say themselves outweighs that both seem to be a third."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one field says about a pair; weight -- in bits, below 0 against it."""

    field: str
    level: str
    weight: Decimal


@dataclass(frozen=True, slots=True)
class LikelyPair:
    """Two places in a list of people.

    score -- how probable it is that they are one person; weight -- log2 of the odds
    """

    one: int
    other: int
    score: float
    weight: float
    parts: tuple[Part, ...]


def rank_pairs(people: Sequence[Person], *, least: float = LIKELY) -> list[LikelyPair]:
    """Return the pairs of people who are one person with a probability of at least `least`.

    The number of pairs that are looked at grows with the number of people, not with its square.
    A Chinese name alone makes no pair: something else has to agree, or nearly.
    """
    often = Frequencies(people)
    alike: dict[Pattern, list[tuple[int, int]]] = {}
    for one, other in candidates(people):
        if not are_proven_two(people[one], people[other]):
            pattern = pattern_of(people[one], people[other], often)
            alike.setdefault(pattern, []).append((one, other))
    weights = learn(people, {pattern: len(pairs) for pattern, pairs in alike.items()}, often)
    found: list[LikelyPair] = []
    for pattern, pairs in alike.items():
        score = weights.probability(pattern)
        if score >= least and pattern.is_supported:
            parts = _parts(pattern, weights)
            weight = odds(score)
            found += [LikelyPair(one, other, score, weight, parts) for one, other in pairs]
    by_places = {(pair.one, pair.other): pair for pair in found}
    by_places |= _implied(people, found, often, weights, least)
    return sorted(by_places.values(), key=lambda pair: (-pair.score, pair.one, pair.other))


def _implied(
    people: Sequence[Person],
    found: Sequence[LikelyPair],
    often: Frequencies,
    weights: Weights,
    least: float,
) -> dict[tuple[int, int], LikelyPair]:
    """Return pairs who are one person because both are a third, and nothing says otherwise.

    A pair that was found already is returned when the third makes it more probable.
    """
    sure: defaultdict[int, dict[int, float]] = defaultdict(dict)
    for pair in found:
        if pair.score >= SURE:
            sure[pair.one][pair.other] = sure[pair.other][pair.one] = pair.score
    listed = {(pair.one, pair.other): pair.score for pair in found}
    implied: dict[tuple[int, int], LikelyPair] = {}
    for others in sure.values():
        for one, other in combinations(sorted(others), 2):
            score = others[one] * others[other]
            if score < max(least, listed.get((one, other), 0.0)):
                continue
            pattern = pattern_of(people[one], people[other], often)
            if weights.probability(pattern) >= CONTRADICTED:
                implied[one, other] = LikelyPair(
                    one, other, score, odds(score), _parts(pattern, weights)
                )
    return implied


def odds(score: float) -> float:
    """Return log2 of the odds of a probability, with one decimal; 60 is as good as certain."""
    return round(min(log2(score / (1 - score)), 60.0), 1) if score < 1 else 60.0


def _parts(pattern: Pattern, weights: Weights) -> tuple[Part, ...]:
    return tuple(
        Part(field, level.name.lower(), Decimal(f"{weight:.1f}"))
        for field, level, weight in weights.parts(pattern)
    )


def groups_of(pairs: Iterable[LikelyPair]) -> dict[int, int]:
    """Return for each place that is in a pair the smallest place of all who are that person."""
    first: dict[int, int] = {}

    def head(place: int) -> int:
        while first.setdefault(place, place) != place:
            first[place] = first[first[place]]
            place = first[place]
        return place

    for pair in pairs:
        one, other = sorted((head(pair.one), head(pair.other)))
        first[other] = one
    return {place: head(place) for place in list(first)}


__all__ = ["LIKELY", "Level", "LikelyPair", "Part", "groups_of", "rank_pairs"]
