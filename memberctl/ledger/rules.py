"""Double entry: every entry's postings sum to zero, and none is ever changed.

Source: rules M1, M2; mission S3.10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from memberctl.core.money import Money

EARNED = "fees.earned"
"""The event of the entries by which a fee becomes income."""

VOIDED = "payment.voided"
"""The event of the entries that undo a payment which was an entry error."""


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
    PAYOUTS_DUE = "payouts_due"
    CREDIT_INCOME = "credit_income"
    BAD_DEBT = "bad_debt"
    TILL_DIFFERENCE = "till_difference"
    BANK_FEES = "bank_fees"


KINDS = {
    Account.RECEIVABLE: AccountKind.ASSET,
    Account.MEMBER_CREDIT: AccountKind.LIABILITY,
    Account.UNEARNED_FEES: AccountKind.LIABILITY,
    Account.FEE_INCOME: AccountKind.INCOME,
    Account.PAYOUTS_DUE: AccountKind.LIABILITY,
    Account.CREDIT_INCOME: AccountKind.INCOME,
    Account.BAD_DEBT: AccountKind.EXPENSE,
    Account.TILL_DIFFERENCE: AccountKind.EXPENSE,
    Account.BANK_FEES: AccountKind.EXPENSE,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One posting to be made.

    amount_minor -- debit above 0, credit below
    party -- whom the account is kept for: an order's number for what is owed, for fees and for
             bad debt, a member's number for credit, a request's number for payouts that are
             due, None elsewhere
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


def credit_readdressed(lines: Sequence[Line], member_number: str) -> list[Line]:
    """Return the lines with credit kept for this member, whoever had it when they were posted.

    Source: rules A4.
    """
    return [
        Line(line.account, line.amount_minor, member_number)
        if line.account is Account.MEMBER_CREDIT
        else line
        for line in lines
    ]


def confirmed_lines(order_number: str, fee_minor: int) -> tuple[Line, ...]:
    """Return the postings that make an order's fee owed but not yet earned; negative undoes it."""
    return (
        Line(Account.RECEIVABLE, fee_minor, order_number),
        Line(Account.UNEARNED_FEES, -fee_minor, order_number),
    )


def cancelled_lines(order_number: str, unearned_minor: int, earned_minor: int) -> tuple[Line, ...]:
    """Return the postings after which nothing is owed for an order, earned or not."""
    return (
        Line(Account.RECEIVABLE, -unearned_minor - earned_minor, order_number),
        Line(Account.UNEARNED_FEES, unearned_minor, order_number),
        Line(Account.FEE_INCOME, earned_minor, order_number),
    )


def earned_lines(order_number: str, earned_minor: int) -> tuple[Line, ...]:
    """Return the postings that make a part of an order's fee income; negative takes it back."""
    return (
        Line(Account.UNEARNED_FEES, earned_minor, order_number),
        Line(Account.FEE_INCOME, -earned_minor, order_number),
    )


def reduced_lines(order_number: str, amount_minor: int, unearned_minor: int) -> tuple[Line, ...]:
    """Return the postings that take something off an order's fee: what is not earned yet first.

    amount_minor   -- what the fee is reduced by, and no longer owed
    unearned_minor -- what of the fee is not earned yet
    """
    first = min(amount_minor, unearned_minor)
    return (
        Line(Account.RECEIVABLE, -amount_minor, order_number),
        Line(Account.UNEARNED_FEES, first, order_number),
        Line(Account.FEE_INCOME, amount_minor - first, order_number),
    )


def money_line(account: Account, amount_minor: int, member_number: str) -> Line:
    """Return the posting to where a payment's money is; credit is kept for its member.

    amount_minor -- above 0 money comes in, below 0 it goes out
    """
    party = member_number if account is Account.MEMBER_CREDIT else None
    return Line(account, amount_minor, party)


def payment_lines(
    account: Account, order_number: str, member_number: str, applied_minor: int, credit_minor: int
) -> tuple[Line, ...]:
    """Return the postings of money that came in for an order. Source: rules M3, M4.

    account -- where it is now; the member's own credit when that is what pays
    applied_minor -- what settles the order; credit_minor -- what becomes the member's credit
    """
    return (
        money_line(account, applied_minor + credit_minor, member_number),
        Line(Account.RECEIVABLE, -applied_minor, order_number),
        Line(Account.MEMBER_CREDIT, -credit_minor, member_number),
    )


def credit_lines(order_number: str, member_number: str, credit_minor: int) -> tuple[Line, ...]:
    """Return the postings that turn money paid for a cancelled order into the member's credit.

    credit_minor -- negative takes it back, when the payment was an entry error
    """
    return (
        Line(Account.RECEIVABLE, credit_minor, order_number),
        Line(Account.MEMBER_CREDIT, -credit_minor, member_number),
    )


def refund_lines(
    order_number: str, member_number: str, unearned_minor: int, account: Account, minor: int
) -> tuple[Line, ...]:
    """Return the postings of money that goes back: out of what is not earned yet, then of income.

    order_number   -- the order that it was paid for
    unearned_minor -- what that order's fee has not earned so far, >= 0
    account, minor -- out of which account how much goes, minor units > 0; what the member's own
                      credit had paid becomes their credit again
    Source: rules M2, M6.
    """
    unearned = min(unearned_minor, minor)
    return (
        Line(Account.UNEARNED_FEES, unearned, order_number),
        Line(Account.FEE_INCOME, minor - unearned, order_number),
        money_line(account, -minor, member_number),
    )


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What an account holds; debit above 0, credit below."""

    account: str
    kind: AccountKind
    balance: Money


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One posting together with its entry; debit above 0, credit below."""

    entry: int
    at: datetime
    value_on: date
    event: str
    about: str
    account: str
    party: str | None
    amount: Money


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that contradicts another. Source: cli.md, `ledger check`."""

    rule: str
    object: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to. checked -- how many objects were looked at"""

    checked: int
    problems: list[Problem]
