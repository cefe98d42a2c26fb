"""The shapes of entries. Source: rules M1-M4."""

from __future__ import annotations

import pytest

from memberctl.ledger import rules
from memberctl.ledger.rules import Account, AccountKind, Line

ORDER, MEMBER = "JN-2026-7F3KX", "M-000001"


def test_an_entry_that_does_not_balance_is_a_programmers_error() -> None:
    with pytest.raises(AssertionError, match="must balance"):
        rules.balanced([Line(Account.CASH, 100), Line(Account.RECEIVABLE, -99)])


def test_lines_that_move_nothing_are_left_out() -> None:
    lines = rules.payment_lines(Account.CASH, ORDER, MEMBER, 60000, 0)
    assert rules.balanced(lines) == (
        Line(Account.CASH, 60000),
        Line(Account.RECEIVABLE, -60000, ORDER),
    )


@pytest.mark.parametrize(
    "lines",
    [
        rules.confirmed_lines(ORDER, 365000),
        rules.payment_lines(Account.WECHAT, ORDER, MEMBER, 100000, 20000),
        rules.payment_lines(Account.WECHAT, ORDER, MEMBER, 0, 20000),
        rules.credit_lines(ORDER, MEMBER, 60000),
    ],
)
def test_every_booking_balances_and_so_does_its_reversal(lines: tuple[Line, ...]) -> None:
    undone = rules.reversed_lines(lines)
    assert sum(line.amount_minor for line in lines) == 0
    assert [each.amount_minor for each in undone] == [-each.amount_minor for each in lines]
    assert rules.balanced(undone)


def test_what_is_over_is_owed_to_the_member_and_not_to_the_order() -> None:
    lines = rules.payment_lines(Account.WECHAT, ORDER, MEMBER, 100000, 20000)
    assert lines == (
        Line(Account.WECHAT, 120000),
        Line(Account.RECEIVABLE, -100000, ORDER),
        Line(Account.MEMBER_CREDIT, -20000, MEMBER),
    )


def test_every_payment_method_has_an_asset_account_of_its_own() -> None:
    from memberctl.payment.rules import Method

    money = set(Method) - {Method.MEMBER_CREDIT}
    assert {rules.kind_of(Account(method.value)) for method in money} == {AccountKind.ASSET}


def test_credit_that_pays_an_order_is_taken_from_its_member() -> None:
    lines = rules.payment_lines(Account.MEMBER_CREDIT, ORDER, MEMBER, 20000, 0)
    assert rules.balanced(lines) == (
        Line(Account.MEMBER_CREDIT, 20000, MEMBER),
        Line(Account.RECEIVABLE, -20000, ORDER),
    )
