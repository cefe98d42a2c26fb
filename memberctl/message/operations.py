"""Messages are queued in the transaction that causes them and delivered afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import col, select, update

from memberctl.message import rules
from memberctl.message.rules import Channel, MessageState, NewMessage, Purpose
from memberctl.message.tables import OutboxMessage
from memberctl.store.among import among
from memberctl.store.bulk import insert_rows
from memberctl.store.counters import take

if TYPE_CHECKING:
    from sqlmodel import Session

COLUMNS = (
    "id",
    "member_id",
    "purpose",
    "category",
    "cause",
    "channel",
    "language",
    "facts",
    "state",
    "created_at",
)
Key = tuple[int, Purpose, str, Channel]


def enqueue(session: Session, messages: Sequence[NewMessage], *, at: datetime) -> int:
    """Queue the messages that are not there yet and return how many those were.

    A repeat of member, purpose, cause and channel is left alone, whatever its state.
    Source: rules N1; reliability.md "outbox row <=> its cause".
    """
    known = _known(session, [message.cause for message in messages])
    new: dict[Key, NewMessage] = {}
    for message in messages:
        key = (message.member_id, message.purpose, message.cause, message.channel)
        if key not in known:
            new.setdefault(key, message)
    ids = take(session, "outbox", len(new))
    rows = [_row(id_, message, at) for id_, message in zip(ids, new.values(), strict=True)]
    if rows:
        insert_rows(session, OutboxMessage, COLUMNS, rows)
    return len(rows)


def suppress(session: Session, causes: Iterable[str]) -> None:
    """Keep queued messages about `causes` from being sent, because their cause was undone."""
    session.execute(
        update(OutboxMessage)
        .where(
            col(OutboxMessage.cause).in_(list(causes)),
            col(OutboxMessage.state).in_([MessageState.QUEUED, MessageState.RETRY]),
        )
        .values(state=MessageState.SUPPRESSED, reason="its cause was undone")
    )


def _known(session: Session, causes: Sequence[str]) -> set[Key]:
    rows = session.execute(
        select(
            OutboxMessage.member_id,
            OutboxMessage.purpose,
            OutboxMessage.cause,
            OutboxMessage.channel,
        ).where(among(session, col(OutboxMessage.cause), set(causes)))
    )
    return {(row[0], row[1], row[2], row[3]) for row in rows}


def _row(id_: int, message: NewMessage, at: datetime) -> tuple[object, ...]:
    facts = json.dumps(rules.checked_facts(message), ensure_ascii=False, sort_keys=True)
    return (
        id_,
        message.member_id,
        message.purpose,
        rules.category_of(message.purpose),
        message.cause,
        message.channel,
        message.language,
        facts,
        MessageState.QUEUED,
        at,
    )
