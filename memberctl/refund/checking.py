"""The check of every refund beside its payments, its entry in the books and its hands.

Source: rules M1, M6, M8-M10; reliability.md R5 and "Invariants".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, or_
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import col

from memberctl.access.tables import Term
from memberctl.core.money import Money
from memberctl.ledger.rules import Account, Checked, Problem
from memberctl.ledger.tables import LedgerEntry, Posting
from memberctl.order.tables import Order
from memberctl.payment.checking import check_ledger
from memberctl.payment.queries import number as payment_number
from memberctl.payment.rules import SETTLED, UNDONE_PAYMENTS
from memberctl.payment.tables import Payment
from memberctl.refund.queries import number
from memberctl.refund.rules import WAITING, HandPart, RefundState
from memberctl.refund.tables import Refund, RefundHand, RefundPart

if TYPE_CHECKING:
    from sqlmodel import Session

_FEES = (Account.UNEARNED_FEES.value, Account.FEE_INCOME.value)
_DECIDED = (RefundState.APPROVED, RefundState.REJECTED, RefundState.PAID, RefundState.FAILED)
_PAID_OUT = (RefundState.PAID, RefundState.FAILED)


def check_money(session: Session) -> Checked:
    """Return everything in money that contradicts itself, refunds included."""
    books = check_ledger(session)
    problems = [
        *books.problems,
        *_part_problems(session),
        *_payment_problems(session),
        *_entry_problems(session),
        *_stray_entries(session),
        *_hand_problems(session),
        *_order_problems(session),
        *_term_problems(session),
    ]
    counted = int(session.scalar(columns(func.count()).select_from(Refund)) or 0)
    return Checked(books.checked + counted, problems)


def _part_problems(session: Session) -> list[Problem]:
    """Return refunds whose parts are not their amount, or go to another member's payment."""
    total = func.coalesce(func.sum(RefundPart.amount_minor), 0)
    refunded, paid = aliased(Order), aliased(Order)
    strange = func.sum(case((paid.member_id != refunded.member_id, 1), else_=0))  # type: ignore[arg-type]
    rows = session.execute(
        columns(
            col(Refund.id),
            col(Refund.amount_minor),
            col(Refund.currency),
            total,
            func.coalesce(strange, 0),
        )
        .join(refunded, refunded.id == col(Refund.order_id))  # type: ignore[arg-type]
        .outerjoin(RefundPart, col(RefundPart.refund_id) == col(Refund.id))
        .outerjoin(Payment, col(Payment.id) == col(RefundPart.payment_id))
        .outerjoin(paid, paid.id == col(Payment.order_id))  # type: ignore[arg-type]
        .group_by(col(Refund.id), col(Refund.amount_minor), col(Refund.currency))
        .having((total != col(Refund.amount_minor)) | (strange > 0))
        .order_by(col(Refund.id))
    )
    return [
        Problem(
            "refund_parts",
            number(id_),
            f"parts of {Money(amount, currency)} to payments of its member",
            f"{Money(int(parts), currency)}, {int(others)} to others",
        )
        for id_, amount, currency, parts, others in rows
    ]


def _payment_problems(session: Session) -> list[Problem]:
    """Return payments that do not know what refunds claim and paid back, or lack that much."""
    shares = _shares_of_payments()
    claimed, refunded = func.coalesce(shares.c.claimed, 0), func.coalesce(shares.c.refunded, 0)
    knows = (
        col(Payment.claimed_minor),
        col(Payment.refunded_minor),
        case((col(Payment.state).in_(UNDONE_PAYMENTS), 0), else_=col(Payment.applied_minor)),
    )
    rows = session.execute(
        columns(col(Payment.id), col(Payment.currency), claimed, refunded, *knows)
        .outerjoin(shares, shares.c.payment_id == col(Payment.id))
        .where(
            or_(knows[0] != claimed, knows[1] != refunded, claimed + refunded > knows[2]),
        )
        .order_by(col(Payment.id))
    )
    found = []
    for id_, currency, *figures in rows:
        wants, paid_back, claims, gave, has = (Money(int(each), currency) for each in figures)
        found.append(
            Problem(
                "payment_refunds",
                payment_number(id_),
                f"{wants} claimed and {paid_back} refunded, of at most {has}",
                f"{claims} claimed and {gave} refunded",
            )
        )
    return found


def _shares_of_payments() -> Any:
    waits = case((col(Refund.state).in_(WAITING), col(RefundPart.amount_minor)), else_=0)
    paid = case((col(Refund.state) == RefundState.PAID, col(RefundPart.amount_minor)), else_=0)
    return (
        columns(
            col(RefundPart.payment_id),
            func.sum(waits).label("claimed"),
            func.sum(paid).label("refunded"),
        )
        .join(Refund, col(Refund.id) == col(RefundPart.refund_id))
        .group_by(col(RefundPart.payment_id))
        .subquery()
    )


