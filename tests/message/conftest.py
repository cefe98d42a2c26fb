"""A club whose members have e-mail addresses, and the server that their mail goes to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from memberctl.message.delivery import Guarantee, Outgoing
from memberctl.message.rules import Channel, Language
from tests.message.mailserver import MailServer, configure, mail_server
from tests.program import Program
from tests.warm import WarmProgram


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server."""
    with mail_server() as running:
        yield running


@pytest.fixture
def club(memberctl: Program, server: MailServer) -> Iterator[WarmProgram]:
    """The program on a store kept open, sending to the server."""
    configure(memberctl, port=server.port)
    warm = WarmProgram(memberctl.location, memberctl.key_dir, memberctl.folder)
    configure(warm, port=server.port)
    yield warm
    warm.close()


def outgoing(to: str = "li@example.com", body: str = "hello\n", **changes: object) -> Outgoing:
    """Return a message to be handed over."""
    given: dict[str, object] = {
        "id": 1, "number": "MS-000001", "ids": (1,), "unique": "ms-000001.store",
        "channel": Channel.EMAIL, "guarantee": Guarantee.AT_LEAST_ONCE, "attempts": 1,
        "language": Language.ENGLISH, "organisation": "长风健身 Longwind", "to": to,
        "subject": "Your receipt", "body": body, "at": datetime(2026, 3, 2, 4, tzinfo=UTC),
    }  # fmt: skip
    return Outgoing(**(given | changes))  # type: ignore[arg-type]
