"""D and F: `checkin scan -`, beside sqlite3 with the same four statements, at two sizes."""

from __future__ import annotations

import sqlite3
import statistics
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from tests.bench.d_members import fill
from tests.bench.ground import PYTHON, copy_store, report, rows_wanted, seeded_store
from tests.spending import spend

FLOOR = Path(__file__).with_name("d_floor.py")
SCAN = [PYTHON, "-m", "memberctl", "checkin", "scan", "-", "--branch", "SH01"]
SMALL = 10_000
SCANS = 1_500
ROUNDS = 5


@dataclass(slots=True)
class Place:
    """A store of one size, a copy for us and one for the floor, and what the rounds took."""

    size: int
    environ: dict[str, str]
    numbers: list[str]
    copies: tuple[Path, Path]
    ours: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)


def main() -> None:
    """Measure by the clock, since a commit waits for the disk; start-up is taken off both.

    The sizes take turns within each round, so that a disk that others use as well is as slow for
    one as for the other.
    """
    large = rows_wanted(1_000_000)
    with ExitStack() as stack:
        places = [prepare(stack, size) for size in sorted({min(SMALL, large), large})]
        for round_, place in product(range(ROUNDS), places):
            measure(place, round_)
        for place in places:
            for copy in place.copies:
                assert _visits(copy) == len(place.numbers), "somebody was not let in"
    for place in places:
        job = f"{SCANS} scans at {place.size} members"
        report("D", job, statistics.median(place.ours), statistics.median(place.floor), 3.0)
    if len(places) == 2:
        small, big = places
        growth = [_growth(small.ours, big.ours), _growth(small.floor, big.floor)]
        report("F", f"growth of D to {large} members", growth[0], growth[1], 1.15)


def prepare(stack: ExitStack, size: int) -> Place:
    """Fill a store, and copy it for both."""
    store, environ = stack.enter_context(seeded_store())
    environ["PYTHONDONTWRITEBYTECODE"] = ""
    numbers = fill(store, size)[: ROUNDS * (SCANS + 1)]
    assert len(numbers) == ROUNDS * (SCANS + 1), "each member comes once"
    copies = (store.with_name("ours.db"), store.with_name("floor.db"))
    for copy in copies:
        copy_store(store, copy)
    return Place(size, environ, numbers, copies)


def measure(place: Place, round_: int) -> None:
    """Let members come who have not been there, first to us and then to the floor."""
    numbers = place.numbers[round_ * (SCANS + 1) : (round_ + 1) * (SCANS + 1)]
    mine, plain = place.copies
    environ = {**place.environ, "MEMBERCTL_DB": str(mine)}
    place.ours.append(_apart(SCAN, environ, numbers))
    place.floor.append(_apart([PYTHON, str(FLOOR), str(plain)], environ, numbers))


def _growth(small: list[float], big: list[float]) -> float:
    return statistics.median(b / s for s, b in zip(small, big, strict=True))


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
