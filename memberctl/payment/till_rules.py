"""Closing a till: counted against expected, and what is over or short. Source: rules M16."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from memberctl.core.errors import Conflict, Invalid, NotPermitted
from memberctl.core.money import Money
from memberctl.payment.rules import Method

PREFIX = "TC"
"""How the numbers of closed tills begin, e.g. TC-000001."""

NO_BRANCH = 0
"""The till of what no branch took."""


@dataclass(frozen=True, slots=True)
class TillClosed:
    """A closed till. difference -- counted less expected: over above 0, short below"""

    number: str
    branch: str | None
    method: Method
    closed_on: date
    entries: int
    expected: Money
    counted: Money
    difference: Money


@dataclass(frozen=True, slots=True)
class TillCounted:
    """What closing a till would come to. must_ask -- a person has to agree to the difference"""

    expected: Money
    counted: Money
    must_ask: bool

    @property
    def words(self) -> str:
        """Return both figures and what is over or short, for a question."""
        minor = self.counted.minor - self.expected.minor
        difference = Money(abs(minor), self.counted.currency)
        told = f"{difference} {'over' if minor > 0 else 'short'}" if minor else "no difference"
        return f"{self.counted} counted, {self.expected} expected, {told}"


@dataclass(frozen=True, slots=True)
class TillMovement:
    """What one entry moved in a till; value_on -- the day that it counts for elsewhere."""

    entry: int
    at: datetime
    value_on: date
    event: str
    about: str
    amount: Money


@dataclass(frozen=True, slots=True)
class TillRecord:
    """A closed till with everything that is in it."""

    number: str
    branch: str | None
    method: Method
    closed_on: date
    expected: Money
    counted: Money
    difference: Money
    remark: str
    closed_at: datetime
    closed_by: str
    movements: tuple[TillMovement, ...]


@dataclass(frozen=True, slots=True)
class TillLine:
    """A till as it stands: closed, or open with what is in it since."""

    number: str | None
    branch: str | None
    method: Method
    closed_on: date | None
    expected: Money
    counted: Money | None
    difference: Money | None
    closed_by: str | None


def till_method(method: Method) -> Method:
    """Return a method whose till can be closed; members' credit lies in none."""
    if method is Method.MEMBER_CREDIT:
        raise Invalid("members' credit lies in no till", field="method", rule="till_method")
    return method


def must_ask(expected_minor: int, counted_minor: int, tolerance_minor: int) -> bool:
    """Whether a difference is more than is booked without a question. Source: rules M16."""
    return abs(counted_minor - expected_minor) > tolerance_minor


def refuse_moved(seen: TillCounted | None, now: TillCounted) -> None:
    """Refuse a difference that is not the one that a person saw: something moved in between."""
    if seen is not None and now.must_ask and seen.expected != now.expected:
        raise Conflict(
            f"something moved in this till since it was looked at: now {now.words}",
            hint="count it again; what is in it: memberctl till list --open",
        )


def refuse_other_branch(staff: str, own: int | None, branch_id: int) -> None:
    """Refuse that somebody of one branch closes another's till. Source: rules G6."""
    if own is not None and own != branch_id:
        raise NotPermitted(f"{staff} works for another branch: its own people close its till")


def refuse_closed(number: str, closed_on: date, today: date) -> None:
    """Refuse to close a till twice on a day, or before a day that is closed. Source: rules M16."""
    if closed_on >= today:
        raise Conflict(
            f"this till is closed for {closed_on} by {number}; what comes now counts for the next"
            " day that is closed",
            hint=f"memberctl till show {number}",
        )
