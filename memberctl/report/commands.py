"""The commands `status` and `doctor`, which stand alone."""

from __future__ import annotations

import typer

from memberctl.cli.invocation import look
from memberctl.cli.nouns import single
from memberctl.cli.run import Run

status = single("status")
doctor = single("doctor")

CHECK_COLUMNS = ("check", "state", "what", "mend")


@status.command("status")
def show_status(ctx: typer.Context) -> None:
    """Show what waits for whom, what is overdue, and today's money.

    Example: memberctl status
    """
    from memberctl.report.status import status_on

    with look(ctx, "report.read") as r:
        found = status_on(r.session, today=r.today, zone=r.zone, currency=r.currency)
    r.show_record(found)


@doctor.command("doctor")
def show_doctor(ctx: typer.Context) -> None:
    """Check versions, files, key, clock, calendar, mail and SMS, and say how to mend what is wrong.

    Ends with 8 when something is wrong, with 3 when somebody should look at it, else with 0.

    Example: memberctl doctor
    """
    from datetime import UTC
    from zoneinfo import ZoneInfo

    from memberctl.report.doctor import Place, examine
    from memberctl.report.rules import exit_of
    from memberctl.store.clock import moment

    run: Run = ctx.obj
    now = moment(run.settings.as_of, ZoneInfo("UTC"))
    settings = run.settings
    checks = examine(
        Place(run.store(), settings.key_dir, now.astimezone(UTC), settings.mail, settings.sms)
    )
    run.output.show_list(checks, CHECK_COLUMNS, total=len(checks))
    run.exit_code = exit_of(checks)
