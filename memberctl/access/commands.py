"""The noun `card`; `term` is in term_commands.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.access.cards import CardAnswer, CardProblem, batch_result
from memberctl.access.rules import CardState, Handover
from memberctl.cli.arguments import OfMember, OptionalMember
from memberctl.cli.completion import complete_branches
from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun
from memberctl.cli.run import Run
from memberctl.cli.whole import Seen, whole
from memberctl.core.errors import Invalid, UsageProblem

if TYPE_CHECKING:
    from memberctl.cli.invocation import Writing

card = noun("card", "Cards: issue, replace, block.")

CARD_COLUMNS = ("number", "member", "state", "issued_on")
MEMBER_COLUMN = {"member": ("number", "会员", "会员号", "会员编号")}
MOST_BLANKS = 1_000_000

CardArgument = Annotated[str, typer.Argument(help="Card number, 14 digits.")]
Reason = Annotated[str, typer.Option(help="Why, in a few words.")]
Post = Annotated[bool, typer.Option("--post", help="Send it by post instead of handing it over.")]


@dataclass(frozen=True, slots=True)
class Wish:
    """One member of a batch file, by the line it stands on."""

    line: int
    member_id: int


@card.command()
def issue(
    ctx: typer.Context,
    member: OptionalMember = None,
    file: Annotated[
        str | None, typer.Option(help="Issue for every member in a file with a column `member`.")
    ] = None,
    all_paid: Annotated[
        bool, typer.Option("--all-paid", help="Issue for everyone who paid and has no card yet.")
    ] = False,
    branch: Annotated[
        str | None,
        typer.Option(
            help="Branch whose cards they are, if not the member's own.",
            autocompletion=complete_branches,
        ),
    ] = None,
    post: Post = False,
) -> None:
    """Issue a card to a member who has paid, or to many; a batch may be run again.

    Example: memberctl card issue M-000123
    """
    if [member is not None, file is not None, all_paid].count(True) != 1:
        raise UsageProblem("give one of MEMBER, --file and --all-paid")
    handover = Handover.POST if post else Handover.COUNTER
    if member is not None:
        _issue_one(ctx, member, handover, branch)
    else:
        _issue_many(ctx, file, handover, branch)


def _issue_one(ctx: typer.Context, member: str, handover: Handover, branch: str | None) -> None:
    from memberctl.member.queries import find_member

    with work(ctx, "card.issue") as w:
        answer = _issued(w, [find_member(w.session, member).id], handover, branch)[0]
        if answer.refusal is not None:
            raise answer.refusal
        w.say(answer.card, "Issued card {number} to {member}.")


def _issue_many(
    ctx: typer.Context, file: str | None, handover: Handover, branch: str | None
) -> None:
    from memberctl.access.queries import members_without_card
    from memberctl.office.queries import find_branch_id

    wishes, unread = ([], []) if file is None else _read_wishes(ctx.obj, file)
    with work(ctx, "card.issue") as w:
        if file is None:
            at = find_branch_id(w.session, branch)
            member_ids = list(members_without_card(w.session, w.today, at))
        else:
            member_ids = [wish.member_id for wish in wishes]
        answers = _issued(w, member_ids, handover, branch)
        lines = [None] * len(answers) if file is None else [wish.line for wish in wishes]
        result = batch_result(answers, lines, unread)
        for problem in result.problems:
            w.warn(problem.message)
        w.say(
            result,
            "Issued {issued} cards, {already} members had one, {refused} were refused.",
            exit_code=3 if result.refused else 0,
        )


def _issued(
    w: Writing, member_ids: Sequence[int], handover: Handover, branch: str | None
) -> list[CardAnswer]:
    from memberctl.access.operations import issue_cards
    from memberctl.office.queries import find_branch_id

    return issue_cards(
        w.session,
        member_ids,
        handover=handover,
        by=w.actor,
        at=w.now,
        today=w.today,
        branch_id=find_branch_id(w.session, branch),
    )


def _read_wishes(run: Run, file: str) -> tuple[list[Wish], list[CardProblem]]:
    """Return the members that a file names and its rows that name none; no store is open yet."""
    from memberctl.core.numbering import parse_member_number
    from memberctl.core.rows import BadRow, match_header, open_rows

    wishes: list[Wish] = []
    problems: list[CardProblem] = []
    with open_rows(file, stdin=getattr(run.stdin, "buffer", None)) as rows:
        column = match_header(rows.header, MEMBER_COLUMN, required=["member"], ignore_extra=True)
        for row in rows:
            if isinstance(row, BadRow):
                problems.append(_unread(row.line, row.rule, row.message))
                continue
            try:
                number = parse_member_number(row.cells[column["member"]])
            except Invalid as problem:
                problems.append(_unread(row.line, problem.rule, problem.message))
            else:
                wishes.append(Wish(row.line, number))
        rows.finish()
    for text in rows.notices:
        run.output.note(text)
    return wishes, problems


def _unread(line: int, code: str, message: str) -> CardProblem:
    return CardProblem(line, None, code, f"line {line}: {message}")


@card.command("list")
def list_cards(
    ctx: typer.Context,
    member: OfMember = None,
    state: Annotated[CardState | None, typer.Option(help="Only cards in this state.")] = None,
) -> None:
    """List cards in the order in which they were issued.

    Example: memberctl card list --state active
    """
    from memberctl.access import queries
    from memberctl.member.queries import find_member_id

    with look(ctx, "access.read") as r:
        member_id = find_member_id(r.session, member)
        found = queries.list_cards(
            r.session, r.zone, member_id=member_id, state=state, limit=r.limit
        )
    r.show_list(found.rows, CARD_COLUMNS, total=found.total)


@card.command()
def show(ctx: typer.Context, number: CardArgument) -> None:
    """Show one card: whose it is, whether it is active, what replaced it.

    Example: memberctl card show 86000100001236
    """
    from memberctl.access.queries import show_card

    with look(ctx, "access.read") as r:
        found = show_card(r.session, number, r.zone)
    r.show_record(found)


@card.command()
def replace(
    ctx: typer.Context,
    number: CardArgument,
    reason: Reason = "lost",
    post: Post = False,
    seen: Seen = None,
) -> None:
    """Give a new card with a new number in place of a lost or broken one.

    Example: memberctl card replace 86000100001236 --reason broken
    """
    from memberctl.access.operations import replace_card
    from memberctl.core.text import clean_reason

    with work(ctx, "card.issue") as w:
        replaced = replace_card(
            w.session,
            number,
            handover=Handover.POST if post else Handover.COUNTER,
            reason=clean_reason(reason),
            by=w.actor,
            at=w.now,
            today=w.today,
            seen=seen,
        )
        w.say(replaced, "Replaced card {replaces} of {member} by {number}.")


@card.command()
def block(
    ctx: typer.Context, number: CardArgument, reason: Reason = "lost", seen: Seen = None
) -> None:
    """Block a card at once, for example because it is lost.

    Example: memberctl card block 86000100001236 --reason stolen
    """
    from memberctl.access.operations import block_card
    from memberctl.core.text import clean_reason

    with work(ctx, "card.block") as w:
        blocked = block_card(
            w.session,
            number,
            reason=clean_reason(reason),
            by=w.actor,
            at=w.now,
            seen=seen,
        )
        w.say(blocked, "Blocked card {number} of {member}.")


@card.command()
def stock(
    ctx: typer.Context,
    branch: Annotated[
        str, typer.Argument(help="Branch, e.g. SH01.", autocompletion=complete_branches)
    ],
    add: Annotated[
        int | None,
        typer.Option(
            parser=whole("--add", -MOST_BLANKS, MOST_BLANKS),
            metavar="N",
            help="Blank cards that came, or went (-).",
        ),
    ] = None,
    counted: Annotated[
        int | None,
        typer.Option(
            parser=whole("--counted", 0, MOST_BLANKS),
            metavar="N",
            help="Blank cards that are there.",
        ),
    ] = None,
) -> None:
    """Add blank cards to a branch's stock or set it to what was counted.

    A branch whose stock was set counts its blanks from then on: without one, no card is issued.

    Example: memberctl card stock SH01 --add 500
    """
    from memberctl.access.operations import count_stock
    from memberctl.office.queries import find_branch

    if (add is None) == (counted is None):
        raise UsageProblem("give one of --add and --counted")
    with work(ctx, "card.issue") as w:
        place = find_branch(w.session, branch)
        result = count_stock(
            w.session, place.id, place.code, add=add, counted=counted, by=w.actor, at=w.now
        )
        w.say(result, "Branch {branch} has {blanks} blank cards.")
