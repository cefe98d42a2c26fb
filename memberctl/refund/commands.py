"""The noun `refund`: money on its way back to members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.arguments import OfMember, OrderArgument
from memberctl.cli.completion import complete_orders, complete_refunds, complete_staff
from memberctl.cli.invocation import confirm, confirm_outcome, look, work
from memberctl.cli.nouns import noun
from memberctl.cli.whole import Seen
from memberctl.core.dates import parse_date
from memberctl.core.errors import UsageProblem
from memberctl.core.money import parse_amount
from memberctl.core.text import clean_reason
from memberctl.payment.rules import Method, checked_reference
from memberctl.refund.rules import LONGEST_REASON, Asked, Payout, RefundState, Verdict

if TYPE_CHECKING:
    from datetime import date

    from memberctl.cli.invocation import Writing
    from memberctl.refund.results import PartLine, PayoutEffects, RefundChanged

refund = noun("refund", "Refunds: money back to members.")

REFUNDS = (
    "number", "order", "member", "amount", "state", "effective_on", "due_on", "overdue",
    "requested_at",
)  # fmt: skip

RefundArgument = Annotated[
    str,
    typer.Argument(help="Refund number, e.g. RF-0007.", autocompletion=complete_refunds),
]
On = Annotated[
    str | None,
    typer.Option(help="Effective date, the last day of the term then, YYYY-MM-DD; else today."),
]
Gifts = Annotated[
    str | None, typer.Option(help="Value of gifts that the member used up; it is taken off.")
]
Override = Annotated[
    str | None,
    typer.Option(
        help="Emergency: a second person who answers for it, because you had a hand in it.",
        autocompletion=complete_staff,
    ),
]
Why = Annotated[str | None, typer.Option(help="Why; an override needs it.")]


@refund.command()
def preview(ctx: typer.Context, order: OrderArgument, on: On = None, gifts: Gifts = None) -> None:
    """Show what a refund would come to and what it would end; nothing is written.

    Example: memberctl refund preview JN-2026-7F3KX --on 2026-04-10
    """
    from memberctl.refund.operations import preview_refund

    with look(ctx, "refund.read") as r:
        found = preview_refund(
            r.session, order, on=_day(on, r.today), gifts_minor=_gifts(gifts, r.currency),
            today=r.today,
        )  # fmt: skip
    r.show_record(found)


def _day(text: str | None, today: date) -> date:
    return today if text is None else parse_date(text.strip(), what="the date of --on")


def _gifts(text: str | None, currency: str) -> int:
    return 0 if text is None else parse_amount(text, currency, what="the value of gifts")


@refund.command()
def request(
    ctx: typer.Context,
    order: OrderArgument,
    reason: Annotated[str, typer.Option(help="Why the member wants their money back.")],
    on: On = None,
    amount: Annotated[
        str | None, typer.Option(help="How much, if not what the rules give, e.g. 200.00.")
    ] = None,
    gifts: Gifts = None,
) -> None:
    """Ask for a refund of an order; somebody else reviews it, a third one pays.

    Example: memberctl refund request JN-2026-7F3KX --reason "moved away" --on 2026-04-10
    """
    from memberctl.refund.operations import request_refund

    why = _reason(reason)
    with work(ctx, "refund.request") as w:
        asked = Asked(
            order_text=order,
            on=_day(on, w.today),
            reason=why,
            amount_minor=None if amount is None else parse_amount(amount, w.currency),
            gifts_minor=_gifts(gifts, w.currency),
        )
        done = request_refund(w.session, asked, by=w.actor, at=w.now, today=w.today)
        if done.cut:
            w.warn(f"cut to {done.amount}: no more is left to refund of {done.order}")
        if done.beyond:
            w.warn(f"{done.amount} is more than the rules give: a manager has to approve it")
        w.say(done, "Requested {number}, {amount} of {order}; to be paid by {due_on}.")


def _reason(text: str | None) -> str:
    """Return a reason as it is kept, "" when none was given."""
    if text is None:
        return ""
    return clean_reason(text, longest=LONGEST_REASON)


@refund.command()
def review(
    ctx: typer.Context,
    number: RefundArgument,
    approve: Annotated[bool, typer.Option("--approve", help="It may be paid.")] = False,
    reject: Annotated[str | None, typer.Option(help="Refuse it; say why.")] = None,
    seen: Seen = None,
    override: Override = None,
    reason: Why = None,
) -> None:
    """Approve or reject a refund; not by who asked for it.

    Example: memberctl refund review RF-0007 --approve
    """
    from memberctl.refund.operations import review_refund

    if approve == (reject is not None):
        raise UsageProblem("give one of --approve and --reject TEXT")
    verdict = Verdict.APPROVE if approve else Verdict.REJECT
    why = _reason(reason if approve else reject)
    known = seen if seen is not None else _version_now(ctx, number)
    with work(ctx, "refund.review") as w:
        done = review_refund(
            w.session, number, verdict, reason=why, by=w.actor, at=w.now, seen=known,
            override=override,
        )  # fmt: skip
        w.say(
            done,
            "Approved {number}: {amount} of {order}, to be paid by {due_on}."
            if approve
            else "Rejected {number} of {order}; nothing goes back.",
        )


def _version_now(ctx: typer.Context, number: str) -> int:
    """Return the refund's version before waiting for the lock: what the reviewer goes by (O4)."""
    from memberctl.refund.queries import find_refund

    with look(ctx, "refund.read") as r:
        return find_refund(r.session, number).version


