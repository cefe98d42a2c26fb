"""What commands of the catalog show: plans, tiers and agreements as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from memberctl.catalog.rules import PaymentTiming, PlanState, PlanTerms, TierTerms
from memberctl.core.money import Money
from memberctl.office.rules import Outcome


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan as it is offered on a day; version and the fields before it are those of that day.

    visits -- of a pack; hours, branches -- when and where it lets in, empty without such a limit
    """

    code: str
    name: str
    term: str
    price: Money
    joining_fee: Money
    payment_timing: PaymentTiming
    product: str
    version: int
    valid_from: date
    state: PlanState
    visits: int | None
    hours: str
    branches: tuple[str, ...]
    season: str


@dataclass(frozen=True, slots=True)
class PlanVersionLine:
    """One version of a plan; published_by -- a staff code."""

    version: int
    valid_from: date
    name: str
    term: str
    price: Money
    joining_fee: Money
    payment_timing: PaymentTiming
    published_at: datetime
    published_by: str
    visits: int | None
    hours: str
    branches: tuple[str, ...]
    season: str


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """A plan with all its versions, oldest first."""

    code: str
    product: str
    state: PlanState
    versions: tuple[PlanVersionLine, ...]


@dataclass(frozen=True, slots=True)
class PlanPublished:
    """What became of an offer; the fields are those of the version that now is there."""

    code: str
    name: str
    term: str
    price: Money
    joining_fee: Money
    payment_timing: PaymentTiming
    product: str
    version: int
    valid_from: date
    outcome: Outcome
    visits: int | None
    hours: str
    branches: tuple[str, ...]
    season: str


def plan_published(version: PlanTerms, currency: str, outcome: Outcome) -> PlanPublished:
    """Return what is said of a version of a plan."""
    return PlanPublished(
        code=version.code,
        name=version.name,
        term=version.term,
        price=Money(version.price_minor, currency),
        joining_fee=Money(version.joining_fee_minor, currency),
        payment_timing=version.payment_timing,
        product=version.product,
        version=version.version,
        valid_from=version.valid_from,
        outcome=outcome,
        visits=version.visits,
        hours=version.hours,
        branches=version.branches,
        season=version.season,
    )


@dataclass(frozen=True, slots=True)
class PlanWithdrawn:
    """A plan that no new order may name."""

    code: str
    state: PlanState


@dataclass(frozen=True, slots=True)
class TierLine:
    """A tier with one version of its benefits.

    price_percent -- "92.5" of the plan's price; points_percent -- 200 is points x2;
    threshold -- the spending that reaches the tier
    """

    code: str
    name: str
    position: int
    price_percent: str
    points_percent: int
    guests: int
    threshold: Money
    version: int
    valid_from: date


@dataclass(frozen=True, slots=True)
class TierRecord:
    """A tier with all versions of its benefits, oldest first."""

    code: str
    position: int
    versions: tuple[TierLine, ...]


@dataclass(frozen=True, slots=True)
class TierPublished:
    """What became of an offer of benefits; the fields are those of the version that is there."""

    code: str
    name: str
    position: int
    price_percent: str
    points_percent: int
    guests: int
    threshold: Money
    version: int
    valid_from: date
    outcome: Outcome


def tier_line(terms: TierTerms, currency: str) -> TierLine:
    """Return a version of a tier as lists show it."""
    return TierLine(
        code=terms.code,
        name=terms.name,
        position=terms.position,
        price_percent=percent_text(terms.price_basis_points),
        points_percent=terms.points_percent,
        guests=terms.guests,
        threshold=Money(terms.threshold_minor, currency),
        version=terms.version,
        valid_from=terms.valid_from,
    )


def tier_published(terms: TierTerms, currency: str, outcome: Outcome) -> TierPublished:
    """Return what is said of a version of a tier."""
    return TierPublished(
        code=terms.code,
        name=terms.name,
        position=terms.position,
        price_percent=percent_text(terms.price_basis_points),
        points_percent=terms.points_percent,
        guests=terms.guests,
        threshold=Money(terms.threshold_minor, currency),
        version=terms.version,
        valid_from=terms.valid_from,
        outcome=outcome,
    )


def percent_text(basis_points: int) -> str:
    """Return basis points as a percentage without idle zeros: 9250 is "92.5"."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class PriceListImported:
    """What became of the plans and tiers of a file, in the order of the file."""

    read: int
    created: int
    updated: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """One wording of an agreement; published_by -- a staff code."""

    code: str
    version: int
    title: str
    valid_from: date
    sha256: str
    published_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True)
class AgreementText:
    """One wording of an agreement with its text."""

    code: str
    version: int
    title: str
    valid_from: date
    sha256: str
    body: str


@dataclass(frozen=True, slots=True)
class AgreementPublished:
    """What became of a wording."""

    code: str
    version: int
    title: str
    valid_from: date
    sha256: str
    outcome: Outcome
