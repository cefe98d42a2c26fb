"""Holds and expulsions of members."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from memberctl.access.holds import HoldKind
from memberctl.store.columns import (
    check,
    day,
    key,
    one_of,
    points_to,
    state_column,
    table_args,
    text,
    unique_where,
    utc,
)


class MemberHold(SQLModel, table=True):
    """A member is kept out (rules T7); the row is written once and lifted at most once.

    until_on -- the last day of a hold, null for an expulsion
    """

    __tablename__ = "member_hold"
    __table_args__ = table_args(
        one_of("kind", HoldKind),
        check("hold_ends", "(kind = 'hold') = (until_on IS NOT NULL)"),
        check("not_backwards", "until_on >= from_on"),
        check("for_a_reason", "reason <> ''"),
        check(
            "lifted_whole",
            "(lifted_at IS NULL) = (lifted_by IS NULL)"
            " AND (lifted_at IS NULL) = (lift_reason IS NULL)",
        ),
        unique_where(
            "uq_member_hold_expelled",
            ("member_id",),
            "kind = 'expulsion' AND lifted_at IS NULL",
        ),
    )

    id: int = Field(sa_column=key())
    member_id: int = Field(sa_column=points_to("member.id"))
    kind: HoldKind = Field(sa_column=state_column(HoldKind))
    from_on: date = Field(sa_column=day())
    until_on: date | None = Field(default=None, sa_column=day(nullable=True))
    reason: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=utc())
    recorded_by: int = Field(sa_column=points_to("staff.id", index=False))
    lifted_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    lifted_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    lift_reason: str | None = Field(default=None, sa_column=text(nullable=True))
