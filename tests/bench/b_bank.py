"""B-bank: `bank import`, beside csv and executemany into the same tables and indexes."""

from __future__ import annotations

import statistics
import sys
from datetime import datetime, timedelta
from pathlib import Path

from tests.bank.texts import alipay, alipay_row
from tests.bench.b_import import refuse_unfair, written
from tests.bench.ground import PYTHON, copy_store, report, rows_wanted, seeded_store
from tests.spending import spend

FLOOR = "tests.bench.b_bank_floor"
TABLES = ("bank_line", "bank_reading")


def write_statement(path: Path, count: int) -> None:
    """Write an Alipay download of `count` payments, each with its own number and instant.

    Line by line: a child's peak memory counts from what its parent had.
    """
    at = datetime(2026, 1, 1)
    with path.open("wb") as file:
        file.write(alipay())
        for n in range(count):
            row = alipay_row(
                f"2026{n:024d}", f"{1 + n % 900}.{n % 100:02d}", at=f"{at}", name=f"*{n % 5000}",
                what=f"年卡 {n}",
            )  # fmt: skip
            file.write(f"{row}\n".encode("gb18030"))
            at += timedelta(seconds=37)


def main() -> None:
    """Import the same file by both, in turn, each into a fresh copy of the same store."""
    rows = rows_wanted(100_000)
    with seeded_store() as (store, environ):
        environ["PYTHONDONTWRITEBYTECODE"] = ""
        statement = store.with_name("alipay.csv")
        write_statement(statement, rows)
        target = store.with_name("copy.db")
        line = ("bank", "import", str(statement), "--account", "ALIPAY", "--quiet")
        ours, floor = [], []
        for _ in range(3):
            copy_store(store, target)
            environ["MEMBERCTL_DB"] = str(target)
            ours.append(spend([PYTHON, "-m", "memberctl", *line], environ))
            ours_written = written(target, TABLES)
            copy_store(store, target)
            floor.append(spend([PYTHON, "-m", FLOOR, str(statement), str(target)], environ))
            refuse_unfair(ours_written, written(target, TABLES))
    times = statistics.median(one.cpu for one in ours), statistics.median(one.cpu for one in floor)
    report("B-bank", f"import of a statement of {rows} rows", *times, None)
    peak = max(one.peak for one in ours)
    print(f"peak memory {peak:.0f} MiB", file=sys.stderr)


if __name__ == "__main__":
    main()
