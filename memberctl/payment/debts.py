"""Debts are written off when somebody else agrees, and come back when a bank takes money back.

Source: rules M2, M14, O2.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.core.errors import Conflict
from memberctl.core.machine import step
from memberctl.core.money import Money
from memberctl.core.numbering import member_number
from memberctl.core.text import clean_reason
from memberctl.core.workdays import due_after
from memberctl.ledger.operations import post_entry
from memberctl.ledger.rules import Account, Line
from memberctl.member.queries import members_by_id
from memberctl.office.calendar_queries import work_calendar
from memberctl.office.queries import policy_number
from memberctl.order.queries import order_to_change
from memberctl.order.rules import STEPS as ORDER_STEPS
from memberctl.order.rules import OrderState, refuse_if_changed
from memberctl.order.tables import Order
from memberctl.payment import debt_queries, debt_rules, queries
from memberctl.payment.credit_rules import refuse_own_money
from memberctl.payment.debt_rules import ChargedBack, WriteOffRecord, WriteOffState
from memberctl.payment.debt_tables import Chargeback, WriteOff
from memberctl.payment.operations import undo_payment
from memberctl.payment.rules import STEPS as PAYMENT_STEPS
from memberctl.payment.settling import refuse_refunded
from memberctl.store.audit import note
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


def request_write_off(
    session: Session, order_text: str, *, reason: str, by: Actor, at: datetime
) -> WriteOffRecord:
    """Ask for what is open on an order to be written off; nothing is booked until it is approved.

    Raises RuleRefused when nothing is owed, Conflict when it was asked for before.
    Source: rules M14.
    """
    why = clean_reason(reason)
    order = order_to_change(session, order_text)
    open_minor = queries.owing(session, order).open_minor
    debt_rules.refuse_no_debt(order.number, order.state, open_minor)
    pending = debt_queries.live_write_off(session, order.id)
    if pending is not None:
        raise Conflict(
            f"{debt_queries.number(pending.id)} asks for it already", hint="memberctl debt list"
        )
    write_off = WriteOff(
        id=take_one(session, "write_off"),
        order_id=order.id,
        amount_minor=open_minor,
        currency=order.currency,
        state=WriteOffState.REQUESTED,
        reason=why,
        requested_at=at,
        requested_by=by.staff_id,
    )
    session.add(write_off)
    session.flush()
    _note(session, write_off, order, "write_off.requested", by=by, at=at)
    return debt_queries.write_off_record(session, write_off, order)


def decide_write_off(
    session: Session,
    number: str,
    *,
    approve: bool,
    reason: str | None = None,
    by: Actor,
    at: datetime,
    today: date,
) -> WriteOffRecord:
    """Approve or refuse a write-off that somebody else asked for.

    Approved, the debt is an expense and the order is closed: nothing is asked for any more.
    Raises NotPermitted for who asked and for the member, Conflict when another amount is open.
    Source: rules M2, M14, O2.
    """
    order = debt_queries.order_of_write_off_to_change(session, number)
    write_off = debt_queries.write_off_to_change(session, number)
    number = debt_queries.number(write_off.id)
    debt_rules.refuse_same_person(by, number, write_off.requested_by)
    member = members_by_id(session, [order.member_id])[order.member_id]
    refuse_own_money(by, number, member.staff_id)
    verb = "approve" if approve else "refuse"
    state = step(debt_rules.STEPS, write_off.state, verb, f"write-off {number}")
    entry_id = _book(session, write_off, order, by=by, at=at, today=today) if approve else None
    write_off.state, write_off.entry_id = state, entry_id
    write_off.version += 1
    write_off.decided_at, write_off.decided_by = at, by.staff_id
    write_off.decision = None if reason is None else clean_reason(reason)
    session.flush()
    _note(session, write_off, order, f"write_off.{write_off.state}", by=by, at=at)
    return debt_queries.write_off_record(session, write_off, order)


def _book(
    session: Session, write_off: WriteOff, order: Order, *, by: Actor, at: datetime, today: date
) -> int:
    """Make what is open an expense, close its order, and return the entry."""
    amount = write_off.amount_minor
    open_minor = queries.owing(session, order).open_minor
    if open_minor != amount:
        asked, now = Money(amount, order.currency), Money(open_minor, order.currency)
        raise Conflict(
            f"{asked} was to be written off, {now} is open now",
            hint=f"memberctl debt refuse {debt_queries.number(write_off.id)} --reason ...",
        )
    order.state = step(ORDER_STEPS, order.state, "write_off", f"order {order.number}")
    order.written_off_minor += amount
    order.version += 1
    lines = (
        Line(Account.BAD_DEBT, amount, order.number),
        Line(Account.RECEIVABLE, -amount, order.number),
    )
    note(
        session, "order.closed", order.number, by=by, at=at, state=order.state.value,
        written_off=amount,
    )  # fmt: skip
    return post_entry(
        session, "debt.written_off", order.number, lines,
        currency=order.currency, value_on=today, at=at,
    )  # fmt: skip


def _note(
    session: Session, write_off: WriteOff, order: Order, event: str, *, by: Actor, at: datetime
) -> None:
    note(
        session, event, debt_queries.number(write_off.id), by=by, at=at, order=order.number,
        amount=write_off.amount_minor, state=write_off.state.value,
    )  # fmt: skip


def charge_back(
    session: Session,
    number: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    today: date,
    seen: int | None = None,
) -> ChargedBack:
    """Book that a bank took a payment back: it is owed again, and what it activated ends.

    The order has a new deadline. What had become the member's credit is taken from it; what was
    spent of that already is lost.
    Raises RuleRefused for cash and credit, and for a payment that was undone.
    Source: rules M2.
    """
    why = clean_reason(reason)
    order = queries.order_of_payment_to_change(session, number)
    payment = queries.payment_to_change(session, number)
    refuse_if_changed(seen, payment.version)
    number = queries.number(payment.id)
    debt_rules.refuse_not_banked(number, payment.method)
    if payment.applied_minor:
        refuse_refunded(session, order, what=f"payment {number}")
    payment.state = step(PAYMENT_STEPS, payment.state, "charge_back", f"payment {number}")
    payment.version += 1
    undone = undo_payment(
        session, order, payment, event="payment.charged_back", by=by, at=at, value_on=today
    )
    lost = max(-undone.credit_minor, 0)
    if lost:
        _lose(session, order, lost, value_on=today, at=at)
    if order.state is OrderState.CONFIRMED:
        _new_deadline(session, order, today)
    session.add(
        Chargeback(
            payment_id=payment.id,
            reason=why,
            lost_minor=lost,
            charged_back_at=at,
            charged_back_by=by.staff_id,
        )
    )
    session.flush()
    note(
        session, "payment.charged_back", number, by=by, at=at, order=order.number,
        amount=payment.amount_minor, state=payment.state.value, lost=lost,
    )  # fmt: skip
    return ChargedBack(
        number=number,
        order=order.number,
        amount=Money(payment.amount_minor, payment.currency),
        receipt=undone.receipt,
        order_state=order.state,
        open=Money(queries.owing(session, order).open_minor, order.currency),
        lost=Money(lost, payment.currency),
        due_on=order.payment_due_on if order.state is OrderState.CONFIRMED else None,
        terms=undone.terms,
        cards=undone.cards,
    )


def _lose(session: Session, order: Order, lost: int, *, value_on: date, at: datetime) -> None:
    member = member_number(order.member_id)
    lines = (
        Line(Account.BAD_DEBT, lost, order.number),
        Line(Account.MEMBER_CREDIT, -lost, member),
    )
    post_entry(
        session, "credit.lost", order.number, lines,
        currency=order.currency, value_on=value_on, at=at,
    )  # fmt: skip


def _new_deadline(session: Session, order: Order, today: date) -> None:
    """Give what is owed again the days that any fee has, unless its own day lies further ahead."""
    due_on = due_after(today, policy_number(session, "payment_days"), work_calendar(session))
    if order.payment_due_on is None or order.payment_due_on < due_on:
        order.payment_due_on = due_on
