"""Messages on their way out: claim one, hand it over, write down what came of it, and so on.

No network inside a transaction: the one that marks a message claims the next, and between two of
them the service is spoken to. Source: reliability.md R10; house.md "One way down, one way up".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from memberctl.message import sending
from memberctl.message.delivery import (
    MOST_SILENCES,
    SENT_BY_PROGRAM,
    SILENT,
    Answer,
    Handed,
    Outgoing,
    Posted,
)
from memberctl.message.rules import Channel, MessageState
from memberctl.message.sending import Desk, Round
from memberctl.message.settings import mail_settings, sms_settings
from memberctl.message.sms import CommandGateway, WebhookGateway
from memberctl.message.smtp import SmtpGateway
from memberctl.store.clock import moment
from memberctl.store.process import this_process

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.config import Settings
    from memberctl.core.actor import Actor


class Gateway(Protocol):
    """A service that messages are handed to."""

    def hand_over(self, message: Outgoing) -> Handed:
        """Hand one message over and return what came of it."""

    def close(self) -> None:
        """End the connection, if there is one."""


class Transaction(Protocol):
    """A write transaction of a command."""

    @property
    def session(self) -> Session:
        """Return its session."""

    @property
    def actor(self) -> Actor:
        """Return who does it."""

    @property
    def now(self) -> datetime:
        """Return the instant that counts."""

    @property
    def zone(self) -> ZoneInfo:
        """Return the organisation's zone."""


UTC = ZoneInfo("UTC")
Begin = Callable[[], AbstractContextManager[Transaction]]


def configured(settings: Settings) -> set[Channel]:
    """Return the channels that the configuration file serves. Raises UsageProblem."""
    found = {Channel.EMAIL: mail_settings(settings.mail), Channel.SMS: sms_settings(settings.sms)}
    return {channel for channel, table in found.items() if table is not None}


def gateways(settings: Settings) -> dict[Channel, Gateway]:
    """Return the services that the configuration file names. Raises UsageProblem."""
    found: dict[Channel, Gateway] = {}
    mail, sms = mail_settings(settings.mail), sms_settings(settings.sms)
    if mail is not None:
        found[Channel.EMAIL] = SmtpGateway(mail)
    if sms is not None:
        found[Channel.SMS] = CommandGateway(sms) if sms.command else WebhookGateway(sms)
    return found


def post(
    begin: Begin, services: Mapping[Channel, Gateway], desk: Desk, *, most: int | None = None
) -> Posted:
    """Send what may go now, each message in transactions of its own.

    begin -- opens a transaction; most -- messages at most, None for all
    A service that is down, or is silent several times in a row, is left alone for this run and
    its messages stay queued.
    """
    try:
        return _post(begin, services, desk, most)
    finally:
        for service in services.values():
            service.close()


def _post(
    begin: Begin, services: Mapping[Channel, Gateway], desk: Desk, most: int | None
) -> Posted:
    tour: Round | None = None
    outgoing, handed, left, taken = None, Handed(Answer.ACCEPTED), 0, 0
    silences: Counter[Channel] = Counter()
    down: dict[str, str] = {}
    while True:
        with begin() as work:
            tour = tour or _round(work, set(services), desk)
            tour.clock = real_time()
            if outgoing is not None:
                sending.mark(work.session, outgoing, handed, tour)
            outgoing = None if taken == most else sending.claim(work.session, tour)
            if outgoing is None:
                left = sending.count_left(work.session, channels=SENT_BY_PROGRAM)
        if outgoing is None:
            return _posted(tour, left, down)
        taken += 1
        channel = outgoing.channel
        handed = services[channel].hand_over(outgoing)
        silences[channel] = silences[channel] + 1 if handed.answer in SILENT else 0
        if handed.answer is Answer.DOWN or silences[channel] == MOST_SILENCES:
            tour.channels.discard(channel)
            down[channel.value] = handed.why


def rehearse(
    work: Transaction, channels: set[Channel], desk: Desk, *, most: int | None = None
) -> Posted:
    """Say what `post` would send if every service took everything; the caller takes it back."""
    tour = _round(work, channels, desk)
    taken = 0
    while taken != most and (outgoing := sending.claim(work.session, tour)) is not None:
        sending.mark(work.session, outgoing, Handed(Answer.ACCEPTED), tour)
        taken += 1
    return _posted(tour, sending.count_left(work.session, channels=SENT_BY_PROGRAM), {})


def real_time() -> datetime:
    """Return the time by which leases are judged, whatever day messages are sent for."""
    return moment(None, UTC)


def _round(work: Transaction, channels: set[Channel], desk: Desk) -> Round:
    return Round(
        desk, this_process(), work.actor, work.now, real_time(), work.zone, channels
    )  # fmt: skip


def _posted(tour: Round, left: int, down: Mapping[str, str]) -> Posted:
    ended = tour.ended
    return Posted(
        sent=ended[MessageState.SENT],
        retry=ended[MessageState.RETRY],
        failed=ended[MessageState.FAILED],
        unknown=ended[MessageState.UNKNOWN],
        left=left,
        suppressed=ended[MessageState.SUPPRESSED],
        down=down,
    )
