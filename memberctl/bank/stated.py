"""What a table states of itself around its rows - accounts, balances, sums - against its rows.

Source: rules M15, "difference 0.00 or listed".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from memberctl.bank.balances import Run, Tally
from memberctl.bank.figures import parse_figure
from memberctl.bank.layout import Cells
from memberctl.bank.rules import Entry, Findings, Section, Skip, compact
from memberctl.bank.signs import DIRECTIONS
from memberctl.bank.table_form import Form, SignRule, Total
from memberctl.core.errors import Invalid
from memberctl.core.lines import Line
from memberctl.core.money import format_minor

Places = Mapping[str, tuple[int, ...]]


class Stated:
    """The accounts of one file: their rows counted, and what is stated of them."""

    def __init__(self, form: Form, findings: Findings) -> None:
        self._form = form
        self._findings = findings
        self._runs: dict[tuple[str, str], Run] = {}
        self._tally = Tally()
        self._totals: list[tuple[Total, int | None, str]] = []
        self._balances: dict[str, str] = {}
        self._found: set[str] = set()
        self.account = ""
        """The number of the account that the lines now belong to."""
        self.held: list[str] = []
        """What was stated and borne out by the rows."""

    def count(self, entry: Entry, fee_minor: int = 0) -> None:
        """Count a row in the sums that the file may state, and in its account's balances.

        fee_minor -- what the bank kept of it, which is in the balance behind it
        """
        self._tally.take(entry, closed=entry.skip is not None and entry.skip is not Skip.NEUTRAL)
        if entry.skip is None:
            if fee_minor:
                entry = replace(entry, amount_minor=entry.amount_minor + fee_minor)
            self._run_of(entry.section, entry.currency).take(entry)

    def means(self, line: Line) -> bool:
        """Whether a line states something of the file by one of the map's patterns."""
        form = self._form
        patterns = [form.account, form.opening, form.closing]
        patterns += [each for total in form.totals for each in (total.pattern, total.row)]
        return any(pattern.search(line.text) for pattern in patterns if pattern is not None)

    def note_account(self, line: Line, currency: str) -> None:
        """Look for the number of the account that the rows below belong to."""
        if self._form.account is None:
            return
        found = self._form.account.search(line.text)
        if found is None or not found[1]:
            return
        self._found.add("account.pattern")
        if compact(found[1]) != self.account:
            self.end_of_section(currency)
            self.account = compact(found[1])

    def note(self, line: Line, places: Places | None) -> bool:
        """Remember what a line states of the file; return whether it is the total of a table."""
        for key, pattern in (("opening", self._form.opening), ("closing", self._form.closing)):
            found = pattern.search(line.text) if pattern is not None else None
            if found is not None:
                self._found.add(f"balances.{key}")
                self._balances[key] = found[1] or ""
        label = next((cell.strip() for cell in line.cells if cell.strip()), "")
        for place, total in enumerate(self._form.totals, 1):
            if total.row is not None and total.row.search(label):
                self._found.add(f"totals, the {place}.")
                self._take_total_row(line, total, places or {})
                return True
            found = total.pattern.search(line.text) if total.pattern is not None else None
            if found is not None:
                self._found.add(f"totals, the {place}.")
                groups = found.groupdict()
                self._totals.append((total, _whole(groups.get("count")), groups.get("sum") or ""))
        return False

    def _take_total_row(self, line: Line, total: Total, places: Places) -> None:
        row, form = Cells(line, places), self._form
        if form.rule is SignRule.COLUMNS:
            for key in ("in", "out"):
                self._totals.append((replace(total, of=key), None, row.first(key)))
            return
        # An amount with its sign adds up to what came in less what went out.
        signed = form.rule is not SignRule.DIRECTION and total.of == "all"
        of = "net" if signed else total.of
        self._totals.append((replace(total, of=of), None, row.first("amount")))

    def _run_of(self, account: str, currency: str) -> Run:
        run = self._runs.get((account, currency))
        if run is None:
            section = Section(account, currency)
            self._findings.sections.append(section)
            run = self._runs[account, currency] = Run(section)
        return run

    def end_of_section(self, currency: str) -> None:
        """Hold what was stated of the account so far against its rows.

        currency -- of the file, "" where its rows tell it
        """
        known = currency or next((key[1] for key in reversed(self._runs)), "")
        for total, count, text in self._totals:
            minor = self._figure(text, known)
            what = DIRECTIONS[total.of]
            unlike = self._tally.unlike(what, total.of, known, count=count, minor=minor)
            self._findings.differences += unlike
            if not unlike and (count, minor) != (None, None):
                self.held.append(_held(what, count, minor, known))
        if self._balances and known:
            run = self._run_of(self.account, known)
            run.opening = self._figure(self._balances.get("opening", ""), known, signed=True)
            run.closing = self._figure(self._balances.get("closing", ""), known, signed=True)
        self._tally, self._totals, self._balances = Tally(), [], {}

    def _figure(self, text: str, currency: str, *, signed: bool = False) -> int | None:
        """Return a stated figure, None where none is stated.

        What cannot be read is a difference: nothing was compared with it.
        """
        if not any(each.isdigit() for each in text):
            return None
        if not currency:
            self._findings.differences.append("a sum is stated, and no row tells its currency")
            return None
        try:
            minor = parse_figure(text, currency, self._form.numbers)
        except Invalid as problem:
            self._findings.differences.append(
                f"a figure that the file states {problem.message}, so it is not compared"
            )
            return None
        return minor if signed else abs(minor)

    def settle(self) -> None:
        """Give the accounts their balances and list what does not add up."""
        for run in self._runs.values():
            self._findings.differences += run.settle()

    def unfound(self) -> list[str]:
        """Return the keys of a map's patterns that no line has, for somebody who writes a map."""
        form = self._form
        asked = {
            "account.pattern": form.account is not None,
            "balances.opening": form.opening is not None,
            "balances.closing": form.closing is not None,
            **{f"totals, the {at}.": True for at in range(1, len(form.totals) + 1)},
        }
        return [key for key, there in asked.items() if there and key not in self._found]


def _held(what: str, count: int | None, minor: int | None, currency: str) -> str:
    said = [] if count is None else [f"{count} of them"]
    said += [] if minor is None else [f"{format_minor(minor, currency)} {currency}"]
    return f"{what}: {', '.join(said)}, as the file states"


def _whole(text: str | None) -> int | None:
    digits = (text or "").replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
