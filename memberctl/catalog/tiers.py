"""Tiers: their benefits in versions, and the four that every organisation begins with.

Source: rules P5, P6; mission S4.6, S4.7 and the row X of its last table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from memberctl.catalog.rules import TierTerms, given, parse_from, refuse_day
from memberctl.core.errors import Conflict, Invalid
from memberctl.core.money import EXPONENTS, parse_amount, parse_percent
from memberctl.core.text import clean_text
from memberctl.office.rules import parse_code

MOST_POINTS_PERCENT = 10_000
MOST_GUESTS = 99
_TIER_FIELDS = ("name", "price_basis_points", "points_percent", "guests", "threshold_minor")


def tier_key(text: str) -> str:
    """Return a tier's code in the form in which it is kept: small letters. Raises Invalid."""
    return parse_code(text, what="a tier's code").lower()


@dataclass(frozen=True, slots=True)
class TierOffer:
    """A tier as it is to be from a day on; None leaves what holds, or takes the default."""

    code: str
    name: str | None = None
    price_basis_points: int | None = None
    points_percent: int | None = None
    guests: int | None = None
    threshold_minor: int | None = None
    valid_from: date | None = None


def parse_tier(
    code: str,
    *,
    currency: str,
    name: str | None = None,
    price_percent: str | None = None,
    points_percent: str | None = None,
    guests: str | None = None,
    threshold: str | None = None,
    valid_from: str | None = None,
) -> TierOffer:
    """Return what was typed about a tier as one checked value; what was not given stays None.

    Raises Invalid. Source: bad inputs 1-23, 51-63.
    """
    return TierOffer(
        code=tier_key(code),
        name=None if name is None else clean_text(name, what="the name", field="name"),
        price_basis_points=None
        if price_percent is None
        else parse_percent(price_percent, what="the price in percent"),
        points_percent=None
        if points_percent is None
        else _whole(points_percent, what="the points in percent", most=MOST_POINTS_PERCENT),
        guests=None if guests is None else _whole(guests, what="the guests", most=MOST_GUESTS),
        threshold_minor=None
        if threshold is None
        else parse_amount(threshold, currency, what="the threshold", zero_ok=True),
        valid_from=parse_from(valid_from),
    )


def _whole(text: str, *, what: str, most: int) -> int:
    typed = text.strip()
    plain = typed.isascii() and typed.isdigit() and len(typed) <= len(str(most))
    if not (plain and int(typed) <= most):
        raise Invalid(f"{what} must be a whole number from 0 to {most}", rule="count_range")
    return int(typed)


def tier_on(versions: Sequence[TierTerms], on: date) -> TierTerms:
    """Return the version of a tier that is valid on `on`.

    Its first version also covers the days before it: members whose terms began before the store
    was made have a tier too.
    """
    valid = [version for version in versions if version.valid_from <= on]
    if not valid:
        return min(versions, key=lambda version: version.version)
    return max(valid, key=lambda version: (version.valid_from, version.version))


def first_tier(offer: TierOffer, position: int, today: date) -> TierTerms:
    """Return version 1 of a new tier. Raises Invalid when it has no name."""
    if offer.name is None:
        raise Invalid(f"a new tier needs a name: {offer.code}", field="name", rule="missing")
    full, plain = 10_000, 100
    return TierTerms(
        tier_id=0,
        tier_version_id=0,
        code=offer.code,
        name=offer.name,
        price_basis_points=full if offer.price_basis_points is None else offer.price_basis_points,
        points_percent=plain if offer.points_percent is None else offer.points_percent,
        guests=offer.guests or 0,
        threshold_minor=offer.threshold_minor or 0,
        position=position,
        version=1,
        valid_from=offer.valid_from or today,
    )


def next_tier(
    offer: TierOffer, versions: Sequence[TierTerms], today: date | None
) -> TierTerms | None:
    """Return the version that an offer adds to a tier, None when it is there already.

    versions -- those of the tier, oldest first
    today    -- None for a tier that is not stored yet, so that its past may still be written
    Raises Conflict for a day that has another version, RuleRefused for a day in the past or one
    that is not after the newest version.
    Source: rules P6.
    """
    newest, on = versions[-1], offer.valid_from
    same_day = [version for version in versions if version.valid_from == on]
    base = same_day[0] if same_day else newest
    wanted = replace(base, **given(offer, *_TIER_FIELDS))
    if wanted == base and (on is None or on >= base.valid_from):
        return None
    if same_day:
        raise Conflict(
            f"tier {offer.code} has another version from {on} already, and what is published stays",
            hint=f"memberctl tier show {offer.code}",
        )
    start = on or today or newest.valid_from
    refuse_day(f"tier {offer.code}", start, newest=newest.valid_from, today=today)
    return replace(wanted, tier_version_id=0, version=newest.version + 1, valid_from=start)


def usual_tiers(currency: str) -> list[TierOffer]:
    """Return the tiers that an organisation begins with, lowest first.

    They cost 100, 95, 90 and 85 percent, earn points once, once, twice and three times, bring 0,
    0, 1 and 2 guests, and are reached by spending 0, 3000, 10000 and 30000 currency units.
    Source: mission, last table, row X.
    """
    unit = 10 ** EXPONENTS[currency]
    return [
        TierOffer("regular", "普通", 10_000, 100, 0, 0),
        TierOffer("silver", "银卡", 9_500, 100, 0, 3_000 * unit),
        TierOffer("gold", "金卡", 9_000, 200, 1, 10_000 * unit),
        TierOffer("platinum", "白金", 8_500, 300, 2, 30_000 * unit),
    ]
