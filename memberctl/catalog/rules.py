"""Plans, tiers and agreements: what is offered, in versions that never change once published.

Source: rules P6, T10; mission S4.1, S4.6, S4.7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from memberctl.catalog.admission import (
    PACK_PRODUCT,
    checked_nature,
    parse_branches,
    parse_plan_hours,
    parse_season,
    parse_visits,
    refuse_change_of_nature,
)
from memberctl.core.dates import parse_date, parse_period
from memberctl.core.errors import Conflict, Invalid, RuleRefused
from memberctl.core.money import apply_basis_points, parse_amount
from memberctl.core.text import clean_text
from memberctl.office.rules import parse_code

DEFAULT_PRODUCT = "membership"
_PLAN_FIELDS = (
    "name", "term", "price_minor", "joining_fee_minor", "payment_timing", "visits", "hours",
    "branches", "season",
)  # fmt: skip


class PlanState(StrEnum):
    """Whether new orders may name the plan."""

    OFFERED = "offered"
    WITHDRAWN = "withdrawn"


PLAN_STEPS: Mapping[tuple[PlanState, str], PlanState] = {
    (PlanState.OFFERED, "withdraw"): PlanState.WITHDRAWN,
}


class PaymentTiming(StrEnum):
    """When the fee is asked for."""

    AFTER_APPROVAL = "after_approval"
    ON_FILING = "on_filing"


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """One version of a plan, as an order needs it.

    term -- "12m"; amounts in minor units; product -- terms of one product never overlap
    visits -- how many a pack is good for, None for a membership
    hours, branches -- when and where it lets in; empty is whenever and wherever there is a door
    season -- of a fixed-calendar plan, see core.seasons; empty for one that begins when it is paid
    """

    plan_version_id: int
    code: str
    version: int
    name: str
    term: str
    price_minor: int
    joining_fee_minor: int
    payment_timing: PaymentTiming
    product: str
    valid_from: date
    visits: int | None = None
    hours: str = ""
    branches: tuple[str, ...] = ()
    season: str = ""


def version_on(versions: Sequence[PlanTerms], on: date, code: str) -> PlanTerms:
    """Return the version that is valid on `on`: the newest whose `valid_from` has come.

    Raises RuleRefused when the plan is not offered yet. Source: rules P6.
    """
    valid = [version for version in versions if version.valid_from <= on]
    if not valid:
        raise RuleRefused(f"plan {code} is not offered on {on}", hint=f"memberctl plan show {code}")
    return max(valid, key=lambda version: (version.valid_from, version.version))


def plan_key(text: str) -> str:
    """Return a plan's code in the form in which it is kept: capitals. Raises Invalid."""
    return parse_code(text, what="a plan's code").upper()


def product_key(text: str) -> str:
    """Return a product's code in the form in which it is kept: small letters. Raises Invalid."""
    return parse_code(text, what="a product's code", field="product").lower()


def parse_from(text: str | None) -> date | None:
    """Return the day from which something holds, None when none was given. Raises Invalid."""
    return None if text is None else parse_date(text.strip(), what="the date of --from")


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """A plan as it is to be from a day on; None leaves what holds, or takes the default."""

    code: str
    name: str | None = None
    term: str | None = None
    price_minor: int | None = None
    joining_fee_minor: int | None = None
    payment_timing: PaymentTiming | None = None
    product: str | None = None
    valid_from: date | None = None
    visits: int | None = None
    hours: str | None = None
    branches: tuple[str, ...] | None = None
    season: str | None = None


def parse_offer(
    code: str,
    *,
    currency: str,
    name: str | None = None,
    term: str | None = None,
    price: str | None = None,
    joining_fee: str | None = None,
    payment_timing: PaymentTiming | None = None,
    product: str | None = None,
    valid_from: str | None = None,
    visits: str | None = None,
    hours: str | None = None,
    branches: str | None = None,
    season: str | None = None,
) -> PlanOffer:
    """Return what was typed about a plan as one checked value; what was not given stays None.

    Raises Invalid. Source: bad inputs 1-23, 51-61.
    """
    return PlanOffer(
        code=plan_key(code),
        name=None if name is None else clean_text(name, what="the name", field="name"),
        term=None if term is None else str(parse_period(term)),
        price_minor=None if price is None else parse_amount(price, currency, what="the price"),
        joining_fee_minor=None
        if joining_fee is None
        else parse_amount(joining_fee, currency, what="the joining fee", zero_ok=True),
        payment_timing=payment_timing,
        product=None if product is None else product_key(product),
        valid_from=parse_from(valid_from),
        visits=parse_visits(visits),
        hours=parse_plan_hours(hours),
        branches=parse_branches(branches),
        season=parse_season(season),
    )


