"""B: `application import`, beside csv and executemany into the same tables and indexes."""

from __future__ import annotations

import sqlite3
import statistics
from collections.abc import Sequence
from pathlib import Path

from tests.bench.ground import (
    PYTHON,
    copy_store,
    report,
    rows_wanted,
    seeded_store,
    write_applications,
)
from tests.spending import spend

MOST_MEMORY = 150  # MB that an import may take at most, however long the file is.
MEBIBYTE = 1 << 20
FLOOR = Path(__file__).with_name("b_floor.py")
TABLES = (
    "member", "identity_document", "orders", "order_line", "consent", "order_hand", "audit",
)  # fmt: skip


def written(store: Path, tables: Sequence[str] = TABLES) -> dict[str, tuple[int, int]]:
    """Return what each table of an import holds: its rows, and the bytes of all their columns."""
    connection = sqlite3.connect(store)
    found = {}
    for table in tables:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        widths = "+".join(f"coalesce(length(cast({column} AS BLOB)),0)" for column in columns)
        found[table] = connection.execute(f"SELECT count(*),sum({widths}) FROM {table}").fetchone()
    connection.close()
    return found


def refuse_unfair(ours: dict[str, tuple[int, int]], floor: dict[str, tuple[int, int]]) -> None:
    """Stop when the floor has not written as many rows as we, of the same bytes to 1 percent."""
    for table, (rows, size) in ours.items():
        assert rows == floor[table][0], f"{table}: {rows} rows beside {floor[table][0]}"
        assert 0.99 < size / floor[table][1] < 1.01, f"{table}: {size} beside {floor[table][1]}"


def main() -> None:
    """Import the same file by both, in turn, each into a fresh copy of the same store."""
    rows = rows_wanted(100_000)
    with seeded_store() as (store, environ):
        environ["PYTHONDONTWRITEBYTECODE"] = ""
        people = store.with_name("applications.csv")
        write_applications(people, rows)
        target = store.with_name("copy.db")
        command = [PYTHON, "-m", "memberctl", "application", "import", str(people), "--quiet"]
        ours, floor = [], []
        for _ in range(3):
            copy_store(store, target)
            ours.append(spend(command, {**environ, "MEMBERCTL_DB": str(target)}))
            ours_written = written(target)
            copy_store(store, target)
            floor.append(spend([PYTHON, str(FLOOR), str(people), str(target)], environ))
            refuse_unfair(ours_written, written(target))
    times = statistics.median(one.cpu for one in ours), statistics.median(one.cpu for one in floor)
    report("B", f"import of {rows} applications", *times, 2.5)
    peak = max(one.peak for one in ours) * MEBIBYTE / 1e6
    report("B", f"the same: peak memory in MB, of {MOST_MEMORY}", peak, MOST_MEMORY, 1.0)


if __name__ == "__main__":
    main()
