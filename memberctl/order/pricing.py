"""What an order costs, line by line, and the hash of what reviewers approve.

Source: rules O3, O7, P6; mission S0.6, S3.1, S3.2, S4.5.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

from memberctl.catalog.rules import PlanTerms, tier_price
from memberctl.core.dates import Span
from memberctl.core.errors import Invalid
from memberctl.core.money import (
    MAX_MINOR,
    Money,
    divide_half_up,
    format_minor,
    parse_amount,
    parse_count,
)
from memberctl.core.seasons import season_of
from memberctl.core.text import clean_text

MOST_PIECES = 10_000
JOINING_FEE = "joining fee"
"""The line of an order that is paid once, for joining."""


class PricedLine(NamedTuple):
    """One thing that is ordered: pieces, and minor units for each."""

    what: str
    quantity: int
    unit_minor: int

    @property
    def amount_minor(self) -> int:
        """Return quantity x unit price, in minor units."""
        return self.quantity * self.unit_minor


def price_lines(
    plan: PlanTerms, price_basis_points: int, *, is_joining: bool, days: Span | None
) -> tuple[PricedLine, ...]:
    """Return what a plan costs a member of a tier: its price, and on joining the joining fee.

    Whose term of a fixed-calendar plan begins late pays for what is left, rounded half up once.

    price_basis_points -- the tier's share of the price; the joining fee knows no tiers
    days -- those that a fixed-calendar plan would give if it were paid today, else None
    Source: mission S4.5, S4.6; rules P6, T10.
    """
    what, price = plan.name, tier_price(plan.price_minor, price_basis_points)
    if days is not None:
        n, d = season_of(plan.season, plan.term).portion_of(days)
        if n != d:
            what, price = f"{plan.name}, {n}/{d}", divide_half_up(price * n, d)
    fee = PricedLine(what, 1, price)
    if not is_joining or plan.joining_fee_minor == 0:
        return (fee,)
    return (fee, PricedLine(JOINING_FEE, 1, plan.joining_fee_minor))


def parse_line(text: str, currency: str) -> PricedLine:
    """Return the line written as "what:quantity:unit price"; `what` may hold colons.

    Raises Invalid. Source: mission S3.1; bad inputs 51-59, 63.
    """
    parts = text.rsplit(":", 2)
    if len(parts) != 3:
        raise Invalid(
            "a line must be written what:quantity:unit price, like 拳击课:2:150.00",
            field="line",
            rule="line_form",
        )
    return PricedLine(
        clean_text(parts[0], what="the description of a line", field="line"),
        parse_count(parts[1], what="the quantity of a line", most=MOST_PIECES),
        parse_amount(parts[2], currency, what="the unit price of a line"),
    )


def checked_total(lines: Sequence[PricedLine], claimed_minor: int | None, currency: str) -> int:
    """Return the sum of the lines, in minor units; it must be the total that was claimed.

    Raises Invalid, naming both sums. Source: mission S3.2.
    """
    total = sum([line.amount_minor for line in lines])
    if total >= MAX_MINOR:
        limit = format_minor(MAX_MINOR, currency)
        raise Invalid(f"the total must be below {limit}", field="total", rule="amount_limit")
    if claimed_minor is not None and claimed_minor != total:
        raise Invalid(
            f"the total is said to be {Money(claimed_minor, currency)}, "
            f"but the lines add up to {Money(total, currency)}",
            field="total",
            rule="total_differs",
        )
    return total


def content_sha256(
    identity: Sequence[str], plan_version_id: int | None, lines: Sequence[PricedLine], currency: str
) -> str:
    """Return the hash that approvals are bound to: who the member is, what they get, the price.

    identity -- name, birth date and blind indexes of documents, as stored
    Source: rules O3.
    """
    priced = [(line.what, line.quantity, line.unit_minor) for line in lines]
    content = [list(identity), plan_version_id, priced, currency]
    canonical = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
