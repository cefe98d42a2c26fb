"""proposal: changes of staff and policy that a second owner decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated

import typer

from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun
from memberctl.office.proposals import Change, ProposalLine
from memberctl.office.rules import Outcome

proposal = noun("proposal", "Proposals: changes of staff and policy that a second owner decides.")

COLUMNS = [field.name for field in fields(ProposalLine)]
PROPOSED = (
    "Proposed {number}: {change} {about} {wish}. Another owner decides:"
    " memberctl proposal approve {number}"
)

ProposalNumber = Annotated[str, typer.Argument(help="Proposal number, e.g. OP-000001.")]


def change_or_propose(ctx: typer.Context, change: Change, sentences: Mapping[Outcome, str]) -> None:
    """Make a change of staff or policy and say so, or say that it waits for a second owner."""
    from memberctl.office.agreeing import change_office

    with work(ctx, "office.change") as w:
        done = change_office(w.session, change, by=w.actor, at=w.now)
        if isinstance(done, ProposalLine):
            w.say(done, PROPOSED)
        else:
            w.say(done, sentences[done.outcome])


@proposal.command("list")
def list_all(
    ctx: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
) -> None:
    """List the proposals that wait for a second owner, the newest first.

    Example: memberctl proposal list
    """
    from memberctl.office.agreeing import list_proposals

    with look(ctx, "office.read") as r:
        found = list_proposals(r.session, every=all_, limit=r.limit)
    r.show_list(found.rows, COLUMNS, total=found.total)


@proposal.command()
def show(ctx: typer.Context, number: ProposalNumber) -> None:
    """Show one proposal.

    Example: memberctl proposal show OP-000001
    """
    from memberctl.office.agreeing import show_proposal

    with look(ctx, "office.read") as r:
        found = show_proposal(r.session, number)
    r.show_record(found)


@proposal.command()
def approve(ctx: typer.Context, number: ProposalNumber) -> None:
    """Agree to another owner's proposal; its change is made at once.

    Example: memberctl proposal approve OP-000001
    """
    from memberctl.office import agreeing

    with work(ctx, "office.change") as w:
        done = agreeing.approve(w.session, number, by=w.actor, at=w.now)
        w.say(done, "Approved {number}: {change} {about} {wish}.")


@proposal.command()
def reject(
    ctx: typer.Context,
    number: ProposalNumber,
    reason: Annotated[str, typer.Option(help="Why not, in a few words.")],
) -> None:
    """Refuse another owner's proposal.

    Example: memberctl proposal reject OP-000001 --reason "not now"
    """
    from memberctl.office import agreeing

    with work(ctx, "office.change") as w:
        done = agreeing.reject(w.session, number, reason=reason, by=w.actor, at=w.now)
        w.say(done, "Rejected {number}: {change} {about} {wish}.")


@proposal.command()
def withdraw(ctx: typer.Context, number: ProposalNumber) -> None:
    """Take back a proposal of your own.

    Example: memberctl proposal withdraw OP-000001
    """
    from memberctl.office import agreeing

    with work(ctx, "office.change") as w:
        done = agreeing.withdraw(w.session, number, by=w.actor, at=w.now)
        w.say(done, "Withdrew {number}: {change} {about} {wish}.")
