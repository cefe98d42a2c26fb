"""Double entry: every entry's postings sum to zero, and none is ever changed.

Source: rules M1, M2; mission S3.10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class AccountKind(StrEnum):
    """On which side of the balance an account stands."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"


class Account(StrEnum):
    """The accounts that memberctl posts to; each payment method has its own."""

    CASH = "cash"
    BANK = "bank"
    WECHAT = "wechat"
    ALIPAY = "alipay"
    CARD = "card"
    CHEQUE = "cheque"
    ONLINE = "online"
    RECEIVABLE = "receivable"
    MEMBER_CREDIT = "member_credit"
    UNEARNED_FEES = "unearned_fees"
    FEE_INCOME = "fee_income"


KINDS = {
    Account.RECEIVABLE: AccountKind.ASSET,
    Account.MEMBER_CREDIT: AccountKind.LIABILITY,
    Account.UNEARNED_FEES: AccountKind.LIABILITY,
    Account.FEE_INCOME: AccountKind.INCOME,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One posting to be made.

    amount_minor -- debit above 0, credit below; party -- a member's number
    """

    account: Account
    amount_minor: int
    party: str | None = None


def kind_of(account: Account) -> AccountKind:
    """Return on which side `account` stands; what money comes in through is an asset."""
    return KINDS.get(account, AccountKind.ASSET)


def balanced(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the lines that move something; it is a programmer's error if they do not sum to 0."""
    assert sum(line.amount_minor for line in lines) == 0, "an entry must balance"
    return tuple(line for line in lines if line.amount_minor != 0)


def reversed_lines(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the postings that undo `lines`. Source: rules M2."""
    return tuple(Line(line.account, -line.amount_minor, line.party) for line in lines)
