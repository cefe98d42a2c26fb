"""plan, tier, agreement: what is offered, published in versions."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import typer

from memberctl.catalog import agreements, pricelists, results, rules, tiers
from memberctl.cli.completion import complete_plans, complete_tiers
from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun
from memberctl.core.errors import Invalid
from memberctl.core.money import parse_count
from memberctl.core.textfile import open_text
from memberctl.office.rules import Outcome

plan = noun("plan", "Plans: what members can buy.")
tier = noun("tier", "Tiers: benefits by standing.")
agreement = noun("agreement", "Agreements: what members agree to.")

PLAN_COLUMNS = [field.name for field in fields(results.PlanLine)]
TIER_COLUMNS = [field.name for field in fields(results.TierLine)]
AGREEMENT_COLUMNS = [field.name for field in fields(results.AgreementLine)]
MOST_VERSIONS = 1_000_000

PlanCode = Annotated[
    str,
    typer.Argument(help="Short code, e.g. YEAR.", metavar="CODE", autocompletion=complete_plans),
]
TierCode = Annotated[
    str,
    typer.Argument(help="Short code, e.g. gold.", metavar="CODE", autocompletion=complete_tiers),
]
From = Annotated[
    str | None, typer.Option("--from", help="First day, YYYY-MM-DD; today unless given.")
]
Fee = Annotated[str | None, typer.Option(help="Asked once, on joining, e.g. 200.00.")]
Hours = Annotated[
    str | None,
    typer.Option(help='When it lets in, e.g. "mon-fri 09:00-16:00"; "all" lifts the limit.'),
]
Branches = Annotated[
    str | None, typer.Option(help='Branches it lets in at, e.g. SH01,BJ01; "all" lifts the limit.')
]
Season = Annotated[
    str | None,
    typer.Option(
        help="Fixed calendar: first day of every term, what a late join pays for, from when it"
        ' also gets the next term, e.g. 01-01/days/11-01; "none" lifts it.',
        metavar="MM-DD[/days|months][/MM-DD]",
    ),
]
Timing = Annotated[rules.PaymentTiming | None, typer.Option(help="When the fee is asked for.")]

PLAN_SENTENCES = {
    Outcome.CREATED: "Added plan {code} ({name}), {price} for {term}, from {valid_from}.",
    Outcome.UPDATED: "Plan {code} ({name}): {price} for {term} from {valid_from} (v{version}).",
    Outcome.UNCHANGED: "Plan {code} is so already, from {valid_from}; nothing was changed.",
}
TIER_SENTENCES = {
    Outcome.UPDATED: "Tier {code} ({name}) has its new benefits from {valid_from} (v{version}).",
    Outcome.UNCHANGED: "Tier {code} is so already, from {valid_from}; nothing was changed.",
}
AGREEMENT_SENTENCES = {
    Outcome.CREATED: "Published {code}: {title} (v{version}), from {valid_from}.",
    Outcome.UPDATED: "Published {code}: {title} (v{version}), from {valid_from}.",
    Outcome.UNCHANGED: "{code} has this text already (v{version}); nothing was changed.",
}


@plan.command("add")
def plan_add(
    ctx: typer.Context,
    code: PlanCode,
    name: Annotated[str, typer.Option(help="What members read, e.g. 年卡.")],
    term: Annotated[str, typer.Option(help="Length: 30d, 2w, 12m or 1y.")],
    price: Annotated[str, typer.Option(help="Price of one term, e.g. 3650.00.")],
    joining_fee: Fee = None,
    payment_timing: Timing = None,
    product: Annotated[
        str | None,
        typer.Option(help="Terms of one product never overlap; membership unless given."),
    ] = None,
    visits: Annotated[
        str | None, typer.Option(help="Makes it a pack of so many visits within its term.")
    ] = None,
    hours: Hours = None,
    branches: Branches = None,
    season: Season = None,
    valid_from: From = None,
) -> None:
    """Add a plan.

    Example: memberctl plan add YEAR --name 年卡 --term 12m --price 3650.00
    """
    from memberctl.catalog.operations import add_plans

    with work(ctx, "catalog.change") as w:
        offer = rules.parse_offer(
            code,
            currency=w.currency,
            name=name,
            term=term,
            price=price,
            joining_fee=joining_fee,
            payment_timing=payment_timing,
            product=product,
            valid_from=valid_from,
            visits=visits,
            hours=hours,
            branches=branches,
            season=season,
        )
        (added,) = add_plans(
            w.session, [offer], by=w.actor, at=w.now, today=w.today, currency=w.currency
        )
        w.say(added, PLAN_SENTENCES[added.outcome])


@plan.command("revise")
def plan_revise(
    ctx: typer.Context,
    code: PlanCode,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    term: Annotated[str | None, typer.Option(help="Another length: 30d, 2w, 12m or 1y.")] = None,
    price: Annotated[str | None, typer.Option(help="Another price, e.g. 3980.00.")] = None,
    joining_fee: Fee = None,
    payment_timing: Timing = None,
    visits: Annotated[str | None, typer.Option(help="Another number of visits of a pack.")] = None,
    hours: Hours = None,
    branches: Branches = None,
    season: Season = None,
    valid_from: From = None,
) -> None:
    """Publish a new version of a plan from a day on; terms that were sold keep the old one.

    Example: memberctl plan revise YEAR --price 3980.00 --from 2027-01-01
    """
    from memberctl.catalog.operations import revise_plans

    with work(ctx, "catalog.change") as w:
        offer = rules.parse_offer(
            code,
            currency=w.currency,
            name=name,
            term=term,
            price=price,
            joining_fee=joining_fee,
            payment_timing=payment_timing,
            valid_from=valid_from,
            visits=visits,
            hours=hours,
            branches=branches,
            season=season,
        )
        (revised,) = revise_plans(
            w.session, [offer], by=w.actor, at=w.now, today=w.today, currency=w.currency
        )
        w.say(revised, PLAN_SENTENCES[revised.outcome])


@plan.command("withdraw")
def plan_withdraw(ctx: typer.Context, code: PlanCode) -> None:
    """Withdraw a plan: no new order may name it; members who have it keep it.

    Example: memberctl plan withdraw YEAR
    """
    from memberctl.catalog.operations import withdraw_plan

    with work(ctx, "catalog.change") as w:
        withdrawn = withdraw_plan(w.session, code, by=w.actor, at=w.now)
        w.say(withdrawn, "Withdrew plan {code}.")


@plan.command("list")
def plan_list(
    ctx: typer.Context,
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="Also withdrawn plans.")] = False,
) -> None:
    """List the plans with today's terms and prices.

    Example: memberctl plan list
    """
    from memberctl.catalog import queries

    with look(ctx, "catalog.read") as r:
        found = queries.list_plans(
            r.session, on=r.today, currency=r.currency, withdrawn=withdrawn, limit=r.limit
        )
    r.show_list(found.rows, PLAN_COLUMNS, total=found.total)


@plan.command("show")
def plan_show(ctx: typer.Context, code: PlanCode) -> None:
    """Show a plan with all its versions.

    Example: memberctl plan show YEAR
    """
    from memberctl.catalog import queries

    with look(ctx, "catalog.read") as r:
        found = queries.show_plan(r.session, code, currency=r.currency)
    r.show_record(found)


@plan.command("import")
def plan_import(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="TOML with [[plan]] and [[tier]], or - for stdin.")],
) -> None:
    """Publish the plans and tiers of a file, all or none; the second time changes nothing.

    Example: memberctl plan import plans.toml
    """
    from memberctl.catalog.operations import import_price_list

    text, notices = _read(ctx, file, pricelists.LONGEST_FILE)
    with work(ctx, "catalog.change") as w:
        prices = pricelists.parse_price_list(text, w.currency)
        imported = import_price_list(
            w.session,
            prices.plans,
            prices.tiers,
            by=w.actor,
            at=w.now,
            today=w.today,
            currency=w.currency,
        )
        w.say(
            imported,
            "Imported {read} plans and tiers: {created} created, {updated} updated, "
            "{unchanged} unchanged.",
        )
    for notice in notices:
        w.warn(notice)
    if not imported.read:
        w.warn("the file has no [[plan]] and no [[tier]]: 0 rows")


def _read(ctx: typer.Context, source: str, longest: int) -> tuple[str, list[str]]:
    """Return the whole text of a file, and what its user should be told about it."""
    file = open_text(source, stdin=ctx.obj.stdin.buffer)
    try:
        text = file.lines().read(longest + 1)
        if len(text) > longest:
            raise Invalid(f"{file.name} has more than {longest:,} characters", rule="file_size")
        file.refuse_if_changed()
        return text, file.notices
    finally:
        file.close()


@tier.command("list")
def tier_list(ctx: typer.Context) -> None:
    """List the tiers with today's benefits, lowest first.

    Example: memberctl tier list
    """
    from memberctl.catalog import queries

    with look(ctx, "catalog.read") as r:
        found = queries.list_tiers(r.session, on=r.today, currency=r.currency)
    r.show_list(found, TIER_COLUMNS)


@tier.command("show")
def tier_show(ctx: typer.Context, code: TierCode) -> None:
    """Show a tier with all versions of its benefits.

    Example: memberctl tier show gold
    """
    from memberctl.catalog import queries

    with look(ctx, "catalog.read") as r:
        found = queries.show_tier(r.session, code, currency=r.currency)
    r.show_record(found)


@tier.command("revise")
def tier_revise(
    ctx: typer.Context,
    code: TierCode,
    valid_from: Annotated[
        str,
        typer.Option("--from", help="First day, YYYY-MM-DD; members are due notice before it."),
    ],
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    price_percent: Annotated[
        str | None, typer.Option(help="Share of a plan's price that is paid, e.g. 90.")
    ] = None,
    points_percent: Annotated[
        str | None, typer.Option(help="Points for spending; 200 is twice as many.")
    ] = None,
    guests: Annotated[str | None, typer.Option(help="Guests that may be brought.")] = None,
    threshold: Annotated[
        str | None, typer.Option(help="Spending that reaches the tier, e.g. 10000.00.")
    ] = None,
) -> None:
    """Publish new benefits of a tier; terms that were sold keep the old ones to their end.

    Example: memberctl tier revise gold --price-percent 88 --from 2027-01-01
    """
    from memberctl.catalog.operations import revise_tiers

    with work(ctx, "catalog.change") as w:
        offer = tiers.parse_tier(
            code,
            currency=w.currency,
            name=name,
            price_percent=price_percent,
            points_percent=points_percent,
            guests=guests,
            threshold=threshold,
            valid_from=valid_from,
        )
        (revised,) = revise_tiers(
            w.session, [offer], by=w.actor, at=w.now, today=w.today, currency=w.currency
        )
        w.say(revised, TIER_SENTENCES[revised.outcome])


@agreement.command("publish")
def agreement_publish(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="The text in UTF-8, or - for stdin.")],
    title: Annotated[
        str | None, typer.Option(help="What members read; the first line unless given.")
    ] = None,
    valid_from: From = None,
    code: Annotated[
        str, typer.Option(help="Which agreement; the one that joining needs unless given.")
    ] = agreements.MEMBERSHIP,
) -> None:
    """Publish a wording that members agree to from a day on; the same text again is no change.

    Example: memberctl agreement publish agreement.txt --from 2026-04-01
    """
    from memberctl.catalog.publishing import publish_agreement

    text, notices = _read(ctx, file, pricelists.LONGEST_FILE)
    wording = agreements.wording(code, text, title=title, valid_from=rules.parse_from(valid_from))
    with work(ctx, "catalog.change") as w:
        published = publish_agreement(w.session, wording, by=w.actor, at=w.now, today=w.today)
        w.say(published, AGREEMENT_SENTENCES[published.outcome])
    for notice in notices:
        w.warn(notice)


@agreement.command("list")
def agreement_list(ctx: typer.Context) -> None:
    """List every wording of every agreement.

    Example: memberctl agreement list
    """
    from memberctl.catalog import queries

    with look(ctx, "catalog.read") as r:
        found = queries.list_agreements(r.session, limit=r.limit)
    r.show_list(found.rows, AGREEMENT_COLUMNS, total=found.total)


@agreement.command("show")
def agreement_show(
    ctx: typer.Context,
    code: Annotated[
        str, typer.Argument(help="Which agreement; the one that joining needs unless given.")
    ] = agreements.MEMBERSHIP,
    wording: Annotated[
        str | None, typer.Option(help="Its version; the one that holds today unless given.")
    ] = None,
) -> None:
    """Show the text of an agreement.

    Example: memberctl agreement show
    """
    from memberctl.catalog import queries

    number = (
        None if wording is None else parse_count(wording, what="the wording", most=MOST_VERSIONS)
    )
    with look(ctx, "catalog.read") as r:
        found = queries.show_agreement(r.session, code, on=r.today, version=number)
    r.show_text(found.body, found)
