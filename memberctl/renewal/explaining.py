"""Why a member was or was not reminded, and who has to be called.

The same reasons are asked for one message just before it is sent.
Source: rules N2, N3, N5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select as columns
from sqlmodel import col, exists, select

from memberctl.access.changes import CUT_SHORT, ChangeKind
from memberctl.access.hold_tables import MemberHold
from memberctl.access.holds import HoldKind
from memberctl.access.tables import Term, TermChange
from memberctl.core.numbering import member_number
from memberctl.core.schedules import Offset, closes_on
from memberctl.core.text import Kind, Personal
from memberctl.member.presence import gone
from memberctl.member.tables import Member
from memberctl.message import queries as outbox
from memberctl.message.preferences import opted_out
from memberctl.message.rules import Channel, MessageState, Purpose
from memberctl.message.tables import OutboxMessage
from memberctl.renewal.reminders import (
    TOO_SHORT,
    Explained,
    StepState,
    cause_of,
    is_within,
    parse_cause,
    purpose_of,
)
from memberctl.renewal.reminding import Plan, channels_of, reminder_plan
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session

REMINDERS = (Purpose.RENEWAL_REMINDER, Purpose.WIN_BACK)
STATES = {
    MessageState.QUEUED: StepState.QUEUED,
    MessageState.RETRY: StepState.QUEUED,
    MessageState.SENDING: StepState.QUEUED,
    MessageState.SENT: StepState.SENT,
    MessageState.FAILED: StepState.FAILED,
    MessageState.UNKNOWN: StepState.UNKNOWN,
    MessageState.SUPPRESSED: StepState.SUPPRESSED,
}


@dataclass(frozen=True, slots=True)
class CallLine:
    """Somebody who is to be called, because nothing else reaches them."""

    number: str
    member: str
    name: str
    phone: Personal | None
    purpose: Purpose
    cause: str
    language: str


def not_wanted(session: Session, message: OutboxMessage, today: date) -> str:
    """Return why a reminder is not to be sent any more, or "", asked just before it is (N2)."""
    term_id, key = parse_cause(message.cause)
    term = session.get(Term, term_id)
    if term is None or term.voided_at is not None:
        return "its term was taken back"
    plan = reminder_plan(session)
    places = [place for place, step in enumerate(plan.steps) if step.key == key]
    if not places:
        return "the step is no longer one of the policy's"
    if not is_within(plan.steps[places[0]], term.start_on, term.end_on):
        return TOO_SHORT
    if today < plan.steps[places[0]].from_(term.end_on):
        return "the term ends later now"
    if today > closes_on(plan.steps, places[0], term.end_on, plan.window_days):
        return "too late: the step is over"
    return why_not(session, term, today)


def why_not(session: Session, term: Term, today: date) -> str:
    """Return why nothing is said about the end of a term on `today`, or "" (N2)."""
    if gone(session.get_one(Member, term.member_id)):
        return "erased"
    later = exists().where(
        col(Term.member_id) == term.member_id,
        col(Term.product) == term.product,
        col(Term.voided_at).is_(None),
        col(Term.end_on) > term.end_on,
    )
    if session.scalars(select(later)).one():
        return "renewed"
    changes = session.scalars(
        select(TermChange).where(col(TermChange.term_id) == term.id).order_by(col(TermChange.id))
    ).all()
    ended = _ended_by(changes)
    if ended is not None:
        return ended.value
    if _is_frozen(changes, today):
        return "frozen"
    expelled = exists().where(
        col(MemberHold.member_id) == term.member_id,
        col(MemberHold.kind) == HoldKind.EXPULSION,
        col(MemberHold.from_on) <= today,
        col(MemberHold.lifted_at).is_(None),
    )
    return "expelled" if session.scalars(select(expelled)).one() else ""


def _ended_by(changes: Sequence[TermChange]) -> ChangeKind | None:
    restored = {each.follows for each in changes if each.kind is ChangeKind.RESTORED}
    endings = {*CUT_SHORT, ChangeKind.SWITCHED}
    left = [each.kind for each in changes if each.kind in endings and each.id not in restored]
    return left[-1] if left else None


def _is_frozen(changes: Sequence[TermChange], today: date) -> bool:
    resumed = {each.follows: each for each in changes if each.kind is ChangeKind.RESUMED}
    for each in changes:
        if each.kind is not ChangeKind.FROZEN or each.from_on is None or each.until_on is None:
            continue
        used = resumed.get(each.id)
        until = each.until_on if used is None else used.until_on
        if until is not None and each.from_on <= today <= until:
            return True
    return False


def explain(session: Session, member: Member, *, today: date) -> list[Explained]:
    """Return every step of every term of a member: when it is due, and what became of it.

    A step that was neither queued nor sent is explained as it stands today. Source: rules N5.
    """
    plan = reminder_plan(session)
    terms = session.scalars(
        select(Term)
        .where(col(Term.member_id) == member.id, col(Term.voided_at).is_(None))
        .order_by(col(Term.end_on), col(Term.id))
    ).all()
    sent = _reminders_of(session, member.id)
    channels = channels_of(
        plan, has_email=member.email is not None, has_phone=member.phone is not None
    )
    lines = []
    for term in terms:
        reason = why_not(session, term, today)
        for place, step in enumerate(plan.steps):
            key = (purpose_of(step), cause_of(term.id, step))
            known = [message for message in sent if (message.purpose, message.cause) == key]
            ways = dict.fromkeys([*(message.channel for message in known), *channels])
            for way in ways:
                message = next((each for each in known if each.channel is way), None)
                lines.append(_line(session, plan, place, term, way, message, reason, today))
    return lines


def _line(
    session: Session,
    plan: Plan,
    place: int,
    term: Term,
    way: Channel,
    message: OutboxMessage | None,
    reason: str,
    today: date,
) -> Explained:
    step = plan.steps[place]
    due_on = step.from_(term.end_on)
    until_on = closes_on(plan.steps, place, term.end_on, plan.window_days)
    if message is not None:
        state, why = STATES[message.state], message.reason
    else:
        state, why = _without_message(session, step, term, due_on, until_on, reason, today)
    return Explained(
        member=member_number(term.member_id),
        term=term.source,
        end_on=term.end_on,
        step=step.key,
        due_on=due_on,
        until_on=until_on,
        channel=way,
        state=state,
        why=why,
        message=None if message is None else outbox.number(message.id),
        at=None if message is None else message.sent_at or message.created_at,
    )


def _without_message(
    session: Session,
    step: Offset,
    term: Term,
    due_on: date,
    until_on: date,
    reason: str,
    today: date,
) -> tuple[StepState, str]:
    if not is_within(step, term.start_on, term.end_on):
        return StepState.SUPPRESSED, TOO_SHORT
    if today < due_on:
        return StepState.NOT_YET, ""
    because = opted_out(session, term.member_id, purpose_of(step))
    reason = reason or (f"opted out: {because}" if because else "")
    if reason:
        return StepState.SUPPRESSED, reason
    if today > until_on:
        return StepState.MISSED, "no run came while the step was open"
    return StepState.DUE, "the next run queues it"


def _reminders_of(session: Session, member_id: int) -> Sequence[OutboxMessage]:
    statement = select(OutboxMessage).where(
        col(OutboxMessage.member_id) == member_id, col(OutboxMessage.purpose).in_(REMINDERS)
    )
    return session.scalars(statement.order_by(col(OutboxMessage.id))).all()


def list_calls(session: Session, *, limit: int | None = None) -> Listing[CallLine]:
    """Return who is to be called, the oldest first. Source: rules N3."""
    statement = (
        columns(
            col(OutboxMessage.id),
            col(OutboxMessage.purpose),
            col(OutboxMessage.cause),
            col(OutboxMessage.language),
            col(Member.id),
            col(Member.name),
            col(Member.phone),
        )
        .join(Member, col(Member.id) == col(OutboxMessage.member_id))
        .where(
            col(OutboxMessage.channel) == Channel.CALL,
            col(OutboxMessage.state) == MessageState.QUEUED,
        )
        .order_by(col(OutboxMessage.id))
    )

    def line(row: Any) -> CallLine:
        id_, purpose, cause, language, member_id, name, phone = row
        return CallLine(
            number=outbox.number(id_),
            member=member_number(member_id),
            name=name,
            phone=Personal(Kind.PHONE, phone) if phone else None,
            purpose=purpose,
            cause=cause,
            language=language,
        )

    return listing(session, statement, line, limit)
