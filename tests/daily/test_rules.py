"""The daily run as pure decisions. Source: rules N6, O8, M3; reliability R11."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from memberctl.core.errors import AlreadyRunning
from memberctl.core.holder import Holder, parse_holder
from memberctl.daily.rules import (
    JobReport,
    Lease,
    Unpaid,
    daily_report,
    exit_of,
    forfeits,
    refuse_if_running,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ME = Holder("front-desk", 100)
LATER = NOW + timedelta(minutes=1)


def test_a_holder_survives_being_written_down() -> None:
    holder = Holder("fe80::1:host", 7)
    assert parse_holder(str(holder)) == holder


@pytest.mark.parametrize(
    ("lease", "alive"),
    [
        (None, False),
        (Lease(ME, LATER), True),  # our own
        (Lease(Holder("front-desk", 99), LATER), False),  # dead, on this host
        (Lease(Holder("front-desk", 99), NOW), True),  # run out
        (Lease(Holder("office", 99), NOW), False),  # run out, on another host
    ],
)
def test_a_lease_that_nobody_living_holds_is_taken(lease: Lease | None, alive: bool) -> None:
    assert refuse_if_running(lease, ME, NOW, alive=alive) is None


@pytest.mark.parametrize(("host", "alive"), [("front-desk", True), ("office", False)])
def test_a_lease_of_a_living_process_and_of_an_unknown_one_elsewhere_is_respected(
    host: str, alive: bool
) -> None:
    with pytest.raises(AlreadyRunning, match=f"process 99 on {host}"):
        refuse_if_running(Lease(Holder(host, 99), LATER), ME, NOW, alive=alive)


def test_only_what_is_not_paid_in_full_is_forfeited_and_part_payments_are_told() -> None:
    found = forfeits([Unpaid("JN-1", 100, 0), Unpaid("JN-2", 100, 60), Unpaid("JN-3", 100, 100)])
    assert found.numbers == ("JN-1", "JN-2")
    assert found.problems == (
        "JN-2 is forfeited; what was paid is the member's credit",
        "JN-3 is paid in full but not settled",
    )


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ([JobReport("a", 0)], 0),
        ([JobReport("a", 5), JobReport("b", 1)], 0),
        ([JobReport("a", 5, ("look",))], 3),
        ([JobReport("a", 5, ("look",)), JobReport("b", 0, ("broken",), failed=True)], 1),
    ],
)
def test_a_run_ends_with_what_matters_most(jobs: list[JobReport], expected: int) -> None:
    assert exit_of(daily_report(date(2026, 3, 2), jobs)) == expected
