"""The verbs of the noun `member` that make two numbers one, and two again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.cli.completion import complete_members
from memberctl.cli.invocation import confirm_outcome, look, work
from memberctl.core.text import clean_reason
from memberctl.member.merges import MembersMerged, preview

if TYPE_CHECKING:
    from memberctl.cli.invocation import Writing
    from memberctl.cli.nouns import Noun
    from memberctl.cli.run import Run
    from memberctl.member.merges import MembersParted

MERGE_COLUMNS = (
    "number", "survivor", "merged", "reason", "merged_at", "merged_by", "undone_at", "overlaps",
)  # fmt: skip


def add_to(noun: Noun) -> None:
    """Give the noun its verbs about merging."""
    noun.command()(merge)
    noun.command()(unmerge)
    noun.command()(merges)


def merge(
    ctx: typer.Context,
    survivor: Annotated[
        str,
        typer.Argument(help="Who keeps the number: M-000123.", autocompletion=complete_members),
    ],
    merged: Annotated[
        str,
        typer.Argument(help="Whose number ends: M-000124.", autocompletion=complete_members),
    ],
    reason: Annotated[str, typer.Option(help="How you know that they are one person.")],
) -> None:
    """Merge two members who are one person; the first keeps the number.

    Everything of the second follows: orders, terms, cards, visits, messages, documents, credit.
    What the first does not have, such as a birth date, is taken over. Terms that overlap are kept
    and marked: `member merges` lists what waits for a decision. It is shown before you say yes.

    Example: memberctl member merge M-000003 M-000007 --reason "same ID card shown"
    """
    said = clean_reason(reason)
    run: Run = ctx.obj

    def act(w: Writing) -> MembersMerged:
        return _merge(w, survivor, merged, said)

    def question(done: MembersMerged) -> str:
        for line in preview(done):
            run.output.note(line)
        return f"Merge {done.merged} into {done.survivor}?"

    confirm_outcome(ctx, "member.merge", act, question)
    with work(ctx, "member.merge") as w:
        done = act(w)
        if done.overlaps:
            w.warn(
                f"{len(done.overlaps)} terms overlap now; decide which ends: "
                f"memberctl term list {done.survivor}"
            )
        w.say(done, "Merged {merged} into {survivor} ({name}): {number}.")


def _merge(w: Writing, survivor: str, merged: str, reason: str) -> MembersMerged:
    from memberctl.archive.merging import merge_members
    from memberctl.member.queries import find_member

    return merge_members(
        w.session,
        find_member(w.session, survivor).id,
        find_member(w.session, merged).id,
        reason=reason,
        keys=w.keys,
        currency=w.currency,
        by=w.actor,
        at=w.now,
        today=w.today,
    )


def unmerge(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="Merge, e.g. MG-000001.")],
    reason: Annotated[str, typer.Option(help="Why it was a mistake.")],
) -> None:
    """Take a merge back: what it moved belongs to its old number again.

    It is refused when a payment or a refund came later to what was moved; then it says which.

    Example: memberctl member unmerge MG-000001 --reason "father and son"
    """
    from memberctl.archive.unmerging import unmerge_members

    said = clean_reason(reason)

    def act(w: Writing) -> MembersParted:
        return unmerge_members(
            w.session,
            number,
            reason=said,
            keys=w.keys,
            currency=w.currency,
            by=w.actor,
            at=w.now,
            today=w.today,
        )

    confirm_outcome(
        ctx, "member.merge", act,
        lambda done: f"Take {done.number} back? {done.merged} is a member of its own again;"
        f" {done.rows} rows go back.",
    )  # fmt: skip
    with work(ctx, "member.merge") as w:
        done = act(w)
        w.say(done, "{merged} ({name}) is a member of its own again: {rows} rows went back.")


def merges(ctx: typer.Context) -> None:
    """List the merges, with the overlapping terms that wait for a decision.

    Example: memberctl member merges
    """
    from memberctl.archive.unmerging import list_merges

    with look(ctx, "member.read") as r:
        found = list_merges(r.session, limit=r.limit)
    r.show_list(found.rows, MERGE_COLUMNS, total=found.total)
