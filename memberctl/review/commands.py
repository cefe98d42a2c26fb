"""The noun `review`: what waits for whom, and what they decide."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.arguments import OrderArgument
from memberctl.cli.completion import complete_staff
from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun
from memberctl.cli.whole import Seen, whole
from memberctl.core.errors import NeedsPerson, UsageProblem
from memberctl.core.text import clean_reason
from memberctl.review.rules import MOST_EXTENSION, Outcome, Verdict

if TYPE_CHECKING:
    from memberctl.cli.invocation import Writing
    from memberctl.review.results import ReviewAdvanced

review = noun("review", "Reviews: orders through their stages.")

QUEUE = (
    "order", "kind", "member", "name", "plan", "stage", "total", "received_on", "due_on", "mark",
    "version",
)  # fmt: skip
SENTENCES = {
    Outcome.APPROVED: "Approved {order} at {stage}: {state}, next {next_stage}, due {due_on}.",
    Outcome.RETURNED: "Returned {order} at {stage}: {state}.",
    Outcome.REJECTED: "Rejected {order} at {stage}: {state}.",
    Outcome.FELL_BACK: (
        "{order} was not approved: it changed since an earlier approval and waits in {next_stage}."
    ),
}


@review.command("list")
def list_(
    ctx: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="Every order under review, not only those you decide.")
    ] = False,
) -> None:
    """List what waits for you, the most urgent first.

    Example: memberctl review list
    """
    from memberctl.review import queries

    with look(ctx, "order.read") as r:
        found = queries.list_queue(
            r.session,
            roles=r.actor.roles,
            staff_id=r.actor.staff_id,
            today=r.today,
            everything=everything,
            limit=r.limit,
        )
    r.show_list(found.rows, QUEUE, total=found.total)


@review.command()
def show(ctx: typer.Context, number: OrderArgument) -> None:
    """Show an order's review: decisions, hands, deadline, pauses and extensions.

    Example: memberctl review show JN-2026-7F3KX
    """
    from memberctl.review import queries

    with look(ctx, "order.read") as r:
        found = queries.find_review(r.session, number, r.today)
    r.show_record(found)


@review.command()
def advance(
    ctx: typer.Context,
    number: OrderArgument,
    approve: Annotated[bool, typer.Option("--approve", help="The stage is passed.")] = False,
    return_: Annotated[
        str | None, typer.Option("--return", help="Give it back; say what is missing.")
    ] = None,
    reject: Annotated[str | None, typer.Option(help="Refuse it for good; say why.")] = None,
    stage: Annotated[
        str | None, typer.Option(help="The stage that you mean; refused if it waits in another.")
    ] = None,
    seen: Seen = None,
    override: Annotated[
        str | None,
        typer.Option(
            help="Emergency: a second approver, because you had a hand in the order.",
            autocompletion=complete_staff,
        ),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; an override needs it.")] = None,
) -> None:
    """Decide the stage in which an order waits.

    Example: memberctl review advance JN-2026-7F3KX --approve
    """
    from memberctl.review.operations import advance as advance_order

    verdict, why = _verdict(approve, return_, reject, reason)
    known = seen if seen is not None else _version_now(ctx, number)
    with work(ctx, "review.decide") as w:
        done = advance_order(
            w.session, number, verdict, by=w.actor, at=w.now, today=w.today,
            reason=why, seen=known, stage=stage, override=override,
        )  # fmt: skip
        _say(w, done)


def _verdict(
    approve: bool, return_: str | None, reject: str | None, reason: str | None
) -> tuple[Verdict, str]:
    """Return the one verdict that was given and the words that go with it."""
    given = [
        (Verdict.APPROVE, reason) if approve else None,
        None if return_ is None else (Verdict.RETURN, return_),
        None if reject is None else (Verdict.REJECT, reject),
    ]
    chosen = [each for each in given if each is not None]
    if len(chosen) != 1:
        raise UsageProblem("give one of --approve, --return TEXT and --reject TEXT")
    verdict, why = chosen[0]
    if why is None:
        return verdict, ""
    return verdict, clean_reason(why, longest=500)


def _version_now(ctx: typer.Context, number: str) -> int:
    """Return the order's version before waiting for the lock: what the reviewer goes by (O4)."""
    from memberctl.order.queries import find_order

    with look(ctx, "order.read") as r:
        return find_order(r.session, number).version


def _say(w: Writing, done: ReviewAdvanced) -> None:
    from memberctl.payment.settling import settle_if_paid

    state = settle_if_paid(w.session, done.order, by=w.actor, at=w.now, today=w.today)
    if state is not done.state:
        done = replace(done, state=state, due_on=None)
    if done.verdict is Outcome.APPROVED and done.next_stage is None:
        w.say(done, "Approved {order} at {stage}: {state}, payment due {due_on}.")
        return
    exit_code = NeedsPerson.exit_code if done.verdict is Outcome.FELL_BACK else 0
    w.say(done, SENTENCES[done.verdict], exit_code=exit_code)


@review.command()
def extend(
    ctx: typer.Context,
    number: OrderArgument,
    days: Annotated[
        int,
        typer.Option(
            parser=whole("--days", 1, MOST_EXTENSION),
            metavar="N",
            help=f"Working days to add, 1 to {MOST_EXTENSION}.",
        ),
    ],
    reason: Annotated[str, typer.Option(help="Why; the applicant is told.")],
    seen: Seen = None,
) -> None:
    """Give a review more time; the applicant is told why.

    Example: memberctl review extend JN-2026-7F3KX --days 3 --reason "waiting for the landlord"
    """
    from memberctl.review.operations import extend as extend_review

    said = clean_reason(reason, longest=500)
    with work(ctx, "review.extend") as w:
        done = extend_review(
            w.session, number, days=days, reason=said, seen=seen,
            by=w.actor, at=w.now, today=w.today,
        )  # fmt: skip
        w.say(done, "Extended the review of {order} by {days} working days to {due_on}.")
