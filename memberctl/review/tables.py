"""Review stages as data, and what was decided at each."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from memberctl.office.rules import Role
from memberctl.order.rules import OrderKind
from memberctl.review.rules import Verdict
from memberctl.store.columns import (
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
)


class ReviewStage(SQLModel, table=True):
    """One stage of one kind of order: its place, its name, the role that decides it."""

    __tablename__ = "review_stage"
    __table_args__ = table_args(
        unique("kind", "position"),
        unique("kind", "stage"),
        one_of("kind", OrderKind),
        one_of("role", Role),
        check("position_counts", "position >= 1"),
    )

    id: int = Field(sa_column=key())
    kind: OrderKind = Field(sa_column=state_column(OrderKind))
    position: int = Field(sa_column=integer())
    stage: str = Field(sa_column=text())
    role: Role = Field(sa_column=state_column(Role))


class ReviewDecision(SQLModel, table=True):
    """What one reviewer decided, about which content (rules O3).

    override_by -- the second named approver of an emergency override, else null
    fell_back_at -- set when the content changed later and the approval no longer counts
    """

    __tablename__ = "review_decision"
    __table_args__ = table_args(
        one_of("verdict", Verdict),
        check("override_differs", "override_by IS NULL OR override_by <> decided_by"),
    )

    id: int = Field(sa_column=key())
    order_id: int = Field(sa_column=points_to("orders.id"))
    stage: str = Field(sa_column=text())
    verdict: Verdict = Field(sa_column=state_column(Verdict))
    reason: str = Field(default="", sa_column=text())
    content_sha256: str = Field(sa_column=text())
    quote_id: int | None = Field(
        default=None, sa_column=points_to("quote.id", nullable=True, index=False)
    )
    decided_by: int = Field(sa_column=points_to("staff.id", index=False))
    decided_at: datetime = Field(sa_column=utc())
    override_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    fell_back_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))


class ReviewPause(SQLModel, table=True):
    """Days on which the review clock stood still because the order was returned (rules A5, O6)."""

    __tablename__ = "review_pause"
    __table_args__ = table_args(check("not_backwards", "until_on IS NULL OR until_on >= from_on"))

    id: int = Field(sa_column=key())
    order_id: int = Field(sa_column=points_to("orders.id"))
    from_on: date = Field(sa_column=day())
    until_on: date | None = Field(default=None, sa_column=day(nullable=True))


class ReviewExtension(SQLModel, table=True):
    """More time for a review, with the reason that the applicant is told (mission S4.4)."""

    __tablename__ = "review_extension"
    __table_args__ = table_args(check("adds_days", "working_days >= 1"))

    id: int = Field(sa_column=key())
    order_id: int = Field(sa_column=points_to("orders.id"))
    working_days: int = Field(sa_column=integer())
    reason: str = Field(sa_column=text())
    extended_by: int = Field(sa_column=points_to("staff.id", index=False))
    extended_at: datetime = Field(sa_column=utc())
