"""The noun `db`: the store itself."""

from __future__ import annotations

from typing import Annotated

import typer

from memberctl.cli.invocation import look
from memberctl.cli.nouns import noun

db = noun("db", "The store itself: its schema and its soundness.")


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
