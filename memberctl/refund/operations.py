"""Refunds are asked for, reviewed and withdrawn; what goes back is claimed at once.

Paying them is in paying.py. Source: rules M6-M9; mission S1.10.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.core.money import Money
from memberctl.core.workdays import due_after
from memberctl.message.rules import Purpose
from memberctl.office.calendar_queries import work_calendar
from memberctl.office.queries import policy_number
from memberctl.office.rules import Role
from memberctl.order.notices import tell
from memberctl.order.queries import find_order, order_to_change
from memberctl.order.rules import refuse_if_changed
from memberctl.order.tables import Order
from memberctl.payment.queries import number as payment_number
from memberctl.payment.tables import Payment
from memberctl.refund import amounts, queries, rules
from memberctl.refund.amounts import Share
from memberctl.refund.results import PartLine, RefundChanged, RefundPreview
from memberctl.refund.rules import Asked, HandPart, RefundState, Signature, Verdict
from memberctl.refund.situation import Situation, effects, situation
from memberctl.refund.tables import Refund, RefundHand, RefundPart
from memberctl.review.operations import named_approver, person
from memberctl.store.audit import note
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


def preview_refund(
    session: Session, text: str, *, on: date, gifts_minor: int = 0, today: date
) -> RefundPreview:
    """Return what a refund of an order would come to and what it would end; nothing is written.

    on -- its effective date, the last day of the term then
    Raises RuleRefused for an order that cannot be refunded. Source: rules M6-M8, M10.
    """
    found = situation(session, find_order(session, text), on, gifts_minor=gifts_minor)
    due, claim, currency = found.due, found.claim, found.order.currency

    def money(minor: int) -> Money:
        """Return minor units in the currency of the order."""
        return Money(minor, currency)

    return RefundPreview(
        order=found.order.number,
        paid=money(claim.paid_minor),
        refundable=money(due.refundable_minor),
        used_days=None if claim.usage is None else claim.usage.used,
        term_days=None if claim.usage is None else claim.usage.whole,
        fee=money(due.fee_minor),
        amount=money(due.amount_minor),
        parts=_share_lines(amounts.split(due.amount_minor, found.sources), currency),
        basis=due.basis,
        counted=None if claim.usage is None else claim.usage.counted,
        on=on,
        gifts=money(due.gifts_minor),
        left=money(claim.left_minor),
        cooling_off_until=found.cooling_off_until,
        effects=effects(session, found.order, on, today),
    )


def _share_lines(shares: Iterable[Share], currency: str) -> tuple[PartLine, ...]:
    return tuple(
        PartLine(payment_number(each.payment_id), each.method, Money(each.amount_minor, currency))
        for each in shares
    )


def request_refund(
    session: Session, asked: Asked, *, by: Actor, at: datetime, today: date
) -> RefundChanged:
    """Ask for a refund; the amount is claimed, so that no other refund can take it.

    Raises RuleRefused when nothing is due or left, when the member came in after the effective
    date, and for an order that cannot be refunded; NotPermitted for the member concerned.
    Source: rules M6-M9; mission S1.10.
    """
    order = order_to_change(session, asked.order_text)
    found = situation(session, order, asked.on, gifts_minor=asked.gifts_minor, lock=True)
    rules.refuse_visit_after(found.visited_on, asked.on, order=order.number)
    wish = amounts.wish(
        asked.amount_minor, found.due, found.claim.left_minor, found.earlier,
        order=order.number, currency=order.currency,
    )  # fmt: skip
    requester = person(session, order.member_id, by)
    signature = rules.sign(
        HandPart.REQUEST, requester, (), rules.REQUESTERS, refund=f"the refund of {order.number}"
    )
    refund = _write(session, found, wish.amount_minor, asked.reason, at=at, today=today)
    sign(session, refund, HandPart.REQUEST, signature, at=at)
    shares = amounts.split(wish.amount_minor, found.sources)
    _claim(session, refund, shares)
    note_refund(session, "refund.requested", refund, order, by=by, at=at, beyond=wish.beyond)
    return changed(session, refund, order, cut=wish.cut, beyond=wish.beyond)


def _write(
    session: Session,
    found: Situation,
    amount_minor: int,
    reason: str,
    *,
    at: datetime,
    today: date,
) -> Refund:
    due, usage = found.due, found.claim.usage
    refund = Refund(
        id=take_one(session, "refund"),
        order_id=found.order.id,
        state=RefundState.REQUESTED,
        basis=due.basis,
        amount_minor=amount_minor,
        due_minor=due.amount_minor,
        fee_minor=due.fee_minor,
        gifts_minor=due.gifts_minor,
        currency=found.order.currency,
        used=None if usage is None else usage.used,
        whole=None if usage is None else usage.whole,
        counted=None if usage is None else usage.counted,
        effective_on=found.on,
        due_on=due_after(today, policy_number(session, "refund_days"), work_calendar(session)),
        reason=reason,
        requested_at=at,
    )
    session.add(refund)
    session.flush()
    return refund


def _claim(session: Session, refund: Refund, shares: Sequence[Share]) -> None:
    """Write to which payments a refund goes back; what they still have is that much less."""
    for share in shares:
        session.get_one(Payment, share.payment_id).claimed_minor += share.amount_minor
        session.add(
            RefundPart(
                refund_id=refund.id,
                payment_id=share.payment_id,
                amount_minor=share.amount_minor,
                method=share.method,
            )
        )
    session.flush()


def review_refund(
    session: Session,
    text: str,
    verdict: Verdict,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    seen: int | None = None,
    override: str | None = None,
) -> RefundChanged:
    """Approve or reject a refund; by somebody else than who asked for it.

    override -- in an emergency the code of a second person, who answers for it
    Raises NotPermitted, RuleRefused, Conflict. Source: rules M9, O2, O4.
    """
    refund, order = queries.refund_to_change(session, text)
    number = queries.number(refund.id)
    state = rules.move_on(refund.state, verdict.value, number)
    refuse_if_changed(seen, refund.version)
    if verdict is Verdict.REJECT or override is not None:
        what = "a rejection" if verdict is Verdict.REJECT else "an override"
        rules.require_reason(reason, what=what)
    beyond = refund.amount_minor > refund.due_minor
    signature = rules.sign(
        HandPart.REVIEW,
        person(session, order.member_id, by),
        queries.hands_of(session, refund.id),
        _approvers(session, refund, beyond=beyond),
        refund=number,
        approver=None if override is None else named_approver(session, order.member_id, override),
    )
    sign(session, refund, HandPart.REVIEW, signature, at=at)
    move(refund, state)
    refund.decided_at, refund.decision_reason = at, reason
    if verdict is Verdict.REJECT:
        release(session, refund)
    session.flush()
    event = "refund.approved" if verdict is Verdict.APPROVE else "refund.rejected"
    note_refund(session, event, refund, order, by=by, at=at, override=override is not None)
    _tell_of_verdict(session, order, refund, verdict, at=at)
    return changed(session, refund, order, beyond=beyond)


def _approvers(session: Session, refund: Refund, *, beyond: bool) -> frozenset[Role]:
    """Return who may approve; parts of one order count together, so none slips below a band."""
    together = sum(queries.live_amounts(session, refund.order_id))
    return rules.approvers(together, queries.bands(session), beyond=beyond)


def _tell_of_verdict(
    session: Session, order: Order, refund: Refund, verdict: Verdict, *, at: datetime
) -> None:
    number = queries.number(refund.id)
    if verdict is Verdict.REJECT:
        facts = {"refund": number, "reason": refund.decision_reason}
        tell(session, order, Purpose.REFUND_REJECTED, facts, at=at, cause=number)
        return
    facts = {
        "refund": number,
        "amount": str(Money(refund.amount_minor, refund.currency)),
        "due_on": refund.due_on.isoformat(),
    }
    tell(session, order, Purpose.REFUND_APPROVED, facts, at=at, cause=number)


def withdraw_refund(
    session: Session, text: str, *, reason: str, by: Actor, at: datetime, seen: int | None = None
) -> RefundChanged:
    """Give up a refund that was not paid: the member stays, or it is asked for anew."""
    refund, order = queries.refund_to_change(session, text)
    number = queries.number(refund.id)
    state = rules.move_on(refund.state, "withdraw", number)
    refuse_if_changed(seen, refund.version)
    move(refund, state)
    refund.stopped_because = reason
    release(session, refund)
    session.flush()
    note_refund(session, "refund.withdrawn", refund, order, by=by, at=at)
    return changed(session, refund, order)


def sign(
    session: Session, refund: Refund, part: HandPart, signature: Signature, *, at: datetime
) -> None:
    """Write down who answers for a part of a refund; a payout that failed is signed anew."""
    hand = queries.hand_of_part(session, refund.id, part)
    if hand is None:
        hand = RefundHand(
            id=take_one(session, "refund_hand"),
            refund_id=refund.id,
            part=part,
            staff_id=signature.staff_id,
            acted_by=signature.acted_by,
            at=at,
        )
        session.add(hand)
    hand.staff_id, hand.acted_by, hand.at = signature.staff_id, signature.acted_by, at
    session.flush()


def move(refund: Refund, state: RefundState) -> None:
    """Bring a refund into its next state, which STEPS has allowed."""
    refund.state = state
    refund.version += 1


def release(session: Session, refund: Refund) -> None:
    """Give back to the payments what a refund claimed of them."""
    for part in queries.parts_to_change(session, refund.id):
        session.get_one(Payment, part.payment_id).claimed_minor -= part.amount_minor


def note_refund(
    session: Session,
    event: str,
    refund: Refund,
    order: Order,
    *,
    by: Actor,
    at: datetime,
    **facts: bool,
) -> None:
    """Write what was done with a refund to the audit log; its reasons are kept with it."""
    note(
        session, event, queries.number(refund.id), by=by, at=at, order=order.number,
        amount=refund.amount_minor, state=refund.state.value,
        effective_on=refund.effective_on.isoformat(), **facts,
    )  # fmt: skip


def changed(
    session: Session, refund: Refund, order: Order, *, cut: bool = False, beyond: bool = False
) -> RefundChanged:
    """Return a refund as commands say it."""
    return RefundChanged(
        number=queries.number(refund.id),
        order=order.number,
        amount=Money(refund.amount_minor, refund.currency),
        state=refund.state,
        parts=queries.part_lines(queries.parts_of(session, refund.id), refund.currency),
        effective_on=refund.effective_on,
        due_on=refund.due_on,
        cut=cut,
        beyond=beyond,
    )
