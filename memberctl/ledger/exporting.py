"""The books in the form of other accounting tools: beancount, hledger, or a plain CSV.

Members and orders appear by their numbers alone; nobody's name leaves the store this way.
Source: house.md rank 3; mission S3.11; cli.md `ledger export`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from memberctl.core.money import EXPONENTS, format_minor
from memberctl.ledger.rules import AccountKind


class Target(StrEnum):
    """The programs that the books can be written for."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    CSV = "csv"


ROOTS: Mapping[AccountKind, str] = {
    AccountKind.ASSET: "Assets",
    AccountKind.LIABILITY: "Liabilities",
    AccountKind.INCOME: "Income",
    AccountKind.EXPENSE: "Expenses",
}
TYPES: Mapping[AccountKind, str] = {
    AccountKind.ASSET: "A",
    AccountKind.LIABILITY: "L",
    AccountKind.INCOME: "R",
    AccountKind.EXPENSE: "X",
}
"""How hledger is told on which side an account stands."""

TAGS = ("entry", "about", "branch", "reverses", "party")
COLUMNS = (
    "entry", "value_on", "event", "about", "branch", "reverses", "account", "kind", "party",
    "amount", "currency",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One posting; amount_minor -- debit above 0, credit below."""

    account: str
    kind: AccountKind
    party: str | None
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class ExportEntry:
    """One entry with its postings; branch -- its code, None for the whole organisation."""

    id: int
    value_on: date
    event: str
    about: str
    branch: str | None
    reverses: int | None
    lines: tuple[ExportLine, ...]


def account_name(code: str, kind: AccountKind) -> str:
    """Return an account's name as both programs take it, e.g. "Liabilities:Member-Credit"."""
    return f"{ROOTS[kind]}:{'-'.join(word.capitalize() for word in code.split('_'))}"


def exported(entries: Sequence[ExportEntry], title: str, target: Target) -> Iterator[str]:
    """Yield the books line by line, the entries in the order of their value dates.

    title -- the organisation's name
    """
    ordered = sorted(entries, key=lambda entry: (entry.value_on, entry.id))
    match target:
        case Target.BEANCOUNT:
            return _beancount(ordered, title)
        case Target.HLEDGER:
            return _hledger(ordered, title)
        case Target.CSV:
            return _csv(ordered)


def _accounts(entries: Iterable[ExportEntry]) -> list[tuple[str, AccountKind, str]]:
    """Return every account that is posted to, with each currency, in the order of their names."""
    used = {(line.account, line.kind, line.currency) for each in entries for line in each.lines}
    return sorted(used, key=lambda each: (account_name(each[0], each[1]), each[2]))


def _beancount(entries: Sequence[ExportEntry], title: str) -> Iterator[str]:
    yield f'option "title" {_quoted(title)}\n'
    if not entries:
        return
    accounts = _accounts(entries)
    first = entries[0].value_on
    currencies = sorted({currency for _, _, currency in accounts})
    yield from (f'option "operating_currency" "{each}"\n' for each in currencies)
    yield "\n"
    yield from (f"{first} commodity {each}\n" for each in currencies)
    for code, kind, currency in accounts:
        yield f"{first} open {account_name(code, kind)} {currency}\n"
    for entry in entries:
        yield f"\n{entry.value_on} * {_quoted(entry.event)} ^memberctl-{entry.id}\n"
        yield from (f"  {tag}: {_quoted(value)}\n" for tag, value in _facts(entry))
        for line in entry.lines:
            amount = format_minor(line.amount_minor, line.currency)
            yield f"  {account_name(line.account, line.kind)}  {amount} {line.currency}\n"
            if line.party is not None:
                yield f"    party: {_quoted(line.party)}\n"


def _hledger(entries: Sequence[ExportEntry], title: str) -> Iterator[str]:
    yield f"; {_plain(title)}\n"
    if not entries:
        return
    accounts = _accounts(entries)
    for currency in sorted({currency for _, _, currency in accounts}):
        yield f"commodity {_amount(0, currency)}\n"
    for code, kind in dict.fromkeys((code, kind) for code, kind, _ in accounts):
        yield f"account {account_name(code, kind)}  ; type: {TYPES[kind]}\n"
    yield from (f"payee {event}\n" for event in sorted({entry.event for entry in entries}))
    yield from (f"tag {tag}\n" for tag in TAGS)
    for entry in entries:
        said = ", ".join(f"{tag}:{_plain(value)}" for tag, value in _facts(entry))
        yield f"\n{entry.value_on} * {entry.event}  ; {said}\n"
        for line in entry.lines:
            party = "" if line.party is None else f"  ; party:{_plain(line.party)}"
            amount = _amount(line.amount_minor, line.currency)
            yield f"    {account_name(line.account, line.kind)}  {amount}{party}\n"


def _csv(entries: Sequence[ExportEntry]) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\n"
    for entry in entries:
        for line in entry.lines:
            cells = (
                entry.id, entry.value_on, entry.event, entry.about, entry.branch or "",
                entry.reverses or "", line.account, line.kind, line.party or "",
                format_minor(line.amount_minor, line.currency), line.currency,
            )  # fmt: skip
            yield ",".join(_cell(str(cell)) for cell in cells) + "\n"


def _facts(entry: ExportEntry) -> list[tuple[str, str]]:
    """Return what is said of an entry beside its postings; its id is the same for ever."""
    facts = [("entry", str(entry.id)), ("about", entry.about)]
    if entry.branch is not None:
        facts.append(("branch", entry.branch))
    if entry.reverses is not None:
        facts.append(("reverses", str(entry.reverses)))
    return facts


def _amount(minor: int, currency: str) -> str:
    """Return an amount as hledger takes it; a currency without decimals still shows its point."""
    mark = "" if EXPONENTS[currency] else "."
    return f"{format_minor(minor, currency)}{mark} {currency}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _plain(text: str) -> str:
    """Return a text that ends no comment and begins no tag of its own."""
    return " ".join(text.split()).replace(",", " ").replace(";", " ")


def _cell(text: str) -> str:
    """Return a CSV cell; what a spreadsheet would take for a formula cannot come in here."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if any(mark in text for mark in ',"\n\r') else text
