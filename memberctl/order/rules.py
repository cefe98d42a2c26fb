"""Orders and quotes: states, prices, what may be filed.

Source: rules O1-O9; mission S0.1-S0.7, S3.1, S3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from memberctl.catalog.rules import PlanTerms
from memberctl.core.errors import Conflict, NotPermitted, RuleRefused
from memberctl.core.machine import allowed
from memberctl.office.rules import Role
from memberctl.order.pricing import PricedLine


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
    (_S.CONFIRMED, "write_off"): _S.CLOSED,
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

PREFIXES: Mapping[OrderKind, str] = {
    OrderKind.JOIN: "JN",
    OrderKind.RENEWAL: "RN",
    OrderKind.UPGRADE: "GR",  # The alphabet of numbers has no U: it is taken for V.
    OrderKind.DOWNGRADE: "DN",
    OrderKind.TRANSFER: "TR",
    OrderKind.SERVICE: "SV",
}
"""How the numbers of each kind begin. Source: rules O9."""

MAY_HONOUR = frozenset({Role.MANAGER, Role.OWNER})
"""Who lets an expired quote count all the same. Source: rules O7."""

FILING = "filing"
"""The part of an order's maker, beside the names of the review stages (rules O2)."""

FIRST_STAGE = "initial"
UNREVIEWED = frozenset({OrderKind.RENEWAL, OrderKind.UPGRADE, OrderKind.DOWNGRADE})
"""Kinds without review stages: the member was reviewed when they joined.

Source: mission "Where the manuals disagree", row "stages".
"""
CHANGES_A_TERM = frozenset({OrderKind.UPGRADE, OrderKind.TRANSFER})
"""Kinds that are about a term that runs; they keep its benefits and its end (rules M11, P6)."""

FOLLOWS_A_TERM = frozenset({OrderKind.RENEWAL, OrderKind.DOWNGRADE})
"""Kinds whose term begins when the one that the member has ends (rules T4, M11)."""

ABOUT_A_TERM = CHANGES_A_TERM | FOLLOWS_A_TERM
"""Kinds for which the member's terms are looked at when they are filed."""

UNDER_REVIEW = frozenset({_S.SUBMITTED, _S.IN_REVIEW})
LIVE = (_S.SUBMITTED, _S.IN_REVIEW, _S.RETURNED, _S.CONFIRMED, _S.PAID, _S.FULFILLED)
"""States in which a second join order for the same member and plan is a repeat."""
SETTLED = frozenset({_S.PAID, _S.FULFILLED})
"""Those of them in which the term was bought: a repeat only as long as that lasts."""


class Filing(NamedTuple):
    """One order as it is asked for.

    A named tuple, because an import makes 100,000 of them and they cost a quarter of dataclasses.

    plan      -- the version that is ordered; None for a service order, which has lines instead
    agreed_on -- the local date on which the member agreed to the terms, None if they did not
    source, external_ref -- where the order comes from and its key there, or None
    total_minor -- the total as the customer was told it, None if nothing was said
    receiver_id -- the member who gets the term of a transfer
    of_order    -- which running term is meant, by the order that paid for it; None if there is one
    """

    member_id: int
    plan: PlanTerms | None
    kind: OrderKind = OrderKind.JOIN
    agreed_on: date | None = None
    channel: str = "counter"
    branch_id: int | None = None
    source: str | None = None
    external_ref: str | None = None
    lines: tuple[PricedLine, ...] = ()
    total_minor: int | None = None
    receiver_id: int | None = None
    of_order: str | None = None


def refuse_own_order(staff: str, *, is_own: bool) -> None:
    """Refuse that somebody files, reviews or changes the order of their own membership.

    Source: rules O2.
    """
    if is_own:
        raise NotPermitted(
            f"{staff} is the member concerned; the maker and the member are distinct people (O2)",
            hint="let somebody else do it, with --as STAFF if you act for them",
        )


def quote_valid_until(made_on: date, days: int) -> date:
    """Return the last day on which a quote can be accepted, inclusive. Source: rules O7."""
    return made_on + timedelta(days=days)


def has_expired(valid_until: date, today: date) -> bool:
    """Tell whether the last day of a quote has passed. Source: rules O7."""
    return today > valid_until


def expired(number: str, valid_until: date) -> RuleRefused:
    """Return the refusal of a quote whose last day has passed. Source: rules O7."""
    return RuleRefused(
        f"the quote of {number} was valid until {valid_until}",
        hint=f"memberctl quote revise {number}, or: memberctl quote accept {number}"
        " --honour-expired APPROVER",
    )


def refuse_honour(number: str, *, expired: bool, may_honour: bool, is_same: bool) -> None:
    """Refuse to let a quote count after its last day, unless a second, senior person says so.

    may_honour -- the named approver works here and is a manager or the owner
    is_same    -- the approver is the person at work
    Source: rules O2, O7.
    """
    if not expired:
        raise RuleRefused(
            f"the quote of {number} has not expired", hint="leave out --honour-expired"
        )
    if is_same or not may_honour:
        raise NotPermitted(
            "an expired quote is honoured by a manager or the owner, other than the person at work"
        )


def allowed_verbs(state: OrderState) -> tuple[str, ...]:
    """Return what may be done with an order in `state`. Source: rules O1."""
    return allowed(STEPS, state)


def due_date(state: OrderState, due_on: date | None, payment_due_on: date | None) -> date | None:
    """Return what is due next: the review, then the payment, then nothing."""
    if state in UNDER_REVIEW:
        return due_on
    return payment_due_on if state is OrderState.CONFIRMED else None


def open_minor(state: OrderState, due_minor: int, paid_minor: int) -> int:
    """Return what is still owed, in minor units: nothing before confirmation or after the end.

    due_minor -- the total less what credit notes and write-offs took off it
    """
    if state is not OrderState.CONFIRMED:
        return 0
    return max(due_minor - paid_minor, 0)


def refuse_if_changed(seen: int | None, now: int) -> None:
    """Refuse to act on a row that changed since somebody looked at it. Source: rules O4."""
    if seen is not None and seen != now:
        raise Conflict(
            f"changed since you read it (v{seen}, now v{now}); nothing was done",
            hint="look at it again, then repeat the command",
        )
