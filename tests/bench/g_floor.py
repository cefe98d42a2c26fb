"""The floor of G: the same sums of the same store by one statement of sqlite3 each.

Usage: g_floor.py STORE.db balance|month|year|nothing; prints what it found as JSON.
"""

from __future__ import annotations

import json
import sqlite3
import sys

BALANCE = """
    SELECT account, currency, sum(amount_minor) FROM posting GROUP BY account, currency
"""
MONTHS = """
    SELECT p.account, substr(e.value_on, 1, 7), p.currency, sum(max(p.amount_minor, 0)),
        sum(min(p.amount_minor, 0))
    FROM posting p JOIN ledger_entry e ON e.id = p.entry_id
    WHERE e.value_on <= ? GROUP BY 1, 2, 3
"""
ASKED: dict[str, tuple[str, tuple[str, ...]]] = {
    "balance": (BALANCE, ()),
    "month": (MONTHS, ("2026-02-31",)),
    "year": (MONTHS, ("2026-12-31",)),
}


def main(store: str, job: str) -> None:
    """Ask for one report's sums, or only open the store, so that both starts can be taken off."""
    connection = sqlite3.connect(store, isolation_level=None)
    connection.execute("PRAGMA cache_size=-32768")
    found = [] if job == "nothing" else connection.execute(*ASKED[job]).fetchall()
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
