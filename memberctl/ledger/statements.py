"""What a month came to: income, what is owed to the house, and what it owes.

Source: mission S3.10, S3.11; rules M1.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func
from sqlalchemy import select as columns
from sqlmodel import col

from memberctl.core.money import Money
from memberctl.ledger.queries import last_recognised
from memberctl.ledger.rules import Account, AccountKind
from memberctl.ledger.tables import LedgerAccount, LedgerEntry, Posting

if TYPE_CHECKING:
    from sqlmodel import Session

MONTHS_SHOWN = 12
WAYS = frozenset({Account.CASH, Account.BANK, Account.WECHAT, Account.ALIPAY, Account.CARD,
                  Account.CHEQUE, Account.ONLINE})  # fmt: skip
"""Where money is, as opposed to what is owed."""


@dataclass(frozen=True, slots=True)
class AccountMonth:
    """One account over a month, as its kind is read: income and what the house owes above 0.

    more, less -- what was added and taken away
    """

    account: str
    kind: AccountKind
    opening: Money
    more: Money
    less: Money
    closing: Money


@dataclass(frozen=True, slots=True)
class MonthIncome:
    """What one month earned. month -- "2026-03" """

    month: str
    income: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """A month at one look.

    income      -- what was earned; lost -- bad debt and other expenses
    received, paid_out -- money that came in and went out, without what tills were over or short
    receivable, credit, unearned -- at the end: owed by members, owed to them, and not served yet
    booked_through -- the last day up to which income is booked, None when it never was
    till_over, till_short -- what counted tills held beyond their takings, and what was missing
    """

    month: str
    income: Money
    lost: Money
    received: Money
    paid_out: Money
    receivable: Money
    credit: Money
    unearned: Money
    booked_through: date | None
    accounts: tuple[AccountMonth, ...]
    months: tuple[MonthIncome, ...]
    till_over: Money
    till_short: Money


def first_of(month: date, back: int) -> date:
    """Return the first day of the month that lies `back` months before."""
    count = month.year * 12 + month.month - 1 - back
    return date(count // 12, count % 12 + 1, 1)


def month_statement(session: Session, month: date, currency: str) -> Statement:
    """Return the statement of one month by the value dates of the entries.

    month -- its first day
    """
    last = month.replace(day=monthrange(month.year, month.month)[1])
    accounts = _accounts(session, month, last, currency)
    by_code = {each.account: each for each in accounts}

    def total(codes: Sequence[str], part: str) -> Money:
        minor = sum(getattr(by_code[code], part).minor for code in codes if code in by_code)
        return Money(minor, currency)

    money = [each.value for each in WAYS]
    over, short = (total([Account.TILL_DIFFERENCE], part) for part in ("less", "more"))
    income = [each.account for each in accounts if each.kind is AccountKind.INCOME]
    expense = [each.account for each in accounts if each.kind is AccountKind.EXPENSE]
    return Statement(
        month=f"{month:%Y-%m}",
        income=_net(by_code, income, currency),
        lost=_net(by_code, expense, currency),
        received=Money(total(money, "more").minor - over.minor, currency),
        paid_out=Money(total(money, "less").minor - short.minor, currency),
        receivable=total([Account.RECEIVABLE], "closing"),
        credit=total([Account.MEMBER_CREDIT, Account.PAYOUTS_DUE], "closing"),
        unearned=total([Account.UNEARNED_FEES], "closing"),
        booked_through=last_recognised(session),
        accounts=tuple(accounts),
        months=_months(session, month, last, currency),
        till_over=over,
        till_short=short,
    )


def _net(accounts: Mapping[str, AccountMonth], codes: Sequence[str], currency: str) -> Money:
    return Money(sum(accounts[code].more.minor - accounts[code].less.minor for code in codes),
                 currency)  # fmt: skip


def _accounts(session: Session, first: date, last: date, currency: str) -> list[AccountMonth]:
    amount, value_on = col(Posting.amount_minor), col(LedgerEntry.value_on)
    before = func.sum(case((value_on < first, amount), else_=0))
    debit = func.sum(case(((value_on >= first) & (amount > 0), amount), else_=0))
    credit = func.sum(case(((value_on >= first) & (amount < 0), amount), else_=0))
    rows = session.execute(
        columns(col(LedgerAccount.code), col(LedgerAccount.kind), before, debit, credit)
        .join(Posting, col(Posting.account) == col(LedgerAccount.code))
        .join(LedgerEntry, col(LedgerEntry.id) == col(Posting.entry_id))
        .where(value_on <= last, col(Posting.currency) == currency)
        .group_by(col(LedgerAccount.code), col(LedgerAccount.kind))
        .order_by(col(LedgerAccount.kind), col(LedgerAccount.code))
    )
    return [_account_month(row, currency) for row in rows]


def _account_month(row: Any, currency: str) -> AccountMonth:
    code, kind, *figures = row
    opening, debit, credit = (int(each) for each in figures)
    if kind in (AccountKind.LIABILITY, AccountKind.INCOME):
        opening, debit, credit = -opening, -credit, -debit
    return AccountMonth(
        account=code,
        kind=kind,
        opening=Money(opening, currency),
        more=Money(debit, currency),
        less=Money(-credit, currency),
        closing=Money(opening + debit + credit, currency),
    )


def _months(session: Session, month: date, last: date, currency: str) -> tuple[MonthIncome, ...]:
    """Return the income of the months up to this one, each by one sum of its entries."""
    starts = [first_of(month, back) for back in reversed(range(MONTHS_SHOWN))]
    ends = [each - timedelta(days=1) for each in starts[1:]] + [last]
    value_on = col(LedgerEntry.value_on)
    sums = [
        func.coalesce(
            func.sum(case((value_on.between(start, end), -col(Posting.amount_minor)), else_=0)), 0
        )
        for start, end in zip(starts, ends, strict=True)
    ]
    row = session.execute(
        columns(*sums)
        .select_from(Posting)
        .join(LedgerEntry, col(LedgerEntry.id) == col(Posting.entry_id))
        .join(LedgerAccount, col(LedgerAccount.code) == col(Posting.account))
        .where(col(LedgerAccount.kind) == AccountKind.INCOME, col(Posting.currency) == currency)
    ).one()
    return tuple(
        MonthIncome(f"{start:%Y-%m}", Money(int(minor), currency))
        for start, minor in zip(starts, row, strict=True)
    )
