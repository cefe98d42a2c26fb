"""What agreement is worth: weights in the sense of Fellegi and Sunter, learnt from the data.

For every field and level two probabilities count: how often records of one person look so (m) and
how often those of two strangers do (u). log2(m/u) is the weight of what was seen, and the weights
of a pair add up. Strangers are measured: rare names and dates agree seldom by chance, so their
agreement says more. m is learnt by expectation maximisation over all pairs, beginning from what
is usual, so that a field in which nobody agrees, such as an address invented for each record,
comes to weigh nothing.

People who live together are a third kind of pair, neither one person nor strangers: they share
surname, address and phone. Without them every family would be one person.
Source: Fellegi and Sunter, A theory for record linkage (1969); Winkler (1988); rules A3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import NamedTuple

from memberctl.member.likeness import (
    FIELDS,
    Level,
    Person,
    compare_codes,
    compare_dates,
    compare_emails,
    compare_houses,
    compare_names,
    compare_numbers,
    compare_streets,
)


class Pattern(NamedTuple):
    """What a pair looks like, with one level, or None, for each field.

    rarity -- how rare the parts of the names that agree are: they agree by chance once in
              2 ** rarity pairs
    """

    name: int | None
    birth_date: int | None
    id_number: int | None
    phone: int | None
    email: int | None
    street: int | None
    house: int | None
    rarity: int
    chinese: bool

    @property
    def is_supported(self) -> bool:
        """Whether a Chinese name, which thousands have, has something beside it that agrees."""
        return not self.chinese or any(
            level is not None and level <= Level.NEAR for level in self[1 : len(FIELDS)]
        )


Row = tuple[float, ...]
# For each field: the usual share of each level (SAME, NEAR, PART, SHARED, DIFFERENT) ...
# ... among records of one person,
ONE_PERSON: Mapping[str, Row] = {
    "name": (0.74, 0.14, 0.05, 0.04, 0.03),
    "birth_date": (0.90, 0.05, 0.02, 0.001, 0.03),
    "id_number": (0.90, 0.06, 0.001, 0.001, 0.04),
    "phone": (0.60, 0.05, 0.001, 0.001, 0.35),
    "email": (0.50, 0.06, 0.001, 0.001, 0.44),
    "street": (0.55, 0.20, 0.07, 0.03, 0.15),
    "house": (0.60, 0.16, 0.09, 0.001, 0.15),
}
# ... among people who live together,
ONE_HOUSEHOLD: Mapping[str, Row] = {
    "name": (0.01, 0.02, 0.02, 0.60, 0.35),
    "birth_date": (0.03, 0.01, 0.03, 0.001, 0.93),
    "id_number": (0.0001, 0.01, 0.001, 0.001, 0.99),
    "phone": (0.50, 0.03, 0.001, 0.001, 0.47),
    "email": (0.15, 0.03, 0.001, 0.001, 0.82),
    "street": (0.75, 0.15, 0.04, 0.02, 0.04),
    "house": (0.80, 0.14, 0.03, 0.001, 0.03),
}
# ... and among strangers.
STRANGERS: Mapping[str, Row] = {
    "name": (0.002, 0.004, 0.004, 0.05, 0.94),
    "birth_date": (0.00005, 0.003, 0.01, 0.0001, 0.987),
    "id_number": (0.000001, 0.00002, 0.000001, 0.000001, 0.99998),
    "phone": (0.00001, 0.0001, 0.000001, 0.000001, 0.9999),
    "email": (0.000003, 0.0001, 0.000001, 0.000001, 0.9999),
    "street": (0.0005, 0.003, 0.02, 0.10, 0.87),
    "house": (0.002, 0.01, 0.05, 0.0001, 0.938),
}
DIFFERING_AT_MOST: Mapping[str, float] = {"name": 0.10, "birth_date": 0.20, "id_number": 0.25}
"""Among records of one person: learning must not end where who somebody is counts for nothing."""

SAID_BEFORE = 30.0
"""How many pairs of one person the usual shares count for, beside those of the data."""

STRANGERS_BEFORE = 20_000.0
SAMPLE = 20_000
NO_STRANGERS = 0.05
ROUNDS = 25
MATCHES_EACH, HOUSEHOLDS_EACH = 0.01, 0.03
"""How many pairs of one person, or of one household, are expected for each record."""

SCALE = 40
"""A store of fewer records is judged as one of so many: few pairs prove nothing."""

RAREST, COMMONEST = 24, 5
UNKNOWN_PART, UNKNOWN_SURNAME, UNKNOWN_WEIGHT = 0.004, 0.05, 60.0


class Frequencies:
    """How often the parts of names and the pieces of addresses occur."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._all = len(people)
        self._parts = Counter(token for who in people for token in set(who.tokens))
        pieces = Counter(piece for who in people for piece in who.street)
        self.worth = {piece: log2(1 + self._all / count) for piece, count in pieces.items()}

    def rarity(self, level: Level, agreed: Iterable[str], *, chinese: bool) -> int:
        """Return how many times two must be doubled until the agreement happens once by chance."""
        if level is Level.DIFFERENT:
            return 0
        bits = sum(-log2(self._share(part, chinese=chinese)) for part in agreed)
        return round(min(max(bits, COMMONEST if level is Level.SAME else 1), RAREST))

    def _share(self, part: str, *, chinese: bool) -> float:
        usual = UNKNOWN_SURNAME if chinese and len(part) == 1 else UNKNOWN_PART
        others = max(self._parts[part] - 1, 0)
        return (others + UNKNOWN_WEIGHT * usual) / (self._all + UNKNOWN_WEIGHT)


