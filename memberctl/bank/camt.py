"""Statements in the form camt.053 of ISO 20022, in any of its versions.

Each version only adds to the one before, so what is understood is understood in all of them.
Source: rules M15.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, time
from typing import BinaryIO
from xml.etree.ElementTree import Element

from memberctl.bank.balances import Statements
from memberctl.bank.elements import Part, Parts
from memberctl.bank.figures import NumberForm, parse_figure
from memberctl.bank.rules import LONGEST_ID, Entry, Findings, Skip, compact, unknown_currency
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
_PLACE_IN_FILE = re.compile(r"<(?:\w+:)?NtryRef>[^<]*</(?:\w+:)?NtryRef>")
"""Banks count the entries of a file here, so the same one has another in the next download."""

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
        self._sums = _no_sums()
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
        content = " ".join(_PLACE_IN_FILE.sub("", part.raw).split())
        whole = Entry(part.line, part.raw, self._account, content=content)
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
        status = _text(element, "Sts/Cd") or _text(element, "Sts")
        self._count(minor, booked=status == _BOOKED)
        day, clock = _booked(element, needed=status == _BOOKED)
        number = _reference(_text(element, "AcctSvcrRef"))
        entry = replace(
            whole,
            booked_on=day,
            booked_at=clock,
            amount_minor=minor,
            currency=currency,
            external_id=number if 0 < len(number) <= LONGEST_ID else None,
            status=status,
            direction="in" if minor >= 0 else "out",
            fee=minor < 0 and _is_charge(element),
            skip=Skip.PENDING if status != _BOOKED else Skip.ZERO if minor == 0 else None,
        )
        details = element.findall("NtryDtls/TxDtls")
        extra = _texts(element, "AddtlNtryInf")
        split, charge = _split(details, minor, currency), 0
        if split is None:
            split, charge = _before_charges(element, details, minor, currency)
        if split is None or (len(details) == 1 and not charge):
            return [_with_details(entry, details, extra)]
        rows = [
            _part_of(entry, number, each, extra, part, place)
            for place, (each, part) in enumerate(zip(details, split, strict=True), 1)
        ]
        return [*rows, _charge_of(entry, number, charge)] if charge else rows

    def _count(self, minor: int, *, booked: bool) -> None:
        """Count an entry for the summary, which may leave out what is not booked yet."""
        mark = "DBIT" if minor < 0 else "CRDT"
        for sums in self._sums if booked else self._sums[:1]:
            sums[mark][0] += 1
            sums[mark][1] += abs(minor)

    def _end_statement(self) -> None:
        if not self._begun:
            return
        if not self._entries:
            self._begin()
        self._take_balances()
        self._compare_summary()
        self._statements.end()
        self._account, self._currency, self._balances, self._summary = "", "", [], None
        self._entries, self._sums = 0, _no_sums()
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
            counts = [sum(each[mark][0] for mark in marks) for each in self._sums]
            minors = [sum(each[mark][1] for mark in marks) for each in self._sums]
            stated = _text(self._summary, f"{path}/NbOfNtries")
            if stated.isdigit() and int(stated) not in counts:
                self.findings.differences.append(
                    f"{path}: the file states {stated} of them, there are {counts[0]}"
                )
            total = _text(self._summary, f"{path}/Sum")
            if total and parse_figure(total, self._currency, _PLAIN) not in minors:
                came = format_minor(minors[-1], self._currency)
                self.findings.differences.append(
                    f"{path}: the file states {total}, the entries come to {came} {self._currency}"
                )


def _no_sums() -> list[dict[str, list[int]]]:
    """Return number and sum by direction: of all entries, and of those that are booked."""
    return [{"CRDT": [0, 0], "DBIT": [0, 0]} for _ in range(2)]


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
        unknown = unknown_currency(currency, then="")
        raise Invalid(f"is left out: {unknown.message}", rule="currency")
    minor = parse_figure(amount.text or "", currency, _PLAIN)
    mark = _text(element, "CdtDbtInd")
    if mark not in ("CRDT", "DBIT"):
        raise Invalid("is neither credit nor debit", rule="direction")
    return (-minor if mark == "DBIT" else minor), currency


def _booked(element: Element, *, needed: bool) -> tuple[date | None, time | None]:
    """Return when an entry was booked. needed -- one that is pending has no date yet"""
    for path in ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"):
        found = _text(element, path)
        if found:
            day = parse_date(found[:10], what="the booking date")
            clock = found[11:19] if len(found) >= 19 else ""
            return day, _clock(clock)
    if not needed:
        return None, None
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
        part = _amount_at(each, ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"), currency)
        if part is None:
            return None
        found.append(-part if _is_out(each, minor) else part)
    return found if found and sum(found) == minor else None


def _amount_at(element: Element, paths: Sequence[str], currency: str) -> int | None:
    """Return the amount at the first of the paths that is there, None in another currency."""
    amount = next((each for path in paths if (each := element.find(path)) is not None), None)
    if amount is None or amount.get("Ccy") != currency:
        return None
    return parse_figure(amount.text or "", currency, _PLAIN)


def _is_out(details: Element, minor: int) -> bool:
    mark = _text(details, "CdtDbtInd")
    return mark == "DBIT" if mark else minor < 0


def _before_charges(
    element: Element, details: Sequence[Element], minor: int, currency: str
) -> tuple[list[int] | None, int]:
    """Return an entry's payments as they were made, and the charges that the bank kept of them.

    Only when payments and charges come to the entry to the cent; else None and 0.
    """
    parts: list[int] = []
    for each in details:
        part = _amount_at(each, ("AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt", "Amt"), currency)
        if part is None:
            return None, 0
        parts.append(-part if _is_out(each, minor) else part)
    charge = minor - sum(parts)
    told = {_charges_in(element, currency), sum(_charges_in(each, currency) for each in details)}
    return (parts, charge) if parts and charge < 0 and -charge in told else (None, 0)


def _charges_in(element: Element, currency: str) -> int:
    """Return the charges that an entry or a payment names; the versions write them differently."""
    total = _amount_at(element, ("Chrgs/TtlChrgsAndTaxAmt",), currency)
    if total is not None:
        return total
    return sum(
        parse_figure(amount.text or "", currency, _PLAIN)
        for path in ("Chrgs/Rcrd/Amt", "Chrgs/Amt")
        for amount in element.findall(path)
        if amount.get("Ccy") == currency
    )


def _charge_of(entry: Entry, number: str, minor: int) -> Entry:
    """Return what the bank kept of an entry's payments as a row of its own."""
    own = f"{number}/charge"
    return replace(
        entry,
        amount_minor=minor,
        external_id=own if number and len(own) <= LONGEST_ID else None,
        content=f"{entry.content}\0charge",
        direction="out",
        fee=True,
    )


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
