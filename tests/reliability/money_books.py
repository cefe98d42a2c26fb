"""What the model of R5 holds: each figure in one place only, and the books that follow from it.

Plain integers and dates, told from rules.md alone. Amounts are minor units.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from tests.reliability.money_objects import (
    DEAD,
    CreditRequest,
    Line,
    Merge,
    Movement,
    Order,
    Payment,
    Till,
)

CREDIT = "member_credit"


class Refused(Exception):
    """The rules do not allow this; nothing was changed."""


def require(condition: bool, why: str) -> None:
    """Refuse unless something is so."""
    if not condition:
        raise Refused(why)


def half_up(part: int, whole: int, of: int) -> int:
    """Return of x part / whole, rounded half up."""
    return (2 * of * part + whole) // (2 * whole)


def months_later(day: date, months: int) -> date:
    """Return the same day some months later, the last one of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def workdays_later(day: date, count: int) -> date:
    """Return the last of so many days from Monday to Friday after a day."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


class Books:
    """All orders, what the house holds, and what it owes.

    touched -- the orders, requests and credits that money came to, one after the other
    """

    def __init__(self, orders: Iterable[Order], stale_days: int) -> None:
        self.orders = list(orders)
        self.members = sorted({order.member for order in self.orders})
        self.stale_days = stale_days
        self.credit: Counter[str] = Counter()
        self.credit_moved: dict[str, date] = {}
        self.money: Counter[str] = Counter()
        self.tills: dict[str, Till] = {}
        self.lost: Counter[str] = Counter()
        self.given_up = self.over_in_tills = self.bank_fees = self.terms_given = self.closes = 0
        self.requests: list[CreditRequest] = []
        self.merges: list[Merge] = []
        self.touched: list[str] = []
        self.lines: list[Line] = []
        self.movements: list[Movement] = []

    # What can be asked about it.

    def payments(self) -> Iterator[tuple[Order, Payment]]:
        """Return every payment with its order."""
        return ((order, each) for order in self.orders for each in order.payments)

    def next_payment(self) -> str:
        """Return what the next payment will be called."""
        return f"P-{sum(len(order.payments) for order in self.orders) + 1:06d}"

    def gone(self, member: str) -> bool:
        """Tell whether a number is another one now."""
        return any(each.merged == member and not each.undone for each in self.merges)

    def books(self) -> dict[tuple[str, str | None], int]:
        """Return what each account must hold, and for whom; nothing is left out as 0."""
        held: Counter[tuple[str, str | None]] = Counter()
        for order in self.orders:
            dead = order.state in DEAD
            owed = order.total - order.credited - order.written_off - order.paid
            held["receivable", order.number] = 0 if dead else owed
            held["unearned_fees", order.number] = order.income - order.fee
            held["fee_income", order.number] = -order.income
            held["bad_debt", order.number] = order.written_off + self.lost[order.number]
        for member, minor in self.credit.items():
            held[CREDIT, member] = -minor
        for request in self.requests:
            waits = request.state in ("requested", "approved")
            held["payouts_due", request.number] = -request.amount if waits else 0
        for method, minor in self.money.items():
            held[method, None] = minor
        held["credit_income", None] = -self.given_up
        held["till_difference", None] = -self.over_in_tills
        held["bank_fees", None] = self.bank_fees
        return {key: minor for key, minor in held.items() if minor}

    # How money moves.

    def _touch(self, *what: str) -> None:
        self.touched += what

    def _move(self, method: str, member: str, minor: int, on: date,
              told: tuple[str, str] | None = None) -> None:  # fmt: skip
        """Let money come in, or go out; a member's credit is money of their own.

        told -- what happened to what, where that is neither a payment nor its void nor a fee
        """
        if method == CREDIT:
            self._credit(member, -minor, on)
            return
        self.money[method] += minor
        self.tills.setdefault(method, Till()).since += minor
        if told is not None and minor:
            self.movements.append(Movement(*told, method, minor, on))

    def _credit(self, member: str, minor: int, on: date) -> None:
        if minor:
            self.credit[member] += minor
            self._stir(member, on)

    def _stir(self, member: str, on: date) -> None:
        """Remember that a member's credit moved, even if it is as much as before."""
        self.credit_moved[member] = max(on, self.credit_moved.get(member, on))
        self._touch(f"credit of {member}")
