"""Terms and cards: what a member is entitled to, and with which credential.

Who gets a card is decided in cards.py. Source: rules T1-T8, C2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from memberctl.access import changes as changed
from memberctl.access.changes import CUT_SHORT, Change
from memberctl.access.holds import Hold, HoldKind, covering
from memberctl.core.dates import Period, Span, Unit, add_period, spans_from
from memberctl.core.errors import RuleRefused
from memberctl.core.seasons import Season

_ONE_DAY = timedelta(days=1)


class CardState(StrEnum):
    """Whether a card opens anything."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    REPLACED = "replaced"


CARD_STEPS: Mapping[tuple[CardState, str], CardState] = {
    (CardState.ACTIVE, "block"): CardState.BLOCKED,
    (CardState.ACTIVE, "replace"): CardState.REPLACED,
    (CardState.BLOCKED, "replace"): CardState.REPLACED,
}


class CardKind(StrEnum):
    """What kind of credential it is; one active card per member and kind."""

    MEMBERSHIP = "membership"


class Handover(StrEnum):
    """How the card reaches the member."""

    COUNTER = "counter"
    POST = "post"


class MemberStatus(StrEnum):
    """Where a member stands on a day; derived, never stored. Source: rules T7."""

    APPLICANT = "applicant"
    PENDING_PAYMENT = "pending_payment"
    FUTURE = "future"
    ACTIVE = "active"
    FROZEN = "frozen"
    GRACE = "grace"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    EXPELLED = "expelled"


class Wish(StrEnum):
    """What is to be shown before it is done."""

    FREEZE = "freeze"
    RESUME = "resume"
    RENEWAL = "renewal"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    TRANSFER = "transfer"


class TermStatus(StrEnum):
    """Where one term stands on a day."""

    FUTURE = "future"
    ACTIVE = "active"
    FROZEN = "frozen"
    ENDED = "ended"
    CANCELLED = "cancelled"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Held:
    """One term of a member.

    span       -- its days as they stand now
    anchor_on  -- the date that its month arithmetic starts from
    granted_on -- the local date on which it was recorded; it is no fact before
    voided_on  -- the local date from which it no longer counts, or None
    source     -- the number of the order that paid for it
    visits     -- how many a pack is good for, None for a membership
    changes    -- what happened to it since, in the order in which it was recorded
    """

    span: Span
    anchor_on: date
    granted_on: date
    voided_on: date | None = None
    source: str = ""
    visits: int | None = None
    changes: tuple[Change, ...] = ()

    def counts(self, as_of: date) -> bool:
        """Whether the term was granted and not voided at the end of `as_of`."""
        return self.granted_on <= as_of and (self.voided_on is None or self.voided_on > as_of)

    def span_on(self, as_of: date) -> Span:
        """Return its days as they were known at the end of `as_of`."""
        return changed.span_known(self.span, self.changes, as_of)

    def is_frozen(self, as_of: date) -> bool:
        """Whether a freeze that was known on the day `as_of` covers that day."""
        frozen = changed.freezes(changed.known(self.changes, as_of))
        return any(stretch.contains(as_of) for stretch in frozen)

    def was_cut_short(self, as_of: date) -> bool:
        """Whether it was known at the end of `as_of` that it ends before its time."""
        return changed.ending(changed.known(self.changes, as_of)) in CUT_SHORT

    def has_grace(self, as_of: date) -> bool:
        """Whether grace follows its end: not after a pack, nor after what was ended early."""
        return self.visits is None and not self.was_cut_short(as_of)


