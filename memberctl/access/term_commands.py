"""The noun `term`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.access.rules import Wish, term_spans
from memberctl.cli.arguments import MemberArgument, OptionalMember
from memberctl.cli.completion import complete_members, complete_orders, complete_plans
from memberctl.cli.invocation import confirm, look, work
from memberctl.cli.nouns import noun
from memberctl.cli.run import Run
from memberctl.cli.whole import whole
from memberctl.core.errors import Invalid, UsageProblem

if TYPE_CHECKING:
    from memberctl.access.previewing import Asked
    from memberctl.cli.invocation import Reading
    from memberctl.core.dates import Period
    from memberctl.core.money import Money

term = noun("term", "Terms: what members are entitled to, and when.")

TERM_COLUMNS = ("member", "plan", "start_on", "end_on", "status", "visits", "left")
PREVIEW_COLUMNS = ("index", "start_on", "end_on")
AFTER_COLUMNS = (*PREVIEW_COLUMNS, "plan", "order", "was_on", "price")
HISTORY_COLUMNS = (
    "member", "order", "change", "from_on", "until_on", "was_on", "end_on", "reason", "staff", "at",
)  # fmt: skip
MOST_PREVIEWED = 1_200
ORDERED = frozenset({Wish.RENEWAL, Wish.UPGRADE, Wish.DOWNGRADE, Wish.TRANSFER})
"""What is done by filing an order."""

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
    from memberctl.member.queries import find_member_id

    with look(ctx, "access.read") as r:
        member_id = find_member_id(r.session, member)
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
    from memberctl.member.queries import find_member_id

    with look(ctx, "access.read") as r:
        member_id = find_member_id(r.session, member)
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
    from memberctl.core.text import clean_reason
    from memberctl.member.queries import find_member

    stretch = Span(parse_date(from_, what="--from"), parse_date(until, what="--until"))
    said = clean_reason(reason)
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
    from memberctl.core.text import clean_reason
    from memberctl.member.queries import find_member

    from_on = None if from_ is None else parse_date(from_, what="--from")
    said = clean_reason(reason)
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
    from memberctl.core.text import clean_reason
    from memberctl.member.queries import find_member
    from memberctl.refund.cancelling import Notice, cancel_term, notice_effects

    said = clean_reason(reason)
    last_on = None if on is None else parse_date(on, what="--on")
    number = None if order is None else parse_order_number(order)
    with look(ctx, "term.cancel") as r:
        notice = Notice(find_member(r.session, member).id, last_on or r.today, said, number)
        meant, ends = notice_effects(r.session, notice, today=r.today)
    confirm(ctx, f"Cancel the term of {meant} without a refund? {ends.after_question()}")
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
    member: OptionalMember = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="First day, YYYY-MM-DD; today unless given.")
    ] = None,
    term_: Annotated[
        str | None, typer.Option("--term", help="Length of a series, e.g. 1m, 12m, 1y or 30d.")
    ] = None,
    count: Annotated[
        int,
        typer.Option(
            parser=whole("--count", 1, MOST_PREVIEWED), metavar="N", help="How many terms to show."
        ),
    ] = 12,
    plan: Annotated[
        str | None,
        typer.Option(help="The plan of a series, or of what comes.", autocompletion=complete_plans),
    ] = None,
    wish: Annotated[
        Wish | None, typer.Option("--change", help="What would be done with a member's terms.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Last frozen day, YYYY-MM-DD.")] = None,
    order: OfOrder = None,
    to: Annotated[
        str | None,
        typer.Option(help="Who would get the term of a transfer.", autocompletion=complete_members),
    ] = None,
) -> None:
    """Show terms before anything is done: a series, a plan's, or a member's after a change.

    A series from a day on needs no store. Nothing is written; a change that would be refused is
    refused here in the same words, and an order is shown with its price on the day --from.

    Example: memberctl term preview --from 2024-01-31 --term 1m --count 4
    """
    from memberctl.core.dates import parse_date, parse_period

    start = None if from_ is None else parse_date(from_, what="--from")
    if term_ is not None and (member is not None or plan is not None):
        raise UsageProblem(
            "--term is the length of a series; a plan has its own",
            hint="memberctl term preview --help",
        )
    if member is not None:
        _preview_change(ctx, member, _Typed(wish, start, until, plan, order, to))
    elif plan is not None:
        _preview_plan(ctx, plan, start, count)
    elif term_ is None:
        raise UsageProblem(
            "say of what: --term, --plan, or a member and --change",
            hint="memberctl term preview --help",
        )
    else:
        _preview_series(ctx, parse_period(term_), start, count)


@dataclass(frozen=True, slots=True)
class _Typed:
    """A wish of `term preview` as it was typed; start -- the day of --from"""

    wish: Wish | None
    start: date | None
    until: str | None
    plan: str | None
    order: str | None
    to: str | None


def _preview_series(ctx: typer.Context, period: Period, start: date | None, count: int) -> None:
    if start is None:
        with look(ctx, "access.read") as r:
            start = r.today
    run: Run = ctx.obj
    run.output.show_list(term_spans(start, period, count), PREVIEW_COLUMNS)


def _preview_plan(ctx: typer.Context, code: str, start: date | None, count: int) -> None:
    from memberctl.access.previewing import plan_spans
    from memberctl.catalog.queries import find_plan_terms

    with look(ctx, "access.read") as r:
        spans = plan_spans(find_plan_terms(r.session, code, r.today), start or r.today, count)
    r.show_list(spans, PREVIEW_COLUMNS)


def _preview_change(ctx: typer.Context, member: str, typed: _Typed) -> None:
    from memberctl.access.previewing import Asked, preview_change
    from memberctl.catalog.queries import find_plan_terms
    from memberctl.core.dates import parse_date
    from memberctl.core.numbering import parse_order_number
    from memberctl.member.queries import find_member

    if typed.wish is None:
        raise UsageProblem("say what would be done", hint=f"--change {'|'.join(Wish)}")
    last = None if typed.until is None else parse_date(typed.until, what="--until")
    order = None if typed.order is None else parse_order_number(typed.order)
    with look(ctx, "access.read") as r:
        day = typed.start or r.today
        if typed.wish in ORDERED and day < r.today:
            raise Invalid(f"an order is filed today or later, not on {day}", field="from")
        plan = None if typed.plan is None else find_plan_terms(r.session, typed.plan, day)
        asked = Asked(typed.wish, day, last, plan, order=order)
        member_id = find_member(r.session, member).id
        if typed.wish in ORDERED:
            asked = replace(asked, price=_price(r, asked, member_id, typed.to))
        found = preview_change(r.session, member_id, asked, today=r.today)
    r.show_list(found, AFTER_COLUMNS)


def _price(r: Reading, asked: Asked, member_id: int, to: str | None) -> Money | None:
    """Return what the order for a change would cost on its day; it is refused as that would be."""
    from memberctl.core.money import Money
    from memberctl.member.queries import find_member_id
    from memberctl.order.operations import would_file
    from memberctl.order.rules import Filing, OrderKind

    receiver = find_member_id(r.session, to)
    if asked.wish is Wish.TRANSFER:
        if receiver is None:
            return None
    elif asked.plan is None:
        raise UsageProblem(f"{asked.wish} names a plan", hint="--plan CODE")
    filing = Filing(
        member_id,
        asked.plan,
        OrderKind(asked.wish.value),
        agreed_on=None if asked.wish is Wish.UPGRADE else asked.from_on,
        receiver_id=receiver,
        of_order=asked.order,
    )
    made = would_file(r.session, filing, by=r.actor, today=asked.from_on, currency=r.currency)
    return Money(made.total_minor, r.currency)
