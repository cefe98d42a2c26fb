"""branch, policy, calendar: where members are served, by which numbers, on which days."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import typer

from memberctl.cli.completion import complete_branches
from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun
from memberctl.core.rows import open_rows
from memberctl.office import branches, calendars, policies, rules
from memberctl.office.proposal_commands import change_or_propose
from memberctl.office.proposals import deciding

branch = noun("branch", "Branches: where members are served.")
policy = noun("policy", "Policies: the numbers that you decide.")
calendar = noun("calendar", "Calendar: which days are worked.")

BRANCH_COLUMNS = [field.name for field in fields(rules.BranchLine)]
POLICY_COLUMNS = [field.name for field in fields(policies.PolicyLine)]
YEAR_COLUMNS = [field.name for field in fields(calendars.CalendarYearLine)]
DAY_COLUMNS = [field.name for field in fields(calendars.CalendarDayLine)]

PolicyKey = Annotated[
    str, typer.Argument(help="Policy, e.g. review_days.", autocompletion=policies.keys_beginning)
]
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

    settings = branches.branch_settings(zone=zone, hours=hours, capacity=capacity)
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
    """Decide a policy; where there are two owners, propose it to the other one.

    Example: memberctl policy set review_days 5
    """
    change_or_propose(ctx, deciding(key, value), POLICY_SENTENCES)


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
    from memberctl.office import calendar_queries

    first, last = calendars.parse_stretch(stretch)
    month = first.month == last.month
    with look(ctx, "office.read") as r:
        found = calendar_queries.calendar_days(r.session, first, last, every=month)
    r.show_list(found, DAY_COLUMNS)


@calendar.command("list")
def calendar_list(ctx: typer.Context) -> None:
    """List the years of the calendar, and where their days come from.

    Example: memberctl calendar list
    """
    from memberctl.office import calendar_queries

    with look(ctx, "office.read") as r:
        found = calendar_queries.list_years(r.session)
    r.show_list(found, YEAR_COLUMNS)
