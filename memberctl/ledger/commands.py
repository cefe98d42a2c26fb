"""The noun `ledger`: balances, the journal and the check of every figure."""

from __future__ import annotations

from typing import Annotated

import typer

from memberctl.cli.completion import complete_orders
from memberctl.cli.invocation import look
from memberctl.cli.nouns import noun
from memberctl.core.errors import IntegrityFailure
from memberctl.core.numbering import member_number, parse_member_number, parse_order_number
from memberctl.ledger.rules import Account

ledger = noun("ledger", "Ledger: every figure, in double entry.")

BALANCES = ("account", "kind", "balance")
JOURNAL = ("entry", "at", "value_on", "event", "about", "account", "party", "amount")


@ledger.command()
def balance(ctx: typer.Context) -> None:
    """Show what each account holds; debit above 0, credit below.

    Example: memberctl ledger balance
    """
    from memberctl.ledger import queries

    with look(ctx, "ledger.read") as r:
        found = queries.balances(r.session)
    r.show_list(found, BALANCES)


@ledger.command()
def journal(
    ctx: typer.Context,
    about: Annotated[
        str | None,
        typer.Option(help="Only this order, e.g. JN-2026-7F3KX.", autocompletion=complete_orders),
    ] = None,
    account: Annotated[Account | None, typer.Option(help="Only this account.")] = None,
    party: Annotated[
        str | None, typer.Option(help="Only the postings of this order or member, e.g. M-000123.")
    ] = None,
) -> None:
    """List the postings, the newest first.

    Example: memberctl ledger journal --account member_credit
    """
    from memberctl.ledger import queries

    with look(ctx, "ledger.read") as r:
        found = queries.journal(
            r.session,
            about=None if about is None else parse_order_number(about),
            account=account,
            party=None if party is None else _party(party),
            limit=r.limit,
        )
    r.show_list(found.rows, JOURNAL, total=found.total)


def _party(text: str) -> str:
    """Return a member's or an order's number in the form in which postings name it."""
    if text.strip().upper().startswith("M"):
        return member_number(parse_member_number(text))
    return parse_order_number(text)


@ledger.command()
def check(ctx: typer.Context) -> None:
    """Prove that entries, orders, payments, credits and receipts agree; exit 8 if not.

    Example: memberctl ledger check
    """
    from memberctl.payment.checking import check_ledger

    with look(ctx, "ledger.read") as r:
        checked = check_ledger(r.session)
    r.show_record(checked)
    if checked.problems:
        r.end_with(IntegrityFailure.exit_code)
