"""Closed tills: what was counted against what was expected."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from memberctl.payment.rules import Method
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


class TillClose(SQLModel, table=True):
    """One close of one branch's till for one method; rows are never changed (rules M16).

    It holds the entries after `after_entry` up to `until_entry`, which are never changed either.
    branch_id -- 0 is what no branch took; entry_id -- what was over or short, null if nothing
    """

    __tablename__ = "till_close"
    __table_args__ = table_args(
        one_of("method", Method),
        unique("branch_id", "method", "closed_on"),
        check("onwards", "after_entry >= 0 AND until_entry >= after_entry"),
        check("difference_booked", "(counted_minor = expected_minor) = (entry_id IS NULL)"),
    )

    id: int = Field(sa_column=key())
    branch_id: int = Field(sa_column=integer())
    method: Method = Field(sa_column=state_column(Method))
    closed_on: date = Field(sa_column=day())
    after_entry: int = Field(sa_column=integer())
    until_entry: int = Field(sa_column=integer())
    expected_minor: int = Field(sa_column=integer())
    counted_minor: int = Field(sa_column=integer())
    currency: str = Field(sa_column=text())
    remark: str = Field(default="", sa_column=text())
    closed_at: datetime = Field(sa_column=utc())
    closed_by: int = Field(sa_column=points_to("staff.id", index=False))
    entry_id: int | None = Field(
        default=None, sa_column=points_to("ledger_entry.id", nullable=True, index=False)
    )
