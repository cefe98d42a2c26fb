"""Payments and their receipts."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from memberctl.payment.rules import Method, PaymentState
from memberctl.store.columns import (
    check,
    counted,
    index,
    integer,
    key,
    one_of,
    points_to,
    state_column,
    table_args,
    text,
    unique,
    unique_where,
    utc,
    version,
)


class Payment(SQLModel, table=True):
    """Money that came in for an order; number P-000001.

    applied_minor + credit_minor = amount_minor: what went to the order, and what became the
    member's credit (rules M4)
    claimed_minor, refunded_minor -- how much of what went to the order refunds claim, and how
    much they paid back; together never more than there is (rules M6)
    """

    __tablename__ = "payment"
    __table_args__ = table_args(
        one_of("method", Method),
        one_of("state", PaymentState),
        unique_where(
            "uq_payment_method_reference",
            ("method", "reference"),
            "reference IS NOT NULL AND state <> 'voided'",
        ),
        check("something", "amount_minor > 0"),
        check(
            "all_of_it",
            "applied_minor >= 0 AND credit_minor >= 0 "
            "AND applied_minor + credit_minor = amount_minor",
        ),
        check("four_eyes", "verified_by IS NULL OR verified_by <> recorded_by"),
        check(
            "refunds_fit",
            "claimed_minor >= 0 AND refunded_minor >= 0 "
            "AND claimed_minor + refunded_minor <= applied_minor",
        ),
        index("ix_payment_received_at", "received_at"),
    )

    id: int = Field(sa_column=key())
    order_id: int = Field(sa_column=points_to("orders.id"))
    amount_minor: int = Field(sa_column=integer())
    applied_minor: int = Field(sa_column=integer())
    credit_minor: int = Field(sa_column=integer())
    currency: str = Field(sa_column=text())
    method: Method = Field(sa_column=state_column(Method))
    reference: str | None = Field(default=None, sa_column=text(nullable=True))
    state: PaymentState = Field(sa_column=state_column(PaymentState))
    received_at: datetime = Field(sa_column=utc())
    recorded_by: int = Field(sa_column=points_to("staff.id", index=False))
    entry_id: int = Field(sa_column=points_to("ledger_entry.id", index=False))
    verified_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    verified_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    voided_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    voided_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    void_reason: str | None = Field(default=None, sa_column=text(nullable=True))
    version: int = Field(default=1, sa_column=version())
    claimed_minor: int = Field(default=0, sa_column=counted())
    refunded_minor: int = Field(default=0, sa_column=counted())


class Receipt(SQLModel, table=True):
    """Proof of one payment; numbers are gapless per series and year (rules M13)."""

    __tablename__ = "receipt"
    __table_args__ = table_args(
        unique("series", "year", "serial"), check("counts_up", "serial >= 1")
    )

    id: int = Field(sa_column=key())
    series: str = Field(sa_column=text())
    year: int = Field(sa_column=integer())
    serial: int = Field(sa_column=integer())
    payment_id: int = Field(sa_column=points_to("payment.id"))
    issued_at: datetime = Field(sa_column=utc())
    voided_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
