"""Payments are recorded, verified by somebody else, and voided when they were an error.

Source: rules M2-M5, M13, O8; mission S0.8-S0.10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.core.dates import local_date, zone
from memberctl.core.machine import step
from memberctl.core.money import Money
from memberctl.core.numbering import member_number
from memberctl.core.text import clean_text
from memberctl.ledger.operations import book_payment, book_void
from memberctl.ledger.rules import Account
from memberctl.member.queries import members_by_id
from memberctl.message.operations import suppress
from memberctl.message.rules import Purpose
from memberctl.office.queries import organisation, policy_number
from memberctl.order.notices import tell
from memberctl.order.queries import order_to_change
from memberctl.order.rules import OrderState, refuse_if_changed
from memberctl.order.tables import Order
from memberctl.payment import queries, rules
from memberctl.payment.rules import (
    Allocation,
    Earlier,
    Owing,
    PaymentRecorded,
    PaymentState,
    PaymentVerified,
    PaymentVoided,
    Tender,
)
from memberctl.payment.settling import book_fee, refuse_refunded, settle, unsettle
from memberctl.payment.tables import Payment, Receipt
from memberctl.store.audit import note
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


@dataclass(frozen=True, slots=True)
class _Arrival:
    """Money on its way into the books: when it came, and where it goes."""

    tender: Tender
    received_at: datetime
    received_on: date
    allocation: Allocation


def record_payment(
    session: Session, tender: Tender, *, by: Actor, at: datetime, today: date, currency: str
) -> PaymentRecorded:
    """Record money that came for an order, with its receipt; when it settles the order, the
    member is entitled at once.

    A transaction that was recorded before is answered as it was then, with already=True. What
    is over, or came too late, becomes the member's credit.
    Raises RuleRefused when nothing may be paid for the order, Conflict for the reference of
    another payment and for a probable duplicate, Invalid for a time that has not come.
    Source: rules M3-M5, M13, O8; mission S0.8-S0.10.
    """
    order = order_to_change(session, tender.order_text)
    assert order.currency == currency, "an organisation has one currency"
    received_at = rules.checked_received(tender.received_at, at)
    repeated = queries.payment_by_reference(session, tender.method, tender.reference)
    if repeated is not None:
        return _answer_again(session, order, tender, repeated)
    _refuse_probable_duplicate(session, order, tender, at)

    owing = queries.owing(session, order)
    received_on = local_date(received_at, zone(organisation(session).zone))
    allocation = _allocation(owing, tender.amount_minor, received_on)
    arrival = _Arrival(tender, received_at, received_on, allocation)
    payment = _write_payment(session, order, arrival, by=by, at=at)
    receipt = _issue_receipt(session, payment, year=today.year, at=at)
    _note_payment(session, "payment.recorded", payment, order, by=by, at=at)

    open_minor = owing.open_minor - allocation.applied
    if allocation.applied and open_minor == 0 and order.state is OrderState.CONFIRMED:
        cause = queries.number(payment.id)
        settle(session, order, cause=cause, paid_on=received_on, by=by, at=at)
    _tell_of_receipt(session, order, payment, receipt, open_minor, at=at)
    return _recorded(order, payment, receipt, open_minor)


def _answer_again(
    session: Session, order: Order, tender: Tender, repeated: Payment
) -> PaymentRecorded:
    earlier = Earlier(
        queries.number(repeated.id),
        repeated.order_id,
        repeated.amount_minor,
        repeated.reference,
        repeated.received_at,
    )
    rules.refuse_other_content(earlier, order.id, tender.amount_minor)
    receipt = queries.receipt_number_of(queries.receipt_of(session, repeated.id))
    open_minor = queries.owing(session, order).open_minor
    return _recorded(order, repeated, receipt, open_minor, already=True)


def _refuse_probable_duplicate(
    session: Session, order: Order, tender: Tender, at: datetime
) -> None:
    if tender.again:
        return
    equal = queries.equal_payments(session, order.id, tender.amount_minor, tender.method)
    minutes = policy_number(session, "probable_duplicate_minutes")
    rules.refuse_probable_duplicate(equal, tender.reference, at, minutes)


def _allocation(owing: Owing, amount_minor: int, received_on: date) -> Allocation:
    if not rules.settles_order(owing, received_on):
        return Allocation(0, amount_minor)
    return rules.allocate(owing.due_minor, owing.paid_minor, amount_minor)


def _write_payment(
    session: Session, order: Order, arrival: _Arrival, *, by: Actor, at: datetime
) -> Payment:
    if arrival.allocation.applied:
        book_fee(session, order, value_on=arrival.received_on, at=at)
    entry_id = book_payment(
        session,
        order.number,
        member_number(order.member_id),
        Account(arrival.tender.method.value),
        applied_minor=arrival.allocation.applied,
        credit_minor=arrival.allocation.over,
        currency=order.currency,
        value_on=arrival.received_on,
        at=at,
        branch_id=by.branch_id or order.branch_id,
    )
    payment = Payment(
        id=take_one(session, "payment"),
        order_id=order.id,
        amount_minor=arrival.tender.amount_minor,
        applied_minor=arrival.allocation.applied,
        credit_minor=arrival.allocation.over,
        currency=order.currency,
        method=arrival.tender.method,
        reference=arrival.tender.reference,
        state=PaymentState.RECORDED,
        received_at=arrival.received_at,
        recorded_by=by.staff_id,
        entry_id=entry_id,
    )
    session.add(payment)
    session.flush()
    return payment


def _issue_receipt(session: Session, payment: Payment, *, year: int, at: datetime) -> str:
    """Give a payment the next number of the year, in the same transaction (rules M13)."""
    receipt = Receipt(
        id=take_one(session, "receipt"),
        series=rules.RECEIPTS,
        year=year,
        serial=take_one(session, f"receipts:{rules.RECEIPTS}:{year}"),
        payment_id=payment.id,
        issued_at=at,
    )
    session.add(receipt)
    session.flush()
    return queries.receipt_number_of(receipt)


def _note_payment(
    session: Session, event: str, payment: Payment, order: Order, *, by: Actor, at: datetime
) -> None:
    note(
        session,
        event,
        queries.number(payment.id),
        by=by,
        at=at,
        order=order.number,
        amount=payment.amount_minor,
        applied=payment.applied_minor,
        credit=payment.credit_minor,
        method=payment.method,
        state=payment.state,
    )


def _tell_of_receipt(
    session: Session, order: Order, payment: Payment, receipt: str, open_minor: int, *, at: datetime
) -> None:
    facts = {
        "receipt": receipt,
        "amount": str(Money(payment.amount_minor, payment.currency)),
        "open": str(Money(open_minor, payment.currency)),
    }
    tell(session, order, Purpose.PAYMENT_RECEIPT, facts, at=at, cause=receipt)


def _recorded(
    order: Order, payment: Payment, receipt: str, open_minor: int, *, already: bool = False
) -> PaymentRecorded:
    return PaymentRecorded(
        number=queries.number(payment.id),
        order=order.number,
        amount=Money(payment.amount_minor, payment.currency),
        method=payment.method,
        receipt=receipt,
        order_state=order.state,
        open=Money(open_minor, payment.currency),
        credit=Money(payment.credit_minor, payment.currency),
        already=already,
    )


def verify_payment(
    session: Session, number: str, *, by: Actor, at: datetime, seen: int | None = None
) -> PaymentVerified:
    """Say that finance has found a payment where it should be; not who recorded it may.

    seen -- the version that the person looked at, None if they did not
    Raises NotPermitted for the recorder and the payer, RuleRefused for a state in which it
    cannot be verified, Conflict when it changed since.
    Source: mission S0.9; rules O2.
    """
    payment = queries.payment_to_change(session, number)
    refuse_if_changed(seen, payment.version)
    order = session.get_one(Order, payment.order_id)
    member = members_by_id(session, [order.member_id])[order.member_id]
    rules.refuse_own_verification(
        by,
        queries.number(payment.id),
        recorded_by=payment.recorded_by,
        member_staff_id=member.staff_id,
    )
    _move(payment, "verify")
    payment.verified_at, payment.verified_by = at, by.staff_id
    session.flush()
    _note_payment(session, "payment.verified", payment, order, by=by, at=at)
    return PaymentVerified(
        number=queries.number(payment.id),
        order=order.number,
        amount=Money(payment.amount_minor, payment.currency),
        method=payment.method,
        state=payment.state,
        verified_by=by.staff,
    )


def void_payment(
    session: Session,
    number: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    today: date,
    seen: int | None = None,
) -> PaymentVoided:
    """Undo a payment that was an entry error, with everything that it caused.

    The books get a reversing entry, the receipt keeps its number but is void, the order that it
    settled is confirmed again, its term ends and the member's cards are blocked; messages about
    it that were not sent yet are not. The reason is kept with the payment, not in the audit log.

    seen -- the version that the person looked at, None if they did not
    Raises RuleRefused for a voided payment, for one of an order that was refunded or is to be,
    and for an order that cannot go back, Conflict when the payment changed since.
    Source: rules M2, M13.
    """
    why = clean_text(reason, what="reason", field="reason")
    order = queries.order_of_payment_to_change(session, number)
    payment = queries.payment_to_change(session, number)
    refuse_if_changed(seen, payment.version)
    if payment.applied_minor:
        refuse_refunded(session, order, what=f"payment {queries.number(payment.id)}")
    _move(payment, "void")
    payment.voided_at, payment.voided_by, payment.void_reason = at, by.staff_id, why
    receipt = _void_receipt(session, payment, at)
    member = member_number(order.member_id)
    book_void(session, payment.entry_id, member, value_on=today, at=at)
    _note_payment(session, "payment.voided", payment, order, by=by, at=at)

    terms = cards = 0
    if payment.applied_minor and order.state in rules.SETTLED:
        terms, cards = unsettle(session, order, by=by, at=at)
    suppress(session, [receipt, queries.number(payment.id)])
    session.flush()
    return PaymentVoided(
        number=queries.number(payment.id),
        order=order.number,
        amount=Money(payment.amount_minor, payment.currency),
        receipt=receipt,
        order_state=order.state,
        open=Money(queries.owing(session, order).open_minor, order.currency),
        terms=terms,
        cards=cards,
    )


def _move(payment: Payment, verb: str) -> None:
    what = f"payment {queries.number(payment.id)}"
    payment.state = step(rules.STEPS, payment.state, verb, what)
    payment.version += 1


def _void_receipt(session: Session, payment: Payment, at: datetime) -> str:
    receipt = queries.receipt_of(session, payment.id)
    receipt.voided_at = at
    return queries.receipt_number_of(receipt)
