"""Archived orders are looked at by an approved request of one person, in time, and recorded.

Source: rules G4, O2; mission S2.7, S3.12.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from memberctl.core.actor import Actor
from memberctl.core.errors import Invalid, NotPermitted, RuleRefused
from memberctl.core.numbering import serial_number

_QUARTER = re.compile(r"([0-9]{4})[- ]?[Qq]([1-4])")
_MONTHS = 3


class AccessState(StrEnum):
    """How far a request to look has come."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"


STEPS: Mapping[tuple[AccessState, str], AccessState] = {
    (AccessState.REQUESTED, "approve"): AccessState.APPROVED,
    (AccessState.REQUESTED, "refuse"): AccessState.REFUSED,
}


def parse_quarter(text: str, *, today: date) -> str:
    """Return a quarter that is over, e.g. "2026Q1". Raises Invalid, RuleRefused."""
    match = _QUARTER.fullmatch(text.strip()[:20]) if text.isascii() else None
    if match is None or not 1900 <= int(match[1]) <= 2199:
        raise Invalid("a quarter is written 2026Q1", field="quarter", rule="quarter")
    name = f"{match[1]}Q{match[2]}"
    if quarter_ends(name) >= today:
        raise RuleRefused(f"{name} is not over before {quarter_ends(name)} is", allowed=[])
    return name


def quarter_ends(quarter: str) -> date:
    """Return the last day of a quarter."""
    year, number = int(quarter[:4]), int(quarter[5])
    following = date(year + number // 4, (number * _MONTHS) % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)


def request_number(id_: int) -> str:
    """Return the number of a request, e.g. AR-000001."""
    return serial_number("AR", id_)


def refuse_own(by: Actor, requested_by: int, number: str) -> None:
    """Raise NotPermitted when the decider is who asked. Source: rules O2."""
    if by.staff_id == requested_by:
        raise NotPermitted(f"{by.staff} asked for {number}; it takes another person to decide")


def refuse_view(
    number: str,
    state: AccessState,
    until_on: date | None,
    requested_by: int,
    by: Actor,
    today: date,
) -> None:
    """Raise unless `by` may look now: it is theirs, approved and in time.

    Raises NotPermitted, RuleRefused.
    """
    if by.staff_id != requested_by:
        raise NotPermitted(f"{number} was asked for by somebody else, who alone may look")
    if state is not AccessState.APPROVED or until_on is None:
        raise RuleRefused(
            f"{number} is {state}", allowed=[], hint=f"memberctl archive approve {number}"
        )
    if until_on < today:
        raise RuleRefused(
            f"{number} ended on {until_on}",
            allowed=[],
            hint="memberctl archive request ORDER --reason ...",
        )


@dataclass(frozen=True, slots=True)
class ArchiveMade:
    """A quarter's archive. left -- orders of the quarter that are still under way"""

    quarter: str
    file: str
    index: str
    manifest: str
    orders: int
    left: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ArchiveLine:
    """One archive, as lists show it."""

    quarter: str
    orders: int
    file: str
    sha256: str
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class AccessLine:
    """One request to look, as lists show it. views -- how often it was used"""

    number: str
    order: str
    quarter: str
    state: AccessState
    reason: str
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    until_on: date | None
    views: int
