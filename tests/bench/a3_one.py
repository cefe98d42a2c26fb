"""A3: one read and one write as processes, beside sqlite3 alone in a bare Python."""

from __future__ import annotations

import itertools
import statistics

from tests.bench.ground import PYTHON, report, seeded_store, spend

READ = (
    "import sqlite3,sys;"
    "print(sqlite3.connect(sys.argv[1]).execute('select * from plan').fetchall())"
)
WRITE = (
    "import sqlite3,sys;c=sqlite3.connect(sys.argv[1],isolation_level=None);"
    "c.execute('begin immediate');"
    "c.execute(\"update branch set name=name||'x' where id=1\");c.execute('commit')"
)


def main() -> None:
    """Measure `plan show` and `branch add`: what a person waits for at the desk."""
    with seeded_store() as (store, environ):
        environ["PYTHONDONTWRITEBYTECODE"] = ""
        serial = itertools.count(1)
        read, read_floor, write, write_floor = [], [], [], []
        for _ in range(5):
            read.append(spend([PYTHON, "-m", "memberctl", "plan", "show", "YEAR"], environ).cpu)
            read_floor.append(spend([PYTHON, "-c", READ, str(store)], environ).cpu)
            name = f"X{next(serial)}"
            add = [PYTHON, "-m", "memberctl", "branch", "add", name, "--name", name]
            write.append(spend(add, environ).cpu)
            write_floor.append(spend([PYTHON, "-c", WRITE, str(store)], environ).cpu)
    report("A3", "one read beside sqlite3", statistics.median(read),
           statistics.median(read_floor), None)  # fmt: skip
    report("A3", "one write beside sqlite3", statistics.median(write),
           statistics.median(write_floor), None)  # fmt: skip


if __name__ == "__main__":
    main()
