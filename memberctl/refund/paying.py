"""Refunds are paid out, with everything that ends by it; a payout that failed is paid again.

Source: rules M2, M8-M10; mission S1.10.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.access.changes import ChangeKind
from memberctl.access.ending import TermsEnded, end_terms
from memberctl.core.money import Money
from memberctl.core.numbering import member_number
from memberctl.ledger.operations import book_refund, reverse_entry
from memberctl.ledger.queries import balance
from memberctl.ledger.rules import Account
from memberctl.message.operations import suppress
from memberctl.message.rules import Purpose
from memberctl.order.notices import tell
from memberctl.order.rules import refuse_if_changed
from memberctl.order.tables import Order
from memberctl.payment.debt_rules import refuse_spent_credit
from memberctl.payment.rules import Method
from memberctl.payment.tables import Payment
from memberctl.refund import queries, rules
from memberctl.refund.amounts import Usage
from memberctl.refund.operations import changed, move, note_refund, sign
from memberctl.refund.results import Effects, PayoutEffects, RefundChanged, RefundPaid, TermEffect
from memberctl.refund.rules import HandPart, Payout, RefundState
from memberctl.refund.situation import effects, situation
from memberctl.review.operations import named_approver, person

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor
    from memberctl.refund.tables import Refund


def payout_effects(session: Session, text: str, *, today: date) -> PayoutEffects:
    """Return what paying a refund would end, and the version that this was looked at.

    A refund that cannot be paid now ends nothing; saying why is `pay_refund`'s.
    """
    refund = queries.find_refund(session, text)
    order = session.get_one(Order, refund.order_id)
    ends = Effects((), (), ())
    if (refund.state, "pay") in rules.STEPS:
        ends = effects(session, order, refund.effective_on, today)
    return PayoutEffects(
        number=queries.number(refund.id),
        order=order.number,
        amount=Money(refund.amount_minor, refund.currency),
        parts=queries.part_lines(queries.parts_of(session, refund.id), refund.currency),
        effects=ends,
        version=refund.version,
    )


def pay_refund(
    session: Session, payout: Payout, *, by: Actor, at: datetime, today: date
) -> RefundPaid:
    """Pay an approved refund, once; a second call is refused, not repeated.

    The books get an entry of their own, the terms of the order end on the effective date, the
    cards of a member who is left with none are blocked, and the member is told.
    Raises RuleRefused for a refund that is not approved, NotPermitted for who asked for it or
    reviewed it, Conflict when the term or the refund changed since.
    Source: rules M2, M8-M10; mission S1.10.
    """
    refund, order = queries.refund_to_change(session, payout.number)
    number = queries.number(refund.id)
    state = rules.move_on(refund.state, "pay", number)
    refuse_if_changed(payout.seen, refund.version)
    if payout.method is not None:
        rules.refuse_other_method(refund.state, payout.method, number)
    _refuse_what_changed(session, refund, order)
    _sign_payout(session, refund, order, payout, by=by, at=at)
    entry_id = _pay_parts(session, refund, order, payout, by=by, at=at, today=today)
    move(refund, state)
    refund.entry_id, refund.paid_at, refund.reference = entry_id, at, payout.reference
    session.flush()
    ended = _end(session, refund, order, by=by, at=at, today=today)
    note_refund(
        session, "refund.paid", refund, order, by=by, at=at, override=payout.override is not None
    )
    _tell_of_payout(session, refund, order, at=at)
    return _paid(session, refund, order, ended)


def _refuse_what_changed(session: Session, refund: Refund, order: Order) -> None:
    """Refuse when the refund is no longer what was asked for and approved.

    A payout that failed ended the term already, so that nothing can have changed since.
    """
    rules.refuse_unsettled(order.number, order.state)
    if refund.state is RefundState.FAILED:
        return
    found = situation(session, order, refund.effective_on)
    rules.refuse_visit_after(
        found.visited_on,
        refund.effective_on,
        order=order.number,
        refund=queries.number(refund.id),
    )
    then = None
    if refund.used is not None and refund.whole is not None and refund.counted is not None:
        then = Usage(refund.used, refund.whole, refund.counted)
    rules.refuse_other_usage(queries.number(refund.id), then, found.claim.usage)


def _sign_payout(
    session: Session, refund: Refund, order: Order, payout: Payout, *, by: Actor, at: datetime
) -> None:
    """Let somebody who neither asked for the refund nor reviewed it answer for the payout."""
    approver = None
    if payout.override is not None:
        rules.require_reason(payout.reason, what="an override")
        said = [each for each in (refund.decision_reason, payout.reason) if each]
        refund.decision_reason = "; ".join(said)
        approver = named_approver(session, order.member_id, payout.override)
    hands = queries.hands_of(session, refund.id)
    signature = rules.sign(
        HandPart.PAYOUT,
        person(session, order.member_id, by),
        [hand for hand in hands if hand.part is not HandPart.PAYOUT],
        rules.PAYERS,
        refund=queries.number(refund.id),
        approver=approver,
    )
    sign(session, refund, HandPart.PAYOUT, signature, at=at)


def _pay_parts(
    session: Session,
    refund: Refund,
    order: Order,
    payout: Payout,
    *,
    by: Actor,
    at: datetime,
    today: date,
) -> int:
    """Turn what was claimed of each payment into refunded money, and return the entry."""
    shares: list[tuple[str, Account, int]] = []
    for part in queries.parts_to_change(session, refund.id):
        payment = session.get_one(Payment, part.payment_id)
        payment.claimed_minor -= part.amount_minor
        payment.refunded_minor += part.amount_minor
        payment.version += 1
        if part.method is not Method.MEMBER_CREDIT:
            part.method = payout.method or part.method
        paid_for = session.get_one(Order, payment.order_id).number
        shares.append((paid_for, Account(part.method.value), part.amount_minor))
    session.flush()
    return book_refund(
        session, order.number, member_number(order.member_id), shares,
        currency=refund.currency, value_on=today, at=at, branch_id=by.branch_id or order.branch_id,
    )  # fmt: skip


def _end(
    session: Session, refund: Refund, order: Order, *, by: Actor, at: datetime, today: date
) -> TermsEnded:
    number = queries.number(refund.id)
    return end_terms(
        session,
        order.number,
        last_on=refund.effective_on,
        why=ChangeKind.REFUNDED,
        reason=number,
        by=by,
        at=at,
        today=today,
        cause=number,
    )


def _tell_of_payout(session: Session, refund: Refund, order: Order, *, at: datetime) -> None:
    number = queries.number(refund.id)
    facts = {
        "refund": number,
        "amount": str(Money(refund.amount_minor, refund.currency)),
        "end_on": refund.effective_on.isoformat(),
    }
    tell(session, order, Purpose.REFUND_PAID, facts, at=at, cause=_notice(refund))


def _notice(refund: Refund) -> str:
    """Return the cause of the notice of a payout; one that is repeated has its own."""
    return f"{queries.number(refund.id)}/{refund.version}"


def _paid(session: Session, refund: Refund, order: Order, ended: TermsEnded) -> RefundPaid:
    return RefundPaid(
        number=queries.number(refund.id),
        order=order.number,
        amount=Money(refund.amount_minor, refund.currency),
        state=refund.state,
        parts=queries.part_lines(queries.parts_of(session, refund.id), refund.currency),
        effective_on=refund.effective_on,
        due_on=refund.due_on,
        terms=tuple(TermEffect(each.start_on, each.was_on, each.end_on) for each in ended.terms),
        cards=ended.cards,
    )


def fail_refund(
    session: Session,
    text: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    today: date,
    seen: int | None = None,
) -> RefundChanged:
    """Say that a payout did not arrive: its entry is reversed, and it is to be paid again.

    What it ended stays ended, since the member is owed the money all the same.
    Source: rules M2, M9.
    """
    refund, order = queries.refund_to_change(session, text)
    number = queries.number(refund.id)
    state = rules.move_on(refund.state, "fail", number)
    refuse_if_changed(seen, refund.version)
    assert refund.entry_id is not None, "a paid refund is in the books"
    member = member_number(order.member_id)
    reverse_entry(
        session, refund.entry_id, event="refund.failed", value_on=today, at=at, credit_of=member
    )
    credit = -balance(session, Account.MEMBER_CREDIT, member)
    refuse_spent_credit(number, Money(credit, refund.currency))
    suppress(session, [_notice(refund)])
    move(refund, state)
    refund.entry_id, refund.stopped_because = None, reason
    for part in queries.parts_to_change(session, refund.id):
        payment = session.get_one(Payment, part.payment_id)
        payment.refunded_minor -= part.amount_minor
        payment.claimed_minor += part.amount_minor
        payment.version += 1
    session.flush()
    note_refund(session, "refund.failed", refund, order, by=by, at=at)
    return changed(session, refund, order)
