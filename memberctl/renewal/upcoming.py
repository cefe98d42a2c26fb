"""Who can renew now, for how much, and with which command.

Source: rules T4-T6, P6; mission S1.7, S1.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Row, Select, exists, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from memberctl.access.changes import CUT_SHORT, ChangeKind
from memberctl.access.hold_queries import expelled_among
from memberctl.access.tables import Term, TermChange
from memberctl.catalog.queries import plan_terms_on, tier_terms_on
from memberctl.catalog.rules import PlanTerms, TierTerms, tier_price
from memberctl.catalog.tables import Plan, PlanVersion
from memberctl.core.money import Money
from memberctl.core.numbering import member_number
from memberctl.member.presence import gone_among
from memberctl.member.tables import Member
from memberctl.office.queries import policy_number
from memberctl.order.rules import OrderKind, OrderState
from memberctl.order.tables import Order
from memberctl.store.among import among
from memberctl.store.listing import Listing

if TYPE_CHECKING:
    from sqlmodel import Session

OPEN = (OrderState.RETURNED, OrderState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Renewable:
    """A membership that ends soon or ended a moment ago, and what to do about it.

    days_left   -- until its last day, below 0 when that has passed
    opens_on    -- from when it may be renewed; grace_until -- the last day without a gap
    price       -- of a renewal today, None when the plan is not offered any more
    next        -- the command that goes on from here
    """

    member: str
    name: str
    plan: str
    end_on: date
    days_left: int
    opens_on: date
    grace_until: date
    price: Money | None
    next: str


@dataclass(frozen=True, slots=True)
class _Offer:
    """What today's renewals are decided by."""

    today: date
    window_days: int
    grace_days: int
    currency: str
    plans: Mapping[str, PlanTerms]
    tiers: Mapping[int, TierTerms]
    waiting: Mapping[int, tuple[str, OrderState]]


def list_renewals(
    session: Session, *, today: date, until: date, currency: str, limit: int | None = None
) -> Listing[Renewable]:
    """Return the memberships that end by `until` or are in grace, the first to end first.

    What is followed by another term, was ended early, is a pack, or belongs to somebody who was
    expelled or erased, is left out.
    """
    grace = policy_number(session, "grace_days")
    found = session.execute(_ending(today - timedelta(days=grace), until)).all()
    people = {row[0] for row in found}
    without = expelled_among(session, people, today) | gone_among(session, people).keys()
    wanted = [row for row in found if row[0] not in without]
    offer = _Offer(
        today=today,
        window_days=policy_number(session, "renewal_window_days"),
        grace_days=grace,
        currency=currency,
        plans=plan_terms_on(session, today),
        tiers=tier_terms_on(session, today),
        waiting=_waiting(session, {row[0] for row in wanted}, today),
    )
    return Listing([_line(row, offer) for row in wanted[:limit]], len(wanted))


def _ending(first: date, last: date) -> Select[int, str, int, str, date]:
    """Return the members' newest terms of each product that end from `first` to `last`."""
    later, cut, restored = aliased(Term), aliased(TermChange), aliased(TermChange)
    follows = exists().where(
        col(later.member_id) == col(Term.member_id),
        col(later.product) == col(Term.product),
        col(later.voided_at).is_(None),
        col(later.visits).is_(None),
        col(later.end_on) > col(Term.end_on),
    )
    taken_back = exists().where(
        col(restored.follows) == col(cut.id), col(restored.kind) == ChangeKind.RESTORED
    )
    ended_early = exists().where(
        col(cut.term_id) == col(Term.id), col(cut.kind).in_(sorted(CUT_SHORT)), ~taken_back
    )
    return (
        select(
            col(Term.member_id), col(Member.name), col(Member.tier_id), col(Plan.code),
            col(Term.end_on),
        )
        .join(Member, col(Member.id) == col(Term.member_id))
        .join(PlanVersion, col(PlanVersion.id) == col(Term.plan_version_id))
        .join(Plan, col(Plan.id) == col(PlanVersion.plan_id))
        .where(
            col(Term.end_on).between(first, last),
            col(Term.voided_at).is_(None),
            col(Term.visits).is_(None),
            ~follows,
            ~ended_early,
        )
        .order_by(col(Term.end_on), col(Term.member_id))
    )  # fmt: skip


def _waiting(
    session: Session, member_ids: set[int], today: date
) -> dict[int, tuple[str, OrderState]]:
    """Return the newest open renewal or downgrade of each member that money can still activate."""
    due_on = col(Order.payment_due_on)
    newest = (
        select(func.max(col(Order.id)))
        .where(
            among(session, col(Order.member_id), member_ids),
            col(Order.kind).in_((OrderKind.RENEWAL, OrderKind.DOWNGRADE)),
            col(Order.state).in_(OPEN),
            or_(due_on.is_(None), due_on >= today),
        )
        .group_by(col(Order.member_id))
    )
    rows = session.execute(
        select(col(Order.member_id), col(Order.number), col(Order.state)).where(
            col(Order.id).in_(newest)
        )
    )
    return {member_id: (number, state) for member_id, number, state in rows}


def _line(row: Row[int, str, int, str, date], offer: _Offer) -> Renewable:
    member_id, name, tier_id, code, end_on = row
    plan = offer.plans.get(code)
    price = None
    if plan is not None:
        share = offer.tiers[tier_id].price_basis_points
        price = Money(tier_price(plan.price_minor, share), offer.currency)
    opens_on = end_on - timedelta(days=offer.window_days)
    return Renewable(
        member=member_number(member_id),
        name=name,
        plan=code,
        end_on=end_on,
        days_left=(end_on - offer.today).days,
        opens_on=opens_on,
        grace_until=end_on + timedelta(days=offer.grace_days),
        price=price,
        next=_next(
            member_number(member_id), code,
            offered=plan is not None, opens_on=opens_on, today=offer.today,
            waiting=offer.waiting.get(member_id),
        ),
    )  # fmt: skip


def _next(
    member: str,
    code: str,
    *,
    offered: bool,
    opens_on: date,
    today: date,
    waiting: tuple[str, OrderState] | None,
) -> str:
    """Return the command that goes on from here, or from when on there is one."""
    if waiting is not None and waiting[1] is OrderState.RETURNED:
        return f"memberctl order resubmit {waiting[0]} --agreed"
    if waiting is not None:
        return f"memberctl payment record {waiting[0]} AMOUNT --method METHOD"
    if today < opens_on:
        return f"wait until {opens_on}"
    plan = code if offered else "CODE"
    return f"memberctl order file {member} --kind renewal --plan {plan} --agreed"
