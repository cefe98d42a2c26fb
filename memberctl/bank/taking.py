"""The rows of one file on their way into the store: new, there already, changed since, no money.

Everything is looked up and written for a batch at once. Source: rules M15, I2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.bank import queries, rules, sealed
from memberctl.bank.queries import Known
from memberctl.bank.results import StatementImported
from memberctl.bank.rules import Entry, LineState, Skip, added_up
from memberctl.bank.tables import BankAccount, BankBalance, BankImport, BankLine, BankReading
from memberctl.core.machine import step
from memberctl.store.audit import note
from memberctl.store.bulk import insert_rows
from memberctl.store.counters import take, take_one

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.bank.reading import Statement
    from memberctl.core.actor import Actor
    from memberctl.store.keys import Keys

LINE = (
    "id", "account_id", "import_id", "identity", "occurrence", "section", "booked_on", "clock",
    "amount_minor", "currency", "balance_minor", "external_id", "fee", "state", "skip", "details",
)  # fmt: skip
READING = ("id", "line_id", "import_id", "file_line", "digest", "sealed")
BALANCE = (
    "import_id", "place", "section", "currency", "opening_minor", "closing_minor", "from_on",
    "until_on",
)  # fmt: skip


class _Met:
    """Which lines a file has met so far; one bit for each line of the store.

    What the file itself has written is met without being marked: those lines have the highest ids.
    """

    def __init__(self) -> None:
        self._bits = bytearray()
        self.first_own: int | None = None

    def __contains__(self, line_id: int) -> bool:
        if self.first_own is not None and line_id >= self.first_own:
            return True
        place, bit = divmod(line_id, 8)
        return place < len(self._bits) and bool(self._bits[place] >> bit & 1)

    def add(self, line_id: int) -> None:
        """Mark a line that was there before the file."""
        place, bit = divmod(line_id, 8)
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits)))
        self._bits[place] |= 1 << bit


@dataclass(frozen=True, slots=True)
class _Seen:
    """A row with what makes it itself. occurrence -- which of equal rows of its file it is"""

    entry: Entry
    identity: bytes
    occurrence: int


class Taking:
    """The rows of one file on their way into the store."""

    def __init__(
        self,
        session: Session,
        keys: Keys,
        account: BankAccount,
        statement: Statement,
        *,
        by: Actor,
        at: datetime,
    ) -> None:
        self.session = session
        self.account = account
        self.keys = keys
        self._statement = statement
        self._by, self._at = by, at
        self._own_row: BankImport | None = None
        self.tally: Counter[str] = Counter()
        self.skipped: Counter[Skip] = Counter()
        self.differences: list[str] = []
        self._met = _Met()
        self._from_on: date | None = None
        self._until_on: date | None = None

    def take(self, batch: Sequence[Entry]) -> None:
        """Write the new rows of a batch, and what has changed of the others."""
        entries = [self._judged(entry) for entry in batch]
        identities = [sealed.identity_of(self.keys, entry) for entry in entries]
        known = queries.known_lines(self.session, self.account.id, identities)
        new: list[_Seen] = []
        again: list[tuple[int, Entry]] = []
        for each in self._told_apart(entries, identities, known):
            there = known.get((each.identity, each.occurrence))
            if there is None:
                new.append(each)
                self._count("skipped" if each.entry.skip else "new", each.entry)
            else:
                self._met.add(there.id)
                self._meet(there, each.entry)
                again.append((there.id, each.entry))
        self._write_new(new)
        self._write_readings(again)

    def _told_apart(
        self,
        entries: Sequence[Entry],
        identities: Sequence[bytes],
        known: Mapping[tuple[bytes, int], Known],
    ) -> list[_Seen]:
        """Return which of equal rows of the file each is: the next one that it has not met."""
        counted: dict[bytes, int] = {}
        seen: list[_Seen] = []
        for entry, identity in zip(entries, identities, strict=True):
            if identity not in counted:
                counted[identity] = self._count_met(identity, known)
            counted[identity] += 1
            seen.append(_Seen(entry, identity, counted[identity]))
        return seen

    def _count_met(self, identity: bytes, known: Mapping[tuple[bytes, int], Known]) -> int:
        """Return how many rows of this identity earlier batches of the file had."""
        count = 0
        while (there := known.get((identity, count + 1))) is not None and there.id in self._met:
            count += 1
        return count

    def _judged(self, entry: Entry) -> Entry:
        """Return a row that is no money of this account as such."""
        if entry.booked_on is not None and entry.skip is None:
            self._from_on = min(self._from_on or entry.booked_on, entry.booked_on)
            self._until_on = max(self._until_on or entry.booked_on, entry.booked_on)
        if entry.skip is not None:
            return entry
        if not rules.is_account(self.account.number, entry.section):
            return replace(entry, skip=Skip.OTHER_ACCOUNT)
        if self.account.currency is None:
            self.account.currency = entry.currency
        if entry.currency != self.account.currency:
            return replace(entry, skip=Skip.OTHER_CURRENCY)
        return entry

    def _count(self, outcome: str, entry: Entry) -> None:
        self.tally["read"] += 1
        self.tally[outcome] += 1
        if entry.skip is not None:
            self.skipped[entry.skip] += 1

    def _meet(self, there: Known, entry: Entry) -> None:
        """Count a row that is there already, and change it when it says something else now."""
        counted = there.skip is None
        if counted and entry.skip is not None:
            self._count("skipped", entry)
            self._close(there, entry)
        elif not counted and entry.skip is None:
            self._count("new", entry)
            self._change(there, "count", entry)
        elif counted and there.amount_minor != entry.amount_minor:
            self._count("duplicate", entry)
            self._turn(there, entry)
        else:
            self._count("duplicate" if counted else "skipped", entry)

    def _close(self, there: Known, entry: Entry) -> None:
        """Take a line out that the bank calls closed by now, unless the books rest on it."""
        if there.state is LineState.MATCHED:
            self._differ(there, f"is {entry.skip} by now, and the books rest on it")
        else:
            self._change(there, "skip", entry)

    def _turn(self, there: Known, entry: Entry) -> None:
        if there.state is LineState.OPEN:
            self._change(there, None, entry)
        else:
            self._differ(there, f"goes the other way by now, and is {there.state}")

    def _differ(self, there: Known, what: str) -> None:
        self.differences.append(f"line {rules.line_number(there.id)} {what}")

    def _change(self, there: Known, verb: str | None, entry: Entry) -> None:
        line = self.session.get_one(BankLine, there.id)
        if verb is not None:
            what = f"line {rules.line_number(line.id)}"
            line.state = step(rules.STEPS, line.state, verb, what)
        line.skip, line.finding = entry.skip, None
        line.amount_minor, line.balance_minor = entry.amount_minor, entry.balance_minor
        line.details = sealed.seal_details(self.keys, line.id, entry)
        line.version += 1
        self.tally["changed"] += 1

    def _write_new(self, new: Sequence[_Seen]) -> None:
        if not new:
            return
        own = self._import_row()
        ids = take(self.session, "bank_line", len(new))
        if self._met.first_own is None:
            self._met.first_own = ids[0]
        rows = [self._line(id_, own.id, each) for id_, each in zip(ids, new, strict=True)]
        insert_rows(self.session, BankLine, LINE, rows)
        self._insert_readings(
            [
                (id_, each.entry, self._digest(each.entry))
                for id_, each in zip(ids, new, strict=True)
            ]
        )

    def _line(self, line_id: int, import_id: int, seen: _Seen) -> tuple[object, ...]:
        entry = seen.entry
        return (
            line_id,
            self.account.id,
            import_id,
            seen.identity,
            seen.occurrence,
            sealed.section_of(self.keys, entry),
            entry.booked_on,
            entry.booked_at.isoformat("seconds") if entry.booked_at else None,
            entry.amount_minor,
            entry.currency or self.account.currency or rules.NO_CURRENCY,
            entry.balance_minor,
            entry.external_id,
            int(entry.fee),
            LineState.SKIPPED if entry.skip else LineState.OPEN,
            entry.skip,
            sealed.seal_details(self.keys, line_id, entry),
        )

    def _digest(self, entry: Entry) -> bytes:
        return sealed.digest_of(self.keys, entry.raw)

    def _write_readings(self, again: Sequence[tuple[int, Entry]]) -> None:
        """Keep how known rows read in this file, where that is new."""
        if not again:
            return
        known = queries.known_readings(self.session, [line_id for line_id, _ in again])
        told = [(line_id, entry, self._digest(entry)) for line_id, entry in again]
        self._insert_readings([each for each in told if (each[0], each[2]) not in known])

    def _insert_readings(self, told: Sequence[tuple[int, Entry, bytes]]) -> None:
        if not told:
            return
        own = self._import_row()
        ids = take(self.session, "bank_reading", len(told))
        rows = [
            (
                id_, line_id, own.id, entry.line, digest,
                sealed.seal_reading(self.keys, id_, entry.raw),
            )
            for id_, (line_id, entry, digest) in zip(ids, told, strict=True)
        ]  # fmt: skip
        insert_rows(self.session, BankReading, READING, rows)

    def _import_row(self) -> BankImport:
        """Return the file's own row, to which its lines point; written when first needed."""
        if self._own_row is None:
            self._own_row = BankImport(
                id=take_one(self.session, "bank_import"),
                account_id=self.account.id,
                sha256=self._statement.sha256,
                format=self._statement.format,
                form=self._statement.form,
                read_rows=0, added=0, duplicate=0, skipped=0, changed=0, differences=0,
                imported_at=self._at,
                imported_by=self._by.staff_id,
            )  # fmt: skip
            self.session.add(self._own_row)
            self.session.flush()
        return self._own_row

    def close(self, imported: StatementImported) -> None:
        """Write what the file came to, unless it was read before and brought nothing."""
        repeated = queries.is_imported(self.session, self.account.id, self._statement.sha256)
        if self._own_row is None and not self.tally["changed"] and repeated:
            return
        row = self._import_row()
        row.read_rows, row.added = imported.read, imported.new
        row.duplicate, row.skipped = imported.duplicate, imported.skipped
        row.changed, row.differences = imported.changed, len(imported.differences)
        self.session.flush()
        self._write_balances(row.id)
        note(
            self.session, "bank.imported", self.account.code, by=self._by, at=self._at,
            format=row.format, read=row.read_rows, new=row.added, duplicate=row.duplicate,
            skipped=row.skipped, changed=row.changed, differences=row.differences,
        )  # fmt: skip

    def _write_balances(self, import_id: int) -> None:
        sections = self._statement.rows.findings.sections
        rows = [
            (
                import_id, place, sealed.section_of(self.keys, each), each.currency,
                each.opening_minor, each.closing_minor, each.from_on, each.until_on,
            )
            for place, each in enumerate(sections, 1)
            if self._is_own(each.account, each.currency)
        ]  # fmt: skip
        if rows:
            insert_rows(self.session, BankBalance, BALANCE, rows)

    def result(self) -> StatementImported:
        """Return the summary, once all rows were taken."""
        findings = self._statement.rows.findings
        currency = self.account.currency
        own = [each for each in findings.sections if self._is_own(each.account, each.currency)]
        tally = self.tally
        differences = [*findings.differences, *self.differences, *self._foreign()]
        return StatementImported(
            read=tally["read"],
            new=tally["new"],
            duplicate=tally["duplicate"],
            skipped=tally["skipped"],
            opening=added_up([each.opening_minor for each in own], currency) if currency else None,
            closing=added_up([each.closing_minor for each in own], currency) if currency else None,
            account=self.account.code,
            format=self._statement.format,
            changed=tally["changed"],
            from_on=self._from_on,
            until_on=self._until_on,
            problems=len(differences),
            differences=differences,
        )

    def _is_own(self, section: str, currency: str) -> bool:
        return currency == self.account.currency and rules.is_account(self.account.number, section)

    def _foreign(self) -> Iterator[str]:
        """Say which rows were left out because the account is not theirs."""
        names = {
            Skip.OTHER_CURRENCY: "in another currency",
            Skip.OTHER_ACCOUNT: "of another account",
        }
        for skip, words in names.items():
            if self.skipped[skip]:
                yield f"{self.skipped[skip]} rows are {words} than {self.account.code}"
