"""The noun `message`: what members are told."""

from __future__ import annotations

from typing import Annotated

import typer

from memberctl.cli.arguments import OfMember
from memberctl.cli.invocation import look
from memberctl.cli.nouns import noun
from memberctl.core.numbering import member_number
from memberctl.message import delivery_commands, rules
from memberctl.message.rules import MessageState, Preview, Purpose

message = noun("message", "Messages: what members are told.")

MESSAGES = (
    "number", "member", "purpose", "cause", "channel", "language", "state", "created_at",
    "attempts", "due_at", "sent_at", "reason",
)  # fmt: skip


@message.command("list")
def list_messages(
    ctx: typer.Context,
    state: Annotated[MessageState | None, typer.Option(help="Only this state.")] = None,
    member: OfMember = None,
    purpose: Annotated[Purpose | None, typer.Option(help="Only this purpose.")] = None,
) -> None:
    """List the messages, the newest first.

    Example: memberctl message list --state queued
    """
    from memberctl.member.queries import find_member_id
    from memberctl.message import queries

    with look(ctx, "message.read") as r:
        found = queries.list_messages(
            r.session,
            state=state,
            member_id=find_member_id(r.session, member),
            purpose=purpose,
            limit=r.limit,
        )
    r.show_list(found.rows, MESSAGES, total=found.total)


@message.command()
def preview(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="Message number, e.g. MS-000001.")],
) -> None:
    """Show a message as its reader would get it now.

    Example: memberctl message preview MS-000001
    """
    from memberctl.member.queries import members_by_id
    from memberctl.message import queries
    from memberctl.message.wordings import rendered
    from memberctl.office.queries import organisation

    with look(ctx, "message.read") as r:
        found = queries.find_message(r.session, number)
        member = members_by_id(r.session, [found.member_id])[found.member_id]
        house = organisation(r.session).name
        text = rendered(r.session, found, name=member.name, organisation=house)
    shown = Preview(
        number=queries.number(found.id),
        member=member_number(found.member_id),
        purpose=found.purpose,
        category=found.category,
        channel=found.channel,
        to=rules.recipient(
            found.channel, email=member.email, phone=member.phone, address=member.address
        ),
        state=found.state,
        subject=text.subject,
        body=text.body,
    )
    words = f"{shown.channel} to {shown.to or 'nobody'}\n{text.subject}\n\n{text.body}"
    r.show_text(words, shown)


delivery_commands.add_to(message)
