"""Visits, and the scans after which nobody was let in.

They stand apart from terms and cards, which many commands need that never look at a visit.
"""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from memberctl.access.visiting import Refusal, VisitGround
from memberctl.store.columns import (
    check,
    day,
    index,
    key,
    one_of,
    points_to,
    state_column,
    table_args,
    text,
    unique_where,
    utc,
)


class Visit(SQLModel, table=True):
    """Somebody was let in; number V-000001. It is live until it is undone (rules C5, C6).

    term_id    -- the term or pack that it counts for; None where a forced visit has none
    visited_on -- the local date at the branch (rules T1)
    reason     -- why it was forced; nonce -- the scanner's own mark of the scan, or None
    """

    __tablename__ = "visit"
    __table_args__ = table_args(
        one_of("ground", VisitGround),
        check("on_some_ground", "term_id IS NOT NULL OR ground = 'forced'"),
        check("forced_for_a_reason", "(ground = 'forced') = (reason IS NOT NULL)"),
        check(
            "undone_whole",
            "(undone_at IS NULL) = (undone_by IS NULL)"
            " AND (undone_at IS NULL) = (undone_reason IS NULL)",
        ),
        unique_where("uq_visit_nonce", ("nonce",), "nonce IS NOT NULL"),
        index("ix_visit_member_id_visited_at", "member_id", "visited_at"),
        index("ix_visit_term_id_visited_on", "term_id", "visited_on"),
        index("ix_visit_branch_id_visited_at", "branch_id", "visited_at"),
        index("ix_visit_visited_on", "visited_on"),
    )

    id: int = Field(sa_column=key())
    card_id: int = Field(sa_column=points_to("card.id", index=False))
    member_id: int = Field(sa_column=points_to("member.id", index=False))
    term_id: int | None = Field(
        default=None, sa_column=points_to("term.id", nullable=True, index=False)
    )
    branch_id: int | None = Field(
        default=None, sa_column=points_to("branch.id", nullable=True, index=False)
    )
    ground: VisitGround = Field(sa_column=state_column(VisitGround))
    visited_at: datetime = Field(sa_column=utc())
    visited_on: date = Field(sa_column=day())
    reason: str | None = Field(default=None, sa_column=text(nullable=True))
    nonce: str | None = Field(default=None, sa_column=text(nullable=True))
    recorded_by: int = Field(sa_column=points_to("staff.id", index=False))
    undone_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    undone_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    undone_reason: str | None = Field(default=None, sa_column=text(nullable=True))


class EntryRefusal(SQLModel, table=True):
    """A scan after which nobody was let in. card_id -- None for a number that is no card's."""

    __tablename__ = "entry_refusal"
    __table_args__ = table_args(
        one_of("reason", Refusal), index("ix_entry_refusal_refused_at", "refused_at")
    )

    id: int = Field(sa_column=key())
    card_id: int | None = Field(default=None, sa_column=points_to("card.id", nullable=True))
    branch_id: int | None = Field(
        default=None, sa_column=points_to("branch.id", nullable=True, index=False)
    )
    reason: Refusal = Field(sa_column=state_column(Refusal))
    refused_at: datetime = Field(sa_column=utc())
    recorded_by: int = Field(sa_column=points_to("staff.id", index=False))
