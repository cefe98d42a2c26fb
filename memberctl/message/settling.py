"""What people do about messages: letters printed, calls made, doubts settled, failures retried.

Source: rules N3; reliability.md R10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlmodel import and_, col, select

from memberctl.core.dates import at_local_midnight
from memberctl.core.errors import NotFound
from memberctl.core.machine import step
from memberctl.core.numbering import member_number, parse_serial_number
from memberctl.core.text import Kind, Personal
from memberctl.message import queries, wordings
from memberctl.message.delivery import SENT_BY_PROGRAM
from memberctl.message.preferences import opted_out
from memberctl.message.rules import (
    BY_HAND_STEPS,
    PEOPLE_STEPS,
    Channel,
    Language,
    MessageState,
)
from memberctl.message.sending import Addressee
from memberctl.message.tables import OutboxMessage
from memberctl.store.among import among
from memberctl.store.audit import Fact, note_many

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor

SENT, FAILED = "--sent", "--failed"
"""The options of `message settle`, which its steps are called by."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter as it is printed."""

    number: str
    member: str
    name: str
    address: Personal | None
    language: Language
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a message; reason -- why it is not sent, "" when it is"""

    number: str
    member: str
    state: MessageState
    reason: str


def letters_to_change(
    session: Session, *, again: date | None, zone: ZoneInfo
) -> Sequence[OutboxMessage]:
    """Return, locked, the letters that wait, or those that were printed on the day `again`."""
    wanted = col(OutboxMessage.state) == MessageState.QUEUED
    if again is not None:
        wanted = and_(
            col(OutboxMessage.sent_at) >= at_local_midnight(again, zone),
            col(OutboxMessage.sent_at) < at_local_midnight(again + timedelta(days=1), zone),
        )
    statement = select(OutboxMessage).where(col(OutboxMessage.channel) == Channel.PRINT, wanted)
    return session.scalars(statement.order_by(col(OutboxMessage.id)).with_for_update()).all()


def print_letters(
    session: Session,
    messages: Sequence[OutboxMessage],
    people: Mapping[int, Addressee],
    organisation: str,
    *,
    by: Actor,
    at: datetime,
) -> tuple[list[Letter], int]:
    """Return the letters in words and mark them as sent; those that are unwanted are suppressed.

    people -- by member id
    Returns the letters, and how many failed because their member has no postal address.
    """
    letters, failed = [], 0
    noted: dict[str, list[str]] = {}
    for message in messages:
        someone = people[message.member_id]
        if message.state is MessageState.QUEUED:
            because = opted_out(session, message.member_id, message.purpose)
            verb = "suppress" if because else f"settle {SENT if someone.address else FAILED}"
            message.state = step(BY_HAND_STEPS, message.state, verb, queries.number(message.id))
            message.reason = f"opted out: {because}" if because else ""
            message.sent_at = at if message.state is MessageState.SENT else None
            if message.state is MessageState.FAILED:
                message.reason, failed = "the member has no postal address", failed + 1
            noted.setdefault(message.state.value, []).append(queries.number(message.id))
        if message.state is MessageState.SENT:
            letters.append(_letter(session, message, someone, organisation))
    session.flush()
    for state, numbers in noted.items():
        note_many(
            session, f"message.{state}", [(name, {"channel": "print"}) for name in numbers],
            by=by, at=at,
        )  # fmt: skip
    return letters, failed


def _letter(
    session: Session, message: OutboxMessage, someone: Addressee, organisation: str
) -> Letter:
    text = wordings.rendered(session, message, name=someone.name, organisation=organisation)
    return Letter(
        number=queries.number(message.id),
        member=member_number(message.member_id),
        name=someone.name,
        address=Personal(Kind.ADDRESS, someone.address or ""),
        language=message.language,
        subject=text.subject,
        body=text.body,
    )


def retry_messages(
    session: Session, numbers: Sequence[str], *, by: Actor, at: datetime
) -> list[Settled]:
    """Queue messages again that have failed, all or none of them.

    What is unclear is settled first: it may have arrived. Source: reliability.md R10.
    """
    rows = _to_change(session, numbers)
    for row in rows:
        name = f"message {queries.number(row.id)}"
        row.state = step(_steps(row), row.state, "retry", name)
        row.attempts, row.due_at, row.reason = 0, None, ""
    session.flush()
    noted: list[tuple[str, dict[str, Fact]]] = [(queries.number(row.id), {}) for row in rows]
    note_many(session, "message.retried", noted, by=by, at=at)
    return [_settled(row) for row in rows]


def settle_message(
    session: Session, number: str, *, sent: bool, by: Actor, at: datetime
) -> Settled:
    """Say of an unclear message whether it arrived, and of a call or a letter that it was brought.

    Raises RuleRefused for a message that waits to be sent by the program, or needs no settling.
    """
    (row,) = _to_change(session, [number])
    name = queries.number(row.id)
    verb = f"settle {SENT if sent else FAILED}"
    row.state = step(_steps(row), row.state, verb, f"message {name}")
    row.sent_at = at if sent else None
    row.reason = "" if sent else "settled as failed"
    session.flush()
    note_many(session, "message.settled", [(name, {"state": row.state.value})], by=by, at=at)
    return _settled(row)


def _steps(row: OutboxMessage) -> Mapping[tuple[MessageState, str], MessageState]:
    return PEOPLE_STEPS if row.channel in SENT_BY_PROGRAM else BY_HAND_STEPS


def _settled(row: OutboxMessage) -> Settled:
    return Settled(queries.number(row.id), member_number(row.member_id), row.state, row.reason)


def _to_change(session: Session, numbers: Sequence[str]) -> list[OutboxMessage]:
    """Return messages, locked, in the order of their ids. Raises Invalid, NotFound."""
    ids = sorted({parse_serial_number(number, queries.PREFIX) for number in numbers})
    statement = select(OutboxMessage).where(among(session, col(OutboxMessage.id), ids))
    rows = session.scalars(statement.order_by(col(OutboxMessage.id)).with_for_update()).all()
    missing = sorted(set(ids) - {row.id for row in rows})
    if missing:
        raise NotFound(
            f"no message has the number {queries.number(missing[0])}",
            hint="memberctl message list",
        )
    return list(rows)
