"""Fees become income: every difference between what is earned and what is booked, as entries.

All orders are read and written with a number of statements that does not grow with them.
Source: rules M1, M12; mission S3.10.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import case, func
from sqlalchemy import select as columns
from sqlmodel import col

from memberctl.access.tables import Term, TermChange
from memberctl.access.term_queries import held_by_source
from memberctl.core.dates import at_local_midnight
from memberctl.core.money import Money
from memberctl.ledger.operations import ENTRY, POSTING
from memberctl.ledger.queries import balance, last_recognised
from memberctl.ledger.rules import EARNED, Account, earned_lines
from memberctl.ledger.tables import LedgerEntry, Posting
from memberctl.office.queries import policy
from memberctl.order.pricing import JOINING_FEE
from memberctl.order.rules import OrderKind, OrderState
from memberctl.order.tables import Order, OrderLine
from memberctl.payment import earning
from memberctl.payment.earning import Earned, Fee, Movement, Recognised
from memberctl.payment.tables import Payment
from memberctl.store.among import among
from memberctl.store.audit import note
from memberctl.store.bulk import insert_rows
from memberctl.store.counters import take

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


def recognise_fees(
    session: Session,
    through: date,
    *,
    by: Actor,
    at: datetime,
    today: date,
    zone: ZoneInfo,
    currency: str,
) -> Recognised:
    """Book what was earned of every fee by the end of `through`; a second run adds nothing.

    The entries have the last day of each month as their value date, and `through` for the rest,
    so that every month has its own income however seldom this runs.
    Raises Invalid for a day that has not come, RuleRefused for one before what is booked.
    Source: rules M1, M12.
    """
    last = last_recognised(session)
    earning.refuse_through(through, last, today)
    found: list[Earned] = []
    for fee in _fees(session, last, zone):
        found += earning.earned_by(fee, last, through)
    found.sort(key=lambda each: (each.value_on, each.order))
    _write(session, found, currency=currency, at=at)
    earned = sum(each.amount for each in found)
    if found:
        note(
            session, EARNED, through.isoformat(), by=by, at=at, entries=len(found),
            earned_minor=earned,
        )  # fmt: skip
    return Recognised(
        through=through,
        orders=len({each.order for each in found}),
        entries=len(found),
        earned=Money(earned, currency),
        unearned=Money(-balance(session, Account.UNEARNED_FEES), currency),
    )


def _write(session: Session, found: Sequence[Earned], *, currency: str, at: datetime) -> None:
    if not found:
        return
    ids = take(session, "ledger_entry", len(found))
    entries = [
        (entry_id, at, each.value_on, EARNED, each.order, None, None)
        for entry_id, each in zip(ids, found, strict=True)
    ]
    insert_rows(session, LedgerEntry, ENTRY, entries)
    postings = [
        (entry_id, number, line.account.value, line.party, line.amount_minor, currency)
        for entry_id, each in zip(ids, found, strict=True)
        for number, line in enumerate(earned_lines(each.order, each.amount), start=1)
    ]
    insert_rows(session, Posting, POSTING, postings)


def _fees(session: Session, last: date | None, zone: ZoneInfo) -> list[Fee]:
    """Return the fees of which something may have to be booked, by order."""
    orders = _candidates(session, last, zone)
    movements = _movements(session, orders)
    terms = held_by_source(session, orders, zone)
    delivered = _delivered(session, orders)
    fronts = _joining_fees(session, orders)
    return [
        Fee(
            order,
            terms.get(order, ()),
            tuple(movements.get(order, ())),
            fronts.get(order, 0),
            order in delivered,
        )
        for order in sorted(orders)
    ]


def _candidates(session: Session, last: date | None, zone: ZoneInfo) -> set[str]:
    """Return the orders with a fee that is not earned yet, or whose fee or terms changed since.

    A fee that became smaller, by a refund or a credit note, may have been earned too far.
    """
    unearned = (
        columns(col(Posting.party))
        .where(col(Posting.account) == Account.UNEARNED_FEES.value)
        .group_by(col(Posting.party))
        .having(func.sum(col(Posting.amount_minor)) != 0)
    )
    found = set(session.execute(unearned).scalars())
    if last is None:
        return found
    since = at_local_midnight(last, zone)
    voided = columns(col(Term.source)).where(col(Term.voided_at) >= since)
    changed = (
        columns(col(Term.source))
        .join(TermChange, col(TermChange.term_id) == col(Term.id))
        .where(col(TermChange.recorded_at) >= since)
    )
    moved = (
        columns(col(Posting.party))
        .join(LedgerEntry, col(LedgerEntry.id) == col(Posting.entry_id))
        .where(
            col(LedgerEntry.at) >= since,
            col(LedgerEntry.event) != EARNED,
            col(Posting.account).in_((Account.UNEARNED_FEES.value, Account.FEE_INCOME.value)),
        )
    )
    return found.union(*(session.execute(each).scalars() for each in (voided, changed, moved)))


def _movements(session: Session, orders: Iterable[str]) -> dict[str, list[Movement]]:
    account, amount = col(Posting.account), col(Posting.amount_minor)
    income = func.sum(case((account == Account.FEE_INCOME.value, -amount), else_=0))
    rows = session.execute(
        columns(col(Posting.party), col(LedgerEntry.value_on), -func.sum(amount), income)
        .join(LedgerEntry, col(LedgerEntry.id) == col(Posting.entry_id))
        .where(
            account.in_((Account.UNEARNED_FEES.value, Account.FEE_INCOME.value)),
            among(session, col(Posting.party), sorted(orders)),
        )
        .group_by(col(Posting.party), col(LedgerEntry.value_on))
        .order_by(col(LedgerEntry.value_on))
    )
    found: dict[str, list[Movement]] = defaultdict(list)
    for party, value_on, booked, earned in rows:
        found[party].append(Movement(value_on, int(booked), int(earned)))
    return found


def _delivered(session: Session, orders: Iterable[str]) -> set[str]:
    """Return those of these orders for which nothing remains to be done.

    What is kept of a refunded membership that never began is earned, as its fee for that.
    """
    refunded = (
        columns(col(Payment.id))
        .where(col(Payment.order_id) == col(Order.id), col(Payment.refunded_minor) > 0)
        .exists()
    )
    served = col(Order.kind) == OrderKind.SERVICE
    done = (col(Order.state) == OrderState.CLOSED) | (
        (col(Order.state) == OrderState.FULFILLED) & (served | refunded)
    )
    statement = columns(col(Order.number)).where(
        among(session, col(Order.number), sorted(orders)), done
    )
    return set(session.execute(statement).scalars())


def _joining_fees(session: Session, orders: Iterable[str]) -> dict[str, int]:
    """Return what of each order's fee is earned on its first day, in minor units."""
    if policy(session, "joining_fee_earned") != "at_once":
        return {}
    rows = session.execute(
        columns(col(Order.number), func.sum(col(OrderLine.amount_minor)))
        .join(OrderLine, col(OrderLine.order_id) == col(Order.id))
        .where(
            among(session, col(Order.number), sorted(orders)),
            col(Order.kind) == OrderKind.JOIN,
            col(OrderLine.line) > 1,
            col(OrderLine.what) == JOINING_FEE,
        )
        .group_by(col(Order.number))
    )
    return {order: int(minor) for order, minor in rows}
