"""What reviews answer: frozen values whose fields are the keys that scripts read.

Source: cli.md "Keys that scripts rely on"; mission S0.4, S3.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from memberctl.core.money import Money
from memberctl.order.rules import OrderKind, OrderState, QuoteState
from memberctl.review.rules import Mark, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class ReviewAdvanced:
    """What an advance came to.

    stage   -- the stage that was decided
    verdict -- what was said, or "fell_back" when the content had changed since an approval
    due_on  -- the review's next deadline, or the payment's after the last stage
    Source: cli.md "Keys that scripts rely on".
    """

    order: str
    stage: str
    verdict: Outcome
    state: OrderState
    next_stage: str | None
    due_on: date | None


@dataclass(frozen=True, slots=True)
class ReviewExtended:
    """More time for a review."""

    order: str
    days: int
    due_on: date


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One order in a reviewer's queue. version -- what `review advance --seen` takes."""

    order: str
    kind: OrderKind
    member: str
    name: str
    plan: str | None
    stage: str
    total: Money
    received_on: date | None
    due_on: date | None
    mark: Mark
    version: int


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """One decision as it is shown. fell_back_at -- when it ceased to count, None while it does."""

    stage: str
    verdict: Verdict
    by: str
    at: datetime
    reason: str
    override_by: str | None
    fell_back_at: datetime | None


@dataclass(frozen=True, slots=True)
class HandLine:
    """Whose hand a part of the order is, as it is shown."""

    part: str
    staff: str
    at: datetime
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class PauseLine:
    """A stretch in which the review's clock stood still."""

    from_on: date
    until_on: date | None


@dataclass(frozen=True, slots=True)
class ExtensionLine:
    """An extension as it is shown."""

    days: int
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """Everything about one order's review."""

    order: str
    kind: OrderKind
    member: str
    plan: str | None
    state: OrderState
    stage: str | None
    total: Money
    quote: QuoteState | None
    received_on: date | None
    due_on: date | None
    mark: Mark | None
    version: int
    decisions: tuple[DecisionLine, ...]
    hands: tuple[HandLine, ...]
    pauses: tuple[PauseLine, ...]
    extensions: tuple[ExtensionLine, ...]
