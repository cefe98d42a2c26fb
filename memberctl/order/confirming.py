"""Orders on their way after filing: confirmed, complete again, withdrawn, voided, forfeited.

Source: rules O1, O7, O8, M2, A5; mission S0.7, S4.5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.access.ending import void_terms_of
from memberctl.core.errors import RuleRefused
from memberctl.core.machine import step
from memberctl.core.money import Money
from memberctl.core.numbering import member_number
from memberctl.core.workdays import WorkCalendar, due_after
from memberctl.ledger.operations import book_cancelled, book_confirmed
from memberctl.message.rules import Purpose
from memberctl.office.queries import policy, policy_number
from memberctl.order import filing, notices, queries, quoting, rules
from memberctl.order.results import OrderEnded
from memberctl.order.tables import Consent, Order, Quote
from memberctl.store.audit import note

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


def confirm_order(
    session: Session,
    order: Order,
    quote: Quote,
    *,
    by: Actor,
    at: datetime,
    today: date,
    calendar: WorkCalendar,
) -> None:
    """Confirm an order: the quote is accepted, the fee is owed and due, the member is told.

    Raises RuleRefused for a quote that has expired, or an order that cannot be confirmed now.
    Source: rules O7, O8; mission S0.7, S4.5.
    """
    state = step(rules.STEPS, order.state, "confirm", f"order {order.number}")
    quoting.accept_by_confirmation(session, order, quote, by=by, at=at, today=today)
    due_on = min(
        due_after(today, policy_number(session, "payment_days"), calendar),
        quoting.season_end(session, order, today),
    )
    order.state = state
    order.stage = None
    order.confirmed_on = today
    order.payment_due_on = due_on
    order.version += 1
    session.flush()
    book_confirmed(
        session, order.number, order.total_minor, currency=order.currency, value_on=today, at=at
    )
    notices.tell_of_confirmation(session, order, due_on, at=at)
    note(
        session, "order.confirmed", order.number, by=by, at=at, state=state.value,
        total_minor=order.total_minor, payment_due_on=due_on.isoformat(),
    )  # fmt: skip


def confirm_unreviewed(
    session: Session, order: Order, *, by: Actor, at: datetime, today: date, calendar: WorkCalendar
) -> None:
    """Confirm an order of a kind that nobody reviews; its quote is made and accepted at once."""
    quote = quoting.make_quote(session, order, by=by, at=at, today=today)
    confirm_order(session, order, quote, by=by, at=at, today=today, calendar=calendar)


def resubmit_order(
    session: Session,
    order: Order,
    *,
    agreed_on: date | None,
    by: Actor,
    at: datetime,
    today: date,
    calendar: WorkCalendar,
) -> None:
    """Bring a returned order, whose material is complete now, back to its first stage.

    The caller has the order locked and sees to the pauses of its review. The review's clock
    starts when the material is complete for the first time.
    Raises RuleRefused while documents are missing. Source: rules A5; mission S4.2, S4.4.
    """
    state = step(rules.STEPS, order.state, "resubmit", f"order {order.number}")
    _record_consent(session, order, agreed_on, at=at, today=today)
    missing = _missing(session, order)
    if missing:
        raise RuleRefused(
            f"{order.number} still lacks: {', '.join(missing)}",
            hint=filing.remedy(missing, order.number, member_number(order.member_id)),
        )
    order.state = state
    order.stage = filing.state_when_filed(order.kind, ())[1]
    order.missing = ""
    order.version += 1
    if order.received_on is None:
        order.received_on = today
    if order.stage is not None and order.due_on is None:
        order.due_on = due_after(today, policy_number(session, "review_days"), calendar)
    session.flush()
    note(session, "order.resubmitted", order.number, by=by, at=at, state=state.value)
    if order.stage is None:
        confirm_unreviewed(session, order, by=by, at=at, today=today, calendar=calendar)


def _record_consent(
    session: Session, order: Order, agreed_on: date | None, *, at: datetime, today: date
) -> None:
    agreement = filing.agreement_for(agreed_on, today, queries.agreements(session))
    if agreed_on is None or agreement is None:
        return
    if session.get(Consent, (order.id, agreement)) is not None:
        return
    session.add(
        Consent(
            order_id=order.id, agreement_version_id=agreement, agreed_on=agreed_on, recorded_at=at
        )
    )
    session.flush()


def _missing(session: Session, order: Order) -> tuple[str, ...]:
    return filing.missing_documents(
        filing.documents_wanted(order.kind, policy(session, "join_documents")),
        agreed=bool(queries.consents(session, order.id)),
        has_identity=bool(queries.members_with_identity(session, [order.member_id])),
    )


def withdraw_order(
    session: Session,
    text: str,
    *,
    reason: str,
    seen: int | None,
    by: Actor,
    at: datetime,
    today: date,
) -> OrderEnded:
    """End an order because the member no longer wants it; what was paid becomes their credit."""
    order = queries.order_to_change(session, text)
    rules.refuse_if_changed(seen, order.version)
    return end_order(session, order, "withdraw", reason=reason, by=by, at=at, today=today)


def void_order(
    session: Session,
    text: str,
    *,
    reason: str,
    seen: int | None,
    by: Actor,
    at: datetime,
    today: date,
) -> OrderEnded:
    """End an order that was entered by mistake, with everything that it caused.

    Terms and cards go; money that came in is the member's credit. The number stays.
    Source: rules M2.
    """
    order = queries.order_to_change(session, text)
    rules.refuse_if_changed(seen, order.version)
    ended = end_order(session, order, "void", reason=reason, by=by, at=at, today=today)
    terms, cards = void_terms_of(session, order.number, by=by, at=at)
    return replace(ended, terms=len(terms), cards=len(cards))


def forfeit_orders(
    session: Session, numbers: Iterable[str], *, by: Actor, at: datetime, today: date
) -> list[OrderEnded]:
    """End the confirmed orders that were not paid in time, and tell their members.

    The caller has looked at the payments in this transaction.
    Raises RuleRefused for an order whose last day has not passed. Source: rules O8; mission S4.5.
    """
    ended: list[OrderEnded] = []
    for order in queries.orders_to_change(session, numbers):
        due_on = order.payment_due_on
        if due_on is not None and today <= due_on:
            raise RuleRefused(f"{order.number} may be paid until {due_on} (O8)")
        ended.append(
            end_order(session, order, "forfeit", reason="not paid", by=by, at=at, today=today)
        )
        facts = {"due_on": due_on.isoformat() if due_on else ""}
        notices.tell(session, order, Purpose.ORDER_FORFEITED, facts, at=at)
    return ended


def end_order(
    session: Session,
    order: Order,
    verb: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    today: date,
) -> OrderEnded:
    """Take the step `verb` that ends an order before its time.

    Its quote is lost, the fee is no longer owed, what was paid is the member's credit.
    The caller has the order locked. Source: rules O1, O8.
    """
    order.state = step(rules.STEPS, order.state, verb, f"order {order.number}")
    order.stage = None
    order.ended_because = reason
    order.version += 1
    quoting.lose_quote(session, order)
    session.flush()
    credit = book_cancelled(
        session, order.number, member_number(order.member_id),
        currency=order.currency, value_on=today, at=at,
    )  # fmt: skip
    note(
        session, f"order.{order.state}", order.number, by=by, at=at, state=order.state.value,
        credit_minor=credit,
    )  # fmt: skip
    return OrderEnded(order.number, order.state, Money(credit, order.currency))
