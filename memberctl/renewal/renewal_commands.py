"""The noun `renewal`: whose membership ends, and how it goes on."""

from __future__ import annotations

from typing import Annotated

import typer

from memberctl.cli.invocation import look
from memberctl.cli.nouns import noun
from memberctl.core.dates import add_period, parse_period

renewal = noun("renewal", "Renewals: whose membership ends, and how it goes on.")

RENEWALS = ("member", "name", "plan", "end_on", "days_left", "price", "next")


@renewal.command("list")
def list_renewals(
    ctx: typer.Context,
    within: Annotated[str, typer.Option(help="How far ahead to look, e.g. 30d, 2w or 1m.")] = "30d",
) -> None:
    """List memberships that end soon or are in grace, with today's price and the next command.

    Example: memberctl renewal list --within 30d
    """
    from memberctl.renewal import upcoming

    period = parse_period(within)
    with look(ctx, "access.read") as r:
        found = upcoming.list_renewals(
            r.session, today=r.today, until=add_period(r.today, period),
            currency=r.currency, limit=r.limit,
        )  # fmt: skip
    r.show_list(found.rows, RENEWALS, total=found.total)
