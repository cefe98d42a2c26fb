"""The noun `invoice`: invoices and credit notes, as text, as data and as PDF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.arguments import OfMember, OrderArgument
from memberctl.cli.completion import complete_orders
from memberctl.cli.invocation import confirm_outcome, look, work
from memberctl.cli.nouns import noun, writes
from memberctl.cli.run import Run
from memberctl.cli.whole import Seen
from memberctl.core.money import parse_amount
from memberctl.core.text import Kind
from memberctl.payment.invoice_rules import InvoiceKind
from memberctl.payment.invoice_text import invoice_text

if TYPE_CHECKING:
    from memberctl.cli.invocation import Writing
    from memberctl.payment.invoice_rules import InvoiceVoided

invoice = noun("invoice", "Invoices and credit notes.")

INVOICES = (
    "number", "kind", "order", "member", "net", "tax", "total", "credited", "state", "issued_on",
)  # fmt: skip
PDF = ".pdf"

InvoiceNumber = Annotated[str, typer.Argument(help="Number, e.g. IN-SH01-2026-000001.")]


@invoice.command()
def issue(ctx: typer.Context, order: OrderArgument) -> None:
    """Issue the invoice of an order whose fee is owed, with the next number of its branch.

    Example: memberctl invoice issue JN-2026-7F3KX
    """
    from memberctl.payment.invoicing import issue_invoice

    with work(ctx, "invoice.issue") as w:
        issued = issue_invoice(w.session, order, by=w.actor, at=w.now, today=w.today)
        w.say(issued, "Issued {number} for {order}: {total}, {tax} of it tax, {open} open.")


@invoice.command("list")
def list_invoices(
    ctx: typer.Context,
    member: OfMember = None,
    order: Annotated[
        str | None, typer.Option(help="Only of this order.", autocompletion=complete_orders)
    ] = None,
    kind: Annotated[InvoiceKind | None, typer.Option(help="Only of this kind.")] = None,
) -> None:
    """List invoices and credit notes, the newest first; voided ones keep their numbers.

    Example: memberctl invoice list --kind credit_note
    """
    from memberctl.member.queries import find_member_id
    from memberctl.order.queries import find_order
    from memberctl.payment.invoice_queries import list_invoices as found_invoices

    with look(ctx, "payment.read") as r:
        found = found_invoices(
            r.session,
            member_id=find_member_id(r.session, member),
            order_id=None if order is None else find_order(r.session, order).id,
            kind=kind,
            limit=r.limit,
        )
    r.show_list(found.rows, INVOICES, total=found.total)


@invoice.command()
@writes(PDF)
def show(ctx: typer.Context, number: InvoiceNumber) -> None:
    """Show an invoice or credit note in the member's language; --output x.pdf writes a PDF.

    The address is masked unless --reveal gives a reason.

    Example: memberctl invoice show IN-SH01-2026-000001 --output invoice.pdf
    """
    from memberctl.office.queries import organisation
    from memberctl.payment.invoice_queries import show_invoice

    run: Run = ctx.obj
    with look(ctx, "payment.read") as r:
        found, language = show_invoice(r.session, number)
        name = organisation(r.session).name
    lines = invoice_text(found, name, language, revealed=Kind.ADDRESS in run.output.options.reveal)
    if Path(run.options.output or "").suffix.lower() == PDF:
        from memberctl.payment.invoice_pdf import invoice_pdf

        r.show_document([invoice_pdf(found, lines)], found)
    else:
        r.show_text("".join(f"{line}\n" for line in lines), found)


@invoice.command()
def void(
    ctx: typer.Context,
    number: InvoiceNumber,
    reason: Annotated[str, typer.Option(help="Why it was an error.")],
    seen: Seen = None,
) -> None:
    """Void an invoice that was an error; it keeps its number.

    Example: memberctl invoice void IN-SH01-2026-000001 --reason "wrong order"
    """
    from memberctl.payment.invoicing import void_invoice

    def act(w: Writing) -> InvoiceVoided:
        return void_invoice(w.session, number, reason=reason, by=w.actor, at=w.now, seen=seen)

    confirm_outcome(
        ctx, "invoice.credit", act,
        lambda done: f"Void {done.number} of {done.total} for {done.order}? It keeps its number and"
        " counts for nothing any more.",
    )  # fmt: skip
    with work(ctx, "invoice.credit") as w:
        done = act(w)
        w.say(done, "Voided {number} of {total} for {order}.")


@invoice.command()
def credit(
    ctx: typer.Context,
    number: InvoiceNumber,
    reason: Annotated[str, typer.Option(help="Why; it stands on the credit note.")],
    amount: Annotated[str | None, typer.Option(help="How much; else all that is left.")] = None,
    seen: Seen = None,
) -> None:
    """Issue a credit note: it reduces what is owed; what was paid beyond that becomes credit.

    Example: memberctl invoice credit IN-SH01-2026-000001 --amount 50.00 --reason "late opening"
    """
    from memberctl.payment.invoicing import credit_invoice

    with work(ctx, "invoice.credit", money=True) as w:
        done = credit_invoice(
            w.session,
            number,
            amount_minor=None if amount is None else parse_amount(amount, w.currency),
            reason=reason,
            by=w.actor,
            at=w.now,
            today=w.today,
            seen=seen,
        )
        w.say(
            done,
            "Issued {number} for {order}: {total} less is owed, {open} is open; {credit} became"
            " the member's credit.",
        )
