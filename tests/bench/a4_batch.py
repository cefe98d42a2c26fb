"""A4: `memberctl batch` with many reads and many payments, beside sqlite3 alone."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.bench.confirmed import confirmed_orders, run
from tests.bench.ground import PYTHON, copy_store, report, rows_wanted, seeded_store
from tests.spending import spend

FLOOR = Path(__file__).with_name("a4_floor.py")
BATCH = [PYTHON, "-m", "memberctl", "batch"]


def main() -> None:
    """Measure by the clock, since a commit waits for the disk; start-up is taken off both."""
    count = min(rows_wanted(500), 5_000)
    with seeded_store() as (store, environ):
        environ["PYTHONDONTWRITEBYTECODE"] = ""
        numbers = confirmed_orders(store, environ, count)
        reads = "\n".join(f"member show M-{n:06d}" for n in range(1, count + 1))
        totals = totals_of(environ)
        pays = "\n".join(
            f"payment record {number} {totals[number]} --method cash" for number in numbers
        )
        target = store.with_name("copy.db")
        for job, lines, goal in (("reads", reads, 2.2), ("payments", pays, 3.5)):
            ours, floor = [], []
            for _ in range(3):
                ours.append(_apart(store, target, BATCH, environ, lines))
                plain = [PYTHON, str(FLOOR), job, str(target), str(count)]
                floor.append(_apart(store, target, plain, environ, ""))
            report("A4", f"batch of {count} {job}", statistics.median(ours),
                   statistics.median(floor), goal)  # fmt: skip


def totals_of(environ: dict[str, str]) -> dict[str, str]:
    """Return what each order costs."""
    listed = run(environ, ["order", "list", "--fields", "number,total", "--no-header"])
    rows = (line.split("\t") for line in listed.splitlines())
    return {row[0]: row[1] for row in rows}


def _apart(
    store: Path, target: Path, command: list[str], environ: dict[str, str], lines: str
) -> float:
    """Return the seconds of a run on a fresh copy, less those of the same command with no work."""
    copy_store(store, target)
    elsewhere = {**environ, "MEMBERCTL_DB": str(target)}
    idle = "plan list\n" if lines else ""
    nothing = [*command[:-1], "0"] if command[-1].isdigit() else command
    start = spend(nothing, elsewhere, idle.encode()).wall
    return max(spend(command, elsewhere, lines.encode()).wall - start, 1e-6)


if __name__ == "__main__":
    main()
