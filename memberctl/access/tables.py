"""Terms (entitlements) and cards (credentials)."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from memberctl.access.rules import CardKind, CardState, Handover
from memberctl.store.columns import (
    check,
    day,
    index,
    integer,
    key,
    one_of,
    points_to,
    state_column,
    table_args,
    text,
    unique_where,
    utc,
    version,
)


class Term(SQLModel, table=True):
    """A stretch of local calendar dates, end inclusive, in which a member is entitled.

    visits    -- how many visits a pack is good for; None is as many as the member likes
    anchor_on -- the date that month arithmetic starts from (rules T2)
    source    -- the number of the order that paid for it
    tier_version_id -- the benefits it was sold with (rules P6)
    """

    __tablename__ = "term"
    __table_args__ = table_args(
        check("not_backwards", "end_on >= start_on"),
        unique_where(
            "uq_term_member_product_start",
            ("member_id", "product", "start_on"),
            "voided_at IS NULL AND visits IS NULL",
        ),
        check("visits_count", "visits >= 1"),
        unique_where("uq_term_source", ("source",), "voided_at IS NULL"),
        index("ix_term_end_on", "end_on"),
    )

    id: int = Field(sa_column=key())
    member_id: int = Field(sa_column=points_to("member.id"))
    plan_version_id: int = Field(sa_column=points_to("plan_version.id", index=False))
    tier_version_id: int = Field(sa_column=points_to("tier_version.id", index=False))
    product: str = Field(sa_column=text())
    source: str = Field(sa_column=text())
    start_on: date = Field(sa_column=day())
    end_on: date = Field(sa_column=day())
    anchor_on: date = Field(sa_column=day())
    visits: int | None = Field(default=None, sa_column=integer(nullable=True))
    granted_at: datetime = Field(sa_column=utc())
    voided_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    version: int = Field(default=1, sa_column=version())


class Card(SQLModel, table=True):
    """A credential; its number is never used again, its validity is the term's (rules C1, C2)."""

    __tablename__ = "card"
    __table_args__ = table_args(
        one_of("kind", CardKind),
        one_of("state", CardState),
        one_of("handover", Handover),
        unique_where("uq_card_one_active", ("member_id", "kind"), "state = 'active'"),
    )

    id: int = Field(sa_column=key())
    number: str = Field(sa_column=text(unique=True))
    member_id: int = Field(sa_column=points_to("member.id"))
    kind: CardKind = Field(sa_column=state_column(CardKind))
    state: CardState = Field(sa_column=state_column(CardState))
    handover: Handover = Field(sa_column=state_column(Handover))
    issued_at: datetime = Field(sa_column=utc())
    issued_by: int = Field(sa_column=points_to("staff.id", index=False))
    ended_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    replaced_by: int | None = Field(
        default=None, sa_column=points_to("card.id", nullable=True, index=False)
    )
    version: int = Field(default=1, sa_column=version())


class CardStock(SQLModel, table=True):
    """Blank cards at a branch; a branch without a row does not count them (rules C3)."""

    __tablename__ = "card_stock"
    __table_args__ = table_args(check("not_negative", "blanks >= 0"))

    branch_id: int = Field(sa_column=key())
    blanks: int = Field(sa_column=integer())