@refund.command()
def pay(
    ctx: typer.Context,
    number: RefundArgument,
    method: Annotated[
        Method | None, typer.Option(help="Another way than it was paid, if that way failed.")
    ] = None,
    reference: Annotated[str | None, typer.Option(help="The transaction's own number.")] = None,
    seen: Seen = None,
    override: Override = None,
    reason: Why = None,
) -> None:
    """Pay an approved refund; its term ends, and the card of who is left with none is blocked.

    Example: memberctl refund pay RF-0007 --reference TX9
    """
    from memberctl.refund.paying import pay_refund, payout_effects

    with look(ctx, "refund.pay") as r:
        found = payout_effects(r.session, number, today=r.today)
    confirm(ctx, _question(found))
    payout = Payout(
        number=number,
        method=method,
        reference=checked_reference(reference),
        seen=found.version if seen is None else seen,
        override=override,
        reason=_reason(reason),
    )
    with work(ctx, "refund.pay", money=True) as w:
        paid = pay_refund(w.session, payout, by=w.actor, at=w.now, today=w.today)
        w.say(
            paid,
            f"Paid {{number}}, {{amount}} of {{order}}: {_parts(paid.parts)};"
            f" {paid.effects.sentence()}.",
        )


def _question(found: PayoutEffects) -> str:
    """Return what is asked before a payout: what goes out, and what ends by it (rules M10)."""
    said = f"Pay {found.number}, {found.amount} of {found.order}: {_parts(found.parts)}?"
    return f"{said} {found.effects.after_question()}"


def _parts(parts: tuple[PartLine, ...]) -> str:
    return " + ".join(f"{each.amount} by {each.method} ({each.payment})" for each in parts)


@refund.command()
def fail(
    ctx: typer.Context,
    number: RefundArgument,
    reason: Annotated[str, typer.Option(help="Why it did not arrive, e.g. account closed.")],
    seen: Seen = None,
) -> None:
    """Say that a payout did not arrive; it is to be paid again.

    Example: memberctl refund fail RF-0007 --reason "account closed"
    """
    from memberctl.refund.paying import fail_refund

    why = _reason(reason)

    def act(w: Writing) -> RefundChanged:
        return fail_refund(
            w.session, number, reason=why, by=w.actor, at=w.now, today=w.today, seen=seen
        )

    confirm_outcome(
        ctx, "refund.pay", act,
        lambda done: f"Book the payout of {done.number}, {done.amount} of {done.order}, back?"
        " It waits to be paid again.",
    )  # fmt: skip
    with work(ctx, "refund.pay", money=True) as w:
        done = act(w)
        w.say(done, "The payout of {number}, {amount} of {order}, failed; it is to be paid again.")


@refund.command()
def withdraw(
    ctx: typer.Context,
    number: RefundArgument,
    reason: Annotated[str, typer.Option(help="Why it is given up.")],
    seen: Seen = None,
) -> None:
    """Give up a refund that is not paid yet; the member stays as they are.

    Example: memberctl refund withdraw RF-0007 --reason "the member stays"
    """
    from memberctl.refund.operations import withdraw_refund

    why = _reason(reason)

    def act(w: Writing) -> RefundChanged:
        return withdraw_refund(w.session, number, reason=why, by=w.actor, at=w.now, seen=seen)

    confirm_outcome(
        ctx, "refund.request", act,
        lambda done: f"Withdraw {done.number}, {done.amount} of {done.order}?"
        " Nothing goes back to the member.",
    )  # fmt: skip
    with work(ctx, "refund.request") as w:
        done = act(w)
        w.say(done, "Withdrew {number} of {order}; nothing goes back.")


@refund.command("list")
def list_(
    ctx: typer.Context,
    order: Annotated[
        str | None, typer.Option(help="Only this order.", autocompletion=complete_orders)
    ] = None,
    member: OfMember = None,
    state: Annotated[RefundState | None, typer.Option(help="Only this state.")] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only those that should have been paid by now.")
    ] = False,
) -> None:
    """List the refunds, the newest first.

    Example: memberctl refund list --state approved
    """
    from memberctl.member.queries import find_member_id
    from memberctl.refund import queries

    with look(ctx, "refund.read") as r:
        found = queries.list_refunds(
            r.session,
            today=r.today,
            order=order,
            member_id=find_member_id(r.session, member),
            state=state,
            overdue=overdue,
            limit=r.limit,
        )
    r.show_list(found.rows, REFUNDS, total=found.total)


@refund.command()
def show(ctx: typer.Context, number: RefundArgument) -> None:
    """Show one refund: how it was counted, where it goes, whose hands it went through.

    Example: memberctl refund show RF-0007
    """
    from memberctl.refund import queries

    with look(ctx, "refund.read") as r:
        found = queries.show_refund(r.session, number)
    r.show_record(found)
