"""The noun `quote`: what members are offered."""

from __future__ import annotations

from typing import Annotated

import typer

from memberctl.cli.arguments import OrderArgument
from memberctl.cli.completion import complete_plans, complete_staff
from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun
from memberctl.cli.whole import Seen

quote = noun("quote", "Quotes: what members are offered.")

QUOTES = ("order", "version", "state", "plan", "total", "valid_until")


@quote.command("list")
def list_quotes(ctx: typer.Context) -> None:
    """List the quotes, the newest first.

    Example: memberctl quote list
    """
    from memberctl.order import quote_queries

    with look(ctx, "order.read") as r:
        found = quote_queries.list_quotes(r.session, limit=r.limit)
    r.show_list(found.rows, QUOTES, total=found.total)


@quote.command("show")
def show_quotes(ctx: typer.Context, number: OrderArgument) -> None:
    """Show every quote of an order, the newest first.

    Example: memberctl quote show JN-2026-7F3KX
    """
    from memberctl.order import queries, quote_queries

    with look(ctx, "order.read") as r:
        order_id = queries.find_order(r.session, number).id
        found = quote_queries.list_quotes(r.session, order_id=order_id, limit=r.limit)
    r.show_list(found.rows, QUOTES, total=found.total)


@quote.command()
def revise(
    ctx: typer.Context,
    number: OrderArgument,
    plan: Annotated[
        str | None, typer.Option(help="Offer this plan instead.", autocompletion=complete_plans)
    ] = None,
    price: Annotated[
        str | None, typer.Option(help="Price of the first line; else what plan and tier say.")
    ] = None,
    seen: Seen = None,
) -> None:
    """Offer something else, or the same again with a new last day.

    The old quote is superseded; approvals after the first stage fall back if the content differs.

    Example: memberctl quote revise JN-2026-7F3KX --price 3500.00
    """
    from memberctl.catalog.queries import find_plan_terms
    from memberctl.core.money import parse_amount
    from memberctl.order.quoting import Revision
    from memberctl.review.operations import revise_quote

    with work(ctx, "quote.change") as w:
        terms = None if plan is None else find_plan_terms(w.session, plan, w.today)
        unit = None if price is None else parse_amount(price, w.currency, what="the price")
        revised = revise_quote(
            w.session, number, Revision(terms, unit),
            seen=seen, by=w.actor, at=w.now, today=w.today,
        )  # fmt: skip
        if revised.fell_back:
            w.note(f"later approvals of {revised.order} fell back; it waits in {revised.stage}")
        w.say(revised, "Quote {version} of {order}: {total}, valid until {valid_until}.")


@quote.command()
def accept(
    ctx: typer.Context,
    number: OrderArgument,
    honour_expired: Annotated[
        str | None,
        typer.Option(
            help="Manager who lets an expired quote count all the same.",
            autocompletion=complete_staff,
        ),
    ] = None,
) -> None:
    """Take down that the member accepts the newest quote of an order.

    Example: memberctl quote accept JN-2026-7F3KX
    """
    from memberctl.order.quoting import accept_quote

    with work(ctx, "quote.change") as w:
        accepted = accept_quote(
            w.session, number, by=w.actor, at=w.now, today=w.today, honoured_by=honour_expired
        )
        w.say(accepted, "{order} is accepted at {total}.")
