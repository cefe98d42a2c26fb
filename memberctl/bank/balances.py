"""What a statement says of itself, held against its rows: balances, sums and numbers of rows.

Source: rules M15, "difference 0.00 or listed".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from memberctl.bank.rules import Entry, Findings, Section
from memberctl.core.money import format_minor


@dataclass(slots=True)
class _Order:
    """The running balances of one reading order: how often they break, and where first."""

    breaks: int = 0
    first: int = 0

    def take(self, fits: bool, line: int) -> None:
        """Count whether one row fits to the row before it."""
        if not fits:
            self.first = self.first or line
            self.breaks += 1


@dataclass(slots=True)
class _Day:
    """What moved on one day. rising, falling -- its rows' balances follow in that order"""

    moved: int = 0
    rows: int = 0
    balances: list[int] = field(default_factory=list)
    last: Entry | None = None
    rising: bool = True
    falling: bool = True

    def take(self, entry: Entry) -> None:
        """Count one row."""
        self.moved += entry.amount_minor
        self.rows += 1
        before, self.last = self.last, entry
        if entry.balance_minor is None:
            return
        self.balances.append(entry.balance_minor)
        if before is not None and before.balance_minor is not None:
            rising = entry.balance_minor == before.balance_minor + entry.amount_minor
            falling = before.balance_minor == entry.balance_minor + before.amount_minor
            self.rising, self.falling = self.rising and rising, self.falling and falling

    def behind(self) -> set[int]:
        """Return what the balance behind the day may be; none where its rows do not tell it."""
        if len(self.balances) == 1:
            return {self.balances[0]}
        if len(self.balances) < self.rows:
            return set()
        ends = ((self.rising, self.balances[-1]), (self.falling, self.balances[0]))
        return {balance for told, balance in ends if told}


@dataclass(slots=True)
class _Days:
    """The balance behind each day, for files whose rows are not in one order from first to last.

    Some banks write the balance at the end of a day beside any one of its rows; others sort the
    days one way and the rows of a day the other.
    """

    days: dict[date, _Day] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Count one row."""
        if entry.booked_on is not None:
            self.days.setdefault(entry.booked_on, _Day()).take(entry)

    def ends(self) -> tuple[int, int] | None:
        """Return the balances before and behind all days, None where the days do not add up."""
        days = [self.days[day] for day in sorted(self.days)]
        running, told = 0, list[tuple[int, set[int]]]()
        for day in days:
            running += day.moved
            if day.balances:
                told.append((running, day.behind()))
        if not told:
            return None
        for balance in told[0][1]:
            opening = balance - told[0][0]
            if all(opening + moved in behind for moved, behind in told):
                return opening, opening + running
        return None


@dataclass(slots=True)
class Run:
    """The rows of one account in one currency as they go by, with their running balances.

    Some banks give a balance only behind the last row of a day, so a balance is held against the
    one before it, over the rows between them.
    known         -- the newest row that had a balance; lead -- the sum of the rows before the first
    behind, since -- the sums of the rows after `known`, without it and with it
    """

    section: Section
    total: int = 0
    previous: Entry | None = None
    first: Entry | None = None
    first_known: Entry | None = None
    known: Entry | None = None
    lead: int = 0
    behind: int = 0
    since: int = 0
    rising: _Order = field(default_factory=_Order)
    falling: _Order = field(default_factory=_Order)
    days: _Days = field(default_factory=_Days)
    opening: int | None = None
    closing: int | None = None

    def take(self, entry: Entry) -> None:
        """Count one row that is money."""
        self._widen(entry.booked_on)
        self.days.take(entry)
        self.first, self.previous = self.first or entry, entry
        self.behind += entry.amount_minor
        if entry.balance_minor is not None:
            self._hold(entry, entry.balance_minor)
            self.known, self.behind, self.since = entry, 0, 0
        self.total += entry.amount_minor
        self.since += entry.amount_minor

    def _hold(self, entry: Entry, balance: int) -> None:
        """Hold a row's balance against the one before it, in both reading orders."""
        if self.known is None or self.known.balance_minor is None:
            self.first_known, self.lead = entry, self.total
            return
        before = self.known.balance_minor
        self.rising.take(balance == before + self.behind, entry.line)
        self.falling.take(before == balance + self.since, entry.line)

    def _widen(self, day: date | None) -> None:
        section = self.section
        if day is not None:
            section.from_on = min(section.from_on or day, day)
            section.until_on = max(section.until_on or day, day)

    def settle(self) -> list[str]:
        """Give the section its balances and return what does not add up."""
        found: list[str] = []
        if self.first is not None and self.previous is not None:
            found += self._run_on(self.first, self.previous)
        if self.opening is not None:
            self.section.opening_minor = self.opening
        if self.closing is not None:
            self.section.closing_minor = self.closing
        return found + self._unequal()

    def _run_on(self, first: Entry, last: Entry) -> list[str]:
        """Take the balances before and after the rows from the rows; newest first or last."""
        newest_first = self.falling.breaks < self.rising.breaks or (
            self.falling.breaks == self.rising.breaks
            and first.booked_on is not None
            and last.booked_on is not None
            and first.booked_on > last.booked_on
        )
        order = self.falling if newest_first else self.rising
        self._take_ends(newest_first=newest_first)
        if not order.breaks:
            return []
        by_day = self.days.ends()
        if by_day is not None:
            self.section.opening_minor, self.section.closing_minor = by_day
            return []
        times = "once" if order.breaks == 1 else f"{order.breaks} times"
        return [
            f"the running balance does not follow from the rows {times}, first on line"
            f" {order.first}"
        ]

    def _take_ends(self, *, newest_first: bool) -> None:
        """Give the section the balances before and behind its rows, where rows have balances."""
        one, other = self.first_known, self.known
        if one is None or one.balance_minor is None or other is None or other.balance_minor is None:
            return
        section = self.section
        if newest_first:
            section.opening_minor = other.balance_minor - self.since
            section.closing_minor = one.balance_minor + self.lead
        else:
            section.opening_minor = one.balance_minor - one.amount_minor - self.lead
            section.closing_minor = other.balance_minor + self.behind

    def _unequal(self) -> list[str]:
        section = self.section
        if section.opening_minor is None or section.closing_minor is None:
            return []
        expected = section.opening_minor + self.total
        if expected == section.closing_minor:
            return []
        shown = [
            format_minor(minor, section.currency)
            for minor in (section.opening_minor, self.total, expected, section.closing_minor)
        ]
        return [
            "the opening balance {} and the rows, {}, come to {}, the closing balance is {}"
            " {currency}".format(*shown, currency=section.currency)
        ]


