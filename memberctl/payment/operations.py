"""Payments are recorded, verified by somebody else, and voided when they were an error.

Source: rules M2-M5, M13, O8; mission S0.8-S0.10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from memberctl.core.dates import local_date, zone
from memberctl.core.machine import step
from memberctl.core.money import Money
from memberctl.core.numbering import member_number
from memberctl.core.text import clean_reason
from memberctl.ledger.operations import book_payment, book_undone
from memberctl.ledger.queries import balance
from memberctl.ledger.rules import Account
from memberctl.member.presence import refuse_gone
from memberctl.member.queries import members_by_id
from memberctl.message.operations import suppress
from memberctl.message.rules import Purpose
from memberctl.office.queries import organisation, policy_number
from memberctl.order.notices import tell
from memberctl.order.queries import order_to_change
from memberctl.order.rules import OrderState, refuse_if_changed
from memberctl.order.tables import Order
from memberctl.payment import queries, rules
from memberctl.payment.credit_rules import refuse_credit_as_money
from memberctl.payment.debt_rules import refuse_late_void, refuse_spent_credit
from memberctl.payment.plans import follow_plan
from memberctl.payment.results import PaymentRecorded, PaymentVerified, PaymentVoided
from memberctl.payment.rules import Allocation, Earlier, Method, Owing, PaymentState, Tender
from memberctl.payment.settling import book_fee, refuse_refunded, settle, unsettle
from memberctl.payment.tables import Payment, Receipt
from memberctl.store.audit import note
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


@dataclass(frozen=True, slots=True)
class Arrival:
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
    refuse_credit_as_money(tender.method)
    order = order_to_change(session, tender.order_text)
    assert order.currency == currency, "an organisation has one currency"
    received_at = rules.checked_received(tender.received_at, at)
    repeated = queries.payment_by_reference(session, tender.method, tender.reference)
    if repeated is not None:
        return _answer_again(session, order, tender, repeated)
    if order.state is OrderState.CONFIRMED:
        refuse_gone(session, order.member_id, order.number)
    _refuse_probable_duplicate(session, order, tender, at)

    owing = queries.owing(session, order)
    received_on = local_date(received_at, house_zone(session))
    allocation = _allocation(owing, tender.amount_minor, received_on)
    arrival = Arrival(tender, received_at, received_on, allocation)
    return enter_payment(session, order, owing, arrival, by=by, at=at, today=today)


def enter_payment(
    session: Session,
    order: Order,
    owing: Owing,
    arrival: Arrival,
    *,
    by: Actor,
    at: datetime,
    today: date,
) -> PaymentRecorded:
    """Write a payment that was decided, with its receipt, and settle what it settles.

    The caller has the order locked. The one way into the books for money and for credit.
    """
    payment = _write_payment(session, order, arrival, by=by, at=at)
    receipt = _issue_receipt(session, payment, year=today.year, at=at)
    _note_payment(session, "payment.recorded", payment, order, by=by, at=at)

    open_minor = owing.open_minor - arrival.allocation.applied
    if arrival.allocation.applied and order.state is OrderState.CONFIRMED:
        follow_plan(session, order)
        if open_minor == 0:
            cause = queries.number(payment.id)
            settle(session, order, cause=cause, paid_on=arrival.received_on, by=by, at=at)
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
    rules.refuse_taken_back(earlier.number, repeated.state)
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
    session: Session, order: Order, arrival: Arrival, *, by: Actor, at: datetime
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
    method = arrival.tender.method
    # Credit lies in our own books already: there is nothing to look for on an account.
    verified = method is Method.MEMBER_CREDIT
    payment = Payment(
        id=take_one(session, "payment"),
        order_id=order.id,
        amount_minor=arrival.tender.amount_minor,
        applied_minor=arrival.allocation.applied,
        credit_minor=arrival.allocation.over,
        currency=order.currency,
        method=method,
        reference=arrival.tender.reference,
        state=PaymentState.VERIFIED if verified else PaymentState.RECORDED,
        verified_at=at if verified else None,
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
    why = clean_reason(reason)
    order = queries.order_of_payment_to_change(session, number)
    payment = queries.payment_to_change(session, number)
    refuse_if_changed(seen, payment.version)
    if payment.applied_minor:
        refuse_refunded(session, order, what=f"payment {queries.number(payment.id)}")
    recorded_on = local_date(queries.receipt_of(session, payment.id).issued_at, house_zone(session))
    refuse_late_void(
        queries.number(payment.id), recorded_on, today, policy_number(session, "void_days")
    )
    _move(payment, "void")
    payment.voided_at, payment.voided_by, payment.void_reason = at, by.staff_id, why
    undone = undo_payment(
        session, order, payment, event="payment.voided", by=by, at=at, value_on=today
    )
    refuse_spent_credit(
        f"payment {queries.number(payment.id)}", Money(undone.credit_minor, payment.currency)
    )
    _note_payment(session, "payment.voided", payment, order, by=by, at=at)
    return PaymentVoided(
        number=queries.number(payment.id),
        order=order.number,
        amount=Money(payment.amount_minor, payment.currency),
        receipt=undone.receipt,
        order_state=order.state,
        open=Money(queries.owing(session, order).open_minor, order.currency),
        terms=undone.terms,
        cards=undone.cards,
    )


@dataclass(frozen=True, slots=True)
class Undone:
    """What the undoing of a payment took back.

    credit_minor -- the member's credit afterwards; below 0 it was spent before
    terms, cards -- how many ended
    """

    receipt: str
    credit_minor: int
    terms: int
    cards: int


def undo_payment(
    session: Session,
    order: Order,
    payment: Payment,
    *,
    event: str,
    by: Actor,
    at: datetime,
    value_on: date,
) -> Undone:
    """Take a payment back with everything that it caused; its state is changed already.

    The caller has the order and the payment locked and sees to credit that was spent.
    event -- of the reversing entry
    """
    receipt = _void_receipt(session, payment, at)
    member = member_number(order.member_id)
    book_undone(
        session, payment.entry_id, member, event=event, applied_minor=payment.applied_minor,
        value_on=value_on, at=at,
    )  # fmt: skip
    terms = cards = 0
    if payment.applied_minor and order.state in rules.SETTLED:
        terms, cards = unsettle(session, order, by=by, at=at)
    suppress(session, [receipt, queries.number(payment.id)])
    session.flush()
    if order.state is OrderState.CONFIRMED:
        follow_plan(session, order)
    credit = -balance(session, Account.MEMBER_CREDIT, member)
    return Undone(receipt, credit, terms, cards)


def house_zone(session: Session) -> ZoneInfo:
    """Return the organisation's zone."""
    return zone(organisation(session).zone)


def _move(payment: Payment, verb: str) -> None:
    what = f"payment {queries.number(payment.id)}"
    payment.state = step(rules.STEPS, payment.state, verb, what)
    payment.version += 1


def _void_receipt(session: Session, payment: Payment, at: datetime) -> str:
    receipt = queries.receipt_of(session, payment.id)
    receipt.voided_at = at
    return queries.receipt_number_of(receipt)