def _entry_problems(session: Session) -> list[Problem]:
    """Return paid refunds whose entry is not a payout of their amount out of fees."""
    account, amount = col(Posting.account), col(Posting.amount_minor)
    fees = func.coalesce(func.sum(case((account.in_(_FEES), amount), else_=0)), 0)
    undone = (
        columns(func.count())
        .select_from(LedgerEntry)
        .where(col(LedgerEntry.reverses) == col(Refund.entry_id))
        .correlate(Refund)
        .scalar_subquery()
    )
    rows = session.execute(
        columns(col(Refund.id), col(Refund.amount_minor), col(Refund.currency), fees, undone)
        .outerjoin(Posting, col(Posting.entry_id) == col(Refund.entry_id))
        .where(col(Refund.state) == RefundState.PAID)
        .group_by(col(Refund.id), col(Refund.amount_minor), col(Refund.currency))
        .having((fees != col(Refund.amount_minor)) | (undone != 0))
        .order_by(col(Refund.id))
    )
    unlike = [
        Problem(
            "refund_entry",
            number(id_),
            f"{Money(minor, currency)} taken from fees, not reversed",
            f"{Money(int(taken), currency)}, {reversals} reversals",
        )
        for id_, minor, currency, taken, reversals in rows
    ]
    return [*unlike, *_other_accounts(session)]


def _other_accounts(session: Session) -> list[Problem]:
    """Return paid refunds that left by another way than their parts say."""
    parts = (
        columns(
            col(Refund.entry_id),
            col(RefundPart.method).label("account"),
            func.sum(RefundPart.amount_minor).label("minor"),
        )
        .join(Refund, col(Refund.id) == col(RefundPart.refund_id))
        .where(col(Refund.state) == RefundState.PAID)
        .group_by(col(Refund.entry_id), col(RefundPart.method))
        .subquery()
    )
    posted = func.coalesce(func.sum(Posting.amount_minor), 0)
    rows = session.execute(
        columns(col(Refund.id), col(Refund.currency), parts.c.account, parts.c.minor, posted)
        .join(parts, parts.c.entry_id == col(Refund.entry_id))
        .outerjoin(
            Posting,
            (col(Posting.entry_id) == parts.c.entry_id) & (col(Posting.account) == parts.c.account),
        )
        .group_by(col(Refund.id), col(Refund.currency), parts.c.account, parts.c.minor)
        .having(posted != -parts.c.minor)
        .order_by(col(Refund.id))
    )
    return [
        Problem(
            "refund_entry",
            number(id_),
            f"{Money(int(minor), currency)} out by {account}",
            str(Money(-int(found), currency)),
        )
        for id_, currency, account, minor, found in rows
    ]


def _stray_entries(session: Session) -> list[Problem]:
    """Return entries of payouts, not reversed, that no paid refund has."""
    reversal = columns(col(LedgerEntry.reverses)).where(col(LedgerEntry.reverses).is_not(None))
    rows = session.execute(
        columns(col(LedgerEntry.id), col(LedgerEntry.about))
        .outerjoin(Refund, col(Refund.entry_id) == col(LedgerEntry.id))
        .where(
            col(LedgerEntry.event) == "refund.paid",
            col(LedgerEntry.id).not_in(reversal),
            col(Refund.id).is_(None),
        )
        .order_by(col(LedgerEntry.id))
    )
    return [
        Problem("refund_entry", f"entry {id_}", "a paid refund", f"none of {about}")
        for id_, about in rows
    ]


def _hand_problems(session: Session) -> list[Problem]:
    """Return refunds that lack the hand of somebody for what was done, or show one person twice."""

    def has(part: HandPart) -> Any:
        return func.sum(case((col(RefundHand.part) == part, 1), else_=0))

    people = func.count(func.distinct(col(RefundHand.staff_id)))
    state = col(Refund.state)
    wanted = 1 + case((state.in_(_DECIDED), 1), else_=0) + case((state.in_(_PAID_OUT), 1), else_=0)
    withdrawn = state == RefundState.WITHDRAWN
    rows = session.execute(
        columns(col(Refund.id), wanted, func.count(col(RefundHand.id)), people)
        .outerjoin(RefundHand, col(RefundHand.refund_id) == col(Refund.id))
        .group_by(col(Refund.id), state)
        .having(
            or_(
                func.coalesce(has(HandPart.REQUEST), 0) != 1,
                people != func.count(col(RefundHand.id)),
                ~withdrawn & (func.count(col(RefundHand.id)) != wanted),
            )
        )
        .order_by(col(Refund.id))
    )
    return [
        Problem("refund_hands", number(id_), f"{parts} parts by as many people",
                f"{hands} parts by {persons} people")
        for id_, parts, hands, persons in rows
    ]  # fmt: skip


def _order_problems(session: Session) -> list[Problem]:
    """Return refunds of orders that are not paid, whose money is not theirs to give back."""
    rows = session.execute(
        columns(col(Refund.id), col(Order.state))
        .join(Order, col(Order.id) == col(Refund.order_id))
        .where(
            col(Refund.state).in_((RefundState.PAID, *WAITING)),
            col(Order.state).not_in(SETTLED),
        )
        .order_by(col(Refund.id))
    )
    return [Problem("refund_order", number(id_), "a paid order", state) for id_, state in rows]


def _term_problems(session: Session) -> list[Problem]:
    """Return refunds that were paid while a term of their order goes on. Source: rules M10."""
    rows = session.execute(
        columns(col(Refund.id), col(Refund.effective_on), func.max(col(Term.end_on)))
        .join(Order, col(Order.id) == col(Refund.order_id))
        .join(Term, (col(Term.source) == col(Order.number)) & col(Term.voided_at).is_(None))
        .where(col(Refund.state).in_(_PAID_OUT), col(Term.end_on) > col(Refund.effective_on))
        .group_by(col(Refund.id), col(Refund.effective_on))
        .order_by(col(Refund.id))
    )
    return [
        Problem("refund_term", number(id_), f"ends by {on}", f"ends {until}")
        for id_, on, until in rows
    ]
