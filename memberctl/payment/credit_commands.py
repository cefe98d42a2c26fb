"""The noun `credit`: what is the member's, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.arguments import MemberArgument, OfMember
from memberctl.cli.completion import complete_orders
from memberctl.cli.invocation import confirm_outcome, look, work
from memberctl.cli.nouns import noun
from memberctl.cli.whole import Seen
from memberctl.core.money import parse_amount
from memberctl.payment.credit_rules import CreditRequested, RequestState
from memberctl.payment.rules import Method

if TYPE_CHECKING:
    from memberctl.cli.invocation import Writing
    from memberctl.payment.credit_rules import CreditRequested

credit = noun("credit", "Credits: money that is the member's.")

CREDITS = ("member", "name", "credit", "since")
REQUESTS = (
    "number", "member", "kind", "amount", "method", "state", "requested_at", "requested_by",
    "decided_by", "paid_by", "reason", "decision",
)  # fmt: skip

RequestNumber = Annotated[str, typer.Argument(help="Request number, e.g. CP-000001.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the request.")]


@credit.command("list")
def list_credits(ctx: typer.Context) -> None:
    """List the members who have credit, how much, and since when it has not moved.

    Example: memberctl credit list
    """
    from memberctl.payment import queries

    with look(ctx, "payment.read") as r:
        found = queries.list_credits(r.session, limit=r.limit)
    r.show_list(found.rows, CREDITS, total=found.total)


@credit.command()
def show(ctx: typer.Context, member: MemberArgument) -> None:
    """Show a member's credit with everything that made it more or less.

    Example: memberctl credit show M-000123
    """
    from memberctl.payment.credit_queries import credit_account

    with look(ctx, "payment.read") as r:
        found = credit_account(r.session, member, today=r.today, currency=r.currency)
    r.show_record(found)


@credit.command()
def apply(
    ctx: typer.Context,
    member: MemberArgument,
    order: Annotated[
        str | None,
        typer.Option(
            help="Only this order; else the oldest debt first.", autocompletion=complete_orders
        ),
    ] = None,
    amount: Annotated[str | None, typer.Option(help="No more than this; else all of it.")] = None,
) -> None:
    """Let a member's credit pay what they owe, the oldest order first.

    Example: memberctl credit apply M-000123
    """
    from memberctl.member.queries import find_member
    from memberctl.payment.crediting import apply_credit

    with work(ctx, "credit.use", money=True) as w:
        done = apply_credit(
            w.session,
            find_member(w.session, member).id,
            order_text=order,
            amount_minor=None if amount is None else parse_amount(amount, w.currency),
            by=w.actor,
            at=w.now,
            today=w.today,
            currency=w.currency,
        )
        paid = ", ".join(
            f"{part.amount} for {part.order} ({part.order_state}, receipt {part.receipt})"
            for part in done.parts
        )
        w.say(done, f"Applied {{applied}} of the credit of {{member}}: {paid}; {{left}} is left.")


@credit.command()
def payout(
    ctx: typer.Context,
    member: MemberArgument,
    method: Annotated[Method, typer.Option(help="How it is to be paid out.")],
    reason: Reason,
    amount: Annotated[str | None, typer.Option(help="How much; else all of it.")] = None,
) -> None:
    """Ask for credit to be paid out; somebody else approves it, and a third person pays.

    Example: memberctl credit payout M-000123 --method bank --reason "moved away"
    """
    from memberctl.member.queries import find_member
    from memberctl.payment.crediting import request_payout

    with work(ctx, "credit.use", money=True) as w:
        done = request_payout(
            w.session,
            find_member(w.session, member).id,
            amount_minor=None if amount is None else parse_amount(amount, w.currency),
            method=method,
            reason=reason,
            by=w.actor,
            at=w.now,
            today=w.today,
            currency=w.currency,
        )
        w.say(done, "Asked for {number}: {amount} to {member} by {method}; {left} credit is left.")


@credit.command()
def stale(ctx: typer.Context, member: MemberArgument, reason: Reason) -> None:
    """Ask for a credit that lay still for years to be given up; somebody else approves it.

    Example: memberctl credit stale M-000123 --reason "not reached for three years"
    """
    from memberctl.member.queries import find_member
    from memberctl.payment.crediting import request_giving_up

    with work(ctx, "credit.use") as w:
        done = request_giving_up(
            w.session,
            find_member(w.session, member).id,
            reason=reason,
            by=w.actor,
            at=w.now,
            today=w.today,
            currency=w.currency,
        )
        w.say(done, "Asked for {number}: {amount} of {member} to be given up.")


@credit.command()
def approve(ctx: typer.Context, number: RequestNumber, seen: Seen = None) -> None:
    """Approve what somebody else asked for; a stale credit becomes income at once.

    Example: memberctl credit approve CP-000001
    """
    _decide(ctx, number, None, seen)


@credit.command()
def refuse(ctx: typer.Context, number: RequestNumber, reason: Reason, seen: Seen = None) -> None:
    """Refuse what somebody else asked for; the credit is the member's to use again.

    Example: memberctl credit refuse CP-000001 --reason "account in another name"
    """
    _decide(ctx, number, reason, seen)


def _decide(ctx: typer.Context, number: str, reason: str | None, seen: int | None) -> None:
    """Approve a request, or refuse it for a reason."""
    from memberctl.payment.crediting import decide_request

    with work(ctx, "credit.decide") as w:
        done: CreditRequested = decide_request(
            w.session,
            number,
            approve=reason is None,
            reason=reason,
            by=w.actor,
            at=w.now,
            today=w.today,
            seen=seen,
        )
        w.say(done, "{number}, {amount} of {member}, is {state}.")


@credit.command()
def pay(ctx: typer.Context, number: RequestNumber, seen: Seen = None) -> None:
    """Pay an approved payout, once; not by who approved it.

    Example: memberctl credit pay CP-000001
    """
    from memberctl.payment.crediting import pay_request

    def act(w: Writing) -> CreditRequested:
        return pay_request(w.session, number, by=w.actor, at=w.now, today=w.today, seen=seen)

    confirm_outcome(
        ctx, "credit.pay", act,
        lambda done: f"Pay {done.amount} to {done.member} by {done.method} now ({done.number})?",
    )  # fmt: skip
    with work(ctx, "credit.pay", money=True) as w:
        done = act(w)
        w.say(done, "Paid {number}: {amount} to {member} by {method}.")


@credit.command()
def requests(
    ctx: typer.Context,
    member: OfMember = None,
    state: Annotated[RequestState | None, typer.Option(help="Only in this state.")] = None,
) -> None:
    """List what was asked to be done with credit, the newest first.

    Example: memberctl credit requests --state requested
    """
    from memberctl.member.queries import find_member_id
    from memberctl.payment.credit_queries import list_requests

    with look(ctx, "payment.read") as r:
        found = list_requests(
            r.session,
            member_id=find_member_id(r.session, member),
            state=state,
            limit=r.limit,
        )
    r.show_list(found.rows, REQUESTS, total=found.total)
