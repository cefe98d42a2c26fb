"""How much of what was paid goes back, and to which payments.

Source: rules M6-M8; mission S1.10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from memberctl.core.errors import RuleRefused
from memberctl.core.money import Money, apply_basis_points, divide_half_up
from memberctl.payment.rules import Method


class Basis(StrEnum):
    """What a refund is counted by."""

    UNUSED = "unused"
    COOLING_OFF = "cooling_off"
    SERVICE = "service"


class Counted(StrEnum):
    """In what the use of a term is counted: packs in visits, all others in days."""

    DAYS = "days"
    VISITS = "visits"


@dataclass(frozen=True, slots=True)
class Fee:
    """What the organisation keeps of the unused value: an amount, or a share of at least a minimum.

    fixed_minor, least_minor -- minor units; basis_points -- 500 is 5 %
    """

    fixed_minor: int = 0
    basis_points: int = 0
    least_minor: int = 0

    def of(self, unused_minor: int) -> int:
        """Return the fee on an unused value, in minor units; never more than that value."""
        share = apply_basis_points(unused_minor, self.basis_points)
        return min(max(self.fixed_minor + share, self.least_minor), unused_minor)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the organisation decided about refunds, as policies.

    joining_fee_back -- the joining fee is part of what goes back pro rata
    gifts_kept       -- the value of gifts that were used is not taken off
    cooling_off_days -- counted from the day after signing; 0 is none
    """

    fee: Fee = Fee()
    joining_fee_back: bool = False
    gifts_kept: bool = False
    cooling_off_days: int = 7


@dataclass(frozen=True, slots=True)
class Usage:
    """How much was used of what was sold: whole days without the frozen ones, or visits of a pack.

    0 <= used <= whole, whole >= 1
    """

    used: int
    whole: int
    counted: Counted = Counted.DAYS


@dataclass(frozen=True, slots=True)
class Claim:
    """What decides how much one order gives back; amounts in minor units.

    paid_minor     -- what live payments have applied to it, and what it took over from an order
                      that it replaced
    joining_minor  -- how much of that is the joining fee
    returned_minor -- what earlier refunds paid back or still claim
    gifts_minor    -- the value of gifts that the member used up
    usage          -- None for an order without a term
    cools_off      -- the member may still go back on it, and has not used it
    """

    paid_minor: int
    returned_minor: int
    usage: Usage | None
    joining_minor: int = 0
    gifts_minor: int = 0
    cools_off: bool = False

    @property
    def left_minor(self) -> int:
        """Return what no refund has claimed yet: the most that may ever go back."""
        return max(self.paid_minor - self.returned_minor, 0)


@dataclass(frozen=True, slots=True)
class Due:
    """What the rules give back; minor units.

    refundable_minor -- the value that the unused days are a share of, less earlier refunds
    """

    basis: Basis
    refundable_minor: int
    fee_minor: int
    gifts_minor: int
    amount_minor: int


def refund_due(claim: Claim, conditions: Conditions) -> Due:
    """Return what an order owes its member back.

    The refundable paid value x unused days / term days is rounded once, half up to one minor
    unit; fees, used gifts and earlier refunds come off that. Never below 0, never above what was
    paid and not refunded. Inside cooling-off everything goes back, the joining fee too.
    Source: rules M6, M7; mission S1.10.
    """
    left = claim.left_minor
    if claim.cools_off:
        return Due(Basis.COOLING_OFF, left, 0, 0, left)
    kept = 0 if conditions.joining_fee_back else claim.joining_minor
    value = max(claim.paid_minor - kept, 0)
    unused = value
    if claim.usage is not None:
        used, whole = claim.usage.used, claim.usage.whole
        unused = divide_half_up(value * (whole - used), whole)
    fee = conditions.fee.of(unused)
    gifts = 0 if conditions.gifts_kept else min(claim.gifts_minor, unused - fee)
    amount = min(max(unused - fee - gifts - claim.returned_minor, 0), left)
    basis = Basis.SERVICE if claim.usage is None else Basis.UNUSED
    return Due(basis, max(value - claim.returned_minor, 0), fee, gifts, amount)


