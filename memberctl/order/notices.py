"""What members are told about their orders: queued in the transaction that causes it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.core.money import Money
from memberctl.member.presence import gone
from memberctl.member.queries import members_by_id
from memberctl.member.rules import reach
from memberctl.message.operations import enqueue
from memberctl.message.rules import NewMessage, Purpose
from memberctl.order import queries

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.order.tables import Order, Quote


def tell(
    session: Session,
    order: Order,
    purpose: Purpose,
    facts: dict[str, str],
    *,
    at: datetime,
    cause: str | None = None,
    receiver_id: int | None = None,
) -> None:
    """Queue one message to the member an order is for, or to who gets a transferred term.

    Nobody is told in the place of who was erased.
    facts -- what message.rules.FACTS lists for the purpose, without the order's number
    cause -- what makes the message one of its kind; the order's number if it can happen once
    Source: mission S0.6, S0.7; rules N3.
    """
    member_id = receiver_id or order.member_id
    member = members_by_id(session, [member_id])[member_id]
    if gone(member):
        return
    channel, language = reach(member)
    message = NewMessage(
        member_id=member_id,
        purpose=purpose,
        cause=cause or order.number,
        channel=channel,
        language=language,
        facts={"order": order.number, **facts},
    )
    enqueue(session, [message], at=at)


def tell_of_quote(session: Session, order: Order, quote: Quote, *, at: datetime) -> None:
    """Send a quote: what is offered, for how much, until when (mission S0.6)."""
    facts = {
        "plan": _what(session, order),
        "amount": str(Money(quote.total_minor, quote.currency)),
        "valid_until": quote.valid_until.isoformat(),
    }
    cause = f"{order.number}/{quote.version}"
    tell(session, order, Purpose.QUOTE_SENT, facts, at=at, cause=cause)


def tell_of_confirmation(
    session: Session, order: Order, payment_due_on: date, *, at: datetime
) -> None:
    """Tell that an order is confirmed, what is to be paid and until when (mission S0.7)."""
    facts = {
        "plan": _what(session, order),
        "amount": str(Money(order.total_minor, order.currency)),
        "due_on": payment_due_on.isoformat(),
    }
    tell(session, order, Purpose.ORDER_CONFIRMED, facts, at=at)


def _what(session: Session, order: Order) -> str:
    """Return what an order is for in one word: its first line, which for a plan is its name."""
    return queries.order_lines(session, order.id)[0].what
