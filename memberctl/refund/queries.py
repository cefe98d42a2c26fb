"""Every select over refunds and what decides them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.access.changes import ENDINGS, ChangeKind
from memberctl.access.rules import CardState
from memberctl.access.tables import Card, Term, TermChange
from memberctl.access.visit_tables import Visit
from memberctl.core.errors import NotFound
from memberctl.core.money import Money
from memberctl.core.numbering import member_number, parse_serial_number, serial_number
from memberctl.office.queries import organisation, policy, policy_number, staff_codes
from memberctl.order.pricing import JOINING_FEE
from memberctl.order.queries import find_order
from memberctl.order.tables import Consent, Order, OrderLine
from memberctl.payment.queries import number as payment_number
from memberctl.payment.refundable import payments_to_change
from memberctl.payment.tables import Payment
from memberctl.refund import rules
from memberctl.refund.amounts import Conditions
from memberctl.refund.results import HandLine, PartLine, RefundLine, RefundRecord
from memberctl.refund.rules import WAITING, Bands, Hand, HandPart, RefundState
from memberctl.refund.tables import Refund, RefundHand, RefundPart
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session

LINE: tuple[Any, ...] = (
    col(Refund.id),
    col(Order.number).label("order_number"),
    col(Order.member_id),
    col(Refund.amount_minor),
    col(Refund.currency),
    col(Refund.state),
    col(Refund.effective_on),
    col(Refund.due_on),
    col(Refund.requested_at),
)
"""The columns of a RefundLine."""


def number(refund_id: int) -> str:
    """Return the number of a refund, e.g. "RF-0007"."""
    return serial_number(rules.PREFIX, refund_id, rules.WIDTH)


def find_refund(session: Session, text: str) -> Refund:
    """Return a refund by its number as typed. Raises Invalid, NotFound."""
    return _one(session, select(Refund).where(Refund.id == _id(text)))


def refund_to_change(session: Session, text: str) -> tuple[Refund, Order]:
    """Return a refund and its order, both locked: orders are locked before refunds.

    Raises as `find_refund`.
    """
    order_id = find_refund(session, text).order_id
    order = session.scalars(select(Order).where(Order.id == order_id).with_for_update()).one()
    statement = select(Refund).where(Refund.id == _id(text)).with_for_update()
    return _one(session, statement.execution_options(populate_existing=True)), order


def _id(text: str) -> int:
    return parse_serial_number(text, rules.PREFIX)


def _one(session: Session, statement: Any) -> Refund:
    found: Refund | None = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("no refund has this number", hint="memberctl refund list")
    return found


def parts_of(session: Session, refund_id: int) -> Sequence[RefundPart]:
    """Return to which payments a refund goes back, the largest part first."""
    return session.scalars(
        select(RefundPart)
        .where(RefundPart.refund_id == refund_id)
        .order_by(col(RefundPart.amount_minor).desc(), col(RefundPart.payment_id))
    ).all()


def parts_to_change(session: Session, refund_id: int) -> Sequence[RefundPart]:
    """Return the parts of a refund and lock their payments, in id order; the order is locked."""
    parts = sorted(parts_of(session, refund_id), key=lambda part: part.payment_id)
    payments_to_change(session, [part.payment_id for part in parts])
    return parts


def part_lines(parts: Iterable[RefundPart], currency: str) -> tuple[PartLine, ...]:
    """Return parts as they are shown."""
    return tuple(
        PartLine(payment_number(each.payment_id), each.method, Money(each.amount_minor, currency))
        for each in parts
    )


def hands_of(session: Session, refund_id: int) -> list[Hand]:
    """Return whose hands a refund went through."""
    rows = session.execute(
        columns(col(RefundHand.part), col(RefundHand.staff_id)).where(
            col(RefundHand.refund_id) == refund_id
        )
    )
    return [Hand(part, staff_id) for part, staff_id in rows]


def hand_of_part(session: Session, refund_id: int, part: HandPart) -> RefundHand | None:
    """Return who answers for one part, or None when nobody does yet."""
    return session.scalars(
        select(RefundHand).where(RefundHand.refund_id == refund_id, RefundHand.part == part)
    ).one_or_none()


def live_amounts(session: Session, order_id: int) -> list[int]:
    """Return the amounts of an order's refunds that were paid or wait, oldest first."""
    statement = (
        select(Refund.amount_minor)
        .where(Refund.order_id == order_id, col(Refund.state).in_((RefundState.PAID, *WAITING)))
        .order_by(col(Refund.id))
    )
    return list(session.scalars(statement))


