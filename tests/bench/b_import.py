"""B: `application import`, beside csv and executemany into the same tables and indexes."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from tests.bench.ground import (
    PYTHON,
    copy_store,
    report,
    rows_wanted,
    seeded_store,
    spend,
    write_applications,
)

FLOOR = Path(__file__).with_name("b_floor.py")


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
            copy_store(store, target)
            floor.append(spend([PYTHON, str(FLOOR), str(people), str(target)], environ))
    times = statistics.median(one.cpu for one in ours), statistics.median(one.cpu for one in floor)
    report("B", f"import of {rows} applications", *times, 2.5)
    peak = max(one.peak for one in ours)
    print(f"peak memory {peak:.0f} MiB", file=sys.stderr)


if __name__ == "__main__":
    main()
