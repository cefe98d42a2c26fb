"""The floor of C: the least that SQLite can do for the same reminders, by one INSERT ... SELECT.

Usage: c_floor.py STORE.db insert|nothing
The same rows go into the same table with the same indexes, and of the terms only their end and
who has renewed is looked at; what the two write is compared by `c_reminders`.
"""

from __future__ import annotations

import sqlite3
import sys

INSERT = """
    INSERT INTO outbox (id, member_id, purpose, category, cause, channel, language, facts, state,
        created_at)
    SELECT row_number() OVER (), t.member_id, 'renewal_reminder', 'transactional',
        'T-' || t.id || '/' || CASE WHEN t.end_on > '2026-03-15' THEN '1m' ELSE '0d' END, 'email',
        'zh', '{"end_on": "' || t.end_on || '", "plan": "年卡"}', 'queued',
        '2026-03-02T02:00:00.000000+00:00'
    FROM term t JOIN member m ON m.id = t.member_id
    WHERE t.voided_at IS NULL AND m.email IS NOT NULL
        AND (t.end_on BETWEEN '2026-02-17' AND '2026-03-02'
            OR t.end_on BETWEEN '2026-03-17' AND '2026-04-02')
        AND NOT EXISTS (SELECT 1 FROM term n WHERE n.member_id = t.member_id
            AND n.voided_at IS NULL AND n.end_on > t.end_on)
"""


def main(store: str, job: str) -> None:
    """Insert the reminders, or only open the store, so that both starts can be taken off."""
    connection = sqlite3.connect(store, isolation_level=None)
    for pragma in ("foreign_keys=ON", "trusted_schema=OFF", "cell_size_check=ON",
                   "cache_size=-32768", "synchronous=FULL", "secure_delete=ON",
                   "wal_autocheckpoint=0"):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN IMMEDIATE")
    if job == "insert":
        connection.execute(INSERT)
    connection.execute("COMMIT")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