def ended_by(session: Session, term_id: int) -> str:
    """Return the number of the order or refund that ended a term before its time, "" for none."""
    found = session.scalar(
        columns(col(TermChange.source))
        .where(col(TermChange.term_id) == term_id, col(TermChange.kind).in_(ENDINGS))
        .order_by(col(TermChange.id).desc())
        .limit(1)
    )
    return found or ""


def live_terms(session: Session, member_id: int) -> Sequence[Term]:
    """Return the terms of a member that were not voided, packs too."""
    statement = select(Term).where(Term.member_id == member_id, col(Term.voided_at).is_(None))
    return session.scalars(statement.order_by(col(Term.id))).all()


def live_visits(session: Session, term_id: int) -> int:
    """Return how many visits count for a term or pack (rules C6)."""
    counted = columns(func.count()).where(
        col(Visit.term_id) == term_id, col(Visit.undone_at).is_(None)
    )
    return int(session.scalar(counted) or 0)


def active_cards(session: Session, member_id: int) -> Sequence[str]:
    """Return the numbers of a member's active cards."""
    return session.scalars(
        columns(col(Card.number))
        .where(col(Card.member_id) == member_id, col(Card.state) == CardState.ACTIVE)
        .order_by(col(Card.id))
    ).all()


def joining_minor(session: Session, order_id: int) -> int:
    """Return how much of an order's total is a joining fee."""
    found = session.scalar(
        columns(func.coalesce(func.sum(OrderLine.amount_minor), 0)).where(
            col(OrderLine.order_id) == order_id, col(OrderLine.what) == JOINING_FEE
        )
    )
    return int(found or 0)


def took_over(session: Session, order_id: int) -> int:
    """Return what an order gives back of the plan that it replaces: its lines below 0."""
    found = session.scalar(
        columns(func.coalesce(-func.sum(OrderLine.amount_minor), 0)).where(
            col(OrderLine.order_id) == order_id, col(OrderLine.amount_minor) < 0
        )
    )
    return int(found or 0)


def went_on_from(session: Session, number: str) -> Order | None:
    """Return the order whose term went on under this one, or None."""
    statement = (
        select(Order)
        .join(Term, col(Term.source) == col(Order.number))
        .join(TermChange, col(TermChange.term_id) == col(Term.id))
        .where(TermChange.source == number, TermChange.kind == ChangeKind.SWITCHED)
        .order_by(col(TermChange.id).desc())
        .limit(1)
    )
    return session.scalars(statement).one_or_none()


def returned_elsewhere(session: Session, order_id: int) -> int:
    """Return what live refunds of an order give back to payments of the orders before it."""
    found = session.scalar(
        columns(func.coalesce(func.sum(RefundPart.amount_minor), 0))
        .join(Refund, col(Refund.id) == col(RefundPart.refund_id))
        .join(Payment, col(Payment.id) == col(RefundPart.payment_id))
        .where(
            col(Refund.order_id) == order_id,
            col(Refund.state).in_((RefundState.PAID, *WAITING)),
            col(Payment.order_id) != order_id,
        )
    )
    return int(found or 0)


def signed_on(session: Session, order_id: int) -> date | None:
    """Return the day on which the member agreed to the terms of an order, or None."""
    return session.scalar(
        columns(func.max(Consent.agreed_on)).where(col(Consent.order_id) == order_id)
    )


