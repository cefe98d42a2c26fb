"""Every select over review stages, decisions, pauses and extensions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.catalog.tables import Plan, PlanVersion
from memberctl.core.errors import NotFound
from memberctl.core.money import Money
from memberctl.core.numbering import member_number
from memberctl.member.tables import Member
from memberctl.office.calendar_queries import work_calendar
from memberctl.office.queries import policy_number, staff_codes
from memberctl.office.rules import Role, suggestion
from memberctl.order import queries as orders
from memberctl.order.rules import UNDER_REVIEW, OrderKind
from memberctl.order.tables import Order, OrderHand
from memberctl.review import rules
from memberctl.review.results import (
    DecisionLine,
    ExtensionLine,
    HandLine,
    PauseLine,
    QueueLine,
    ReviewRecord,
)
from memberctl.review.rules import Approval, Hand, Mark, Stage, Verdict
from memberctl.review.tables import ReviewDecision, ReviewExtension, ReviewPause, ReviewStage
from memberctl.store.among import among
from memberctl.store.listing import Listing

if TYPE_CHECKING:
    from sqlmodel import Session

Pause = tuple[date, date | None]


@dataclass(frozen=True, slots=True)
class Clock:
    """What moves the deadline of one review beside the policy.

    extended -- working days that were added; pauses -- (from, until or None)
    """

    extended: int = 0
    pauses: tuple[Pause, ...] = field(default=())


def stages_of(session: Session, kind: OrderKind) -> list[Stage]:
    """Return the review stages of a kind of order, in order; none for an unreviewed kind."""
    rows = session.scalars(
        select(ReviewStage).where(ReviewStage.kind == kind).order_by(col(ReviewStage.position))
    )
    return [Stage(row.position, row.stage, row.role) for row in rows]


def known_stage(session: Session, name: str) -> str:
    """Return the name of a stage of any kind of order. Raises NotFound with what there is."""
    names = set(session.scalars(select(ReviewStage.stage)))
    if name not in names:
        raise NotFound(f"no order is reviewed in such a stage; {suggestion(name, names)}")
    return name


def live_hands(session: Session, order_id: int) -> list[Hand]:
    """Return whose hands an order went through, as far as they still count."""
    found = orders.hands(session, order_id)
    return [Hand(each.staff_id, each.part) for each in found if each.released_at is None]


def live_approvals(session: Session, order_id: int, stages: Sequence[Stage]) -> list[Approval]:
    """Return the approvals of an order that still count."""
    places = {stage.name: stage.position for stage in stages}
    rows = session.scalars(
        select(ReviewDecision)
        .where(
            ReviewDecision.order_id == order_id,
            ReviewDecision.verdict == Verdict.APPROVE,
            col(ReviewDecision.fell_back_at).is_(None),
        )
        .order_by(col(ReviewDecision.id))
    )
    return [Approval(row.id, places[row.stage], row.stage, row.content_sha256) for row in rows]


def decisions_to_change(session: Session, ids: Iterable[int]) -> list[ReviewDecision]:
    """Return these decisions, locked, in the order of their ids."""
    statement = select(ReviewDecision).where(col(ReviewDecision.id).in_(list(ids)))
    return list(session.scalars(statement.order_by(col(ReviewDecision.id)).with_for_update()))


def hands_to_change(session: Session, order_id: int, parts: Iterable[str]) -> list[OrderHand]:
    """Return, locked, the hands of these parts of an order that still count."""
    statement = select(OrderHand).where(
        OrderHand.order_id == order_id,
        col(OrderHand.part).in_(list(parts)),
        col(OrderHand.released_at).is_(None),
    )
    return list(session.scalars(statement.order_by(col(OrderHand.id)).with_for_update()))


def open_pauses_to_change(session: Session, order_id: int) -> list[ReviewPause]:
    """Return, locked, the pauses of an order's review that have not ended."""
    statement = select(ReviewPause).where(
        ReviewPause.order_id == order_id, col(ReviewPause.until_on).is_(None)
    )
    return list(session.scalars(statement.with_for_update()))


def clocks(session: Session, order_ids: Sequence[int]) -> dict[int, Clock]:
    """Return the pauses and extensions of these orders' reviews; one without any has no key."""
    pauses: dict[int, list[Pause]] = defaultdict(list)
    for order_id, start, end in session.execute(_pauses_of(session, order_ids)):
        pauses[order_id].append((start, end))
    added = (
        columns(col(ReviewExtension.order_id), func.sum(ReviewExtension.working_days))
        .where(among(session, col(ReviewExtension.order_id), order_ids))
        .group_by(col(ReviewExtension.order_id))
    )
    extended = {order_id: int(days) for order_id, days in session.execute(added)}
    return {
        order_id: Clock(extended.get(order_id, 0), tuple(pauses.get(order_id, ())))
        for order_id in {*pauses, *extended}
    }


def _pauses_of(session: Session, ids: Sequence[int]) -> Any:
    return (
        columns(col(ReviewPause.order_id), col(ReviewPause.from_on), col(ReviewPause.until_on))
        .where(among(session, col(ReviewPause.order_id), ids))
        .order_by(col(ReviewPause.id))
    )


def list_queue(
    session: Session,
    *,
    roles: frozenset[str],
    staff_id: int,
    today: date,
    everything: bool = False,
    limit: int | None = None,
) -> Listing[QueueLine]:
    """Return the orders that wait for a person, the most urgent first.

    Those are the orders in a stage that their roles decide, in which they had no hand and which
    are not for their own membership; the owner decides every stage.
    everything -- all orders that wait for a review, whoever decides
    Source: mission S0.4, S3.6; rules O2, O6.
    """
    statement = _waiting()
    if not everything:
        statement = statement.where(*_decidable(roles, staff_id))
    total = session.execute(columns(func.count()).select_from(statement.subquery())).scalar_one()
    ordered = statement.order_by(col(Order.due_on), col(Order.id))
    rows = session.execute(ordered if limit is None else ordered.limit(limit)).all()
    marks = _marks(session, [(row[0], row[9], row[10]) for row in rows], today)
    return Listing([_queue_line(tuple(row), marks[row[0]]) for row in rows], total)


