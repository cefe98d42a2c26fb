"""The check of every figure: what payments, orders, receipts and the books say of each other.

Source: rules M1, M13; reliability.md R5 and "Invariants"; cli.md, `ledger check`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func
from sqlalchemy import select as columns
from sqlmodel import col

from memberctl.core.money import Money
from memberctl.core.numbering import member_number
from memberctl.ledger.queries import (
    count_entries,
    credits_by_party,
    entry_problems,
    sign_problems,
)
from memberctl.ledger.rules import Account, Checked, Problem
from memberctl.ledger.tables import LedgerEntry, Posting
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.payment import rules
from memberctl.payment.document_checking import (
    COUNTED,
    credit_set_aside,
    document_problems,
    gapless_problems,
)
from memberctl.payment.queries import number
from memberctl.payment.rules import UNDONE_PAYMENTS, Method
from memberctl.payment.tables import Payment, Receipt

if TYPE_CHECKING:
    from sqlmodel import Session, SQLModel

RECEIPT_COUNTERS = "receipts:"
_LIVE = col(Payment.state).not_in(UNDONE_PAYMENTS)
_FEES = (Account.UNEARNED_FEES.value, Account.FEE_INCOME.value)


def check_ledger(session: Session) -> Checked:
    """Return everything in money that contradicts itself, and how many objects were compared."""
    problems = [
        *document_problems(session),
        *entry_problems(session),
        *sign_problems(session),
        *_order_problems(session),
        *_settling_problems(session),
        *_credit_problems(session),
        *_payment_problems(session),
        *gapless_problems(session, Receipt, RECEIPT_COUNTERS, "receipts_gapless"),
    ]
    tables: list[type[SQLModel]] = [Order, Payment, Receipt, *COUNTED]
    counted = sum(_count(session, table) for table in tables)
    return Checked(count_entries(session) + counted, problems)


def _count(session: Session, table: type[SQLModel]) -> int:
    return int(session.scalar(columns(func.count()).select_from(table)) or 0)


def _applied() -> Any:
    """Return what live payments have applied, and what was refunded of it, by order."""
    return (
        columns(
            col(Payment.order_id),
            func.sum(Payment.applied_minor).label("applied"),
            func.sum(Payment.refunded_minor).label("refunded"),
        )
        .where(_LIVE)
        .group_by(col(Payment.order_id))
        .subquery()
    )


def _books() -> Any:
    """Return what the books say that is owed and that was booked as a fee, by order number."""
    account, amount = col(Posting.account), col(Posting.amount_minor)
    owed = func.sum(case((account == Account.RECEIVABLE.value, amount), else_=0))
    fees = func.sum(case((account.in_(_FEES), -amount), else_=0))
    return (
        columns(col(Posting.party), owed.label("owed"), fees.label("fees"))
        .where(account.in_((Account.RECEIVABLE.value, *_FEES)))
        .group_by(col(Posting.party))
        .subquery()
    )


def _order_problems(session: Session) -> list[Problem]:
    """Return orders of which the books tell another story than their state and payments.

    A confirmed order's fee, less its credit notes, is booked and owed as far as it is neither
    paid nor written off; a dead order owes nothing; one under way is booked only when its plan
    asked for the fee on filing. What was refunded is neither booked as a fee nor owed again.
    """
    paid, books = _applied(), _books()
    applied, refunded = func.coalesce(paid.c.applied, 0), func.coalesce(paid.c.refunded, 0)
    owed, fees = func.coalesce(books.c.owed, 0), func.coalesce(books.c.fees, 0)
    state, total = col(Order.state), col(Order.total_minor) - col(Order.credited_minor)
    unpaid_under_way = state.in_(rules.UNDER_WAY) & (applied == 0) & (fees == 0)
    booked = case((state.in_(rules.DEAD) | unpaid_under_way, 0), else_=total - refunded)
    due = case(
        (state.in_(rules.DEAD), 0),
        else_=booked + refunded - applied - col(Order.written_off_minor),
    )
    rows = session.execute(
        columns(col(Order.number), col(Order.currency), booked, fees, due, owed)
        .outerjoin(paid, paid.c.order_id == col(Order.id))
        .outerjoin(books, books.c.party == col(Order.number))
        .where((fees != booked) | (owed != due))
        .order_by(col(Order.id))
    )
    found: list[Problem] = []
    for order, currency, *figures in rows:
        wanted_fee, fee, wanted_due, is_due = (Money(int(each), currency) for each in figures)
        if fee != wanted_fee:
            found.append(Problem("order_booked", order, str(wanted_fee), str(fee)))
        if is_due != wanted_due:
            found.append(Problem("order_receivable", order, str(wanted_due), str(is_due)))
    return found


def _settling_problems(session: Session) -> list[Problem]:
    """Return orders that count as paid and are not, or are paid and still wait."""
    paid = _applied()
    applied = func.coalesce(paid.c.applied, 0)
    state = col(Order.state)
    total = col(Order.total_minor) - col(Order.credited_minor) - col(Order.written_off_minor)
    rows = session.execute(
        columns(col(Order.number), state, total, applied, col(Order.currency))
        .outerjoin(paid, paid.c.order_id == col(Order.id))
        .where(
            (state.in_(rules.SETTLED) & (applied < total))
            | ((state == OrderState.CONFIRMED) & (applied >= total))
            | (applied > total)
        )
        .order_by(col(Order.id))
    )
    return [
        Problem(
            "order_paid",
            order,
            f"{Money(total_minor, currency)} paid if and only if settled",
            f"{state_} with {Money(int(minor), currency)} paid",
        )
        for order, state_, total_minor, minor, currency in rows
    ]


def _credit_problems(session: Session) -> list[Problem]:
    """Return members whose credit in the books is not what became credit less what was used.

    What credit had paid and was refunded is credit again. What a request set aside is none, and
    what a chargeback could not take back was made up for.
    """
    kept = col(Payment.amount_minor) - col(Payment.refunded_minor)
    used = case((col(Payment.method) == Method.MEMBER_CREDIT, kept), else_=0)
    became = case(
        (col(Order.state).in_(rules.DEAD), Payment.applied_minor + Payment.credit_minor),
        else_=col(Payment.credit_minor),
    )
    rows = session.execute(
        columns(col(Order.member_id), col(Payment.currency), func.sum(became - used))
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(_LIVE)
        .group_by(col(Order.member_id), col(Payment.currency))
    )
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for member_id, currency, minor in [*rows, *credit_set_aside(session)]:
        sums[member_id, currency] += int(minor)
    expected = {
        (member_number(member_id), currency): Money(minor, currency)
        for (member_id, currency), minor in sums.items()
        if minor
    }
    found = {(party, money.currency): money for party, money in credits_by_party(session).rows}
    return [
        Problem(
            "credit",
            key[0],
            str(expected.get(key, Money(0, key[1]))),
            str(found.get(key, Money(0, key[1]))),
        )
        for key in sorted(expected.keys() | found.keys())
        if expected.get(key) != found.get(key)
    ]


def _payment_problems(session: Session) -> list[Problem]:
    """Return payments without exactly one receipt like them, or with other books than they say."""
    return [*_unlike_receipts(session), *_unlike_entries(session)]


def _unlike_receipts(session: Session) -> list[Problem]:
    live = func.sum(
        case((col(Receipt.voided_at).is_(None) & col(Receipt.id).is_not(None), 1), else_=0)
    )
    rows = session.execute(
        columns(col(Payment.id), col(Payment.state), func.count(col(Receipt.id)), live)
        .outerjoin(Receipt, col(Receipt.payment_id) == col(Payment.id))
        .group_by(col(Payment.id), col(Payment.state))
        .having(
            (func.count(col(Receipt.id)) != 1)
            | (live != case((col(Payment.state).in_(UNDONE_PAYMENTS), 0), else_=1))
        )
        .order_by(col(Payment.id))
    )
    return [
        Problem(
            "payment_receipt",
            number(id_),
            "one receipt, void if its payment is undone",
            f"{state}, {count} receipts, {int(valid)} of them valid",
        )
        for id_, state, count, valid in rows
    ]


def _unlike_entries(session: Session) -> list[Problem]:
    """A payment's entry brings its amount to its method's account; an undone one is reversed."""
    posted = (
        columns(func.coalesce(func.sum(Posting.amount_minor), 0))
        .where(
            col(Posting.entry_id) == col(Payment.entry_id),
            col(Posting.account) == col(Payment.method),
        )
        .correlate(Payment)
        .scalar_subquery()
    )
    reversals = (
        columns(func.count())
        .select_from(LedgerEntry)
        .where(col(LedgerEntry.reverses) == col(Payment.entry_id))
        .correlate(Payment)
        .scalar_subquery()
    )
    undone = case((col(Payment.state).in_(UNDONE_PAYMENTS), 1), else_=0)
    rows = session.execute(
        columns(
            col(Payment.id),
            col(Payment.amount_minor),
            col(Payment.currency),
            col(Payment.state),
            posted,
            reversals,
        )
        .where((posted != col(Payment.amount_minor)) | (reversals != undone))
        .order_by(col(Payment.id))
    )
    return [
        Problem(
            "payment_entry",
            number(id_),
            f"{Money(amount, currency)} posted, reversed if and only if undone",
            f"{Money(int(minor), currency)} posted, {state}, {count} reversals",
        )
        for id_, amount, currency, state, minor, count in rows
    ]
