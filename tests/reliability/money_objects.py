"""What the model of R5 knows of each thing that has to do with money. Amounts are minor units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

DEAD = ("withdrawn", "forfeited", "voided")
SETTLED = ("paid", "fulfilled", "closed")


@dataclass
class Payment:
    """Money for an order. applied, over -- what the order has of it, and what is credit"""

    number: str
    amount: int
    method: str
    reference: str | None
    at: datetime
    recorded_at: datetime
    by: str
    applied: int
    over: int
    state: str
    claimed: int = 0
    refunded: int = 0

    @property
    def live(self) -> bool:
        """Tell whether it counts."""
        return self.state in ("recorded", "verified")

    @property
    def left(self) -> int:
        """Return what no refund has of it."""
        return self.applied - self.claimed - self.refunded


@dataclass
class Term:
    """What an order gave. sold_until -- its last day before a refund cut it"""

    start: date
    sold_until: date
    until: date


@dataclass
class Refund:
    """Money on its way back; parts -- payment and method with what goes back to it."""

    number: str
    amount: int
    beyond: bool
    on: date
    parts: list[tuple[Payment, str, int]]
    asked_by: str
    reviewed_by: str | None = None
    state: str = "requested"
    income: int = 0


@dataclass
class Invoice:
    """A document; credited -- what credit notes took off it."""

    number: str
    total: int
    credited: int = 0
    voided: bool = False


@dataclass
class WriteOff:
    """A debt that is to be given up."""

    number: str
    amount: int
    asked_by: str
    state: str = "requested"


@dataclass
class Order:
    """An order. months -- how long its term is, None for a service"""

    number: str
    member: str
    total: int
    months: int | None
    confirmed: int
    due_on: date
    state: str = "confirmed"
    credited: int = 0
    written_off: int = 0
    income: int = 0
    term: Term | None = None
    plan: list[tuple[date, int]] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    write_offs: list[WriteOff] = field(default_factory=list)

    @property
    def live(self) -> list[Payment]:
        """Return the payments that count."""
        return [each for each in self.payments if each.live]

    @property
    def paid(self) -> int:
        """Return what it has of its payments."""
        return sum(each.applied for each in self.live)

    @property
    def open(self) -> int:
        """Return what is still to be paid."""
        if self.state in DEAD:
            return 0
        return max(self.total - self.credited - self.written_off - self.paid, 0)

    @property
    def refunded(self) -> int:
        """Return what went back."""
        return sum(each.refunded for each in self.live)

    @property
    def claimed(self) -> int:
        """Return what refunds that wait will give back."""
        return sum(each.claimed for each in self.live)

    @property
    def fee(self) -> int:
        """Return what the organisation gets for it, earned or not."""
        return 0 if self.state in DEAD else self.total - self.credited - self.refunded


@dataclass
class CreditRequest:
    """A member's credit that is set aside. method -- None when it is given up as stale"""

    number: str
    member: str
    amount: int
    method: str | None
    asked_by: str
    decided_by: str | None = None
    state: str = "requested"


@dataclass
class Till:
    """What moved in a till since it was closed, and on which day that was."""

    since: int = 0
    closed_on: date | None = None
