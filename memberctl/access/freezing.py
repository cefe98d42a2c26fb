"""Freezes: how long a term may rest, and what moves because of it. Pure decisions.

Frozen days are not used: the end moves by exactly as many, and what was bought to follow moves
along, so that nothing overlaps and no paid day is lost.
Source: rules T8, T9; bad inputs 87.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from memberctl.access import changes
from memberctl.access.changes import Change, ChangeKind
from memberctl.access.rules import Held
from memberctl.core.dates import Period, Span, Unit, add_period
from memberctl.core.errors import RuleRefused

LIFETIME = Period(50, Unit.YEAR)
"""A term of this length or longer is for life, and is never frozen (rules T9)."""

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Owned:
    """One live term of a member, as it stands now.

    is_pack -- it is counted in visits; is_seasonal -- it ends with its calendar's season
    """

    id: int
    product: str
    is_pack: bool
    held: Held
    is_seasonal: bool = False

    @property
    def span(self) -> Span:
        """Return its days."""
        return self.held.span

    @property
    def freezes(self) -> tuple[Span, ...]:
        """Return the stretches in which it was, is or will be frozen."""
        return changes.freezes(self.held.changes)


@dataclass(frozen=True, slots=True)
class Caps:
    """How often and for how many days together one term may be frozen; the policies."""

    times: int
    days: int


@dataclass(frozen=True, slots=True)
class Planned:
    """One change that is to be made. stretch -- the frozen days; follows -- what it takes back"""

    term_id: int
    kind: ChangeKind
    after: Span
    stretch: Span | None = None
    follows: int | None = None


def term_meant(owned: Sequence[Owned], on: date, order: str | None, member: str) -> Owned:
    """Return the term of a member that a freeze from `on` on, or a notice for it, is about.

    A membership comes before packs; order -- the number of the order that paid for it, or None
    Raises RuleRefused when there is none, or more than one.
    """
    running = [each for each in owned if each.span.contains(on)]
    if order is not None:
        running = [each for each in running if each.held.source == order]
    chosen = [each for each in running if not each.is_pack] or running
    if not chosen:
        what = "no term" if order is None else f"no term of {order}"
        raise RuleRefused(f"{member} has {what} on {on}", hint=f"memberctl term list {member}")
    if len(chosen) > 1:
        orders = ", ".join(each.held.source for each in chosen)
        raise RuleRefused(
            f"{member} has {len(chosen)} terms on {on}, of the orders {orders}",
            hint=f"--order {chosen[0].held.source}",
        )
    return chosen[0]


def plan_freeze(
    term: Owned,
    stretch: Span,
    owned: Sequence[Owned],
    visits: Sequence[date],
    caps: Caps,
    today: date,
) -> list[Planned]:
    """Return every change that freezing a term for the days of `stretch` makes, the freeze first.

    Packs of the member that run meanwhile are frozen with it; later terms of the product that
    would overlap move by the same days.

    owned  -- all live terms of the member; visits -- days of the stretch with a check-in
    Raises RuleRefused for a day that is past, a term for life, days that are frozen already,
    more than the caps allow, or a check-in.
    Source: rules T8, T9.
    """
    _refuse_freeze(term, stretch, caps, today)
    if visits:
        raise RuleRefused(
            f"the member came in on {visits[0]}; a day with a check-in is not frozen (T9)",
            hint=f"let it begin on {visits[-1] + _ONE_DAY}",
        )
    planned = [_frozen(term, stretch)]
    for pack in owned:
        if pack.is_pack and pack.id != term.id and pack.span.overlaps(stretch):
            _refuse_frozen_twice(pack, stretch)
            own = Span(max(stretch.start_on, pack.span.start_on), stretch.end_on)
            planned.append(_frozen(pack, own))
    return [*planned, *_moved_along(term, planned[0].after, owned, stretch.days)]


def freeze_to_resume(owned: Sequence[Owned], today: date, order: str | None, member: str) -> Span:
    """Return the days of the freeze that lasts today, else of the next one.

    Raises RuleRefused when there is none.
    """
    lasting = [
        stretch
        for each in owned
        for stretch in each.freezes
        if stretch.end_on >= today and order in (None, each.held.source)
    ]
    if not lasting:
        raise RuleRefused(
            f"{member} has no freeze that lasts or lies ahead",
            hint=f"memberctl term history {member}",
        )
    return min(lasting, key=lambda stretch: stretch.start_on)


def plan_resume(
    owned: Sequence[Owned], stretch: Span, from_on: date, order: str | None, today: date
) -> list[Planned]:
    """Return every change that ending a freeze early makes: unused days are given back.

    All terms are resumed that are frozen at the same time, unless only one order's is meant.

    stretch -- the days of the freeze; from_on -- the first day that is not frozen any more
    Raises RuleRefused for a day that is past, or after the freeze.
    Source: rules T9.
    """
    if from_on < today:
        raise RuleRefused(f"a freeze ends today or later, not on {from_on} (today is {today})")
    if from_on > stretch.end_on:
        raise RuleRefused(f"the freeze lasts until {stretch.end_on}; there is nothing to give back")
    planned: list[Planned] = []
    for each in owned:
        if order not in (None, each.held.source):
            continue
        for change, days in _open_freezes(each.held.changes, today):
            if days.overlaps(stretch) and days.end_on >= from_on:
                planned += _resumed(each, change, days, from_on, owned)
    return planned


def _refuse_freeze(term: Owned, stretch: Span, caps: Caps, today: date) -> None:
    if stretch.start_on < today:
        raise RuleRefused(
            f"a freeze begins today or later, not on {stretch.start_on} (today is {today})"
        )
    if term.span.end_on >= add_period(term.span.start_on, LIFETIME) - _ONE_DAY:
        raise RuleRefused("a term for life is not frozen (T9)")
    _refuse_frozen_twice(term, stretch)
    frozen = term.freezes
    if len(frozen) >= caps.times:
        raise RuleRefused(
            f"the term was frozen {len(frozen)} times; {caps.times} are allowed",
            hint="memberctl policy show freeze_times",
        )
    days = sum(each.days for each in frozen)
    if days + stretch.days > caps.days:
        raise RuleRefused(
            f"a freeze of {stretch.days} days is too long: a term may be frozen for {caps.days}"
            f" days together, and {days} of them are taken",
            hint="memberctl policy show freeze_days",
        )


def _refuse_frozen_twice(term: Owned, stretch: Span) -> None:
    for frozen in term.freezes:
        if frozen.overlaps(stretch):
            raise RuleRefused(
                f"the term of {term.held.source} is frozen from {frozen.start_on} to"
                f" {frozen.end_on} already"
            )


def _frozen(term: Owned, stretch: Span) -> Planned:
    after = Span(term.span.start_on, term.span.end_on + timedelta(days=stretch.days))
    return Planned(term.id, ChangeKind.FROZEN, after, stretch)


def _moved_along(term: Owned, after: Span, owned: Sequence[Owned], days: int) -> Iterator[Planned]:
    """Yield the moves of the terms behind `term` that its new days would run into."""
    shift, reaches = timedelta(days=days), after.end_on
    behind = [
        each
        for each in owned
        if not each.is_pack
        and each.product == term.product
        and each.span.start_on > term.span.end_on
    ]
    for later in sorted(behind, key=lambda each: each.span.start_on):
        if term.is_pack or later.span.start_on > reaches:
            return
        _refuse_frozen_follower(later)
        moved = Span(later.span.start_on + shift, later.span.end_on + shift)
        reaches = moved.end_on
        yield Planned(later.id, ChangeKind.MOVED, moved)


def _open_freezes(recorded: Sequence[Change], today: date) -> Iterator[tuple[Change, Span]]:
    taken_back = {each.follows for each in recorded if each.kind is ChangeKind.RESUMED}
    for change in recorded:
        if change.kind is ChangeKind.FROZEN and change.id not in taken_back:
            assert change.stretch is not None
            if change.stretch.end_on >= today:
                yield change, change.stretch


def _resumed(
    term: Owned, freeze: Change, stretch: Span, from_on: date, owned: Sequence[Owned]
) -> Iterator[Planned]:
    used = None
    if from_on > stretch.start_on:
        used = Span(stretch.start_on, from_on - _ONE_DAY)
    back = timedelta(days=stretch.days - (0 if used is None else used.days))
    after = term.span
    if not _was_ended_since(term.held.changes, freeze):
        after = Span(term.span.start_on, term.span.end_on - back)
    yield Planned(term.id, ChangeKind.RESUMED, after, used, freeze.id)
    if term.is_pack:
        return
    for later in _following(term, freeze, owned):
        _refuse_frozen_follower(later)
        span = Span(later.span.start_on - back, later.span.end_on - back)
        yield Planned(later.id, ChangeKind.MOVED, span)


def _following(term: Owned, freeze: Change, owned: Sequence[Owned]) -> Iterator[Owned]:
    """Yield the terms that come back with a freeze, the first to begin first.

    They are those that it moved, and those bought since to follow without a gap: they were sold
    from the day after an end that was put off, and would leave one. A season keeps its own days,
    and so does what lies behind a last day that was set since.
    """
    reaches = None if _was_ended_since(term.held.changes, freeze) else term.span.end_on
    behind = [
        each
        for each in owned
        if each.product == term.product
        and not each.is_pack
        and each.span.start_on > term.span.start_on
    ]
    for later in sorted(behind, key=lambda each: each.span.start_on):
        was_moved = any(
            change.kind is ChangeKind.MOVED and change.follows == freeze.id
            for change in later.held.changes
        )
        follows = reaches is not None and later.span.start_on == reaches + _ONE_DAY
        if _was_ended_since(later.held.changes, freeze):
            reaches = None
        elif was_moved or (follows and not later.is_seasonal):
            reaches = later.span.end_on
            yield later


def _refuse_frozen_follower(later: Owned) -> None:
    if later.freezes:
        order = later.held.source
        raise RuleRefused(
            f"the term of {order} would move and has a freeze of its own",
            hint=f"memberctl term resume MEMBER --order {order}, and freeze it again afterwards",
        )


def _was_ended_since(recorded: Sequence[Change], freeze: Change) -> bool:
    """Whether a last day was set for the term after it was frozen; that day stays."""
    return changes.ending([each for each in recorded if each.id > freeze.id]) is not None
