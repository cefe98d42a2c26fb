"""A running term goes on under another plan, or under another member. Pure decisions.

What is left of a term is worth its plan's price for the days that are left, whatever was paid
for it last. Source: rules M11, P6, T8; mission S1.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from memberctl.access import changes
from memberctl.access.changes import ENDINGS
from memberctl.access.rules import Held
from memberctl.catalog.rules import PlanTerms, tier_price
from memberctl.core.dates import Span, add_period, parse_period
from memberctl.core.errors import RuleRefused
from memberctl.core.money import divide_half_up

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OnHand:
    """One live term of a member with what it was sold as.

    plan       -- the version that it was sold with
    price_days -- how many days that plan's price is for
    price_basis_points -- the share of prices of the benefits that it was sold with (rules P6)
    """

    term_id: int
    plan: PlanTerms
    price_days: int
    price_basis_points: int
    held: Held

    @property
    def span(self) -> Span:
        """Return its days as they stand now."""
        return self.held.span

    @property
    def is_pack(self) -> bool:
        """Whether it is counted in visits."""
        return self.plan.visits is not None

    def days_left(self, from_on: date) -> int:
        """Return how many days of entitlement are left from `from_on` on."""
        frozen = changes.freezes(self.held.changes)
        used = changes.days_used(self.span, frozen, from_on - _ONE_DAY)
        return changes.days_sold(self.span, frozen) - used


@dataclass(frozen=True, slots=True)
class Switch:
    """What changing the plan of a running term comes to.

    from_on   -- the first day under the new plan; days -- how many are left from then on
    new_minor, old_minor -- what those days are worth under the new and under the old plan
    new_days, old_days   -- how many days each plan's price is for
    """

    from_on: date
    days: int
    new_minor: int
    new_days: int
    old_minor: int
    old_days: int

    @property
    def charge_minor(self) -> int:
        """Return what the member pays: the difference, each part rounded by itself."""
        return self.new_minor - self.old_minor


def running_term(
    on_hand: Sequence[OnHand], product: str | None, order: str | None, member: str, today: date
) -> OnHand:
    """Return the membership of a member that runs today.

    product, order -- which one is meant, by its product or the order that paid for it
    Raises RuleRefused when there is none, or more than one.
    """
    running = [
        each
        for each in on_hand
        if not each.is_pack
        and each.span.contains(today)
        and product in (None, each.plan.product)
        and order in (None, each.held.source)
    ]
    if not running:
        what = "membership" if product is None else product
        raise RuleRefused(
            f"{member} has no term of {what} that runs today",
            hint=f"memberctl term list {member}",
        )
    if len(running) > 1:
        orders = ", ".join(each.held.source for each in running)
        raise RuleRefused(
            f"{member} has {len(running)} terms that run today, of the orders {orders}",
            hint=f"--of {running[0].held.source}",
        )
    return running[0]


def first_day(term: OnHand, wanted: date) -> date:
    """Return the first day on which a term may go on as something else, `wanted` or later.

    The term keeps at least its first day, so that what was sold and used stays told.
    Raises RuleRefused when no day is left then, when the term was ended or goes on under another
    plan, or when it is frozen.
    Source: rules M11, T9.
    """
    order = term.held.source
    from_on = max(wanted, term.span.start_on + _ONE_DAY)
    if changes.ending(term.held.changes) in ENDINGS:
        raise RuleRefused(f"the term of {order} was ended; it ends on {term.span.end_on}")
    if from_on > term.span.end_on:
        raise RuleRefused(f"the term of {order} ends on {term.span.end_on}; nothing is left of it")
    if any(frozen.end_on >= wanted for frozen in changes.freezes(term.held.changes)):
        raise RuleRefused(
            f"the term of {order} is frozen, or will be; a frozen term does not change hands or"
            " plan",
            hint=f"memberctl term resume MEMBER --order {order}",
        )
    return from_on


def plan_switch(term: OnHand, plan: PlanTerms, from_on: date) -> Switch:
    """Return what it costs to let a term go on under another plan from `from_on` on.

    The end stays; the rest is charged at the new plan's price and the current plan's value of
    the rest is given back. The benefits' version is kept, and with it the share of prices.
    Raises RuleRefused for another product, a pack or the plan that it has.
    Source: rules M11, P6.
    """
    if plan.code == term.plan.code:
        raise RuleRefused(f"the term of {term.held.source} is one of plan {plan.code} already")
    if plan.visits is not None or plan.product != term.plan.product:
        raise RuleRefused(
            f"a term of {term.plan.product} does not go on under plan {plan.code},"
            " which is something else",
            hint="memberctl plan list",
        )
    days = term.days_left(from_on)
    new_days = price_days(plan, term)
    new, old = (tier_price(each.price_minor, term.price_basis_points) for each in (plan, term.plan))
    return Switch(
        from_on=from_on,
        days=days,
        new_minor=divide_half_up(new * days, new_days),
        new_days=new_days,
        old_minor=divide_half_up(old * days, term.price_days),
        old_days=term.price_days,
    )


def price_days(plan: PlanTerms, term: OnHand) -> int:
    """Return for how many days a plan's price is, when it takes over a running term.

    A plan as long as the current one is sold for the same days; another one for its own length,
    counted from where the term began.
    """
    if plan.term == term.plan.term:
        return term.price_days
    start = term.span.start_on
    return (add_period(start, parse_period(plan.term)) - start).days


def refuse_upgrade_down(switch: Switch, plan: PlanTerms) -> None:
    """Refuse an upgrade to a plan that is worth less; that is a downgrade, at the term's end.

    Source: rules M11.
    """
    if switch.charge_minor < 0:
        raise RuleRefused(
            f"plan {plan.code} is worth less than the current one; that is a downgrade, which"
            " begins when the term ends",
            hint=f"--kind downgrade --plan {plan.code}",
        )


def refuse_downgrade_up(term: OnHand, plan: PlanTerms) -> None:
    """Refuse a downgrade to a plan that does not cost less a day. Source: rules M11."""
    start = term.span.end_on + _ONE_DAY
    days = (add_period(start, parse_period(plan.term)) - start).days
    if plan.price_minor * term.price_days >= term.plan.price_minor * days:
        raise RuleRefused(
            f"plan {plan.code} costs no less a day than the current one",
            hint=f"--kind renewal --plan {plan.code}, or --kind upgrade for the rest of the term",
        )
