"""What the commands about statements answer, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from memberctl.bank.rules import LineState
from memberctl.core.money import Money
from memberctl.core.text import Personal
from memberctl.office.rules import Outcome
from memberctl.payment.rules import Method


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account in a list, with what its newest statement says."""

    code: str
    method: Method
    number: Personal | None
    currency: str | None
    lines: int
    open: int
    last_on: date | None
    balance: Money | None


@dataclass(frozen=True, slots=True)
class AccountAdded:
    """What became of a new account."""

    code: str
    method: Method
    number: Personal | None
    currency: str | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class StatementImported:
    """What became of a file. read = new + duplicate + skipped.

    opening, closing -- the file's balances, those of several accounts added up; None where it
                        states none
    differences      -- what the file states and its rows do not bear out, problems of them
    """

    read: int
    new: int
    duplicate: int
    skipped: int
    opening: Money | None
    closing: Money | None
    account: str
    format: str
    changed: int
    from_on: date | None
    until_on: date | None
    problems: int
    differences: list[str]

    @property
    def exit_code(self) -> int:
        """3 when something needs a person, else 0."""
        return 3 if self.differences else 0

    @property
    def sentence(self) -> str:
        """Return the summary in words, with the fields' names in braces."""
        parts = [
            f"{{{name}}} {name}"
            for name in ("new", "duplicate", "skipped", "changed")
            if getattr(self, name)
        ]
        balances = ", from {opening} to {closing}" if self.opening and self.closing else ""
        told = "; {problems} differences" if self.differences else ""
        return (
            f"Read {{read}} rows for {{account}}: {', '.join(parts) or 'nothing'}{balances}{told}."
        )


@dataclass(frozen=True, slots=True)
class RowRead:
    """A row as a map reads it; what is personal is masked."""

    line: int
    booked_on: date | None
    amount: Money | None
    balance: Money | None
    id: str | None
    name: Personal
    skipped: str | None
    fee: bool


@dataclass(frozen=True, slots=True)
class MapChecked:
    """What a map reads of a file: its first rows, and everything that it cannot read.

    stated -- what the file states of itself and its rows bear out
    """

    map: str
    columns: str
    read: int
    money: int
    skipped: int
    opening: Money | None
    closing: Money | None
    rows: list[RowRead]
    stated: list[str]
    notices: list[str]
    problems: list[str]


@dataclass(frozen=True, slots=True)
class LineRecord:
    """A line in a list; what is personal is masked. reason -- why it is skipped or ignored"""

    number: str
    account: str
    booked_on: date | None
    amount: Money | None
    state: LineState
    finding: str | None
    name: Personal
    payment: str | None
    order: str | None
    reference: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Matched:
    """What a run of the matching came to; matched, fees -- lines that it settled.

    ambiguous, unknown, amount_differs, duplicate -- lines that wait for a person, by finding
    verified, waiting -- payments that are verified now, or wait for a second person
    reopened -- lines whose payment was voided since
    """

    matched: int
    ambiguous: int
    unknown: int
    amount_differs: int
    duplicate: int
    fees: int
    verified: int
    waiting: int
    reopened: int

    @property
    def exit_code(self) -> int:
        """3 when something needs a person, else 0."""
        listed = self.ambiguous + self.unknown + self.amount_differs + self.duplicate
        return 3 if listed or self.waiting else 0

    @property
    def sentence(self) -> str:
        """Return what was settled and what waits, with the fields' names in braces."""
        done = _parts(self, fees="fees", reopened="reopened")
        waits = _parts(
            self,
            ambiguous="ambiguous",
            unknown="unknown",
            amount_differs="of another amount",
            duplicate="twice",
            waiting="payments to be verified by somebody else",
        )
        settled = ", ".join(["{matched} lines", *done])
        left = f" For a person: {', '.join(waits)}." if waits else ""
        return f"Matched {settled}; verified {{verified}} payments.{left}"


def _parts(result: Matched, **words: str) -> list[str]:
    """Return a part of a sentence for each field that is not 0."""
    return [f"{{{name}}} {told}" for name, told in words.items() if getattr(result, name)]


@dataclass(frozen=True, slots=True)
class LineDecided:
    """What a person decided of a line."""

    line: str
    state: LineState
    amount: Money
    payment: str | None
    order: str | None
    verified: bool


@dataclass(frozen=True, slots=True)
class ReportItem:
    """Something that keeps bank and books apart, with its part of the difference.

    kind -- missing_in_books, missing_in_bank, other_days, ignored or balance
    """

    kind: str
    number: str
    on: date | None
    amount: Money
    why: str


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """An account between two days: opening + receipts - refunds - fees + difference = closing.

    stated -- a statement states a balance; else the account is taken to begin with nothing
    items  -- what the difference is made of
    """

    account: str
    from_on: date
    until_on: date
    opening: Money
    receipts: Money
    refunds: Money
    fees: Money
    closing: Money
    difference: Money
    stated: bool
    items: list[ReportItem]
