"""D and F: `checkin scan -`, beside sqlite3 with the same four statements, at two sizes."""

from __future__ import annotations

import sqlite3
import statistics
from pathlib import Path

from tests.bench.d_members import fill
from tests.bench.ground import PYTHON, copy_store, report, rows_wanted, seeded_store, spend

FLOOR = Path(__file__).with_name("d_floor.py")
SCAN = [PYTHON, "-m", "memberctl", "checkin", "scan", "-", "--branch", "SH01"]
SMALL = 10_000
SCANS = 3_000
ROUNDS = 3


def main() -> None:
    """Measure by the clock, since a commit waits for the disk; start-up is taken off both."""
    large = rows_wanted(1_000_000)
    measured = {size: measure(size) for size in sorted({min(SMALL, large), large})}
    for size, (ours, floor) in measured.items():
        report("D", f"{SCANS} scans at {size} members", ours, floor, 3.0)
    if len(measured) == 1:
        return
    (small_ours, small_floor), (ours, floor) = measured.values()
    report("F", f"growth of D to {large} members", ours / small_ours, floor / small_floor, 1.15)


def measure(size: int) -> tuple[float, float]:
    """Return the median seconds that the scans take by us and by the floor, in turn.

    Each has a copy of its own for all its rounds, and each round members who come for the first
    time.
    """
    with seeded_store() as (store, environ):
        environ["PYTHONDONTWRITEBYTECODE"] = ""
        numbers = fill(store, size)[: ROUNDS * (SCANS + 1)]
        assert len(numbers) == ROUNDS * (SCANS + 1), "each member comes once"
        copies = [store.with_name(name) for name in ("ours.db", "floor.db")]
        for copy in copies:
            copy_store(store, copy)
        commands = (SCAN, [PYTHON, str(FLOOR), str(copies[1])])
        took: tuple[list[float], list[float]] = ([], [])
        for round_ in range(ROUNDS):
            slice_ = numbers[round_ * (SCANS + 1) : (round_ + 1) * (SCANS + 1)]
            for command, copy, times in zip(commands, copies, took, strict=True):
                elsewhere = {**environ, "MEMBERCTL_DB": str(copy)}
                times.append(_apart(command, elsewhere, slice_))
        for copy in copies:
            assert _visits(copy) == len(numbers), "somebody was not let in"
    return statistics.median(took[0]), statistics.median(took[1])


def _apart(command: list[str], environ: dict[str, str], numbers: list[str]) -> float:
    """Return the seconds of all scans but the first, less those of a run with that one alone."""
    first, *rest = (f"{number}\n".encode() for number in numbers)
    start = spend(command, environ, first).wall
    return max(spend(command, environ, b"".join(rest)).wall - start, 1e-6)


def _visits(store: Path) -> int:
    connection = sqlite3.connect(store)
    (count,) = connection.execute("SELECT count(*) FROM visit").fetchone()
    connection.close()
    return int(count)


if __name__ == "__main__":
    main()
