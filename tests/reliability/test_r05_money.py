"""R5: money balances whatever people do, and an independent model says by how much."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from memberctl.access.changes import days_sold, days_used
from memberctl.access.ending import TermsEnded
from memberctl.core.actor import Actor
from memberctl.core.dates import Period, Span
from memberctl.core.numbering import member_number
from memberctl.ledger.rules import Account, Line, money_line
from memberctl.office.tables import PolicyValue
from memberctl.order.rules import OrderKind, OrderState
from memberctl.payment import rules
from memberctl.payment.credit_rules import RequestState, spread
from memberctl.payment.debt_rules import Part, parts
from memberctl.payment.rules import Allocation, Owing, PaymentState
from memberctl.payment.till_queries import since
from memberctl.refund.amounts import Share, Source
from memberctl.refund.rules import RefundState
from memberctl.store.counters import take_one
from memberctl.store.keys import Keys
from tests.payment.ground import CONFIRMED_ON, FILED_AT, add_member, add_order
from tests.reliability.money_actions import SOLD, wander
from tests.reliability.money_desk import STALE_DAYS, Ground
from tests.reliability.money_machine import MoneyMachine

HISTORIES = {"sqlite": 200, "postgresql": 15}
STEPS = 30
WRONG = (AssertionError, DBAPIError, sqlite3.IntegrityError)
PLANS = {12: 1, 1: 3, None: 1}


@pytest.fixture
def ground(session: Session, keys: Keys, actors: dict[str, Actor]) -> Ground:
    """Two members with confirmed orders of every kind of length and price."""
    decided = PolicyValue(
        key="stale_credit_days", value=str(STALE_DAYS), changed_at=FILED_AT, changed_by=1
    )
    session.add(decided)
    members = [add_member(session), add_member(session)]
    orders = []
    for holder, months, total, days in SOLD:
        member = members[holder]
        kind = OrderKind.SERVICE if months is None else OrderKind.JOIN
        order = add_order(
            session, member=member, kind=kind, total_minor=total, plan_version_id=PLANS[months]
        )
        order.payment_due_on = CONFIRMED_ON + timedelta(days=days)
        session.flush()
        orders.append((order.number, member_number(member.id), total, months, order.payment_due_on))
    return Ground(session, keys, actors, orders)


def live(ground: Ground, histories: int) -> int:
    """Let Hypothesis lead so many histories, and shrink one that goes wrong; return how many.

    They are the same ones each time, so that a change is judged by itself; the soak leads new ones.
    """
    begun: list[MoneyMachine] = []

    def begin() -> MoneyMachine:
        begun.append(MoneyMachine(ground))
        return begun[-1]

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        begin,
        settings=settings(
            max_examples=histories,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=True,
            report_multiple_bugs=False,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
    return len(begun)


def test_whatever_people_do_the_books_say_what_the_model_says(
    ground: Ground, engine_kind: str
) -> None:
    assert live(ground, HISTORIES[engine_kind]) >= HISTORIES[engine_kind]


def nothing(*_: object, **__: object) -> None:
    """Do, or refuse, nothing."""


def on_time_always(owing: Owing, _: date) -> bool:
    """Let late money settle an order."""
    return owing.state not in (*rules.SETTLED, *rules.DEAD)


def oldest_first(amount: int, sources: Sequence[Source]) -> tuple[Share, ...]:
    """Give money back to the oldest payment first."""
    found = []
    for each in sorted(sources, key=lambda source: source.payment_id):
        part = min(amount, each.left_minor)
        amount -= part
        if part:
            found.append(Share(each.payment_id, each.method, part))
    return tuple(found)


def a_day_more(span: Span, frozen: Sequence[Span], on: date) -> int:
    """Count the next day as used."""
    return min(days_used(span, frozen, on) + 1, days_sold(span, frozen))


def all_at_once(order: str, member: str, unearned: int, account: Account, minor: int) -> list[Line]:
    """Take what goes back out of income alone."""
    del unearned
    return [Line(Account.FEE_INCOME, minor, order), money_line(account, -minor, member)]


def whole_parts(open_minor: int, settled: int, many: int, first: date, every: Period) -> list[Part]:
    """Forget the rest of the division."""
    each = open_minor // many
    found = parts(open_minor, settled, many, first, every)
    return [replace(part, until_minor=settled + each * part.position) for part in found]


def any_share(asked: int | None, available: int, *_: object) -> int:
    """Let credit be spent that is not there."""
    return available if asked is None else asked


def skipping(session: Session, name: str) -> int:
    """Give every second number."""
    take_one(session, name)
    return take_one(session, name)


PLANTED: dict[str, tuple[str, object]] = {
    "what is over settles too": ("payment.rules.allocate", lambda *args: Allocation(args[2], 0)),
    "what is over is lost": (
        "payment.rules.allocate", lambda due, paid, amount: Allocation(min(due - paid, amount), 0),
    ),
    "late money settles": ("payment.rules.settles_order", on_time_always),
    "a known transaction pays another order": ("payment.rules.refuse_other_content", nothing),
    "a second click pays twice": ("payment.rules.refuse_probable_duplicate", nothing),
    "a receipt's number is skipped": ("payment.operations.take_one", skipping),
    "the recorder verifies": ("payment.rules.refuse_own_verification", nothing),
    "an old payment is voided": ("payment.operations.refuse_late_void", nothing),
    "spent credit is taken back": ("payment.operations.refuse_spent_credit", nothing),
    "a refunded payment is voided": ("payment.rules.refuse_while_refunded", nothing),
    "a voided payment's term goes on": (
        "payment.settling.void_terms_of",
        lambda *_, **__: ([], []),
    ),
    "what an ended order was paid is lost": ("ledger.operations.book_credit", nothing),
    "the newest order is paid first": (
        "payment.credit_rules.spread",
        lambda available, orders: spread(available, orders[::-1]),
    ),
    "more credit is used than there is": ("payment.credit_rules.checked_share", any_share),
    "who asked approves the payout": ("payment.credit_rules.refuse_same_hand", nothing),
    "fresh credit is given up": ("payment.credit_rules.refuse_fresh", nothing),
    "a booked request is refused": ("payment.credit_rules.refuse_given_up", nothing),
    "a lost chargeback is not booked": ("payment.debts._lose", nothing),
    "cash is charged back": ("payment.debt_rules.refuse_not_banked", nothing),
    "an order has two invoices": ("payment.invoice_rules.refuse_invoice", nothing),
    "a credit note is a gift": ("payment.invoice_rules.refuse_gift", nothing),
    "a credit note keeps what was overpaid": (
        "payment.invoicing._give_over", lambda *_, **__: 0,
    ),
    "a written-off debt is credited": ("payment.invoice_rules.refuse_written_off", nothing),
    "instalments lose a cent": ("payment.debt_rules.parts", whole_parts),
    "the deadline does not follow the plan": ("payment.operations.follow_plan", nothing),
    "who asked for a write-off approves it": ("payment.debt_rules.refuse_same_person", nothing),
    "money goes back to the oldest payment": ("refund.amounts.split", oldest_first),
    "a refund takes income first": ("ledger.rules.refund_lines", all_at_once),
    "a rejected refund keeps its claim": ("refund.operations.release", nothing),
    "a failed payout stays in the books": (
        "refund.paying.reverse_entry", lambda *_, **__: 1,
    ),
    "a refund does not end the term": (
        "refund.paying.end_terms", lambda *_, **__: TermsEnded((), ()),
    ),
    "another day is used": ("access.changes.days_used", a_day_more),
    "a day more is earned": ("payment.earning.days_used", a_day_more),
    "a till counts what it counted": (
        "payment.till_queries.since",
        lambda session, branch, method, after: since(session, branch, method, 0),
    ),
}  # fmt: skip
PLANTED_STEPS = {  # Edges between states that must not be there.
    "a voided payment is voided again": ("payment.rules", (PaymentState.VOIDED, "void")),
    "a paid request is paid again": ("payment.credit_rules", (RequestState.PAID, "pay")),
    "a paid refund is paid again": ("refund.rules", (RefundState.PAID, "pay")),
    "a withdrawn order is withdrawn again": ("order.rules", (OrderState.WITHDRAWN, "withdraw")),
}  # fmt: skip


def wander_on(ground: Ground) -> None:
    """Let histories happen, always the same ones, until something is wrong."""
    dice = random.Random(5)
    for _ in range(HISTORIES["sqlite"]):
        wander(MoneyMachine(ground), dice, STEPS)


@pytest.mark.parametrize("bug", PLANTED)
@pytest.mark.parametrize("engine_kind", ["sqlite"])
def test_a_planted_bug_is_found(ground: Ground, bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, instead = PLANTED[bug]
    monkeypatch.setattr(f"memberctl.{where}", instead)
    with pytest.raises(WRONG):
        wander_on(ground)


@pytest.mark.parametrize("bug", PLANTED_STEPS)
@pytest.mark.parametrize("engine_kind", ["sqlite"])
def test_a_state_that_must_not_follow_is_found(
    ground: Ground, bug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, (state, verb) = PLANTED_STEPS[bug]
    steps = import_module(f"memberctl.{where}").STEPS
    target = next(after for (_, known), after in steps.items() if known == verb)
    monkeypatch.setitem(steps, (state, verb), target)
    with pytest.raises(WRONG):
        wander_on(ground)
