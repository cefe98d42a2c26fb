"""Instalments, write-offs and chargebacks."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from memberctl.payment.debt_rules import WriteOffState
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
    version,
)


class Instalment(SQLModel, table=True):
    """A part of what is open on an order, due on a day of its own (rules M12).

    until_minor -- what is settled of the order's total once this and the earlier ones are paid
    """

    __tablename__ = "instalment"
    __table_args__ = table_args(
        check("something", "amount_minor > 0 AND until_minor >= amount_minor"),
        check("counts_up", "position >= 1"),
    )

    order_id: int = Field(sa_column=Column(INTEGER, ForeignKey("orders.id"), primary_key=True))
    position: int = Field(sa_column=key())
    due_on: date = Field(sa_column=day())
    amount_minor: int = Field(sa_column=integer())
    until_minor: int = Field(sa_column=integer())


class WriteOff(SQLModel, table=True):
    """That the house stops asking for what is open on an order; number WO-000001 (rules M14)."""

    __tablename__ = "write_off"
    __table_args__ = table_args(
        one_of("state", WriteOffState),
        check("something", "amount_minor > 0"),
        check("four_eyes", "decided_by IS NULL OR decided_by <> requested_by"),
        check("decided", "(state = 'requested') = (decided_by IS NULL)"),
        check("booked", "(state = 'approved') = (entry_id IS NOT NULL)"),
        unique_where("uq_write_off_live", ("order_id",), "state <> 'refused'"),
    )

    id: int = Field(sa_column=key())
    order_id: int = Field(sa_column=points_to("orders.id", index=False))
    amount_minor: int = Field(sa_column=integer())
    currency: str = Field(sa_column=text())
    state: WriteOffState = Field(sa_column=state_column(WriteOffState))
    reason: str = Field(sa_column=text())
    requested_at: datetime = Field(sa_column=utc())
    requested_by: int = Field(sa_column=points_to("staff.id", index=False))
    decided_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    decided_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    decision: str | None = Field(default=None, sa_column=text(nullable=True))
    entry_id: int | None = Field(
        default=None, sa_column=points_to("ledger_entry.id", nullable=True, index=False)
    )
    version: int = Field(default=1, sa_column=version())


class Chargeback(SQLModel, table=True):
    """That a bank took a payment back (rules M2).

    lost_minor -- what had become the member's credit and was not there any more
    """

    __tablename__ = "chargeback"
    __table_args__ = table_args(check("lost_not_negative", "lost_minor >= 0"))

    payment_id: int = Field(sa_column=Column(INTEGER, ForeignKey("payment.id"), primary_key=True))
    reason: str = Field(sa_column=text())
    lost_minor: int = Field(sa_column=integer())
    charged_back_at: datetime = Field(sa_column=utc())
    charged_back_by: int = Field(sa_column=points_to("staff.id", index=False))
