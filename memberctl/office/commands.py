"""staff, branch, policy, calendar: who works where, by which numbers, on which days."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import typer

from memberctl.cli.completion import complete_branches, complete_staff
from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun
from memberctl.core.rows import open_rows
from memberctl.office import calendars, policies, rules

staff = noun("staff", "Staff: who works here, in which role.")
branch = noun("branch", "Branches: where members are served.")
policy = noun("policy", "Policies: the numbers that you decide.")
calendar = noun("calendar", "Calendar: which days are worked.")

STAFF_COLUMNS = [field.name for field in fields(rules.StaffMember)]
BRANCH_COLUMNS = [field.name for field in fields(rules.BranchLine)]
POLICY_COLUMNS = [field.name for field in fields(policies.PolicyLine)]
YEAR_COLUMNS = [field.name for field in fields(calendars.CalendarYearLine)]
DAY_COLUMNS = [field.name for field in fields(calendars.CalendarDayLine)]

StaffCode = Annotated[
    str,
    typer.Argument(help="Staff code, e.g. li.", metavar="CODE", autocompletion=complete_staff),
]
PolicyKey = Annotated[
    str, typer.Argument(help="Policy, e.g. review_days.", autocompletion=policies.keys_beginning)
]
Roles = Annotated[list[rules.Role], typer.Argument(help="One role or several.", metavar="ROLE")]

STAFF_SENTENCES = {
    rules.Outcome.CREATED: "Added {code} ({name}) as {roles}.",
    rules.Outcome.UNCHANGED: "{code} ({name}) is there already; nothing was changed.",
}
ROLE_SENTENCES = {
    rules.Outcome.UPDATED: "{code} ({name}) now has the roles {roles}.",
    rules.Outcome.UNCHANGED: "Nothing was changed: {code} ({name}) has the roles {roles}.",
}
BRANCH_SENTENCES = {
    rules.Outcome.CREATED: "Added branch {code} ({name}); its cards carry {card_digits}.",
    rules.Outcome.UNCHANGED: "Branch {code} ({name}) is there already; nothing was changed.",
}
CHANGED_BRANCH_SENTENCES = {
    rules.Outcome.UPDATED: "Changed branch {code} ({name}).",
    rules.Outcome.UNCHANGED: "Branch {code} ({name}) is so already; nothing was changed.",
}
POLICY_SENTENCES = {
    rules.Outcome.UPDATED: "Policy {key} is {value} now; it was {before}.",
    rules.Outcome.UNCHANGED: "Policy {key} is {value} already; nothing was changed.",
}
YEAR_SENTENCES = {
    rules.Outcome.CREATED: "Entered {year}: {holidays} free days, {workdays} workdays ({source}).",
    rules.Outcome.UPDATED: "Replaced {year}: {holidays} free days, {workdays} workdays ({source}).",
    rules.Outcome.UNCHANGED: "{year} was left as it is.",
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
    """Add somebody who works here.

    Example: memberctl staff add li --name 李娜 --role service --uid 1001
    """
    from memberctl.office.operations import add_staff

    newcomer = rules.new_staff(
        code, name, role, uid=uid, database_user=database_user, branch=branch
    )
    with work(ctx, "office.change") as w:
        (added,) = add_staff(w.session, [newcomer], by=w.actor, at=w.now)
        w.say(added, STAFF_SENTENCES[added.outcome])


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
    from memberctl.office.operations import grant_roles

    with work(ctx, "office.change") as w:
        changed = grant_roles(w.session, code, roles, by=w.actor, at=w.now)
        w.say(changed, ROLE_SENTENCES[changed.outcome])


@staff.command("revoke")
def staff_revoke(ctx: typer.Context, code: StaffCode, roles: Roles) -> None:
    """Take a role from somebody, or several.

    Example: memberctl staff revoke li reviewer
    """
    from memberctl.office.operations import revoke_roles

    with work(ctx, "office.change") as w:
        changed = revoke_roles(w.session, code, roles, by=w.actor, at=w.now)
        w.say(changed, ROLE_SENTENCES[changed.outcome])


@staff.command("leave")
def staff_leave(ctx: typer.Context, code: StaffCode) -> None:
    """Note that somebody has left: they may do nothing from now on and stay in every record.

    Example: memberctl staff leave li
    """
    from memberctl.office.operations import leave_staff

    with work(ctx, "office.change") as w:
        changed = leave_staff(w.session, code, by=w.actor, at=w.now)
        w.say(changed, "{code} ({name}) has left.")


@branch.command("add")
def branch_add(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="Short code, e.g. SH01.")],
    name: Annotated[str, typer.Option(help="The branch's name.")],
) -> None:
    """Add a branch.

    Example: memberctl branch add SH01 --name 上海静安店
    """
    from memberctl.office.operations import add_branches

    place = rules.new_branch(code, name)
    with work(ctx, "office.change") as w:
        (added,) = add_branches(w.session, [place], by=w.actor, at=w.now)
        w.say(added, BRANCH_SENTENCES[added.outcome])


@branch.command("update")
def branch_update(
    ctx: typer.Context,
    code: Annotated[
        str, typer.Argument(help="Branch code, e.g. SH01.", autocompletion=complete_branches)
    ],
    zone: Annotated[
        str | None, typer.Option(help='Its own IANA time zone; "none" for the organisation\'s.')
    ] = None,
    hours: Annotated[
        str | None,
        typer.Option(help='Opening hours, e.g. "mon-fri 06:00-22:00"; "none" for always.'),
    ] = None,
    capacity: Annotated[
        str | None, typer.Option(help='How many may be inside at once; "none" for no limit.')
    ] = None,
) -> None:
    """Set where a branch lies, when it is open and how many it holds.

    Example: memberctl branch update SH01 --hours "mon-fri 06:00-22:00, sat-sun 08:00-20:00"
    """
    from memberctl.office.places import update_branch

    settings = rules.branch_settings(zone=zone, hours=hours, capacity=capacity)
    with work(ctx, "office.change") as w:
        changed = update_branch(w.session, code, settings, by=w.actor, at=w.now)
        w.say(changed, CHANGED_BRANCH_SENTENCES[changed.outcome])


@branch.command("list")
def branch_list(ctx: typer.Context) -> None:
    """List the branches.

    Example: memberctl branch list
    """
    from memberctl.office import queries

    with look(ctx, "office.read") as r:
        found = queries.list_branches(r.session, limit=r.limit)
    r.show_list(found.rows, BRANCH_COLUMNS, total=found.total)


@branch.command("show")
def branch_show(
    ctx: typer.Context,
    code: Annotated[
        str, typer.Argument(help="Branch code, e.g. SH01.", autocompletion=complete_branches)
    ],
) -> None:
    """Show one branch.

    Example: memberctl branch show SH01
    """
    from memberctl.office import queries

    with look(ctx, "office.read") as r:
        found = queries.branch_line(queries.find_branch(r.session, code))
    r.show_record(found)


@policy.command("list")
def policy_list(ctx: typer.Context) -> None:
    """List every policy with its value, default, unit and source.

    Example: memberctl policy list
    """
    from memberctl.office import queries

    with look(ctx, "office.read") as r:
        found = queries.list_policies(r.session)
    r.show_list(found, POLICY_COLUMNS)


@policy.command("show")
def policy_show(ctx: typer.Context, key: PolicyKey) -> None:
    """Show one policy, and who decided it.

    Example: memberctl policy show review_days
    """
    from memberctl.office import queries

    with look(ctx, "office.read") as r:
        found = queries.find_policy(r.session, key)
    r.show_record(found)


@policy.command("set")
def policy_set(
    ctx: typer.Context,
    key: PolicyKey,
    value: Annotated[str, typer.Argument(help="The value from now on.")],
) -> None:
    """Decide a policy.

    Example: memberctl policy set review_days 5
    """
    from memberctl.office.operations import set_policy

    with work(ctx, "office.change") as w:
        decided = set_policy(w.session, key, value, by=w.actor, at=w.now)
        w.say(decided, POLICY_SENTENCES[decided.outcome])


@calendar.command("add")
def calendar_add(
    ctx: typer.Context,
    year: Annotated[str, typer.Argument(help="Year, e.g. 2026.")],
    file: Annotated[
        str | None,
        typer.Option(
            help="CSV with the columns date,kind,name; kind is holiday or workday. "
            "Without it the published holidays of your region are taken."
        ),
    ] = None,
) -> None:
    """Enter the free days and make-up workdays of a year; a year that is there is replaced.

    Example: memberctl calendar add 2026
    """
    from memberctl.office.operations import enter_years

    number = calendars.parse_year(year)
    given, notices = (None, []) if file is None else _read_year(ctx, number, file)
    with work(ctx, "office.change") as w:
        wanted = given or calendars.published_year(w.region, number)
        (entered,) = enter_years(w.session, [wanted], by=w.actor, at=w.now)
        w.say(entered, YEAR_SENTENCES[entered.outcome])
    for notice in notices:
        w.warn(notice)
    if entered.provisional:
        w.warn(
            f"{number} is provisional: its make-up workdays are not published yet; "
            f"give them with: memberctl calendar add {number} --file FILE"
        )


def _read_year(ctx: typer.Context, year: int, file: str) -> tuple[calendars.YearOfDays, list[str]]:
    with open_rows(file, stdin=ctx.obj.stdin.buffer) as rows:
        given = calendars.given_year(year, rows.header, rows)
        rows.finish()
        return given, rows.notices


@calendar.command("show")
def calendar_show(
    ctx: typer.Context,
    stretch: Annotated[
        str, typer.Argument(help="A month, e.g. 2026-02, or a year.", metavar="MONTH|YEAR")
    ],
) -> None:
    """Show every day of a month, or the days of a year that differ from an ordinary week.

    Example: memberctl calendar show 2026-02
    """
    from memberctl.office import queries

    first, last = calendars.parse_stretch(stretch)
    month = first.month == last.month
    with look(ctx, "office.read") as r:
        found = queries.calendar_days(r.session, first, last, every=month)
    r.show_list(found, DAY_COLUMNS)


@calendar.command("list")
def calendar_list(ctx: typer.Context) -> None:
    """List the years of the calendar, and where their days come from.

    Example: memberctl calendar list
    """
    from memberctl.office import queries

    with look(ctx, "office.read") as r:
        found = queries.list_years(r.session)
    r.show_list(found, YEAR_COLUMNS)
