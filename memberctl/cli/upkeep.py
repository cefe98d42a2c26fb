"""The noun `db`: the store itself."""

from __future__ import annotations

from typing import Annotated

import typer

from memberctl.cli.invocation import look
from memberctl.cli.nouns import noun
from memberctl.core.errors import RuleRefused

db = noun("db", "The store itself: its schema and its soundness.")


@db.command("upgrade")
def upgrade_store(
    ctx: typer.Context,
    no_copy: Annotated[
        bool, typer.Option("--no-copy", help="Make no copy first: you have a backup of your own.")
    ] = False,
) -> None:
    """Bring the store to this version's schema; a store that has it already stays as it is.

    A copy is made first, beside the store; of a PostgreSQL store in your state folder.

    Example: memberctl db upgrade
    """
    from memberctl.cli.upgrading import upgrade_store as upgrade_it

    run = ctx.obj
    upgraded = upgrade_it(run, keep_copy=not no_copy)
    run.mark_ended()
    said = "The store has schema {schema} (before: {before})."
    run.output.say(upgraded, said + (" A copy is {backup}." if upgraded.backup else ""))


@db.command("check")
def check_store(
    ctx: typer.Context,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also open sealed fields, compare checksums.")
    ] = False,
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


@db.command("copy")
def copy_store(
    ctx: typer.Context,
    to: Annotated[
        str, typer.Option("--to", help="An empty place: a path, or a PostgreSQL database's URL.")
    ],
) -> None:
    """Copy the store into an empty place of the same or the other kind, whole or not at all.

    Every row, every sum and the head of the audit log are compared before it counts. You get a
    login there if you have none of that kind yet. The store itself is not changed: stop working
    with it first.

    Example: memberctl db copy --to postgresql+psycopg://db.example.com/club
    """
    from memberctl.cli.moving import copy_store as copy_it

    copied = copy_it(ctx, to)
    ctx.obj.mark_ended()
    ctx.obj.output.say(
        copied,
        "Copied {rows} rows of {tables} tables to {to}; {sums} sums and the audit log's head "
        "are equal. You are {login} there.",
    )


@db.command("roles")
def print_roles(ctx: typer.Context) -> None:
    """Print the SQL that gives each member of staff a PostgreSQL role of their own.

    The tables then belong to a role that nobody is, and no role of the staff can change or remove
    what the audit log and the ledger hold, with any program. It may be run again.

    Example: memberctl db roles > roles.sql && psql -v ON_ERROR_STOP=1 -d club -f roles.sql
    """
    from memberctl.office.queries import logins
    from memberctl.office.rules import StaffState
    from memberctl.store.roles import Login, roles_script
    from memberctl.store.schema import metadata

    store = ctx.obj.store()
    if store.path is not None:
        raise RuleRefused(
            "a SQLite store has no roles: whoever can write the file can change it",
            hint="memberctl help postgres",
        )
    with look(ctx, "office.change") as r:
        people = [
            Login(user, code, state is StaffState.ACTIVE) for code, user, state in logins(r.session)
        ]
    script = roles_script(store.database, [*metadata.tables, "alembic_version"], people)
    r.show_text(script, {"sql": script})
