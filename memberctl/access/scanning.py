"""Scans: somebody is let in or not, and either is written down.

Source: rules C4-C6, T1; mission S1.5.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from memberctl.access import visit_queries as queries
from memberctl.access.holds import HoldKind, covering
from memberctl.access.rules import CardState
from memberctl.access.visit_queries import CardSeen
from memberctl.access.visit_tables import EntryRefusal, Visit
from memberctl.access.visiting import (
    NEVER_FORCED,
    NOT_RUNNING,
    Decision,
    Entrant,
    Gate,
    Notice,
    Refusal,
    Scanned,
    VisitGround,
    decide,
    forced,
)
from memberctl.core.dates import local_date
from memberctl.core.errors import Conflict
from memberctl.core.numbering import member_number, visit_number
from memberctl.core.text import Kind, Personal
from memberctl.store import counters
from memberctl.store.audit import note
from memberctl.store.bulk import insert_rows

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor

VISIT_COLUMNS = (
    "id", "card_id", "member_id", "term_id", "branch_id", "ground", "visited_at", "visited_on",
    "reason", "nonce", "recorded_by",
)  # fmt: skip
REFUSAL_COLUMNS = ("id", "card_id", "branch_id", "reason", "refused_at", "recorded_by")
Owes = Callable[[int], bool]


def scan(
    session: Session,
    number: str,
    *,
    gate: Gate,
    owes: Owes,
    by: Actor,
    at: datetime,
    nonce: str | None = None,
    force: str | None = None,
) -> Scanned:
    """Let the holder of a card in, or not, and write down which.

    number -- the card's 14 digits; owes -- whether a member (by id) owes overdue money
    nonce -- the scanner's own mark: the same one is the same visit
    force -- the reason for which somebody is let in in spite of a refusal; the caller has asked
             for the right. A card that opens nothing and an expelled member are never let in.
    Raises Conflict for a nonce of another card or of a visit that was undone.
    Source: rules C1, C4, C5.
    """
    card, refusal = _card(session, number, gate, at)
    if card is None or refusal in NEVER_FORCED:
        assert refusal is not None
        return _refused(session, number, card, refusal, gate, by, at)
    again = _by_nonce(session, card, nonce)
    if again is None and not _ended_at_midnight(session, card, gate, owes, at):
        again = card.recent
    if again is not None:
        return _answer(card, again, Notice.ALREADY_IN)
    decision = Decision(refusal)
    if refusal is None:
        decision = decide(_entrant(session, card, gate, owes, at), gate, at)
    if force is not None:
        decision = forced(decision)
    if decision.refusal is not None:
        return _refused(session, number, card, decision.refusal, gate, by, at)
    visit_id = _let_in(session, card, decision, gate, nonce, force, by, at)
    return _answer(card, visit_id, decision.notice, decision)


def _card(
    session: Session, number: str, gate: Gate, at: datetime
) -> tuple[CardSeen | None, Refusal | None]:
    """Return the card that was scanned, and why it opens nothing, if it does not."""
    card = queries.card_seen(session, number, gate, at)
    if card is None:
        return None, Refusal.CARD_UNKNOWN
    if card.state is not CardState.ACTIVE:
        blocked = card.state is CardState.BLOCKED
        return card, Refusal.CARD_BLOCKED if blocked else Refusal.CARD_REPLACED
    today = local_date(at, gate.zone)
    for kind, refusal in ((HoldKind.EXPULSION, Refusal.EXPELLED), (HoldKind.HOLD, Refusal.HELD)):
        if covering(card.holds, kind, today):
            return card, refusal
    return card, None


def _by_nonce(session: Session, card: CardSeen, nonce: str | None) -> int | None:
    """Return the visit that a scan repeats by its nonce, or None. Source: rules C5."""
    if nonce is not None:
        found = queries.visit_by_nonce(session, nonce)
        if found is not None:
            visit_id, card_id, live = found
            if card_id != card.card_id:
                raise Conflict("the nonce belongs to the visit of another card; nothing was done")
            if not live:
                raise Conflict(
                    f"the nonce belongs to visit {visit_number(visit_id)}, which was undone;"
                    " nothing was done"
                )
            return visit_id
    return None


def _ended_at_midnight(
    session: Session, card: CardSeen, gate: Gate, owes: Owes, at: datetime
) -> bool:
    """Whether what let a card in some minutes ago ended with the day: that is no repeat (T1)."""
    today = local_date(at, gate.zone)
    if card.recent is None or local_date(at - gate.repeat, gate.zone) == today:
        return False
    if queries.visit_day(session, card.recent) == today:
        return False
    return decide(_entrant(session, card, gate, owes, at), gate, at).refusal in NOT_RUNNING


def _entrant(session: Session, card: CardSeen, gate: Gate, owes: Owes, at: datetime) -> Entrant:
    return Entrant(
        tickets=queries.tickets_of(session, card.member_id, gate),
        inside=(
            0
            if gate.capacity is None
            else queries.inside(session, gate, at, member_id=card.member_id)
        ),
        owes=lambda: owes(card.member_id),
    )


def _let_in(
    session: Session,
    card: CardSeen,
    decision: Decision,
    gate: Gate,
    nonce: str | None,
    force: str | None,
    by: Actor,
    at: datetime,
) -> int:
    """Write the visit and return its id; a pack's visits are counted, so that is all."""
    visit_id = counters.take_one(session, "visit")
    ground = decision.ground
    reason = force if ground is VisitGround.FORCED else None
    term_id = None if decision.ticket is None else decision.ticket.term_id
    on = local_date(at, gate.zone)
    row = (
        visit_id, card.card_id, card.member_id, term_id, gate.branch_id, ground, at, on, reason,
        nonce, by.staff_id,
    )  # fmt: skip
    insert_rows(session, Visit, VISIT_COLUMNS, [row])
    note(
        session, f"visit.{'forced' if reason else 'recorded'}", visit_number(visit_id), by=by,
        at=at, member=member_number(card.member_id), ground=ground.value,
    )  # fmt: skip
    return visit_id


def _refused(
    session: Session,
    number: str,
    card: CardSeen | None,
    refusal: Refusal,
    gate: Gate,
    by: Actor,
    at: datetime,
) -> Scanned:
    """Write down that nobody was let in; a number that is no card's is not kept."""
    refusal_id = counters.take_one(session, "entry_refusal")
    card_id = None if card is None else card.card_id
    row = (refusal_id, card_id, gate.branch_id, refusal, at, by.staff_id)
    insert_rows(session, EntryRefusal, REFUSAL_COLUMNS, [row])
    return Scanned(
        card=number,
        member=None if card is None else member_number(card.member_id),
        allowed=False,
        reason=refusal.value,
        visit=None,
        name=None if card is None else Personal(Kind.NAME, card.name),
    )


def _answer(
    card: CardSeen,
    visit_id: int,
    notice: Notice | None,
    decision: Decision | None = None,
) -> Scanned:
    ticket = None if decision is None else decision.ticket
    left = None if ticket is None else ticket.left
    return Scanned(
        card=card.number,
        member=member_number(card.member_id),
        allowed=True,
        reason=None if notice is None else notice.value,
        visit=visit_number(visit_id),
        name=Personal(Kind.NAME, card.name),
        until=None if ticket is None else ticket.held.span.end_on,
        left=None if left is None else left - 1,
    )