class Tally:
    """How many rows went by and what they come to, by direction, for totals that a file states.

    Banks differ in whether they count closed trades, so both are kept: a stated figure holds
    when it is one of the two.
    """

    def __init__(self) -> None:
        self._counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._sums: tuple[Counter[str], Counter[str]] = (Counter(), Counter())

    def take(self, entry: Entry, *, closed: bool) -> None:
        """Count one row. closed -- its status makes it no money"""
        # What takes a booking back lessens the sum of its own direction.
        signed = {"in": entry.amount_minor, "out": -entry.amount_minor}
        minor = signed.get(entry.direction, abs(entry.amount_minor))
        for place in (0,) if closed else (0, 1):
            for of in {"all", entry.direction}:
                self._counts[place][of] += 1
                self._sums[place][of] += minor
            if entry.direction in signed:
                self._counts[place]["net"] += 1
                self._sums[place]["net"] += entry.amount_minor

    def unlike(
        self, what: str, of: str, currency: str, *, count: int | None, minor: int | None
    ) -> list[str]:
        """Return what a file states and its rows do not bear out. what -- "money in" """
        found: list[str] = []
        if count is not None and count not in {each[of] for each in self._counts}:
            there = self._counts[0][of]
            found.append(f"{what}: the file states {count} of them, there are {there}")
        if minor is not None and minor not in {abs(each[of]) for each in self._sums}:
            stated, came = (
                format_minor(each, currency) for each in (minor, abs(self._sums[1][of]))
            )
            found.append(f"{what}: the file states {stated}, the rows come to {came} {currency}")
        return found


class Statements:
    """The statements of a file that states balances for each, one after the other.

    Pages of one statement, and statements of following days, go on where the one before ended.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._sections: dict[tuple[str, str], Section] = {}
        self._run: Run | None = None
        self._name = ""

    def begin(self, account: str, currency: str, name: str) -> None:
        """Begin a statement. name -- how a difference calls it, e.g. "statement on line 12" """
        self.end()
        self._run, self._name = Run(Section(account, currency)), name

    @property
    def section(self) -> Section:
        """Return what is known of the statement so far."""
        assert self._run is not None, "a statement was begun"
        return self._run.section

    def opens(self, minor: int, currency: str) -> None:
        """Take the balance before the rows; of several the first holds."""
        assert self._run is not None, "a statement was begun"
        self._run.section.currency = currency
        if self._run.opening is None:
            self._run.opening = minor

    def closes(self, minor: int, currency: str) -> None:
        """Take the balance behind the rows; of several the last holds."""
        assert self._run is not None, "a statement was begun"
        self._run.section.currency = self._run.section.currency or currency
        self._run.closing = minor

    def take(self, entry: Entry) -> None:
        """Count a row that is money."""
        assert self._run is not None, "a statement was begun"
        self._run.take(entry)

    def end(self) -> None:
        """Hold the statement against its balances, and against the one before of its account."""
        run, self._run = self._run, None
        if run is None:
            return
        found = [f"{self._name}: {problem}" for problem in run.settle()]
        section = run.section
        before = self._sections.get((section.account, section.currency))
        if before is None:
            self._sections[section.account, section.currency] = section
            self._findings.sections.append(section)
        else:
            found += self._joined(before, section)
        self._findings.differences += found

    def _joined(self, before: Section, section: Section) -> list[str]:
        """Lengthen the account's section by the next statement; return a gap between them."""
        gap: list[str] = []
        if None not in (before.closing_minor, section.opening_minor) and (
            before.closing_minor != section.opening_minor
        ):
            shown = [
                format_minor(minor or 0, section.currency)
                for minor in (section.opening_minor, before.closing_minor)
            ]
            gap = [
                f"{self._name}: it opens with {shown[0]}, the one before closed with {shown[1]}"
                f" {section.currency}: a statement is missing between them"
            ]
        before.closing_minor = section.closing_minor
        for day in (section.from_on, section.until_on):
            if day is not None:
                before.from_on = min(before.from_on or day, day)
                before.until_on = max(before.until_on or day, day)
        return gap
