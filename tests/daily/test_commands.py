"""`run daily` as cron calls it. Source: rules N6, O8; reliability R11."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from memberctl.core.holder import Holder
from memberctl.daily.operations import JOBS
from memberctl.daily.tables import JobLease
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.store.engine import Store
from memberctl.store.process import this_process
from tests.access.conftest import member_row
from tests.program import Program
from tests.report.test_members import JANUARY, order_row

CRON = ("run", "daily", "--no-input", "--quiet")
ORDER = "JN-2026-7F3KX"


@pytest.fixture
def unpaid(memberctl: Program) -> Program:
    """The program on a store with an order that should have been paid by 2026-02-27."""
    with Store(memberctl.location).writing() as session:
        session.add(member_row(1, JANUARY))
        session.flush()
        session.add(
            order_row(
                1, 1, OrderState.CONFIRMED, number=ORDER, confirmed_on=date(2026, 2, 20),
                payment_due_on=date(2026, 2, 27),
            )
        )  # fmt: skip
        session.commit()
    return memberctl


def state_of(program: Program) -> OrderState:
    with Store(program.location).reading() as session:
        found = session.get(Order, 1)
        assert found is not None
        return found.state


@pytest.fixture
def hold(memberctl: Program) -> Callable[[Holder], None]:
    def write(holder: Holder) -> None:
        with Store(memberctl.location).writing() as session:
            until = datetime.now(UTC) + timedelta(minutes=5)
            session.add(JobLease(job="daily", holder=str(holder), until=until))
            session.commit()

    return write


def test_a_run_says_what_each_job_did_and_the_next_has_nothing_to_do(unpaid: Program) -> None:
    first = unpaid.ok("run", "daily", as_="zhao")
    done = {job["job"]: job["done"] for job in first["jobs"]}
    assert list(done) == [*(job.name for job in JOBS), "messages"]
    assert {name: count for name, count in done.items() if count} == {"forfeit_orders": 1}
    assert first["problems"] == 0
    assert state_of(unpaid) is OrderState.FORFEITED
    assert unpaid.ok("run", "daily", as_="zhao")["done"] == 0


def test_cron_hears_nothing_when_all_is_well(unpaid: Program) -> None:
    result = unpaid(*CRON, as_="zhao")
    assert (result.exit, result.out, result.err) == (0, "", "")


def test_a_dry_run_has_the_same_plan_and_changes_nothing(unpaid: Program) -> None:
    planned = unpaid.ok("run", "daily", "--dry-run", as_="zhao")
    assert state_of(unpaid) is OrderState.CONFIRMED
    assert unpaid.ok("run", "daily", as_="zhao") == planned


def test_a_run_ends_with_75_while_another_lives_and_changes_nothing(
    unpaid: Program, hold: Callable[[Holder], None]
) -> None:
    hold(Holder("another-host", 1))
    result = unpaid(*CRON, as_="zhao")
    assert (result.exit, state_of(unpaid)) == (75, OrderState.CONFIRMED)
    assert "another-host" in result.err


def test_a_process_that_died_here_blocks_nobody(
    unpaid: Program, hold: Callable[[Holder], None]
) -> None:
    hold(Holder(this_process().host, 2**22 + 1))  # Above the kernel's largest process id.
    assert unpaid(*CRON, as_="zhao").exit == 0
    assert state_of(unpaid) is OrderState.FORFEITED


def test_the_lease_is_given_back_at_the_end(unpaid: Program) -> None:
    unpaid(*CRON, as_="zhao")
    with Store(unpaid.location).reading() as session:
        assert session.get(JobLease, "daily") is None


def test_a_run_for_a_past_day_decides_by_that_day(unpaid: Program) -> None:
    unpaid.ok("run", "daily", "--as-of", "2026-02-27", as_="zhao")
    assert state_of(unpaid) is OrderState.CONFIRMED


def test_what_needs_a_person_is_said_on_stderr_even_to_cron(unpaid: Program) -> None:
    with Store(unpaid.location).writing() as session:
        order = session.get(Order, 1)
        assert order is not None
        order.total_minor = 0
        session.commit()
    result = unpaid(*CRON, as_="zhao")
    assert (result.exit, result.out) == (3, "")
    assert f"{ORDER} is paid in full but not settled" in result.err


def test_reception_may_not_run_the_jobs(unpaid: Program) -> None:
    assert unpaid(*CRON, as_="sun").exit == 5
    assert state_of(unpaid) is OrderState.CONFIRMED


def test_a_key_is_refused_because_the_run_needs_none(memberctl: Program) -> None:
    assert memberctl("run", "daily", "--key", "k1", as_="zhao").exit == 2
