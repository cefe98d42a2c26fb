"""A real SMTP server for tests, which accepts, refuses, delays, and breaks off as it is told."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.program import Program


@dataclass(frozen=True, slots=True)
class Received:
    """One message that the server has. content -- as it came, dots taken back"""

    to: str
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        """Return it parsed."""
        found = email.message_from_bytes(self.content, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def id(self) -> str:
        """Return its Message-ID."""
        return str(self.mail["Message-ID"])

    @property
    def text(self) -> str:
        """Return its plain text."""
        body = self.mail.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")


@dataclass
class MailServer:
    """What has arrived, and how the server behaves.

    refuse  -- a reply for a recipient instead of 250
    silent  -- recipients for whom it answers RCPT after `delay` seconds
    drops   -- recipients whose message it takes and then breaks off without an answer
    answers -- a reply after the body for a recipient
    most    -- it says 421 after so many messages
    """

    port: int
    received: list[Received] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    drops: set[str] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)
    delay: float = 3.0
    most: int | None = None
    on_taken: Callable[[], None] | None = None
    commands: int = 0

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str,
                          options: Any) -> str:  # fmt: skip
        self.commands += 1
        if self.most is not None and len(self.received) >= self.most:
            return "421 4.3.2 going away"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str,
                          options: Any) -> str:  # fmt: skip
        if address in self.silent:
            await asyncio.sleep(self.delay)
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        (to,) = envelope.rcpt_tos
        if to in self.answers:
            return self.answers[to]
        self.received.append(Received(to, envelope.content))
        if self.on_taken is not None:
            self.on_taken()
        if to in self.drops:
            assert server.transport is not None
            server.transport.abort()
        return "250 OK"


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Give a server that runs until the block ends."""
    server = MailServer(free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


def configure(
    memberctl: Program, *, port: int | None = None, timeout: int = 2, sms: str = ""
) -> None:
    """Write into the program's configuration how messages leave."""
    text = f'key_dir = "{memberctl.key_dir}"\n'
    if port is not None:
        text += (
            f'[mail]\nhost = "127.0.0.1"\nport = {port}\ntls = "off"\n'
            f'sender = "club@example.org"\ntimeout = {timeout}\n'
        )
    (memberctl.folder / "config.toml").write_text(text + sms)
