"""R5: money balances whatever people do, and an independent model says by how much."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from importlib import import_module

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from memberctl.catalog.rules import PaymentTiming, PlanState
from memberctl.catalog.tables import Plan, PlanVersion
from memberctl.core.actor import Actor
from memberctl.core.numbering import member_number
from memberctl.office.tables import PolicyValue
from memberctl.order.rules import OrderKind
from memberctl.store.keys import Keys
from tests.payment.ground import CONFIRMED_ON, FILED_AT, add_member, add_order
from tests.reliability.money_actions import SOLD, wander
from tests.reliability.money_bugs import PLANTED, PLANTED_STEPS
from tests.reliability.money_desk import STALE_DAYS, Ground
from tests.reliability.money_machine import MoneyMachine
from tests.reliability.money_objects import PLANS

HISTORIES = {"sqlite": 200, "postgresql": 15}
STEPS = 30
WRONG = (AssertionError, DBAPIError, sqlite3.IntegrityError)
VERSIONS = {"YEAR": 1, "MONTH": 3, None: 1}


@pytest.fixture
def ground(session: Session, keys: Keys, actors: dict[str, Actor]) -> Ground:
    """Three members with confirmed orders of every kind of length and price."""
    decided = PolicyValue(
        key="stale_credit_days", value=str(STALE_DAYS), changed_at=FILED_AT, changed_by=1
    )
    session.add(decided)
    add_plans(session)
    members = [add_member(session), add_member(session), add_member(session)]
    orders = []
    for holder, plan, total, days in SOLD:
        member = members[holder]
        kind = OrderKind.SERVICE if plan is None else OrderKind.JOIN
        order = add_order(
            session, member=member, kind=kind, total_minor=total, plan_version_id=VERSIONS[plan]
        )
        order.payment_due_on = CONFIRMED_ON + timedelta(days=days)
        session.flush()
        orders.append((order.number, member_number(member.id), total, plan, order.payment_due_on))
    return Ground(session, keys, actors, orders)


def add_plans(session: Session) -> None:
    """Offer a dearer and a cheaper plan beside those that are there."""
    for number, code in ((3, "TOP"), (4, "BASIC")):
        months, ((since, price),) = PLANS[code]
        session.add(Plan(id=number, code=code, product="membership", state=PlanState.OFFERED))
        session.flush()
        session.add(
            PlanVersion(
                id=number + 1, plan_id=number, version=1, name=code, term=f"{months}m",
                price_minor=price, joining_fee_minor=0,
                payment_timing=PaymentTiming.AFTER_APPROVAL, valid_from=since,
                published_at=FILED_AT, published_by=1,
            )
        )  # fmt: skip
    session.flush()


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


def wander_on(ground: Ground, where: Sequence[str]) -> None:
    """Let histories happen, always the same ones, until something is wrong."""
    dice = random.Random(5)
    for _ in range(HISTORIES["sqlite"]):
        wander(MoneyMachine(ground), dice, STEPS, where)


@pytest.mark.parametrize("bug", PLANTED)
@pytest.mark.parametrize("engine_kind", ["sqlite"])
def test_a_planted_bug_is_found(ground: Ground, bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parts, what, instead = PLANTED[bug]
    monkeypatch.setattr(f"memberctl.{what}", instead)
    with pytest.raises(WRONG):
        wander_on(ground, parts)


@pytest.mark.parametrize("bug", PLANTED_STEPS)
@pytest.mark.parametrize("engine_kind", ["sqlite"])
def test_a_state_that_must_not_follow_is_found(
    ground: Ground, bug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, where, (state, verb) = PLANTED_STEPS[bug]
    steps = import_module(f"memberctl.{where}").STEPS
    target = next(after for (_, known), after in steps.items() if known == verb)
    monkeypatch.setitem(steps, (state, verb), target)
    with pytest.raises(WRONG):
        wander_on(ground, parts)
