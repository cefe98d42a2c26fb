"""R1: what was acknowledged is in the store, whenever the power goes."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.histories import a_big_order
from tests.program import Program
from tests.reliability.promises import acknowledged, assert_sound
from tests.reliability.terminals import happens, terminal

KILLS = 100
LINES = 400


def kill_writers(shop: Program, folder: Path, dice: random.Random, kills: int) -> tuple[int, int]:
    """Kill a till that records payments, again and again.

    Returns how many payments were acknowledged, and how many of those are lost.
    """
    order = a_big_order(shop)
    line = f"payment record {order} 1.00 --method cash --again\n"
    told: list[str] = []
    for number in range(kills):
        till = terminal(
            shop, "batch", folder=folder / str(number), as_="qian", stdin=(line * LINES).encode()
        )
        answers = dice.randrange(6)
        happens(lambda till=till, answers=answers: till.out.count('"status": "ok"') >= answers)
        time.sleep(dice.uniform(0, 0.03))
        till.kill()
        told += [answer["number"] for answer in acknowledged(till.out)]
    stored = {row["number"] for row in shop.ok("payment", "list")}
    return len(told), len(set(told) - stored)


def test_no_acknowledged_payment_is_lost_when_its_till_is_killed(
    shop: Program, tmp_path: Path, dice: random.Random
) -> None:
    told, lost = kill_writers(shop, tmp_path, dice, KILLS)
    assert told > KILLS
    assert lost == 0
    assert_sound(shop)
