"""The noun `ledger`: balances, the journal and the check of every figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.completion import complete_orders
from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun, writes
from memberctl.cli.whole import whole
from memberctl.core.dates import EARLIEST, LATEST, parse_date, parse_month
from memberctl.core.errors import IntegrityFailure, UsageProblem
from memberctl.core.numbering import member_number, parse_member_number, parse_order_number
from memberctl.ledger.exporting import Target, exported
from memberctl.ledger.rules import Account

if TYPE_CHECKING:
    from memberctl.ledger.statements import Statement, YearStatement

ledger = noun("ledger", "Ledger: every figure, in double entry.")

BALANCES = ("account", "kind", "balance")
JOURNAL = ("entry", "at", "value_on", "event", "about", "account", "party", "amount")


@ledger.command()
def balance(
    ctx: typer.Context,
    on: Annotated[
        str | None, typer.Option(help="Only what counts by the end of this date, YYYY-MM-DD.")
    ] = None,
) -> None:
    """Show what each account holds; debit above 0, credit below.

    Example: memberctl ledger balance --on 2026-03-31
    """
    from memberctl.ledger import queries

    day = None if on is None else parse_date(on, what="the day of the balance")

    with look(ctx, "ledger.read") as r:
        found = queries.balances(r.session, day)
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
    from memberctl.refund.checking import check_money

    with look(ctx, "ledger.read") as r:
        checked = check_money(r.session)
    r.show_record(checked)
    if checked.problems:
        r.end_with(IntegrityFailure.exit_code)


@ledger.command()
def recognise(
    ctx: typer.Context,
    through: Annotated[str, typer.Option(help="The last day that counts, YYYY-MM-DD.")],
) -> None:
    """Book the fees that were earned by the end of a day as income; a second run adds nothing.

    Example: memberctl ledger recognise --through 2026-03-31
    """
    from memberctl.payment.recognising import recognise_fees

    day = parse_date(through, what="the last day")
    with work(ctx, "ledger.post") as w:
        done = recognise_fees(
            w.session, day, by=w.actor, at=w.now, today=w.today, zone=w.zone, currency=w.currency
        )
        w.say(
            done,
            "Booked {earned} as income through {through}, for orders: {orders}; {unearned} is"
            " still owed in service.",
        )


@ledger.command()
def statement(
    ctx: typer.Context,
    month: Annotated[str | None, typer.Option(help="The month, YYYY-MM; else this one.")] = None,
    year: Annotated[
        int | None,
        typer.Option(
            parser=whole("--year", EARLIEST.year, LATEST.year),
            metavar="YYYY",
            help="A whole year, month by month.",
        ),
    ] = None,
) -> None:
    """Show a month's income, what is owed both ways, every account, and a year's bars.

    With --year the same of a year, and of each of its twelve months.

    Example: memberctl ledger statement --year 2026
    """
    from memberctl.ledger.statements import month_statement, year_statement

    if month is not None and year is not None:
        raise UsageProblem("--month and --year are two statements: give one of them")
    found: Statement | YearStatement
    with look(ctx, "ledger.read") as r:
        if year is not None:
            found = year_statement(r.session, year, r.currency)
        else:
            first = r.today.replace(day=1) if month is None else parse_month(month)
            found = month_statement(r.session, first, r.currency)
    # A year's months say more than their bars do, and are shown beside them.
    r.show_record(found, as_bars="months" if year is None else None)
    bars = [(each.month, each.income, max(each.income.minor, 0)) for each in found.months]
    r.show_bars("Income by month", bars)


@ledger.command()
@writes(".beancount", ".journal", ".hledger", ".ledger")
def export(
    ctx: typer.Context,
    to: Annotated[Target, typer.Option(help="The program that is to read it.")],
) -> None:
    """Write every entry for another accounting program; people appear by their numbers alone.

    Example: memberctl ledger export --to beancount --output books.beancount
    """
    from memberctl.ledger.queries import export_entries
    from memberctl.office.queries import organisation

    with look(ctx, "ledger.read") as r:
        entries = export_entries(r.session)
        title = organisation(r.session).name
    r.show_document(exported(entries, title, to))