def cools_off(signed_on: date | None, on: date, days: int, visited_on: Sequence[date]) -> bool:
    """Return whether a member may still go back on what they signed.

    The days are counted from the day after signing: signed on 1 March, 7 days, the last one is
    8 March. A single visit since ends the right.

    visited_on -- the local dates on which the member came in; signed_on -- None if nobody signed
    Source: rules M7.
    """
    if signed_on is None or not signed_on <= on <= signed_on + timedelta(days=days) or days == 0:
        return False
    return not any(day >= signed_on for day in visited_on)


@dataclass(frozen=True, slots=True)
class Wish:
    """How much is to go back.

    cut    -- less than was asked for, because no more is left
    beyond -- more than the rules give
    """

    amount_minor: int
    cut: bool = False
    beyond: bool = False


def wish(
    asked: int | None,
    due: Due,
    left_minor: int,
    earlier: Sequence[int],
    *,
    order: str,
    currency: str,
) -> Wish:
    """Return what a request comes to: what the rules give, unless an amount was asked for.

    More than what is left is refused. Only the last of equal parts is cut instead, because equal
    parts that were rounded up cannot all be had: of 1000.00 the third 333.34 is 333.32.

    earlier -- the amounts of the order's refunds that were paid or wait
    Raises RuleRefused when nothing is left or due. Source: rules M6, M8; bad inputs 60, 87.
    """
    if left_minor == 0:
        raise RuleRefused(
            f"nothing is left to refund of {order}: all of it was refunded or is claimed",
            hint=f"memberctl refund list --order {order}",
        )
    if asked is None:
        if due.amount_minor == 0:
            more = "more " if earlier else ""
            raise RuleRefused(
                f"the rules give nothing {more}back for {order}",
                hint=f"memberctl refund preview {order}, or --amount for a gesture of goodwill",
            )
        return Wish(due.amount_minor)
    if asked <= left_minor:
        return Wish(asked, beyond=asked > due.amount_minor)
    if asked in earlier:
        return Wish(left_minor, cut=True, beyond=left_minor > due.amount_minor)
    raise RuleRefused(
        f"{Money(asked, currency)} is more than the {Money(left_minor, currency)} that"
        f" can still be refunded of {order}",
        hint=f"memberctl refund preview {order}",
    )


@dataclass(frozen=True, slots=True)
class Source:
    """A payment that money can go back to. left_minor -- what is not refunded nor claimed of it"""

    payment_id: int
    method: Method
    received_at: datetime
    left_minor: int


def at_most(minor: int, sources: Sequence[Source]) -> tuple[Source, ...]:
    """Return sources of which no more than `minor` is left together, the newest kept first."""
    kept: list[Source] = []
    for source in sorted(sources, key=lambda each: (each.received_at, each.payment_id))[::-1]:
        left = min(source.left_minor, minor)
        minor -= left
        kept.append(replace(source, left_minor=left))
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class Share:
    """What goes back to one payment, by its own method."""

    payment_id: int
    method: Method
    amount_minor: int


def split(amount_minor: int, sources: Sequence[Source]) -> tuple[Share, ...]:
    """Return to which payments an amount goes back, each capped at what is left of it.

    A payment of exactly this amount comes first, else the newest: of 300.00 in cash and then
    700.00 by WeChat, 726.03 go back as 700.00 by WeChat and 26.03 in cash.

    amount_minor -- at most what is left of all sources, else it is a programmer's error
    Source: rules M8.
    """
    newest_first = sorted(sources, key=lambda each: (each.received_at, each.payment_id))[::-1]
    exact = [each for each in newest_first if each.left_minor == amount_minor]
    shares: list[Share] = []
    rest = amount_minor
    for source in exact[:1] or newest_first:
        part = min(rest, source.left_minor)
        if part:
            shares.append(Share(source.payment_id, source.method, part))
        rest -= part
    assert rest == 0, "the payments hold less than the order has left"
    return tuple(shares)
