"""R3 and R4 for refunds: never more goes back than came, and each refund once."""

from __future__ import annotations

from collections import Counter

from tests.histories import a_big_order, pay
from tests.program import Program
from tests.reliability.promises import assert_sound
from tests.reliability.terminals import crowd
from tests.reliability.test_r04_races import TILLS, total
from tests.reliability.workers import Place, ask_back, run_lines

AMOUNT = 700
TERMINALS = 16


def ask_together(memberctl: Program, guard: str, each: int) -> tuple[Counter[str], int, int]:
    """Let every till ask for `each` refunds of one payment, together for a third more than it has.

    Returns what they were told, what was claimed of the payment and what it has; minor units.
    """
    limit = TILLS * each * AMOUNT * 3 // 4 + 100  # No multiple: the last part is cut.
    order = a_big_order(memberctl, total=f"{limit / 100:.2f}")
    pay(memberctl, order, f"{limit / 100:.2f}")
    place = Place.of(memberctl, "sun")
    told = crowd(ask_back, [(place, guard, order, [AMOUNT] * each)] * TILLS)
    claimed = total(memberctl.ok("refund", "list"), "amount")
    return Counter(answer for answers in told for answer in answers), claimed, limit


def test_refunds_asked_for_at_once_claim_exactly_what_was_paid(memberctl: Program) -> None:
    told, claimed, limit = ask_together(memberctl, "guarded", each=6)
    assert claimed == limit
    assert told == {"asked": -(-limit // AMOUNT), "left": TILLS * 6 - -(-limit // AMOUNT)}
    assert_sound(memberctl)


def test_without_the_guard_the_same_race_fails_or_gives_too_much(shop: Program) -> None:
    """PostgreSQL keeps this promise twice more, by row locks; R6 has its twin."""
    told, claimed, limit = ask_together(shop, "unguarded", each=6)
    failures = [answer for answer in told if answer not in {"asked", "left"}]
    assert failures or claimed != limit or shop("db", "check").exit == 8


def approved_refunds(memberctl: Program, count: int) -> list[str]:
    """Return the numbers of that many approved refunds of one order."""
    order = a_big_order(memberctl, total="1000.00")
    pay(memberctl, order, "1000.00")
    line = ("refund", "request", order, "--reason", "moved away", "--amount", "10.00")
    numbers = [str(memberctl.ok(*line, as_="sun")["number"]) for _ in range(count)]
    for number in numbers:
        memberctl.ok("refund", "review", number, "--approve", as_="wang")
    return numbers


def pay_together(memberctl: Program, terminals: int, refunds: int, *more: str) -> list[list[int]]:
    """Let every terminal pay the same refunds; return the exit codes. more -- "{n}" is its place"""
    numbers = approved_refunds(memberctl, refunds)
    lines = [
        " ".join(("refund pay", number, "--yes", *more)).format(n=place) + "\n"
        for place, number in enumerate(numbers)
    ]
    answers = crowd(run_lines, [(Place.of(memberctl, "feng"), lines)] * terminals)
    return [[each.exit for each in row] for row in answers]


def test_sixteen_terminals_with_the_same_keys_pay_each_refund_once(memberctl: Program) -> None:
    codes = pay_together(memberctl, TERMINALS, 6, "--key", "K{n}")
    assert {code for row in codes for code in row} == {0}
    assert total(memberctl.ok("refund", "list", "--state", "paid"), "amount") == 6_000
    assert_sound(memberctl)


def test_without_keys_one_terminal_pays_and_all_others_are_refused(memberctl: Program) -> None:
    codes = pay_together(memberctl, TILLS, 6)
    assert [sorted(column) for column in zip(*codes, strict=True)] == [[0] + [6] * 7] * 6
    assert_sound(memberctl)
