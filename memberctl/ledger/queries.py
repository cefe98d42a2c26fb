"""Balances and the journal: sums of postings, never stored figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.core.money import Money
from memberctl.ledger.exporting import ExportEntry, ExportLine
from memberctl.ledger.rules import (
    EARNED,
    Account,
    AccountBalance,
    JournalLine,
    Line,
    Problem,
)
from memberctl.ledger.tables import LedgerAccount, LedgerEntry, Posting
from memberctl.office.tables import Branch
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlmodel import Session


SIGNED = (
    Account.RECEIVABLE.value,
    Account.MEMBER_CREDIT.value,
    Account.UNEARNED_FEES.value,
    Account.FEE_INCOME.value,
    Account.PAYOUTS_DUE.value,
)


def balance(session: Session, account: Account, party: str | None = None) -> int:
    """Return what an account holds, in minor units: debit above 0, credit below.

    party -- only what is kept for this party; None for the whole account
    """
    wanted = select(func.coalesce(func.sum(Posting.amount_minor), 0)).where(
        col(Posting.account) == account.value
    )
    if party is not None:
        wanted = wanted.where(col(Posting.party) == party)
    return int(session.scalar(wanted) or 0)


def booked_minor(session: Session, order_number: str) -> int:
    """Return the fee that the books hold for an order, earned or not, in minor units >= 0."""
    return sum(fee_minor(session, order_number))


def fee_minor(session: Session, order_number: str) -> tuple[int, int]:
    """Return what of an order's fee is not earned yet, and what is, in minor units >= 0."""
    unearned = balance(session, Account.UNEARNED_FEES, order_number)
    return -unearned, -balance(session, Account.FEE_INCOME, order_number)


def lines_of(session: Session, entry_id: int) -> tuple[list[Line], str]:
    """Return an entry's postings and their currency."""
    postings = session.scalars(
        select(Posting).where(col(Posting.entry_id) == entry_id).order_by(col(Posting.line))
    ).all()
    assert postings, "an entry has postings"
    lines = [Line(Account(each.account), each.amount_minor, each.party) for each in postings]
    return lines, postings[0].currency


def balances(session: Session, on: date | None = None) -> list[AccountBalance]:
    """Return each account's balance in each currency that it was posted in.

    on -- only entries with a value date up to this day; None for all
    """
    account, currency = col(Posting.account), col(Posting.currency)
    total = func.sum(col(Posting.amount_minor))
    # SQLite would sort millions of postings to sum them by currency, and there is nearly always
    # one: sums by account are read in the order of their index.
    whole = columns(account, func.min(currency), func.max(currency), total).group_by(account)
    rows = session.execute(_up_to(on, whole)).all()
    sums = [(code, first, minor) for code, first, last, minor in rows if first == last]
    mixed = [code for code, first, last, _ in rows if first != last]
    if mixed:
        apart = columns(account, currency, total).group_by(account, currency)
        sums += session.execute(_up_to(on, apart.where(account.in_(mixed)))).all()
    kinds = {each.code: each.kind for each in session.scalars(select(LedgerAccount))}
    found = [AccountBalance(code, kinds[code], Money(int(minor), of)) for code, of, minor in sums]
    return sorted(found, key=lambda each: (each.kind, each.account, each.balance.currency))


