"""Every select over payments, receipts and credits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.access.rules import CardState
from memberctl.access.tables import Card, Term
from memberctl.catalog.rules import PaymentTiming
from memberctl.catalog.tables import PlanVersion
from memberctl.core.errors import NotFound
from memberctl.core.money import Money
from memberctl.core.numbering import (
    member_number,
    parse_member_number,
    parse_receipt_number,
    parse_serial_number,
    receipt_number,
    serial_number,
)
from memberctl.ledger.queries import credits_by_party, last_moves_of_credit
from memberctl.member.queries import members_by_id
from memberctl.member.scope import every_branch
from memberctl.member.tables import Member
from memberctl.message.rules import Language
from memberctl.office.queries import staff_codes
from memberctl.order.queries import find_order
from memberctl.order.tables import Order
from memberctl.payment.debt_tables import Chargeback
from memberctl.payment.results import (
    CreditLine,
    PaymentLine,
    PaymentRecord,
    ReceiptRecord,
    VoidEffects,
)
from memberctl.payment.rules import (
    UNDONE_PAYMENTS,
    Earlier,
    Method,
    Owing,
    PaymentState,
    ReceiptState,
)
from memberctl.payment.tables import Payment, Receipt
from memberctl.store.among import among
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session, SQLModel

PREFIX = "P"
_LIVE = col(Payment.state).not_in(UNDONE_PAYMENTS)
LINE: tuple[Any, ...] = (
    col(Payment.id),
    col(Order.number).label("order_number"),
    col(Order.member_id),
    col(Payment.amount_minor),
    col(Payment.currency),
    col(Payment.method),
    col(Payment.reference),
    col(Payment.state),
    col(Payment.received_at),
    col(Receipt.series),
    col(Receipt.year),
    col(Receipt.serial),
)
"""The columns of a PaymentLine."""


def paid_minor(session: Session, order_ids: Iterable[int]) -> dict[int, int]:
    """Return what live payments have applied to these orders, in minor units, by order id.

    Every order that is asked for is there, without a payment as 0.
    """
    ids = sorted(set(order_ids))
    found = dict.fromkeys(ids, 0)
    rows = session.execute(
        columns(col(Payment.order_id), func.sum(Payment.applied_minor))
        .where(among(session, col(Payment.order_id), ids), _LIVE)
        .group_by(col(Payment.order_id))
    )
    found.update((order_id, int(minor)) for order_id, minor in rows)
    return found


def owing(session: Session, order: Order) -> Owing:
    """Return what matters of an order when money comes for it."""
    timing = session.scalar(
        columns(col(PlanVersion.payment_timing)).where(col(PlanVersion.id) == order.plan_version_id)
    )
    return Owing(
        number=order.number,
        state=order.state,
        total_minor=order.total_minor,
        reduced_minor=order.credited_minor + order.written_off_minor,
        paid_minor=paid_minor(session, [order.id])[order.id],
        timing=timing or PaymentTiming.AFTER_APPROVAL,
        payment_due_on=order.payment_due_on,
    )


def payment_by_reference(session: Session, method: Method, reference: str | None) -> Payment | None:
    """Return the payment of one transaction; None when there is none, or no reference.

    A voided payment was an error, so its transaction may be recorded anew; one that a bank took
    back keeps it.
    """
    if reference is None:
        return None
    wanted = select(Payment).where(
        col(Payment.method) == method,
        col(Payment.reference) == reference,
        col(Payment.state) != PaymentState.VOIDED,
    )
    return session.scalars(every_branch(wanted)).one_or_none()


def equal_payments(
    session: Session, order_id: int, amount_minor: int, method: Method
) -> list[Earlier]:
    """Return the live payments of one order, amount and method, oldest first."""
    rows = session.execute(
        columns(col(Payment.id), col(Payment.reference), col(Receipt.issued_at))
        .join(Receipt, col(Receipt.payment_id) == col(Payment.id))
        .where(
            col(Payment.order_id) == order_id,
            col(Payment.amount_minor) == amount_minor,
            col(Payment.method) == method,
            _LIVE,
        )
        .order_by(col(Payment.id))
    )
    return [
        Earlier(number(id_), order_id, amount_minor, reference, issued_at)
        for id_, reference, issued_at in rows
    ]


def number(payment_id: int) -> str:
    """Return the number of a payment, e.g. "P-000001"."""
    return serial_number(PREFIX, payment_id)


def find_payment(session: Session, text: str) -> Payment:
    """Return a payment by its number as typed. Raises Invalid, NotFound."""
    return _one_payment(session, text, lock=False)


def payment_to_change(session: Session, text: str) -> Payment:
    """Return a payment, locked; raises as `find_payment`."""
    return _one_payment(session, text, lock=True)


def _one_payment(session: Session, text: str, *, lock: bool) -> Payment:
    statement = select(Payment).where(Payment.id == parse_serial_number(text, PREFIX))
    found = session.scalars(statement.with_for_update() if lock else statement).one_or_none()
    if found is None:
        raise NotFound("no payment has this number", hint="memberctl payment list")
    return found


def order_of_payment_to_change(session: Session, text: str) -> Order:
    """Return, locked, the order that a payment is for: orders are locked before payments."""
    order_id = find_payment(session, text).order_id
    return session.scalars(select(Order).where(Order.id == order_id).with_for_update()).one()


def receipt_of(session: Session, payment_id: int) -> Receipt:
    """Return the receipt of a payment; each has one."""
    return session.scalars(select(Receipt).where(Receipt.payment_id == payment_id)).one()


def receipt_number_of(receipt: Receipt) -> str:
    """Return the number of a receipt, e.g. "RC-2026-000001"."""
    return receipt_number(receipt.series, receipt.year, receipt.serial)


def list_payments(
    session: Session,
    *,
    order: str | None = None,
    member_id: int | None = None,
    state: PaymentState | None = None,
    method: Method | None = None,
    limit: int | None = None,
) -> Listing[PaymentLine]:
    """Return the payments that meet every condition, the newest first. order -- as typed"""
    conditions = []
    if order is not None:
        conditions.append(col(Payment.order_id) == find_order(session, order).id)
    if member_id is not None:
        conditions.append(col(Order.member_id) == member_id)
    if state is not None:
        conditions.append(col(Payment.state) == state)
    if method is not None:
        conditions.append(col(Payment.method) == method)
    statement = (
        columns(*LINE)
        .join(Order, col(Order.id) == col(Payment.order_id))
        .join(Receipt, col(Receipt.payment_id) == col(Payment.id))
        .where(*conditions)
        .order_by(col(Payment.id).desc())
    )
    return listing(session, statement, _payment_line, limit)


def _payment_line(row: Any) -> PaymentLine:
    return PaymentLine(
        number=number(row.id),
        order=row.order_number,
        member=member_number(row.member_id),
        amount=Money(row.amount_minor, row.currency),
        method=row.method,
        reference=row.reference,
        state=row.state,
        received_at=row.received_at,
        receipt=receipt_number(row.series, row.year, row.serial),
    )


def show_payment(session: Session, text: str) -> PaymentRecord:
    """Return everything that is known of a payment; raises as `find_payment`."""
    payment = find_payment(session, text)
    order = session.get_one(Order, payment.order_id)
    taken_back = session.get(Chargeback, payment.id)
    people = [payment.recorded_by, payment.verified_by, payment.voided_by]
    codes = staff_codes(session, [each for each in people if each is not None])
    return PaymentRecord(
        number=number(payment.id),
        order=order.number,
        member=member_number(order.member_id),
        amount=Money(payment.amount_minor, payment.currency),
        applied=Money(payment.applied_minor, payment.currency),
        credit=Money(payment.credit_minor, payment.currency),
        method=payment.method,
        reference=payment.reference,
        state=payment.state,
        received_at=payment.received_at,
        receipt=receipt_number_of(receipt_of(session, payment.id)),
        recorded_by=codes[payment.recorded_by],
        verified_by=None if payment.verified_by is None else codes[payment.verified_by],
        verified_at=payment.verified_at,
        voided_by=None if payment.voided_by is None else codes[payment.voided_by],
        voided_at=payment.voided_at,
        void_reason=payment.void_reason,
        version=payment.version,
        charged_back_at=None if taken_back is None else taken_back.charged_back_at,
        charged_back_reason=None if taken_back is None else taken_back.reason,
    )


def void_effects(session: Session, text: str) -> VoidEffects:
    """Return what voiding a payment would take back; raises as `find_payment`."""
    payment = find_payment(session, text)
    order = session.get_one(Order, payment.order_id)
    terms = live_terms(session, order.number) if payment.applied_minor else 0
    return VoidEffects(
        number=number(payment.id),
        order=order.number,
        amount=Money(payment.amount_minor, payment.currency),
        receipt=receipt_number_of(receipt_of(session, payment.id)),
        order_state=order.state,
        terms=terms,
        cards=active_cards(session, order.member_id) if terms else 0,
        version=payment.version,
    )


def live_terms(session: Session, order_number: str) -> int:
    """Return how many terms an order has given that are not voided."""
    return _count(session, Term, Term.source == order_number, col(Term.voided_at).is_(None))


def active_cards(session: Session, member_id: int) -> int:
    """Return how many cards of a member are active."""
    return _count(session, Card, Card.member_id == member_id, Card.state == CardState.ACTIVE)


def _count(session: Session, table: type[SQLModel], *conditions: Any) -> int:
    counted = columns(func.count()).select_from(table).where(*conditions)
    return int(session.scalar(counted) or 0)


def list_receipts(
    session: Session,
    *,
    member_id: int | None = None,
    state: ReceiptState | None = None,
    limit: int | None = None,
) -> Listing[ReceiptRecord]:
    """Return receipts, the newest first. state -- only issued or only voided ones"""
    statement = _receipts().order_by(col(Receipt.id).desc())
    if member_id is not None:
        statement = statement.where(col(Order.member_id) == member_id)
    if state is not None:
        voided = col(Receipt.voided_at).is_not(None)
        statement = statement.where(voided if state is ReceiptState.VOIDED else ~voided)
    return listing(session, statement, _receipt_record, limit)


def show_receipt(session: Session, text: str) -> tuple[ReceiptRecord, Language]:
    """Return a receipt and its member's language. Raises Invalid, NotFound."""
    series, year, serial = parse_receipt_number(text)
    found = session.execute(
        _receipts().where(
            col(Receipt.series) == series,
            col(Receipt.year) == year,
            col(Receipt.serial) == serial,
        )
    ).one_or_none()
    if found is None:
        raise NotFound("no receipt has this number", hint="memberctl receipt list")
    return _receipt_record(found), found.language


