"""Invoices are issued, voided when they were an error, and corrected by credit notes.

Source: rules M2, M12, M13; mission S3.10.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.core.errors import RuleRefused
from memberctl.core.money import Money
from memberctl.core.numbering import member_number
from memberctl.core.text import clean_reason
from memberctl.ledger.operations import book_credit, post_entry
from memberctl.ledger.queries import fee_minor
from memberctl.ledger.rules import reduced_lines
from memberctl.member.presence import refuse_gone
from memberctl.office.queries import branch_code, policy, policy_number
from memberctl.order.queries import order_lines, order_to_change
from memberctl.order.rules import OrderState, refuse_if_changed
from memberctl.order.tables import Order
from memberctl.payment import invoice_queries, invoice_rules, queries, rules
from memberctl.payment.invoice_rules import (
    InvoiceIssued,
    InvoiceKind,
    InvoiceVoided,
    TaxedLine,
    TaxMode,
)
from memberctl.payment.invoice_tables import Invoice, InvoiceLine
from memberctl.payment.plans import follow_plan
from memberctl.payment.refundable import applied_payments
from memberctl.payment.settling import settle
from memberctl.store.audit import note
from memberctl.store.bulk import insert_rows
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor

LINES = ("invoice_id", "line", "what", "quantity", "net_minor", "tax_minor", "amount_minor")


def issue_invoice(
    session: Session, order_text: str, *, by: Actor, at: datetime, today: date
) -> InvoiceIssued:
    """Issue the invoice of an order whose fee is owed, with the next number of its branch.

    Raises RuleRefused for an order that owes nothing and for one that has an invoice.
    Source: rules M12, M13.
    """
    order = order_to_change(session, order_text)
    refuse_gone(session, order.member_id)
    issued = invoice_queries.live_invoice(session, order.id)
    known = None if issued is None else invoice_queries.number(issued)
    invoice_rules.refuse_invoice(order.number, order.state, known)
    share = policy_number(session, "tax_rate")
    lines = invoice_rules.taxed_lines(order_lines(session, order.id), share)
    invoice = _write(
        session, order, InvoiceKind.INVOICE, lines, share, TaxMode(policy(session, "tax_mode")),
        by=by, at=at, today=today,
    )  # fmt: skip
    _note(session, invoice, order, "invoice.issued", by=by, at=at)
    return _issued(session, invoice, order, 0)


def void_invoice(
    session: Session,
    number: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    seen: int | None = None,
) -> InvoiceVoided:
    """Void an invoice that was an error; it keeps its number, and its order may get another.

    Raises RuleRefused for a voided one, for a credit note and for one that has credit notes.
    Source: rules M2, M13.
    """
    why = clean_reason(reason)
    order = invoice_queries.order_of_invoice_to_change(session, number)
    invoice = invoice_queries.invoice_to_change(session, number)
    refuse_if_changed(seen, invoice.version)
    number = invoice_queries.number(invoice)
    if invoice.kind is not InvoiceKind.INVOICE:
        raise RuleRefused(f"{number} is a credit note: what it took off is owed no more")
    if invoice.voided_at is not None:
        raise RuleRefused(f"invoice {number} is voided")
    if invoice_queries.credited_minor(session, invoice.id):
        raise RuleRefused(
            f"invoice {number} has credit notes", hint=f"memberctl invoice show {number}"
        )
    invoice.voided_at, invoice.voided_by, invoice.void_reason = at, by.staff_id, why
    invoice.version += 1
    session.flush()
    _note(session, invoice, order, "invoice.voided", by=by, at=at)
    return InvoiceVoided(number, order.number, Money(invoice.total_minor, invoice.currency))


def credit_invoice(
    session: Session,
    number: str,
    *,
    amount_minor: int | None,
    reason: str,
    by: Actor,
    at: datetime,
    today: date,
    seen: int | None = None,
) -> InvoiceIssued:
    """Issue a credit note: it reduces what is owed for the order of an invoice.

    What had been paid beyond that becomes the member's credit; an order of which nothing is
    open any more is settled. For an order that was given up it only corrects the invoice.
    amount_minor -- None for all that is left of the invoice
    Raises RuleRefused for more than is left, for a voided invoice and for a gift.
    Source: rules M2, M12, M13.
    """
    why = clean_reason(reason)
    order = invoice_queries.order_of_invoice_to_change(session, number)
    invoice = invoice_queries.invoice_to_change(session, number)
    refuse_if_changed(seen, invoice.version)
    number = invoice_queries.number(invoice)
    if invoice.kind is not InvoiceKind.INVOICE or invoice.voided_at is not None:
        raise RuleRefused(f"{number} is no invoice that counts, so nothing can be taken off it")
    before = invoice_queries.credited_minor(session, invoice.id)
    left = invoice.total_minor - before
    amount = invoice_rules.checked_credit(number, amount_minor, left, invoice.currency)
    lines = invoice_rules.credited_lines(
        invoice_queries.lines_of(session, invoice.id), before, amount, invoice.tax_basis_points
    )
    invoice.version += 1
    dead = order.state in rules.DEAD
    entry_id = None if dead else _reduce(session, order, amount, value_on=today, at=at)
    note_ = _write(
        session, order, InvoiceKind.CREDIT_NOTE, lines, invoice.tax_basis_points,
        invoice.tax_mode, by=by, at=at, today=today, corrects=invoice, reason=why,
        entry_id=entry_id,
    )  # fmt: skip
    _note(session, note_, order, "invoice.credited", by=by, at=at)
    over = 0 if dead else _give_over(session, order, value_on=today, at=at)
    if order.state is OrderState.CONFIRMED:
        _settle_if_nothing_is_open(session, order, note_, by=by, at=at, today=today)
    return _issued(session, note_, order, over)


def _reduce(session: Session, order: Order, amount: int, *, value_on: date, at: datetime) -> int:
    """Take an amount off what is owed for an order; return the entry."""
    invoice_rules.refuse_written_off(order.number, order.written_off_minor)
    owing = queries.owing(session, order)
    if order.state is OrderState.CONFIRMED:
        invoice_rules.refuse_gift(order.number, amount, owing.open_minor, owing.paid_minor)
    unearned, earned = fee_minor(session, order.number)
    if amount > unearned + earned:
        left = Money(unearned + earned, order.currency)
        raise RuleRefused(
            f"only {left} of the fee of {order.number} is left to be credited",
            hint=f"memberctl ledger journal --about {order.number}",
        )
    order.credited_minor += amount
    order.version += 1
    session.flush()
    return post_entry(
        session, "invoice.credited", order.number,
        reduced_lines(order.number, amount, unearned),
        currency=order.currency, value_on=value_on, at=at,
    )  # fmt: skip


def _give_over(session: Session, order: Order, *, value_on: date, at: datetime) -> int:
    """Turn what is paid beyond what an order costs now into credit, the newest payment first."""
    owing = queries.owing(session, order)
    over = left = max(owing.paid_minor - owing.due_minor, 0)
    if not over:
        return 0
    for payment in reversed(applied_payments(session, order.id, lock=True)):
        share = min(left, payment.applied_minor - payment.claimed_minor - payment.refunded_minor)
        payment.applied_minor -= share
        payment.credit_minor += share
        payment.version += 1
        left -= share
    if left:
        raise RuleRefused(
            f"a refund of order {order.number} is asked for: decide that first",
            hint=f"memberctl refund list --order {order.number}",
        )
    session.flush()
    book_credit(
        session, order.number, member_number(order.member_id), over,
        currency=order.currency, value_on=value_on, at=at,
    )  # fmt: skip
    return over


def _settle_if_nothing_is_open(
    session: Session, order: Order, credit_note: Invoice, *, by: Actor, at: datetime, today: date
) -> None:
    follow_plan(session, order)
    if queries.owing(session, order).open_minor == 0:
        cause = invoice_queries.number(credit_note)
        settle(session, order, cause=cause, paid_on=today, by=by, at=at)


def _write(
    session: Session,
    order: Order,
    kind: InvoiceKind,
    lines: Sequence[TaxedLine],
    share: int,
    mode: TaxMode,
    *,
    by: Actor,
    at: datetime,
    today: date,
    corrects: Invoice | None = None,
    reason: str = "",
    entry_id: int | None = None,
) -> Invoice:
    """Write a document with the next number of its series and year (rules M13)."""
    code = branch_code(session, order.branch_id)
    series = invoice_rules.series_of(kind, code)
    invoice = Invoice(
        id=take_one(session, "invoice"),
        kind=kind,
        series=series,
        year=today.year,
        serial=take_one(session, f"{invoice_queries.COUNTERS}{series}:{today.year}"),
        order_id=order.id,
        corrects_id=None if corrects is None else corrects.id,
        net_minor=sum(line.net_minor for line in lines),
        tax_minor=sum(line.tax_minor for line in lines),
        total_minor=sum(line.amount_minor for line in lines),
        currency=order.currency,
        tax_mode=mode,
        tax_basis_points=share,
        reason=reason,
        issued_on=today,
        issued_at=at,
        issued_by=by.staff_id,
        entry_id=entry_id,
    )
    session.add(invoice)
    session.flush()
    rows = [
        (invoice.id, n, each.what, each.quantity, each.net_minor, each.tax_minor,
         each.amount_minor)
        for n, each in enumerate(lines, start=1)
    ]  # fmt: skip
    insert_rows(session, InvoiceLine, LINES, rows)
    return invoice


def _note(
    session: Session, invoice: Invoice, order: Order, event: str, *, by: Actor, at: datetime
) -> None:
    note(
        session, event, invoice_queries.number(invoice), by=by, at=at, order=order.number,
        total=invoice.total_minor, tax=invoice.tax_minor,
    )  # fmt: skip


def _issued(session: Session, invoice: Invoice, order: Order, over: int) -> InvoiceIssued:
    return InvoiceIssued(
        number=invoice_queries.number(invoice),
        kind=invoice.kind,
        order=order.number,
        total=Money(invoice.total_minor, invoice.currency),
        tax=Money(invoice.tax_minor, invoice.currency),
        order_state=order.state,
        open=Money(queries.owing(session, order).open_minor, order.currency),
        credit=Money(over, order.currency),
    )
