"""The nouns `order` and `application`; `quote` is in quote_commands.py."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memberctl.cli.arguments import MemberArgument, OfMember, OrderArgument
from memberctl.cli.completion import complete_branches, complete_members, complete_plans
from memberctl.cli.importing import (
    AllOrNothingOption,
    EncodingOption,
    FileArgument,
    IgnoreExtraOption,
    MapOption,
    open_import,
    run_import,
)
from memberctl.cli.invocation import confirm_outcome, look, work
from memberctl.cli.nouns import noun
from memberctl.cli.whole import Seen
from memberctl.core.errors import Conflict
from memberctl.core.numbering import member_number
from memberctl.core.text import clean_reason, clean_text
from memberctl.order.results import Filed, OrderRecord, order_record
from memberctl.order.rules import SETTLED, Filing, OrderKind, OrderState

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.cli.invocation import Writing
    from memberctl.cli.run import Run
    from memberctl.order.applications import Desk
    from memberctl.order.results import OrderEnded, OrderFiled

order = noun("order", "Orders: what members ask for.")
application = noun("application", "Applications: member and join order.")

ORDERS = (
    "number", "kind", "member", "plan", "state", "stage", "total", "paid", "open", "due_on",
    "quote", "dunning",
)  # fmt: skip

Reason = Annotated[str, typer.Option(help="Why; kept with the order.")]


@order.command()
def file(
    ctx: typer.Context,
    member: MemberArgument,
    plan: Annotated[
        str | None,
        typer.Option(help="Code of the plan, e.g. YEAR.", autocompletion=complete_plans),
    ] = None,
    agreed: Annotated[
        bool, typer.Option("--agreed", help="The member has read and accepted the terms.")
    ] = False,
    kind: Annotated[OrderKind, typer.Option(help="What the order is for.")] = OrderKind.JOIN,
    channel: Annotated[str, typer.Option(help="How it reached you, e.g. phone.")] = "counter",
    branch: Annotated[
        str | None,
        typer.Option(help="Branch, else the member's own.", autocompletion=complete_branches),
    ] = None,
    source: Annotated[str | None, typer.Option(help="The system that it comes from.")] = None,
    external_ref: Annotated[str | None, typer.Option(help="Its key in that system.")] = None,
    line: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT:QUANTITY:PRICE", help="A line of a service order; may be repeated."
        ),
    ] = None,
    total: Annotated[
        str | None, typer.Option(help="The total as the customer was told it; checked.")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(help="Who gets the term of a transfer.", autocompletion=complete_members),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(help="Which running term is meant, by its order, if there are several."),
    ] = None,
) -> None:
    """File an order for a member: to join, renew, upgrade, downgrade, transfer, or for a service.

    An upgrade takes effect at once and keeps the end: the rest of the term at the new price, less
    what the current plan is worth for it. A downgrade begins when the term ends. A transfer gives
    the rest of the term to another member, after two approvals.

    Example: memberctl order file M-000123 --plan YEAR --agreed
    """
    from memberctl.office.calendar_queries import work_calendar
    from memberctl.order.filing import checked_reference
    from memberctl.order.operations import file_order

    typed = _Typed(
        member, plan, agreed, kind,
        channel=clean_text(channel, what="the channel", field="channel", longest=40),
        branch=branch, reference=checked_reference(source, external_ref),
        lines=tuple(line or ()), total=total, to=to, of=of,
    )  # fmt: skip
    with work(ctx, "order.file") as w:
        filed = file_order(
            w.session, _filing(w, typed), by=w.actor, at=w.now, today=w.today,
            currency=w.currency, calendar=work_calendar(w.session),
        )  # fmt: skip
        _refuse_open_twin(filed, external_ref)
        _say_filed(w, filed)


@dataclass(frozen=True, slots=True)
class _Typed:
    """What was typed about an order, before the store is asked what it means.

    reference -- (source, key in it), both or neither
    """

    member: str
    plan: str | None
    agreed: bool
    kind: OrderKind
    channel: str
    branch: str | None
    reference: tuple[str | None, str | None]
    lines: tuple[str, ...]
    total: str | None
    to: str | None
    of: str | None


def _filing(w: Writing, typed: _Typed) -> Filing:
    """Return the filing that was typed. Raises NotFound and Invalid for what the store has not."""
    from memberctl.catalog.queries import find_plan_terms
    from memberctl.core.money import parse_amount
    from memberctl.core.numbering import parse_order_number
    from memberctl.member.queries import find_member, find_member_id
    from memberctl.office.queries import find_branch_id
    from memberctl.order.pricing import parse_line

    plan, total = typed.plan, typed.total
    return Filing(
        member_id=find_member(w.session, typed.member).id,
        plan=None if plan is None else find_plan_terms(w.session, plan, w.today),
        kind=typed.kind,
        agreed_on=w.today if typed.agreed else None,
        channel=typed.channel,
        branch_id=find_branch_id(w.session, typed.branch),
        source=typed.reference[0],
        external_ref=typed.reference[1],
        lines=tuple(parse_line(each, w.currency) for each in typed.lines),
        total_minor=None if total is None else parse_amount(total, w.currency, what="the total"),
        receiver_id=find_member_id(w.session, typed.to),
        of_order=None if typed.of is None else parse_order_number(typed.of),
    )


def _refuse_open_twin(filed: OrderFiled, external_ref: str | None) -> None:
    """Told once more without a reference, an order is a slip rather than a repeat (exit 7)."""
    if filed.outcome is Filed.CREATED or (filed.outcome is Filed.UNCHANGED and external_ref):
        return
    hint = f"memberctl order show {filed.number}"
    if filed.state in SETTLED:
        member = member_number(filed.member_id)
        hint = f"memberctl order file {member} --kind renewal --plan {filed.plan} --agreed"
    raise Conflict(
        f"probable duplicate: {filed.number} of the same member and plan is {filed.state}",
        hint=hint,
    )


def _say_filed(w: Writing, filed: OrderFiled) -> None:
    from memberctl.payment.settling import settle_if_paid

    settle_if_paid(w.session, filed.number, by=w.actor, at=w.now, today=w.today)
    found = _record(w.session, filed.number)
    if filed.outcome is Filed.UNCHANGED:
        w.say(found, "{number} was filed before; it is {state}.")
    elif filed.missing:
        w.warn(f"{filed.number} is returned until it has: {', '.join(filed.missing)}")
        w.say(found, "Filed {number} for {member}: {total}, returned for missing documents.")
    else:
        w.say(found, "Filed {number} for {member}: {total}, {state}, due {due_on}.")


@order.command("list")
def list_orders(
    ctx: typer.Context,
    state: Annotated[OrderState | None, typer.Option(help="Only in this state.")] = None,
    kind: Annotated[OrderKind | None, typer.Option(help="Only of this kind.")] = None,
    member: OfMember = None,
    stage: Annotated[str | None, typer.Option(help="Only in this review stage.")] = None,
) -> None:
    """List orders, the newest first.

    Example: memberctl order list --state confirmed
    """
    _show_orders(ctx, member, stage, state=state, kind=kind)


def _show_orders(
    ctx: typer.Context, member: str | None, stage: str | None, **conditions: Any
) -> None:
    from memberctl.member.queries import find_member_id
    from memberctl.order import queries
    from memberctl.payment.queries import paid_minor
    from memberctl.review.queries import known_stage

    with look(ctx, "order.read") as r:
        found = queries.list_rows(
            r.session,
            member_id=find_member_id(r.session, member),
            stage=None if stage is None else known_stage(r.session, stage),
            limit=r.limit,
            **conditions,
        )
        paid = paid_minor(r.session, [row.order_id for row in found.rows])
    records = [order_record(row, paid[row.order_id]) for row in found.rows]
    r.show_list(records, ORDERS, total=found.total)


@order.command()
def show(ctx: typer.Context, number: OrderArgument) -> None:
    """Show one order with its lines, consents and quotes.

    Example: memberctl order show JN-2026-7F3KX
    """
    from memberctl.order import queries

    with look(ctx, "order.read") as r:
        found = queries.find_details(r.session, _record(r.session, number))
    r.show_record(found)


def _record(session: Session, number: str) -> OrderRecord:
    from memberctl.order import queries
    from memberctl.payment.queries import paid_minor

    row = queries.find_row(session, number)
    return order_record(row, paid_minor(session, [row.order_id])[row.order_id])


@order.command()
def withdraw(ctx: typer.Context, number: OrderArgument, reason: Reason, seen: Seen = None) -> None:
    """Withdraw an order because the member no longer wants it.

    Example: memberctl order withdraw JN-2026-7F3KX --reason "moved away"
    """
    from memberctl.order.confirming import withdraw_order

    said = clean_reason(reason)

    def act(w: Writing) -> OrderEnded:
        return withdraw_order(
            w.session, number, reason=said, seen=seen, by=w.actor, at=w.now, today=w.today
        )

    confirm_outcome(
        ctx, "order.change", act,
        lambda ended: f"Withdraw {ended.number}? {_paid_before(ended)}",
    )  # fmt: skip
    with work(ctx, "order.change") as w:
        ended = act(w)
        w.say(ended, f"Withdrew {{number}}{_credit(ended)}.")


def _paid_before(ended: OrderEnded) -> str:
    """Return what a question adds about money."""
    paid = f"{ended.credit}, which was paid for it, becomes the member's credit."
    return paid if ended.credit.minor else "Nothing was paid for it."


def _credit(ended: OrderEnded) -> str:
    """Return what a sentence adds when money had been paid."""
    return "; {credit} is the member's credit" if ended.credit.minor else ""


@order.command()
def void(ctx: typer.Context, number: OrderArgument, reason: Reason, seen: Seen = None) -> None:
    """Void an order that was entered by mistake, with the term and the card that it gave.

    Example: memberctl order void JN-2026-7F3KX --reason "entered twice"
    """
    from memberctl.payment.settling import void_order

    said = clean_reason(reason)

    def act(w: Writing) -> OrderEnded:
        return void_order(
            w.session, number, reason=said, seen=seen, by=w.actor, at=w.now, today=w.today
        )

    confirm_outcome(
        ctx, "order.void", act,
        lambda o: f"Void {o.number}? Terms ending: {o.terms}, cards blocked: {o.cards}."
        f" {_paid_before(o)}",
    )  # fmt: skip
    with work(ctx, "order.void") as w:
        ended = act(w)
        told = "Voided {number}, terms ended: {terms}, cards blocked: {cards}"
        w.say(ended, f"{told}{_credit(ended)}.")


@order.command()
def resubmit(
    ctx: typer.Context,
    number: OrderArgument,
    agreed: Annotated[
        bool, typer.Option("--agreed", help="The member has read and accepted the terms.")
    ] = False,
    seen: Seen = None,
) -> None:
    """Resubmit a returned order whose documents are complete now.

    Example: memberctl order resubmit JN-2026-7F3KX --agreed
    """
    from memberctl.payment.settling import settle_if_paid
    from memberctl.review.operations import resubmit as resubmit_order

    with work(ctx, "order.change") as w:
        agreed_on = w.today if agreed else None
        done = resubmit_order(
            w.session, number, agreed_on=agreed_on, seen=seen, by=w.actor, at=w.now, today=w.today
        )
        settle_if_paid(w.session, done.number, by=w.actor, at=w.now, today=w.today)
        w.say(_record(w.session, done.number), "Resubmitted {number}: {state}, due {due_on}.")


@application.command("list")
def list_applications(
    ctx: typer.Context,
    state: Annotated[OrderState | None, typer.Option(help="Only in this state.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only in this review stage.")] = None,
    source: Annotated[str | None, typer.Option(help="Only from this system.")] = None,
) -> None:
    """List the join orders, the newest first.

    Example: memberctl application list --state returned
    """
    _show_orders(ctx, None, stage, kind=OrderKind.JOIN, state=state, source=source)


@application.command("import")
def import_(
    ctx: typer.Context,
    file: FileArgument,
    source: Annotated[
        str, typer.Option(help="Whose external references are in the file.")
    ] = "import",
    encoding: EncodingOption = None,
    map_file: MapOption = None,
    ignore_extra: IgnoreExtraOption = False,
    all_or_nothing: AllOrNothingOption = False,
) -> None:
    """Take in a member and a join order for each row; refused rows go to NAME.rejects.csv.

    Example: memberctl application import applications.csv --dry-run
    """
    from memberctl.member.rules import APPLICATION_COLUMNS
    from memberctl.order.applications import parse_application, take_applications

    run: Run = ctx.obj
    said = clean_text(source, what="the source", field="source", longest=40)
    opened = open_import(
        run, file, APPLICATION_COLUMNS, required=("name", "plan"),
        encoding=encoding, map_file=map_file, ignore_extra=ignore_extra,
    )  # fmt: skip
    with opened as table, work(ctx, "order.file") as w:
        desk = _desk(w, said)
        imported = run_import(
            w,
            table,
            parse=partial(parse_application, desk=desk),
            operate=partial(take_applications, w.session, desk, keys=w.keys, by=w.actor, at=w.now),
            all_or_nothing=all_or_nothing,
        )
        w.say(imported, imported.sentence("applications"), imported.exit_code)


def _desk(w: Writing, source: str) -> Desk:
    from memberctl.catalog.queries import plan_terms_on
    from memberctl.office.calendar_queries import work_calendar
    from memberctl.office.queries import branches
    from memberctl.order.applications import Desk
    from memberctl.order.queries import agreements

    wordings = agreements(w.session)
    return Desk(
        plans=plan_terms_on(w.session, w.today),
        branches={code: branch.id for code, branch in branches(w.session).items()},
        calendar=work_calendar(w.session),
        region=w.region,
        currency=w.currency,
        source=source,
        today=w.today,
        first_agreement=wordings[0][0] if wordings else None,
    )
