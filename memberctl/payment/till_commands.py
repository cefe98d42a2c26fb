"""The noun `till`: the close of the day, counted against expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun
from memberctl.core.money import parse_amount
from memberctl.payment.rules import Method
from memberctl.payment.till_rules import NO_BRANCH

if TYPE_CHECKING:
    from sqlmodel import Session

till = noun("till", "Tills: the close of the day.")

TILLS = (
    "number", "branch", "method", "closed_on", "expected", "counted", "difference", "closed_by",
)  # fmt: skip

OfBranch = Annotated[str | None, typer.Option(help="The branch; else what no branch took.")]
OfMethod = Annotated[Method | None, typer.Option(help="Only this way of paying.")]


@till.command()
def close(
    ctx: typer.Context,
    method: Annotated[Method, typer.Option(help="Which till.")],
    counted: Annotated[
        str, typer.Option(help="Takings since the last close, without the float, e.g. 1234.50.")
    ],
    branch: OfBranch = None,
    remark: Annotated[str, typer.Option(help="What is known of a difference.")] = "",
) -> None:
    """Close a till: what was counted against what the books expect; a difference is booked.

    What is entered later for this day belongs to the next close.

    Example: memberctl till close --branch SH01 --method cash --counted 1234.50
    """
    from memberctl.payment.tilling import close_till

    with work(ctx, "till.close", money=True) as w:
        closed = close_till(
            w.session,
            _branch(w.session, branch),
            method,
            counted_minor=parse_amount(counted, w.currency, what="what was counted", zero_ok=True),
            remark=remark,
            by=w.actor,
            at=w.now,
            today=w.today,
            currency=w.currency,
        )
        w.say(
            closed,
            "Closed {number}, {method} of {closed_on}: {counted} counted, {expected} expected,"
            " difference {difference}.",
        )


@till.command("list")
def list_tills(
    ctx: typer.Context,
    branch: OfBranch = None,
    method: OfMethod = None,
    is_open: Annotated[
        bool, typer.Option("--open", help="What is in the tills since they were closed.")
    ] = False,
) -> None:
    """List the closed tills, the newest first, or what is in the open ones.

    Example: memberctl till list --open
    """
    from memberctl.payment.till_queries import list_tills as closed_tills
    from memberctl.payment.till_queries import open_tills

    with look(ctx, "payment.read") as r:
        branch_id = None if branch is None else _branch(r.session, branch)
        if r.actor.branch_id is not None:
            branch_id = r.actor.branch_id
        if is_open:
            rows = open_tills(r.session, r.currency, branch_id=branch_id, method=method)
            total = len(rows)
        else:
            found = closed_tills(r.session, branch_id=branch_id, method=method, limit=r.limit)
            rows, total = found.rows, found.total
    r.show_list(rows, TILLS, total=total)


@till.command()
def show(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="Number of a closed till, e.g. TC-000001.")],
) -> None:
    """Show a closed till with every entry that is in it.

    Example: memberctl till show TC-000001
    """
    from memberctl.payment.till_queries import show_till

    with look(ctx, "payment.read") as r:
        found = show_till(r.session, number, own_branch=r.actor.branch_id)
    r.show_record(found)


def _branch(session: Session, code: str | None) -> int:
    """Return the id of a branch, 0 for what no branch took."""
    from memberctl.office.queries import find_branch

    return NO_BRANCH if code is None else find_branch(session, code).id
