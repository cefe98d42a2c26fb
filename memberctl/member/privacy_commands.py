"""The verbs of the noun `member` by which a person sees their data, and has them taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.arguments import MemberArgument
from memberctl.cli.forgetting import remember, sweep_file
from memberctl.cli.invocation import confirm_outcome, look, work
from memberctl.core.text import clean_reason

if TYPE_CHECKING:
    from memberctl.archive.erasing import MemberErased
    from memberctl.cli.invocation import Writing
    from memberctl.cli.nouns import Noun
    from memberctl.cli.run import Run


def add_to(noun: Noun) -> None:
    """Give the noun its verbs about privacy."""
    noun.command()(dossier)
    noun.command()(erase)


def dossier(ctx: typer.Context, member: MemberArgument) -> None:
    """Show everything that is stored about one person, from every table.

    In the clear with --reveal REASON, which needs the right and is recorded; else masked.

    Example: memberctl member dossier M-000123 --reveal "asked for it in person" --output it.json
    """
    from memberctl.archive.dossier import dossier_of, readable
    from memberctl.cli.values import View
    from memberctl.member.queries import find_member

    run: Run = ctx.obj
    with look(ctx, "member.dossier") as r:
        found = dossier_of(r.session, find_member(r.session, member), r.keys(), at=r.now)
    view = View(r.zone, run.output.options.reveal)
    shown = {
        table: tuple({name: view.drawn(value) for name, value in row.items()} for row in rows)
        for table, rows in found.tables.items()
    }
    r.show_text(readable(found, shown, view.drawn(found.made_at)), found)


def erase(
    ctx: typer.Context,
    member: MemberArgument,
    reason: Annotated[str, typer.Option(help="Why, e.g. who asked for it and how.")],
    force: Annotated[
        bool, typer.Option("--force", help="Although a term runs or money is open; owners alone.")
    ] = False,
) -> None:
    """Erase a person: destroy their key, clear what names them, keep the books under the number.

    What stays, why and until when, is shown before you say yes. It cannot be taken back, and a
    backup that is restored later is erased again.

    Example: memberctl member erase M-000123 --reason "asked by letter of 2 March"
    """
    from memberctl.archive.erasing import erased_lines

    said = clean_reason(reason)
    run: Run = ctx.obj

    def act(w: Writing) -> MemberErased:
        return _erase(w, member, said, force=force)

    def question(done: MemberErased) -> str:
        for line in erased_lines(done):
            run.output.note(line)
        return f"Erase {done.number} for ever?"

    confirm_outcome(ctx, "member.erase", act, question)
    with work(ctx, "member.erase") as w:
        done = act(w)
        ending = "is erased already." if done.already else "is erased; {cleared} rows were cleared."
        w.say(done, f"{{number}} {ending}")
    sweep_file(run)


def _erase(w: Writing, member: str, reason: str, *, force: bool) -> MemberErased:
    from memberctl.archive.erasing import erase_member, numbers_to_erase
    from memberctl.member.queries import find_member
    from memberctl.office.rights import require

    if force:
        require(w.actor.roles, "member.erase_open", w.actor.staff)
    found = find_member(w.session, member)
    done = erase_member(
        w.session, found.id, reason=reason, force=force, by=w.actor, at=w.now, today=w.today
    )
    if not done.already:
        remember(w, numbers_to_erase(w.session, found.id))
    return done
