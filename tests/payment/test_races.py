"""Several terminals pay for one order at the same time, on both engines. Source: R3, R4; I7."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from memberctl.store.engine import Store
from tests.payment.ground import add_order
from tests.program import Program, Result

TERMINALS = 4


@pytest.fixture
def order(memberctl: Program) -> str:
    """The number of a confirmed order of 3650.00 CNY."""
    with Store(memberctl.location).writing() as session:
        number = add_order(session).number
        session.commit()
    return number


def at_once(memberctl: Program, *argv: str) -> list[Result]:
    """Run one command in several processes at once and return what each answered."""
    started = [
        memberctl.start("payment", "record", *argv, "--format", "json", as_="sun")
        for _ in range(TERMINALS)
    ]
    answers = [(each.communicate(timeout=120), each.returncode) for each in started]
    return [Result(code, out.decode(), err.decode()) for (out, err), code in answers]


def payments(memberctl: Program) -> list[dict[str, object]]:
    found = memberctl.ok("payment", "list", as_="sun")
    assert isinstance(found, list)
    return found


def test_one_transaction_from_many_terminals_is_recorded_once(
    memberctl: Program, order: str
) -> None:
    answers = at_once(memberctl, order, "3650.00", "--method", "wechat", "--reference", "TX1")
    assert [each.exit for each in answers] == [0] * TERMINALS
    assert Counter(each.json["already"] for each in answers) == {False: 1, True: TERMINALS - 1}
    assert len(payments(memberctl)) == 1
    assert len(memberctl.ok("term", "list", as_="sun")) == 1


def test_one_key_from_many_terminals_happens_once(memberctl: Program, order: str) -> None:
    answers = at_once(memberctl, order, "100.00", "--method", "cash", "--key", "counter-1")
    assert [each.exit for each in answers] == [0] * TERMINALS
    assert {each.json["number"] for each in answers} == {"P-000001"}
    assert len(payments(memberctl)) == 1


def test_equal_cash_from_many_terminals_is_taken_once_and_told_to_the_others(
    memberctl: Program, order: str
) -> None:
    answers = at_once(memberctl, order, "3650.00", "--method", "cash")
    assert sorted(each.exit for each in answers) == [0] + [7] * (TERMINALS - 1)
    refusals = [json.loads(each.err.splitlines()[-1]) for each in answers if each.exit]
    assert {each["code"] for each in refusals} == {"conflict"}


def test_an_order_is_never_paid_more_than_it_costs(memberctl: Program, order: str) -> None:
    """The guard against repeats is off here: only the lock on the order keeps the sum right."""
    answers = at_once(memberctl, order, "2000.00", "--method", "cash", "--again")
    assert [each.exit for each in answers] == [0] * TERMINALS
    credit = sum(int(each.json["credit"]["amount"].replace(".", "")) for each in answers)
    assert credit == TERMINALS * 200000 - 365000
    receipts = {each.json["receipt"] for each in answers}
    assert receipts == {f"RC-2026-{serial:06d}" for serial in range(1, TERMINALS + 1)}
    assert memberctl("ledger", "check", as_="sun").exit == 0
