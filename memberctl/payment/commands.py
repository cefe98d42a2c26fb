"""The nouns `payment` and `receipt`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.arguments import OfMember, OrderArgument
from memberctl.cli.completion import complete_orders
from memberctl.cli.invocation import confirm, look, work
from memberctl.cli.nouns import noun
from memberctl.cli.whole import Seen
from memberctl.core.dates import at_local_midnight, parse_date, parse_instant
from memberctl.core.money import parse_amount
from memberctl.payment import rules
from memberctl.payment.receipts import receipt_text
from memberctl.payment.results import Outcome
from memberctl.payment.rules import Method, PaymentState, ReceiptState, Tender

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo


payment = noun("payment", "Payments: money that came in.")
receipt = noun("receipt", "Receipts: proof of payment.")

PAYMENTS = (
    "number", "order", "member", "amount", "method", "reference", "state", "received_at", "receipt",
)  # fmt: skip
RECEIPTS = (
    "number", "payment", "order", "member", "name", "amount", "method", "state", "issued_at",
)  # fmt: skip
SENTENCES = {
    Outcome.ALREADY: "Already recorded: {number}, {amount} for {order} (receipt {receipt}).",
    Outcome.SETTLED: "Recorded {number}, {amount} for {order} (receipt {receipt}); nothing is"
    " open, the order is {order_state}.",
    Outcome.PARTIAL: "Recorded {number}, {amount} for {order} (receipt {receipt}); {open} is"
    " open, the order is {order_state}.",
    Outcome.OVERPAID: "Recorded {number}, {amount} for {order} (receipt {receipt}); the order is"
    " {order_state}, {credit} is over and became the member's credit.",
    Outcome.LATE: "Recorded {number}, {amount} (receipt {receipt}), as the member's credit: it"
    " came after the payment deadline of {order}, which stays {order_state}; nothing was"
    " activated.",
    Outcome.CREDIT: "Recorded {number}, {amount} (receipt {receipt}), as the member's credit:"
    " {order} is {order_state} and takes no more money; nothing was activated.",
}

PaymentNumber = Annotated[str, typer.Argument(help="Payment number, e.g. P-000001.")]


@payment.command()
def record(
    ctx: typer.Context,
    order: OrderArgument,
    amount: Annotated[str, typer.Argument(help="Amount, e.g. 3650.00.")],
    method: Annotated[Method, typer.Option(help="How the money came.")],
    reference: Annotated[
        str | None, typer.Option(help="The transaction's own number; it counts once.")
    ] = None,
    received: Annotated[
        str | None, typer.Option(help="When it came, YYYY-MM-DD or YYYY-MM-DD HH:MM; else now.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="A second equal payment within minutes is meant.")
    ] = False,
) -> None:
    """Record money that came for an order; a fully paid membership is active at once.

    Example: memberctl payment record JN-2026-7F3KX 3650.00 --method wechat --reference TX1
    """
    from memberctl.payment.operations import record_payment

    with work(ctx, "payment.record", money=True) as w:
        tender = Tender(
            order_text=order,
            amount_minor=parse_amount(amount, w.currency),
            method=method,
            reference=rules.checked_reference(reference),
            received_at=_received(received, w.zone),
            again=again,
        )
        recorded = record_payment(
            w.session, tender, by=w.actor, at=w.now, today=w.today, currency=w.currency
        )
        w.say(recorded, SENTENCES[recorded.outcome])


def _received(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Return when money came; a date alone is the beginning of that local day."""
    if text is None:
        return None
    if len(text.strip()) == len("2026-03-02"):
        return at_local_midnight(parse_date(text.strip(), what="the day it was received"), zone)
    return parse_instant(text, zone)


@payment.command()
def verify(ctx: typer.Context, number: PaymentNumber, seen: Seen = None) -> None:
    """Say that a payment was found on the account; not by who recorded it.

    Example: memberctl payment verify P-000001
    """
    from memberctl.payment.operations import verify_payment

    with work(ctx, "payment.verify") as w:
        verified = verify_payment(w.session, number, by=w.actor, at=w.now, seen=seen)
        w.say(verified, "Verified {number}, {amount} by {method} for {order}.")


