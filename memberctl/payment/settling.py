"""What an order's full payment sets off, and what voiding a payment takes back.

Source: rules M2, M3, O8; mission S0.9, S0.10.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from memberctl.access.changes import ChangeKind
from memberctl.access.ending import void_terms_of
from memberctl.access.operations import grant_term
from memberctl.access.switching import hand_over_term, switch_term
from memberctl.access.term_queries import carried_on_by, endings_of
from memberctl.catalog.queries import plan_terms_by_id, tier_terms_on
from memberctl.core.machine import step
from memberctl.ledger.operations import book_confirmed
from memberctl.member.queries import members_by_id
from memberctl.message.rules import Purpose
from memberctl.order import confirming
from memberctl.order.notices import tell
from memberctl.order.queries import find_order, order_to_change
from memberctl.order.quote_queries import current_quote
from memberctl.order.rules import STEPS, OrderState
from memberctl.order.tables import OrderTerm
from memberctl.payment import queries, rules
from memberctl.payment.refundable import refunds_of
from memberctl.store.audit import note

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.access.tables import Term
    from memberctl.catalog.rules import PlanTerms
    from memberctl.core.actor import Actor
    from memberctl.order.results import OrderEnded
    from memberctl.order.tables import Order


def settle_if_paid(
    session: Session, order_text: str, *, by: Actor, at: datetime, today: date
) -> OrderState:
    """Settle a confirmed order that nothing is owed for, and return the state it is in now.

    For whoever has just confirmed an order: its plan may ask for the fee on filing, so that it
    is paid already, or may cost nothing. Its term starts today.
    Source: mission "Where the manuals disagree", payment_timing.
    """
    order = order_to_change(session, order_text)
    if order.state is OrderState.CONFIRMED and queries.owing(session, order).open_minor == 0:
        book_fee(session, order, value_on=today, at=at)
        settle(session, order, cause=order.number, paid_on=today, by=by, at=at)
    return order.state


def book_fee(session: Session, order: Order, *, value_on: date, at: datetime) -> None:
    """Book what an order owes, unless its confirmation did."""
    book_confirmed(
        session, order.number, order.total_minor - order.credited_minor,
        currency=order.currency, value_on=value_on, at=at,
    )  # fmt: skip


def settle(
    session: Session, order: Order, *, cause: str, paid_on: date, by: Actor, at: datetime
) -> None:
    """Bring a confirmed order that is paid to `paid`, and a membership at once to its term.

    cause   -- the number of what settles it: a payment, or the order when nothing was due
    paid_on -- the local date on which the money came, from which the term may start
    """
    _move(session, order, "settle", "order.paid", by=by, at=at)
    if order.kind in rules.TERM_KINDS:
        _activate(session, order, cause=cause, paid_on=paid_on, by=by, at=at)
        _move(session, order, "fulfil", "order.fulfilled", by=by, at=at)


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
    """Void an order as `order.confirming` does, unless money for it went back or is about to.

    Source: rules M2, M9.
    """
    order = order_to_change(session, text)
    refuse_refunded(session, order, what=f"order {order.number}")
    return confirming.void_order(session, text, reason=reason, seen=seen, by=by, at=at, today=today)


def refuse_refunded(session: Session, order: Order, *, what: str) -> None:
    """Refuse to void `what` while a refund of the order waits, or after one was paid.

    A refund may also go to the payments of the orders that this one went on from; and while its
    own rest goes on under another order, nothing of it is taken back either.
    Source: rules M2, M9, M11.
    """
    concerned = [order]
    for each in concerned:
        claimed, refunded = refunds_of(session, each.id)
        rules.refuse_while_refunded(
            what, each.number, claimed_minor=claimed, refunded_minor=refunded
        )
        ended = endings_of(session, each.number)
        before = [term.source for change, term in ended if change.kind is ChangeKind.SWITCHED]
        concerned += [find_order(session, number) for number in before]
    rules.refuse_while_gone_on(what, order.number, carried_on_by(session, order.number))


def unsettle(session: Session, order: Order, *, by: Actor, at: datetime) -> tuple[int, int]:
    """Bring a settled order back to `confirmed`; return how many terms and cards that ended.

    Raises RuleRefused for an order that cannot go back, e.g. a closed one. Source: rules M2.
    """
    _move(session, order, "unsettle", "order.unsettled", by=by, at=at)
    terms, cards = void_terms_of(session, order.number, by=by, at=at)
    return len(terms), len(cards)


def _activate(
    session: Session, order: Order, *, cause: str, paid_on: date, by: Actor, at: datetime
) -> None:
    assert order.plan_version_id is not None, "a membership order has a plan"
    plan = plan_terms_by_id(session, [order.plan_version_id])[order.plan_version_id]
    change = session.get(OrderTerm, order.id)
    if change is None:
        term = grant_term(
            session,
            member_id=order.member_id,
            plan=plan,
            tier_version_id=_tier_version_id(session, order, paid_on),
            source=order.number,
            paid_on=paid_on,
            by=by,
            at=at,
        )
    else:
        term = _change_term(session, order, change, plan, paid_on=paid_on, by=by, at=at)
    facts = {
        "plan": plan.name,
        "start_on": term.start_on.isoformat(),
        "end_on": term.end_on.isoformat(),
    }
    receiver = None if change is None else change.receiver_id
    tell(session, order, Purpose.WELCOME, facts, at=at, cause=cause, receiver_id=receiver)


def _change_term(
    session: Session,
    order: Order,
    change: OrderTerm,
    plan: PlanTerms,
    *,
    paid_on: date,
    by: Actor,
    at: datetime,
) -> Term:
    """Let a running term go on under another plan, from the day its price was made for, or under
    another member, from the day after the fee was paid: who gives it may have come in that day.
    """
    if change.receiver_id is None:
        return switch_term(
            session, change.term_id, plan,
            source=order.number, wanted=change.effective_on, by=by, at=at,
        )  # fmt: skip
    return hand_over_term(
        session, change.term_id, change.receiver_id,
        source=order.number, wanted=paid_on + timedelta(days=1), by=by, at=at, today=paid_on,
    )  # fmt: skip


def _tier_version_id(session: Session, order: Order, on: date) -> int:
    """Return the benefits that were offered, or, without a quote, those of the member's tier."""
    quote = current_quote(session, order.id)
    if quote is not None:
        return quote.tier_version_id
    member = members_by_id(session, [order.member_id])[order.member_id]
    return tier_terms_on(session, on)[member.tier_id].tier_version_id


def _move(
    session: Session, order: Order, verb: str, event: str, *, by: Actor, at: datetime
) -> None:
    order.state = step(STEPS, order.state, verb, f"order {order.number}")
    order.version += 1
    note(session, event, order.number, by=by, at=at, state=order.state)
