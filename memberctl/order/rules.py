"""Orders and quotes: states, prices, what may be filed.

Source: rules O1-O9; mission S0.1-S0.7, S3.1, S3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class OrderKind(StrEnum):
    """What an order is for. Source: rules O1."""

    JOIN = "join"
    RENEWAL = "renewal"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    TRANSFER = "transfer"
    SERVICE = "service"


class OrderState(StrEnum):
    """How far an order has come. Source: rules O1."""

    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    CONFIRMED = "confirmed"
    PAID = "paid"
    FULFILLED = "fulfilled"
    CLOSED = "closed"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    FORFEITED = "forfeited"
    VOIDED = "voided"


_S = OrderState
STEPS: Mapping[tuple[OrderState, str], OrderState] = {
    (_S.SUBMITTED, "approve"): _S.IN_REVIEW,
    (_S.SUBMITTED, "confirm"): _S.CONFIRMED,
    (_S.SUBMITTED, "return"): _S.RETURNED,
    (_S.SUBMITTED, "reject"): _S.REJECTED,
    (_S.SUBMITTED, "withdraw"): _S.WITHDRAWN,
    (_S.SUBMITTED, "void"): _S.VOIDED,
    (_S.IN_REVIEW, "approve"): _S.IN_REVIEW,
    (_S.IN_REVIEW, "confirm"): _S.CONFIRMED,
    (_S.IN_REVIEW, "return"): _S.RETURNED,
    (_S.IN_REVIEW, "reject"): _S.REJECTED,
    (_S.IN_REVIEW, "withdraw"): _S.WITHDRAWN,
    (_S.IN_REVIEW, "void"): _S.VOIDED,
    (_S.RETURNED, "resubmit"): _S.SUBMITTED,
    (_S.RETURNED, "reject"): _S.REJECTED,
    (_S.RETURNED, "withdraw"): _S.WITHDRAWN,
    (_S.RETURNED, "void"): _S.VOIDED,
    (_S.CONFIRMED, "settle"): _S.PAID,
    (_S.CONFIRMED, "withdraw"): _S.WITHDRAWN,
    (_S.CONFIRMED, "forfeit"): _S.FORFEITED,
    (_S.CONFIRMED, "void"): _S.VOIDED,
    (_S.PAID, "fulfil"): _S.FULFILLED,
    (_S.PAID, "unsettle"): _S.CONFIRMED,
    (_S.PAID, "void"): _S.VOIDED,
    (_S.FULFILLED, "close"): _S.CLOSED,
    (_S.FULFILLED, "unsettle"): _S.CONFIRMED,
    (_S.FULFILLED, "void"): _S.VOIDED,
}


class QuoteState(StrEnum):
    """How far a quote has come. Source: rules O7."""

    SENT = "sent"
    ACCEPTED = "accepted"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    LOST = "lost"


QUOTE_STEPS: Mapping[tuple[QuoteState, str], QuoteState] = {
    (QuoteState.SENT, "accept"): QuoteState.ACCEPTED,
    (QuoteState.SENT, "supersede"): QuoteState.SUPERSEDED,
    (QuoteState.ACCEPTED, "supersede"): QuoteState.SUPERSEDED,
    (QuoteState.EXPIRED, "supersede"): QuoteState.SUPERSEDED,
    (QuoteState.EXPIRED, "honour"): QuoteState.ACCEPTED,
    (QuoteState.SENT, "expire"): QuoteState.EXPIRED,
    (QuoteState.SENT, "lose"): QuoteState.LOST,
    (QuoteState.ACCEPTED, "lose"): QuoteState.LOST,
}
