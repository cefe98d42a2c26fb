"""Statements of R5: taken in, matched, decided line by line, and reported."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from memberctl.bank import matching, operations, queries, reporting
from memberctl.bank.matching import Office
from memberctl.bank.reading import Statement
from memberctl.bank.rules import Entry, Findings, Skip, StatementFormat
from memberctl.core.dates import zone
from memberctl.core.numbering import order_number
from tests.payment.ground import NAME
from tests.reliability.money_actions import CURRENCY, SOME, YES, action
from tests.reliability.money_bank import Row
from tests.reliability.money_desk import Desk, one, pick
from tests.reliability.money_objects import Line

NOBODYS = order_number("JN", 2026, 9_999)
BEGIN = date(2025, 1, 1)
ROWS = (
    "open", "open", "part", "more", "named", "paid", "paid", "alike", "referred", "back", "back",
    "fee", "rebate", "stranger", "unknown",
)  # fmt: skip


class Rows:
    """The rows of a statement, as reading a file gives them; it is its own source too."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.findings, self.rows = Findings(), rows

    def __iter__(self) -> Iterator[Entry]:
        for line, row in enumerate(self.rows, start=1):
            yield Entry(
                line, f"{row}", booked_on=row.on, amount_minor=row.amount, currency=CURRENCY,
                external_id=row.reference, name=NAME if row.named else "", text=row.names,
                content=repr(row.told), fee=row.fee, skip=Skip.CLOSED if row.closed else None,
            )  # fmt: skip

    def finish(self) -> None:
        """Have nothing to refuse: no file was changed."""


class AtBank(Desk):
    """Finance holds the books against what the bank says."""

    @action(which=SOME, kind=ROWS, method=("bank", "wechat"), copies=(1, 1, 1, 2),
            ago=(0, 0, 2, 20), closed=(False, False, False, True), matched=YES,
            by=("qian", "feng"))  # fmt: skip
    def take_in_statement(self, which: int, kind: str, method: str, copies: int, ago: int,
                          closed: bool, matched: bool, by: str) -> None:  # fmt: skip
        """Take in a statement of one line, or of two that are alike; mostly match it at once."""
        row = self._row(kind, which, method, self.today - timedelta(days=ago))
        self._take_in(method, [row] * copies, by)
        if closed:
            self._take_in(method, [_closed(row)], by)
        if matched:
            self.match_lines("feng")

    @action(Desk.has_lines, which=SOME, closed=YES)
    def read_again(self, which: int, closed: bool) -> None:
        """Take in a line once more, perhaps as one that the bank calls closed."""
        line = one(self.house.lines, which)
        row = Row(line.amount, line.on, line.names, line.reference, line.named, line.fee, closed)
        self._take_in(line.method, [row], "qian")

    @action(Desk.has_lines, by=("qian", "feng"))
    def match_lines(self, by: str) -> None:
        """Let what is sure be booked."""
        self.take(
            lambda: self.house.match(by, self.now),
            lambda: matching.match_lines(self.session, self.ground.keys, None, self._office(by)),
        )
        self._report()

    @action(Desk.has_lines, which=SOME, whose=SOME, own=(True, True, False), by=("qian", "feng"))
    def accept_line(self, which: int, whose: int, own: bool, by: str) -> None:
        """Say which order a line is about; mostly the one that it names."""
        line = pick(self.house.lines, lambda each: each.state == "open", which)
        named = [each for each in self.house.orders if own and each.number == line.names]
        order = named[0] if named else self.order(whose)
        self._decide_line(
            lambda: self.house.accept(line, order, by, self.now),
            lambda office: matching.accept_line(
                self.session, self.ground.keys, line.number, order.number, office
            ), by,
        )  # fmt: skip

    @action(Desk.has_lines, which=SOME, what=("ignore", "reopen", "reopen", "fee"))
    def decide_line(self, which: int, what: str) -> None:
        """Take a line off the list, put it back, or call it a fee."""
        line = one(self.house.lines, which)
        doing: dict[str, tuple[Callable[[Line], None], Callable[[Office], object]]] = {
            "ignore": (self.house.ignore, lambda office: matching.ignore_line(
                self.session, line.number, "not ours", office)),
            "reopen": (self.house.reopen, lambda office: matching.reopen_line(
                self.session, line.number, office)),
            "fee": (self.house.call_fee, lambda office: matching.book_fee(
                self.session, line.number, office)),
        }  # fmt: skip
        expect, act = doing[what]
        self._decide_line(lambda: expect(line), act, "feng")

    def _row(self, kind: str, which: int, method: str, on: date) -> Row:
        """Return a row that is one of the things that statements tell."""
        order = self.order(which)
        some = order.open or 12_300
        paid = [(order, each) for order, each in self.house.payments() if each.method == method]
        back = [each for each in self.house.movements if each.method == method]
        if kind in ("paid", "alike", "referred") and paid:
            order, payment = pick(paid, lambda pair: pair[1].live, which)
            if kind == "alike":
                return Row(payment.amount, on, named=which % 2 == 0)
            if kind == "referred" and payment.reference:
                return Row(payment.amount, on, reference=payment.reference)
            return Row(payment.amount, on, order.number, f"TX{which}")
        if kind == "back" and back:
            moved = one(back, which)
            about = moved.about if which % 2 else ""
            orders = {each.number for each in self.house.orders}
            return Row(moved.minor, on, about if about in orders else "", named=which % 3 == 0)
        return {
            "part": Row(some // 2 + 1, on, order.number),
            "more": Row(some + 40_777, on, order.number),
            "named": Row(some, on, named=True),
            "fee": Row(-150, on, fee=True),
            "rebate": Row(90, on, fee=True),
            "stranger": Row(12_345, on),
            "unknown": Row(some, on, NOBODYS),
        }.get(kind, Row(some, on, order.number, f"TX{which % 7}" if which % 2 else None))

    def _take_in(self, method: str, rows: Sequence[Row], by: str) -> None:
        source: Any = Rows(rows)
        statement = Statement(
            "statement", StatementFormat.CSV, "", hashlib.sha256(repr(rows).encode()).hexdigest(),
            source, [], source,
        )  # fmt: skip
        told: list[int] = []
        new = self.take(
            lambda: self.house.take_in(method, rows, by),
            lambda: told.append(
                operations.import_statement(
                    self.session, self.ground.keys, method, statement, currency=CURRENCY,
                    **self.by(by),
                ).changed
            ),
        )  # fmt: skip
        assert new is not None

    def _decide_line(
        self, expect: Callable[[], None], act: Callable[[Office], object], by: str
    ) -> None:
        self.take(expect, lambda: act(self._office(by)))
        self._report()

    def _office(self, by: str) -> Office:
        return Office(self.ground.actors[by], self.now, self.today, zone("Asia/Shanghai"), CURRENCY)

    def _report(self) -> None:
        """Let bank and books differ by what the model says, and every part of that be listed."""
        for method in sorted({line.method for line in self.house.lines}):
            account = queries.find_account(self.session, method)
            found = reporting.report(self.session, account, BEGIN, self.today, currency=CURRENCY)
            expected, listed = (
                self.house.difference(method),
                sum(item.amount.minor for item in found.items),
            )
            assert found.difference.minor == expected, (method, found, expected)
            assert found.difference.minor == listed, (method, found, listed)


def _closed(row: Row) -> Row:
    return Row(row.amount, row.on, row.names, row.reference, row.named, row.fee, closed=True)
