"""The noun `member`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from memberctl.access import hold_commands
from memberctl.access.rules import MemberStatus
from memberctl.cli.arguments import MemberArgument
from memberctl.cli.completion import complete_branches, complete_staff
from memberctl.cli.importing import (
    AllOrNothingOption,
    EncodingOption,
    FileArgument,
    IgnoreExtraOption,
    MapOption,
    open_import,
    run_import,
)
from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import noun
from memberctl.cli.whole import Seen
from memberctl.core.errors import Conflict, MemberctlError, RuleRefused, UsageProblem
from memberctl.core.text import clean_reason, clean_text
from memberctl.member import (
    change_commands,
    contact_commands,
    duplicate_commands,
    merge_commands,
    privacy_commands,
)
from memberctl.member.changes import parse_contact_change, parse_identity_change
from memberctl.member.entering import asked_for, with_file
from memberctl.member.identity import DocumentKind
from memberctl.member.rules import (
    COLUMNS,
    Outcome,
    Registered,
    Registration,
    checked_registration,
    clean_source,
    parse_registration,
)

if TYPE_CHECKING:
    from memberctl.cli.invocation import Writing
    from memberctl.cli.run import Run

member = noun("member", "Members: who belongs.")

LINE_COLUMNS = ("number", "name", "status", "phone", "email", "branch", "tier", "member_since")

Phone = Annotated[str | None, typer.Option(help="Phone number, e.g. 13800138000 or +44....")]
Email = Annotated[str | None, typer.Option(help="E-mail address.")]
BirthDate = Annotated[str | None, typer.Option(help="Birth date, YYYY-MM-DD.")]
IdNumber = Annotated[
    str | None, typer.Option(help="Number of the identity card, business licence or passport.")
]
Address = Annotated[str | None, typer.Option(help="Postal address.")]
Language = Annotated[str | None, typer.Option(help="Language of messages: zh or en.")]
BranchCode = Annotated[
    str | None, typer.Option(help="Branch code, e.g. SH01.", autocompletion=complete_branches)
]
From = Annotated[
    str | None,
    typer.Option("--from", help="File with one row of data, so that none is on the command line."),
]


@member.command()
def register(
    ctx: typer.Context,
    who: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Name; - reads one line of JSON from stdin."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name, instead of the argument.")] = None,
    phone: Phone = None,
    email: Email = None,
    birth_date: BirthDate = None,
    id_number: IdNumber = None,
    address: Address = None,
    branch: BranchCode = None,
    channel: Annotated[str | None, typer.Option(help="How they came, e.g. web.")] = None,
    referrer: Annotated[str | None, typer.Option(help="Who recommended us.")] = None,
    language: Language = None,
    external_ref: Annotated[str | None, typer.Option(help="Their key in another system.")] = None,
    source: Annotated[str, typer.Option(help="Which system that is.")] = "import",
    override: Annotated[
        str | None,
        typer.Option(help="Reason to register somebody who looks like a duplicate; logged."),
    ] = None,
    from_: From = None,
) -> None:
    """Register a member. On a terminal it asks for what is missing.

    Example: memberctl member register 张伟 --phone 13800138000 --branch SH01
    """
    from memberctl.member.operations import register_members

    if who is not None and name is not None:
        raise UsageProblem("give the name once: as the argument or by --name")
    typed = {
        "name": name if who in (None, "-") else who,
        "phone": phone,
        "email": email,
        "birth_date": birth_date,
        "id_number": id_number,
        "address": address,
        "branch": branch,
        "channel": channel,
        "referrer": referrer,
        "language": language,
        "external_ref": external_ref,
    }
    cells = asked_for(ctx.obj, with_file(ctx.obj, typed, "-" if who == "-" else from_))
    why = None if override is None else clean_text(override, what="the reason for --override")
    system = clean_source(source)
    with work(ctx, "member.register") as w:
        asked = checked_registration(
            parse_registration(cells, region=w.region, today=w.today, source=system)
        )
        _refuse_unknown_branch(w, asked)
        (done,) = register_members(
            w.session, [asked], keys=w.keys, by=w.actor, at=w.now, override=why
        )
        _refuse_if_refused(done, asked)
        if done.message:
            w.warn(done.message)
        w.say(_line(w, done), _SENTENCES[done.outcome])


_SENTENCES = {
    Outcome.CREATED: "Registered {number} ({name}).",
    Outcome.UPDATED: "Updated the contact data of {number} ({name}).",
    Outcome.UNCHANGED: "{number} ({name}) is registered already; nothing to do.",
}


@member.command("list")
def list_(
    ctx: typer.Context,
    branch: BranchCode = None,
    status: Annotated[
        MemberStatus | None, typer.Option(help="Only members of this status.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Any part of the name.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only who came this way.")] = None,
) -> None:
    """List members, as they stand today or stood on --as-of.

    Example: memberctl member list --status active --branch SH01
    """
    from memberctl.office.queries import find_branch_id
    from memberctl.report.members import list_members

    with look(ctx, "member.read") as r:
        found = list_members(
            r.session,
            today=r.today,
            limit=r.limit,
            status=status,
            branch_id=find_branch_id(r.session, branch),
            name=name,
            channel=channel,
        )
    r.show_list(found.rows, LINE_COLUMNS, total=found.total)


@member.command()
def show(ctx: typer.Context, member: MemberArgument) -> None:
    """Show a member with terms, cards, orders, balance and history.

    Example: memberctl member show M-000123 --as-of 2026-02-01
    """
    from memberctl.member.queries import find_member, identity_number
    from memberctl.report.member_record import show_member

    with look(ctx, "member.read") as r:
        person = find_member(r.session, member)
        found = show_member(r.session, person.id, today=r.today)
        number = identity_number(r.session, person, r.keys)
    r.show_record(replace(found, id_number=number))


@member.command("update")
def update_(
    ctx: typer.Context,
    member: MemberArgument,
    phone: Phone = None,
    email: Email = None,
    address: Address = None,
    language: Language = None,
    branch: BranchCode = None,
    staff: Annotated[
        str | None,
        typer.Option(
            help="Staff code, if they work here; keeps them from own orders.",
            autocompletion=complete_staff,
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="New name; makes a change request.")] = None,
    birth_date: BirthDate = None,
    id_number: IdNumber = None,
    reason: Annotated[
        str | None, typer.Option(help="Why name, birth date or identity number change.")
    ] = None,
    seen: Seen = None,
    from_: From = None,
) -> None:
    """Change contact data at once; name, birth date and identity number by a change request.

    An empty value takes contact data away: --email "".

    Example: memberctl member update M-000123 --phone 13900139000
    """
    from memberctl.member.changing import update_member
    from memberctl.member.queries import find_member

    typed = {
        "phone": phone,
        "email": email,
        "address": address,
        "language": language,
        "branch": branch,
        "staff": staff,
        "name": name,
        "birth_date": birth_date,
        "id_number": id_number,
    }
    cells = with_file(ctx.obj, typed, from_)
    why = None if reason is None else clean_reason(reason)
    if not cells:
        raise UsageProblem("nothing to change was given", hint="memberctl member update --help")
    with work(ctx, "member.change") as w:
        updated = update_member(
            w.session,
            find_member(w.session, member).id,
            parse_contact_change(cells, region=w.region),
            parse_identity_change(cells, today=w.today),
            reason=why,
            keys=w.keys,
            by=w.actor,
            at=w.now,
            today=w.today,
            seen=seen,
        )
        if updated.remark is not None:
            w.warn(updated.remark)
        w.say(updated, _update_sentence(updated.fields, updated.requests))


def _update_sentence(fields: tuple[str, ...], requests: tuple[str, ...]) -> str:
    done = f"Changed {', '.join(fields)} of {{number}} ({{name}})." if fields else ""
    asked = f"Asked for by {', '.join(requests)}; somebody else decides." if requests else ""
    return " ".join(filter(None, (done, asked))) or "{number} ({name}) is that already."


@member.command()
def verify(
    ctx: typer.Context,
    member: MemberArgument,
    document: Annotated[
        DocumentKind, typer.Option("--document-seen", help="Which document was compared.")
    ],
    seen: Seen = None,
) -> None:
    """Record that you compared a member with the identity document they showed.

    Example: memberctl member verify M-000123 --document-seen resident_id
    """
    from memberctl.member.queries import find_member
    from memberctl.member.updating import verify_member

    with work(ctx, "member.verify") as w:
        found = find_member(w.session, member)
        done = verify_member(w.session, found.id, document, seen=seen, by=w.actor, at=w.now)
        ending = "is verified already, by {verified_by}." if done.already else "is verified."
        w.say(done, f"{{number}} {ending}")


@member.command("import")
def import_(
    ctx: typer.Context,
    file: FileArgument,
    source: Annotated[
        str, typer.Option(help="Whose external references are in the file.")
    ] = "import",
    encoding: EncodingOption = None,
    map_file: MapOption = None,
    ignore_extra: IgnoreExtraOption = False,
    all_or_nothing: AllOrNothingOption = False,
    override: Annotated[
        str | None,
        typer.Option(help="Reason to register those who look like a duplicate as well; logged."),
    ] = None,
) -> None:
    """Register members from a file; refused rows go to NAME.rejects.csv.

    Whoever looks like somebody who is there is refused as a duplicate. `member duplicates --file`
    shows beforehand who in a file may be one person; --override takes them in as they are, and
    `member duplicates` and `member merge` bring them together later.

    Example: memberctl member import members.csv --dry-run
    """
    from memberctl.member.operations import register_members

    run: Run = ctx.obj
    why = None if override is None else clean_text(override, what="the reason for --override")
    system = clean_source(source)
    opened = open_import(
        run,
        file,
        COLUMNS,
        required=("name",),
        encoding=encoding,
        map_file=map_file,
        ignore_extra=ignore_extra,
        own_list=LINE_COLUMNS,
    )
    with opened as table, work(ctx, "member.register") as w:
        imported = run_import(
            w,
            table,
            parse=partial(
                parse_registration, region=w.region, today=w.today, source=system, channel="import"
            ),
            operate=lambda batch, named: register_members(
                w.session, batch, keys=w.keys, by=w.actor, at=w.now, named=named, override=why
            ),
            all_or_nothing=all_or_nothing,
        )
        w.say(imported, imported.sentence("members"), imported.exit_code)


def _refuse_unknown_branch(w: Writing, asked: Registration) -> None:
    """Raise NotFound with the codes there are, which the batch does not look up for each row."""
    from memberctl.office.queries import find_branch

    if asked.branch is not None:
        find_branch(w.session, asked.branch)


def _refuse_if_refused(done: Registered, asked: Registration) -> None:
    """Raise what a refused registration means to somebody who registers one person."""
    hint = f"memberctl member show {done.number}"
    if done.outcome is Outcome.UNCHANGED and asked.external_ref is None:
        raise RuleRefused(f"{done.number} is registered with the same data", hint=hint)
    if done.outcome not in {Outcome.DUPLICATE, Outcome.REJECTED}:
        return
    kind: type[MemberctlError] = RuleRefused
    if done.code in {"same_name_birth_date", "conflict"}:
        kind = Conflict
    if done.code not in {"same_id", "conflict"}:
        hint += "; --override REASON registers another person"
    raise kind(done.message, hint=hint)


def _line(w: Writing, done: Registered) -> object:
    """Return the member as lists show them; a new one without asking about orders and terms."""
    from memberctl.member.queries import new_member

    assert done.member_id is not None, "whoever was not refused is a member"
    if done.outcome is Outcome.CREATED:
        return new_member(w.session, done.member_id)

    from memberctl.report.member_record import show_member
    from memberctl.report.members import MemberLine

    record = show_member(w.session, done.member_id, today=w.today)
    return MemberLine(**{key: getattr(record, key) for key in LINE_COLUMNS})


duplicate_commands.add_to(member)
merge_commands.add_to(member)
privacy_commands.add_to(member)
change_commands.add_to(member)
hold_commands.add_to(member)
contact_commands.add_to(member)
