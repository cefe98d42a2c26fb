"""Plans, tiers and agreements: what is offered, in versions that never change once published.

Source: rules P6, T10; mission S4.1, S4.6, S4.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from memberctl.core.errors import RuleRefused
from memberctl.core.money import apply_basis_points


class PlanState(StrEnum):
    """Whether new orders may name the plan."""

    OFFERED = "offered"
    WITHDRAWN = "withdrawn"


class PaymentTiming(StrEnum):
    """When the fee is asked for."""

    AFTER_APPROVAL = "after_approval"
    ON_FILING = "on_filing"


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """One version of a plan, as an order needs it.

    term -- "12m"; amounts in minor units; product -- terms of one product never overlap
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


def version_on(versions: Sequence[PlanTerms], on: date, code: str) -> PlanTerms:
    """Return the version that is valid on `on`: the newest whose `valid_from` has come.

    Raises RuleRefused when the plan is not offered yet. Source: rules P6.
    """
    valid = [version for version in versions if version.valid_from <= on]
    if not valid:
        raise RuleRefused(f"plan {code} is not offered on {on}", hint=f"memberctl plan show {code}")
    return max(valid, key=lambda version: (version.valid_from, version.version))


def tier_price(price_minor: int, price_basis_points: int) -> int:
    """Return a price for a tier, rounded half up to one minor unit. Source: mission S4.6."""
    return apply_basis_points(price_minor, price_basis_points)
