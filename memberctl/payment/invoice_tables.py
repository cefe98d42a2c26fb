"""Invoices and credit notes, and their lines."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from memberctl.payment.invoice_rules import InvoiceKind, TaxMode
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
    unique_where,
    utc,
    version,
)


class Invoice(SQLModel, table=True):
    """An invoice or a credit note; numbers are gapless per series and year (rules M13).

    series -- "IN" or "CN", followed by the branch's code where the order has a branch
    corrects_id -- of a credit note: the invoice that it takes something off
    entry_id -- of a credit note: its entry in the books, null where nothing was owed any more
    """

    __tablename__ = "invoice"
    __table_args__ = table_args(
        one_of("kind", InvoiceKind),
        one_of("tax_mode", TaxMode),
        unique("series", "year", "serial"),
        check("counts_up", "serial >= 1"),
        check("sums", "net_minor + tax_minor = total_minor AND net_minor >= 0 AND tax_minor >= 0"),
        check("tax_share", "tax_basis_points BETWEEN 0 AND 10000"),
        check("corrects_one", "(kind = 'credit_note') = (corrects_id IS NOT NULL)"),
        check("void_whole", "(voided_at IS NULL) = (voided_by IS NULL)"),
        unique_where("uq_invoice_live", ("order_id",), "kind = 'invoice' AND voided_at IS NULL"),
    )

    id: int = Field(sa_column=key())
    kind: InvoiceKind = Field(sa_column=state_column(InvoiceKind))
    series: str = Field(sa_column=text())
    year: int = Field(sa_column=integer())
    serial: int = Field(sa_column=integer())
    order_id: int = Field(sa_column=points_to("orders.id"))
    corrects_id: int | None = Field(default=None, sa_column=points_to("invoice.id", nullable=True))
    net_minor: int = Field(sa_column=integer())
    tax_minor: int = Field(sa_column=integer())
    total_minor: int = Field(sa_column=integer())
    currency: str = Field(sa_column=text())
    tax_mode: TaxMode = Field(sa_column=state_column(TaxMode))
    tax_basis_points: int = Field(sa_column=integer())
    reason: str = Field(default="", sa_column=text())
    issued_on: date = Field(sa_column=day())
    issued_at: datetime = Field(sa_column=utc())
    issued_by: int = Field(sa_column=points_to("staff.id", index=False))
    entry_id: int | None = Field(
        default=None, sa_column=points_to("ledger_entry.id", nullable=True, index=False)
    )
    voided_at: datetime | None = Field(default=None, sa_column=utc(nullable=True))
    voided_by: int | None = Field(
        default=None, sa_column=points_to("staff.id", nullable=True, index=False)
    )
    void_reason: str | None = Field(default=None, sa_column=text(nullable=True))
    version: int = Field(default=1, sa_column=version())


class InvoiceLine(SQLModel, table=True):
    """One line of an invoice; the rounded lines add up to its sums (rules M12)."""

    __tablename__ = "invoice_line"
    __table_args__ = table_args(check("sums", "net_minor + tax_minor = amount_minor"))

    invoice_id: int = Field(sa_column=Column(INTEGER, ForeignKey("invoice.id"), primary_key=True))
    line: int = Field(sa_column=key())
    what: str = Field(sa_column=text())
    quantity: int = Field(sa_column=integer())
    net_minor: int = Field(sa_column=integer())
    tax_minor: int = Field(sa_column=integer())
    amount_minor: int = Field(sa_column=integer())
