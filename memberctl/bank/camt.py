"""Statements in the form camt.053 of ISO 20022, in any of its versions.

Each version only adds to the one before, so what is understood is understood in all of them.
Source: rules M15.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, time
from typing import BinaryIO
from xml.etree.ElementTree import Element

from memberctl.bank.balances import Statements
from memberctl.bank.elements import Part, Parts
from memberctl.bank.figures import NumberForm, parse_figure
from memberctl.bank.rules import LONGEST_ID, Entry, Findings, Skip, compact
from memberctl.core.dates import parse_date
from memberctl.core.errors import Invalid
from memberctl.core.money import EXPONENTS, format_minor

MOST_BYTES = 500_000_000
"""Bytes that a file may have."""

_CHUNK = 1 << 16
_BOOKED = "BOOK"
_CHARGES = frozenset({"CHRG", "FEES", "COMM", "COME", "COMT", "CHAR"})
_NO_REFERENCE = frozenset({"", "NOTPROVIDED", "NONREF", "NOT PROVIDED"})
_PLAIN = NumberForm(".", "")
_OPENING, _CLOSING = ("OPBD", "PRCD", "ITBD"), ("CLBD", "ITBD")


class Camt053:
    """The rows of one file. Iterate it, then look at findings.

    An entry that is made of several payments, each with its amount, gives a row for each of them.
    """

    def __init__(self, raw: BinaryIO, name: str) -> None:
        self.findings = Findings()
        self._raw = raw
        self._name = name
        self._statements = Statements(self.findings)
        self._account, self._currency = "", ""
        self._begun = False
        self._balances: list[Element] = []
        self._summary: Element | None = None
        self._entries = 0
        self._sums = {"CRDT": [0, 0], "DBIT": [0, 0]}
        self._line = 1

    def __iter__(self) -> Iterator[Entry]:
        parts = Parts(self._name)
        self._raw.seek(0)
        read = 0
        while True:
            chunk = self._raw.read(_CHUNK)
            read += len(chunk)
            if read > MOST_BYTES:
                raise Invalid(
                    f"{self._name} has more than {MOST_BYTES:,} bytes", rule="file_too_large"
                )
            for what, part in parts.feed(chunk, last=not chunk):
                yield from self._take(what, part)
            if not chunk:
                break
        self._end_statement()

    def _take(self, what: str, part: Part | None) -> Iterator[Entry]:
        if part is None:
            self._end_statement()
            self._begun = True
        elif what == "Acct":
            self._account = compact(_account_in(part.element))
            self._currency = _text(part.element, "Ccy") or self._currency
        elif what == "Bal":
            self._balances.append(part.element)
        elif what == "TxsSummry":
            self._summary = part.element
        else:
            self._line = self._line if self._entries else part.line
            self._entries += 1
            yield from self._entries_of(part)

    def _begin(self) -> None:
        """Begin a statement when its account and balances are known: before its first entry."""
        for balance in self._balances:
            amount = balance.find("Amt")
            if amount is not None and not self._currency:
                self._currency = amount.get("Ccy", "")
        self._statements.begin(
            self._account, self._currency, f"statement with its first entry on line {self._line}"
        )

    def _entries_of(self, part: Part) -> Iterator[Entry]:
        if self._entries == 1:
            self._begin()
        whole = Entry(part.line, part.raw, self._account, content=" ".join(part.raw.split()))
        try:
            rows = self._rows_of(whole, part.element)
        except (Invalid, KeyError) as problem:
            why = problem.message if isinstance(problem, Invalid) else "names no known currency"
            self.findings.differences.append(f"line {part.line}: the entry {why}")
            yield replace(whole, skip=Skip.UNREADABLE, problem=why)
            return
        for row in rows:
            if row.skip is None:
                self._statements.take(row)
            yield row

    def _rows_of(self, whole: Entry, element: Element) -> list[Entry]:
        """Return the rows of one entry: itself, or the payments that it is made of."""
        minor, currency = _signed(element)
        mark = "DBIT" if minor < 0 else "CRDT"
        self._sums[mark][0] += 1
        self._sums[mark][1] += abs(minor)
        day, clock = _booked(element)
        status = _text(element, "Sts/Cd") or _text(element, "Sts")
        number = _reference(_text(element, "AcctSvcrRef"))
        entry = replace(
            whole,
            booked_on=day,
            booked_at=clock,
            amount_minor=minor,
            currency=currency,
            external_id=number if len(number) <= LONGEST_ID else None,
            status=status,
            direction="in" if minor >= 0 else "out",
            fee=minor < 0 and _is_charge(element),
            skip=Skip.PENDING if status != _BOOKED else Skip.ZERO if minor == 0 else None,
        )
        details = element.findall("NtryDtls/TxDtls")
        extra = _texts(element, "AddtlNtryInf")
        split = _split(details, minor, currency) if len(details) > 1 else None
        if split is None:
            return [_with_details(entry, details, extra)]
        return [
            _part_of(entry, number, each, extra, part, place)
            for place, (each, part) in enumerate(zip(details, split, strict=True), 1)
        ]

    def _end_statement(self) -> None:
        if not self._begun:
            return
        if not self._entries:
            self._begin()
        self._take_balances()
        self._compare_summary()
        self._statements.end()
        self._account, self._currency, self._balances, self._summary = "", "", [], None
        self._entries, self._sums = 0, {"CRDT": [0, 0], "DBIT": [0, 0]}
        self._begun = False

    def _take_balances(self) -> None:
        kinds = [_text(each, "Tp/CdOrPrtry/Cd") for each in self._balances]
        for wanted, take in (
            (_OPENING, self._statements.opens),
            (_CLOSING, self._statements.closes),
        ):
            for kind in wanted:
                if kind in kinds:
                    # Of two interim balances the first opens the page and the last closes it.
                    places = [at for at, each in enumerate(kinds) if each == kind]
                    at = places[0] if wanted is _OPENING else places[-1]
                    if (
                        kind == "ITBD"
                        and len(places) == 1
                        and wanted is _OPENING
                        and "CLBD" not in kinds
                    ):
                        break
                    minor, currency = _signed(self._balances[at])
                    take(minor, currency)
                    break

    def _compare_summary(self) -> None:
        if self._summary is None or not self._currency:
            return
        totals = {"Ntries": ("CRDT", "DBIT"), "CdtNtries": ("CRDT",), "DbtNtries": ("DBIT",)}
        for path, marks in ((f"Ttl{name}", marks) for name, marks in totals.items()):
            count = sum(self._sums[mark][0] for mark in marks)
            minor = sum(self._sums[mark][1] for mark in marks)
            stated = _text(self._summary, f"{path}/NbOfNtries")
            if stated.isdigit() and int(stated) != count:
                self.findings.differences.append(
                    f"{path}: the file states {stated} of them, there are {count}"
                )
            total = _text(self._summary, f"{path}/Sum")
            if total and parse_figure(total, self._currency, _PLAIN) != minor:
                came = format_minor(minor, self._currency)
                self.findings.differences.append(
                    f"{path}: the file states {total}, the entries come to {came} {self._currency}"
                )


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _texts(element: Element, path: str) -> list[str]:
    return [found for each in element.findall(path) if (found := (each.text or "").strip())]


def _signed(element: Element, path: str = "Amt") -> tuple[int, str]:
    """Return the minor units of an element's amount, below 0 for a debit, and its currency."""
    amount = element.find(path)
    if amount is None:
        raise Invalid("has no amount", rule="amount_empty")
    currency = amount.get("Ccy", "")
    if currency not in EXPONENTS:
        raise Invalid("is in no currency that is known", rule="currency")
    minor = parse_figure(amount.text or "", currency, _PLAIN)
    mark = _text(element, "CdtDbtInd")
    if mark not in ("CRDT", "DBIT"):
        raise Invalid("is neither credit nor debit", rule="direction")
    return (-minor if mark == "DBIT" else minor), currency