def conditions(session: Session) -> Conditions:
    """Return what the organisation decided about refunds."""
    currency = organisation(session).currency
    return Conditions(
        fee=rules.parse_fee(
            policy(session, "refund_fee"), policy(session, "refund_fee_minimum"), currency
        ),
        joining_fee_back=policy(session, "refund_joining_fee") == "yes",
        gifts_kept=policy(session, "refund_gifts") == "ignore",
        cooling_off_days=policy_number(session, "cooling_off_days"),
    )


def bands(session: Session) -> Bands:
    """Return from which amounts a manager or the owner has to approve."""
    currency = organisation(session).currency
    return rules.parse_bands(
        policy(session, "refund_manager_from"), policy(session, "refund_owner_from"), currency
    )


def list_refunds(
    session: Session,
    *,
    today: date,
    order: str | None = None,
    member_id: int | None = None,
    state: RefundState | None = None,
    overdue: bool = False,
    limit: int | None = None,
) -> Listing[RefundLine]:
    """Return the refunds that meet every condition, the newest first. order -- as typed"""
    wanted = columns(*LINE).join(Order, col(Order.id) == col(Refund.order_id))
    if order is not None:
        wanted = wanted.where(col(Refund.order_id) == find_order(session, order).id)
    if member_id is not None:
        wanted = wanted.where(col(Order.member_id) == member_id)
    if state is not None:
        wanted = wanted.where(col(Refund.state) == state)
    if overdue:
        wanted = wanted.where(col(Refund.state).in_(WAITING), col(Refund.due_on) < today)

    def line(row: Any) -> RefundLine:
        """Return a row as lists show it, overdue as of `today`."""
        return RefundLine(
            number=number(row.id),
            order=row.order_number,
            member=member_number(row.member_id),
            amount=Money(row.amount_minor, row.currency),
            state=row.state,
            effective_on=row.effective_on,
            due_on=row.due_on,
            overdue=row.state in WAITING and row.due_on < today,
            requested_at=row.requested_at,
        )

    return listing(session, wanted.order_by(col(Refund.id).desc()), line, limit)


def show_refund(session: Session, text: str) -> RefundRecord:
    """Return everything that is known of a refund; raises as `find_refund`."""
    refund = find_refund(session, text)
    order = session.get_one(Order, refund.order_id)

    def money(minor: int) -> Money:
        """Return minor units in the currency of the refund."""
        return Money(minor, refund.currency)

    return RefundRecord(
        number=number(refund.id),
        order=order.number,
        amount=money(refund.amount_minor),
        state=refund.state,
        parts=part_lines(parts_of(session, refund.id), refund.currency),
        member=member_number(order.member_id),
        basis=refund.basis,
        used_days=refund.used,
        term_days=refund.whole,
        counted=refund.counted,
        fee=money(refund.fee_minor),
        gifts=money(refund.gifts_minor),
        rules_give=money(refund.due_minor),
        effective_on=refund.effective_on,
        due_on=refund.due_on,
        reason=refund.reason,
        decision_reason=refund.decision_reason,
        stopped_because=refund.stopped_because,
        reference=refund.reference,
        requested_at=refund.requested_at,
        paid_at=refund.paid_at,
        hands=_hand_lines(session, refund.id),
        version=refund.version,
    )


def _hand_lines(session: Session, refund_id: int) -> tuple[HandLine, ...]:
    hands = session.scalars(
        select(RefundHand).where(RefundHand.refund_id == refund_id).order_by(col(RefundHand.id))
    ).all()
    people = [person for hand in hands for person in (hand.staff_id, hand.acted_by)]
    codes = staff_codes(session, people)
    return tuple(
        HandLine(hand.part, codes[hand.staff_id], codes[hand.acted_by], hand.at) for hand in hands
    )