@payment.command()
def void(
    ctx: typer.Context,
    number: PaymentNumber,
    reason: Annotated[str, typer.Option(help="Why it was an error.")],
    seen: Seen = None,
) -> None:
    """Undo a payment that was an entry error, with everything that it caused.

    Money that goes back to the member is a refund, not this.

    Example: memberctl payment void P-000001 --reason "wrong order"
    """
    from memberctl.payment import queries
    from memberctl.payment.operations import void_payment

    with look(ctx, "payment.void") as r:
        effects = queries.void_effects(r.session, number)
    confirm(
        ctx,
        f"Void {effects.number} of {effects.amount} for {effects.order} ({effects.order_state})?"
        f" Receipt {effects.receipt} becomes void, terms ending: {effects.terms},"
        f" cards blocked at most: {effects.cards}.",
    )
    with work(ctx, "payment.void") as w:
        voided = void_payment(
            w.session,
            number,
            reason=reason,
            by=w.actor,
            at=w.now,
            today=w.today,
            seen=effects.version if seen is None else seen,
        )
        w.say(
            voided,
            "Voided {number}, {amount} (receipt {receipt}); {order} is {order_state} with {open}"
            " open, terms ended: {terms}, cards blocked: {cards}.",
        )


@payment.command()
def chargeback(
    ctx: typer.Context,
    number: PaymentNumber,
    reason: Annotated[str, typer.Option(help="Why, as the bank says.")],
    seen: Seen = None,
) -> None:
    """Book that a bank took a payment back: it is owed again, and what it activated ends.

    Example: memberctl payment chargeback P-000001 --reason "disputed by the card holder"
    """
    from memberctl.payment import queries
    from memberctl.payment.debts import charge_back

    with look(ctx, "payment.charge_back") as r:
        effects = queries.void_effects(r.session, number)
    confirm(
        ctx,
        f"Book that {effects.amount} of {effects.number} for {effects.order} was taken back?"
        f" Receipt {effects.receipt} becomes void, terms ending: {effects.terms},"
        f" cards blocked at most: {effects.cards}.",
    )
    with work(ctx, "payment.charge_back", money=True) as w:
        done = charge_back(
            w.session,
            number,
            reason=reason,
            by=w.actor,
            at=w.now,
            today=w.today,
            seen=effects.version if seen is None else seen,
        )
        w.say(
            done,
            "Booked {number}, {amount}, as taken back (receipt {receipt}); {order} is"
            " {order_state} with {open} open, terms ended: {terms}, cards blocked: {cards}.",
        )


@payment.command("list")
def list_payments(
    ctx: typer.Context,
    order: Annotated[
        str | None, typer.Option(help="Only this order.", autocompletion=complete_orders)
    ] = None,
    member: OfMember = None,
    state: Annotated[PaymentState | None, typer.Option(help="Only this state.")] = None,
    method: Annotated[Method | None, typer.Option(help="Only this way of paying.")] = None,
) -> None:
    """List the payments, the newest first.

    Example: memberctl payment list --state recorded
    """
    from memberctl.member.queries import find_member_id
    from memberctl.payment import queries

    with look(ctx, "payment.read") as r:
        found = queries.list_payments(
            r.session,
            order=order,
            member_id=find_member_id(r.session, member),
            state=state,
            method=method,
            limit=r.limit,
        )
    r.show_list(found.rows, PAYMENTS, total=found.total)


@payment.command()
def show(ctx: typer.Context, number: PaymentNumber) -> None:
    """Show one payment with its receipt and who did what.

    Example: memberctl payment show P-000001
    """
    from memberctl.payment import queries

    with look(ctx, "payment.read") as r:
        found = queries.show_payment(r.session, number)
    r.show_record(found)


@receipt.command("list")
def list_receipts(
    ctx: typer.Context,
    member: OfMember = None,
    state: Annotated[ReceiptState | None, typer.Option(help="Only issued or voided ones.")] = None,
) -> None:
    """List the receipts, the newest first; voided ones keep their numbers.

    Example: memberctl receipt list --member M-000123
    """
    from memberctl.member.queries import find_member_id
    from memberctl.payment import queries

    with look(ctx, "payment.read") as r:
        found = queries.list_receipts(
            r.session, member_id=find_member_id(r.session, member), state=state, limit=r.limit
        )
    r.show_list(found.rows, RECEIPTS, total=found.total)


@receipt.command("show")
def show_receipt(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="Receipt number, e.g. RC-2026-000001.")],
) -> None:
    """Show a receipt in the member's language, as it can be printed.

    Example: memberctl receipt show RC-2026-000001
    """
    from memberctl.office.queries import organisation
    from memberctl.payment import queries

    with look(ctx, "payment.read") as r:
        found, language = queries.show_receipt(r.session, number)
        name = organisation(r.session).name
    r.show_text(receipt_text(found, name, language, r.zone), found)
