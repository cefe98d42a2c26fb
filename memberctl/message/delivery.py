"""Delivery as pure decisions: what an answer means, when to try again, when not to disturb.

Source: rules N2-N4; reliability.md R10; bad inputs 77.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from memberctl.core.machine import step
from memberctl.message.rules import (
    STEPS,
    Category,
    Channel,
    Language,
    MessageState,
    Purpose,
    category_of,
)

BACKOFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
"""How long to wait after the first failure, the second, ...; after the last it has failed."""

LEASE = timedelta(minutes=15)
"""How long a sender on another host is believed to live; a message takes seconds."""

SENT_BY_PROGRAM = (Channel.EMAIL, Channel.SMS)
"""The ways that `message send` serves; letters are printed, calls are made by people."""


class Guarantee(StrEnum):
    """What happens when nobody can know whether a message arrived."""

    ONCE = "once"
    AT_LEAST_ONCE = "at_least_once"


class Answer(StrEnum):
    """What came of handing a message over.

    unclear -- nothing was heard after all of it was said; down -- it was not even begun
    broken  -- the service broke off before it was said, and is there again
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATER = "later"
    BROKEN = "broken"
    UNCLEAR = "unclear"
    DOWN = "down"


SILENT = frozenset({Answer.UNCLEAR, Answer.BROKEN})
MOST_SILENCES = 3
"""After so many messages in a row without an answer a service counts as down."""


class Handed(NamedTuple):
    """An answer. why -- in words that hold nobody's data, "" when it was accepted"""

    answer: Answer
    why: str = ""


@dataclass(frozen=True, slots=True)
class Marked:
    """What an answer makes of a message. attempts -- what is counted from now on"""

    state: MessageState
    reason: str = ""
    due_at: datetime | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Outgoing:
    """One message ready to be handed over, the only thing that holds a member's data here.

    id, number -- of the message, or of the first of a digest's; ids -- of all that it says
    unique     -- what no other message of any store is called; at -- the date it bears
    to         -- an address or a number; attempts -- this one included
    """

    id: int
    number: str
    ids: tuple[int, ...]
    unique: str
    channel: Channel
    guarantee: Guarantee
    attempts: int
    language: Language
    organisation: str
    to: str
    subject: str
    body: str
    at: datetime


def guarantee_of(purpose: Purpose, channel: Channel) -> Guarantee:
    """Return what a message may rather be: twice there, or perhaps not there.

    A second copy of an e-mail has the same Message-ID and is recognised; a second SMS is not and
    costs money. Advertising and asking for money twice annoy more than silence would.
    Source: reliability.md R10.
    """
    if channel is not Channel.EMAIL or purpose is Purpose.PAYMENT_REMINDER:
        return Guarantee.ONCE
    if category_of(purpose) is Category.MARKETING:
        return Guarantee.ONCE
    return Guarantee.AT_LEAST_ONCE


def marked(handed: Handed, guarantee: Guarantee, attempts: int, at: datetime) -> Marked:
    """Return what becomes of a message that is being sent.

    attempts -- how often it was handed over, this time included
    What was not begun does not count as an attempt. Source: rules N3; bad inputs 77.
    """
    verb = {
        Answer.ACCEPTED: "accept",
        Answer.REFUSED: "refuse",
        Answer.LATER: "postpone",
        Answer.BROKEN: "postpone",
        Answer.UNCLEAR: "doubt" if guarantee is Guarantee.ONCE else "postpone",
        Answer.DOWN: "put back",
    }[handed.answer]
    due_at, reason = None, handed.why
    if handed.answer is Answer.DOWN:
        attempts, reason = attempts - 1, ""
    if verb == "postpone":
        if attempts > len(BACKOFF):
            verb, reason = "refuse", f"given up after {attempts} attempts: {reason}"
        else:
            due_at = at + BACKOFF[attempts - 1]
    state = step(STEPS, MessageState.SENDING, verb, "a message that is being sent")
    return Marked(state, reason, due_at, attempts)


@dataclass(frozen=True, slots=True)
class Posted:
    """What one run of `message send` came to.

    retry -- put off to be tried again; unknown -- nobody knows whether they arrived
    left  -- still queued or to be tried again; down -- what could not be reached, by channel
    """

    sent: int
    retry: int
    failed: int
    unknown: int
    left: int
    suppressed: int
    down: Mapping[str, str]

    @property
    def exit_code(self) -> int:
        """16 when a service is down or left something unclear, 3 when something failed, else 0."""
        if self.down or self.unknown:
            return 16
        return 3 if self.failed else 0
