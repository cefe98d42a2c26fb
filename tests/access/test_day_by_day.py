"""The term calculator beside a wall calendar: ten thousand memberships, counted day by day.

Source: rules T2-T5, T8, T9.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from memberctl.access import changes, freezing, rules
from memberctl.access.changes import Change, ChangeKind
from memberctl.access.freezing import Caps, Owned, Planned
from memberctl.access.rules import Held
from memberctl.core.dates import Period, Span, Unit
from memberctl.core.errors import RuleRefused
from tests.access.day_by_day import Membership, wall
from tests.reliability.conftest import dice

__all__ = ["dice"]
MEMBERSHIPS = 10_000
CAPS = Caps(times=3, days=60)
PERIODS = ((1, "m"), (1, "m"), (2, "m"), (3, "m"), (6, "m"), (12, "m"), (30, "d"), (7, "d"))
FIRST = date(2000, 1, 1)


def to_date(day: int) -> date:
    """Return a day of the wall calendar as the program writes it."""
    return date(*wall()[day])


def to_day(on: date) -> int:
    """Return a date as a day of the wall calendar."""
    return (on - FIRST).days


@dataclass
class Calculated:
    """The same membership as the rules decide it: live terms with their changes."""

    period: Period
    grace: int
    held: list[Held] = field(default_factory=list)
    recorded: int = 0

    def pay(self, on: date) -> None:
        grant = rules.grant_span(self.held, on, self.period, self.grace)
        rules.refuse_overlap([term.span for term in self.held], grant.span)
        self.held.append(Held(grant.span, grant.anchor_on, on, source=f"JN-{len(self.held)}"))

    def owned(self) -> list[Owned]:
        return [Owned(n, "membership", False, term) for n, term in enumerate(self.held)]

    def freeze(self, stretch: Span, today: date) -> None:
        owned = self.owned()
        term = freezing.term_meant(owned, stretch.start_on, None, "M-000001")
        self.carry_out(freezing.plan_freeze(term, stretch, owned, [], CAPS, today), today)

    def resume(self, from_on: date, today: date) -> None:
        owned = self.owned()
        stretch = freezing.freeze_to_resume(owned, today, None, "M-000001")
        self.carry_out(freezing.plan_resume(owned, stretch, from_on, None, today), today)

    def carry_out(self, planned: Sequence[Planned], today: date) -> None:
        first = self.recorded + 1
        for each in planned:
            self.recorded += 1
            term = self.held[each.term_id]
            follows = each.follows
            if each.kind is ChangeKind.MOVED:
                follows = next(p.follows for p in planned if p.kind is not ChangeKind.MOVED)
                follows = first if follows is None else follows
            change = Change(
                self.recorded, each.kind, today, term.span, each.after, each.stretch, follows
            )
            self.held[each.term_id] = replace(
                term, span=each.after, changes=(*term.changes, change)
            )


def live(throw: random.Random) -> tuple[Membership, Calculated]:
    """Live one random membership: payments early, in grace and late, freezes and resumptions."""
    count, unit = throw.choice(PERIODS)
    grace = throw.choice((0, 7, 30))
    model = Membership(count, unit, grace)
    ours = Calculated(Period(count, Unit(unit)), grace)
    day = throw.randrange(365 * 60)
    while throw.random() < 0.7 and wall()[day][2] < 29:  # Where the months' lengths matter.
        day += 1
    for _ in range(throw.randrange(1, 5)):
        model.pay(day)
        ours.pay(to_date(day))
        if throw.random() < 0.5:
            day = freeze_and_resume(model, ours, day, throw)
        _, last = model.terms()[-1]
        day = max(day, last + throw.choice((-5, -1, 0, 1, grace - 1, grace, grace + 1, grace + 90)))
    return model, ours


def freeze_and_resume(model: Membership, ours: Calculated, today: int, throw: random.Random) -> int:
    """Freeze some days of a term, perhaps take some of them back; return the day it is then."""
    start = today + throw.randrange(0, 40)
    days = throw.randrange(1, 25)
    stretch = Span(to_date(start), to_date(start + days - 1))
    before = list(ours.held)
    try:
        ours.freeze(stretch, to_date(today))
    except RuleRefused:
        assert ours.held == before
        return today
    model.freeze(range(start, start + days))
    if throw.random() < 0.4:
        back = throw.randrange(max(start, today), start + days)
        ours.resume(to_date(back), to_date(back))
        model.thaw(range(back, start + days))
        return back
    return today


def differences(seed: int, memberships: int) -> list[str]:
    """Return what is not alike in the two calculations, or wrong in itself."""
    throw, found = random.Random(seed), []
    for number in range(memberships):
        model, ours = live(throw)
        wanted = [(to_date(first), to_date(last)) for first, last in model.terms()]
        terms = [(term.span.start_on, term.span.end_on) for term in ours.held]
        if terms != wanted:
            found.append(f"{number}: {terms}, not {wanted}")
        for earlier, later in pairwise(terms):
            if later[0] <= earlier[1]:
                found.append(f"{number}: {earlier} and {later} overlap")
        for term, days in zip(ours.held, model.sold, strict=True):
            if changes.days_sold(term.span, changes.freezes(term.changes)) != days:
                found.append(f"{number}: {term.span} is not {days} days of entitlement")
    return found


def test_ten_thousand_memberships_have_no_gap_no_overlap_and_no_drift(dice: random.Random) -> None:
    assert differences(dice.randrange(2**32), MEMBERSHIPS) == []


def drifting(anchor: date, start: date, period: Period) -> rules.Grant:
    return REAL_SERIES(start, start, period)


def a_day_too_long(anchor: date, start: date, period: Period) -> rules.Grant:
    grant = REAL_SERIES(anchor, start, period)
    return replace(grant, span=Span(grant.span.start_on, grant.span.end_on + timedelta(days=1)))


def without_grace(*facts: Any) -> rules.Grant:
    held, paid_on, period, _ = facts
    return REAL_GRANT(held, paid_on, period, 0)


def a_day_short(term: Owned, stretch: Span) -> Planned:
    made = REAL_FROZEN(term, stretch)
    return replace(made, after=Span(made.after.start_on, made.after.end_on - timedelta(days=1)))


def left_behind(*_: Any) -> list[Planned]:
    return []


REAL_SERIES, REAL_GRANT, REAL_FROZEN = rules._series, rules.grant_span, freezing._frozen
FAULTS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "months counted from a clamped day": (rules, "_series", drifting),
    "an end that is the next beginning": (rules, "_series", a_day_too_long),
    "a late renewal that is not back-dated": (rules, "grant_span", without_grace),
    "a freeze that loses a day": (freezing, "_frozen", a_day_short),
    "a follower that does not move along": (freezing, "_moved_along", left_behind),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_planted_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, wrong = FAULTS[fault]
    monkeypatch.setattr(where, name, wrong)
    assert differences(20260302, 400) != []
