"""The noun `archive`: orders by quarter, in read-only files, looked at by request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memberctl.archive.access import AccessState, ArchiveMade, parse_quarter
from memberctl.cli.arguments import OrderArgument
from memberctl.cli.invocation import look, reveal, work
from memberctl.cli.nouns import noun
from memberctl.core.errors import NotFound, RuleRefused
from memberctl.core.numbering import member_number
from memberctl.core.text import clean_reason

if TYPE_CHECKING:
    from memberctl.archive.requests import Looked
    from memberctl.cli.run import Run
    from memberctl.store.keys import Keys
    from memberctl.store.trail import Problem

archive = noun("archive", "Archive: orders by quarter, read-only, looked at by request.")

ARCHIVE_COLUMNS = ("quarter", "orders", "file", "sha256", "made_at", "made_by")
REQUEST_COLUMNS = (
    "number", "order", "quarter", "state", "reason", "requested_by", "requested_at",
    "decided_by", "until_on", "views",
)  # fmt: skip

RequestArgument = Annotated[str, typer.Argument(help="Request, e.g. AR-000001.")]


@archive.command()
def create(
    ctx: typer.Context,
    quarter: Annotated[str, typer.Option("--quarter", help="Quarter that is over, e.g. 2026Q1.")],
    to: Annotated[str, typer.Option("--to", help="Folder for the three files.")],
) -> None:
    """Archive the orders filed until a quarter's end that are over: file, index and manifest.

    Each order's file is sealed under its member's key and opens by `archive view` alone. Orders
    that are under way are left for the next quarter's archive.

    Example: memberctl archive create --quarter 2025Q4 --to /srv/archive
    """
    from memberctl.archive.filing import due_orders, filed_orders, record_archive, refuse_archived
    from memberctl.cli.archiving import archive_paths, write_archive
    from memberctl.cli.target import refuse_nameless

    run: Run = ctx.obj
    refuse_nameless(to, "--to")
    with look(ctx, "archive.create") as r:
        name = parse_quarter(quarter, today=r.today)
        refuse_archived(r.session, name)
        due, left = due_orders(r.session, name, r.zone)
        if not due:
            raise RuleRefused(f"no order that is over waits to be archived in {name}", allowed=[])
        if run.dry_run:
            run.say_dry_run()
            planned = _made(name, archive_paths(to, name), len(due), left, "")
        else:
            filed = filed_orders(r.session, due, r.keys(), r.zone)
            written = write_archive(to, name, filed, force=bool(run.options.force))
    if run.dry_run:
        run.output.say(planned, "Archived {orders} orders of {quarter} in {file}.")
        return
    with work(ctx, "archive.create") as w:
        record_archive(
            w.session,
            name,
            path=str(written.file.absolute()),
            sha256=written.sha256,
            places=written.places,
            by=w.actor,
            at=w.now,
        )
        paths = (written.file, written.index, written.manifest)
        made = _made(name, paths, len(written.places), left, written.sha256)
        w.say(made, "Archived {orders} orders of {quarter} in {file}.")


def _made(quarter: str, paths: Sequence[Path], orders: int, left: int, sha256: str) -> ArchiveMade:
    file, index, manifest = map(str, paths)
    return ArchiveMade(quarter, file, index, manifest, orders, left, sha256)


@archive.command("list")
def list_(ctx: typer.Context) -> None:
    """List the archives.

    Example: memberctl archive list
    """
    from memberctl.archive.filing import list_archives

    with look(ctx, "archive.request") as r:
        found = list_archives(r.session)
    r.show_list(found.rows, ARCHIVE_COLUMNS, total=found.total)


@archive.command()
def verify(
    ctx: typer.Context,
    quarter: Annotated[str, typer.Argument(help="Quarter, e.g. 2026Q1.")],
) -> None:
    """Compare an archive's files with the hashes in its manifest and in the store, line by line.

    Example: memberctl archive verify 2025Q4
    """
    from memberctl.archive.filing import find_archive, places_in
    from memberctl.store.trail import Checked

    with look(ctx, "archive.request") as r:
        found = find_archive(r.session, parse_quarter(quarter, today=r.today))
        if found is None:
            raise NotFound("this quarter has no archive", hint="memberctl archive list")
        places = places_in(r.session, found.id)
    problems = [*_broken_files(found.path, found.sha256), *_broken_lines(found.path, places)]
    r.show_record(Checked(len(places) + 2, tuple(problems), found.sha256))
    if problems:
        r.end_with(8)


def _broken_files(path: str, sha256: str) -> list[Problem]:
    from memberctl.cli.archiving import digest_of
    from memberctl.store.trail import Problem

    file = Path(path)
    manifest = file.with_suffix(".sha256")
    try:
        lines = manifest.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        lines = []
    said = {name: digest for digest, _, name in (line.partition("  ") for line in lines) if name}
    index = file.with_suffix(".index.csv")
    compared = (
        ("archive_file", file.name, sha256, digest_of(file)),
        ("archive_manifest", file.name, sha256, said.get(file.name)),
        ("archive_manifest", index.name, digest_of(index), said.get(index.name)),
    )
    return [
        Problem(rule, name, (expected or "a file")[:16], (found or "none")[:16])
        for rule, name, expected, found in compared
        if expected is None or expected != found
    ]


def _broken_lines(path: str, places: list[tuple[str, int, str]]) -> list[Problem]:
    from memberctl.cli.archiving import read_line
    from memberctl.core.errors import IntegrityFailure
    from memberctl.store.trail import Problem

    found = []
    for number, place, digest in places:
        try:
            read_line(path, place, digest)
        except (IntegrityFailure, NotFound):
            found.append(Problem("archive_line", number, digest[:16], "another line"))
    return found


@archive.command()
def request(
    ctx: typer.Context,
    order: OrderArgument,
    reason: Annotated[str, typer.Option(help="Why you have to look at it.")],
) -> None:
    """Ask to look at an archived order; somebody else decides.

    Example: memberctl archive request JN-2026-7F3KX --reason "dispute about the fee"
    """
    from memberctl.archive.requests import request_access

    said = clean_reason(reason)
    with work(ctx, "archive.request") as w:
        done = request_access(w.session, order, reason=said, by=w.actor, at=w.now)
        w.say(done, "{number} asks to look at {order}; somebody else decides.")


@archive.command()
def requests(
    ctx: typer.Context,
    state: Annotated[AccessState | None, typer.Option(help="Only in this state.")] = None,
) -> None:
    """List the requests to look at archived orders, and how often each was used.

    Example: memberctl archive requests --state requested
    """
    from memberctl.archive.requests import list_requests

    with look(ctx, "archive.request") as r:
        found = list_requests(r.session, state=state, limit=r.limit)
    r.show_list(found.rows, REQUEST_COLUMNS, total=found.total)


@archive.command()
def approve(ctx: typer.Context, number: RequestArgument) -> None:
    """Approve a request of somebody else's, for as many days as the policy says.

    Example: memberctl archive approve AR-000001
    """
    _decide(ctx, number, "approve", "{number}: {order} may be looked at until {until_on}.")


@archive.command()
def refuse(ctx: typer.Context, number: RequestArgument) -> None:
    """Refuse a request of somebody else's.

    Example: memberctl archive refuse AR-000001
    """
    _decide(ctx, number, "refuse", "{number} is refused.")


def _decide(ctx: typer.Context, number: str, verb: str, sentence: str) -> None:
    from memberctl.archive.requests import decide_access

    with work(ctx, "archive.approve") as w:
        done = decide_access(w.session, number, verb=verb, by=w.actor, at=w.now, today=w.today)
        w.say(done, sentence)


@archive.command()
def view(ctx: typer.Context, number: RequestArgument) -> None:
    """Show the archived order of an approved request; each look is recorded before it is shown.

    Personal data are masked unless --reveal REASON.

    Example: memberctl archive view AR-000001
    """
    from memberctl.archive.requests import record_view
    from memberctl.cli.archiving import read_line
    from memberctl.cli.revealing import log_shown

    run: Run = ctx.obj
    if run.options.reveal is not None:
        reveal(ctx, "")
    with work(ctx, "archive.request") as w:
        looked = record_view(w.session, number, by=w.actor, at=w.now, today=w.today)
        keys = w.keys
    line = read_line(looked.path, looked.place, looked.sha256)
    shown = _shown(looked, line, keys)
    if run.reveal_reason is not None:
        log_shown(run, [shown], about=[member_number(looked.member.id)])
    run.output.show_record(shown)


def _shown(looked: Looked, line: str, keys: Keys) -> dict[str, Any]:
    from memberctl.archive.dossier import marked
    from memberctl.archive.filing import opened_line

    record = opened_line(line, looked.order, looked.member, keys)
    if record is None:
        return {"order": looked.order, "request": looked.request, "erased": True}
    tables = {table: [marked(table, row) for row in rows] for table, rows in record.items()}
    return {"order": looked.order, "request": looked.request, "erased": False, **tables}
