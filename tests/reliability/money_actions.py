"""What makes a method of the state machine of R5 something that people can do.

An action is a rule of Hypothesis, which shrinks what goes wrong, and can also be taken by dice
alone, which reach rare states sooner.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.reliability.money_desk import Desk
from tests.reliability.money_objects import Order

CURRENCY = "CNY"
METHODS = ("cash", "wechat", "bank")
SOLD = (  # To whom; which plan, None for a service; its price; days until it is due.
    (0, "YEAR", 365_000, 20), (0, None, 100_001, 90), (0, None, 50_000, 60),
    (1, "MONTH", 39_900, 45), (2, None, 700, 7), (1, None, 600_000, 150),
)  # fmt: skip
SOME, YES = range(1_000), (True, False)
SHARES = ("part", "all", "all", "more", "cent")
BEGINNINGS = ("none", "part", "all", "more")


@dataclass(frozen=True, slots=True)
class Action:
    """What people can do, for whoever leads a history: where, when and with which arguments."""

    name: str
    where: str
    when: Callable[[Desk], bool]
    choices: Mapping[str, Sequence[object]]


ACTIONS: list[Action] = []


def always(_: Desk) -> bool:
    """Tell that something can be done at any time."""
    return True


def action(
    when: Callable[[Desk], bool] = always, **choices: Sequence[object]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a method a rule of Hypothesis that can also be taken without it."""

    def mark(method: Callable[..., None]) -> Callable[..., None]:
        where = method.__qualname__.partition(".")[0]
        ACTIONS.append(Action(method.__name__, where, when, choices))
        strategies = {name: st.sampled_from(values) for name, values in choices.items()}
        return precondition(when)(rule(**strategies)(method))  # type: ignore[return-value]

    return mark


class Begun(Protocol):
    """A machine as dice lead it: it begins, acts by name, agrees with the model, and ends."""

    sound: bool

    def begin(self, paid: tuple[str, ...], invoiced: bool) -> None:
        """Let orders have some money."""

    def agrees(self) -> None:
        """Raise unless the program shows the model's figures."""

    def teardown(self) -> None:
        """Let the program check its books, and forget the history."""


def amount_of(order: Order, share: str) -> int:
    """Return how much somebody pays."""
    open_minor = order.open or 1_234
    return {"part": open_minor // 3 + 1, "all": open_minor, "more": open_minor + 40_777, "cent": 1}[
        share
    ]


def wander(machine: Begun, dice: random.Random, steps: int, where: Sequence[str] = ()) -> None:
    """Lead one history by dice; raises as soon as something is wrong, with all that was done.

    where -- the parts of the desk that people come to, such as "AtBank"; none is all of them
    """
    done: list[str] = []
    doing = [each for each in ACTIONS if not where or each.where in where]
    try:
        _lead(machine, dice, steps, doing, done)
    except BaseException as wrong:
        wrong.add_note("\n".join(done))
        raise


def _lead(
    machine: Begun, dice: random.Random, steps: int, doing: Sequence[Action], done: list[str]
) -> None:
    try:
        machine.begin(tuple(dice.choice(BEGINNINGS) for _ in SOLD), dice.random() < 0.5)
        machine.agrees()
        for _ in range(steps):
            known = dice.choice([each for each in doing if each.when(machine)])
            arguments = {name: dice.choice(values) for name, values in known.choices.items()}
            done.append(f"{known.name} {arguments}")
            getattr(machine, known.name)(**arguments)
            machine.agrees()
    except BaseException:
        machine.sound = False
        raise
    finally:
        machine.teardown()