def _waiting() -> Any:
    return (
        columns(
            col(Order.id),
            col(Order.number),
            col(Order.kind),
            col(Order.member_id),
            col(Member.name),
            col(Plan.code),
            col(Order.stage),
            col(Order.total_minor),
            col(Order.currency),
            col(Order.received_on),
            col(Order.due_on),
            col(Order.version),
        )
        .join(Member, col(Member.id) == col(Order.member_id))
        .outerjoin(PlanVersion, col(PlanVersion.id) == col(Order.plan_version_id))
        .outerjoin(Plan, col(Plan.id) == col(PlanVersion.plan_id))
        .where(col(Order.state).in_(UNDER_REVIEW), col(Order.stage).is_not(None))
    )


def _decidable(roles: frozenset[str], staff_id: int) -> list[Any]:
    hand = select(OrderHand.id).where(
        OrderHand.order_id == Order.id,
        OrderHand.staff_id == staff_id,
        col(OrderHand.released_at).is_(None),
    )
    own = or_(col(Member.staff_id).is_(None), col(Member.staff_id) != staff_id)
    conditions: list[Any] = [~hand.exists(), own]
    if Role.OWNER in roles:
        return conditions
    stage = select(ReviewStage.id).where(
        ReviewStage.kind == Order.kind,
        ReviewStage.stage == Order.stage,
        col(ReviewStage.role).in_(sorted(roles)),
    )
    return [*conditions, stage.exists()]


def _queue_line(row: tuple[Any, ...], mark: Mark) -> QueueLine:
    _, number, kind, member_id, name, plan, stage, total, currency, received, due, version = row
    return QueueLine(
        order=number,
        kind=kind,
        member=member_number(member_id),
        name=name,
        plan=plan,
        stage=stage,
        total=Money(total, currency),
        received_on=received,
        due_on=due,
        mark=mark,
        version=version,
    )


def _marks(
    session: Session, reviews: Sequence[tuple[int, date | None, date | None]], today: date
) -> dict[int, Mark]:
    """Return how near the deadlines are, of reviews given as (order, received on, due on)."""
    known = clocks(session, [order_id for order_id, _, _ in reviews])
    calendar = work_calendar(session)
    days, percent = policy_number(session, "review_days"), policy_number(session, "review_warning")
    warnings: dict[tuple[date, Clock], date] = {}

    def warn_on(received_on: date, clock: Clock) -> date:
        """Return the day of the warning, worked out once for all that came in and paused alike."""
        if (received_on, clock) not in warnings:
            warnings[received_on, clock] = rules.warn_from(
                received_on,
                days + clock.extended,
                clock.pauses,
                calendar,
                as_of=today,
                percent=percent,
            )
        return warnings[received_on, clock]

    return {
        order_id: rules.mark_of(
            today, warn_on(received, known.get(order_id, Clock())) if received else None, due
        )
        for order_id, received, due in reviews
    }


def find_review(session: Session, text: str, today: date) -> ReviewRecord:
    """Return everything about one order's review; raises as `order.queries.find_order`."""
    row = orders.find_row(session, text)
    order = orders.find_order(session, text)
    decisions = session.scalars(
        select(ReviewDecision)
        .where(ReviewDecision.order_id == order.id)
        .order_by(col(ReviewDecision.id))
    ).all()
    extensions = session.scalars(
        select(ReviewExtension)
        .where(ReviewExtension.order_id == order.id)
        .order_by(col(ReviewExtension.id))
    ).all()
    hands = orders.hands(session, order.id)
    pauses = session.execute(_pauses_of(session, [order.id]))
    waits = order.state in UNDER_REVIEW
    marks = _marks(session, [(order.id, order.received_on, order.due_on)], today) if waits else {}
    codes = staff_codes(session, _people(decisions, extensions, hands))
    return ReviewRecord(
        order=row.number,
        kind=row.kind,
        member=member_number(row.member_id),
        plan=row.plan,
        state=row.state,
        stage=row.stage,
        total=Money(row.total_minor, row.currency),
        quote=row.quote,
        received_on=order.received_on,
        due_on=order.due_on if waits else None,
        mark=marks.get(order.id),
        version=order.version,
        decisions=tuple(_decision_line(each, codes) for each in decisions),
        hands=tuple(
            HandLine(each.part, codes[each.staff_id], each.at, each.released_at) for each in hands
        ),
        pauses=tuple(PauseLine(start, end) for _, start, end in pauses),
        extensions=tuple(
            ExtensionLine(each.working_days, each.reason, codes[each.extended_by], each.extended_at)
            for each in extensions
        ),
    )


def _people(
    decisions: Sequence[ReviewDecision],
    extensions: Sequence[ReviewExtension],
    hands: Sequence[OrderHand],
) -> set[int]:
    found = {each.staff_id for each in hands} | {each.extended_by for each in extensions}
    for each in decisions:
        found.add(each.decided_by)
        if each.override_by is not None:
            found.add(each.override_by)
    return found


def _decision_line(decision: ReviewDecision, codes: Mapping[int, str]) -> DecisionLine:
    override = decision.override_by
    return DecisionLine(
        stage=decision.stage,
        verdict=decision.verdict,
        by=codes[decision.decided_by],
        at=decision.decided_at,
        reason=decision.reason,
        override_by=None if override is None else codes[override],
        fell_back_at=decision.fell_back_at,
    )