def _receipts() -> Any:
    return (
        columns(
            *LINE,
            col(Receipt.issued_at),
            col(Receipt.voided_at),
            col(Member.name),
            col(Member.language),
        )
        .select_from(Receipt)
        .join(Payment, col(Payment.id) == col(Receipt.payment_id))
        .join(Order, col(Order.id) == col(Payment.order_id))
        .join(Member, col(Member.id) == col(Order.member_id))
    )


def _receipt_record(row: Any) -> ReceiptRecord:
    line = _payment_line(row)
    return ReceiptRecord(
        number=line.receipt,
        payment=line.number,
        order=line.order,
        member=line.member,
        name=row.name,
        amount=line.amount,
        method=line.method,
        state=ReceiptState.VOIDED if row.voided_at else ReceiptState.ISSUED,
        received_at=line.received_at,
        issued_at=row.issued_at,
        voided_at=row.voided_at,
    )


def list_credits(session: Session, limit: int | None = None) -> Listing[CreditLine]:
    """Return the members who have credit, by number, with what they have.

    The books name members by their numbers alone, so whom the person may see is asked afterwards.
    """
    held = [
        (parse_member_number(party), credit) for party, credit in credits_by_party(session).rows
    ]
    seen = members_by_id(session, [member_id for member_id, _ in held])
    moved = last_moves_of_credit(session)
    rows = [
        CreditLine(
            member_number(member_id), seen[member_id].name, credit, moved[member_number(member_id)]
        )
        for member_id, credit in held
        if member_id in seen
    ]
    return Listing(rows[:limit], len(rows))
