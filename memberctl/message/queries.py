"""Every select over the outbox."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from memberctl.core.errors import NotFound
from memberctl.core.numbering import member_number, parse_serial_number, serial_number
from memberctl.message.rules import Language, MessageLine, MessageState, Purpose
from memberctl.message.tables import OutboxMessage
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session

PREFIX = "MS"


def number(message_id: int) -> str:
    """Return the number of a message, e.g. "MS-000001"."""
    return serial_number(PREFIX, message_id)


def find_message(session: Session, text: str) -> OutboxMessage:
    """Return a message by its number as typed. Raises Invalid, NotFound."""
    found = session.get(OutboxMessage, parse_serial_number(text, PREFIX))
    if found is None:
        raise NotFound("no message has this number", hint="memberctl message list")
    return found


def facts_of(message: OutboxMessage) -> dict[str, str]:
    """Return the facts that a message was queued with."""
    facts = json.loads(message.facts)
    assert isinstance(facts, dict)
    return facts


def list_messages(
    session: Session,
    *,
    state: MessageState | None = None,
    member_id: int | None = None,
    purpose: Purpose | None = None,
    limit: int | None = None,
) -> Listing[MessageLine]:
    """Return the messages that meet every condition, the newest first."""
    statement = select(OutboxMessage).order_by(col(OutboxMessage.id).desc())
    if state is not None:
        statement = statement.where(OutboxMessage.state == state)
    if member_id is not None:
        statement = statement.where(OutboxMessage.member_id == member_id)
    if purpose is not None:
        statement = statement.where(OutboxMessage.purpose == purpose)
    return listing(session, statement, _line, limit)


def _line(row: Any) -> MessageLine:
    return MessageLine(
        number=number(row.id),
        member=member_number(row.member_id),
        purpose=row.purpose,
        cause=row.cause,
        channel=row.channel,
        language=Language(row.language),
        state=row.state,
        created_at=row.created_at,
        reason=row.reason,
        attempts=row.attempts,
        due_at=row.due_at,
        sent_at=row.sent_at,
    )
