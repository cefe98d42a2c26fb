"""Quarterly archives, which orders are in them, and who was allowed to look at one."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from memberctl.archive.access import AccessState
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
    unique_where,
    utc,
)


class QuarterlyArchive(SQLModel, table=True):
    """One read-only file of orders. quarter -- "2026Q1"; sha256 -- of the file, in hexadecimal"""

    __tablename__ = "quarterly_archive"
    __table_args__ = table_args(check("some_orders", "orders >= 1"))

    id: int = Field(sa_column=key())
    quarter: str = Field(sa_column=text(unique=True))
    path: str = Field(sa_column=text())
    sha256: str = Field(sa_column=text())
    orders: int = Field(sa_column=integer())
    made_at: datetime = Field(sa_column=utc())
    made_by: int = Field(sa_column=points_to("staff.id", index=False))


class ArchivedOrder(SQLModel, table=True):
    """Where in an archive an order's file lies. place -- the byte at which its line begins"""

    __tablename__ = "archived_order"
    __table_args__ = table_args(check("place_counts", "place >= 0"))

    order_id: int = Field(sa_column=Column(INTEGER, ForeignKey("orders.id"), primary_key=True))
    archive_id: int = Field(sa_column=points_to("quarterly_archive.id"))
    place: int = Field(sa_column=integer())
    sha256: str = Field(sa_column=text())


class ArchiveRequest(SQLModel, table=True):
    """A wish to look at one archived order, decided by somebody else; number AR-000001.

    until_on -- the last day on which it may be looked at, once approved
    """

    __tablename__ = "archive_request"
    __table_args__ = table_args(
        one_of("state", AccessState),
        check("four_eyes", "decided_by IS NULL OR decided_by <> requested_by"),
        check("decided_or_open", "(state = 'requested') = (decided_at IS NULL)"),
        check("decided_whole", "(decided_at IS NULL) = (decided_by IS NULL)"),
        check("until_when_approved", "(state = 'approved') = (until_on IS NOT NULL)"),
        unique_where(
            "uq_archive_request_open", ("order_id", "requested_by"), "state = 'requested'"
        ),
    )

    id: int = Field(sa_column=key())
    order_id: int = Field(sa_column=points_to("archived_order.order_id", index=False))
    reason: str = Field(sa_column=text())
    state: AccessState = Field(sa_column=state_column(AccessState))
    requested_by: int = Field(sa_column=points_to("staff.id", index=False))
    requested_at: datetime = Field(sa_column=utc())
    decided_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    decided_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    until_on: date | None = Field(default=None, sa_column=day(nullable=True))


class ArchiveView(SQLModel, table=True):
    """That somebody looked at an archived order, by which request (mission S3.12)."""

    __tablename__ = "archive_view"
    __table_args__ = table_args()

    id: int = Field(sa_column=key())
    request_id: int = Field(sa_column=points_to("archive_request.id"))
    viewed_at: datetime = Field(sa_column=utc())
    viewed_by: int = Field(sa_column=points_to("staff.id", index=False))
