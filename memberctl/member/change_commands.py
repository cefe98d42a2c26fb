"""The verbs of the noun `member` that are about change requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.invocation import look, work
from memberctl.cli.whole import Seen
from memberctl.core.text import clean_reason, clean_text
from memberctl.member.changes import ChangeDecided
from memberctl.member.rules import RequestState

if TYPE_CHECKING:
    from memberctl.cli.invocation import Writing
    from memberctl.cli.nouns import Noun

CHANGE_COLUMNS = (
    "number",
    "member",
    "name",
    "field",
    "state",
    "reason",
    "requested_by",
    "requested_at",
    "decided_by",
    "answer",
)

RequestArgument = Annotated[str, typer.Argument(help="Change request, e.g. CR-000001.")]


def add_to(noun: Noun) -> None:
    """Give the noun its verbs about change requests."""
    noun.command("changes")(changes)
    noun.command("approve-change")(approve_change)
    noun.command("reject-change")(reject_change)


def changes(
    ctx: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
) -> None:
    """List the change requests that wait for a decision.

    Example: memberctl member changes
    """
    from memberctl.member.queries import list_changes

    state = None if all_ else RequestState.REQUESTED
    with look(ctx, "member.read") as r:
        found = list_changes(r.session, state=state, limit=r.limit)
    r.show_list(found.rows, CHANGE_COLUMNS, total=found.total)


def approve_change(
    ctx: typer.Context,
    request: RequestArgument,
    remark: Annotated[str | None, typer.Option(help="A remark for the record.")] = None,
    seen: Seen = None,
) -> None:
    """Approve a change request of somebody else's: it is applied, and the member is told.

    Example: memberctl member approve-change CR-000001
    """
    answer = None if remark is None else clean_text(remark, what="the remark")
    with work(ctx, "member.decide") as w:
        done = _decide(w, request, approve=True, answer=answer, seen=seen)
        w.say(done, "Approved {number}: {field} of {member} is changed.")


def reject_change(
    ctx: typer.Context,
    request: RequestArgument,
    reason: Annotated[str, typer.Option(help="Why it is rejected.")],
    seen: Seen = None,
) -> None:
    """Reject a change request of somebody else's; the member is told.

    Example: memberctl member reject-change CR-000001 --reason "no document shown"
    """
    answer = clean_reason(reason)
    with work(ctx, "member.decide") as w:
        done = _decide(w, request, approve=False, answer=answer, seen=seen)
        w.say(done, "Rejected {number}: {field} of {member} stays.")


def _decide(
    w: Writing, request: str, *, approve: bool, answer: str | None, seen: int | None
) -> ChangeDecided:
    from memberctl.member.changing import decide_change

    return decide_change(
        w.session,
        request,
        approve=approve,
        answer=answer,
        keys=w.keys,
        by=w.actor,
        at=w.now,
        today=w.today,
        seen=seen,
    )
