"""Rows of money in a table, found and understood by a map.

One reader for every bank: what differs between them stands in maps. A line that is no row is
looked at for what the file states of itself; a row that cannot be understood is kept and said.
Source: rules M15, I3; bad inputs 31-50.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from memberctl.bank.amounts import currency_code, take_apart
from memberctl.bank.figures import is_nothing, parse_figure
from memberctl.bank.folding import folded, joined, rejoined
from memberctl.bank.layout import Cells, Heading, Layout, places_in
from memberctl.bank.moments import DayOfMonth, Moment, parse_clock, parse_moment
from memberctl.bank.rules import LONGEST_ID, NO_CURRENCY, Entry, Findings, Skip, compact
from memberctl.bank.signs import Signs
from memberctl.bank.standing import Standing, has_match
from memberctl.bank.stated import Stated
from memberctl.bank.table_form import SignRule, word_key
from memberctl.bank.years import Years
from memberctl.core.cells import excel_damaged
from memberctl.core.errors import Invalid
from memberctl.core.lines import Line, LineFile

MOST_SAID = 20
_MOST_MOMENTS = 2_000
_MONEY = ("date", "amount", "in", "out", "fee", "balance")
_SIGNED = (SignRule.SIGNED, SignRule.REVERSED)


class Table:
    """The rows of one file. Iterate it, then look at findings.

    currency -- of rows whose map and file name none
    until    -- the last day of a statement whose dates have no year
    """

    def __init__(
        self,
        file: LineFile,
        layout: Layout,
        currency: str | None = None,
        until: date | None = None,
    ) -> None:
        self.findings = Findings()
        self._file = file
        self._form = layout.form
        self._layout = layout
        self._places: Mapping[str, tuple[int, ...]] | None = (
            None if layout.form.header else layout.places
        )
        self._heading = Heading(layout.form)
        self._width = 0
        self._workbook = file.encoding == "xlsx"
        self._currency = layout.form.currency or currency or ""
        self._moments: dict[str, Moment | None] = {}
        self._years = Years(layout.form.years, layout.form.dates, file.name, until)
        self._day_above: date | None = None
        self._stated = Stated(layout.form, self.findings)
        self._signs = Signs(layout.form)
        self._passed = 0
        self._bad = 0
        self._standing = Standing(file, layout)

    def __iter__(self) -> Iterator[Entry]:
        self._find_year()
        for line in self._lines():
            moment = self._moment_in(line)
            if moment is not None:
                yield from self._rows(line, moment)
            elif (entry := self._other(line)) is not None:
                yield self._counted(entry)
        self._stated.end_of_section(self._currency)
        self._end()

    def _lines(self) -> Iterator[Line]:
        """Yield the lines that hold something, each with the lines below that go on with it."""
        lines = (
            line
            for line in self._all_lines()
            if line.number > self._form.skip_rows and line.text.strip(" \t,;|")
        )
        if self._form.unquoted:
            lines = (self._whole(line) for line in lines)
        if not self._form.text_below:
            yield from lines
            return
        for line, below in folded(lines, self._is_row, self._goes_on):
            kept = {at for key in _MONEY for at in (self._places or {}).get(key, ())}
            yield joined(line, below, kept)

    def _whole(self, line: Line) -> Line:
        """Return a row whose text the delimiter has cut, because nobody quoted it, in one piece."""
        places = (self._places or {}).get(self._form.unquoted, ())
        if not places or not self._width:
            return line
        return rejoined(line, places[0], self._width, self._layout.delimiter)

    def _all_lines(self) -> Iterator[Line]:
        """Yield the lines of the sheet with the first header, and of all sheets behind it."""
        first = self._layout.part
        for part in range(first, self._file.parts if self._form.header else first + 1):
            self._file.choose(part)
            if part > first:
                self._places, self._heading = None, Heading(self._form)
            yield from self._file.lines(self._layout.delimiter)

    def _is_row(self, line: Line) -> bool:
        return self._moment_in(line) is not None

    def _goes_on(self, line: Line) -> bool:
        """Whether a line below a row has text alone, and no other meaning."""
        return not (
            self._is_row(line)
            or self._looks_like_a_row(line)
            or has_match(self._form.footer, line.text)
            or self._stated.means(line)
            or places_in([line.cells], self._form)
        )

    def assume_currency(self, code: str) -> None:
        """Read rows in this currency where neither the map nor the file names one."""
        self._currency = self._currency or code

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

    @property
    def held(self) -> list[str]:
        """Return what the file states of itself and its rows bear out."""
        return self._stated.held

    @property
    def unfound(self) -> list[str]:
        """Return the keys of a map's patterns that no line of the file has."""
        return self._stated.unfound()

    def _find_year(self) -> None:
        """Look ahead for what tells the year; refuse a file whose days nothing can place."""
        form = self._form
        if not form.dates.lacks_years or self._years.known:
            return
        if form.years.pattern is not None:
            for _, text in self._file.text_lines():
                if self._years.note(text):
                    break
        if not self._years.known and "year" not in self._layout.places:
            sought = form.years.pattern or form.years.file
            why = "nothing in it fits the patterns of [year]" if sought else "the map has no [year]"
            raise Invalid(
                f"the dates of {self._file.name} may lack their year, and {why}",
                rule="year_missing",
                hint="give the last day of the statement: --until 2026-01-31; memberctl help maps",
            )

    def _moment_in(self, line: Line) -> Moment | None:
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
        if self._form.days_from_above and self._day_above and self._looks_like_a_row(line):
            return DayOfMonth(0, 0), None
        return None

    def _parsed_moment(self, typed: str) -> Moment | None:
        try:
            return parse_moment(typed.strip("` \t'"), self._form.dates, workbook=self._workbook)
        except Invalid:
            return None

    def _day_of(self, row: Cells, day: DayOfMonth, problems: list[str]) -> date | None:
        """Return the date of a day whose row does not have all of it."""
        if day.month == 0:
            return self._day_above
        try:
            return self._years.place(day, row.first("year"))
        except Invalid as problem:
            problems.append(f"column {self._form.named('date')}: {problem.message}")
            return None

    def _rows(self, line: Line, moment: Moment) -> Iterator[Entry]:
        """Yield a row, and beside it what the bank kept of it where a column says so."""
        assert self._places is not None
        row = Cells(line, self._places)
        entry, fee = self._row(line, row, moment)
        self._day_above = entry.booked_on
        if entry.skip is Skip.CLOSED and has_match(self._form.skip_lines, line.text):
            self._stated.note(line, self._places)
        if not fee or entry.skip is not None:
            yield self._counted(entry)
            return
        if self._form.fees.net:
            entry = replace(entry, amount_minor=entry.amount_minor - fee)
        if self._form.rule in _SIGNED:
            entry = replace(entry, direction="in" if entry.amount_minor >= 0 else "out")
        yield self._counted(entry, fee)
        yield replace(
            entry, amount_minor=fee, balance_minor=None, content=f"{entry.content}\0fee", fee=True,
            external_id=_beside(entry.external_id),
        )  # fmt: skip

    def _row(self, line: Line, row: Cells, moment: Moment) -> tuple[Entry, int]:
        """Return a row, and what the bank kept of it."""
        problems: list[str] = []
        currency = self._currency_of(row, problems)
        amount, direction = self._signs.money_of(row, currency, problems)
        fee = self._signs.fee_of(row, currency, problems)
        day, clock = moment
        content = row.content()
        if isinstance(day, DayOfMonth):
            booked_on = self._day_of(row, day, problems)
            # Next year's statement may have the same row of another day.
            content.insert(0, str(booked_on))
        else:
            booked_on = day
        try:
            clock = parse_clock(row.first("time")) or clock
        except Invalid as problem:
            problems.append(f"column {self._form.named('time')}: {problem.message}")
        if self._width and any(cell.strip() for cell in line.cells[self._width :]):
            problems.append(f"has {len(line.cells)} cells, the header has {self._width}")
        if "\0" in line.text:
            problems.append("contains a NUL")
        text = " ".join(row.all("text"))
        external_id = self._id_of(row, text, problems)
        entry = Entry(
            line=line.number,
            raw=line.text,
            section=compact(row.first("own_account")) or self._stated.account,
            booked_on=booked_on,
            booked_at=clock,
            amount_minor=amount,
            currency=currency,
            balance_minor=self._signs.balance_of(row, currency),
            external_id=external_id,
            references=(*row.all("references"), *self._in_text(text, "references")),
            name=row.first("name") or " ".join(self._in_text(text, "name")),
            account=row.first("account") or " ".join(self._in_text(text, "account")),
            text=text,
            status=row.first("status"),
            content="\0".join(content),
            problem="; ".join(problems),
            direction=direction,
            fee=any(word in word_key(" ".join(row.all("kind"))) for word in self._form.fees.words),
        )
        return replace(entry, skip=self._standing.skip_of(entry, row)), fee

    def _currency_of(self, row: Cells, problems: list[str]) -> str:
        said = row.first("currency") or self._signs.currency_in(row)
        if is_nothing(said):
            if not self._currency:
                problems.append("names no currency")
            return self._currency or NO_CURRENCY
        try:
            return currency_code(said, self._form.currencies)
        except Invalid as problem:
            told = ("currency", "amount", "in")
            key = next(each for each in told if each in self._form.columns)
            problems.append(f"column {self._form.named(key)}: {problem.message}")
            return NO_CURRENCY

    def _in_text(self, text: str, key: str) -> tuple[str, ...]:
        """Return what the map's pattern of a key finds in the text of a row, if anything."""
        pattern = self._form.in_text.get(key)
        found = pattern.search(text) if pattern is not None else None
        words = (found[1] or "").strip() if found is not None else ""
        return (words,) if words else ()

    def _id_of(self, row: Cells, text: str, problems: list[str]) -> str | None:
        said = row.first("id") or " ".join(self._in_text(text, "id"))
        found = said.strip("`' \t")
        if is_nothing(found) or len(found) > LONGEST_ID:
            return None
        if excel_damaged(found):
            key = "id" if "id" in self._form.columns else "text"
            problems.append(f"column {self._form.named(key)}: Excel has destroyed this number")
            return None
        return found

    def _other(self, line: Line) -> Entry | None:
        """Look at a line that is no row: a header, an account, a sum, or a row gone wrong."""
        if self._is_header(line):
            return None
        self._years.note(line.text)
        self._stated.note_account(line, self._currency)
        if self._stated.note(line, self._places) or has_match(self._form.footer, line.text):
            return None
        if self._places is not None and self._looks_like_a_row(line):
            return self._undated(line)
        self._passed += 1
        return None

    def _undated(self, line: Line) -> Entry:
        """Return a row of money without a date: it waits, or it has gone wrong."""
        row, problem = Cells(line, self._places or {}), ""
        skip = self._standing.waits(row, line.text)
        if skip is None:
            skip = Skip.UNREADABLE
            problem = f"column {self._form.named('date')}: is no date in a form that the map states"
        content = "\0".join(row.content())
        return Entry(
            line.number, line.text, self._stated.account, content=content,
            status=row.first("status"), skip=skip, problem=problem, direction="all",
        )  # fmt: skip

    def _is_header(self, line: Line) -> bool:
        if not self._form.header:
            return False
        places = self._heading.places(line.cells)
        if places is not None:
            self._places, self._width = places, self._heading.width
        return places is not None

    def _looks_like_a_row(self, line: Line) -> bool:
        """Whether a line without a date has money in the column of money: it was a row."""
        assert self._places is not None
        row = Cells(line, self._places)
        for key in ("amount", "in", "out"):
            try:
                amount = take_apart(row.first(key), self._form.amounts).amount
                parse_figure(amount, self._currency or "EUR", self._form.numbers)
            except Invalid:
                continue
            return True
        return False

    def _counted(self, entry: Entry, fee_minor: int = 0) -> Entry:
        """Count a row in what the file states, and say what could not be read of it."""
        self._stated.count(entry, fee_minor)
        if entry.problem:
            self._bad += 1
            if self._bad <= MOST_SAID:
                self.findings.differences.append(f"line {entry.line}: {entry.problem}")
        return entry

    def _end(self) -> None:
        self.findings.differences += [*self._signs.unexplained(), *self._years.doubts()]
        self._stated.settle()
        if self._bad > MOST_SAID:
            self.findings.differences.append(f"and {self._bad - MOST_SAID} more rows")
        if self._passed:
            self.findings.notices.append(f"{self._passed} lines are no rows and were passed over")
        self.findings.notices += self._years.notices()


def _beside(external_id: str | None) -> str | None:
    """Return the number of what the bank kept of a row, None where that would be too long."""
    own = f"{external_id}/fee"
    return own if external_id and len(own) <= LONGEST_ID else None
