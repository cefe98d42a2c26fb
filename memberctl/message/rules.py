"""Messages: what is said to a member, in which language, through which channel.

Source: rules N2-N4; mission S0.6, S0.7, S0.9, S1.7, S2.1; bad inputs 72-75.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from string import Template

from memberctl.core.errors import Invalid
from memberctl.core.text import Kind, Personal


class MessageState(StrEnum):
    """How far a message has come; only `sent` means that it was accepted. Source: rules N3."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"


_S = MessageState
STEPS: Mapping[tuple[MessageState, str], MessageState] = {
    (_S.QUEUED, "claim"): _S.SENDING,
    (_S.RETRY, "claim"): _S.SENDING,
    (_S.SENDING, "claim"): _S.SENDING,
    (_S.SENDING, "accept"): _S.SENT,
    (_S.SENDING, "postpone"): _S.RETRY,
    (_S.SENDING, "refuse"): _S.FAILED,
    (_S.SENDING, "doubt"): _S.UNKNOWN,
    (_S.SENDING, "put back"): _S.QUEUED,
    (_S.QUEUED, "suppress"): _S.SUPPRESSED,
    (_S.RETRY, "suppress"): _S.SUPPRESSED,
    (_S.SENDING, "suppress"): _S.SUPPRESSED,
}
"""What a sender does. A sending message is claimed again when its sender died; what may go once is
in doubt then."""

PEOPLE_STEPS: Mapping[tuple[MessageState, str], MessageState] = {
    (_S.FAILED, "retry"): _S.QUEUED,
    (_S.UNKNOWN, "settle --sent"): _S.SENT,
    (_S.UNKNOWN, "settle --failed"): _S.FAILED,
}
"""What people do about messages that a sender could not bring."""

BY_HAND_STEPS: Mapping[tuple[MessageState, str], MessageState] = {
    **PEOPLE_STEPS,
    (_S.QUEUED, "settle --sent"): _S.SENT,
    (_S.QUEUED, "settle --failed"): _S.FAILED,
    (_S.QUEUED, "suppress"): _S.SUPPRESSED,
}
"""What people do about letters and calls, which they bring themselves."""


class Channel(StrEnum):
    """The way a message goes. Without an address it goes to the print list, never to silence.

    call -- a person takes the telephone: what no other way can bring (rules N3)
    """

    EMAIL = "email"
    SMS = "sms"
    PRINT = "print"
    CALL = "call"


class Category(StrEnum):
    """An opt-out stops only marketing."""

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"


class Language(StrEnum):
    """The languages that templates exist in."""

    CHINESE = "zh"
    ENGLISH = "en"


class Purpose(StrEnum):
    """What a message is for; each has a template in each language."""

    QUOTE_SENT = "quote_sent"
    REVIEW_RETURNED = "review_returned"
    REVIEW_REJECTED = "review_rejected"
    REVIEW_EXTENDED = "review_extended"
    ORDER_CONFIRMED = "order_confirmed"
    ORDER_FORFEITED = "order_forfeited"
    PAYMENT_RECEIPT = "payment_receipt"
    WELCOME = "welcome"
    REFUND_APPROVED = "refund_approved"
    REFUND_REJECTED = "refund_rejected"
    REFUND_PAID = "refund_paid"
    TERM_CANCELLED = "term_cancelled"
    CHANGE_APPLIED = "change_applied"
    CHANGE_REJECTED = "change_rejected"
    RENEWAL_REMINDER = "renewal_reminder"
    WIN_BACK = "win_back"
    PAYMENT_REMINDER = "payment_reminder"


class OptOut(StrEnum):
    """What a member may not want to get. `everything` is for the dead and for court orders."""

    MARKETING = "marketing"
    REMINDERS = "reminders"
    EVERYTHING = "everything"


class Because(StrEnum):
    """Why a member gets no messages of a kind."""

    ASKED = "asked"
    COMPLAINT = "complaint"
    DECEASED = "deceased"


