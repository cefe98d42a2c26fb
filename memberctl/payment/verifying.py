"""Payments that were found on a statement are verified, many at once.

Source: mission S0.9; rules O2, M15.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import col, select

from memberctl.core.machine import step
from memberctl.member.tables import Member
from memberctl.order.tables import Order
from memberctl.payment import queries, rules
from memberctl.payment.rules import PaymentState
from memberctl.payment.tables import Payment
from memberctl.store.among import among
from memberctl.store.audit import note_many

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


@dataclass(frozen=True, slots=True)
class Found:
    """That a payment is on a statement. hands -- staff ids that the statement went through."""

    statement_line: str
    hands: tuple[int, ...]


def verify_found(
    session: Session, found: Mapping[int, Found], *, by: Actor, at: datetime
) -> tuple[int, int]:
    """Verify recorded payments that a statement shows, where four eyes have seen them.

    The bank's word counts as the second pair of eyes only through somebody: whoever took the
    statement in or matched it, and neither recorded the payment nor is the member who paid.
    found -- by the payment's id
    Returns how many were verified, and how many wait for another person.
    Source: rules O2, M15; mission S0.9.
    """
    rows = session.execute(
        select(Payment, Member.staff_id, Order.number)
        .join(Order, col(Order.id) == col(Payment.order_id))
        .join(Member, col(Member.id) == col(Order.member_id))
        .where(
            among(session, col(Payment.id), sorted(found)),
            col(Payment.state) == PaymentState.RECORDED,
        )
        .order_by(col(Payment.id))
        .with_for_update(of=Payment)
    )
    notes, waiting = [], 0
    for payment, payer, order in rows:
        seen = found[payment.id]
        second = rules.second_person(seen.hands, payment.recorded_by, payer)
        if second is None:
            waiting += 1
            continue
        number = queries.number(payment.id)
        payment.state = step(rules.STEPS, payment.state, "verify", f"payment {number}")
        payment.verified_at, payment.verified_by = at, second
        payment.version += 1
        facts = {
            "order": order, "amount": payment.amount_minor, "method": payment.method,
            "state": payment.state, "on": seen.statement_line,
        }  # fmt: skip
        notes.append((number, facts))
    session.flush()
    note_many(session, "payment.verified", notes, by=by, at=at)
    return len(notes), waiting
