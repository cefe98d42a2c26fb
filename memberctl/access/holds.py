"""Manual holds and expulsions: a member is kept out although a term runs. Pure decisions.

A hold needs a reason and a last day and moves no end; an expulsion lasts until it is taken back.
Source: rules T7, C4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from memberctl.core.dates import Span
from memberctl.core.errors import RuleRefused


class HoldKind(StrEnum):
    """What keeps a member out."""

    HOLD = "hold"
    EXPULSION = "expulsion"


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold or expulsion of a member.

    until_on    -- its last day, None for an expulsion
    recorded_on -- the local date from which it is a fact
    lifted_on   -- the local date from which it no longer counts, or None
    """

    kind: HoldKind
    from_on: date
    until_on: date | None
    recorded_on: date
    lifted_on: date | None = None

    def covers(self, as_of: date) -> bool:
        """Whether it kept the member out on the day `as_of`, as was known then."""
        lifted = self.lifted_on is not None and self.lifted_on <= as_of
        begun = max(self.from_on, self.recorded_on) <= as_of
        return begun and not lifted and (self.until_on is None or as_of <= self.until_on)


def covering(holds: Sequence[Hold], kind: HoldKind, as_of: date) -> bool:
    """Whether a hold or expulsion kept a member out on the day `as_of`."""
    return any(each.kind is kind and each.covers(as_of) for each in holds)


def refuse_hold(holds: Sequence[Hold], days: Span, member: str, today: date) -> None:
    """Refuse a hold that begins in the past, or while another one or an expulsion lasts.

    Source: rules T7.
    """
    if days.start_on < today:
        raise RuleRefused(f"a hold begins today or later, not on {days.start_on}")
    refuse_expelled(holds, member, today)
    for each in holds:
        if each.lifted_on is not None or each.until_on is None:
            continue
        if Span(each.from_on, each.until_on).overlaps(days):
            raise RuleRefused(
                f"{member} is on hold from {each.from_on} to {each.until_on} already",
                hint=f"memberctl member release {member}",
            )


def refuse_expelled(holds: Sequence[Hold], member: str, today: date) -> None:
    """Refuse what is not for somebody who was expelled. Source: rules T7."""
    if covering(holds, HoldKind.EXPULSION, today):
        raise RuleRefused(f"{member} is expelled", hint=f"memberctl member readmit {member}")
