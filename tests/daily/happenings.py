"""What happens to members in a year, thrown with dice, most of it around the end of their term."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, auto


class What(Enum):
    """What may happen to a member."""

    RENEWS = auto()
    RENEWS_A_MONTH = auto()
    TAKES_IT_BACK = auto()
    FREEZES = auto()
    RESUMES = auto()
    CANCELS = auto()
    HAS_ENOUGH = auto()
    LIKES_IT_AGAIN = auto()
    IS_EXPELLED = auto()
    IS_LET_IN = auto()


@dataclass(frozen=True, slots=True)
class Happening:
    """What happens to a member at noon of a day.

    wait -- from how many days on; count -- how many days, or how many times more
    """

    on: date
    member: int
    what: What
    wait: int = 0
    count: int = 0


Throw = Callable[[date, int, random.Random], list[Happening]]


def fate(end_on: date, member: int, dice: random.Random) -> list[Happening]:
    """Return what happens to a member whose term ends on a day: to one in three, nothing."""
    thrown = dice.choices(FATES, weights=WEIGHTS)[0]
    return thrown(end_on, member, dice)


def _stays_away(end_on: date, member: int, dice: random.Random) -> list[Happening]:
    return []


def _renews(end_on: date, member: int, dice: random.Random) -> list[Happening]:
    return [Happening(_around(end_on, dice, -45, 30), member, What.RENEWS)]


def _renews_by_the_month(end_on: date, member: int, dice: random.Random) -> list[Happening]:
    on = _around(end_on, dice, -20, 20)
    return [Happening(on, member, What.RENEWS_A_MONTH, count=dice.randint(1, 4))]


def _takes_it_back(end_on: date, member: int, dice: random.Random) -> list[Happening]:
    renews = _around(end_on, dice, -45, 0)
    later = renews + timedelta(days=dice.randint(1, 25))
    return [Happening(renews, member, What.RENEWS), Happening(later, member, What.TAKES_IT_BACK)]


def _freezes(end_on: date, member: int, dice: random.Random) -> list[Happening]:
    on, wait = _around(end_on, dice, -45, -3), dice.choice((0, 0, 2))
    freeze = Happening(on, member, What.FREEZES, wait, count=dice.randint(3, 40))
    if dice.random() < 0.5:
        return [freeze]
    over = on + timedelta(days=dice.randint(1, freeze.count))
    return [freeze, Happening(over, member, What.RESUMES, wait=dice.choice((0, 1)))]


def _cancels(end_on: date, member: int, dice: random.Random) -> list[Happening]:
    on = _around(end_on, dice, -45, -3)
    return [Happening(on, member, What.CANCELS, wait=dice.randint(0, 20))]


def _has_enough(end_on: date, member: int, dice: random.Random) -> list[Happening]:
    on, kind = _around(end_on, dice, -45, 10), dice.randrange(3)
    later = on + timedelta(days=dice.randint(1, 30))
    tired = Happening(on, member, What.HAS_ENOUGH, count=kind)
    again = Happening(later, member, What.LIKES_IT_AGAIN, count=kind)
    return [tired] if dice.random() < 0.5 else [tired, again]


def _is_expelled(end_on: date, member: int, dice: random.Random) -> list[Happening]:
    on = _around(end_on, dice, -45, 10)
    later = on + timedelta(days=dice.randint(1, 30))
    expelled = Happening(on, member, What.IS_EXPELLED)
    pardoned = Happening(later, member, What.IS_LET_IN)
    return [expelled] if dice.random() < 0.5 else [expelled, pardoned]


def _rests_and_renews(end_on: date, member: int, dice: random.Random) -> list[Happening]:
    return [*_freezes(end_on, member, dice), *_renews(end_on, member, dice)]


def _around(end_on: date, dice: random.Random, least: int, most: int) -> date:
    return end_on + timedelta(days=dice.randint(least, most))


FATES: tuple[Throw, ...] = (
    _stays_away, _renews, _renews_by_the_month, _takes_it_back, _freezes, _cancels, _has_enough,
    _is_expelled, _rests_and_renews,
)  # fmt: skip
WEIGHTS = (28, 20, 10, 11, 8, 5, 9, 5, 4)
