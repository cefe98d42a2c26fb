"""The noun `checkin`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.access.visiting import WORDS, Scanned, scan_refusal, sentence
from memberctl.cli.arguments import OfMember
from memberctl.cli.completion import complete_branches
from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun
from memberctl.cli.run import Run
from memberctl.cli.streaming import Answers, typed_lines
from memberctl.core.errors import Busy, Conflict, Invalid, MemberctlError, TryAgain, UsageProblem
from memberctl.core.numbering import parse_card_number
from memberctl.core.text import clean_reason, clean_text

if TYPE_CHECKING:
    from datetime import date

    from memberctl.access.visiting import Gate
    from memberctl.cli.invocation import Reading
    from memberctl.store.engine import Store
    from memberctl.store.work import Stream, Work

checkin = noun("checkin", "Check-ins: who comes in.")

SCAN_COLUMNS = tuple(field.name for field in fields(Scanned))
VISIT_COLUMNS = ("visit", "at", "member", "card", "branch", "plan", "ground", "state")
REFUSAL_COLUMNS = ("at", "reason", "card", "member", "branch", "staff")
INSIDE_COLUMNS = ("branch", "inside", "capacity")
LONGEST_NONCE = 100
TRIES = 10

AtBranch = Annotated[
    str | None,
    typer.Option(
        "--branch", help="Branch of the door; your own unless given.",
        autocompletion=complete_branches,
    ),
]  # fmt: skip
OfBranch = Annotated[
    str | None,
    typer.Option("--branch", help="Only at this branch.", autocompletion=complete_branches),
]
From = Annotated[
    str | None, typer.Option("--from", help="First day, YYYY-MM-DD; today unless given.")
]
To = Annotated[str | None, typer.Option("--to", help="Last day, YYYY-MM-DD; today unless given.")]
VisitArgument = Annotated[str, typer.Argument(help="Visit, e.g. V-000001.", metavar="VISIT")]


@checkin.command("scan")
def scan_card(
    ctx: typer.Context,
    number: Annotated[
        str, typer.Argument(help="Card number, 14 digits; - reads one from each line of stdin.")
    ],
    branch: AtBranch = None,
    nonce: Annotated[
        str | None, typer.Option(help="The scanner's own mark: the same one is the same visit.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Let in in spite of a refusal; takes a --reason.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why it is forced.")] = None,
) -> None:
    """Let the holder of a card in, or say why not; either is written down.

    With - every line of stdin is a number, perhaps with a tab and a mark behind it, and is
    answered by a line at once.

    Example: memberctl checkin scan 86000100001236
    """
    if force is (reason is None):
        raise UsageProblem("--force and --reason go together")
    if number == "-":
        if force or nonce is not None:
            raise UsageProblem("a stream takes neither --force nor --nonce")
        _scan_stream(ctx.obj, branch)
    else:
        _scan_one(ctx, parse_card_number(number), branch, _mark(nonce), _why(reason))


def _mark(nonce: str | None) -> str | None:
    if nonce is None:
        return None
    return clean_text(nonce, what="the nonce", field="nonce", longest=LONGEST_NONCE)


def _why(reason: str | None) -> str | None:
    return None if reason is None else clean_reason(reason)


def _scan_one(
    ctx: typer.Context, number: str, branch: str | None, nonce: str | None, force: str | None
) -> None:
    from memberctl.access.visit_queries import gate_at

    run: Run = ctx.obj
    with work(ctx, "checkin.scan" if force is None else "checkin.force") as w:
        gate = gate_at(w.session, branch, w.actor)
        scanned = _scanned(w.unit, number, gate, nonce, force)
        refusal = None if scanned.allowed else scan_refusal(scanned)
        w.say(scanned, sentence(scanned), exit_code=refusal.exit_code if refusal else 0)
        if refusal is not None and run.settings.format is None:
            w.spoken = None  # The error below says the same.
    if refusal is not None:
        run.output.status = "dry-run" if run.dry_run else "refused"
        run.output.error(refusal)


def _scanned(
    unit: Work, number: str, gate: Gate, nonce: str | None = None, force: str | None = None
) -> Scanned:
    from memberctl.access.scanning import scan
    from memberctl.core.dates import local_date

    opening, session = unit.opening, unit.session

    def owes(member_id: int) -> bool:
        from memberctl.payment.debt import owes_overdue

        return owes_overdue(session, member_id, local_date(opening.now, gate.zone))

    return scan(
        session, number, gate=gate, owes=owes, by=opening.actor, at=opening.now, nonce=nonce,
        force=force,
    )  # fmt: skip


def _scan_stream(run: Run, branch: str | None) -> None:
    answers = Answers(run, SCAN_COLUMNS)
    refused = 0
    with _kept_open(run) as store:
        door = _Door(run, store, branch)
        for line in typed_lines(run):
            scanned = door.answer(line)
            refused += not scanned.allowed
            answers.tell(scanned, sentence(scanned))
    if run.dry_run:
        run.say_dry_run()
    run.exit_code = 3 if refused else 0


@contextmanager
def _kept_open(run: Run) -> Iterator[Store]:
    run.stores = {}
    store = run.store()
    try:
        yield store
    finally:
        store.close()


class _Door:
    """One door at which cards are scanned for as long as it is open."""

    def __init__(self, run: Run, store: Store, branch: str | None) -> None:
        self._run = run
        self._branch = branch
        self._stream = _stream_of(run, store)
        self._gate: Gate | None = None

    def answer(self, line: str) -> Scanned:
        """Return what a scanned line came to; what concerns it alone does not end the stream."""
        typed, _, mark = line.partition("\t")
        try:
            number, nonce = parse_card_number(typed), _mark(mark) if mark else None
        except Invalid as problem:
            return self._unanswered(problem, problem.rule)
        try:
            return self._repeatedly(number, nonce)
        except (Busy, Conflict) as problem:
            return self._unanswered(problem, problem.code)

    def _unanswered(self, problem: MemberctlError, code: str) -> Scanned:
        if code not in WORDS:  # The answer's own sentence says the others.
            self._run.output.note(problem.message)
        return Scanned(None, None, allowed=False, reason=code, visit=None)

    def _repeatedly(self, number: str, nonce: str | None) -> Scanned:
        """Scan, again when the database undid it to let another through."""
        for _ in range(TRIES - 1):
            try:
                return self._scan(number, nonce)
            except TryAgain:
                continue
        return self._scan(number, nonce)

    def _scan(self, number: str, nonce: str | None) -> Scanned:
        from memberctl.access.visit_queries import gate_at

        with self._stream.unit() as (unit, anew):
            if anew or self._gate is None:
                self._gate = gate_at(unit.session, self._branch, unit.opening.actor)
            return _scanned(unit, number, self._gate, nonce)


def _stream_of(run: Run, store: Store) -> Stream:
    from memberctl.access.visit_queries import settings_now
    from memberctl.store.work import Stream

    return Stream(
        store,
        run.settings.key_dir,
        run.request(money=False).command,
        run.opener("checkin.scan"),
        state=settings_now,
        as_of=run.settings.as_of,
        dry_run=run.dry_run,
        on_commit=run.mark_committed,
    )


@checkin.command()
def undo(
    ctx: typer.Context,
    visit: VisitArgument,
    reason: Annotated[str, typer.Option(help="Why; kept with the visit.")],
) -> None:
    """Take a visit back: a pack has it again.

    Example: memberctl checkin undo V-000001 --reason "the wrong card was scanned"
    """
    from memberctl.access.undoing import undo_visit

    said = clean_reason(reason)
    with work(ctx, "checkin.undo") as w:
        undone = undo_visit(w.session, visit, reason=said, by=w.actor, at=w.now)
        left = "" if undone.left is None else " The pack has {left} left."
        w.say(undone, f"Undid visit {{visit}} of {{member}}.{left}")


@checkin.command("list")
def list_visits(
    ctx: typer.Context,
    member: OfMember = None,
    branch: OfBranch = None,
    from_: From = None,
    to: To = None,
) -> None:
    """List today's visits, or those of other days; undone ones are marked.

    Example: memberctl checkin list --branch SH01
    """
    from memberctl.access import visit_lists
    from memberctl.member.queries import find_member_id
    from memberctl.office.queries import find_branch_id

    days = _days(from_, to)
    with look(ctx, "access.read") as r:
        first, last = _span(r, *days)
        found = visit_lists.list_visits(
            r.session,
            first=first,
            last=last,
            member_id=find_member_id(r.session, member),
            branch_id=find_branch_id(r.session, branch),
            limit=r.limit,
        )
    r.show_list(found.rows, VISIT_COLUMNS, total=found.total)


@checkin.command()
def refused(
    ctx: typer.Context,
    member: OfMember = None,
    branch: OfBranch = None,
    from_: From = None,
    to: To = None,
) -> None:
    """List today's scans after which nobody was let in, with the reason.

    Example: memberctl checkin refused --from 2026-03-01 --to 2026-03-31
    """
    from memberctl.access import visit_lists
    from memberctl.member.queries import find_member_id
    from memberctl.office.queries import find_branch_id

    days = _days(from_, to)
    with look(ctx, "access.read") as r:
        first, last = _span(r, *days)
        found = visit_lists.list_refusals(
            r.session,
            r.zone,
            first=first,
            last=last,
            member_id=find_member_id(r.session, member),
            branch_id=find_branch_id(r.session, branch),
            limit=r.limit,
        )
    r.show_list(found.rows, REFUSAL_COLUMNS, total=found.total)


@checkin.command()
def show(ctx: typer.Context, visit: VisitArgument) -> None:
    """Show one visit: what it counts for, who let in, why it was forced or undone.

    Example: memberctl checkin show V-000001
    """
    from memberctl.access.visit_lists import show_visit

    with look(ctx, "access.read") as r:
        found = show_visit(r.session, visit)
    r.show_record(found)


@checkin.command()
def inside(ctx: typer.Context) -> None:
    """List how many count as inside each branch: who came in within the policy stay_minutes.

    Example: memberctl checkin inside
    """
    from datetime import timedelta

    from memberctl.access.visit_lists import list_inside
    from memberctl.office.queries import policy_number

    with look(ctx, "access.read") as r:
        stay = timedelta(minutes=policy_number(r.session, "stay_minutes"))
        found = list_inside(r.session, since=r.now - stay, until=r.now)
    r.show_list(found, INSIDE_COLUMNS)


def _days(from_: str | None, to: str | None) -> tuple[date | None, date | None]:
    from memberctl.core.dates import parse_date

    first = None if from_ is None else parse_date(from_, what="--from")
    last = None if to is None else parse_date(to, what="--to")
    if first is not None and last is not None and last < first:
        raise UsageProblem("--to is before --from")
    return first, last


def _span(r: Reading, first: date | None, last: date | None) -> tuple[date, date]:
    """Return the days that are asked for; one of them alone reaches to today or is that day."""
    return first or min(last or r.today, r.today), last or max(first or r.today, r.today)