def channel_for(*, has_email: bool, has_phone: bool) -> Channel:
    """Return the way to reach somebody: e-mail, else SMS, else a letter. Source: rules N3."""
    if has_email:
        return Channel.EMAIL
    return Channel.SMS if has_phone else Channel.PRINT


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be queued, once per member, purpose, cause and channel.

    member_id -- the member's id; cause -- the number of what it is about, e.g. "RC-2026-000001"
    facts     -- exactly the names that FACTS lists for the purpose: numbers, amounts with their
                 currency, ISO dates, plan names and reviewers' reasons, never the person's data
    """

    member_id: int
    purpose: Purpose
    cause: str
    channel: Channel
    language: Language
    facts: dict[str, str]


FACTS: Mapping[Purpose, frozenset[str]] = {
    Purpose.QUOTE_SENT: frozenset({"order", "plan", "amount", "valid_until"}),
    Purpose.REVIEW_RETURNED: frozenset({"order", "reason"}),
    Purpose.REVIEW_REJECTED: frozenset({"order", "reason"}),
    Purpose.REVIEW_EXTENDED: frozenset({"order", "reason", "due_on"}),
    Purpose.ORDER_CONFIRMED: frozenset({"order", "plan", "amount", "due_on"}),
    Purpose.ORDER_FORFEITED: frozenset({"order", "due_on"}),
    Purpose.PAYMENT_RECEIPT: frozenset({"receipt", "order", "amount", "open"}),
    Purpose.WELCOME: frozenset({"order", "plan", "start_on", "end_on"}),
    Purpose.REFUND_APPROVED: frozenset({"refund", "order", "amount", "due_on"}),
    Purpose.REFUND_REJECTED: frozenset({"refund", "order", "reason"}),
    Purpose.REFUND_PAID: frozenset({"refund", "order", "amount", "end_on"}),
    Purpose.TERM_CANCELLED: frozenset({"order", "end_on"}),
    Purpose.CHANGE_APPLIED: frozenset({"request"}),
    Purpose.CHANGE_REJECTED: frozenset({"request"}),
    Purpose.RENEWAL_REMINDER: frozenset({"plan", "end_on"}),
    Purpose.WIN_BACK: frozenset({"plan", "end_on"}),
    Purpose.PAYMENT_REMINDER: frozenset({"order", "open", "due_on"}),
}
"""What each purpose's template may say, besides the member's and the organisation's name."""

LIVE_NAMES = frozenset({"name", "organisation"})
"""What a template may say that is read when the message is shown or sent, and never stored."""

_PLACEHOLDER = re.compile(r"\$\{[A-Za-z_]+\}|\$[A-Za-z_]+|\$\$")


MARKETING = frozenset({Purpose.WIN_BACK})
REMINDERS = frozenset({Purpose.RENEWAL_REMINDER, Purpose.WIN_BACK})
"""What nobody has asked for by an order or a request, and can be asked not to send."""


def category_of(purpose: Purpose) -> Category:
    """Return the category of a purpose; what an order makes necessary is transactional (N4)."""
    assert purpose in FACTS, f"no facts are stated for {purpose}"
    return Category.MARKETING if purpose in MARKETING else Category.TRANSACTIONAL


def opt_outs_against(purpose: Purpose) -> frozenset[OptOut]:
    """Return the opt-outs that keep a purpose from a member. Source: rules N2, N4."""
    found = {OptOut.EVERYTHING}
    if purpose in MARKETING:
        found.add(OptOut.MARKETING)
    if purpose in REMINDERS:
        found.add(OptOut.REMINDERS)
    return frozenset(found)


def checked_facts(message: NewMessage) -> dict[str, str]:
    """Return the facts of a message; other names than FACTS lists are a programmer's error."""
    expected = FACTS[message.purpose]
    assert message.facts.keys() == expected, (
        f"{message.purpose} takes the facts {', '.join(sorted(expected))}"
    )
    return message.facts


def checked_template(text: str, allowed: frozenset[str], *, what: str) -> Template:
    """Return the template of `text`, or refuse whatever is more than plain allowed names.

    what -- how a refusal calls the text, e.g. "body of welcome"
    Raises Invalid for braces outside ${name}, for a $ that begins no name and for other names
    than `allowed`.
    Source: bad inputs 72, 73, 75.
    """
    rest = _PLACEHOLDER.sub("", text)
    if "{" in rest or "}" in rest or "$" in rest:
        raise Invalid(
            f"{what} may contain $name or ${{name}} with plain names only, and $$ for a $",
            rule="placeholder_form",
        )
    template = Template(text)
    unknown = sorted(set(template.get_identifiers()) - allowed)
    if unknown:
        raise Invalid(
            f"{what} names {', '.join(unknown)}; known are {', '.join(sorted(allowed))}",
            rule="placeholder_unknown",
        )
    return template


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message in a list.

    reason -- why it is suppressed, failed, unknown or to be tried again, "" otherwise
    due_at -- when it is tried again; attempts -- how often it was handed over
    """

    number: str
    member: str
    purpose: Purpose
    cause: str
    channel: Channel
    language: Language
    state: MessageState
    created_at: datetime
    reason: str
    attempts: int
    due_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as its reader would get it now. to -- masked unless revealed"""

    number: str
    member: str
    purpose: Purpose
    category: Category
    channel: Channel
    to: Personal | None
    state: MessageState
    subject: str
    body: str


def recipient(
    channel: Channel, *, email: str | None, phone: str | None, address: str | None
) -> Personal | None:
    """Return where a message of this channel goes now; None when the member has no such address."""
    kind, value = {
        Channel.EMAIL: (Kind.EMAIL, email),
        Channel.SMS: (Kind.PHONE, phone),
        Channel.PRINT: (Kind.ADDRESS, address),
        Channel.CALL: (Kind.PHONE, phone),
    }[channel]
    return Personal(kind, value) if value else None
