"""staff: who works here, in which role, with which rights."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import typer

from memberctl.cli.completion import complete_branches, complete_staff
from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun
from memberctl.cli.run import Run
from memberctl.cli.secrets import ask_new_pin
from memberctl.office import pins, proposals, rights, rules
from memberctl.office.proposal_commands import change_or_propose

staff = noun("staff", "Staff: who works here, in which role.")

STAFF_COLUMNS = [field.name for field in fields(rules.StaffMember)]
RIGHT_COLUMNS = [field.name for field in fields(rights.RightLine)]

StaffCode = Annotated[
    str,
    typer.Argument(help="Staff code, e.g. li.", metavar="CODE", autocompletion=complete_staff),
]
Roles = Annotated[list[rules.Role], typer.Argument(help="One role or several.", metavar="ROLE")]


STAFF_SENTENCES = {
    rules.Outcome.CREATED: "Added {code} ({name}) as {roles}.",
    rules.Outcome.UPDATED: "{code} ({name}) has that account from now on.",
    rules.Outcome.UNCHANGED: "{code} ({name}) is there already; nothing was changed.",
}
ROLE_SENTENCES = {
    rules.Outcome.UPDATED: "{code} ({name}) now has the roles {roles}.",
    rules.Outcome.UNCHANGED: "Nothing was changed: {code} ({name}) has the roles {roles}.",
}
LEAVE_SENTENCES = {rules.Outcome.UPDATED: "{code} ({name}) has left."}
PIN_SENTENCES = {
    rules.Outcome.CREATED: "{code} ({name}) has a new PIN.",
    rules.Outcome.UPDATED: "{code} ({name}) has no PIN any more.",
    rules.Outcome.UNCHANGED: "{code} ({name}) has no PIN; nothing was changed.",
}


@staff.command("add")
def staff_add(
    ctx: typer.Context,
    code: StaffCode,
    name: Annotated[str, typer.Option(help="The person's name.")],
    role: Annotated[list[rules.Role], typer.Option(help="A role; may be repeated.")],
    uid: Annotated[
        str | None, typer.Option(help="Number of the person's user on this machine (id -u).")
    ] = None,
    database_user: Annotated[
        str | None, typer.Option(help="The person's own user of PostgreSQL.")
    ] = None,
    branch: Annotated[
        str | None,
        typer.Option(
            help="Code of the branch; without it the whole organisation.",
            autocompletion=complete_branches,
        ),
    ] = None,
) -> None:
    """Add somebody who works here; where there are two owners, propose it to the other one.

    With the same particulars it also gives somebody who is there an account they have not yet.

    Example: memberctl staff add li --name 李娜 --role service --uid 1001
    """
    newcomer = rules.new_staff(
        code, name, role, uid=uid, database_user=database_user, branch=branch
    )
    change_or_propose(ctx, proposals.adding(newcomer), STAFF_SENTENCES)


@staff.command("list")
def staff_list(
    ctx: typer.Context,
    left: Annotated[bool, typer.Option("--left", help="Also those who have left.")] = False,
) -> None:
    """List who works here, with roles and branches.

    Example: memberctl staff list
    """
    from memberctl.office import queries

    with look(ctx, "office.read") as r:
        found = queries.list_staff(r.session, limit=r.limit, left=left)
    r.show_list(found.rows, STAFF_COLUMNS, total=found.total)


@staff.command("show")
def staff_show(ctx: typer.Context, code: StaffCode) -> None:
    """Show one person's roles, branch and state.

    Example: memberctl staff show li
    """
    from memberctl.office import queries

    with look(ctx, "office.read") as r:
        (found,) = queries.staff_members(r.session, [queries.find_staff(r.session, code)])
    r.show_record(found)


@staff.command("grant")
def staff_grant(ctx: typer.Context, code: StaffCode, roles: Roles) -> None:
    """Give somebody one role more, or several.

    Example: memberctl staff grant li reviewer
    """
    change_or_propose(ctx, proposals.granting(code, roles), ROLE_SENTENCES)


@staff.command("revoke")
def staff_revoke(ctx: typer.Context, code: StaffCode, roles: Roles) -> None:
    """Take a role from somebody, or several.

    Example: memberctl staff revoke li reviewer
    """
    change_or_propose(ctx, proposals.revoking(code, roles), ROLE_SENTENCES)


@staff.command("leave")
def staff_leave(ctx: typer.Context, code: StaffCode) -> None:
    """Note that somebody has left: they may do nothing from now on and stay in every record.

    Example: memberctl staff leave li
    """
    change_or_propose(ctx, proposals.leaving(code), LEAVE_SENTENCES)


@staff.command("rights")
def staff_rights(
    ctx: typer.Context,
    role: Annotated[
        rules.Role | None, typer.Argument(help="Only what this role may do.", metavar="ROLE")
    ] = None,
) -> None:
    """List every right with the roles that hold it; whatever is not listed nobody may do.

    Example: memberctl staff rights reception
    """
    run: Run = ctx.obj
    run.output.show_list(rights.right_lines(role), RIGHT_COLUMNS)


@staff.command("pin")
def staff_pin(
    ctx: typer.Context,
    code: StaffCode,
    remove: Annotated[bool, typer.Option("--remove", help="Take the PIN away.")] = False,
) -> None:
    """Set the PIN that somebody else needs to act for this person (policy acting = pin).

    It is asked for twice, or read from --pin-file; who forgot it asks the owner.

    Example: memberctl staff pin li
    """
    from memberctl.office.acting import set_pin

    pin = None if remove else pins.checked_pin(ask_new_pin(ctx.obj, code))
    with work(ctx, "office.read") as w:
        done = set_pin(w.session, code, pin, by=w.actor, at=w.now)
        w.say(done, PIN_SENTENCES[done.outcome])
