"""C and F: `reminder run` over many terms of which some are due, beside one INSERT ... SELECT."""

from __future__ import annotations

import sqlite3
import statistics
from datetime import date, timedelta
from pathlib import Path

from tests.bench.ground import PYTHON, copy_store, report, rows_wanted, seeded_store
from tests.spending import spend

FLOOR = Path(__file__).with_name("c_floor.py")
REMIND = [PYTHON, "-m", "memberctl", "reminder", "run", "--quiet"]
IDLE = [PYTHON, "-m", "memberctl", "reminder", "run", "--quiet", "--as-of", "2010-01-01"]
SMALL = 10_000
FIRST_END, DAYS = date(2025, 6, 1), 1_700
AT = "2026-01-05T02:00:00.000000+00:00"


def fill(store: Path, count: int) -> None:
    """Write `count` members with a year's term each, whose ends are spread over 1,700 days.

    One in ten has renewed. About 17 in 1,000 are in the window of a step on 2026-03-02.
    """
    ends = [(FIRST_END + timedelta(days=n)).isoformat() for n in range(DAYS)]
    starts = [(FIRST_END + timedelta(days=n - 364)).isoformat() for n in range(DAYS)]
    connection = sqlite3.connect(store)
    connection.execute("PRAGMA journal_mode=OFF")
    connection.executemany(
        "INSERT INTO member (id,name,name_key,phone,email,language,branch_id,tier_id,channel,twin,"
        "registered_at,registered_by,version) VALUES (?,?,?,?,?,'zh',1,1,'web',0,?,1,1)",
        ((n, f"会员{n}", f"会员{n}", f"+8613{n:09d}", f"m{n}@example.com", AT)
         for n in range(1, count + 1)),
    )  # fmt: skip
    rows = [(n, n, n * 7919 % DAYS) for n in range(1, count + 1)]
    rows += [(count + k, member, (place + 365) % DAYS)
             for k, (_, member, place) in enumerate(rows[::10], start=1)]  # fmt: skip
    connection.executemany(
        "INSERT INTO term (id,member_id,plan_version_id,tier_version_id,product,source,start_on,"
        "end_on,anchor_on,granted_at,version) VALUES (?,?,1,1,'membership',?,?,?,?,?,1)",
        ((id_, member, f"JN-{id_}", starts[place], ends[place], starts[place], AT)
         for id_, member, place in rows),
    )  # fmt: skip
    connection.commit()
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def queued(store: Path) -> list[tuple[object, ...]]:
    """Return what the outbox holds, without its numbers."""
    connection = sqlite3.connect(store)
    found = connection.execute(
        "SELECT member_id, purpose, category, cause, channel, language, facts, state FROM outbox"
        " ORDER BY member_id, cause"
    ).fetchall()
    connection.close()
    return found


def cpu(command: list[str], environ: dict[str, str]) -> float:
    return spend(command, environ).cpu


def main() -> None:
    """Measure both in turn on fresh copies; the start of each process is taken off.

    It is not for F: of the job at 10,000 terms more than half is fixed, and hides in the start.
    """
    large = rows_wanted(1_000_000)
    whole = [measure(size) for size in sorted({min(SMALL, large), large})]
    if len(whole) == 2:
        growth = [big / small for small, big in zip(*whole, strict=True)]
        report("F", f"growth of C to {large} terms, whole processes", *growth, 1.15)


def measure(size: int) -> tuple[float, float]:
    """Measure a first and a second run over `size` terms; return our and the floor's whole time."""
    with seeded_store() as (store, environ):
        environ["PYTHONDONTWRITEBYTECODE"] = ""
        fill(store, size)
        connection = sqlite3.connect(store)
        connection.execute(
            "INSERT INTO policy (key, value, changed_at, changed_by)"
            " VALUES ('reminder_channels', 'email', ?, 1)", (AT,),
        )  # fmt: skip
        connection.commit()
        connection.close()
        target = store.with_name("copy.db")
        here = {**environ, "MEMBERCTL_DB": str(target)}
        first, second, floor, whole, plain = [], [], [], [], []
        for _ in range(3):
            copy_store(store, target)
            idle = cpu(IDLE, here)
            whole.append(cpu(REMIND, here))
            first.append(whole[-1] - idle)
            ours = queued(target)
            second.append(cpu(REMIND, here) - idle)
            copy_store(store, target)
            start = cpu([PYTHON, str(FLOOR), str(target), "nothing"], here)
            plain.append(cpu([PYTHON, str(FLOOR), str(target), "insert"], here))
            floor.append(plain[-1] - start)
            theirs = queued(target)
            assert ours == theirs, f"{len(ours)} reminders beside {len(theirs)} of the floor"
        least = statistics.median(floor)
        due = f"{size} terms, {len(ours)} due"
        report("C", f"reminder run, {due}", statistics.median(first), least, 3.0)
        report("C", f"a second run, {due}", statistics.median(second), least, 0.5)
    return statistics.median(whole), statistics.median(plain)


if __name__ == "__main__":
    main()
