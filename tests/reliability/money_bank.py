"""What the model of R5 knows of statements: lines, what they may be, and what they become.

Source: rules M15, M4, M5, O2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from tests.reliability.money_books import require
from tests.reliability.money_objects import Line, Movement, Order, Payment
from tests.reliability.money_paying import Paying

REFERENCE, NUMBER, NAME, AMOUNT = 1, 2, 3, 5
NEAR = 14
NOON = time(4, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """A row of a statement. names -- an order's number; named -- it has the members' name"""

    amount: int
    on: date
    names: str = ""
    reference: str | None = None
    named: bool = False
    fee: bool = False
    closed: bool = False

    @property
    def told(self) -> tuple[object, ...]:
        """Return what makes a row itself: its number, moment and amount, or all that it says."""
        if self.reference is not None:
            return (self.reference, self.on, abs(self.amount))
        return (self.amount, self.on, self.names, self.named, self.fee)


@dataclass(frozen=True)
class Found:
    """What a line may be. open -- of an order; sure -- it can be booked by itself"""

    what: Payment | Movement | Order
    order: str
    amount: int
    how: int
    taken: bool = False
    sure: bool = True


class Bank(Paying):
    """The lines of statements beside the books."""

    def take_in(self, method: str, rows: Iterable[Row], by: str) -> int:
        """Take in what is new of a statement; return how much that is."""
        met: Counter[tuple[object, ...]] = Counter()
        known = len(self.lines)
        for row in rows:
            same = [each for each in self.lines if (each.method, each.told) == (method, row.told)]
            met[row.told] += 1
            if met[row.told] > len(same):
                self.lines.append(
                    Line(
                        f"BL-{len(self.lines) + 1:06d}", method, row.told, row.amount, row.on,
                        row.reference, row.names, row.named, row.fee, by,
                        "skipped" if row.closed else "open",
                    )
                )  # fmt: skip
            else:
                self._read_again(same[met[row.told] - 1], row)
        return len(self.lines) - known

    def _read_again(self, line: Line, row: Row) -> None:
        """Let a line that the bank closed be none, unless the books rest on it."""
        if row.closed and line.state in ("open", "ignored"):
            line.state, line.finding = "skipped", None
        elif not row.closed and line.state == "skipped":
            line.state, line.finding = "open", None

    def difference(self, method: str) -> int:
        """Return by how much the bank has more than the books."""
        counted = [each for each in self.lines if each.method == method]
        return sum(each.amount for each in counted if each.state != "skipped") - self.money[method]

    # What a line may be.

    def _line_of(self, payment: Payment) -> Line | None:
        return next((each for each in self.lines if each.payment is payment), None)

    def candidates(self, line: Line) -> list[Found]:
        """Return what a line may be, the surest way of finding it first."""
        found: list[Found] = []
        if line.amount > 0:
            found += self._payments(line, REFERENCE)
            found += [*self._payments(line, NUMBER), *self._orders(line, NUMBER)]
            found += [*self._payments(line, AMOUNT), *self._orders(line, AMOUNT)]
        found += self._movements(line)
        seen: list[object] = []
        return [each for each in found if not (each.what in seen or seen.append(each.what))]

    def _payments(self, line: Line, how: int) -> list[Found]:
        found = []
        for order, each in self.payments():
            if each.state == "voided" or each.method != line.method:
                continue
            mine = self._line_of(each)
            near = abs((each.at.date() - line.on).days) <= NEAR
            alike = each.amount == line.amount and each.reference is None and mine is None and near
            fits = {
                REFERENCE: each.reference and each.reference in (line.number, line.reference),
                NUMBER: order.number == line.names,
                AMOUNT: alike,
            }[how]
            if fits:
                surely = NAME if how == AMOUNT and line.named else how
                found.append(Found(each, order.number, each.amount, surely, mine is not None))
        return found

    def _orders(self, line: Line, how: int) -> list[Found]:
        found = []
        for order in self.orders:
            left = order.open if order.state == "confirmed" else 0
            alike = order.state == "confirmed" and left == line.amount
            if order.number == line.names if how == NUMBER else alike:
                surely = NAME if how == AMOUNT and line.named else how
                sure = line.on <= order.due_on and self.can_settle(order)
                found.append(Found(order, order.number, left, surely, sure=sure))
        return found

    def _movements(self, line: Line) -> list[Found]:
        numbers, found = {order.number for order in self.orders}, []
        for each in self.movements:
            near = abs((each.on - line.on).days) <= NEAR
            if (each.method, each.minor) == (line.method, line.amount):
                how = NAME if line.named and each.about in numbers else AMOUNT
                how = NUMBER if each.about == line.names else how
                taken = any(other.movement is each for other in self.lines)
                if near or how == NUMBER:
                    found.append(Found(each, each.about, each.minor, how, taken))
        return found

    def finding(self, line: Line) -> tuple[str, Found | None]:
        """Return what was found of a line, and what it is if that is sure."""
        found = self.candidates(line)
        for how in (REFERENCE, NUMBER):
            told = [each for each in found if each.how == how]
            if told:
                return self._by_number(line, told)
        if line.names:
            return "unknown_reference", None
        named = [each for each in found if each.how == NAME and not each.taken]
        if len(named) == 1:
            return self._if_sure(named[0])
        return ("ambiguous" if found else "missing_in_books"), None

    def _by_number(self, line: Line, told: Sequence[Found]) -> tuple[str, Found | None]:
        fitting = [each for each in told if each.amount == line.amount]
        free = [each for each in fitting if not each.taken]
        recorded = [each for each in free if not isinstance(each.what, Order)] or free
        if len(recorded) == 1:
            return self._if_sure(recorded[0])
        if recorded:
            return "ambiguous", None
        return ("duplicate" if fitting else "amount_differs"), None

    def _if_sure(self, found: Found) -> tuple[str, Found | None]:
        return ("matched", found) if found.sure else ("ambiguous", None)

    # What becomes of lines.

    def match(self, by: str, now: datetime) -> None:
        """Book what is unique and exact, and say of the rest what was found (M15)."""
        for method in sorted({each.method for each in self.lines}):
            for line in self.lines:
                if line.method == method and line.payment and line.payment.state == "voided":
                    self._open(line)
            for line in self._waiting(method):
                if line.fee:
                    self._book_fee(line)
            self._match(self._waiting(method), by, now)
            self._verify_lines([line for line in self.lines if line.method == method], by)

    def _waiting(self, method: str) -> list[Line]:
        mine = [each for each in self.lines if (each.method, each.state) == (method, "open")]
        return sorted(mine, key=lambda line: (line.on, line.number))

    def _match(self, lines: Sequence[Line], by: str, now: datetime) -> None:
        findings = {line: self.finding(line) for line in lines}
        for line, (finding, found) in findings.items():
            line.finding = finding
            if found is None:
                continue
            rivals = [(each, other) for each, (_, other) in findings.items()
                      if other is not None and other.what is found.what]  # fmt: skip
            telling = [each for each, other in rivals if other.how <= NUMBER]
            if telling and line is not telling[0]:
                line.finding = "duplicate"
            elif not telling and len(rivals) > 1:
                line.finding = "ambiguous"
        for line, (_, found) in findings.items():
            if found is not None and line.finding == "matched":
                self._book(line, found.what, by, now)

    def _book(self, line: Line, what: Payment | Movement | Order, by: str, now: datetime) -> None:
        if isinstance(what, Order):
            what = self._record(line, what, by, now)
        line.state, line.finding = "matched", "matched"
        if isinstance(what, Payment):
            line.payment = what
        else:
            line.movement = what

    def _record(self, line: Line, order: Order, by: str, now: datetime) -> Payment:
        """Record the payment that a line is, by its own number if no other payment has that."""
        used = any(
            each.reference == line.reference and each.method == line.method
            for _, each in self.payments() if each.state != "voided"
        )  # fmt: skip
        reference = line.number if used or line.reference is None else line.reference
        at = min(datetime.combine(line.on, NOON), now)
        self.pay(order, self.next_payment(), line.amount, line.method, reference=reference,
                 at=at, now=now, again=True, by=by)  # fmt: skip
        return order.payments[-1]

    def _book_fee(self, line: Line) -> None:
        self._move(line.method, "", line.amount, line.on)
        self.bank_fees -= line.amount
        line.state, line.finding = "matched", "matched"
        line.movement = Movement("bank.fee", line.number, line.method, line.amount, line.on)

    def _verify_lines(self, lines: Sequence[Line], by: str) -> None:
        """Verify what a line is, if somebody else had it in hand than who recorded it (O2)."""
        for line in lines:
            payment = line.payment
            waits = payment is not None and payment.state == "recorded"
            if payment is not None and waits and {by, line.brought_by} - {payment.by}:
                payment.state = "verified"

    def _open(self, line: Line) -> None:
        line.state, line.finding, line.payment, line.movement = "open", None, None, None

    def accept(self, line: Line, order: Order, by: str, now: datetime) -> None:
        """Take a person's word for which order a line is about (M15, M4)."""
        require(line.state in ("open", "ignored"), "decided")
        fitting = [
            each.what for each in self.candidates(line)
            if not each.taken and each.order == order.number and each.amount == line.amount
            and not isinstance(each.what, Order)
        ]  # fmt: skip
        fitting = fitting or [
            each for each in order.payments
            if (each.method, each.amount) == (line.method, line.amount)
            and each.state != "voided" and self._line_of(each) is None
        ]  # fmt: skip
        require(len(fitting) <= 1, "several")
        require(bool(fitting) or line.amount > 0, "no such refund")
        self._book(line, fitting[0] if fitting else order, by, now)
        self._verify_lines([line], by)

    def ignore(self, line: Line) -> None:
        """Take a line off the list."""
        require(line.state == "open", "not open")
        line.state, line.finding = "ignored", None

    def reopen(self, line: Line) -> None:
        """Take a decision back."""
        require(line.state in ("matched", "ignored"), "not decided")
        fee = line.movement is not None and line.movement.event == "bank.fee"
        require(not fee, "a fee")
        self._open(line)

    def call_fee(self, line: Line) -> None:
        """Book a line as a fee of the bank."""
        require(line.state in ("open", "ignored"), "decided")
        self._book_fee(line)
