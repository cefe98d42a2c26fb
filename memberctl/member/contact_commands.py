"""The verbs of the noun `member` about which messages a member gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.arguments import MemberArgument
from memberctl.cli.invocation import look, work
from memberctl.message.rules import Because, OptOut

if TYPE_CHECKING:
    from memberctl.cli.nouns import Noun

OPT_OUTS = ("member", "category", "because", "since", "recorded_by")


def add_to(noun: Noun) -> None:
    """Give the noun its verbs about messages."""
    noun.command("opt-out")(opt_out)
    noun.command("opt-outs")(opt_outs)


def opt_out(
    ctx: typer.Context,
    member: MemberArgument,
    category: Annotated[OptOut, typer.Option(help="What the member does not get any more.")],
    because: Annotated[Because, typer.Option(help="Why.")] = Because.ASKED,
    off: Annotated[bool, typer.Option("--off", help="They get it again.")] = False,
) -> None:
    """Keep messages of a kind from a member; what is about their orders still comes.

    Only `everything` stops those too: for who died, or must not be written to.

    Example: memberctl member opt-out M-000123 --category marketing
    """
    from memberctl.member.presence import refuse_gone
    from memberctl.member.queries import find_member
    from memberctl.message import preferences

    with work(ctx, "member.change") as w:
        id_ = find_member(w.session, member).id
        refuse_gone(w.session, id_)
        if off:
            done = preferences.opt_in(w.session, id_, category, by=w.actor, at=w.now)
            w.say(done, "{member} gets {category} messages.")
        else:
            done = preferences.opt_out(
                w.session, id_, category, because=because, by=w.actor, at=w.now
            )
            w.say(done, "{member} gets no {category} messages ({because}).")


def opt_outs(ctx: typer.Context, member: MemberArgument) -> None:
    """List what a member does not get.

    Example: memberctl member opt-outs M-000123
    """
    from memberctl.core.numbering import member_number
    from memberctl.member.queries import find_member
    from memberctl.message.preferences import opt_outs_of

    with look(ctx, "member.read") as r:
        found = opt_outs_of(r.session, find_member(r.session, member).id)
    lines = [
        {
            "member": member_number(each.member_id),
            "category": each.category,
            "because": each.because,
            "since": each.since,
            "recorded_by": each.recorded_by,
        }
        for each in found
    ]
    r.show_list(lines, OPT_OUTS)
