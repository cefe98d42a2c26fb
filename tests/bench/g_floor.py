"""The floor of G: the same reports by DuckDB, which reads the SQLite file in place.

Usage: g_floor.py STORE.db nothing|balance|statement|status
Prints the report's figures as JSON, in minor units.
"""

from __future__ import annotations

import importlib.resources
import json
import sys
from pathlib import Path

import duckdb

BALANCE = """
    SELECT a.code, sum(p.amount_minor) FROM s.posting p
    JOIN s.account a ON a.code = p.account JOIN s.ledger_entry e ON e.id = p.entry_id
    GROUP BY a.code ORDER BY a.code
"""
STATEMENT = """
    SELECT a.code, sum(p.amount_minor) FILTER (e.value_on < '2026-02-01'),
        sum(p.amount_minor) FILTER (e.value_on >= '2026-02-01' AND p.amount_minor > 0),
        sum(p.amount_minor) FILTER (e.value_on >= '2026-02-01' AND p.amount_minor < 0)
    FROM s.posting p JOIN s.account a ON a.code = p.account
    JOIN s.ledger_entry e ON e.id = p.entry_id
    WHERE e.value_on <= '2026-02-28' GROUP BY a.code ORDER BY a.code
"""
INCOME = """
    SELECT left(e.value_on, 7), -sum(p.amount_minor) FROM s.posting p
    JOIN s.account a ON a.code = p.account JOIN s.ledger_entry e ON e.id = p.entry_id
    WHERE a.kind = 'income' GROUP BY ALL ORDER BY ALL
"""
QUEUES = """
    SELECT state, count(*), sum(total_minor) FROM s.orders GROUP BY state ORDER BY state
"""
TAKINGS = """
    SELECT method, count(*), sum(amount_minor) FROM s.payment
    WHERE received_at >= '2026-03-01T16:00' AND received_at < '2026-03-02T16:00'
    GROUP BY method ORDER BY method
"""
UNVERIFIED = "SELECT count(*), sum(amount_minor) FROM s.payment WHERE state = 'recorded'"
OWED = "SELECT sum(amount_minor) FROM s.posting WHERE account = 'receivable'"
REPORTS = {
    "nothing": (),
    "balance": (BALANCE,),
    "statement": (STATEMENT, INCOME),
    "status": (QUEUES, TAKINGS, UNVERIFIED, OWED),
}


def main(store: str, report: str) -> None:
    """Attach the file, and ask."""
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    connection.execute(f"LOAD '{extension()}'")
    connection.execute(f"ATTACH '{store}' AS s (TYPE sqlite, READ_ONLY)")
    found = [connection.execute(sql).fetchall() for sql in REPORTS[report]]
    print(json.dumps(found))


def extension() -> Path:
    """Return the file with which DuckDB reads SQLite's."""
    package = importlib.resources.files("duckdb_extension_sqlite_scanner")
    (found,) = Path(str(package)).rglob("*.duckdb_extension")
    return found


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
