"""The noun `till`: the close of the day, counted against expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.invocation import confirm, look, work
from memberctl.cli.nouns import noun
from memberctl.core.money import parse_amount
from memberctl.payment.rules import Method
from memberctl.payment.till_rules import NO_BRANCH, TillCounted

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.cli.run import Run

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

    A difference above the policy till_tolerance is asked about first: --yes agrees to it.
    What is entered later for this day belongs to the next close.

    Example: memberctl till close --branch SH01 --method cash --counted 1234.50
    """
    from memberctl.payment.tilling import close_till

    seen = _agreed(ctx, method, counted, branch)
    with work(ctx, "till.close", money=True) as w:
        closed = close_till(
            w.session,
            _branch(w.session, branch),
            method,
            counted_minor=_counted(counted, w.currency),
            remark=remark,
            seen=seen,
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


def _agreed(
    ctx: typer.Context, method: Method, counted: str, branch: str | None
) -> TillCounted | None:
    """Return what a till comes to, once a person agreed to its difference; None if none has to.

    A till that is closed already is asked nothing: the command tells, or repeats, its answer.
    """
    from memberctl.payment.tilling import count_till

    run: Run = ctx.obj
    if run.dry_run or run.options.yes:
        return None
    with look(ctx, "till.close") as r:
        found = count_till(
            r.session, _branch(r.session, branch), method,
            counted_minor=_counted(counted, r.currency), by=r.actor, today=r.today,
            currency=r.currency,
        )  # fmt: skip
    if found is not None and found.must_ask:
        confirm(ctx, f"Close the till of {method} with {found.words}? That is booked for good.")
    return found


def _counted(text: str, currency: str) -> int:
    return parse_amount(text, currency, what="what was counted", zero_ok=True)


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