@dataclass(frozen=True, slots=True)
class PlanHistory:
    """A plan with its versions, oldest first.

    plan_id -- None while it is not stored yet, so that its past may still be written
    """

    code: str
    plan_id: int | None
    product: str
    state: PlanState
    versions: tuple[PlanTerms, ...]


def first_version(offer: PlanOffer, today: date) -> PlanTerms:
    """Return version 1 of a new plan. Raises Invalid when it lacks a name, term or price."""
    if offer.name is None or offer.term is None or offer.price_minor is None:
        raise Invalid(f"a new plan needs a name, a term and a price: {offer.code}", rule="missing")
    return PlanTerms(
        plan_version_id=0,
        code=offer.code,
        version=1,
        name=offer.name,
        term=offer.term,
        price_minor=offer.price_minor,
        joining_fee_minor=offer.joining_fee_minor or 0,
        payment_timing=offer.payment_timing or PaymentTiming.AFTER_APPROVAL,
        product=offer.product or (PACK_PRODUCT if offer.visits else DEFAULT_PRODUCT),
        valid_from=offer.valid_from or today,
        visits=offer.visits,
        hours=offer.hours or "",
        branches=offer.branches or (),
        season=checked_nature(offer.code, offer.season or "", offer.term, offer.visits),
    )


def next_version(offer: PlanOffer, history: PlanHistory, today: date) -> PlanTerms | None:
    """Return the version that an offer adds to a plan, None when it is there already.

    Raises Conflict for another product, for a membership that would become a pack or for a day
    that has a version already, RuleRefused for a withdrawn plan, a day in the past or one that
    is not after the newest version.
    Source: rules P6.
    """
    if offer.product is not None and offer.product != history.product:
        raise Conflict(f"plan {offer.code} belongs to the product {history.product}, for good")
    newest = history.versions[-1]
    refuse_change_of_nature(offer.code, newest.visits, offer.visits)
    on = offer.valid_from
    same_day = [version for version in history.versions if version.valid_from == on]
    base = same_day[0] if same_day else newest
    wanted = replace(base, **given(offer, *_PLAN_FIELDS))
    checked_nature(offer.code, wanted.season, wanted.term, wanted.visits)
    if wanted == base and (on is None or on >= base.valid_from):
        return None
    if same_day:
        raise Conflict(
            f"plan {offer.code} has another version from {on} already, and what is published stays",
            hint=f"memberctl plan show {offer.code}",
        )
    if history.state is PlanState.WITHDRAWN:
        raise RuleRefused(
            f"plan {offer.code} is withdrawn", hint=f"memberctl plan show {offer.code}"
        )
    start = on or today
    refuse_day(
        f"plan {offer.code}",
        start,
        newest=newest.valid_from,
        today=None if history.plan_id is None else today,
    )
    return replace(wanted, plan_version_id=0, version=newest.version + 1, valid_from=start)


def given(offer: object, *names: str) -> dict[str, Any]:
    """Return those of the named fields that an offer gives."""
    values = ((name, getattr(offer, name)) for name in names)
    return {name: value for name, value in values if value is not None}


def refuse_day(what: str, start: date, *, newest: date, today: date | None) -> None:
    """Raise RuleRefused unless a version may begin on `start`.

    what   -- "plan YEAR"; newest -- the first day of the newest version
    today  -- None when nobody can have relied on the past yet
    """
    if today is not None and start < today:
        raise RuleRefused(f"{what} cannot change from {start}: that day is past (today is {today})")
    if start <= newest:
        raise RuleRefused(
            f"{what} has a version from {newest}; a new one must begin after that day, "
            f"and {start} does not"
        )


def refuse_short_notice(what: str, start: date, *, earliest: date, days: int) -> None:
    """Raise RuleRefused when benefits would change before the notice that members are due.

    earliest -- the last of the `days` working days after today
    Source: rules P6; mission S4.7.
    """
    if start < earliest:
        raise RuleRefused(
            f"{what} cannot change from {start}: benefits change with {days} working days' notice",
            hint=f"the earliest day is --from {earliest}",
        )


def tier_price(price_minor: int, price_basis_points: int) -> int:
    """Return a price for a tier, rounded half up to one minor unit. Source: mission S4.6."""
    return apply_basis_points(price_minor, price_basis_points)


@dataclass(frozen=True, slots=True)
class TierTerms:
    """One version of a tier's benefits.

    price_basis_points -- 9500 is 95 % of the price; points_percent -- 200 is points x2
    threshold_minor    -- spending that reaches the tier
    """

    tier_id: int
    tier_version_id: int
    code: str
    name: str
    price_basis_points: int
    points_percent: int
    guests: int
    threshold_minor: int
    position: int
    version: int
    valid_from: date
