"""Nouns of the ground floor: the audit log, and the store itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from memberctl.cli.completion import complete_staff
from memberctl.cli.invocation import look
from memberctl.cli.nouns import noun

audit = noun("audit", "Audit log: who did what to which object.")
db = noun("db", "The store itself: its schema and its soundness.")

LOG_KEYS = ("seq", "at", "staff", "login", "command", "event", "object", "facts")


@audit.command("log")
def show_log(
    ctx: typer.Context,
    about: Annotated[str | None, typer.Option("--object", help="One object's number.")] = None,
    staff: Annotated[
        str | None,
        typer.Option("--staff", help="One person's doings.", autocompletion=complete_staff),
    ] = None,
    event: Annotated[str | None, typer.Option("--event", help="E.g. order.filed")] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this date on.")] = None,
) -> None:
    """List what was done, the newest first.

    Example: memberctl audit log --object JN-2026-7F3KX
    """
    from memberctl.core.dates import at_local_midnight, parse_date
    from memberctl.office.queries import find_staff
    from memberctl.store.trail import list_audit

    with look(ctx, "audit.read") as r:
        start: datetime | None = None
        if since is not None:
            start = at_local_midnight(parse_date(since, what="--since"), r.zone)
        if staff is not None:
            staff = find_staff(r.session, staff).code
        found = list_audit(
            r.session, about=about, staff=staff, event=event, since=start, limit=r.limit
        )
    r.show_list(found.rows, LOG_KEYS, total=found.total)


@audit.command("verify")
def verify_log(ctx: typer.Context) -> None:
    """Check every link of the audit log; names the first that is broken (exit 8).

    Example: memberctl audit verify
    """
    from memberctl.store.trail import verify_chain

    with look(ctx, "audit.read") as r:
        verified = verify_chain(r.session, r.keys().audit)
    r.show_record(verified)
    if verified.problems:
        r.end_with(8)


@db.command("upgrade")
def upgrade_store(ctx: typer.Context) -> None:
    """Bring the store to this version's schema; a store that has it already stays as it is.

    Example: memberctl db upgrade
    """
    from memberctl.cli.upgrading import upgrade_store as upgrade_it

    run = ctx.obj
    upgraded = upgrade_it(run.store(), run.settings, dry_run=run.dry_run)
    run.mark_ended()
    run.output.say(upgraded, "The store has schema {schema} (before: {before}).")


@db.command("check")
def check_store(
    ctx: typer.Context,
    deep: Annotated[bool, typer.Option("--deep", help="Also open every sealed field.")] = False,
) -> None:
    """Check every invariant of the store and name what breaks it (exit 8).

    Example: memberctl db check --deep
    """
    from memberctl.report.soundness import check_everything

    with look(ctx, "store.check") as r:
        checked = check_everything(r.session, r.keys(), deep=deep)
    r.show_record(checked)
    if checked.problems:
        r.end_with(8)
