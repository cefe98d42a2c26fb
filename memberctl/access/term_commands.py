"""The noun `term`."""

from __future__ import annotations

from typing import Annotated

import typer

from memberctl.access.rules import term_spans
from memberctl.cli.arguments import MemberArgument, OptionalMember
from memberctl.cli.completion import complete_orders
from memberctl.cli.invocation import confirm, look, work
from memberctl.cli.nouns import noun
from memberctl.cli.run import Run
from memberctl.cli.whole import whole

term = noun("term", "Terms: what members are entitled to, and when.")

TERM_COLUMNS = ("member", "plan", "start_on", "end_on", "status", "visits", "left")
PREVIEW_COLUMNS = ("index", "start_on", "end_on")
HISTORY_COLUMNS = (
    "member", "order", "change", "from_on", "until_on", "was_on", "end_on", "reason", "staff", "at",
)  # fmt: skip
MOST_PREVIEWED = 1_200

Reason = Annotated[str, typer.Option(help="Why; kept with the term.")]
OfOrder = Annotated[
    str | None,
    typer.Option(
        "--order",
        help="Only the term that this order paid for.",
        autocompletion=complete_orders,
    ),
]


@term.command("list")
def list_terms(ctx: typer.Context, member: OptionalMember = None) -> None:
    """List terms with their status, of one member or of all.

    Example: memberctl term list M-000123 --as-of 2026-02-01
    """
    from memberctl.access import term_queries
    from memberctl.member.queries import find_member

    with look(ctx, "access.read") as r:
        member_id = None if member is None else find_member(r.session, member).id
        found = term_queries.list_terms(
            r.session, r.zone, r.today, member_id=member_id, limit=r.limit
        )
    r.show_list(found.rows, TERM_COLUMNS, total=found.total)


@term.command()
def history(ctx: typer.Context, member: OptionalMember = None) -> None:
    """List what happened to terms after they were granted: freezes, ends, moves.

    Example: memberctl term history M-000123
    """
    from memberctl.access import term_queries
    from memberctl.member.queries import find_member

    with look(ctx, "access.read") as r:
        member_id = None if member is None else find_member(r.session, member).id
        found = term_queries.list_changes(
            r.session, r.zone, r.today, member_id=member_id, limit=r.limit
        )
    r.show_list(found.rows, HISTORY_COLUMNS, total=found.total)


@term.command()
def freeze(
    ctx: typer.Context,
    member: MemberArgument,
    from_: Annotated[str, typer.Option("--from", help="First frozen day, YYYY-MM-DD.")],
    until: Annotated[str, typer.Option(help="Last frozen day, YYYY-MM-DD.")],
    reason: Reason,
    order: OfOrder = None,
) -> None:
    """Let a term rest for whole days; its end moves by as many, and what follows moves along.

    Example: memberctl term freeze M-000123 --from 2026-07-01 --until 2026-07-30 --reason travel
    """
    from memberctl.access.pausing import freeze_term
    from memberctl.core.dates import Span, parse_date
    from memberctl.core.numbering import parse_order_number
    from memberctl.core.text import clean_text
    from memberctl.member.queries import find_member

    stretch = Span(parse_date(from_, what="--from"), parse_date(until, what="--until"))
    said = clean_text(reason, what="the reason", field="reason")
    with work(ctx, "term.freeze") as w:
        frozen = freeze_term(
            w.session,
            find_member(w.session, member).id,
            stretch,
            order=None if order is None else parse_order_number(order),
            reason=said,
            by=w.actor,
            at=w.now,
            today=w.today,
        )
        w.say(
            frozen,
            "Froze the term of {member} from {from_on} to {until_on}, {days} days;"
            " it ends {end_on} instead of {was_on}.",
        )


@term.command()
def resume(
    ctx: typer.Context,
    member: MemberArgument,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", help="First day that is not frozen, YYYY-MM-DD; today unless given."
        ),
    ] = None,
    reason: Reason = "back early",
    order: OfOrder = None,
) -> None:
    """End a freeze before its time; the days that were not used are given back.

    Example: memberctl term resume M-000123 --from 2026-07-11
    """
    from memberctl.access.pausing import resume_term
    from memberctl.core.dates import parse_date
    from memberctl.core.numbering import parse_order_number
    from memberctl.core.text import clean_text
    from memberctl.member.queries import find_member

    from_on = None if from_ is None else parse_date(from_, what="--from")
    said = clean_text(reason, what="the reason", field="reason")
    with work(ctx, "term.freeze") as w:
        resumed = resume_term(
            w.session,
            find_member(w.session, member).id,
            from_on or w.today,
            order=None if order is None else parse_order_number(order),
            reason=said,
            by=w.actor,
            at=w.now,
            today=w.today,
        )
        w.say(
            resumed,
            "Resumed the term of {member}: {days} days were frozen, it ends {end_on}"
            " instead of {was_on}.",
        )


@term.command()
def cancel(
    ctx: typer.Context,
    member: MemberArgument,
    reason: Reason,
    on: Annotated[
        str | None,
        typer.Option(help="Last day, for which the member gave notice, YYYY-MM-DD; else today."),
    ] = None,
    order: OfOrder = None,
) -> None:
    """End a term by notice; nothing is paid back. With money back: refund request.

    Example: memberctl term cancel M-000123 --on 2026-06-30 --reason "moves away"
    """
    from memberctl.core.dates import parse_date
    from memberctl.core.numbering import parse_order_number
    from memberctl.core.text import clean_text
    from memberctl.member.queries import find_member
    from memberctl.refund.cancelling import Notice, cancel_term, notice_effects

    said = clean_text(reason, what="the reason", field="reason")
    last_on = None if on is None else parse_date(on, what="--on")
    number = None if order is None else parse_order_number(order)
    with look(ctx, "term.cancel") as r:
        notice = Notice(find_member(r.session, member).id, last_on or r.today, said, number)
        meant, ends = notice_effects(r.session, notice, today=r.today)
    confirm(ctx, f"Cancel the term of {meant} without a refund? {ends.sentence()}.")
    with work(ctx, "term.cancel") as w:
        done = cancel_term(w.session, notice, by=w.actor, at=w.now, today=w.today)
        w.say(
            done,
            "Cancelled the term of {member} ({order}): it ends {end_on} instead of {was_on},"
            f" cards blocked: {len(done.cards)}; nothing is paid back.",
        )


@term.command()
def preview(
    ctx: typer.Context,
    from_: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")],
    term_: Annotated[str, typer.Option("--term", help="Length, e.g. 1m, 12m, 1y or 30d.")],
    count: Annotated[
        int,
        typer.Option(
            parser=whole("--count", 1, MOST_PREVIEWED), metavar="N", help="How many terms to show."
        ),
    ] = 12,
) -> None:
    """Show when the terms of a series start and end; needs no store.

    Example: memberctl term preview --from 2024-01-31 --term 1m --count 4
    """
    from memberctl.core.dates import parse_date, parse_period

    run: Run = ctx.obj
    spans = term_spans(parse_date(from_, what="--from"), parse_period(term_), count)
    run.output.show_list(spans, PREVIEW_COLUMNS)
