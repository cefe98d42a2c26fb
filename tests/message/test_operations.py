"""The outbox, on both engines. Source: rules N1; R10."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sqlmodel import Session, select

from memberctl.message import operations, queries
from memberctl.message.rules import Channel, Language, MessageState, NewMessage, Purpose
from memberctl.message.tables import OutboxMessage
from tests.statements import statements_sent

AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
RECEIPT = NewMessage(
    member_id=1,
    purpose=Purpose.PAYMENT_RECEIPT,
    cause="RC-2026-000001",
    channel=Channel.SMS,
    language=Language.CHINESE,
    facts={
        "receipt": "RC-2026-000001",
        "order": "JN-2026-7F3KX",
        "amount": "3650.00 CNY",
        "open": "0.00 CNY",
    },
)


def test_the_same_message_is_queued_once(session: Session) -> None:
    assert operations.enqueue(session, [RECEIPT, RECEIPT], at=AT) == 1
    assert operations.enqueue(session, [RECEIPT], at=AT) == 0
    (found,) = session.scalars(select(OutboxMessage))
    assert found.state is MessageState.QUEUED
    assert queries.facts_of(found) == RECEIPT.facts


def test_another_channel_cause_or_member_is_another_message(session: Session) -> None:
    others = [
        replace(RECEIPT, channel=Channel.EMAIL),
        replace(RECEIPT, cause="RC-2026-000002"),
        replace(RECEIPT, member_id=2),
    ]
    assert operations.enqueue(session, [RECEIPT, *others], at=AT) == 4


def test_a_message_whose_cause_was_undone_is_not_sent_and_not_queued_again(
    session: Session,
) -> None:
    operations.enqueue(session, [RECEIPT, replace(RECEIPT, cause="RC-2026-000002")], at=AT)
    operations.suppress(session, [RECEIPT.cause])
    assert operations.enqueue(session, [RECEIPT], at=AT) == 0
    states = {line.cause: line.state for line in queries.list_messages(session).rows}
    assert states == {"RC-2026-000001": "suppressed", "RC-2026-000002": "queued"}


def test_lists_are_narrowed_by_state_member_and_purpose(session: Session) -> None:
    operations.enqueue(session, [RECEIPT, replace(RECEIPT, member_id=2)], at=AT)
    assert len(queries.list_messages(session, member_id=2).rows) == 1
    assert queries.list_messages(session, state=MessageState.SENT).rows == []
    assert queries.list_messages(session, purpose=Purpose.WELCOME).rows == []
    limited = queries.list_messages(session, limit=1)
    assert (limited.total, limited.rows[0].number) == (2, "MS-000002")


def test_a_batch_takes_the_same_few_statements_however_long_it_is(session: Session) -> None:
    batch = [replace(RECEIPT, member_id=number) for number in range(1, 302)]
    operations.enqueue(session, batch[:1], at=AT)
    with statements_sent() as one:
        assert operations.enqueue(session, batch[1:2], at=AT) == 1
    with statements_sent() as many:
        assert operations.enqueue(session, batch[2:], at=AT) == 299
    assert len(one) == len(many) == 3, "one look-up, one counter, one insert"
