"""What the model of R5 knows of each thing that has to do with money. Amounts are minor units."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

DEAD = ("withdrawn", "forfeited", "voided")
SETTLED = ("paid", "fulfilled", "closed")
WAITING = ("requested", "approved", "failed")
PLANS = {  # How many months one of a plan is, and what it costs from when on.
    "YEAR": (12, ((date(2024, 1, 1), 365_000), (date(2027, 1, 1), 398_000))),
    "MONTH": (1, ((date(2024, 1, 1), 39_900),)),
    "TOP": (12, ((date(2024, 1, 1), 730_001),)),
    "BASIC": (1, ((date(2024, 1, 1), 20_001),)),
}


@dataclass(eq=False)
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


@dataclass(eq=False)
class Term:
    """What an order gave.

    sold_until -- its last day before a refund or an upgrade cut it
    anchor, days -- what its months are counted from, and for how many days its price is
    serial -- the how-manieth term it is; cut -- a refund ended it; void -- it kept no day
    went_on -- the order under which the rest of it goes on
    """

    start: date
    sold_until: date
    until: date
    anchor: date
    days: int
    serial: int
    cut: bool = False
    void: bool = False
    went_on: Order | None = None

    @property
    def earned_until(self) -> date:
        """Return the last day over which its fee is earned."""
        return self.sold_until if self.went_on else self.until


@dataclass(eq=False)
class Refund:
    """Money on its way back.

    parts -- payment and method with what goes back to it; ways -- by which ways it went
    usage -- how many days of how many are used; income -- what is income no more, by order
    """

    number: str
    amount: int
    beyond: bool
    on: date
    parts: list[tuple[Payment, str, int]]
    asked_by: str
    usage: tuple[int, int] | None
    reviewed_by: str | None = None
    state: str = "requested"
    income: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)


@dataclass(eq=False)
class Invoice:
    """A document; credited -- what credit notes took off it."""

    number: str
    total: int
    credited: int = 0
    voided: bool = False


@dataclass(eq=False)
class WriteOff:
    """A debt that is to be given up."""

    number: str
    amount: int
    asked_by: str
    state: str = "requested"


@dataclass(eq=False)
class Order:
    """An order.

    plan  -- whose term it gives, None for a service; price -- of that plan when it was sold
    signed_on -- when its terms were agreed to, if that was asked for
    about -- the order whose term goes on under this one, from effective_on; taken_over -- what
             that one's plan is worth for the rest
    """

    number: str
    member: str
    total: int
    plan: str | None
    confirmed: int
    due_on: date
    price: int = 0
    about: Order | None = None
    effective_on: date | None = None
    taken_over: int = 0
    signed_on: date | None = None
    state: str = "confirmed"
    credited: int = 0
    written_off: int = 0
    income: int = 0
    term: Term | None = None
    instalments: list[tuple[date, int]] = field(default_factory=list)
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
    def live_term(self) -> Term | None:
        """Return its term, if that has a day."""
        return None if self.term is None or self.term.void else self.term

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


@dataclass(eq=False)
class CreditRequest:
    """A member's credit that is set aside. method -- None when it is given up as stale"""

    number: str
    member: str
    amount: int
    method: str | None
    asked_by: str
    decided_by: str | None = None
    state: str = "requested"


@dataclass(eq=False)
class Till:
    """What moved in a till since it was closed, and on which day that was."""

    since: int = 0
    closed_on: date | None = None


@dataclass(eq=False)
class Merge:
    """One number that became another.

    orders, requests -- what moved, with credit; since -- how much had been touched before
    """

    number: str
    survivor: str
    merged: str
    orders: list[Order]
    requests: list[CreditRequest]
    credit: int
    since: int
    undone: bool = False


@dataclass(eq=False)
class Movement:
    """Money that moved by itself on an account: a refund, a chargeback, a payout, a count."""

    event: str
    about: str
    method: str
    minor: int
    on: date


@dataclass(eq=False)
class Line:
    """One line of a statement. told -- what makes it itself; names -- orders in its text"""

    number: str
    method: str
    told: tuple[object, ...]
    amount: int
    on: date
    reference: str | None
    names: str
    named: bool
    fee: bool
    brought_by: str
    state: str = "open"
    finding: str | None = None
    payment: Payment | None = None
    movement: Movement | None = None
