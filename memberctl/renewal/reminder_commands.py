"""The noun `reminder`: members are told in time that their term ends."""

from __future__ import annotations

from datetime import date

import typer

from memberctl.cli.arguments import MemberArgument
from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun
from memberctl.core.schedules import closes_on
from memberctl.renewal.reminders import StepLine, purpose_of, step_words

reminder = noun("reminder", "Reminders: terms that end are told of in time.")

EXPLAINED = (
    "member", "term", "end_on", "step", "due_on", "until_on", "channel", "state", "why", "message",
    "at",
)  # fmt: skip
CALLS = ("number", "member", "name", "phone", "purpose", "cause", "language")
STEPS = ("step", "purpose", "when", "open_days", "example")
EXAMPLE_END = date(2026, 3, 31)


@reminder.command()
def run(ctx: typer.Context) -> None:
    """Queue the reminders that are due, each once; a missed day is caught up.

    Example: memberctl reminder run
    """
    from memberctl.renewal.reminding import queue_reminders

    with work(ctx, "reminder.run") as w:
        done = queue_reminders(w.session, today=w.today, by=w.actor, at=w.now)
        w.say(done, "Queued {queued} of {due} reminders: {already} before, {suppressed} unwanted.")


@reminder.command()
def explain(ctx: typer.Context, member: MemberArgument) -> None:
    """Show every step of a member's terms: when it is due, and what became of it.

    Example: memberctl reminder explain M-000123
    """
    from memberctl.member.queries import find_member
    from memberctl.renewal import explaining

    with look(ctx, "message.read") as r:
        lines = explaining.explain(r.session, find_member(r.session, member), today=r.today)
    r.show_list(lines, EXPLAINED)


@reminder.command()
def calls(ctx: typer.Context) -> None:
    """List who is to be called, because no message reaches them.

    A call that was made is ticked off with `message settle MS-... --sent`.

    Example: memberctl reminder calls
    """
    from memberctl.renewal.explaining import list_calls

    with look(ctx, "message.read") as r:
        found = list_calls(r.session, limit=r.limit)
    r.show_list(found.rows, CALLS, total=found.total)


@reminder.command()
def steps(ctx: typer.Context) -> None:
    """List the steps at which members are reminded, and how long each stays open.

    They are set by the policies reminder_steps, reminder_window_days and reminder_channels.

    Example: memberctl reminder steps
    """
    from memberctl.renewal.reminding import reminder_plan

    with look(ctx, "message.read") as r:
        plan = reminder_plan(r.session)
    lines = []
    for place, step in enumerate(plan.steps):
        due_on = step.from_(EXAMPLE_END)
        open_days = (closes_on(plan.steps, place, EXAMPLE_END, plan.window_days) - due_on).days + 1
        lines.append(StepLine(step.key, purpose_of(step), step_words(step), open_days, due_on))
    r.show_list(lines, STEPS)
