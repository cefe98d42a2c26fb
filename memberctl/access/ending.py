"""Terms end before their time: cancelled, refunded, handed over, or followed by another plan.

Every change is a row of its own beside the term, so that what was known on any day can be told.
Source: rules T7, M2, M10, M11; mission S1.10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import update
from sqlmodel import col

from memberctl.access import operations, queries, rules, term_queries
from memberctl.access.changes import ENDINGS, ChangeKind
from memberctl.access.tables import Term, TermChange
from memberctl.core import dates
from memberctl.core.dates import Span
from memberctl.core.numbering import member_number
from memberctl.office.queries import organisation
from memberctl.store.audit import note
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


@dataclass(frozen=True, slots=True)
class TermEnded:
    """One term that ended before its time.

    end_on  -- its last day now, None when it keeps no day and was voided
    was_on  -- the last day that it had
    """

    member: str
    order: str
    start_on: date
    end_on: date | None
    was_on: date


@dataclass(frozen=True, slots=True)
class TermsEnded:
    """What the end of an order's terms came to. cards -- the numbers that were blocked with it"""

    terms: tuple[TermEnded, ...]
    cards: tuple[str, ...]


def void_terms_of(
    session: Session, source: str, *, by: Actor, at: datetime
) -> tuple[list[Term], list[str]]:
    """Take back the terms that the order `source` paid for, with everything else it did to terms.

    What the order ended goes on; members who are left without a term lose their cards.
    Returns the terms that are void now, and the numbers of the cards that are blocked now.
    Source: rules M2, M11, T7.
    """
    terms = list(term_queries.terms_of_source_to_change(session, source))
    for term in terms:
        void_term(session, term, by=by, at=at)
    for restored in restore_terms(session, source, by=by, at=at):
        followers = [term.id for term in terms if term.member_id == restored.member_id]
        count_visits_for(session, restored.id, followers, since=restored.start_on)
    today = dates.local_date(at, dates.zone(organisation(session).zone))
    cards: list[str] = []
    for member_id in sorted({term.member_id for term in terms}):
        if not queries.is_entitled(session, member_id, today):
            cards += operations.block_cards(session, [member_id], "term voided", by=by, at=at)
    return terms, cards


def count_visits_for(
    session: Session, term_id: int, instead_of: Sequence[int], *, since: date
) -> None:
    """Let visits from a day on count for the term that has that day now.

    An upgrade that is paid some days later begins on the day its price was made for, and the
    member may have come in meanwhile.
    """
    from memberctl.access.visit_tables import Visit

    session.execute(
        update(Visit)
        .where(col(Visit.term_id).in_(instead_of), col(Visit.visited_on) >= since)
        .values(term_id=term_id)
    )


def void_term(session: Session, term: Term, *, by: Actor, at: datetime) -> None:
    """Take a term back; the caller has it locked and sees to the member's cards."""
    term.voided_at = at
    term.version += 1
    session.flush()
    operations.note_term(session, "term.voided", term, by, at)


def end_terms(
    session: Session,
    source: str,
    *,
    last_on: date,
    why: ChangeKind,
    reason: str,
    by: Actor,
    at: datetime,
    today: date,
    cause: str = "",
) -> TermsEnded:
    """End the terms that the order `source` paid for on `last_on`.

    A term that would keep no day is voided; one that ends by then anyway is left alone. When
    nothing is left to a member after today, the cards are blocked at once.

    why   -- one of ENDINGS; cause -- the number of the order or refund that ends them
    Source: rules T7, M10; mission S1.10.
    """
    assert why in ENDINGS
    terms = term_queries.terms_of_source_to_change(session, source)
    over = [term for term in terms if term.end_on > last_on]
    ended = tuple(TermEnded(member_number(t.member_id), t.source, t.start_on,
                            last_on if t.start_on <= last_on else None, t.end_on)
                  for t in over)  # fmt: skip
    for term in over:
        if term.start_on > last_on:
            void_term(session, term, by=by, at=at)
        else:
            span = Span(term.start_on, last_on)
            change_term(session, term, why, span, source=cause, reason=reason, by=by, at=at)
    cards: list[str] = []
    ids = [term.id for term in over]
    for member_id in sorted({term.member_id for term in over}):
        if not queries.is_entitled(session, member_id, today, besides=ids):
            cards += operations.block_cards(session, [member_id], f"term {why}", by=by, at=at)
    return TermsEnded(ended, tuple(cards))


def restore_terms(session: Session, cause: str, *, by: Actor, at: datetime) -> list[Term]:
    """Give back the days that `cause` took from terms by ending them, and return those terms.

    A term that was voided because it kept no day stays voided, and blocked cards stay blocked.
    Raises RuleRefused when another term of the product has those days by now.
    Source: rules M2, T8.
    """
    found = term_queries.endings_of(session, cause)
    for change, term in found:
        span = Span(term.start_on, term.end_on + (change.end_before - change.end_after))
        others = term_queries.terms_to_change(session, term.member_id, term.product)
        rules.refuse_overlap(
            [Span(each.start_on, each.end_on) for each in others if each.id != term.id], span
        )
        change_term(
            session, term, ChangeKind.RESTORED, span,
            follows=change.id, source=cause, reason="", by=by, at=at,
        )  # fmt: skip
    return [term for _, term in found]


def change_term(
    session: Session,
    term: Term,
    kind: ChangeKind,
    span: Span,
    *,
    stretch: Span | None = None,
    follows: int | None = None,
    source: str = "",
    reason: str,
    by: Actor,
    at: datetime,
) -> TermChange:
    """Let a term have the days `span` from now on, and keep what it had before.

    The caller has the term locked and has asked the rules; stretch -- the days of a freeze
    """
    change = TermChange(
        id=take_one(session, "term_change"),
        term_id=term.id,
        kind=kind,
        from_on=None if stretch is None else stretch.start_on,
        until_on=None if stretch is None else stretch.end_on,
        start_before=term.start_on,
        start_after=span.start_on,
        end_before=term.end_on,
        end_after=span.end_on,
        follows=follows,
        source=source,
        reason=reason,
        recorded_at=at,
        recorded_by=by.staff_id,
    )
    session.add(change)
    term.start_on, term.end_on = span.start_on, span.end_on
    term.version += 1
    session.flush()
    note(
        session, f"term.{kind}", member_number(term.member_id), by=by, at=at, order=term.source,
        start_on=span.start_on.isoformat(), end_on=span.end_on.isoformat(),
        was_on=change.end_before.isoformat(), cause=source or None,
    )  # fmt: skip
    return change
