"""A desk at which money is taken: a real store beside the model, and what both must agree on.

After each step the program must have refused exactly what the model refuses, and then show the
model's figures: every account of the ledger for each party, the state of every order, payment,
refund, request and document, the receipts without a gap. At the end of each history the
program's own checks must find nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlmodel import Session

from memberctl.core.actor import Actor
from memberctl.core.errors import MemberctlError
from memberctl.payment.checking import check_ledger
from memberctl.store.audit import open_trail
from memberctl.store.keys import Keys
from tests.payment.ground import CONFIRMED_ON
from tests.reliability.money_books import Refused
from tests.reliability.money_model import House
from tests.reliability.money_objects import SETTLED, Line, Order, Refund

STALE_DAYS = 5
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ground:
    """A store with confirmed orders on which nothing is paid; `orders` -- as the model has them."""

    session: Session
    keys: Keys
    actors: dict[str, Actor]
    orders: Sequence[tuple[str, str, int, str | None, date]]


class Desk(RuleBasedStateMachine):
    """One history: the program and the model do the same, step by step."""

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground, self.session = ground, ground.session
        self.history = self.session.begin_nested()
        self.sound = True
        open_trail(self.session, ground.keys.audit, "test")
        self.house = House(
            [
                Order(number, member, total, plan, n, due_on, total)
                for n, (number, member, total, plan, due_on) in enumerate(ground.orders)
            ],
            STALE_DAYS,
        )
        self.now = datetime(CONFIRMED_ON.year, CONFIRMED_ON.month, CONFIRMED_ON.day, 4, tzinfo=UTC)

    def teardown(self) -> None:
        """Let the program check its own books, then forget this history."""
        try:
            problems = check_ledger(self.session).problems if self.sound else []
            assert not problems, problems
        finally:
            self.history.rollback()
            self.session.expire_all()

    # How a step is taken.

    @property
    def today(self) -> date:
        """Return the day it is."""
        return self.now.date()

    def take(self, expect: Callable[[], object], act: Callable[[], object]) -> Any:
        """Let model and program do one thing; both do it, or both refuse."""
        self.now += timedelta(seconds=7)
        refusal: Refused | None = None
        expected: object = None
        try:
            expected = expect()
        except Refused as why:
            refusal = why
        step = self.session.begin_nested()
        try:
            act()
        except MemberctlError as error:
            step.rollback()
            self.session.expire_all()
            self.session.info["trail"].pending.clear()
            assert refusal is not None, f"refused, and should not be: {error}"
            return None
        except BaseException:
            step.rollback()
            self.sound = False
            raise
        step.commit()
        assert refusal is None, f"done, and should be refused: {refusal}"
        return expected

    def by(self, code: str) -> dict[str, Any]:
        """Return who does something, when."""
        return {"by": self.ground.actors[code], "at": self.now}

    def on(self, code: str) -> dict[str, Any]:
        """Return who does something, when and on which day."""
        return {**self.by(code), "today": self.today}

    def number(self, prefix: str) -> str:
        """Return what the next object of a kind will be called; a refused one needs it no more."""
        known = {
            "P": int(self.house.next_payment()[2:]) - 1,
            "RF": sum(len(order.refunds) for order in self.house.orders),
            "WO": sum(len(order.write_offs) for order in self.house.orders),
            "CP": len(self.house.requests),
        }[prefix]
        return f"{prefix}-{known + 1:0{4 if prefix == 'RF' else 6}d}"

    def order(self, which: int) -> Order:
        """Return one of the orders, mostly one on which something is open."""
        return pick(self.house.orders, lambda order: order.open > 0, which)

    def holder(self, which: int) -> str:
        """Return one of the members, mostly one who has credit and owes something."""
        members = sorted({order.member for order in self.house.orders})
        owes = {order.member for order in self.house.orders if order.open}
        return pick(members, lambda member: self.house.credit[member] > 0 and member in owes, which)

    def refund(self, state: str, which: int) -> tuple[Order, Refund]:
        """Return one of the refunds, mostly one in a state."""
        refunds = [(order, each) for order in self.house.orders for each in order.refunds]
        return pick(refunds, lambda pair: pair[1].state == state, which)

    def has_payments(self) -> bool:
        """Tell whether anything was paid."""
        return any(True for _ in self.house.payments())

    def has_settled(self) -> bool:
        """Tell whether anything was paid in full."""
        return any(order.state in SETTLED for order in self.house.orders)

    def has_refunds(self) -> bool:
        """Tell whether a refund was asked for."""
        return any(order.refunds for order in self.house.orders)

    def has_credit(self) -> bool:
        """Tell whether somebody has credit."""
        return any(self.house.credit.values())

    def has_requests(self) -> bool:
        """Tell whether credit was asked for."""
        return bool(self.house.requests)

    def has_terms(self) -> bool:
        """Tell whether somebody has a term."""
        return any(order.live_term for order in self.house.orders)

    def has_merges(self) -> bool:
        """Tell whether two numbers became one."""
        return bool(self.house.merges)

    def has_lines(self) -> bool:
        """Tell whether a statement was taken in."""
        return bool(self.house.lines)

    def has_invoices(self) -> bool:
        """Tell whether an invoice was issued."""
        return any(order.invoices for order in self.house.orders)

    # What must be so after each step.

    @invariant()
    def the_books_are_the_models(self) -> None:
        found = self._rows(
            "SELECT account, party, SUM(amount_minor) FROM posting GROUP BY account, party"
        )
        held = {(row[0], row[1]): row[2] for row in found if row[2]}
        books = self.house.books()
        differ = {key for key in held | books if held.get(key) != books.get(key)}
        assert not differ, {key: (held.get(key, 0), books.get(key, 0)) for key in differ}

    @invariant()
    def every_order_is_where_the_model_has_it(self) -> None:
        found = self._rows(
            "SELECT o.number, o.member_id, o.state, o.payment_due_on, o.credited_minor,"
            " o.written_off_minor, t.start_on, t.end_on FROM orders o"
            " LEFT JOIN term t ON t.source = o.number AND t.voided_at IS NULL ORDER BY o.id"
        )
        expected = [
            (o.number, int(o.member[2:]), o.state, _day(o.due_on), o.credited, o.written_off,
             _day(o.live_term and o.live_term.start), _day(o.live_term and o.live_term.until))
            for o in self.house.orders
        ]  # fmt: skip
        assert found == expected, _unlike(found, expected)

    @invariant()
    def every_term_and_request_is_of_who_has_the_order(self) -> None:
        found = self._rows(
            "SELECT t.source, t.member_id FROM term t JOIN orders o ON o.number = t.source"
            " WHERE t.member_id <> o.member_id AND t.voided_at IS NULL"
        )
        assert not found, found
        asked = self._rows("SELECT id, member_id FROM credit_request")
        expected = {(int(r.number[3:]), int(r.member[2:])) for r in self.house.requests}
        assert set(asked) == expected

    @invariant()
    def every_line_is_what_the_model_says(self) -> None:
        found = self._rows(
            "SELECT b.id, b.state, b.finding, b.payment_id, e.event, e.about"
            " FROM bank_line b LEFT JOIN ledger_entry e ON e.id = b.entry_id ORDER BY b.id"
        )
        paid = {id(each): order.number for order, each in self.house.payments()}
        expected = [
            (int(line.number[3:]), line.state, line.finding,
             line.payment and int(line.payment.number[2:]), *_entry(line, paid))
            for line in self.house.lines
        ]  # fmt: skip
        assert found == expected, _unlike(found, expected)

    @invariant()
    def every_payment_has_what_the_model_gives_it(self) -> None:
        found = self._rows(
            "SELECT p.id, p.state, p.applied_minor, p.credit_minor, p.claimed_minor,"
            " p.refunded_minor, r.serial, r.voided_at IS NOT NULL"
            " FROM payment p JOIN receipt r ON r.payment_id = p.id ORDER BY p.id"
        )
        expected = sorted(
            (int(p.number[2:]), p.state, p.applied, p.over, p.claimed, p.refunded,
             int(p.number[2:]), not p.live)
            for _, p in self.house.payments()
        )  # fmt: skip
        assert found == expected, _unlike(found, expected)

    @invariant()
    def every_request_and_document_is_the_models(self) -> None:
        orders = self.house.orders
        for sql, expected in (
            ("SELECT 'RF', id, state, amount_minor FROM refund",
             [(r.number, r.state, r.amount) for o in orders for r in o.refunds]),
            ("SELECT 'CP', id, state, amount_minor FROM credit_request",
             [(r.number, r.state.replace("given up", "approved"), r.amount)
              for r in self.house.requests]),
            ("SELECT 'WO', id, state, amount_minor FROM write_off",
             [(w.number, w.state, w.amount) for o in orders for w in o.write_offs]),
            ("SELECT 'IN', serial, voided_at IS NOT NULL, total_minor FROM invoice"
             " WHERE kind = 'invoice'",
             [(i.number, i.voided, i.total) for o in orders for i in o.invoices]),
        ):  # fmt: skip
            found = {(row[1], row[2], row[3]) for row in self._rows(sql)}
            wanted = {(int(name[-4:]), state, minor) for name, state, minor in expected}
            assert found == wanted, _unlike(found, wanted)

    def agrees(self) -> None:
        """Let all of that be so."""
        self.the_books_are_the_models()
        self.every_order_is_where_the_model_has_it()
        self.every_term_and_request_is_of_who_has_the_order()
        self.every_line_is_what_the_model_says()
        self.every_payment_has_what_the_model_gives_it()
        self.every_request_and_document_is_the_models()

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        rows = self.session.connection().exec_driver_sql(sql).all()
        return [tuple(_plain(value) for value in row) for row in rows]


def one(candidates: Sequence[T], which: int) -> T:
    """Return one of these, the newest first."""
    return candidates[-1 - which % len(candidates)]


def pick(candidates: Iterable[T], fits: Callable[[T], bool], which: int) -> T:
    """Return one of these: in four of five cases one that fits, if there is one."""
    known = list(candidates)
    fitting = [each for each in known if fits(each)] if which % 5 else []
    return one(fitting or known, which // 5)


def _entry(line: Line, paid: dict[int, str]) -> tuple[str | None, str | None]:
    """Return which entry a line must be matched to. paid -- the order of each payment"""
    if line.payment is not None:
        return "payment.recorded", paid[id(line.payment)]
    return (None, None) if line.movement is None else (line.movement.event, line.movement.about)


def _unlike(found: Iterable[object], expected: Iterable[object]) -> str:
    """Return what only one of the two has."""
    there, wanted = list(found), list(expected)
    return (
        f"found {[each for each in there if each not in wanted]},"
        f" expected {[each for each in wanted if each not in there]}"
    )


def _day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def _plain(value: object) -> object:
    """Return a value as both engines can say it."""
    return value.isoformat() if isinstance(value, date) else value
