"""R3: one idempotency key is one payment, even when many send it at once."""

from __future__ import annotations

from tests.histories import a_big_order
from tests.program import Program
from tests.reliability.promises import assert_sound
from tests.reliability.terminals import crowd
from tests.reliability.workers import Place, run_lines

TERMINALS = 16
KEYS = 50


def send_keys(memberctl: Program, terminals: int, keys: int, *more: str) -> list[list[int]]:
    """Let all terminals record the same payments under the same keys; return the exit codes."""
    order = a_big_order(memberctl)
    lines = [
        " ".join(
            ("payment record", order, f"{n}.00", "--method cash --again --key", f"K{n}", *more)
        )
        + "\n"
        for n in range(1, keys + 1)
    ]
    answers = crowd(run_lines, [(Place.of(memberctl, "qian"), lines)] * terminals)
    numbers = [{each.data["number"] for each in column} for column in zip(*answers, strict=True)]
    assert all(len(told) == 1 for told in numbers), "everybody is told the same payment"
    return [[each.exit for each in row] for row in answers]


def test_sixteen_terminals_with_the_same_keys_record_each_payment_once(memberctl: Program) -> None:
    codes = send_keys(memberctl, TERMINALS, KEYS)
    assert {code for row in codes for code in row} == {0}
    amounts = [row["amount"]["amount"] for row in memberctl.ok("payment", "list")]
    assert sorted(amounts) == sorted(f"{n}.00" for n in range(1, KEYS + 1))
    assert_sound(memberctl)


def test_without_keys_the_same_race_records_everything_many_times(memberctl: Program) -> None:
    order = a_big_order(memberctl)
    line = f"payment record {order} 1.00 --method cash --again\n"
    crowd(run_lines, [(Place.of(memberctl, "qian"), [line])] * 4)
    assert len(memberctl.ok("payment", "list")) == 4


def test_other_content_under_a_key_is_refused_while_everybody_sends_it(memberctl: Program) -> None:
    order = a_big_order(memberctl)
    places = [
        (Place.of(memberctl, "qian"), [f"payment record {order} {n}.00 --method cash --key K\n"])
        for n in range(1, 9)
    ]
    codes = [answers[0].exit for answers in crowd(run_lines, places)]
    assert sorted(codes) == [0] + [7] * 7
    assert len(memberctl.ok("payment", "list")) == 1