@dataclass(frozen=True, slots=True)
class Wait:
    """A stretch in which a confirmed order waited for its money; until -- its last day, or None."""

    since: date
    until: date | None = None

    def contains(self, day: date) -> bool:
        """Whether the order waited on `day`."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Standing:
    """The facts that decide where a member stands.

    waits -- when confirmed orders waited for payment; grace_days -- the policy
    holds -- what kept the member out, or keeps
    """

    terms: tuple[Held, ...]
    grace_days: int
    waits: tuple[Wait, ...] = ()
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """The term that a payment buys, and the anchor of the series that it belongs to."""

    span: Span
    anchor_on: date


@dataclass(frozen=True, slots=True)
class TermSpan:
    """One line of a preview; index counts from 1."""

    index: int
    start_on: date
    end_on: date


def member_status(facts: Standing, as_of: date) -> MemberStatus:
    """Return where a member stood at the end of the local date `as_of`.

    Who may come in today is `active` whatever else is open; `grace` keeps the end date that is
    shown (rules T6); an order that waits for money comes before `lapsed`. A term that was ended
    before its time has no grace and leaves its member `cancelled`; a manual hold makes `frozen`
    while a term runs.
    Source: rules T7.
    """
    if covering(facts.holds, HoldKind.EXPULSION, as_of):
        return MemberStatus.EXPELLED
    terms = [term for term in facts.terms if term.counts(as_of)]
    running = [term for term in terms if term.span_on(as_of).contains(as_of)]
    if running:
        held = covering(facts.holds, HoldKind.HOLD, as_of)
        frozen = held or all(term.is_frozen(as_of) for term in running)
        return MemberStatus.FROZEN if frozen else MemberStatus.ACTIVE
    whole = [term.span_on(as_of) for term in terms if term.has_grace(as_of)]
    if any(in_grace(span, facts.grace_days, as_of) for span in whole):
        return MemberStatus.GRACE
    if any(term.span_on(as_of).start_on > as_of for term in terms):
        return MemberStatus.FUTURE
    if any(wait.contains(as_of) for wait in facts.waits):
        return MemberStatus.PENDING_PAYMENT
    if terms:
        last = max(terms, key=lambda term: term.span_on(as_of).end_on)
        cut_short = last.was_cut_short(as_of)
        return MemberStatus.CANCELLED if cut_short else MemberStatus.LAPSED
    granted = any(term.granted_on <= as_of for term in facts.terms)
    return MemberStatus.CANCELLED if granted else MemberStatus.APPLICANT


def in_grace(span: Span, grace_days: int, day: date) -> bool:
    """Whether `day` is one of the `grace_days` days after the end of `span`. Source: rules T6."""
    return 0 < (day - span.end_on).days <= grace_days


def term_status(term: Held, as_of: date) -> TermStatus:
    """Return where one term stood at the end of the local date `as_of`."""
    if term.voided_on is not None and term.voided_on <= as_of:
        return TermStatus.VOIDED
    span = term.span_on(as_of)
    if span.start_on > as_of:
        return TermStatus.FUTURE
    if span.end_on < as_of:
        return TermStatus.CANCELLED if term.was_cut_short(as_of) else TermStatus.ENDED
    return TermStatus.FROZEN if term.is_frozen(as_of) else TermStatus.ACTIVE


def term_spans(start: date, period: Period, count: int) -> list[TermSpan]:
    """Return the first `count` terms of a series anchored at `start`. Source: rules T2, T3."""
    spans = spans_from(start, period, count)
    return [TermSpan(index, span.start_on, span.end_on) for index, span in enumerate(spans, 1)]


def grant_span(
    held: Sequence[Held],
    paid_on: date,
    period: Period,
    grace_days: int,
    season: Season | None = None,
) -> Grant:
    """Return the term that a payment on the local date `paid_on` buys.

    The first term starts on the day of payment. While the last term runs, the next one starts
    the day after it ends, so that two early renewals stack; within `grace_days` after its end
    it is back-dated to that day, and after grace a new series starts on the day of payment. A
    term that was ended before its time leaves no grace behind.

    held -- the member's terms of the product that were not voided
    season -- of a fixed-calendar plan, whose terms end with its stretches whenever they begin
    Source: rules T1, T4, T5, T10.
    """
    if season is not None:
        return _seasonal(held, paid_on, grace_days, season)
    if not held:
        return _series(paid_on, paid_on, period)
    last = max(held, key=lambda term: term.span.end_on)
    grace = 0 if changed.ending(last.changes) in CUT_SHORT else grace_days
    if (paid_on - last.span.end_on).days > grace:
        return _series(paid_on, paid_on, period)
    return _series(last.anchor_on, last.span.end_on + _ONE_DAY, period)


def _seasonal(held: Sequence[Held], paid_on: date, grace_days: int, season: Season) -> Grant:
    """Return the term of a fixed-calendar plan: a join's rest, or a renewal's whole stretch."""
    last = max(held, key=lambda term: term.span.end_on, default=None)
    if last is not None:
        grace = 0 if changed.ending(last.changes) in CUT_SHORT else grace_days
        if (paid_on - last.span.end_on).days <= grace:
            start = last.span.end_on + _ONE_DAY
            return Grant(Span(start, season.span(start).end_on), start)
    return Grant(season.joined(paid_on), paid_on)


def refuse_before_window(held: Sequence[Held], on: date, window_days: int) -> None:
    """Refuse a renewal on `on` that comes more than `window_days` before the running term's end.

    Source: rules T4.
    """
    running = [term.span.end_on for term in held if term.span.contains(on)]
    if not running:
        return
    opens = max(running) - timedelta(days=window_days)
    if on < opens:
        raise RuleRefused(
            f"the term ends on {max(running)} and can be renewed from {opens} on",
            hint="memberctl policy show renewal_window_days",
        )


def refuse_overlap(existing: Sequence[Span], new: Span) -> None:
    """Refuse a term that shares a day with one of the same member and product.

    Source: rules T8.
    """
    for span in existing:
        if span.overlaps(new):
            raise RuleRefused(
                f"a term from {new.start_on} to {new.end_on} would overlap the one"
                f" from {span.start_on} to {span.end_on}"
            )


def _series(anchor: date, start: date, period: Period) -> Grant:
    """Return the term from `start` on, on the anchor's days of the month where that is possible.

    A month counted from a clamped date would drift: after 31 January to 28 February comes
    29 February to 30 March, not 29 February to 28 March (rules T2).
    """
    months = _months_of(period)
    if months is not None:
        distance = (start.year - anchor.year) * 12 + start.month - anchor.month
        if distance >= 0 and add_period(anchor, Period(1, Unit.MONTH), distance) == start:
            following = add_period(anchor, Period(1, Unit.MONTH), distance + months)
            return Grant(Span(start, following - _ONE_DAY), anchor)
    return Grant(Span(start, add_period(start, period) - _ONE_DAY), start)


def _months_of(period: Period) -> int | None:
    if period.unit is Unit.MONTH:
        return period.count
    return period.count * 12 if period.unit is Unit.YEAR else None
