"""A till with a difference is closed by somebody who saw it, and by nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pexpect
import pytest
from sqlmodel import Session

from memberctl.core.errors import Conflict
from memberctl.order.tables import Order
from memberctl.payment.rules import Method
from memberctl.payment.till_rules import TillCounted
from memberctl.payment.tilling import close_till, count_till
from tests.payment.conftest import Noon, People
from tests.payment.ground import CONFIRMED_ON
from tests.program import PYTHON, Program

CLOSE = ("till", "close", "--method", "cash", "--counted")


def test_a_mistyped_count_is_refused_where_nobody_can_be_asked(shop: Program) -> None:
    refused = shop(*CLOSE, "16500.00", as_="qian")
    assert refused.exit == 2 and refused.out == ""
    assert "16500.00 CNY counted, 0.00 CNY expected, 16500.00 CNY over" in refused.err
    assert "--yes" in refused.err
    assert shop("till", "list", "--format", "count", as_="qian").out == "0\n"


def test_a_large_difference_is_booked_when_it_is_agreed_to(shop: Program) -> None:
    assert shop.ok(*CLOSE, "101.00", "--yes", as_="qian")["difference"]["amount"] == "101.00"


def test_up_to_the_tolerance_nobody_is_asked(shop: Program) -> None:
    assert shop(*CLOSE, "100.01", as_="qian").exit == 2
    assert shop.ok(*CLOSE, "100.00", as_="qian")["difference"]["amount"] == "100.00"
    shop.ok("policy", "set", "till_tolerance", "0")
    other = ("till", "close", "--method", "card", "--counted")
    assert shop(*other, "0.01", as_="qian").exit == 2
    assert shop.ok(*other, "0", as_="qian")["difference"]["amount"] == "0.00"


def test_a_dry_run_tells_the_difference_and_asks_nobody(shop: Program) -> None:
    tried = shop(*CLOSE, "700.00", "--dry-run", as_="qian")
    assert tried.exit == 0 and "difference 700.00 CNY" in tried.out
    assert shop("till", "list", "--format", "count", as_="qian").out == "0\n"


def test_a_close_that_is_repeated_is_asked_nothing_and_gets_its_answer(shop: Program) -> None:
    shop.ok(*CLOSE, "300.00", "--yes", "--key", "K1", as_="qian")
    again = shop(*CLOSE, "300.00", "--key", "K1", as_="qian")
    assert again.exit == 0 and "TC-000001" in again.out
    assert shop(*CLOSE, "300.00", as_="qian").exit == 7


@pytest.mark.parametrize(("answer", "exit_code"), [("n", 6), ("y", 0)])
def test_a_person_at_a_terminal_sees_the_difference_before_it_is_booked(
    shop: Program, answer: str, exit_code: int
) -> None:
    person = pexpect.spawn(
        PYTHON, ["-m", "memberctl", *CLOSE, "250.00"], env=shop.environment("qian"),
        encoding="utf-8", timeout=60, dimensions=(24, 200),
    )  # fmt: skip
    person.expect_exact("250.00 CNY counted, 0.00 CNY expected, 250.00 CNY over?")
    person.sendline(answer)
    person.expect(pexpect.EOF)
    person.close()
    assert person.exitstatus == exit_code
    closed = shop("till", "list", "--format", "count", as_="qian").out
    assert closed == ("1\n" if answer == "y" else "0\n")


def test_money_that_comes_while_somebody_is_asked_is_not_booked_as_short(
    session: Session, order: Order, pay: Callable[..., object], actors: People, noon: Noon
) -> None:
    def seen(counted: int) -> TillCounted | None:
        return count_till(
            session, 0, Method.CASH, counted_minor=counted, by=actors["sun"], today=CONFIRMED_ON,
            currency="CNY",
        )  # fmt: skip

    def close(counted: int, agreed: TillCounted | None, at: datetime) -> int:
        return close_till(
            session, 0, Method.CASH, counted_minor=counted, seen=agreed, by=actors["sun"], at=at,
            today=CONFIRMED_ON, currency="CNY",
        ).difference.minor  # fmt: skip

    agreed = seen(0)
    assert agreed is not None and not agreed.must_ask
    pay(order, 365000)
    with pytest.raises(Conflict, match=r"now 0\.00 CNY counted, 3650\.00 CNY expected"):
        close(0, agreed, noon(CONFIRMED_ON))
    # What was agreed to before and fits now is closed.
    assert close(365000, seen(365000), noon(CONFIRMED_ON)) == 0
    assert seen(5) is None
