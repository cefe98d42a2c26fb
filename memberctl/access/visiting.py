"""Who comes in: the checks of a scan, in their order, and what is said of it.

Pure decisions; `visit_queries` asks for the facts and `scanning` writes what is decided.
Source: rules C4-C6, T1, T6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from memberctl.access.rules import Held, in_grace
from memberctl.core.errors import MemberctlError, NotFound, RuleRefused
from memberctl.core.text import Personal
from memberctl.office.hours import WeekHours


class VisitGround(StrEnum):
    """On what ground somebody came in. A forced visit may be without a term."""

    TERM = "term"
    GRACE = "grace"
    FORCED = "forced"


class Refusal(StrEnum):
    """Why somebody is not let in, in the order in which it is asked."""

    NUMBER = "number"
    CHECK_DIGIT = "check_digit"
    CARD_UNKNOWN = "card_unknown"
    CARD_BLOCKED = "card_blocked"
    CARD_REPLACED = "card_replaced"
    EXPELLED = "expelled"
    HELD = "held"
    NO_TERM = "no_term"
    TERM_FUTURE = "term_future"
    TERM_ENDED = "term_ended"
    GRACE = "grace"
    FROZEN = "frozen"
    BRANCH = "branch"
    HOURS = "hours"
    PACK_EMPTY = "pack_empty"
    CAPACITY = "capacity"
    DEBT = "debt"


NEVER_FORCED = frozenset(
    {
        Refusal.NUMBER,
        Refusal.CHECK_DIGIT,
        Refusal.CARD_UNKNOWN,
        Refusal.CARD_BLOCKED,
        Refusal.CARD_REPLACED,
        Refusal.EXPELLED,
    }
)
"""What no permission opens: who holds the card is not known, or is not wanted."""

NOT_RUNNING = frozenset(
    {
        Refusal.NO_TERM,
        Refusal.TERM_FUTURE,
        Refusal.TERM_ENDED,
        Refusal.GRACE,
        Refusal.FROZEN,
    }
)
"""What the calendar says: it may be so from one minute to the next, at midnight."""

WORDS: Mapping[str, str] = {
    Refusal.NUMBER: "a card number has 14 digits",
    Refusal.CHECK_DIGIT: "the check digit does not fit: a digit is wrong",
    Refusal.CARD_UNKNOWN: "no card has this number",
    Refusal.CARD_BLOCKED: "the card is blocked",
    Refusal.CARD_REPLACED: "the card was replaced by another",
    Refusal.EXPELLED: "the member is expelled",
    Refusal.HELD: "the member is held back",
    Refusal.NO_TERM: "the member has no term",
    Refusal.TERM_FUTURE: "the term has not begun",
    Refusal.TERM_ENDED: "the term has ended",
    Refusal.GRACE: "the term has ended, and nobody comes in during grace",
    Refusal.FROZEN: "the term is frozen",
    Refusal.BRANCH: "the plan does not let in at this branch",
    Refusal.HOURS: "this is outside the hours",
    Refusal.PACK_EMPTY: "no visit of the pack is left",
    Refusal.CAPACITY: "the branch is full",
    Refusal.DEBT: "the member owes overdue money",
}


class EntryPolicy(StrEnum):
    """What becomes of somebody in grace or in debt."""

    ALLOW = "allow"
    WARN = "warn"
    REFUSE = "refuse"


class Notice(StrEnum):
    """What a scan that let somebody in has to say."""

    ALREADY_IN = "already_in"
    GRACE = "grace"
    DEBT = "debt"
    FORCED = "forced"


@dataclass(frozen=True, slots=True)
class Gate:
    """Where somebody wants in, and by which settings it is decided.

    zone -- whose dates count; hours, capacity -- the branch's, None without a limit
    repeat, stay -- how long a second scan is the same visit, and how long a visit is inside
    """

    branch_id: int | None
    branch: str | None
    zone: ZoneInfo
    hours: WeekHours | None
    capacity: int | None
    repeat: timedelta
    stay: timedelta
    grace_days: int
    grace_entry: EntryPolicy
    debt_entry: EntryPolicy


@dataclass(frozen=True, slots=True)
class Ticket:
    """A term or pack that may let its member in.

    used  -- live visits that count for a pack; hours -- the plan's, None whenever
    here  -- whether the plan lets in at the gate's branch
    """

    term_id: int
    held: Held
    used: int
    hours: WeekHours | None
    here: bool

    @property
    def left(self) -> int | None:
        """Return how many visits of a pack are left, None for a membership."""
        return None if self.held.visits is None else self.held.visits - self.used


@dataclass(frozen=True, slots=True)
class Entrant:
    """What decides about a member at a gate.

    inside -- how many others are inside, 0 where it does not matter
    owes   -- asks whether overdue money is owed; asked last, and only where a policy minds
    """

    tickets: tuple[Ticket, ...]
    inside: int
    owes: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether somebody is let in. ticket -- what the visit counts for, or would have."""

    refusal: Refusal | None
    ticket: Ticket | None = None
    ground: VisitGround = VisitGround.TERM
    notice: Notice | None = None


