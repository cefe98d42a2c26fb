"""Doors under strain: the last visit of a pack is used once, and no told visit is lost (R1, R4)."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

from tests.access.ground import a_holder, a_pack
from tests.program import Program
from tests.reliability.promises import assert_sound
from tests.reliability.terminals import crowd, happens, terminal
from tests.reliability.workers import Place, scan_once

DOORS = 8
KILLS = 25
PACKS = 4


def race(memberctl: Program, guard: str, packs: int) -> tuple[list[list[str]], int]:
    """Let all doors scan the card of each pack, whose last visit is left, at once.

    Returns what they answered, pack by pack, and how many visits are stored beyond what was sold.
    """
    memberctl.ok("policy", "set", "entry_repeat_minutes", "0")
    code = a_pack(memberctl, 1)
    cards = [a_holder(memberctl, code, "100.00")[1] for _ in range(packs)]
    place = Place.of(memberctl, "sun")
    answers: list[list[str]] = []
    for card in cards:
        answers.append(sorted(crowd(scan_once, [(place, guard, card)] * DOORS)))
    stored = len(memberctl.ok("checkin", "list"))
    return answers, stored - packs


def test_the_last_visit_of_a_pack_lets_in_exactly_one_of_eight(memberctl: Program) -> None:
    answers, too_many = race(memberctl, "guarded", packs=2)
    assert answers == [["let in"] + ["pack_empty"] * (DOORS - 1)] * 2
    assert too_many == 0
    assert_sound(memberctl)


def test_without_the_guard_the_same_race_fails_or_lets_too_many_in(memberctl: Program) -> None:
    answers, too_many = race(memberctl, "unguarded", packs=PACKS)
    failed = any(answer not in {"let in", "pack_empty"} for each in answers for answer in each)
    assert failed or too_many > 0


def test_no_told_visit_is_lost_when_its_door_is_killed(
    shop: Program, tmp_path: Path, dice: random.Random
) -> None:
    shop.ok("policy", "set", "entry_repeat_minutes", "0")
    _, card = a_holder(shop)
    told: list[Any] = []
    for number in range(KILLS):
        door = terminal(
            shop, "checkin", "scan", "-", "--format", "jsonl", folder=tmp_path / str(number),
            as_="sun", stdin=f"{card}\n".encode() * 5_000,
        )  # fmt: skip
        wanted = dice.randrange(1, 6)
        happens(lambda door=door, wanted=wanted: door.out.count("\n") >= wanted)
        time.sleep(dice.uniform(0, 0.03))
        door.kill()
        told += [json.loads(line)["visit"] for line in door.out.split("\n")[:-1]]
    stored = {row["visit"] for row in shop.ok("checkin", "list")}
    assert len(told) > KILLS
    assert set(told) <= stored
    assert len(told) == len(set(told))
    assert_sound(shop)
