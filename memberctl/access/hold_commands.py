"""The verbs of the noun `member` that keep somebody out and let them in again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.access.holds import HoldKind
from memberctl.cli.arguments import MemberArgument, OptionalMember
from memberctl.cli.invocation import confirm_outcome, look, work
from memberctl.core.text import clean_reason

if TYPE_CHECKING:
    from memberctl.access.holding import MemberHeld
    from memberctl.cli.invocation import Writing
    from memberctl.cli.nouns import Noun

HOLD_COLUMNS = (
    "member", "kind", "from_on", "until_on", "lifted_on", "reason", "staff", "at",
)  # fmt: skip
Reason = Annotated[str, typer.Option(help="Why; kept with it.")]


def add_to(noun: Noun) -> None:
    """Give the noun its verbs about holds."""
    noun.command("hold")(hold)
    noun.command("release")(release)
    noun.command("expel")(expel)
    noun.command("readmit")(readmit)
    noun.command("holds")(list_holds)


def hold(
    ctx: typer.Context,
    member: MemberArgument,
    until: Annotated[str, typer.Option(help="Last day, YYYY-MM-DD.")],
    reason: Reason,
    from_: Annotated[
        str | None, typer.Option("--from", help="First day, YYYY-MM-DD; today unless given.")
    ] = None,
) -> None:
    """Keep a member out until a day, for a reason; terms end as before.

    Example: memberctl member hold M-000123 --until 2026-04-30 --reason "damage is looked into"
    """
    from memberctl.access.holding import hold_member
    from memberctl.core.dates import Span, parse_date
    from memberctl.member.queries import find_member

    last = parse_date(until, what="--until")
    first = None if from_ is None else parse_date(from_, what="--from")
    said = clean_reason(reason)
    with work(ctx, "member.hold") as w:
        held = hold_member(
            w.session,
            find_member(w.session, member).id,
            Span(first or w.today, last),
            reason=said,
            by=w.actor,
            at=w.now,
            today=w.today,
        )
        w.say(held, "{member} is on hold from {from_on} to {until_on}.")


def release(ctx: typer.Context, member: MemberArgument, reason: Reason) -> None:
    """Let a member in again before a hold ends.

    Example: memberctl member release M-000123 --reason "it was somebody else"
    """
    _lift(ctx, member, HoldKind.HOLD, reason, "{member} is no longer on hold.")


def expel(ctx: typer.Context, member: MemberArgument, reason: Reason) -> None:
    """Expel a member: from today on nothing lets them in and nothing is sold to them.

    Example: memberctl member expel M-000123 --reason "violence against staff" --yes
    """
    from memberctl.access.holding import expel_member
    from memberctl.member.queries import find_member

    said = clean_reason(reason)

    def act(w: Writing) -> MemberHeld:
        member_id = find_member(w.session, member).id
        return expel_member(w.session, member_id, reason=said, by=w.actor, at=w.now, today=w.today)

    confirm_outcome(
        ctx, "member.hold", act,
        lambda done: f"Expel {done.member}? Cards blocked: {len(done.cards)}; money is not given"
        " back by this.",
    )  # fmt: skip
    with work(ctx, "member.hold") as w:
        expelled = act(w)
        w.say(expelled, "{member} is expelled from {from_on} on.")


def readmit(ctx: typer.Context, member: MemberArgument, reason: Reason) -> None:
    """Take an expulsion back; a blocked card is replaced by hand.

    Example: memberctl member readmit M-000123 --reason "decided by the board"
    """
    _lift(ctx, member, HoldKind.EXPULSION, reason, "{member} is readmitted.")


def _lift(ctx: typer.Context, member: str, kind: HoldKind, reason: str, sentence: str) -> None:
    from memberctl.access.holding import lift
    from memberctl.member.queries import find_member

    said = clean_reason(reason)
    with work(ctx, "member.hold") as w:
        member_id = find_member(w.session, member).id
        lifted = lift(w.session, member_id, kind, reason=said, by=w.actor, at=w.now, today=w.today)
        w.say(lifted, sentence)


def list_holds(ctx: typer.Context, member: OptionalMember = None) -> None:
    """List holds and expulsions, of one member or of all.

    Example: memberctl member holds M-000123
    """
    from memberctl.access import hold_queries
    from memberctl.member.queries import find_member_id

    with look(ctx, "member.read") as r:
        member_id = find_member_id(r.session, member)
        found = hold_queries.list_holds(
            r.session, r.zone, r.today, member_id=member_id, limit=r.limit
        )
    r.show_list(found.rows, HOLD_COLUMNS, total=found.total)
