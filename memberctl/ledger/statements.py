"""What a month or a year came to: income, what is owed to the house, and what it owes.

Source: mission S3.10, S3.11; rules M1.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func
from sqlalchemy import select as columns
from sqlmodel import col

from memberctl.core.dates import Span
from memberctl.core.money import Money
from memberctl.ledger.queries import last_recognised
from memberctl.ledger.rules import VOIDED, Account, AccountKind
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
class MonthFigures:
    """What one month came to.

    income      -- what was earned; lost -- bad debt and other expenses
    received, paid_out -- money that came in and went out, without what tills were over or short,
                   and without payments that were voided: none of that money ever moved (M2)
    receivable, credit, unearned -- at the end: owed by members, owed to them, and not served yet
    """

    month: str
    income: Money
    lost: Money
    received: Money
    paid_out: Money
    receivable: Money
    credit: Money
    unearned: Money


@dataclass(frozen=True, slots=True)
class Statement(MonthFigures):
    """A month at one look.

    booked_through -- the last day up to which income is booked, None when it never was
    months      -- what this month and those before it earned
    till_over, till_short -- what counted tills held beyond their takings, and what was missing
    """

    booked_through: date | None
    accounts: tuple[AccountMonth, ...]
    months: tuple[MonthIncome, ...]
    till_over: Money
    till_short: Money


@dataclass(frozen=True, slots=True)
class YearStatement:
    """A year at one look: the keys are Statement's, and its twelve months come one by one."""

    year: int
    income: Money
    lost: Money
    received: Money
    paid_out: Money
    receivable: Money
    credit: Money
    unearned: Money
    booked_through: date | None
    accounts: tuple[AccountMonth, ...]
    months: tuple[MonthFigures, ...]
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
    days = _month(month)
    (accounts,) = _accounts(session, [days], currency)
    (voided,) = _voided(session, [days], currency)
    tills = _till_difference(accounts, currency)
    return Statement(
        month=f"{month:%Y-%m}",
        **_figures(accounts, currency, voided),
        booked_through=last_recognised(session),
        accounts=tuple(accounts),
        months=_months(session, month, days.end_on, currency),
        till_over=tills[0],
        till_short=tills[1],
    )


def year_statement(session: Session, year: int, currency: str) -> YearStatement:
    """Return the statement of a year by the value dates of the entries, month by month."""
    spans = [_month(date(year, month, 1)) for month in range(1, 13)]
    by_month = _accounts(session, spans, currency)
    voided = _voided(session, spans, currency)
    accounts = [_joined(months) for months in zip(*by_month, strict=True)]
    tills = _till_difference(accounts, currency)
    return YearStatement(
        year=year,
        **_figures(accounts, currency, sum(voided)),
        booked_through=last_recognised(session),
        accounts=tuple(accounts),
        months=tuple(
            MonthFigures(f"{span.start_on:%Y-%m}", **_figures(found, currency, undone))
            for span, found, undone in zip(spans, by_month, voided, strict=True)
        ),
        till_over=tills[0],
        till_short=tills[1],
    )


def _month(first: date) -> Span:
    return Span(first, first.replace(day=monthrange(first.year, first.month)[1]))


def _joined(months: Sequence[AccountMonth]) -> AccountMonth:
    """Return one account over several months that follow each other."""
    more, less = (
        Money(sum(getattr(each, part).minor for each in months), months[0].more.currency)
        for part in ("more", "less")
    )
    return replace(months[0], more=more, less=less, closing=months[-1].closing)


def _figures(
    accounts: Sequence[AccountMonth], currency: str, voided_minor: int
) -> dict[str, Money]:
    """Return what some accounts say together, under the keys that all statements share.

    voided_minor -- what was booked in and out again although no money moved
    """

    def total(codes: Collection[str], part: str) -> Money:
        minor = sum(getattr(each, part).minor for each in accounts if each.account in codes)
        return Money(minor, currency)

    def net(kind: AccountKind) -> Money:
        moved = (each.more.minor - each.less.minor for each in accounts if each.kind is kind)
        return Money(sum(moved), currency)

    over, short = _till_difference(accounts, currency)
    return {
        "income": net(AccountKind.INCOME),
        "lost": net(AccountKind.EXPENSE),
        "received": Money(total(WAYS, "more").minor - over.minor - voided_minor, currency),
        "paid_out": Money(total(WAYS, "less").minor - short.minor - voided_minor, currency),
        "receivable": total({Account.RECEIVABLE}, "closing"),
        "credit": total({Account.MEMBER_CREDIT, Account.PAYOUTS_DUE}, "closing"),
        "unearned": total({Account.UNEARNED_FEES}, "closing"),
    }


