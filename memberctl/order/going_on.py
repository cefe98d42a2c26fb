"""Orders about a term that the member has: renewed, under another plan, or for somebody else.

What a term is worth and when it may change is decided in access.switches; here it becomes lines.
Source: rules M11, T4, T8, O2; mission S1.8, S1.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from memberctl.access import switches
from memberctl.access.rules import refuse_before_window, refuse_overlap
from memberctl.access.switches import OnHand
from memberctl.catalog.rules import PlanTerms
from memberctl.core.dates import Span
from memberctl.core.errors import Invalid, RuleRefused
from memberctl.core.numbering import member_number
from memberctl.order.pricing import PricedLine
from memberctl.order.rules import Filing, OrderKind


class About(NamedTuple):
    """What an order changes a running term to.

    plan -- the version that the term goes on under; effective_on -- the first day of the change,
    for which the price is made
    """

    plan: PlanTerms
    lines: tuple[PricedLine, ...]
    term_id: int
    effective_on: date


def upgrade(filing: Filing, on_hand: Sequence[OnHand], today: date) -> About:
    """Return what going on under a dearer plan at once comes to.

    The two lines are the rest at the new price, and the current plan's value of it given back.
    The price is made for today and stands while the order may be paid, as every quote does.
    Raises RuleRefused, and Invalid without a plan. Source: rules M11, O7.
    """
    plan = _plan_of(filing)
    member = member_number(filing.member_id)
    term = switches.running_term(on_hand, plan.product, filing.of_order, member, today)
    switch = switches.plan_switch(term, plan, switches.first_day(term, today))
    switches.refuse_upgrade_down(switch, plan)
    new = f"{plan.name}, {switch.days}/{switch.new_days}"
    old = f"{term.plan.name}, {switch.days}/{switch.old_days}"
    lines = (PricedLine(new, 1, switch.new_minor), PricedLine(old, 1, -switch.old_minor))
    return About(plan, lines, term.term_id, switch.from_on)


def transfer(
    filing: Filing,
    on_hand: Sequence[OnHand],
    receivers: Sequence[OnHand],
    fee_minor: int,
    today: date,
) -> About:
    """Return what giving the rest of a running term to another member comes to: the fee.

    receivers -- the terms of the member who gets it
    Raises RuleRefused when the receiver has a term of the product in those days; Invalid for a
    plan, or without a receiver. Source: rules T8, O2; mission S1.9.
    """
    if filing.plan is not None or filing.lines:
        raise Invalid("a transfer names no plan: the term goes on under its own", field="plan")
    if filing.receiver_id is None:
        raise Invalid(
            "a transfer needs the member who gets the term", field="to", hint="--to M-..."
        )
    if filing.receiver_id == filing.member_id:
        raise Invalid("a term is transferred to another member", field="to", rule="same_member")
    member = member_number(filing.member_id)
    term = switches.running_term(on_hand, None, filing.of_order, member, today)
    first = switches.first_day(term, today)
    theirs = [
        each.span
        for each in receivers
        if not each.is_pack and each.plan.product == term.plan.product
    ]
    refuse_overlap(theirs, Span(first, term.span.end_on))
    what = f"{term.plan.name}, {term.days_left(first)} days to {member_number(filing.receiver_id)}"
    return About(term.plan, (PricedLine(what, 1, fee_minor),), term.term_id, first)


def refuse_renewal(
    filing: Filing, on_hand: Sequence[OnHand], window_days: int, today: date
) -> None:
    """Refuse a renewal or a downgrade of what the member has not, or before its window opens.

    The window is counted from the end of the term that runs, so that two early renewals stack.
    Source: rules T4, M11.
    """
    plan, number = _plan_of(filing), member_number(filing.member_id)
    if plan.visits is not None:
        return
    theirs = [each for each in on_hand if not each.is_pack and each.plan.product == plan.product]
    if not theirs:
        raise RuleRefused(
            f"{number} has no term to renew",
            hint=f"memberctl order file {number} --kind join --plan CODE --agreed",
        )
    refuse_before_window([each.held for each in theirs], today, window_days)
    if filing.kind is OrderKind.DOWNGRADE:
        term = switches.running_term(theirs, plan.product, filing.of_order, number, today)
        switches.refuse_downgrade_up(term, plan)


def _plan_of(filing: Filing) -> PlanTerms:
    if filing.plan is None:
        raise Invalid(
            f"a {filing.kind} order has a plan and no lines", field="plan", hint="--plan CODE"
        )
    return filing.plan
