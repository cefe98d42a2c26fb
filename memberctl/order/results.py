"""What orders and quotes answer: frozen values whose fields are the keys that scripts read.

Source: cli.md "Keys that scripts rely on".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from memberctl.core.errors import MemberctlError
from memberctl.core.money import Money
from memberctl.core.numbering import member_number
from memberctl.order.rules import OrderKind, OrderState, QuoteState, due_date, open_minor


class Filed(StrEnum):
    """What became of one filing. Source: rules I1, I2."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"


class OrderFiled(NamedTuple):
    """What became of one filing; an order that was there before is told as it is now.

    missing -- the documents that are missing while it is returned
    """

    outcome: Filed
    order_id: int
    number: str
    kind: OrderKind
    member_id: int
    plan: str | None
    state: OrderState
    stage: str | None
    total: Money
    due_on: date | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilingRefused:
    """A filing of a batch that was refused, and why; nothing was written for it."""

    problem: MemberctlError


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order as lists are made of it, without what only payments know.

    reduced_minor -- what credit notes and write-offs took off the total
    due_on -- of the review; payment_due_on -- of the payment; quote -- the newest one's state
    dunning -- the highest level at which it was asked for
    """

    order_id: int
    number: str
    kind: OrderKind
    member_id: int
    plan: str | None
    state: OrderState
    stage: str | None
    total_minor: int
    currency: str
    due_on: date | None
    payment_due_on: date | None
    reduced_minor: int
    quote: QuoteState | None
    dunning: int | None


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order as scripts read it.

    paid, open -- what was paid, and what is still owed once the order is confirmed
    due_on     -- the review's deadline, then the payment's, then null
    quote      -- the state of the newest quote
    dunning    -- how often payment was asked for, null for never (rules M14)
    Source: cli.md "Keys that scripts rely on".
    """

    number: str
    kind: OrderKind
    member: str
    plan: str | None
    state: OrderState
    stage: str | None
    total: Money
    paid: Money
    open: Money
    due_on: date | None
    quote: QuoteState | None
    dunning: int | None


@dataclass(frozen=True, slots=True)
class OrderEnded:
    """An order that was withdrawn, voided, rejected or forfeited.

    credit -- what had been paid for it, which is the member's credit now (rules O8)
    terms, cards -- how many ended with it
    """

    number: str
    state: OrderState
    credit: Money
    terms: int = 0
    cards: int = 0


@dataclass(frozen=True, slots=True)
class OrderResubmitted:
    """A returned order that is complete again."""

    number: str
    state: OrderState
    stage: str | None
    due_on: date | None


@dataclass(frozen=True, slots=True)
class QuoteRecord:
    """A quote as scripts read it. valid_until -- inclusive (rules O7)."""

    order: str
    version: int
    state: QuoteState
    plan: str | None
    total: Money
    valid_until: date


@dataclass(frozen=True, slots=True)
class QuoteRevised:
    """A quote in place of an older one.

    stage -- where the order waits now; fell_back -- later approvals no longer count (rules O3)
    """

    order: str
    version: int
    state: QuoteState
    plan: str | None
    total: Money
    valid_until: date
    stage: str | None
    fell_back: bool


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """What the member agreed to, and when."""

    title: str
    version: int
    agreed_on: date


def order_record(row: OrderRow, paid_minor: int) -> OrderRecord:
    """Return an order as scripts read it. paid_minor -- what payments have applied to it."""
    owed = open_minor(row.state, row.total_minor - row.reduced_minor, paid_minor)
    return OrderRecord(
        number=row.number,
        kind=row.kind,
        member=member_number(row.member_id),
        plan=row.plan,
        state=row.state,
        stage=row.stage,
        total=Money(row.total_minor, row.currency),
        paid=Money(paid_minor, row.currency),
        open=Money(owed, row.currency),
        due_on=due_date(row.state, row.due_on, row.payment_due_on),
        quote=row.quote,
        dunning=row.dunning,
    )


@dataclass(frozen=True, slots=True)
class LineRecord:
    """One thing that is ordered."""

    what: str
    quantity: int
    price: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class OrderDetails:
    """One order with everything that belongs to it; the first keys are OrderRecord's.

    reason -- why it ended before its time, None unless it did
    """

    number: str
    kind: OrderKind
    member: str
    plan: str | None
    state: OrderState
    stage: str | None
    total: Money
    paid: Money
    open: Money
    due_on: date | None
    quote: QuoteState | None
    missing: tuple[str, ...]
    channel: str
    branch: str | None
    source: str | None
    external_ref: str | None
    filed_at: datetime
    received_on: date | None
    confirmed_on: date | None
    payment_due_on: date | None
    version: int
    lines: tuple[LineRecord, ...]
    consents: tuple[ConsentLine, ...]
    quotes: tuple[QuoteRecord, ...]
    dunning: int | None
    reason: str | None
