"""R4 for credit: however many terminals use it at once, it is used once and never beyond itself."""

from __future__ import annotations

from collections import Counter

from memberctl.core.numbering import parse_member_number
from tests.histories import a_member, confirm, pay
from tests.program import Program
from tests.reliability.promises import assert_sound
from tests.reliability.terminals import crowd
from tests.reliability.test_r04_races import TILLS, total
from tests.reliability.workers import Place, run_lines, use_credit

AMOUNT = 700
DEEDS = ("apply", "payout")


def a_credit(memberctl: Program, credit_minor: int) -> str:
    """Return a member with a credit, who owes far more than that for another order."""
    member = a_member(memberctl)
    for cost in ("100.00", "100000.00"):
        filed = memberctl.ok(
            "order", "file", member, "--kind", "service", "--line", f"hall:1:{cost}", as_="sun"
        )
        confirm(memberctl, filed["number"])
        if cost == "100.00":
            pay(memberctl, filed["number"], f"{(10_000 + credit_minor) / 100:.2f}")
    return member


def used(memberctl: Program) -> int:
    """Return how much credit was applied or set aside for payouts, in minor units."""
    applied = [row for row in memberctl.ok("payment", "list") if row["method"] == "member_credit"]
    return total(applied, "amount") + total(memberctl.ok("credit", "requests"), "amount")


def use_together(memberctl: Program, guard: str, each: int) -> tuple[Counter[str], int, int]:
    """Let half the terminals apply one credit and half pay it out, a third more than there is.

    Returns what they were told, what was used of the credit and what it was; minor units.
    """
    limit = TILLS * each * AMOUNT * 3 // 4
    member = parse_member_number(a_credit(memberctl, limit))
    place = Place.of(memberctl, "sun")
    told = crowd(
        use_credit,
        [(place, guard, DEEDS[till % 2], member, [AMOUNT] * each) for till in range(TILLS)],
    )
    return Counter(answer for answers in told for answer in answers), used(memberctl), limit


def test_credit_applied_and_paid_out_at_once_is_used_to_its_last_cent_and_no_further(
    memberctl: Program,
) -> None:
    told, spent, limit = use_together(memberctl, "guarded", each=6)
    assert spent == limit
    assert told == {"used": limit // AMOUNT, "none": TILLS * 6 - limit // AMOUNT}
    assert memberctl.ok("credit", "list") == []
    assert_sound(memberctl)


def test_without_the_guard_the_same_race_fails_or_uses_too_much(shop: Program) -> None:
    """PostgreSQL keeps this promise twice more, by row locks; R6 has its twin."""
    told, spent, limit = use_together(shop, "unguarded", each=6)
    failures = [answer for answer in told if answer not in {"used", "none"}]
    assert failures or spent != limit or shop("db", "check").exit == 8


def test_of_terminals_that_use_a_whole_credit_at_once_exactly_one_wins(memberctl: Program) -> None:
    members = [a_credit(memberctl, 20_000) for _ in range(3)]
    applied = [f"credit apply {member}\n" for member in members]
    paid_out = [
        f"credit payout {member} --method cash --reason moved\n" for member in reversed(members)
    ]
    place = Place.of(memberctl, "sun")
    lines = [(place, [applied, paid_out][till % 2]) for till in range(TILLS)]
    answers = crowd(run_lines, lines)
    codes = Counter(each.exit for row in answers for each in row)
    assert codes == {0: len(members), 6: len(members) * (TILLS - 1)}
    assert used(memberctl) == 20_000 * len(members)
    assert memberctl.ok("credit", "list") == []
    assert_sound(memberctl)