def _up_to(on: date | None, sums: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return sums of postings of entries with a value date up to a day; of all for None."""
    if on is None:  # Nothing is to be asked of millions of entries.
        return sums
    joined = sums.join(LedgerEntry, col(LedgerEntry.id) == col(Posting.entry_id))
    return joined.where(col(LedgerEntry.value_on) <= on)


def last_recognised(session: Session) -> date | None:
    """Return the day up to which income is booked, None before the first run."""
    newest = columns(func.max(col(LedgerEntry.value_on))).where(col(LedgerEntry.event) == EARNED)
    found: date | None = session.execute(newest).scalar_one_or_none()
    return found


def export_entries(session: Session) -> list[ExportEntry]:
    """Return every entry with its postings, for another program."""
    lines: dict[int, list[ExportLine]] = defaultdict(list)
    postings = session.execute(
        columns(
            col(Posting.entry_id),
            col(Posting.account),
            col(LedgerAccount.kind),
            col(Posting.party),
            col(Posting.amount_minor),
            col(Posting.currency),
        )
        .join(LedgerAccount, col(LedgerAccount.code) == col(Posting.account))
        .order_by(col(Posting.entry_id), col(Posting.line))
    )
    for entry_id, *line in postings:
        lines[entry_id].append(ExportLine(*line))
    entries = session.execute(
        columns(
            col(LedgerEntry.id),
            col(LedgerEntry.value_on),
            col(LedgerEntry.event),
            col(LedgerEntry.about),
            col(Branch.code),
            col(LedgerEntry.reverses),
        ).outerjoin(Branch, col(Branch.id) == col(LedgerEntry.branch_id))
    )
    return [_export_entry(row, lines[row.id]) for row in entries]


def _export_entry(row: Any, lines: Sequence[ExportLine]) -> ExportEntry:
    return ExportEntry(
        id=row.id,
        value_on=row.value_on,
        event=row.event,
        about=row.about,
        branch=row.code,
        reverses=row.reverses,
        lines=tuple(lines),
    )


def journal(
    session: Session,
    *,
    about: str | None = None,
    account: Account | None = None,
    party: str | None = None,
    limit: int | None = None,
) -> Listing[JournalLine]:
    """Return postings, the newest entry first, each with its entry.

    about -- only entries with this cause; account, party -- only these postings
    """
    wanted = (
        columns(
            col(LedgerEntry.id),
            col(LedgerEntry.at),
            col(LedgerEntry.value_on),
            col(LedgerEntry.event),
            col(LedgerEntry.about),
            col(Posting.account),
            col(Posting.party),
            col(Posting.amount_minor),
            col(Posting.currency),
        )
        .join(Posting, col(Posting.entry_id) == LedgerEntry.id)
        .order_by(col(LedgerEntry.id).desc(), col(Posting.line))
    )
    if about is not None:
        wanted = wanted.where(col(LedgerEntry.about) == about)
    if account is not None:
        wanted = wanted.where(col(Posting.account) == account.value)
    elif party is not None:  # Each account has its parties in order; over all they are in none.
        wanted = wanted.where(col(Posting.account).in_(list(Account)))
    if party is not None:
        wanted = wanted.where(col(Posting.party) == party)
    return listing(session, wanted, _journal_line, limit)


def _journal_line(row: Any) -> JournalLine:
    return JournalLine(
        entry=row.id,
        at=row.at,
        value_on=row.value_on,
        event=row.event,
        about=row.about,
        account=row.account,
        party=row.party,
        amount=Money(row.amount_minor, row.currency),
    )


def credits_by_party(session: Session, limit: int | None = None) -> Listing[tuple[str, Money]]:
    """Return what is owed to each party as credit, in the order of their numbers."""
    total = func.sum(Posting.amount_minor)
    wanted = (
        select(Posting.party, Posting.currency, total)
        .where(col(Posting.account) == Account.MEMBER_CREDIT.value)
        .group_by(col(Posting.party), col(Posting.currency))
        .having(total != 0)
        .order_by(col(Posting.party), col(Posting.currency))
    )
    return listing(session, wanted, lambda row: (row[0], Money(-int(row[2]), row[1])), limit)


def last_moves_of_credit(session: Session) -> dict[str, date]:
    """Return the last value date on which the credit of each party moved."""
    rows = session.execute(
        select(col(Posting.party), func.max(LedgerEntry.value_on))
        .join(LedgerEntry, col(LedgerEntry.id) == col(Posting.entry_id))
        .where(col(Posting.account) == Account.MEMBER_CREDIT.value)
        .group_by(col(Posting.party))
    )
    return {party: on for party, on in rows if party is not None}


def newest_entry(session: Session) -> int:
    """Return the newest entry's number, 0 before the first."""
    return int(session.scalar(select(func.max(LedgerEntry.id))) or 0)


def held_by(session: Session, party: str) -> list[tuple[Account, int]]:
    """Return what the accounts hold for a party, in minor units; debit above 0, credit below."""
    total = func.sum(Posting.amount_minor)
    rows = session.execute(
        select(Posting.account, total)
        # Each account has its parties in order; over all accounts they are in none.
        .where(col(Posting.account).in_(list(Account)), col(Posting.party) == party)
        .group_by(col(Posting.account))
        .having(total != 0)
        .order_by(col(Posting.account))
    )
    return [(Account(account), int(minor)) for account, minor in rows]


def count_entries(session: Session) -> int:
    """Return how many entries there are."""
    return int(session.scalar(select(func.count()).select_from(LedgerEntry)) or 0)


def entry_problems(session: Session) -> list[Problem]:
    """Return the entries that do not balance or say nothing. Source: rules M1."""
    total = func.sum(Posting.amount_minor)
    uneven = session.execute(
        select(Posting.entry_id, Posting.currency, total)
        .group_by(col(Posting.entry_id), col(Posting.currency))
        .having(total != 0)
        .order_by(col(Posting.entry_id))
    )
    empty = session.scalars(
        select(LedgerEntry.id)
        .where(~select(Posting).where(Posting.entry_id == LedgerEntry.id).exists())
        .order_by(col(LedgerEntry.id))
    )
    found = [
        Problem(
            "entry_balances", f"entry {row[0]}", str(Money(0, row[1])), str(Money(row[2], row[1]))
        )
        for row in uneven
    ]
    return found + [Problem("entry_posts", f"entry {id_}", "postings", "none") for id_ in empty]


def sign_problems(session: Session) -> list[Problem]:
    """Return parties that owe less than nothing, or to whom less than nothing is owed or earned."""
    total = func.sum(Posting.amount_minor)
    rows = session.execute(
        select(Posting.account, Posting.party, Posting.currency, total)
        .where(col(Posting.account).in_(SIGNED))
        .group_by(col(Posting.account), col(Posting.party), col(Posting.currency))
        .having(
            ((col(Posting.account) == Account.RECEIVABLE.value) & (total < 0))
            | ((col(Posting.account) != Account.RECEIVABLE.value) & (total > 0))
        )
        .order_by(col(Posting.account), col(Posting.party))
    )
    return [
        Problem(
            f"{account}_not_negative",
            party or "no party",
            "at least 0",
            str(Money(amount if account == Account.RECEIVABLE else -amount, currency)),
        )
        for account, party, currency, amount in rows
    ]
