"""Messages that wait, for tests of what becomes of them."""

from __future__ import annotations

from datetime import UTC, datetime

from memberctl.message.operations import enqueue
from memberctl.message.rules import Channel, Language, NewMessage, Purpose
from memberctl.store.engine import Store
from tests.access.conftest import member_row
from tests.program import Program

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
REGISTERED = datetime(2026, 1, 5, tzinfo=UTC)


def receipt(member_id: int, *, channel: Channel = Channel.EMAIL, n: int = 1) -> NewMessage:
    """Return a transactional message that may be sent more than once."""
    facts = {"receipt": f"RC-2026-{n:06d}", "order": "JN-2026-7F3KX", "amount": "1.00 CNY",
             "open": "0.00 CNY"}  # fmt: skip
    cause = f"RC-2026-{n:06d}"
    purpose = Purpose.PAYMENT_RECEIPT
    return NewMessage(member_id, purpose, cause, channel, Language.CHINESE, facts)


def win_back(member_id: int, term: int = 1, channel: Channel = Channel.EMAIL) -> NewMessage:
    """Return advertising, which goes once."""
    facts = {"plan": "年卡", "end_on": "2026-02-28"}
    purpose = Purpose.WIN_BACK
    return NewMessage(member_id, purpose, f"T-{term}/+1w", channel, Language.ENGLISH, facts)


def money_asked(member_id: int, order: str, level: int) -> NewMessage:
    """Return a request for money, which goes once."""
    facts = {"order": order, "open": "3650.00 CNY", "due_on": "2026-03-09"}
    purpose, cause = Purpose.PAYMENT_REMINDER, f"{order}/{level}"
    return NewMessage(member_id, purpose, cause, Channel.EMAIL, Language.CHINESE, facts)


def email_of(number: int) -> str:
    """Return the address of a member of these tests."""
    return f"m{number}@example.com"


def with_members(memberctl: Program, count: int) -> None:
    """Register so many members, each with an address of their own."""
    with Store(memberctl.location).writing() as session:
        for number in range(1, count + 1):
            member = member_row(number, REGISTERED)
            member.email = email_of(number)
            member.address = f"{number} Long Lane"
            session.add(member)
        session.commit()


def queue(memberctl: Program, *messages: NewMessage) -> None:
    """Queue messages."""
    with Store(memberctl.location).writing() as session:
        enqueue(session, messages, at=AT)
        session.commit()


def states(memberctl: Program) -> dict[str, str]:
    """Return the states of all messages by number."""
    return {each["number"]: each["state"] for each in memberctl.ok("message", "list")}
