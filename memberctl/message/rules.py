"""Messages: what is said to a member, in which language, through which channel.

Source: rules N3, N4; mission S0.6, S0.7, S0.9, S2.1; bad inputs 72-75.
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
    """How far a message has come."""

    QUEUED = "queued"
    SUPPRESSED = "suppressed"
    SENT = "sent"
    FAILED = "failed"


class Channel(StrEnum):
    """The way a message goes. Without an address it goes to the print list, never to silence."""

    EMAIL = "email"
    SMS = "sms"
    PRINT = "print"


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
    CHANGE_APPLIED = "change_applied"
    CHANGE_REJECTED = "change_rejected"


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
    Purpose.CHANGE_APPLIED: frozenset({"request"}),
    Purpose.CHANGE_REJECTED: frozenset({"request"}),
}
"""What each purpose's template may say, besides the member's and the organisation's name."""

LIVE_NAMES = frozenset({"name", "organisation"})
"""What a template may say that is read when the message is shown or sent, and never stored."""

_PLACEHOLDER = re.compile(r"\$\{[A-Za-z_]+\}|\$[A-Za-z_]+|\$\$")


def category_of(purpose: Purpose) -> Category:
    """Return the category of a purpose; everything an order makes necessary is transactional."""
    assert purpose in FACTS, f"no facts are stated for {purpose}"
    return Category.TRANSACTIONAL


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
    """A message in a list."""

    number: str
    member: str
    purpose: Purpose
    cause: str
    channel: Channel
    language: Language
    state: MessageState
    created_at: datetime


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
    }[channel]
    return Personal(kind, value) if value else None
