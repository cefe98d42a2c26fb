"""An account between two days: what the bank says, what the books say, and every difference.

    opening + receipts - refunds - fees = closing

Opening and closing are the bank's, the rest is the books'. What keeps them apart is listed line
by line, and adds up to the difference. Source: rules M15.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.bank import queries, rules
from memberctl.bank.results import ReportItem, ReportRecord
from memberctl.bank.rules import LineState
from memberctl.bank.tables import BankAccount, BankBalance, BankImport, BankLine
from memberctl.core.money import Money
from memberctl.ledger.tables import LedgerEntry, Posting

if TYPE_CHECKING:
    from sqlmodel import Session

_COUNTED = col(BankLine.state) != LineState.SKIPPED
_TAKEN_BACK = "payment.voided"
_FEE = "bank.fee"
_BACK = ("refund.", "payment.charged_back")


@dataclass(frozen=True, slots=True)
class _Movement:
    """One movement of an account in the books. line -- the line that it is, and its day"""

    entry: int
    value_on: date
    event: str
    about: str
    minor: int
    reverses: int | None
    line_id: int | None
    line_on: date | None


def report(
    session: Session, account: BankAccount, first: date, last: date, *, currency: str
) -> ReportRecord:
    """Return the account from `first` to `last`, both inclusive, with every difference.

    currency -- of an account that had no statement yet
    """
    currency = account.currency or currency
    lines = _lines(session, account.id, first, last)
    moved = [*_movements(session, account, first, last, currency)]
    opening, closing, stated = _balances(session, account.id, first, last)
    gap = closing - opening - sum(line.amount_minor for line in lines)
    items = [
        *_of_lines(lines, {each.entry for each in moved}, currency),
        *_of_books(moved, first, last, currency),
    ]
    if gap:
        items.append(
            ReportItem(
                "balance", account.code, last, Money(gap, currency),
                "the balances that its statements state do not follow from their rows",
            )
        )  # fmt: skip
    receipts, refunds, fees = _sums(moved)
    difference = closing - (opening + receipts - refunds - fees)
    return ReportRecord(
        account=account.code,
        from_on=first,
        until_on=last,
        opening=Money(opening, currency),
        receipts=Money(receipts, currency),
        refunds=Money(refunds, currency),
        fees=Money(fees, currency),
        closing=Money(closing, currency),
        difference=Money(difference, currency),
        stated=stated,
        items=items,
    )


def _lines(session: Session, account_id: int, first: date, last: date) -> Sequence[BankLine]:
    return session.scalars(
        select(BankLine)
        .where(
            col(BankLine.account_id) == account_id,
            _COUNTED,
            col(BankLine.booked_on).between(first, last),
        )
        .order_by(col(BankLine.booked_on), col(BankLine.id))
    ).all()


def _movements(
    session: Session, account: BankAccount, first: date, last: date, currency: str
) -> Iterator[_Movement]:
    """Yield what the books say of the account's method and is, or may be, this account's.

    Of several accounts of one method the oldest has what no line names.
    """
    same = queries.accounts_of(session, account.method)
    rows = session.execute(
        columns(
            col(LedgerEntry.id), col(LedgerEntry.value_on), col(LedgerEntry.event),
            col(LedgerEntry.about), func.sum(Posting.amount_minor), col(LedgerEntry.reverses),
            col(BankLine.id), col(BankLine.booked_on), col(BankLine.account_id),
        )
        .join(Posting, col(Posting.entry_id) == col(LedgerEntry.id))
        .outerjoin(
            BankLine,
            (col(BankLine.entry_id) == col(LedgerEntry.id)) & col(BankLine.account_id).in_(same),
        )
        .where(
            col(Posting.account) == account.method.value,
            col(Posting.currency) == currency,
            col(LedgerEntry.value_on).between(first, last),
        )
        .group_by(
            col(LedgerEntry.id), col(LedgerEntry.value_on), col(LedgerEntry.event),
            col(LedgerEntry.about), col(LedgerEntry.reverses), col(BankLine.id),
            col(BankLine.booked_on), col(BankLine.account_id),
        )
        .order_by(col(LedgerEntry.id))
    )  # fmt: skip
    oldest = account.id == same[0]
    for entry, on, event, about, minor, reverses, line_id, line_on, account_id in rows:
        mine = account_id == account.id or (account_id is None and oldest)
        if mine and minor:
            yield _Movement(entry, on, event, about, int(minor), reverses, line_id, line_on)


def _sums(moved: Sequence[_Movement]) -> tuple[int, int, int]:
    """Return what was received, given back and taken by the bank, in minor units."""
    fees = -sum(each.minor for each in moved if each.event == _FEE)
    back = -sum(each.minor for each in moved if each.event.startswith(_BACK))
    return sum(each.minor for each in moved) + fees + back, back, fees


def _of_lines(lines: Sequence[BankLine], booked: set[int], currency: str) -> Iterator[ReportItem]:
    """Yield the lines that the books of these days do not have."""
    for line in lines:
        if line.entry_id in booked:
            continue
        if line.entry_id is not None:
            kind, why = "other_days", "booked, on a day before or after"
        elif line.state is LineState.IGNORED:
            kind, why = "ignored", line.reason or ""
        else:
            kind, why = "missing_in_books", line.finding or "not looked at yet"
        yield ReportItem(
            kind,
            rules.line_number(line.id),
            line.booked_on,
            Money(line.amount_minor, currency),
            why,
        )


def _of_books(
    moved: Sequence[_Movement], first: date, last: date, currency: str
) -> Iterator[ReportItem]:
    """Yield what the books have and no line of these days is; what was taken back is nothing."""
    undone = _undone(moved)
    for each in moved:
        if each.line_on is not None and first <= each.line_on <= last:
            continue
        if each.entry in undone:
            continue
        amount = Money(-each.minor, currency)
        if each.line_id is None:
            yield ReportItem(
                "missing_in_bank", each.about, each.value_on, amount, f"{each.event}, no line yet"
            )
        else:
            line = rules.line_number(each.line_id)
            yield ReportItem(
                "other_days",
                line,
                each.value_on,
                amount,
                f"{each.event}, its line is of other days",
            )


def _undone(moved: Sequence[_Movement]) -> set[int]:
    """Return the entries that an entry error made and its void took back, both of these days."""
    free: Mapping[int, _Movement] = {each.entry: each for each in moved if each.line_id is None}
    pairs = [
        (each.entry, each.reverses)
        for each in free.values()
        if each.event == _TAKEN_BACK and each.reverses in free
    ]
    return {entry for pair in pairs for entry in pair if entry is not None}


def _balances(session: Session, account_id: int, first: date, last: date) -> tuple[int, int, bool]:
    """Return the bank's balances before the first day and after the last, and if one was stated.

    A balance is the nearest that a statement states, carried on by the rows between; the two
    are taken from two different ones where there are two, so that they prove something.
    """
    anchors: dict[bytes, list[tuple[date, int]]] = {}
    for section, from_on, until_on, before, after in _stated(session, account_id):
        known = anchors.setdefault(section, [])
        if before is not None and from_on is not None:
            known.append((from_on, before))
        if after is not None and until_on is not None:
            known.append((until_on + timedelta(days=1), after))
    days = _by_day(session, account_id)
    opening = closing = 0
    end = last + timedelta(days=1)
    for section in {*anchors, *days}:
        rows = days.get(section, [])
        known = anchors.get(section) or [(date.min, 0)]
        opening += _carried(_before(known, first), first, rows)
        closing += _carried(_before(known, end), end, rows)
    return opening, closing, any(anchors.values())


def _before(known: Sequence[tuple[date, int]], day: date) -> tuple[date, int]:
    """Return the last balance known before a day begins, else the first one after it."""
    earlier = [each for each in known if each[0] <= day]
    return max(earlier, key=lambda each: each[0]) if earlier else min(known)


def _carried(anchor: tuple[date, int], day: date, rows: Sequence[tuple[date, int]]) -> int:
    known_on, minor = anchor
    if known_on <= day:
        return minor + sum(amount for on, amount in rows if known_on <= on < day)
    return minor - sum(amount for on, amount in rows if day <= on < known_on)


def _stated(session: Session, account_id: int) -> Any:
    return session.execute(
        columns(
            col(BankBalance.section), col(BankBalance.from_on), col(BankBalance.until_on),
            col(BankBalance.opening_minor), col(BankBalance.closing_minor),
        )
        .join(BankImport, col(BankImport.id) == col(BankBalance.import_id))
        .where(col(BankImport.account_id) == account_id)
        .order_by(col(BankBalance.import_id), col(BankBalance.place))
    )  # fmt: skip


def _by_day(session: Session, account_id: int) -> dict[bytes, list[tuple[date, int]]]:
    rows = session.execute(
        columns(col(BankLine.section), col(BankLine.booked_on), func.sum(BankLine.amount_minor))
        .where(col(BankLine.account_id) == account_id, _COUNTED)
        .group_by(col(BankLine.section), col(BankLine.booked_on))
    )
    found: dict[bytes, list[tuple[date, int]]] = {}
    for section, on, minor in rows:
        found.setdefault(bytes(section), []).append((on, int(minor)))
    return found
