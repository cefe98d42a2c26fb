"""Reviews: an order goes through its stages, is returned, rejected, extended, falls back.

Source: rules O2-O6; mission S0.5, S0.7, S4.3, S4.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.core.errors import NotPermitted
from memberctl.core.machine import step
from memberctl.core.workdays import WorkCalendar
from memberctl.member.presence import refuse_gone
from memberctl.member.tables import Member
from memberctl.message.rules import Purpose
from memberctl.office.calendar_queries import work_calendar
from memberctl.office.queries import find_staff, policy_number, roles_of
from memberctl.office.rules import StaffState
from memberctl.order import confirming, notices, quote_queries, quoting
from memberctl.order import queries as orders
from memberctl.order import rules as order_rules
from memberctl.order.quoting import Revision
from memberctl.order.results import OrderResubmitted, QuoteRevised
from memberctl.order.rules import FILING, OrderState
from memberctl.order.tables import Order, OrderHand, OrderTerm
from memberctl.review import queries, rules
from memberctl.review.results import ReviewAdvanced, ReviewExtended
from memberctl.review.rules import Approval, Move, Outcome, Person, Stage, Verdict
from memberctl.review.tables import ReviewDecision, ReviewExtension, ReviewPause, ReviewStage
from memberctl.store.audit import note
from memberctl.store.bulk import insert_rows
from memberctl.store.counters import take, take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor

STAGE_COLUMNS = ("id", "kind", "position", "stage", "role")


def seed_stages(session: Session) -> None:
    """Write the stages that a new store begins with. Source: mission S4.3."""
    stages = [(kind, stage) for kind, listed in rules.STAGES.items() for stage in listed]
    rows = [
        (id_, kind, stage.position, stage.name, stage.role)
        for id_, (kind, stage) in zip(
            take(session, "review_stage", len(stages)), stages, strict=True
        )
    ]
    insert_rows(session, ReviewStage, STAGE_COLUMNS, rows)


def advance(
    session: Session,
    text: str,
    verdict: Verdict,
    *,
    by: Actor,
    at: datetime,
    today: date,
    reason: str = "",
    seen: int | None = None,
    stage: str | None = None,
    override: str | None = None,
) -> ReviewAdvanced:
    """Decide the stage in which an order waits.

    reason   -- why; needed unless the verdict is a plain approval
    seen     -- the order's version that the person looked at; stage -- the one they mean
    override -- in an emergency the code of a second approver, because the first has had a hand
                in the order already (rules O2)
    An approval of content that changed since the second stage is not taken: the order falls back.
    Raises NotPermitted, RuleRefused, Conflict. Source: rules O1-O4; mission S4.3.
    """
    order = orders.order_to_change(session, text)
    order_rules.refuse_if_changed(seen, order.version)
    rules.refuse_other_stage(stage, order.stage, order.number)
    reached = step(order_rules.STEPS, order.state, verdict.value, f"order {order.number}")
    rules.require_reason(verdict, reason, is_override=override is not None)
    _refuse_receiver(session, order, by)
    if verdict is Verdict.APPROVE:
        refuse_gone(session, order.member_id, order.number)
    stages = queries.stages_of(session, order.kind)
    move = rules.decide(
        stages,
        rules.stage_to_decide(order.stage, order.state, verdict),
        verdict,
        person(session, order.member_id, by),
        queries.live_hands(session, order.id),
        order=order.number,
        approver=None if override is None else named_approver(session, order.member_id, override),
    )
    content = quoting.content_of(session, order)
    if verdict is Verdict.APPROVE and _fall_back(session, order, stages, content, by=by, at=at):
        return _advanced(order, move.stage, Outcome.FELL_BACK)
    decision = _decide(session, order, move, verdict, reason, content, reached, by=by, at=at)
    if verdict is Verdict.APPROVE:
        _approve(session, order, move, stages, by=by, at=at, today=today)
    elif verdict is Verdict.RETURN:
        _return(session, order, decision, stages, by=by, at=at, today=today)
    else:
        confirming.end_order(session, order, "reject", reason=reason, by=by, at=at, today=today)
        notices.tell(session, order, Purpose.REVIEW_REJECTED, {"reason": reason}, at=at)
    return _advanced(order, move.stage, Outcome(verdict.value))


def _refuse_receiver(session: Session, order: Order, by: Actor) -> None:
    """Refuse that whoever gets a transferred term has a hand in it. Source: rules O2."""
    change = session.get(OrderTerm, order.id)
    if change is not None and change.receiver_id is not None:
        receiver = session.get_one(Member, change.receiver_id)
        order_rules.refuse_own_order(by.staff, is_own=receiver.staff_id == by.staff_id)


def _advanced(order: Order, stage: str, outcome: Outcome) -> ReviewAdvanced:
    due_on = order_rules.due_date(order.state, order.due_on, order.payment_due_on)
    return ReviewAdvanced(order.number, stage, outcome, order.state, order.stage, due_on)


def person(session: Session, member_id: int, by: Actor) -> Person:
    """Return whoever is at work, and whether it is about their own membership."""
    return _person(session, member_id, by.staff, by.staff_id, by.roles)


def named_approver(session: Session, member_id: int, code: str) -> Person:
    """Return the second person of an override. Raises NotFound, NotPermitted for who has left."""
    found = find_staff(session, code)
    if found.state is StaffState.LEFT:
        raise NotPermitted(f"{found.code} has left", hint="memberctl staff list")
    roles = frozenset(roles_of(session, [found.id])[found.id])
    return _person(session, member_id, found.code, found.id, roles)


def _person(
    session: Session, member_id: int, staff: str, staff_id: int, roles: frozenset[str]
) -> Person:
    member = session.get_one(Member, member_id)
    return Person(staff, staff_id, roles, is_member=member.staff_id == staff_id)


def _decide(
    session: Session,
    order: Order,
    move: Move,
    verdict: Verdict,
    reason: str,
    content: str,
    reached: OrderState,
    *,
    by: Actor,
    at: datetime,
) -> ReviewDecision:
    """Write down what was decided, about which content and by whose hand.

    reached -- the state that the verdict leads to, before a confirmation that may follow it
    """
    quote = quote_queries.current_quote(session, order.id)
    decision = ReviewDecision(
        id=take_one(session, "review_decision"),
        order_id=order.id,
        stage=move.stage,
        verdict=verdict,
        reason=reason,
        content_sha256=content,
        quote_id=None if quote is None else quote.id,
        decided_by=by.staff_id,
        decided_at=at,
        override_by=move.override_by,
    )
    session.add(decision)
    if move.hand is not None:
        session.add(
            OrderHand(
                id=take_one(session, "order_hand"),
                order_id=order.id,
                staff_id=move.hand,
                part=move.stage,
                at=at,
            )
        )
    session.flush()
    note(
        session, rules.EVENTS[verdict], order.number, by=by, at=at, stage=move.stage,
        state=reached.value, override=move.override_by is not None,
        content=content[:16],
    )  # fmt: skip
    return decision


def _approve(
    session: Session,
    order: Order,
    move: Move,
    stages: Sequence[Stage],
    *,
    by: Actor,
    at: datetime,
    today: date,
) -> None:
    """Bring an approved order to its next stage, or confirm it after the last one.

    The first stage makes the quote (mission "Where the manuals disagree").
    """
    is_first = move.stage == stages[0].name
    made = quoting.make_quote(session, order, by=by, at=at, today=today) if is_first else None
    if move.next_stage is None:
        quote = made or quote_queries.quote_to_change(session, order)
        calendar = work_calendar(session)
        confirming.confirm_order(
            session, order, quote, by=by, at=at, today=today, calendar=calendar
        )
        return
    order.state = step(order_rules.STEPS, order.state, move.verb, f"order {order.number}")
    order.stage = move.next_stage
    order.version += 1
    if made is not None:
        notices.tell_of_quote(session, order, made, at=at)


def _return(
    session: Session,
    order: Order,
    decision: ReviewDecision,
    stages: Sequence[Stage],
    *,
    by: Actor,
    at: datetime,
    today: date,
) -> None:
    """Give an order back for more material: the clock pauses and the review begins anew.

    Source: rules A5, O6; mission S4.4.
    """
    approvals = queries.live_approvals(session, order.id, stages)
    _release(session, order, approvals, at=at)
    order.state = step(order_rules.STEPS, order.state, "return", f"order {order.number}")
    order.stage = None
    order.version += 1
    pause = ReviewPause(id=take_one(session, "review_pause"), order_id=order.id, from_on=today)
    session.add(pause)
    session.flush()
    cause = f"{order.number}/{decision.id}"
    facts = {"reason": decision.reason}
    notices.tell(session, order, Purpose.REVIEW_RETURNED, facts, at=at, cause=cause)


def _fall_back(
    session: Session,
    order: Order,
    stages: Sequence[Stage],
    content: str,
    *,
    by: Actor,
    at: datetime,
) -> bool:
    """Void the approvals of content that is no longer what would be confirmed (rules O3)."""
    approvals = queries.live_approvals(session, order.id, stages)
    fallen = rules.fallen(approvals, content)
    if not fallen:
        return False
    _release(session, order, fallen, at=at)
    order.stage = fallen[0].stage
    order.version += 1
    session.flush()
    voided = [approval.stage for approval in fallen]
    note(
        session, "review.fell_back", order.number, by=by, at=at, stage=order.stage, voided=voided
    )  # fmt: skip
    return True


def _release(
    session: Session, order: Order, approvals: Sequence[Approval], *, at: datetime
) -> None:
    """Let approvals no longer count, so that the same people may look again."""
    for decision in queries.decisions_to_change(session, [each.decision_id for each in approvals]):
        decision.fell_back_at = at
    parts = {each.stage for each in approvals}
    assert FILING not in parts, "the maker stays the maker"
    for hand in queries.hands_to_change(session, order.id, parts):
        hand.released_at = at
    session.flush()


def revise_quote(
    session: Session,
    text: str,
    revision: Revision,
    *,
    seen: int | None,
    by: Actor,
    at: datetime,
    today: date,
) -> QuoteRevised:
    """Offer something else; approvals of what is no longer offered fall back at once.

    Raises as order.quoting.revise_quote. Source: rules O3, O7.
    """
    order = orders.order_to_change(session, text)
    order_rules.refuse_if_changed(seen, order.version)
    refuse_gone(session, order.member_id, order.number)
    member = session.get_one(Member, order.member_id)
    order_rules.refuse_own_order(by.staff, is_own=member.staff_id == by.staff_id)
    quote = quoting.revise_quote(session, order, revision, by=by, at=at, today=today)
    stages = queries.stages_of(session, order.kind)
    content = quoting.content_of(session, order)
    fell_back = _fall_back(session, order, stages, content, by=by, at=at)
    made = quoting.record(session, order, quote)
    return QuoteRevised(
        order=made.order,
        version=made.version,
        state=made.state,
        plan=made.plan,
        total=made.total,
        valid_until=made.valid_until,
        stage=order.stage,
        fell_back=fell_back,
    )


def resubmit(
    session: Session,
    text: str,
    *,
    agreed_on: date | None,
    seen: int | None,
    by: Actor,
    at: datetime,
    today: date,
) -> OrderResubmitted:
    """Bring a returned order back to its first stage; the review's clock runs on.

    Raises RuleRefused while documents are missing. Source: rules A5, O6; mission S4.4.
    """
    order = orders.order_to_change(session, text)
    order_rules.refuse_if_changed(seen, order.version)
    refuse_gone(session, order.member_id, order.number)
    calendar = work_calendar(session)
    confirming.resubmit_order(
        session, order, agreed_on=agreed_on, by=by, at=at, today=today, calendar=calendar
    )
    for pause in queries.open_pauses_to_change(session, order.id):
        pause.until_on = today
    session.flush()
    if order.state is OrderState.SUBMITTED:
        order.due_on = _due_on(session, order, calendar, today)
        session.flush()
    due_on = order_rules.due_date(order.state, order.due_on, order.payment_due_on)
    return OrderResubmitted(order.number, order.state, order.stage, due_on)


def extend(
    session: Session,
    text: str,
    *,
    days: int,
    reason: str,
    seen: int | None,
    by: Actor,
    at: datetime,
    today: date,
) -> ReviewExtended:
    """Give a review more time; the applicant is told why. days -- working days, 1..60.

    Raises RuleRefused unless the order waits for a review. Source: rules O5; mission S4.4.
    """
    order = orders.order_to_change(session, text)
    order_rules.refuse_if_changed(seen, order.version)
    rules.stage_named(queries.stages_of(session, order.kind), order.stage, order.number)
    extension = ReviewExtension(
        id=take_one(session, "review_extension"),
        order_id=order.id,
        working_days=rules.checked_extension(days),
        reason=reason,
        extended_by=by.staff_id,
        extended_at=at,
    )
    session.add(extension)
    session.flush()
    due_on = order.due_on = _due_on(session, order, work_calendar(session), today)
    order.version += 1
    facts = {"reason": reason, "due_on": due_on.isoformat()}
    cause = f"{order.number}/{extension.id}"
    notices.tell(session, order, Purpose.REVIEW_EXTENDED, facts, at=at, cause=cause)
    note(
        session, "review.extended", order.number, by=by, at=at, days=days,
        due_on=due_on.isoformat(),
    )  # fmt: skip
    return ReviewExtended(order.number, days, due_on)


def _due_on(session: Session, order: Order, calendar: WorkCalendar, today: date) -> date:
    assert order.received_on is not None, "an order under review was received"
    clock = queries.clocks(session, [order.id]).get(order.id, queries.Clock())
    days = policy_number(session, "review_days") + clock.extended
    return rules.review_due(order.received_on, days, clock.pauses, calendar, as_of=today)
