"""The noun `retention`: how long what is kept, and what is past its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from memberctl.cli.forgetting import remember, sweep_file
from memberctl.cli.invocation import confirm_outcome, look, work
from memberctl.cli.nouns import noun

if TYPE_CHECKING:
    from memberctl.archive.rules import RetentionRun
    from memberctl.cli.invocation import Writing
    from memberctl.cli.run import Run

retention = noun("retention", "Retention: how long what is kept of people.")

RETENTION_COLUMNS = (
    "kind", "action", "policy", "years", "since", "until_on", "due", "held",
)  # fmt: skip


@retention.command("list")
def list_(ctx: typer.Context) -> None:
    """List what is kept for how long, and how much of it is past its time today.

    The years are policies. What is held has credit, a debt, an order under way or a place on the
    staff, and stays until that is settled.

    Example: memberctl retention list
    """
    from memberctl.archive.retention import retention_lines

    with look(ctx, "member.read") as r:
        found = retention_lines(r.session, today=r.today)
    r.show_list(found, RETENTION_COLUMNS)


@retention.command()
def run(ctx: typer.Context) -> None:
    """Erase and delete what is past its time; the books stay. `run daily` does it by itself.

    Example: memberctl retention run --dry-run
    """
    from memberctl.archive.retention import run_retention

    command: Run = ctx.obj

    def act(w: Writing) -> RetentionRun:
        return run_retention(w.session, by=w.actor, at=w.now, today=w.today)

    confirm_outcome(
        ctx, "retention.run", act,
        lambda done: f"Erase {len(done.erased)} members and delete {done.deleted} rows, which are"
        " past their time, for ever?",
    )  # fmt: skip
    with work(ctx, "retention.run") as w:
        done = act(w)
        remember(w, done.erased)
        w.say(done, "Past their time: erased members: {erased}; deleted rows: {deleted}.")
    if done.erased or done.deleted:
        sweep_file(command)
