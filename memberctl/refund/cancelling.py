"""A member gives notice: the term ends on that day, and nothing is paid back.

It stands here because it has to know of refunds, which end terms as well.
Source: rules T7, M2, M10; mission S1.10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.access import freezing
from memberctl.access.changes import ChangeKind
from memberctl.access.ending import end_terms
from memberctl.access.pausing import owned_terms
from memberctl.access.visit_queries import visit_days
from memberctl.core.numbering import member_number
from memberctl.message.rules import Purpose
from memberctl.order.notices import tell
from memberctl.order.queries import find_order, order_to_change
from memberctl.order.rules import refuse_own_order
from memberctl.payment.refundable import refunds_of
from memberctl.refund import queries, rules
from memberctl.refund.situation import effects
from memberctl.review.operations import person

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.access.tables import Term
    from memberctl.core.actor import Actor
    from memberctl.refund.results import Effects


@dataclass(frozen=True, slots=True)
class Notice:
    """A member's notice. on -- the last day; order -- whose term, None for the one that runs"""

    member_id: int
    on: date
    reason: str
    order: str | None = None


@dataclass(frozen=True, slots=True)
class TermCancelled:
    """A term that ends by notice. cards -- the numbers that were blocked with it"""

    member: str
    order: str
    end_on: date
    was_on: date
    cards: tuple[str, ...]


def notice_effects(session: Session, notice: Notice, *, today: date) -> tuple[str, Effects]:
    """Return whose order's term a notice is about, and what would end by it."""
    order = find_order(session, _meant(session, notice).source)
    return order.number, effects(session, order, notice.on, today, member_id=notice.member_id)


def cancel_term(
    session: Session, notice: Notice, *, by: Actor, at: datetime, today: date
) -> TermCancelled:
    """End a term on the day of a notice; what was paid for it stays paid.

    Raises RuleRefused when no term runs on that day or it ends then anyway, when the member came
    in later, and while a refund waits; NotPermitted for one's own.
    Source: rules T7, M2; mission S1.10.
    """
    order = order_to_change(session, _meant(session, notice).source)
    term = _meant(session, notice)
    refuse_own_order(by.staff, is_own=person(session, term.member_id, by).is_member)
    rules.refuse_needless_notice(term.end_on, notice.on)
    rules.refuse_cancel_beside_refund(order.number, claimed_minor=refunds_of(session, order.id)[0])
    visits = visit_days(session, notice.on, date.max, term_id=term.id)
    rules.refuse_visit_after(visits, notice.on, order=order.number)
    member = member_number(term.member_id)
    ended = end_terms(
        session, order.number, last_on=notice.on, why=ChangeKind.CANCELLED,
        reason=notice.reason, by=by, at=at, today=today, cause=order.number,
    )  # fmt: skip
    facts = {"end_on": notice.on.isoformat()}
    tell(session, order, Purpose.TERM_CANCELLED, facts, at=at, receiver_id=term.member_id)
    return TermCancelled(
        member=member,
        order=order.number,
        end_on=notice.on,
        was_on=ended.terms[0].was_on,
        cards=ended.cards,
    )


def _meant(session: Session, notice: Notice) -> Term:
    """Return the term that a notice is about. Raises RuleRefused when there is none, or several."""
    terms = queries.live_terms(session, notice.member_id)
    member = member_number(notice.member_id)
    meant = freezing.term_meant(owned_terms(session, terms), notice.on, notice.order, member)
    return next(term for term in terms if term.id == meant.id)
