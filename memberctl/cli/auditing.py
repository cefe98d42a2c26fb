"""The noun `audit`: who did what to which object, and the proof that nobody changed it since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from memberctl.cli.arguments import OfMember
from memberctl.cli.completion import complete_staff
from memberctl.cli.invocation import look
from memberctl.cli.nouns import noun
from memberctl.cli.run import Run
from memberctl.cli.target import refuse_odd_name

if TYPE_CHECKING:
    from memberctl.store.anchors import Anchor

audit = noun("audit", "Audit log: who did what to which object.")

LOG_KEYS = (
    "seq", "at", "staff", "login", "command", "event", "object", "facts", "account",
)  # fmt: skip


@audit.command("log")
def show_log(
    ctx: typer.Context,
    about: Annotated[str | None, typer.Option("--object", help="One object's number.")] = None,
    member: OfMember = None,
    staff: Annotated[
        str | None,
        typer.Option(
            "--staff", help="What one person did, or others as them.", autocompletion=complete_staff
        ),
    ] = None,
    event: Annotated[str | None, typer.Option("--event", help="E.g. order.filed")] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this date or time on.")] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="To this date's end, or before this time.")
    ] = None,
) -> None:
    """List what was done, the newest first.

    --member finds what was done about a member: to them, their orders, payments and cards.

    Example: memberctl audit log --member M-000001 --since 2026-03-01
    """
    from memberctl.core.numbering import member_number
    from memberctl.member.queries import find_member
    from memberctl.office.queries import find_staff
    from memberctl.store.trail import Wanted, circle_of, list_audit

    with look(ctx, "audit.read") as r:
        circle = None
        if member is not None:
            circle = circle_of(r.session, member_number(find_member(r.session, member).id))
        wanted = Wanted(
            about=about,
            person=None if staff is None else find_staff(r.session, staff).code,
            event=event,
            circle=circle,
            since=_instant(since, r.zone, "--since"),
            until=_instant(until, r.zone, "--until", days_on=1),
        )
        found = list_audit(r.session, wanted, limit=r.limit)
    r.show_list(found.rows, LOG_KEYS, total=found.total)


def _instant(text: str | None, tz: ZoneInfo, what: str, *, days_on: int = 0) -> datetime | None:
    """Return the instant that a date or a time means; a date is meant `days_on` days further."""
    from memberctl.core.dates import at_local_midnight, parse_date, parse_instant

    if text is None:
        return None
    if len(text.strip()) > 10:
        return parse_instant(text, tz)
    return at_local_midnight(parse_date(text, what=what) + timedelta(days=days_on), tz)


@audit.command("verify")
def verify_log(
    ctx: typer.Context,
    anchors: Annotated[
        str | None,
        typer.Option("--anchors", help="File of anchors that was kept elsewhere; - is stdin."),
    ] = None,
) -> None:
    """Check every link of the audit log; names the first that is broken (exit 8).

    With anchors that were kept elsewhere it also finds that links were cut off, and says which
    could still have been: those since the newest anchor.

    Example: memberctl audit verify --anchors /media/usb/anchors.txt
    """
    from memberctl.store.anchors import Anchored, parse_anchors, verify_anchored
    from memberctl.store.guard import store_info
    from memberctl.store.trail import Checked, verify_chain

    kept = None if anchors is None else _read_anchors(anchors, ctx.obj, parse_anchors)
    verified: Checked | Anchored
    with look(ctx, "audit.read") as r:
        if kept is None:
            verified = verify_chain(r.session, r.keys().audit)
        else:
            verified = verify_anchored(r.session, r.keys(), store_info(r.session).store_id, kept)
    r.show_record(verified)
    if verified.problems:
        r.end_with(8)


def _read_anchors(path: str, run: Run, parse: Callable[[list[str]], list[Anchor]]) -> list[Anchor]:
    from memberctl.core.textfile import open_text

    file = open_text(path, stdin=getattr(run.stdin, "buffer", None))
    try:
        return parse(list(file.lines()))
    finally:
        file.close()


@audit.command("anchor")
def anchor_log(
    ctx: typer.Context,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="File that the anchor is added to; - is stdout."),
    ] = None,
    syslog: Annotated[
        bool, typer.Option("--syslog", help="Send the anchor to the system's log as well.")
    ] = False,
) -> None:
    """Print the head of the audit log, signed: one line, to be kept where others cannot change it.

    --output adds it to a file of anchors; a file in which something else stands is refused.

    Example: memberctl audit anchor --output /media/usb/anchors.txt --syslog
    """
    from memberctl.store.anchors import (
        append_anchor,
        count_anchors,
        send_to_system_log,
        take_anchor,
    )
    from memberctl.store.guard import store_info

    file = None if output in {None, "-"} else Path(str(output))
    if file is not None:
        refuse_odd_name(str(output), "the anchors' file")
        kept = count_anchors(file)
    with look(ctx, "audit.read") as r:
        store = store_info(r.session).store_id
        anchor = take_anchor(r.session, r.keys(), store, r.now)
    if not ctx.obj.dry_run:
        if file is not None:
            append_anchor(file, anchor)
            ctx.obj.output.note(f"added 1 anchor to {file}, which holds {kept + 1}")
        if syslog:
            send_to_system_log(anchor)
    r.show_text(anchor.line, {"line": anchor.line, **asdict(anchor)})
