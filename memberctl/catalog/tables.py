"""What is offered, in versions: a published version never changes and never goes."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from memberctl.catalog.rules import PaymentTiming, PlanState
from memberctl.store.columns import (
    INTEGER,
    check,
    day,
    integer,
    key,
    one_of,
    points_to,
    state_column,
    table_args,
    text,
    unique,
    utc,
    version,
)


class Plan(SQLModel, table=True):
    """Something a member can buy. product -- terms of one product never overlap (rules T8)."""

    __tablename__ = "plan"
    __table_args__ = table_args(one_of("state", PlanState))

    id: int = Field(sa_column=key())
    code: str = Field(sa_column=text(unique=True))
    product: str = Field(sa_column=text())
    state: PlanState = Field(default=PlanState.OFFERED, sa_column=state_column(PlanState))
    version: int = Field(default=1, sa_column=version())


class PlanVersion(SQLModel, table=True):
    """A plan's name, length and price from one day on.

    visits -- how many visits a pack is good for, None for a membership
    season -- of a fixed-calendar plan, see core.seasons; None begins when it is paid
    hours  -- when it lets in, e.g. "mon-fri 09:00-16:00"; None is whenever the branch is open
    Where a version has rows in `plan_branch`, it lets in at those branches alone.
    """

    __tablename__ = "plan_version"
    __table_args__ = table_args(
        unique("plan_id", "version"),
        unique("plan_id", "valid_from"),
        one_of("payment_timing", PaymentTiming),
        check("price_not_negative", "price_minor >= 0 AND joining_fee_minor >= 0"),
        check("visits_count", "visits >= 1"),
    )

    id: int = Field(sa_column=key())
    plan_id: int = Field(sa_column=points_to("plan.id", index=False))
    version: int = Field(sa_column=integer())
    name: str = Field(sa_column=text())
    term: str = Field(sa_column=text())
    price_minor: int = Field(sa_column=integer())
    joining_fee_minor: int = Field(sa_column=integer())
    payment_timing: PaymentTiming = Field(sa_column=state_column(PaymentTiming))
    valid_from: date = Field(sa_column=day())
    published_at: datetime = Field(sa_column=utc())
    published_by: int = Field(sa_column=points_to("staff.id", index=False))
    visits: int | None = Field(default=None, sa_column=integer(nullable=True))
    hours: str | None = Field(default=None, sa_column=text(nullable=True))
    season: str | None = Field(default=None, sa_column=text(nullable=True))


class PlanBranch(SQLModel, table=True):
    """A branch that a version of a plan lets in at."""

    __tablename__ = "plan_branch"
    __table_args__ = table_args()

    plan_version_id: int = Field(
        sa_column=Column(INTEGER, ForeignKey("plan_version.id"), primary_key=True)
    )
    branch_id: int = Field(sa_column=Column(INTEGER, ForeignKey("branch.id"), primary_key=True))


class Tier(SQLModel, table=True):
    """A standing that members reach. position -- 1 is the lowest."""

    __tablename__ = "tier"
    __table_args__ = table_args(check("position_counts", "position >= 1"))

    id: int = Field(sa_column=key())
    code: str = Field(sa_column=text(unique=True))
    position: int = Field(sa_column=integer())


class TierVersion(SQLModel, table=True):
    """A tier's benefits from one day on; a term keeps the version it was sold with (rules P6).

    price_basis_points -- 9500 is 95 % of the price; points_percent -- 200 is points x2
    """

    __tablename__ = "tier_version"
    __table_args__ = table_args(
        unique("tier_id", "version"),
        unique("tier_id", "valid_from"),
        check("price_share", "price_basis_points BETWEEN 0 AND 10000"),
        check("points_not_negative", "points_percent >= 0 AND guests >= 0"),
    )

    id: int = Field(sa_column=key())
    tier_id: int = Field(sa_column=points_to("tier.id", index=False))
    version: int = Field(sa_column=integer())
    name: str = Field(sa_column=text())
    price_basis_points: int = Field(sa_column=integer())
    points_percent: int = Field(sa_column=integer())
    guests: int = Field(sa_column=integer())
    threshold_minor: int = Field(sa_column=integer())
    valid_from: date = Field(sa_column=day())
    published_at: datetime = Field(sa_column=utc())


class Agreement(SQLModel, table=True):
    """A text that members agree to."""

    __tablename__ = "agreement"
    __table_args__ = table_args()

    id: int = Field(sa_column=key())
    code: str = Field(sa_column=text(unique=True))


class AgreementVersion(SQLModel, table=True):
    """One wording, named by its hash, valid from one day on."""

    __tablename__ = "agreement_version"
    __table_args__ = table_args(unique("agreement_id", "version"), unique("agreement_id", "sha256"))

    id: int = Field(sa_column=key())
    agreement_id: int = Field(sa_column=points_to("agreement.id", index=False))
    version: int = Field(sa_column=integer())
    title: str = Field(sa_column=text())
    body: str = Field(sa_column=text())
    sha256: str = Field(sa_column=text())
    valid_from: date = Field(sa_column=day())
    published_at: datetime = Field(sa_column=utc())
    published_by: int = Field(sa_column=points_to("staff.id", index=False))