def pattern_of(one: Person, other: Person, often: Frequencies) -> Pattern:
    """Return what a pair looks like."""
    names = compare_names(one, other)
    level, agreed = names if names is not None else (None, ())
    rarity = 0 if level is None else often.rarity(level, agreed, chinese=one.chinese)
    return Pattern(
        level,
        compare_dates(one.born, other.born),
        compare_numbers(one.numbers, other.numbers),
        compare_codes(one.phone, other.phone),
        compare_emails(one.email, other.email),
        compare_streets(one.street, other.street, often.worth),
        compare_houses(one.house, other.house),
        rarity,
        one.chinese,
    )


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learnt. one, together, strangers -- shares by field and level

    matches, households -- the share of all pairs that are one person, or one household
    """

    one: Mapping[str, Row]
    together: Mapping[str, Row]
    strangers: Mapping[str, Row]
    matches: float
    households: float

    def parts(self, pattern: Pattern) -> Iterator[tuple[str, Level, float]]:
        """Yield for each field that both have: its level, and its weight in bits."""
        for field, level in zip(FIELDS, pattern, strict=False):
            if level is not None:
                by_chance = self._by_chance(field, level, pattern.rarity)
                yield field, Level(level), log2(self.one[field][level] / by_chance)

    def probability(self, pattern: Pattern) -> float:
        """Return how probable it is that a pair that looks so is one person, 0 to 1."""
        one, together, strangers = self.likelihoods(pattern)
        return one / (one + together + strangers)

    def likelihoods(self, pattern: Pattern) -> tuple[float, float, float]:
        """Return how probable it is to meet one person, one household, two strangers that look so.

        The three have a common unknown factor.
        """
        one, together = self.matches, self.households
        strangers = 1.0 - self.matches - self.households
        for field, level in zip(FIELDS, pattern, strict=False):
            if level is None:
                continue
            one *= self.one[field][level]
            together *= self.together[field][level]
            strangers *= self._by_chance(field, level, pattern.rarity)
        return one, together, strangers

    def _by_chance(self, field: str, level: int, rarity: int) -> float:
        if field != "name" or level == Level.DIFFERENT:
            return self.strangers[field][level]
        # As many names are near a name as strangers' names show, whatever the name.
        often = self.strangers["name"]
        spread = 1.0 if level == Level.SAME else _between(often[level] / often[0], 1.0, 16.0)
        if level in (Level.PART, Level.SHARED):
            spread = 2.0
        return float(min(spread * 2.0**-rarity, 0.5))


def _between(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)


def learn(people: Sequence[Person], seen: Mapping[Pattern, int], often: Frequencies) -> Weights:
    """Return the weights that fit the patterns which were seen among the candidates.

    seen -- how many candidate pairs look so; all other pairs of `people` are strangers
    """
    records = max(len(people), SCALE)
    pairs = records * (records - 1) / 2
    equal = _equal_pairs(people)
    weights = Weights(
        ONE_PERSON,
        ONE_HOUSEHOLD,
        STRANGERS,
        MATCHES_EACH * records / pairs,
        HOUSEHOLDS_EACH * records / pairs,
    )
    picked = _levels_of_picked(people, often, weights)
    for _ in range(ROUNDS):
        weights = _better(weights, seen, picked, equal, records)
    return weights


def _better(
    weights: Weights,
    seen: Mapping[Pattern, int],
    picked: Mapping[str, Row],
    equal: Mapping[str, Equal],
    records: int,
) -> Weights:
    """Return the weights after one more round of expectation and maximisation."""
    tally = {field: [SAID_BEFORE * share for share in ONE_PERSON[field]] for field in FIELDS}
    known = dict.fromkeys(FIELDS, 0.0)
    matches, households = MATCHES_EACH * records, HOUSEHOLDS_EACH * records
    for pattern, count in seen.items():
        one, together, strangers = weights.likelihoods(pattern)
        share = count * one / (one + together + strangers)
        related = count * together / (one + together + strangers)
        matches += share
        households += related
        for field, level in zip(FIELDS, pattern, strict=False):
            if level is not None:
                tally[field][level] += share
            if level == Level.SAME:
                known[field] += share + related
    pairs = records * (records - 1) / 2
    return Weights(
        {field: _bounded(field, _shares(counts)) for field, counts in tally.items()},
        weights.together,
        {field: _strangers(field, picked[field], equal.get(field), known[field])
         for field in FIELDS},
        min(matches / pairs, 0.4),
        min(households / pairs, 0.4),
    )  # fmt: skip


def _shares(counts: Sequence[float]) -> Row:
    whole = sum(counts)
    return tuple(count / whole for count in counts)


def _bounded(field: str, row: Row) -> Row:
    most = DIFFERING_AT_MOST.get(field, 1.0)
    if row[-1] <= most:
        return row
    agreeing = sum(row[:-1])
    return (*(share / agreeing * (1 - most) for share in row[:-1]), most)


def _strangers(field: str, picked: Row, equal: Equal | None, known: float) -> Row:
    """Return how often strangers are seen on each level.

    picked -- how often each level was seen among pairs that were picked without looking
    known  -- how many of the equal pairs are one person or household, so that they do not count
    """
    if equal is None:
        return picked
    usual = STRANGERS_BEFORE * STRANGERS[field][0]
    same = (max(equal.same - known, 0.0) + usual) / (equal.compared + STRANGERS_BEFORE)
    rest = sum(picked[1:])
    return (same, *(share / rest * (1 - same) for share in picked[1:]))


def _levels_of_picked(
    people: Sequence[Person], often: Frequencies, usual: Weights
) -> dict[str, Row]:
    """Return how often each level is seen among pairs that were picked without looking.

    Whoever is probably one person by what is usual is no stranger; in a small file they would
    make up a good part of all pairs.
    """
    tally = {field: [STRANGERS_BEFORE * s for s in STRANGERS[field]] for field in FIELDS}
    looks = Counter(pattern_of(one, other, often) for one, other in _picked(people))
    for pattern, count in looks.items():
        if usual.probability(pattern) > NO_STRANGERS:
            continue
        for field, level in zip(FIELDS, pattern, strict=False):
            if level is not None:
                tally[field][level] += count
    return {field: _shares(counts) for field, counts in tally.items()}


def _picked(people: Sequence[Person]) -> Iterator[tuple[Person, Person]]:
    """Yield pairs spread evenly over all, none twice, the same ones every time."""
    count = len(people)
    turns = min(SAMPLE // max(count, 1) + 1, (count - 1) // 2)
    for turn in range(turns):
        # Neighbours in a file are often relatives: what is picked stands far apart.
        apart = 1 + (count // 3 + turn) % max((count - 1) // 2, 1)
        for place in range(0, count, max(count // SAMPLE, 1)):
            yield people[place], people[(place + apart) % count]


class Equal(NamedTuple):
    """How many pairs have one value in a field, and how many have any."""

    same: float
    compared: float


def _equal_pairs(people: Sequence[Person]) -> dict[str, Equal]:
    """Count the equal pairs in fields where a sample would hardly meet one."""
    values: Mapping[str, list[str]] = {
        "birth_date": [who.born for who in people if who.born is not None],
        "phone": [who.phone for who in people if who.phone is not None],
        "email": [who.email for who in people if who.email is not None],
    }
    return {
        field: Equal(
            sum(size * (size - 1) / 2 for size in Counter(present).values()),
            len(present) * (len(present) - 1) / 2,
        )
        for field, present in values.items()
    }
