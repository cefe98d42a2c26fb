"""The noun `bank`: statements, what their rows are matched to, and the account between two days."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from memberctl.bank import rules
from memberctl.bank.rules import Finding, LineState, StatementFormat
from memberctl.cli.completion import one_of
from memberctl.cli.invocation import look, work
from memberctl.cli.nouns import Verb, noun
from memberctl.core.dates import parse_date
from memberctl.core.errors import Invalid, NeedsPerson, UsageProblem
from memberctl.payment.rules import Method

bank = noun("bank", "Bank: statements, matching, reconciliation.")
account = noun(
    "account", "Accounts that statements belong to.\n\nExample: memberctl bank account list"
)
maps = noun("map", "Maps: how a bank's download is read.\n\nExample: memberctl bank map example")
bank.add_typer(account)
bank.add_typer(maps)

ACCOUNTS = ("code", "method", "number", "currency", "lines", "open", "last_on", "balance")
LINES = (
    "number", "account", "booked_on", "amount", "state", "finding", "name", "payment", "order",
    "reference", "reason",
)  # fmt: skip

REPORTS = (
    "account", "from_on", "until_on", "opening", "receipts", "refunds", "fees", "closing",
    "difference",
)  # fmt: skip
AccountOption = Annotated[
    str, typer.Option("--account", help="The account's code; see bank account list.")
]
OfAccount = Annotated[str | None, typer.Option("--account", help="Only this account.")]
FileArgument = Annotated[str, typer.Argument(help="Statement as it was downloaded; - is stdin.")]
MapNeeded = Annotated[str, typer.Option("--map", help="TOML file that says how to read it.")]
MapOption = Annotated[
    str | None, typer.Option("--map", help="TOML file that says how to read it; see bank map.")
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help="utf-8, gb18030 ...; detected if not given.")
]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", help="Last day of a statement whose dates have no year, YYYY-MM-DD."),
]


class ImportVerb(Verb):
    """A verb whose --format is the file's; one that names a form of output is the output's."""

    def invoke(self, ctx: Any) -> Any:
        """Part the two meanings, since both are natural on one line."""
        said = [each.strip().lower() for each in ctx.params["format"] or ()]
        files = [each for each in said if each in set(StatementFormat)]
        chosen = files[0] if files else None
        rest = [*said]
        if chosen is not None:
            rest.remove(chosen)
        if rest:
            ctx.obj.take({"format": rest[-1]})
        ctx.params["format"] = [] if chosen is None else [chosen]
        return super().invoke(ctx)


@bank.command("import", cls=ImportVerb)
def import_(
    ctx: typer.Context,
    file: FileArgument,
    account: AccountOption,
    format: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="What it was downloaded from; detected if not given.",
            metavar="|".join(StatementFormat),
            autocompletion=one_of(" ".join(StatementFormat)),
        ),
    ] = None,
    map_file: MapOption = None,
    encoding: EncodingOption = None,
    until: UntilOption = None,
) -> None:
    """Take in a statement: every row once, whatever files it comes in.

    What the file states of itself is compared with its rows; exit 3 when they differ.

    Example: memberctl bank import alipay_record.csv --account ALIPAY --format alipay
    """
    from memberctl.bank.operations import import_statement
    from memberctl.bank.reading import open_statement, read_map
    from memberctl.cli.progress import progress

    run = ctx.obj
    form = read_map(map_file) if map_file is not None else None
    wanted = StatementFormat(format[0]) if format else None
    if form is not None and wanted not in (None, StatementFormat.CSV):
        raise UsageProblem("--map belongs to --format csv", hint="leave out --format")
    opened = open_statement(
        file, format=wanted, form=form, encoding=encoding, until=_last_day(until),
        stdin=getattr(run.stdin, "buffer", None),
    )  # fmt: skip
    with opened as statement, work(ctx, "bank.import") as w:
        with progress("importing", None, stream=run.stderr, quiet=bool(run.options.quiet)) as bar:
            imported = import_statement(
                w.session, w.keys, account, statement, by=w.actor, at=w.now, currency=w.currency,
                advance=bar.advance,
            )  # fmt: skip
        for notice in [*statement.notices, *statement.rows.findings.notices]:
            w.note(notice)
        for difference in imported.differences:
            w.warn(difference)
        w.say(imported, imported.sentence, imported.exit_code)


@bank.command("lines")
def list_lines(
    ctx: typer.Context,
    account: OfAccount = None,
    state: Annotated[LineState | None, typer.Option(help="Only this state.")] = None,
    finding: Annotated[
        Finding | None, typer.Option(help="Only what the matching found so.")
    ] = None,
) -> None:
    """List the rows of all statements, the newest first; names are masked.

    Example: memberctl bank lines --state open
    """
    from memberctl.bank import queries

    with look(ctx, "bank.read") as r:
        found = queries.list_lines(
            r.session, r.keys(), account=account, state=state, finding=finding, limit=r.limit
        )
    r.show_list(found.rows, LINES, total=found.total)


@bank.command()
def match(
    ctx: typer.Context,
    account: OfAccount = None,
    accept: Annotated[
        tuple[str, str] | None,
        typer.Option(help="A line and the order that it is about: BL-000001 JN-2026-7F3KX."),
    ] = None,
    ignore: Annotated[
        str | None, typer.Option(help="A line that is no business of the members'; with --reason.")
    ] = None,
    fee: Annotated[str | None, typer.Option(help="A line that is a fee of the bank.")] = None,
    reopen: Annotated[str | None, typer.Option(help="A line whose decision is taken back.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why the line is ignored.")] = None,
) -> None:
    """Match the open lines with the books, or decide one of them.

    Only unique exact matches are booked by themselves; the others wait in `bank lines`.

    Example: memberctl bank match
    """
    from memberctl.bank import matching

    decided = [each for each in (accept, ignore, fee, reopen) if each is not None]
    if len(decided) > 1 or (decided and account is not None):
        raise UsageProblem("one line is decided at a time, without --account")
    if (ignore is None) != (reason is None):
        raise UsageProblem("--ignore LINE and --reason belong together")
    with work(ctx, "bank.match") as w:
        office = matching.Office(w.actor, w.now, w.today, w.zone, w.currency)
        if accept is not None:
            done = matching.accept_line(w.session, w.keys, *accept, office)
            verified = "" if done.verified else "; somebody else has to verify it"
            told = f"Matched {{line}}, {{amount}}, to {{payment}} of {{order}}{verified}."
            w.say(done, told if done.payment else "Matched {line}, {amount}, to the books.")
        elif ignore is not None:
            done = matching.ignore_line(w.session, ignore, reason or "", office)
            w.say(done, "The line {line}, {amount}, is ignored.")
        elif fee is not None:
            done = matching.book_fee(w.session, fee, office)
            w.say(done, "Booked {line}, {amount}, as a fee of the bank.")
        elif reopen is not None:
            done = matching.reopen_line(w.session, reopen, office)
            w.say(done, "The line {line}, {amount}, is open again.")
        else:
            matched = matching.match_lines(w.session, w.keys, account, office)
            w.say(matched, matched.sentence, matched.exit_code)


@bank.command()
def show(
    ctx: typer.Context,
    line: Annotated[str, typer.Argument(help="Line, e.g. BL-000001.")],
) -> None:
    """Show one line with everything that it may be in the books, and why it waits.

    Example: memberctl bank show BL-000001
    """
    from memberctl.bank.matching import shown

    with look(ctx, "bank.read") as r:
        found = shown(r.session, r.keys(), line)
    r.show_record(found)


@bank.command("report")
def report_(
    ctx: typer.Context,
    from_: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD.")],
    to: Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD.")],
    account: OfAccount = None,
) -> None:
    """Compare an account with the books: opening + receipts - refunds - fees = closing.

    What keeps them apart is listed line by line and adds up to the difference; exit 3 if any.

    Example: memberctl bank report --from 2026-03-01 --to 2026-03-31 --account ALIPAY
    """
    from memberctl.bank import queries
    from memberctl.bank.reporting import report

    first = parse_date(from_.strip(), what="the first day")
    last = parse_date(to.strip(), what="the last day")
    if last < first:
        raise Invalid("the last day is before the first", field="to", rule="span_order")
    with look(ctx, "bank.read") as r:
        if account is None:
            wanted = queries.accounts(r.session)
        else:
            wanted = [queries.find_account(r.session, account)]
        found = [report(r.session, each, first, last, currency=r.currency) for each in wanted]
    if account is None:
        r.show_list(found, REPORTS)
    else:
        r.show_record(found[0])
    if any(each.difference.minor for each in found):
        r.end_with(NeedsPerson.exit_code)


@account.command()
def add(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="Its code, e.g. ICBC.")],
    method: Annotated[Method, typer.Option(help="How payments to it are recorded.")],
    number: Annotated[
        str | None, typer.Option(help="Its own number; rows of others are then left out.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="ISO 4217 code; that of its first statement if not given.")
    ] = None,
) -> None:
    """Make an account known that statements belong to.

    The accounts ALIPAY, WECHAT, BANK, CARD, CHEQUE and ONLINE need not be added.

    Example: memberctl bank account add ICBC --method bank
    """
    from memberctl.bank.operations import add_account

    wanted = rules.new_account(code, method, number=number, currency=currency)
    with work(ctx, "bank.import") as w:
        added = add_account(w.session, wanted, by=w.actor, at=w.now)
        w.say(added, "The account {code} is {outcome}; its money is booked as {method}.")


@account.command("list")
def list_accounts(ctx: typer.Context) -> None:
    """List the accounts with what their newest statements say.

    Example: memberctl bank account list
    """
    from memberctl.bank import queries

    with look(ctx, "bank.read") as r:
        found = queries.list_accounts(r.session, r.limit)
    r.show_list(found.rows, ACCOUNTS, total=found.total)


@maps.command()
def check(
    ctx: typer.Context,
    file: FileArgument,
    map_file: MapNeeded,
    encoding: EncodingOption = None,
    until: UntilOption = None,
    currency: Annotated[
        str | None,
        typer.Option(help="Where map and file name none; that of the organisation if not given."),
    ] = None,
) -> None:
    """Show what a map reads of a file, and everything that it cannot read; nothing is written.

    Example: memberctl bank map check umsatz.csv --map sparkasse.toml
    """
    from memberctl.bank.reading import check_map, read_map

    run = ctx.obj
    form = read_map(map_file)
    code = None if currency is None else rules.currency_of(currency)
    if code is None and form.currency is None:
        with look(ctx, "bank.read") as r:
            code = r.currency
    found = check_map(
        file, form, encoding=encoding, until=_last_day(until), currency=code,
        stdin=getattr(run.stdin, "buffer", None),
    )  # fmt: skip
    run.output.show_record(found)
    if found.problems:
        run.exit_code = 3


def _last_day(text: str | None) -> date | None:
    return None if text is None else parse_date(text.strip(), what="the last day")


@maps.command()
def example(ctx: typer.Context) -> None:
    """Print a map with comments, to begin with.

    Example: memberctl bank map example
    """
    from memberctl.bank.forms import example_map

    text = example_map()
    ctx.obj.output.show_text(text, {"map": text})
