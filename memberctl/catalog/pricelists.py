"""A price list: plans and tiers in one TOML file, to be kept and published again as it grows.

    [[plan]]
    code = "YEAR"
    name = "年卡"
    term = "12m"
    price = "3650.00"
    from = 2026-01-01

    [[tier]]
    code = "gold"
    name = "金卡"
    price_percent = "90"
    points_percent = 200
    guests = 1

Source: mission S4.1, S4.6; bad inputs 1-23, 51-63.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from memberctl.catalog.rules import PaymentTiming, PlanOffer, parse_offer
from memberctl.catalog.tiers import TierOffer, parse_tier
from memberctl.core.errors import Invalid
from memberctl.core.toml import NotToml, read_toml
from memberctl.office.rules import first_faults

LONGEST_FILE = 1_000_000
KEYS = {
    "plan": (
        "code",
        "name",
        "term",
        "price",
        "joining_fee",
        "payment_timing",
        "product",
        "from",
        "visits",
        "hours",
        "branches",
        "season",
    ),
    "tier": (
        "code",
        "name",
        "price_percent",
        "points_percent",
        "guests",
        "threshold",
        "from",
    ),
}


@dataclass(frozen=True, slots=True)
class PriceList:
    """What a file offers, in its order."""

    plans: tuple[PlanOffer, ...]
    tiers: tuple[TierOffer, ...]


def parse_price_list(text: str, currency: str) -> PriceList:
    """Return the plans and tiers that a TOML text offers.

    Amounts and percentages may be texts or numbers; numbers are taken as they are written.
    Raises Invalid with the first faults, each with its entry; one fault and nothing is taken.
    """
    tables = _tables(text)
    plans: list[PlanOffer] = []
    tiers: list[TierOffer] = []
    faults: list[str] = []
    for kind, number, entry in tables:
        try:
            if kind == "plan":
                plans.append(_plan(_cells(kind, entry), currency))
            else:
                tiers.append(_tier(_cells(kind, entry), currency))
        except Invalid as fault:
            faults.append(f"{kind} {number}: {fault.message}")
    if faults:
        raise Invalid(first_faults(faults), rule="rows")
    return PriceList(tuple(plans), tuple(tiers))


def _tables(text: str) -> list[tuple[str, int, Mapping[str, object]]]:
    try:
        content = read_toml(text, parse_float=str)
    except NotToml as problem:
        raise Invalid(f"the file is not TOML: {_place(problem)}", rule="toml") from None
    unknown = sorted(set(content) - set(KEYS))
    if unknown:
        raise Invalid("the file holds something else than [[plan]] and [[tier]]", rule="toml")
    found: list[tuple[str, int, Mapping[str, object]]] = []
    for kind in KEYS:
        entries = content.get(kind, [])
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            raise Invalid(f"every {kind} begins with a line [[{kind}]]", rule="toml")
        found += [(kind, number, entry) for number, entry in enumerate(entries, start=1)]
    return found


def _place(problem: Exception) -> str:
    """Return where a text stops being TOML, without repeating what is there."""
    _, found, place = str(problem).rpartition("(at ")
    return f"at {place.rstrip(')')}" if found else str(problem)


def _cells(kind: str, entry: Mapping[str, object]) -> dict[str, str]:
    unknown = set(entry) - set(KEYS[kind])
    if unknown:
        raise Invalid(f"there is an unknown key; known are {', '.join(KEYS[kind])}", rule="key")
    if "code" not in entry:
        raise Invalid("the code is missing", field="code", rule="missing")
    return {key: _cell(key, value) for key, value in entry.items()}


def _cell(key: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise Invalid(f"{key} must be a text, a number or a date", field=key, rule="value_kind")


def _plan(cells: Mapping[str, str], currency: str) -> PlanOffer:
    return parse_offer(
        cells["code"],
        currency=currency,
        name=cells.get("name"),
        term=cells.get("term"),
        price=cells.get("price"),
        joining_fee=cells.get("joining_fee"),
        payment_timing=_timing(cells.get("payment_timing")),
        product=cells.get("product"),
        valid_from=cells.get("from"),
        visits=cells.get("visits"),
        hours=cells.get("hours"),
        branches=cells.get("branches"),
        season=cells.get("season"),
    )


def _timing(text: str | None) -> PaymentTiming | None:
    if text is None:
        return None
    if text not in set(PaymentTiming):
        raise Invalid(
            f"payment_timing is one of {', '.join(PaymentTiming)}",
            field="payment_timing",
            rule="choice",
        )
    return PaymentTiming(text)


def _tier(cells: Mapping[str, str], currency: str) -> TierOffer:
    return parse_tier(
        cells["code"],
        currency=currency,
        name=cells.get("name"),
        price_percent=cells.get("price_percent"),
        points_percent=cells.get("points_percent"),
        guests=cells.get("guests"),
        threshold=cells.get("threshold"),
        valid_from=cells.get("from"),
    )
