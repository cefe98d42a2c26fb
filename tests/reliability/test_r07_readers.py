"""R7: a reader that stands still keeps no writer waiting and lets no WAL grow."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from memberctl.store.engine import Store
from tests.program import Program

WRITES = 1_500
WAL_LIMIT = 64 * 1024 * 1024
PIPE = 64 * 1024


@pytest.fixture
def long_log(shop: Program) -> Program:
    """A store whose audit log is longer than a pipe holds."""
    lines = "".join(f"policy set review_days {5 + n % 2}\n" for n in range(600))
    assert shop("batch", stdin=lines).exit == 0
    return shop


WIDE = "UPDATE organisation SET name = hex(randomblob(24000))"


def write_and_watch(shop: Program, writes: int, statement: str = WIDE) -> int:
    """Make many transactions of one statement; return the longest the WAL ever was, in bytes."""
    store = Store(shop.location, warm=True)
    wal = Path(f"{shop.location}-wal")
    longest = 0
    for number in range(writes):
        with store.writing() as session:
            session.connection().exec_driver_sql(statement)
            session.commit()
        if number % 50 == 0:
            longest = max(longest, wal.stat().st_size)
    store.close()
    return longest


def test_a_listing_into_a_stopped_pager_lets_the_wal_stay_short(long_log: Program) -> None:
    listing = long_log.start("audit", "log", "--format", "json")
    assert listing.stdout is not None
    assert listing.stdout.read(1) == b"{"  # The rows are fetched, and the pager reads no further.
    try:
        assert write_and_watch(long_log, WRITES) <= WAL_LIMIT
        with pytest.raises(subprocess.TimeoutExpired):
            listing.wait(timeout=0)
    finally:
        rest = listing.stdout.read()
        assert listing.wait(timeout=30) == 0
    assert len(rest) > PIPE


def test_a_reader_that_keeps_its_transaction_open_would_let_the_wal_grow(shop: Program) -> None:
    with Store(shop.location).reading() as session:
        session.connection().exec_driver_sql("SELECT COUNT(*) FROM branch").scalar_one()
        assert write_and_watch(shop, WRITES) > WAL_LIMIT
