"""Every select over invoices and credit notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from memberctl.core.errors import NotFound
from memberctl.core.money import Money
from memberctl.core.numbering import member_number
from memberctl.core.text import Kind, Personal
from memberctl.member.tables import Member
from memberctl.message.rules import Language
from memberctl.office.queries import staff_codes
from memberctl.office.tables import Branch
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.payment.invoice_rules import (
    InvoiceKind,
    InvoiceLineRecord,
    InvoiceRecord,
    InvoiceRow,
    TaxedLine,
    invoice_number,
    invoice_state,
    parse_invoice_number,
    percent_text,
)
from memberctl.payment.invoice_tables import Invoice, InvoiceLine
from memberctl.payment.queries import owing
from memberctl.store.listing import Listing, listing

if TYPE_CHECKING:
    from sqlmodel import Session

COUNTERS = "invoices:"
"""How the names of the counters of documents begin."""


def number(invoice: Invoice) -> str:
    """Return the number of a document, e.g. "IN-SH01-2026-000001"."""
    return invoice_number(invoice.series, invoice.year, invoice.serial)


def find_invoice(session: Session, text: str) -> Invoice:
    """Return a document by its number as typed. Raises Invalid, NotFound."""
    return _one(session, text, lock=False)


def invoice_to_change(session: Session, text: str) -> Invoice:
    """Return a document, locked; raises as `find_invoice`."""
    return _one(session, text, lock=True)


def _one(session: Session, text: str, *, lock: bool) -> Invoice:
    series, year, serial = parse_invoice_number(text)
    wanted = select(Invoice).where(
        Invoice.series == series, Invoice.year == year, Invoice.serial == serial
    )
    found = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if found is None:
        raise NotFound("no invoice has this number", hint="memberctl invoice list")
    return found


def order_of_invoice_to_change(session: Session, text: str) -> Order:
    """Return, locked, the order of a document: orders are locked first."""
    order_id = find_invoice(session, text).order_id
    return session.scalars(select(Order).where(Order.id == order_id).with_for_update()).one()


def live_invoice(session: Session, order_id: int) -> Invoice | None:
    """Return the invoice of an order that is not voided, or None."""
    return session.scalars(
        select(Invoice).where(
            Invoice.order_id == order_id,
            Invoice.kind == InvoiceKind.INVOICE,
            col(Invoice.voided_at).is_(None),
        )
    ).one_or_none()


def credited_minor(session: Session, invoice_id: int) -> int:
    """Return what credit notes took off an invoice, in minor units."""
    total = select(func.coalesce(func.sum(col(Invoice.total_minor)), 0))
    return int(session.scalars(total.where(col(Invoice.corrects_id) == invoice_id)).one())


def lines_of(session: Session, invoice_id: int) -> list[TaxedLine]:
    """Return the lines of a document, in their order."""
    rows = session.scalars(
        select(InvoiceLine)
        .where(InvoiceLine.invoice_id == invoice_id)
        .order_by(col(InvoiceLine.line))
    )
    return [
        TaxedLine(row.what, row.quantity, row.net_minor, row.tax_minor, row.amount_minor)
        for row in rows
    ]


def list_invoices(
    session: Session,
    *,
    member_id: int | None = None,
    order_id: int | None = None,
    kind: InvoiceKind | None = None,
    limit: int | None = None,
) -> Listing[InvoiceRow]:
    """Return the documents that meet every condition, the newest first."""
    notes = aliased(Invoice)
    credited = (
        columns(func.coalesce(func.sum(col(notes.total_minor)), 0))
        .where(col(notes.corrects_id) == col(Invoice.id))
        .correlate(Invoice)
        .scalar_subquery()
    )
    statement: Any = (
        columns(
            Invoice,
            col(Order.number).label("order_number"),
            col(Order.member_id),
            col(Order.state).label("order_state"),
            col(Order.written_off_minor),
            credited.label("credited"),
        )
        .join(Order, col(Order.id) == col(Invoice.order_id))
        .order_by(col(Invoice.id).desc())
    )
    wanted = [
        (col(Order.member_id), member_id),
        (col(Order.id), order_id),
        (col(Invoice.kind), kind),
    ]
    statement = statement.where(*(column == value for column, value in wanted if value is not None))
    return listing(session, statement, _row, limit)


def _row(row: Any) -> InvoiceRow:
    credited = int(row.credited)
    state = invoice_state(
        row.kind, OrderState(row.order_state), total=row.total_minor, credited=credited,
        written_off=row.written_off_minor, voided=row.voided_at is not None,
    )  # fmt: skip
    return InvoiceRow(
        number=invoice_number(row.series, row.year, row.serial),
        kind=row.kind,
        order=row.order_number,
        member=member_number(row.member_id),
        net=Money(row.net_minor, row.currency),
        tax=Money(row.tax_minor, row.currency),
        total=Money(row.total_minor, row.currency),
        credited=Money(credited, row.currency),
        state=state,
        issued_on=row.issued_on,
    )


def show_invoice(session: Session, text: str) -> tuple[InvoiceRecord, Language]:
    """Return a document with its lines, and its member's language; raises as `find_invoice`."""
    invoice = find_invoice(session, text)
    order = session.get_one(Order, invoice.order_id)
    member = session.get_one(Member, order.member_id)
    credited = credited_minor(session, invoice.id)
    corrected = None
    if invoice.corrects_id is not None:
        corrected = number(session.get_one(Invoice, invoice.corrects_id))
    branch = None
    if order.branch_id is not None:
        branch = session.scalars(select(Branch.name).where(Branch.id == order.branch_id)).one()
    is_invoice = invoice.kind is InvoiceKind.INVOICE
    owed = owing(session, order).open_minor if is_invoice else 0
    record = InvoiceRecord(
        number=number(invoice),
        kind=invoice.kind,
        state=invoice_state(
            invoice.kind, order.state, total=invoice.total_minor, credited=credited,
            written_off=order.written_off_minor, voided=invoice.voided_at is not None,
        ),
        order=order.number,
        member=member_number(member.id),
        name=member.name,
        address=Personal(Kind.ADDRESS, member.address) if member.address else None,
        branch=branch,
        net=Money(invoice.net_minor, invoice.currency),
        tax=Money(invoice.tax_minor, invoice.currency),
        total=Money(invoice.total_minor, invoice.currency),
        credited=Money(credited, invoice.currency),
        open=Money(owed if invoice.voided_at is None else 0, invoice.currency),
        tax_mode=invoice.tax_mode,
        tax_percent=percent_text(invoice.tax_basis_points),
        issued_on=invoice.issued_on,
        issued_by=staff_codes(session, [invoice.issued_by])[invoice.issued_by],
        due_on=order.payment_due_on if is_invoice else None,
        corrects=corrected,
        reason=invoice.reason,
        voided_at=invoice.voided_at,
        void_reason=invoice.void_reason,
        version=invoice.version,
        lines=tuple(_line_record(line, invoice.currency) for line in lines_of(session, invoice.id)),
    )  # fmt: skip
    return record, member.language


def _line_record(line: TaxedLine, currency: str) -> InvoiceLineRecord:
    return InvoiceLineRecord(
        what=line.what,
        quantity=line.quantity,
        net=Money(line.net_minor, currency),
        tax=Money(line.tax_minor, currency),
        amount=Money(line.amount_minor, currency),
    )
