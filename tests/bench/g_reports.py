"""G: reports over many orders and payments, beside the same sums by sqlite3 alone."""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from tests.bench.ground import PYTHON, report, rows_wanted, seeded_store, spend

FLOOR = Path(__file__).with_name("g_floor.py")
IDLE = ("branch", "list", "--format", "json")
REPORTS = {
    "balance": ("ledger", "balance", "--format", "json"),
    "month": ("ledger", "statement", "--month", "2026-02", "--format", "json"),
    "year": ("ledger", "statement", "--year", "2026", "--format", "json"),
}
FIRST, DAYS = date(2023, 3, 1), 1_096
AT = "2026-01-05T02:00:00.000000+00:00"
METHODS = ("cash", "card", "wechat", "alipay", "bank")
TIMES = 3


def fill(store: Path, count: int) -> None:
    """Write the books of `count` orders: each is owed, then paid, over three years."""
    days = [(FIRST + timedelta(days=n)).isoformat() for n in range(DAYS)]
    connection = sqlite3.connect(store)
    connection.execute("PRAGMA journal_mode=OFF")
    connection.executemany(
        "INSERT INTO ledger_entry (id,at,value_on,event,about) VALUES (?,?,?,?,?)",
        _entries(days, count),
    )
    connection.executemany(
        "INSERT INTO posting (entry_id,line,account,party,amount_minor,currency)"
        " VALUES (?,?,?,?,?,'CNY')", _postings(count),
    )  # fmt: skip
    connection.commit()
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def _entries(days: list[str], count: int) -> Iterator[tuple[object, ...]]:
    for n in range(count):
        on = days[n * DAYS // count]
        yield 2 * n + 1, AT, on, "order.confirmed", f"JN-{n}"
        yield 2 * n + 2, AT, on, "payment.recorded", f"JN-{n}"


def _postings(count: int) -> Iterator[tuple[object, ...]]:
    for n in range(count):
        party, amount = f"JN-{n}", 10_000 + n % 997
        yield 2 * n + 1, 1, "receivable", party, amount
        yield 2 * n + 1, 2, "unearned_fees", party, -amount
        yield 2 * n + 2, 1, METHODS[n % len(METHODS)], None, amount
        yield 2 * n + 2, 2, "receivable", party, -amount


def answer(command: list[str], environ: dict[str, str]) -> object:
    """Return what a command prints as JSON."""
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def same_sums(store: Path, environ: dict[str, str]) -> None:
    """Make sure that both count the same."""
    ours = answer([PYTHON, "-m", "memberctl", *REPORTS["balance"]], environ)
    theirs = answer([PYTHON, str(FLOOR), str(store), "balance"], environ)
    assert isinstance(ours, dict) and isinstance(theirs, list)
    told = {row["account"]: row["balance"]["amount"] for row in ours["data"]}
    assert told == {account: f"{minor / 100:.2f}" for account, _, minor in theirs}, (told, theirs)


def main() -> None:
    """Measure each report and its floor in turn; the start of each process is taken off."""
    rows = rows_wanted(1_000_000)
    with seeded_store() as (store, environ):
        environ["PYTHONDONTWRITEBYTECODE"] = ""
        fill(store, rows)
        same_sums(store, environ)
        for job, argv in REPORTS.items():
            ours, floor = [], []
            for _ in range(TIMES):
                idle = spend([PYTHON, "-m", "memberctl", *IDLE], environ).cpu
                ours.append(spend([PYTHON, "-m", "memberctl", *argv], environ).cpu - idle)
                start = spend([PYTHON, str(FLOOR), str(store), "nothing"], environ).cpu
                floor.append(spend([PYTHON, str(FLOOR), str(store), job], environ).cpu - start)
            said = f"ledger {job}, {rows} orders and payments"
            report("G", said, statistics.median(ours), statistics.median(floor), None)


if __name__ == "__main__":
    main()
