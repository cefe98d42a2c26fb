"""Rows of money in a table, found and understood by a map.

One reader for every bank: what differs between them stands in maps. A line that is no row is
looked at for what the file states of itself; a row that cannot be understood is kept and said.
Source: rules M15, I3; bad inputs 31-50.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, time

from memberctl.bank.balances import Run, Tally
from memberctl.bank.figures import (
    is_nothing,
    parse_clock,
    parse_figure,
    parse_moment,
    plain,
)
from memberctl.bank.layout import Cells, Layout, places_in
from memberctl.bank.rules import LONGEST_ID, NO_CURRENCY, Entry, Findings, Section, Skip, compact
from memberctl.bank.signs import DIRECTIONS, Signs
from memberctl.bank.table_form import Total, word_key
from memberctl.core.cells import excel_damaged
from memberctl.core.errors import Invalid
from memberctl.core.lines import Line, LineFile
from memberctl.core.money import EXPONENTS

MOST_SAID = 20
_MOST_MOMENTS = 2_000


class Table:
    """The rows of one file. Iterate it, then look at findings.

    currency -- of rows whose map and file name none
    """

    def __init__(self, file: LineFile, layout: Layout, currency: str | None = None) -> None:
        self.findings = Findings()
        self._file = file
        self._form = layout.form
        self._layout = layout
        self._places: Mapping[str, tuple[int, ...]] | None = (
            None if layout.form.header else layout.places
        )
        self._width = 0
        self._workbook = file.encoding == "xlsx"
        self._currency = layout.form.currency or currency or ""
        self._moments: dict[str, tuple[date, time | None] | None] = {}
        self._section = ""
        self._runs: dict[tuple[str, str], Run] = {}
        self._tally = Tally()
        self._stated: list[tuple[Total, int | None, int | None]] = []
        self._balances: dict[str, str] = {}
        self._signs = Signs(layout.form)
        self._passed = 0
        self._bad = 0
        self._closed = self._closed_ids()

    def __iter__(self) -> Iterator[Entry]:
        for line in self._file.lines(self._layout.delimiter):
            if line.number <= self._form.skip_rows or not line.text.strip(" \t,;|"):
                continue
            moment = self._moment_in(line)
            entry = self._row(line, moment) if moment is not None else self._other(line)
            if entry is not None:
                yield self._counted(entry)
        self._end_of_section()
        self._end()

    @property
    def found(self) -> str:
        """Return in words which column was found where, for somebody who writes a map."""
        places = self._layout.places.items()
        return "; ".join(f"{key} {', '.join(str(at + 1) for at in each)}" for key, each in places)

    @property
    def missing(self) -> list[str]:
        """Return the names of a map's columns that the header lacks and that may be missing."""
        return [
            self._form.named(key) for key in self._form.columns if key not in self._layout.places
        ]

    def _closed_ids(self) -> frozenset[str]:
        """Return the numbers of closed trades, whose refunds are no money either."""
        form, separator = self._form, self._form.refund_separator
        found: set[str] = set()
        if not separator or "id" not in self._layout.places:
            return frozenset()
        for line in self._file.lines(self._layout.delimiter):
            cells = line.cells
            status = self._layout.places.get("status", ())
            if any(place < len(cells) and word_key(cells[place]) in form.skip for place in status):
                found.update(
                    plain(cells[place]) for place in self._layout.places["id"] if place < len(cells)
                )
        return frozenset(found - {""})

    def _moment_in(self, line: Line) -> tuple[date, time | None] | None:
        """Return when a row was booked; None when the line is none, or cannot be dated."""
        if self._places is None:
            return None
        for place in self._places["date"]:
            typed = line.cells[place] if place < len(line.cells) else ""
            if not typed or typed.isspace():
                continue
            if typed not in self._moments:
                if len(self._moments) >= _MOST_MOMENTS:
                    self._moments.clear()
                self._moments[typed] = self._parsed_moment(typed)
            return self._moments[typed]
        return None

    def _parsed_moment(self, typed: str) -> tuple[date, time | None] | None:
        try:
            return parse_moment(typed.strip("` \t'"), self._form.dates, workbook=self._workbook)
        except Invalid:
            return None

    def _row(self, line: Line, moment: tuple[date, time | None]) -> Entry:
        assert self._places is not None
        row = Cells(line, self._places)
        problems: list[str] = []
        currency = self._currency_of(row, problems)
        amount, direction = self._signs.money_of(row, currency, problems)
        clock = moment[1]
        try:
            clock = parse_clock(row.first("time")) or clock
        except Invalid as problem:
            problems.append(f"column {self._form.named('time')}: {problem.message}")
        if self._width and any(cell.strip() for cell in line.cells[self._width :]):
            problems.append(f"has {len(line.cells)} cells, the header has {self._width}")
        if "\0" in line.text:
            problems.append("contains a NUL")
        status = row.first("status")
        external_id = self._id_of(row, problems)
        entry = Entry(
            line=line.number,
            raw=line.text,
            section=compact(row.first("own_account")) or self._section,
            booked_on=moment[0],
            booked_at=clock,
            amount_minor=amount,
            currency=currency,
            balance_minor=self._signs.balance_of(row, currency),
            external_id=external_id,
            references=tuple(row.all("references")),
            name=row.first("name"),
            account=row.first("account"),
            text=" ".join(row.all("text")),
            status=status,
            content="\0".join(row.content()),
            problem="; ".join(problems),
            direction=direction,
            fee=any(word in word_key(" ".join(row.all("kind"))) for word in self._form.fees),
        )
        return replace(entry, skip=self._skip_of(entry, row))

    def _skip_of(self, entry: Entry, row: Cells) -> Skip | None:
        """Return why a row counts as no money, or None."""
        form, status = self._form, word_key(entry.status)
        if entry.problem:
            return Skip.UNREADABLE
        if status in form.skip or self._refunds_a_closed_trade(entry):
            return Skip.CLOSED
        if status in form.pending:
            return Skip.PENDING
        if entry.direction == "neutral":
            words = {status, *(word_key(each) for each in row.all("kind"))}
            if not words & form.neutral_in:
                return Skip.NEUTRAL
        return Skip.ZERO if entry.amount_minor == 0 else None

    def _refunds_a_closed_trade(self, entry: Entry) -> bool:
        separator = self._form.refund_separator
        if not separator or not entry.external_id:
            return False
        trade, found, _ = entry.external_id.partition(separator)
        return bool(found) and trade in self._closed

    def _currency_of(self, row: Cells, problems: list[str]) -> str:
        said = row.first("currency")
        if is_nothing(said):
            if not self._currency:
                problems.append("names no currency")
            return self._currency or NO_CURRENCY
        code = self._form.currencies.get(word_key(said), said.upper())
        if code not in EXPONENTS:
            problems.append(f"column {self._form.named('currency')}: is no currency that is known")
            return self._currency or NO_CURRENCY
        return code

    def _id_of(self, row: Cells, problems: list[str]) -> str | None:
        found = row.first("id").strip("`' \t")
        if is_nothing(found) or len(found) > LONGEST_ID:
            return None
        if excel_damaged(found):
            problems.append(f"column {self._form.named('id')}: Excel has destroyed this number")
            return None
        return found

    def _other(self, line: Line) -> Entry | None:
        """Look at a line that is no row: a header, an account, a sum, or a row gone wrong."""
        if self._is_header(line):
            return None
        self._note_account(line)
        if self._note_stated(line) or self._is_footer(line):
            return None
        if self._places is not None and self._looks_like_a_row(line):
            return self._undated(line)
        self._passed += 1
        return None

    def _undated(self, line: Line) -> Entry:
        """Return a row of money without a date: it waits, or it has gone wrong."""
        row = Cells(line, self._places or {})
        status, problem = row.first("status"), ""
        if word_key(status) in self._form.skip:
            skip = Skip.CLOSED
        elif word_key(status) in self._form.pending:
            skip = Skip.PENDING
        else:
            skip = Skip.UNREADABLE
            problem = f"column {self._form.named('date')}: is no date in a form that the map states"
        content = "\0".join(row.content())
        return Entry(
            line.number, line.text, self._section, content=content, status=status,
            skip=skip, problem=problem, direction="all",
        )  # fmt: skip

    def _is_header(self, line: Line) -> bool:
        if not self._form.header:
            return False
        places = places_in(line.cells, self._form)
        if places is not None:
            self._places, self._width = places, len(line.cells)
        return places is not None

    def _is_footer(self, line: Line) -> bool:
        return self._form.footer is not None and self._form.footer.search(line.text) is not None

    def _looks_like_a_row(self, line: Line) -> bool:
        """Whether a line without a date has money in the column of money: it was a row."""
        assert self._places is not None
        row = Cells(line, self._places)
        for key in ("amount", "in", "out"):
            try:
                parse_figure(row.first(key), self._currency or "EUR", self._form.numbers)
            except Invalid:
                continue
            return True
        return False

    def _note_account(self, line: Line) -> None:
        if self._form.account is None:
            return
        found = self._form.account.search(line.text)
        if found is not None and compact(found[1]) != self._section:
            self._end_of_section()
            self._section = compact(found[1])

    def _note_stated(self, line: Line) -> bool:
        """Remember what a line states of the file; return whether it is the total of a table."""
        for key, pattern in (("opening", self._form.opening), ("closing", self._form.closing)):
            found = pattern.search(line.text) if pattern is not None else None
            if found is not None:
                self._balances[key] = found[1]
        for total in self._form.totals:
            if total.row is not None and line.cells and total.row.search(line.cells[0].strip()):
                self._take_total_row(line, total)
                return True
            found = total.pattern.search(line.text) if total.pattern is not None else None
            if found is not None:
                groups = found.groupdict()
                self._stated.append((total, _whole(groups.get("count")), self._sum_of(groups)))
        return False

    def _sum_of(self, groups: Mapping[str, str | None]) -> int | None:
        said = groups.get("sum")
        try:
            return abs(parse_figure(said or "", self._currency, self._form.numbers))
        except (Invalid, KeyError):
            return None

    def _take_total_row(self, line: Line, total: Total) -> None:
        row = Cells(line, self._places or {})
        for key in ("in", "out"):
            said = self._sum_of({"sum": row.first(key)})
            self._stated.append((replace(total, of=key), None, said))

    def _counted(self, entry: Entry) -> Entry:
        """Count a row in the sums that the file may state, and in its account's balances."""
        self._tally.take(entry, closed=entry.skip is not None and entry.skip is not Skip.NEUTRAL)
        if entry.skip is None:
            self._run_of(entry.section, entry.currency).take(entry)
        if entry.problem:
            self._bad += 1
            if self._bad <= MOST_SAID:
                self.findings.differences.append(f"line {entry.line}: {entry.problem}")
        return entry

    def _run_of(self, account: str, currency: str) -> Run:
        run = self._runs.get((account, currency))
        if run is None:
            section = Section(account, currency)
            self.findings.sections.append(section)
            run = self._runs[account, currency] = Run(section)
        return run

    def _end_of_section(self) -> None:
        """Hold what was stated of the account so far against its rows."""
        currency = self._currency or next((key[1] for key in self._runs), "")
        for total, count, minor in self._stated:
            self.findings.differences += self._tally.unlike(
                DIRECTIONS[total.of], total.of, currency, count=count, minor=minor
            )
        if self._balances and currency:
            run = self._run_of(self._section, currency)
            run.opening = self._stated_balance("opening", currency)
            run.closing = self._stated_balance("closing", currency)
        self._tally, self._stated, self._balances = Tally(), [], {}

    def _stated_balance(self, key: str, currency: str) -> int | None:
        try:
            return parse_figure(self._balances.get(key, ""), currency, self._form.numbers)
        except Invalid:
            return None

    def _end(self) -> None:
        self.findings.differences += self._signs.unexplained()
        for run in self._runs.values():
            self.findings.differences += run.settle()
        if self._bad > MOST_SAID:
            self.findings.differences.append(f"and {self._bad - MOST_SAID} more rows")
        if self._passed:
            self.findings.notices.append(f"{self._passed} lines are no rows and were passed over")


def _whole(text: str | None) -> int | None:
    digits = (text or "").replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