def _till_difference(accounts: Sequence[AccountMonth], currency: str) -> tuple[Money, Money]:
    """Return what tills were over, and what they were short."""
    for each in accounts:
        if each.account == Account.TILL_DIFFERENCE:
            return each.less, each.more
    return Money(0, currency), Money(0, currency)


def _accounts(session: Session, spans: Sequence[Span], currency: str) -> list[list[AccountMonth]]:
    """Return the accounts over each of some spans that follow each other, by one statement."""
    amount, value_on = col(Posting.amount_minor), col(LedgerEntry.value_on)
    sums = [func.sum(case((value_on < spans[0].start_on, amount), else_=0))]
    for span in spans:
        within = value_on.between(span.start_on, span.end_on)
        sums.append(func.sum(case((within & (amount > 0), amount), else_=0)))
        sums.append(func.sum(case((within & (amount < 0), amount), else_=0)))
    # Accounts are joined to their sums: joined to the postings they would be looked up for each.
    account = col(Posting.account)
    moved = (
        columns(account, *sums)
        .join(LedgerEntry, col(LedgerEntry.id) == col(Posting.entry_id))
        .where(value_on <= spans[-1].end_on, col(Posting.currency) == currency)
        .group_by(account)
        .subquery()
    )
    _, *parts = moved.c
    rows = session.execute(
        columns(col(LedgerAccount.code), col(LedgerAccount.kind), *parts)
        .join(moved, moved.c.account == col(LedgerAccount.code))
        .order_by(col(LedgerAccount.kind), col(LedgerAccount.code))
    )
    by_account = [_account_months(row, currency) for row in rows]
    return [[months[place] for months in by_account] for place in range(len(spans))]


def _voided(session: Session, spans: Sequence[Span], currency: str) -> list[int]:
    """Return what payments that were an entry error came to in each of some spans.

    A payment is voided on its own day, unless policy `void_days` gives more; over the end of a
    month the void takes it off the month in which it was made (rules M2).
    """
    value_on = col(LedgerEntry.value_on)
    sums = [
        func.coalesce(
            func.sum(
                case(
                    (value_on.between(span.start_on, span.end_on), -col(Posting.amount_minor)),
                    else_=0,
                )
            ),
            0,
        )
        for span in spans
    ]
    row = session.execute(
        columns(*sums)
        .select_from(Posting)
        .join(LedgerEntry, col(LedgerEntry.id) == col(Posting.entry_id))
        .where(
            col(LedgerEntry.event) == VOIDED,
            col(Posting.account).in_(WAYS),
            col(Posting.currency) == currency,
        )
    ).one()
    return [int(minor) for minor in row]


def _account_months(row: Any, currency: str) -> list[AccountMonth]:
    """Return one account over each span. row -- code, kind, what was before, debits and credits"""
    code, kind, before, *moved = row
    reads_credit = kind in (AccountKind.LIABILITY, AccountKind.INCOME)
    sign = -1 if reads_credit else 1
    opening = sign * int(before)
    months = []
    for debit, credit in zip(moved[::2], moved[1::2], strict=True):
        more, less = (-int(credit), int(debit)) if reads_credit else (int(debit), -int(credit))
        closing = opening + more - less
        months.append(
            AccountMonth(
                code, kind, *(Money(each, currency) for each in (opening, more, less, closing))
            )
        )
        opening = closing
    return months


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
    incomes = columns(col(LedgerAccount.code)).where(col(LedgerAccount.kind) == AccountKind.INCOME)
    row = session.execute(
        columns(*sums)
        .select_from(Posting)
        .join(LedgerEntry, col(LedgerEntry.id) == col(Posting.entry_id))
        .where(
            col(Posting.account).in_(incomes),
            col(Posting.currency) == currency,
            value_on.between(starts[0], last),
        )
    ).one()
    return tuple(
        MonthIncome(f"{start:%Y-%m}", Money(int(minor), currency))
        for start, minor in zip(starts, row, strict=True)
    )
