"""The noun `debt`: what members owe, in which parts, and what is asked for no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.arguments import OfMember, OrderArgument
from memberctl.cli.invocation import confirm_outcome, look, work
from memberctl.cli.nouns import noun
from memberctl.cli.whole import whole
from memberctl.core.dates import parse_date, parse_period
from memberctl.payment.debt_rules import MOST_INSTALMENTS

if TYPE_CHECKING:
    from memberctl.cli.invocation import Writing
    from memberctl.payment.debt_rules import WriteOffRecord

debt = noun("debt", "Debts: instalments and write-offs.")

DEBTS = ("order", "member", "total", "open", "due_on", "overdue", "instalments", "write_off",
         "reason")  # fmt: skip

WriteOffNumber = Annotated[str, typer.Argument(help="Write-off number, e.g. WO-000001.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the write-off.")]


@debt.command("list")
def list_debts(
    ctx: typer.Context,
    member: OfMember = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is past its day.")] = False,
) -> None:
    """List the orders on which money is open, the oldest first.

    Example: memberctl debt list --overdue
    """
    from memberctl.member.queries import find_member_id
    from memberctl.payment.debt_queries import list_debts as found_debts

    with look(ctx, "payment.read") as r:
        found = found_debts(
            r.session,
            today=r.today,
            member_id=find_member_id(r.session, member),
            overdue=overdue,
            limit=r.limit,
        )
    r.show_list(found.rows, DEBTS, total=found.total)


@debt.command()
def instalments(
    ctx: typer.Context,
    order: OrderArgument,
    count: Annotated[
        int,
        typer.Option(
            parser=whole("--count", 1, MOST_INSTALMENTS), metavar="N", help="How many, 1 to 60."
        ),
    ],
    first: Annotated[str, typer.Option(help="When the first is due, YYYY-MM-DD.")],
    every: Annotated[str, typer.Option(help="How far apart, e.g. 1m or 2w.")] = "1m",
) -> None:
    """Split what is open on an order into instalments, in place of an earlier plan.

    Example: memberctl debt instalments JN-2026-7F3KX --count 3 --first 2026-04-01
    """
    from memberctl.payment.plans import agree_instalments

    day = parse_date(first, what="the first day")
    with work(ctx, "debt.change") as w:
        done = agree_instalments(
            w.session,
            order,
            count=count,
            first=day,
            every=parse_period(every),
            by=w.actor,
            at=w.now,
            today=w.today,
        )
        parts = ", ".join(f"{each.amount} by {each.due_on}" for each in done.instalments)
        w.say(done, f"Split {{open}} of {{order}} into {{count}}: {parts}.")


@debt.command()
def show(ctx: typer.Context, order: OrderArgument) -> None:
    """Show an order's instalments and what is open of each.

    Example: memberctl debt show JN-2026-7F3KX
    """
    from memberctl.order.queries import find_order
    from memberctl.payment.plans import plan_of

    with look(ctx, "payment.read") as r:
        found = plan_of(r.session, find_order(r.session, order))
    r.show_record(found)


@debt.command("write-off")
def write_off(ctx: typer.Context, order: OrderArgument, reason: Reason) -> None:
    """Ask for what is open on an order to be written off; somebody else approves it.

    Example: memberctl debt write-off JN-2026-7F3KX --reason "moved abroad"
    """
    from memberctl.payment.debts import request_write_off

    with work(ctx, "debt.change") as w:
        done = request_write_off(w.session, order, reason=reason, by=w.actor, at=w.now)
        w.say(done, "Asked for {number}: {amount} of {order} to be written off.")


@debt.command()
def approve(ctx: typer.Context, number: WriteOffNumber) -> None:
    """Approve a write-off that somebody else asked for; the order is closed.

    Example: memberctl debt approve WO-000001
    """
    confirm_outcome(
        ctx, "debt.decide", lambda w: _decided(w, number, None),
        lambda done: f"Write off {done.amount} of {done.order} ({done.number})? Nothing of it is"
        " asked for any more.",
    )  # fmt: skip
    _decide(ctx, number, None)


@debt.command()
def refuse(ctx: typer.Context, number: WriteOffNumber, reason: Reason) -> None:
    """Refuse a write-off that somebody else asked for; the debt stays.

    Example: memberctl debt refuse WO-000001 --reason "a new address is known"
    """
    _decide(ctx, number, reason)


def _decided(w: Writing, number: str, reason: str | None) -> WriteOffRecord:
    """Approve a write-off, or refuse it for a reason."""
    from memberctl.payment.debts import decide_write_off

    return decide_write_off(
        w.session,
        number,
        approve=reason is None,
        reason=reason,
        by=w.actor,
        at=w.now,
        today=w.today,
    )


def _decide(ctx: typer.Context, number: str, reason: str | None) -> None:
    with work(ctx, "debt.decide") as w:
        done = _decided(w, number, reason)
        w.say(done, "{number}, {amount} of {order}, is {state}; the order is {order_state}.")
