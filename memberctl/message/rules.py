"""Messages: what is said to a member, in which language, through which channel.

Source: rules N3, N4; mission S0.6, S0.7, S0.9, S2.1.
"""

from __future__ import annotations

from enum import StrEnum


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
