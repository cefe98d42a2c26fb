"""The tree of nouns, of which only the branch that is used gets imported.

`memberctl --help` shows every noun and loads none of them.
Source: performance.md A1; house.md "Materials, measured".
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from memberctl.cli.options import lent_parameters, take_from


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a noun, or a command that stands alone, is to be found, and what help says of it."""

    module: str
    attribute: str
    help: str


def _of(module: str, attribute: str, help_: str) -> Branch:
    return Branch(f"memberctl.{module}", attribute, help_)


TREE = {
    "init": _of("cli.root", "init", "Make a new store."),
    "status": _of("report.commands", "status", "What waits, what is overdue, today's money."),
    "doctor": _of("report.commands", "doctor", "What is wrong here, and how to mend it."),
    "member": _of("member.commands", "member", "Members: who belongs."),
    "application": _of("order.commands", "application", "Applications: member and join order."),
    "order": _of("order.commands", "order", "Orders: what members ask for."),
    "quote": _of("order.quote_commands", "quote", "Quotes: what members are offered."),
    "review": _of("review.commands", "review", "Reviews: orders through their stages."),
    "payment": _of("payment.commands", "payment", "Payments: money that came in."),
    "receipt": _of("payment.commands", "receipt", "Receipts: proof of payment."),
    "credit": _of("payment.credit_commands", "credit", "Credits: money that is the member's."),
    "invoice": _of("payment.invoice_commands", "invoice", "Invoices and credit notes."),
    "debt": _of("payment.debt_commands", "debt", "Debts: instalments and write-offs."),
    "till": _of("payment.till_commands", "till", "Tills: the close of the day."),
    "refund": _of("refund.commands", "refund", "Refunds: money back to members."),
    "bank": _of("bank.commands", "bank", "Bank: statements, matching, reconciliation."),
    "term": _of("access.term_commands", "term", "Terms: what members are entitled to, and when."),
    "card": _of("access.commands", "card", "Cards: issue, replace, block."),
    "renewal": _of(
        "renewal.renewal_commands", "renewal", "Renewals: whose membership ends, what to do."
    ),
    "reminder": _of(
        "renewal.reminder_commands", "reminder", "Reminders: terms that end are told of in time."
    ),
    "checkin": _of("access.checkin_commands", "checkin", "Check-ins: who comes in."),
    "message": _of("message.commands", "message", "Messages: what members are told."),
    "template": _of(
        "message.template_commands", "template", "Templates: your own words for messages."
    ),
    "plan": _of("catalog.commands", "plan", "Plans: what members can buy."),
    "tier": _of("catalog.commands", "tier", "Tiers: benefits by standing."),
    "agreement": _of("catalog.commands", "agreement", "Agreements: what members agree to."),
    "ledger": _of("ledger.commands", "ledger", "Ledger: every figure, in double entry."),
    "archive": _of("archive.archive_commands", "archive", "Archive: orders by quarter, read-only."),
    "retention": _of("archive.commands", "retention", "Retention: how long what is kept."),
    "staff": _of("office.staff_commands", "staff", "Staff: who works here, in which role."),
    "proposal": _of(
        "office.proposal_commands", "proposal", "Proposals: changes that a second owner decides."
    ),
    "branch": _of("office.commands", "branch", "Branches: where members are served."),
    "policy": _of("office.commands", "policy", "Policies: the numbers that you decide."),
    "calendar": _of("office.commands", "calendar", "Calendar: which days are worked."),
    "audit": _of("cli.auditing", "audit", "Audit log: who did what."),
    "backup": _of("cli.backups", "backup", "Backups: copies of the store, and their way back."),
    "db": _of("cli.upkeep", "db", "The store itself: upgrade, check."),
    "run": _of("daily.commands", "run", "Jobs for cron."),
    "batch": _of("cli.root", "batch", "Many commands from stdin, one process."),
    "completion": _of("cli.root", "completion", "Completion for bash, zsh or fish."),
    "help": _of("cli.root", "help_", "The manual, by topic."),
}


class Root(TyperGroup):
    """The root of the tree."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *lent_parameters(self.params, hidden=False)]

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all branches."""
        return list(TREE)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return one branch, imported now if it is the first time."""
        if cmd_name not in self.commands and cmd_name in TREE:
            branch = TREE[cmd_name]
            app = getattr(import_module(branch.module), branch.attribute)
            command = typer.main.get_command(app)
            command.name = cmd_name
            self.commands[cmd_name] = command
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of branches from their sentences alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, branch.help) for name, branch in TREE.items()])

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Offer the branches by their sentences alone, without importing one of them."""
        self.commands = {
            name: TyperCommand(name, help=branch.help) for name, branch in TREE.items()
        }
        return super().shell_complete(ctx, incomplete)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the branch that the line names, or say which one was probably meant."""
        if args and args[0] not in TREE and not args[0].startswith("-"):
            close = get_close_matches(args[0], TREE)
            meant = f" Did you mean {' or '.join(close)}?" if close else ""
            ctx.fail(f"No such command {args[0]!r}.{meant}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Hand the global options to the run, then go on to the branch."""
        ctx.obj.take(take_from(ctx.params))
        return super().invoke(ctx)
