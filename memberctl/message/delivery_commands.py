"""The verbs of the noun `message` that bring messages to their readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.invocation import reveal, work
from memberctl.cli.whole import whole
from memberctl.core.dates import parse_date
from memberctl.core.errors import UsageProblem
from memberctl.core.text import Kind
from memberctl.message.rules import Channel

if TYPE_CHECKING:
    from memberctl.cli.invocation import Writing
    from memberctl.cli.nouns import Noun
    from memberctl.cli.run import Run

LETTERS = ("number", "member", "name", "address", "language", "subject", "body")
SENTENCE = "Sent {sent} messages: {retry} to be tried again, {failed} failed, {unknown} unclear,"
SENTENCE += " {suppressed} unwanted, {left} left."
MostMessages = Annotated[
    int | None,
    typer.Option(
        "--limit-messages", parser=whole("--limit-messages", 1, 1_000_000), metavar="N",
        help="Send at most so many.",
    ),
]  # fmt: skip


def add_to(noun: Noun) -> None:
    """Give the noun its verbs about delivery."""
    noun.command("send")(send)
    noun.command("print")(print_)
    noun.command("retry")(retry)
    noun.command("settle")(settle)


def send(
    ctx: typer.Context,
    limit_messages: MostMessages = None,
    channel: Annotated[Channel | None, typer.Option(help="Only email, or only sms.")] = None,
) -> None:
    """Send what waits, by e-mail and SMS, as the configuration file says.

    What was sent is never sent again. Ends with 16 when a service is down or left a message
    unclear, and with 3 when a message has failed for good.

    Example: memberctl message send
    """
    from memberctl.message.posting import configured, gateways, post, rehearse
    from memberctl.renewal.desk import DESK

    run: Run = ctx.obj
    if run.options.key is not None:
        raise UsageProblem("message send takes no --key: whatever it sends, it sends once")
    if channel in {Channel.PRINT, Channel.CALL}:
        raise UsageProblem(
            f"message send does not serve {channel}",
            hint="memberctl message print, memberctl reminder calls",
        )
    wanted = configured(run.settings) & ({channel} if channel else set(Channel))
    if not wanted:
        run.output.note("no service is configured: memberctl help messages")
    if run.dry_run:
        with work(ctx, "message.send") as w:
            would = rehearse(w, wanted, DESK, most=limit_messages)
            w.say(would, SENTENCE, exit_code=would.exit_code)
        return
    services = {name: each for name, each in gateways(run.settings).items() if name in wanted}
    with run.store_kept_open():
        posted = post(lambda: work(ctx, "message.send"), services, DESK, most=limit_messages)
        with work(ctx, "message.send") as w:
            for name, why in posted.down.items():
                w.warn(f"{name}: {why}")
            if wanted and channel is None:
                _note_unserved(w, wanted)
            w.say(posted, SENTENCE, exit_code=posted.exit_code)


def _note_unserved(w: Writing, served: set[Channel]) -> None:
    """Say by the way that nobody has set up what would send some of the messages that wait."""
    from memberctl.message.delivery import SENT_BY_PROGRAM
    from memberctl.message.sending import count_left

    for name in SENT_BY_PROGRAM:
        if name not in served and (waiting := count_left(w.session, channels=(name,))):
            w.note(f"{name}: no service is configured, {waiting} left: memberctl help messages")


def print_(
    ctx: typer.Context,
    again: Annotated[
        str | None, typer.Option(help="Print what was printed on this date once more.")
    ] = None,
) -> None:
    """Print the letters that wait, with names and addresses, and count them as sent.

    Example: memberctl message print --output letters.csv --reveal "letters of March"
    """
    from memberctl.member.queries import members_by_id
    from memberctl.message import settling
    from memberctl.message.sending import Addressee
    from memberctl.office.queries import organisation

    run: Run = ctx.obj
    day = None if again is None else parse_date(again, what="--again")
    if not run.dry_run:
        reveal(ctx, "letters hold names and addresses in the clear", (Kind.ADDRESS,))
    with work(ctx, "message.send") as w:
        waiting = settling.letters_to_change(w.session, again=day, zone=w.zone)
        members = members_by_id(w.session, {each.member_id for each in waiting})
        people = {
            id_: Addressee(each.name, each.email, each.phone, each.address)
            for id_, each in members.items()
        }
        letters, failed = settling.print_letters(
            w.session, waiting, people, organisation(w.session).name, by=w.actor, at=w.now
        )
        if not run.dry_run:
            w.note_revealed(letters)
        if failed:
            w.warn(f"{failed} letters have no address: memberctl message list --state failed")
    run.output.show_list(letters, LETTERS)
    run.exit_code = run.exit_code or (3 if failed else 0)


def retry(
    ctx: typer.Context,
    numbers: Annotated[
        list[str], typer.Argument(metavar="NUMBER...", help="Message numbers, e.g. MS-000001.")
    ],
) -> None:
    """Queue messages again that have failed.

    Example: memberctl message retry MS-000001 MS-000002
    """
    from memberctl.message.settling import retry_messages

    with work(ctx, "message.settle") as w:
        done = retry_messages(w.session, numbers, by=w.actor, at=w.now)
        w.say(
            {"messages": [each.number for each in done], "count": len(done)},
            "Queued {count} messages again.",
        )


def settle(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="Message number, e.g. MS-000001.")],
    sent: Annotated[
        bool | None, typer.Option("--sent/--failed", help="Whether it reached the member.")
    ] = None,
) -> None:
    """Say what became of a message that is unclear, or of a call or letter of your own.

    Example: memberctl message settle MS-000001 --sent
    """
    from memberctl.message.settling import settle_message

    if sent is None:
        raise UsageProblem("say --sent or --failed")
    with work(ctx, "message.settle") as w:
        done = settle_message(w.session, number, sent=sent, by=w.actor, at=w.now)
        w.say(done, "Message {number} is {state}.")