def decide(entrant: Entrant, gate: Gate, at: datetime) -> Decision:
    """Return whether a member whose card is good is let in at the instant `at`.

    The checks are asked in the order of C4, each of the tickets that passed the ones before, so
    the reason is the first check that none of them passes. Of those left a membership goes
    before a pack, and of packs the one that ends first.
    Source: rules C4, C6, T1, T6.
    """
    local = at.astimezone(gate.zone)
    today = local.date()
    running = [each for each in entrant.tickets if _runs(each, today)]
    ground = VisitGround.TERM
    if not running:
        running = [each for each in entrant.tickets if _in_grace(each, gate, today)]
        ground = VisitGround.GRACE
    if not running:
        return Decision(_why_not_running(entrant.tickets, today))
    if ground is VisitGround.GRACE and gate.grace_entry is EntryPolicy.REFUSE:
        return Decision(Refusal.GRACE)
    left = sorted(running, key=_preference)
    for refusal, passes in _ticket_checks(gate, local):
        passing = [each for each in left if passes(each)]
        if not passing:
            return Decision(refusal)
        left = passing
    admitted = Decision(None, left[0], ground)
    if gate.capacity is not None and entrant.inside >= gate.capacity:
        return replace(admitted, refusal=Refusal.CAPACITY)
    return _minding_debt(admitted, entrant, gate)


def _runs(ticket: Ticket, today: date) -> bool:
    return ticket.held.counts(today) and ticket.held.span.contains(today)


def _in_grace(ticket: Ticket, gate: Gate, today: date) -> bool:
    held = ticket.held
    graceful = held.counts(today) and held.has_grace(today)
    return graceful and in_grace(held.span, gate.grace_days, today)


def _why_not_running(tickets: Sequence[Ticket], today: date) -> Refusal:
    counting = [each.held.span for each in tickets if each.held.counts(today)]
    if not counting:
        return Refusal.NO_TERM
    ahead = any(span.start_on > today for span in counting)
    return Refusal.TERM_FUTURE if ahead else Refusal.TERM_ENDED


def _preference(ticket: Ticket) -> tuple[bool, date, int]:
    return (ticket.held.visits is not None, ticket.held.span.end_on, ticket.term_id)


def _ticket_checks(
    gate: Gate, local: datetime
) -> tuple[tuple[Refusal, Callable[[Ticket], bool]], ...]:
    """Return the checks that one term may pass and another not, in the order of C4."""
    today = local.date()

    def is_open(ticket: Ticket) -> bool:
        return all(hours is None or hours.contains(local) for hours in (gate.hours, ticket.hours))

    return (
        (Refusal.FROZEN, lambda ticket: not ticket.held.is_frozen(today)),
        (Refusal.BRANCH, lambda ticket: ticket.here),
        (Refusal.HOURS, is_open),
        (Refusal.PACK_EMPTY, lambda ticket: ticket.left is None or ticket.left > 0),
    )


def _minding_debt(admitted: Decision, entrant: Entrant, gate: Gate) -> Decision:
    if gate.debt_entry is not EntryPolicy.ALLOW and entrant.owes():
        if gate.debt_entry is EntryPolicy.REFUSE:
            return replace(admitted, refusal=Refusal.DEBT)
        return replace(admitted, notice=Notice.DEBT)
    if admitted.ground is VisitGround.GRACE and gate.grace_entry is EntryPolicy.WARN:
        return replace(admitted, notice=Notice.GRACE)
    return admitted


def forced(decision: Decision) -> Decision:
    """Return a decision with which somebody is let in in spite of a refusal.

    A term that did not let in gets no visit: it is not used outside its days nor beyond its
    visits. Source: rules C4.
    """
    if decision.refusal is None:
        return decision
    assert decision.refusal not in NEVER_FORCED
    return Decision(None, decision.ticket, VisitGround.FORCED, Notice.FORCED)


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan came to.

    card    -- the number, None where none could be read; reason -- a Refusal or a Notice, or None
    visit   -- the visit's number, None for nobody let in
    name    -- of the member; until -- the last day of what let them in; left -- visits of a pack
    """

    card: str | None
    member: str | None
    allowed: bool
    reason: str | None
    visit: str | None
    name: Personal | None = None
    until: date | None = None
    left: int | None = None

    def __post_init__(self) -> None:
        assert self.allowed == (self.visit is not None)


def scan_refusal(scanned: Scanned) -> MemberctlError:
    """Return the error in which a scan that let nobody in is told."""
    assert scanned.reason is not None
    reason = Refusal(scanned.reason)
    if reason is Refusal.CARD_UNKNOWN:
        return NotFound(f"not let in: {WORDS[reason]} ({reason})", hint="memberctl card list")
    about = f"card {scanned.card}" if scanned.card else "the scan"
    return RuleRefused(
        f"{about} is not let in: {WORDS[reason]} ({reason})", hint=_next_step(scanned, reason)
    )


def _next_step(scanned: Scanned, reason: Refusal) -> str | None:
    if reason in {Refusal.CARD_BLOCKED, Refusal.CARD_REPLACED}:
        return f"memberctl card show {scanned.card}"
    return None if scanned.member is None else f"memberctl member show {scanned.member}"


SENTENCES = {
    None: "Let in {member} {name}: visit {visit}, until {until}.",
    Notice.ALREADY_IN: "Already in: {member} {name}, visit {visit}.",
    Notice.GRACE: "Let in {member} {name}: visit {visit}; the term ended on {until}.",
    Notice.DEBT: "Let in {member} {name}: visit {visit}; overdue money is owed.",
    Notice.FORCED: "Let in {member} {name} by order: visit {visit}.",
}
PACK_SENTENCE = "Let in {member} {name}: visit {visit}, {left} left until {until}."


def sentence(scanned: Scanned) -> str:
    """Return the sentence in which a scan is told to a person; its fields are in braces."""
    if not scanned.allowed:
        known = " {member}" if scanned.member else ""
        words = WORDS.get(scanned.reason or "", "nothing was done")
        return f"REFUSED{known}: {words} ({{reason}})."
    if scanned.reason is None:
        return SENTENCES[None] if scanned.left is None else PACK_SENTENCE
    return SENTENCES[Notice(scanned.reason)]
