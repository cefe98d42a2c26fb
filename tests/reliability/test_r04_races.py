"""R4: eight terminals on one order, one card, one receipt series: sums are exact, nothing twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.histories import a_big_order, a_paid_member
from tests.program import Program
from tests.reliability.promises import assert_sound
from tests.reliability.terminals import crowd
from tests.reliability.workers import Place, deposit, run_lines

TILLS = 8
AMOUNT = 100


def total(rows: list[Any], key: str) -> int:
    """Return the sum of a column of money, in minor units."""
    return sum(int(row[key]["amount"].replace(".", "")) for row in rows)


def race(memberctl: Program, guard: str, each: int) -> tuple[list[str], dict[str, int]]:
    """Let every till pay `each` times, half of them for one order and half for another.

    Together they pay twice what is due. Returns what failed, and the sums in minor units.
    """
    due = TILLS * each * AMOUNT // 4
    orders = [a_big_order(memberctl, total=f"{due / 100:.2f}") for _ in range(2)]
    place = Place.of(memberctl, "qian")
    told = crowd(
        deposit, [(place, guard, orders[till % 2], [AMOUNT] * each) for till in range(TILLS)]
    )
    sums = {
        "amount": total(memberctl.ok("payment", "list"), "amount"),
        "applied": total([memberctl.ok("order", "show", order) for order in orders], "paid"),
        "credit": total(memberctl.ok("credit", "list"), "credit"),
    }
    return [failure for failures in told for failure in failures], sums


def test_tills_that_pay_at_once_apply_exactly_what_is_due(memberctl: Program) -> None:
    failures, sums = race(memberctl, "guarded", each=12)
    assert failures == []
    paid = TILLS * 12 * AMOUNT
    assert sums == {"amount": paid, "applied": paid // 2, "credit": paid // 2}
    serials = sorted(row["number"] for row in memberctl.ok("receipt", "list"))
    assert serials == [f"RC-2026-{n:06d}" for n in range(1, TILLS * 12 + 1)]
    assert_sound(memberctl)


def test_without_the_guard_the_same_race_fails_or_loses_money(shop: Program) -> None:
    """PostgreSQL keeps this promise twice more, by row locks; R6 has its twin."""
    failures, sums = race(shop, "unguarded", each=8)
    unsound = shop("db", "check").exit == 8
    assert failures or unsound or sums["applied"] != TILLS * 8 * AMOUNT // 2


def test_a_member_gets_one_card_however_many_desks_issue_it(memberctl: Program) -> None:
    members = [a_paid_member(memberctl)[0] for _ in range(2)]
    lines = [f"card issue {member}\n" for member in members]
    answers = crowd(run_lines, [(Place.of(memberctl, "sun"), lines)] * TILLS)
    codes = Counter(each.exit for row in answers for each in row)
    assert codes[0] >= len(members)
    assert set(codes) <= {0, 6}
    cards = memberctl.ok("card", "list")
    assert sorted(card["member"] for card in cards) == sorted(members)
    assert len({card["number"] for card in cards}) == len(members)
    assert_sound(memberctl)
