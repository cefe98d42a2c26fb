"""Terms (entitlements) and cards (credentials)."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from memberctl.access.changes import ChangeKind
from memberctl.access.rules import CardKind, CardState, Handover
from memberctl.store.columns import (
    check,
    day,
    index,
    index_where,
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

    price_days -- for how many days the plan's price is; null is for the days that were sold
    visits    -- how many visits a pack is good for; None is as many as the member likes
    start_on, end_on -- as they stand now; what they were on another day its changes say
    anchor_on -- the date that month arithmetic starts from (rules T2)
    source    -- the number of the order that paid for it
    tier_version_id -- the benefits it was sold with (rules P6)
    merge_id  -- the merge of members that let it overlap another, until somebody decides (A4)
    """

    __tablename__ = "term"
    __table_args__ = table_args(
        check("not_backwards", "end_on >= start_on"),
        unique_where(
            "uq_term_member_product_start",
            ("member_id", "product", "start_on"),
            "voided_at IS NULL AND visits IS NULL AND merge_id IS NULL",
        ),
        check("visits_count", "visits >= 1"),
        check("price_days_count", "price_days >= 1"),
        unique_where("uq_term_source", ("source",), "voided_at IS NULL"),
        index("ix_term_source", "source"),
        index_where(
            "ix_term_ends",
            ("end_on", "member_id", "product", "plan_version_id"),
            "voided_at IS NULL",
        ),
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
    price_days: int | None = Field(default=None, sa_column=integer(nullable=True))
    granted_at: datetime = Field(sa_column=utc())
    voided_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    merge_id: int | None = Field(
        default=None, sa_column=points_to("member_merge.id", nullable=True, index=False)
    )
    version: int = Field(default=1, sa_column=version())


class TermChange(SQLModel, table=True):
    """What happened to a term after it was granted; rows are never changed (rules T7, T9).

    from_on, until_on -- the frozen days of a freeze, or those that were used of one that was
                         resumed; null otherwise
    follows -- the change that this one takes back, or by which the term was moved
    source  -- the number of the order or refund that caused it, "" for none
    """

    __tablename__ = "term_change"
    __table_args__ = table_args(
        one_of("kind", ChangeKind),
        check("not_backwards", "end_before >= start_before AND end_after >= start_after"),
        check("stretch_whole", "(from_on IS NULL) = (until_on IS NULL) AND from_on <= until_on"),
        check(
            "stretch_of_freeze",
            "(kind = 'frozen' AND from_on IS NOT NULL) OR kind = 'resumed' OR "
            "(kind <> 'frozen' AND from_on IS NULL)",
        ),
        check(
            "follows_something",
            "(kind IN ('resumed', 'moved', 'restored')) = (follows IS NOT NULL)",
        ),
        unique_where("uq_term_change_taken_back", ("follows",), "kind IN ('resumed', 'restored')"),
        index("ix_term_change_source", "source"),
    )

    id: int = Field(sa_column=key())
    term_id: int = Field(sa_column=points_to("term.id"))
    kind: ChangeKind = Field(sa_column=state_column(ChangeKind))
    from_on: date | None = Field(default=None, sa_column=day(nullable=True))
    until_on: date | None = Field(default=None, sa_column=day(nullable=True))
    start_before: date = Field(sa_column=day())
    start_after: date = Field(sa_column=day())
    end_before: date = Field(sa_column=day())
    end_after: date = Field(sa_column=day())
    follows: int | None = Field(
        default=None, sa_column=points_to("term_change.id", nullable=True, index=False)
    )
    source: str = Field(sa_column=text())
    reason: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=utc())
    recorded_by: int = Field(sa_column=points_to("staff.id", index=False))


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
    ended_because: str | None = Field(default=None, sa_column=text(nullable=True))
    version: int = Field(default=1, sa_column=version())


class CardStock(SQLModel, table=True):
    """Blank cards at a branch; a branch without a row does not count them (rules C3)."""

    __tablename__ = "card_stock"
    __table_args__ = table_args(check("not_negative", "blanks >= 0"))

    branch_id: int = Field(sa_column=key())
    blanks: int = Field(sa_column=integer())