def _booked(element: Element) -> tuple[date, time | None]:
    for path in ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"):
        found = _text(element, path)
        if found:
            day = parse_date(found[:10], what="the booking date")
            clock = found[11:19] if len(found) >= 19 else ""
            return day, _clock(clock)
    raise Invalid("has no booking date", rule="date_form")


def _clock(text: str) -> time | None:
    try:
        found = time.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found != time(0) else None


def _account_in(element: Element) -> str:
    return _text(element, "Id/IBAN") or _text(element, "Id/Othr/Id")


def _reference(text: str) -> str:
    return "" if text.upper() in _NO_REFERENCE else text


def _is_charge(element: Element) -> bool:
    codes = {(each.text or "").strip() for each in element.iterfind("BkTxCd//*")}
    return bool(codes & _CHARGES)


def _split(details: Sequence[Element], minor: int, currency: str) -> list[int] | None:
    """Return the signed amounts of an entry's payments, None unless they are all of it."""
    found: list[int] = []
    for each in details:
        amount = each.find("Amt")
        if amount is None:
            amount = each.find("AmtDtls/TxAmt/Amt")
        if amount is None or amount.get("Ccy") != currency:
            return None
        part = parse_figure(amount.text or "", currency, _PLAIN)
        mark = _text(each, "CdtDbtInd")
        out = mark == "DBIT" if mark else minor < 0
        found.append(-part if out else part)
    return found if sum(found) == minor else None


def _part_of(
    entry: Entry, number: str, details: Element, extra: list[str], minor: int, place: int
) -> Entry:
    """Return one payment of an entry as a row of its own."""
    own = _reference(_text(details, "Refs/AcctSvcrRef")) or (number and f"{number}/{place}")
    part = replace(
        entry,
        amount_minor=minor,
        external_id=own if own and len(own) <= LONGEST_ID else None,
        content=f"{entry.content}\0{place}",
        direction="in" if minor >= 0 else "out",
    )
    return _with_details(part, [details], extra)


def _with_details(entry: Entry, details: Sequence[Element], extra: list[str]) -> Entry:
    """Return a row with its other party, its references and what it is for."""
    said: list[str] = []
    references: list[str] = []
    for each in details:
        said += _texts(each, "RmtInf/Ustrd") + _texts(each, "RmtInf/Strd/CdtrRefInf/Ref")
        said += _texts(each, "AddtlTxInf")
        for name in ("EndToEndId", "TxId", "InstrId", "PmtInfId", "MsgId", "AcctSvcrRef"):
            references.append(_reference(_text(each, f"Refs/{name}")))
        references += _texts(each, "RmtInf/Strd/CdtrRefInf/Ref")
    name, account = _other_party(details[0], entry.amount_minor) if len(details) == 1 else ("", "")
    return replace(
        entry,
        name=name,
        account=compact(account),
        references=tuple(dict.fromkeys(each for each in references if each)),
        text=" ".join([*said, *extra]),
    )


def _other_party(details: Element, minor: int) -> tuple[str, str]:
    """Return the name and account of who paid, or was paid; in older versions Nm stands outside."""
    sides = ("Dbtr", "Cdtr") if minor >= 0 else ("Cdtr", "Dbtr")
    for side in sides:
        base = f"RltdPties/{side}"
        name = _text(details, f"{base}/Pty/Nm") or _text(details, f"{base}/Nm")
        name = name or _text(details, f"RltdPties/Ultmt{side}/Nm")
        found = details.find(f"RltdPties/{side}Acct")
        account = _account_in(found) if found is not None else ""
        if name or account:
            return name, account
    return "", ""
