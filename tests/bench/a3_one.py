"""A3: one read and one write as processes, beside another program's list of an empty library."""

from __future__ import annotations

import shutil
import statistics
import sys
from pathlib import Path

from tests.bench.confirmed import confirmed_orders, total_of
from tests.bench.ground import PYTHON, report, seeded_store
from tests.spending import spend

TIMES = 5


def main() -> None:
    """Measure `member show` and `payment record`: what a person waits for at the desk."""
    peer = Path(sys.executable).with_name("beet")
    found = str(peer) if peer.exists() else shutil.which("beet")
    floor = [found, "ls"] if found else [PYTHON, "-c", "import sqlite3"]
    with seeded_store() as (store, environ):
        environ["PYTHONDONTWRITEBYTECODE"] = ""
        numbers = confirmed_orders(store, environ, TIMES)
        peers, reads, writes = [], [], []
        for number in numbers:
            price = total_of(environ, number)
            paid = ["payment", "record", number, price, "--method", "cash"]
            peers.append(spend(floor, environ).cpu)
            reads.append(spend([PYTHON, "-m", "memberctl", "member", "show", "M-1"], environ).cpu)
            writes.append(spend([PYTHON, "-m", "memberctl", *paid], environ).cpu)
    name, goal = ("beet ls", 1.0) if found else ("bare Python", None)
    beside = statistics.median(peers)
    report("A3", f"member show beside {name}", statistics.median(reads), beside, goal)
    report("A3", f"payment record beside {name}", statistics.median(writes), beside, goal)


if __name__ == "__main__":
    main()
