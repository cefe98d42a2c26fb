"""Members with a term and a card each, written as rows: what D is measured over."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

AT = "2026-03-01T02:00:00.000000+00:00"
MEMBERS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO member (id, name, name_key, phone, language, branch_id, tier_id, channel, twin,
    registered_at, registered_by)
SELECT i, '会员' || i, '会员' || i, '+86' || (13000000000 + i), 'zh', 1 + i % 2, 1, 'store', 0,
    :at, 1
FROM n
"""
TERMS = """
INSERT INTO term (id, member_id, plan_version_id, tier_version_id, product, source, start_on,
    end_on, anchor_on, granted_at)
SELECT id, id, 1, 1, 'membership', 'JN-2026-' || id, '2026-03-01', '2027-02-28', '2026-03-01', :at
FROM member
"""
CARD = """
INSERT INTO card (id, number, member_id, kind, state, handover, issued_at, issued_by)
VALUES (?, ?, ?, 'membership', 'active', 'counter', ?, 1)
"""


def fill(store: Path, count: int) -> list[str]:
    """Write `count` members into a seeded store and return their cards' numbers, shuffled."""
    connection = sqlite3.connect(store)
    numbers = [card_number(1 + serial % 2, serial) for serial in range(1, count + 1)]
    connection.execute(MEMBERS, {"count": count, "at": AT})
    connection.execute(TERMS, {"at": AT})
    connection.executemany(CARD, _cards(numbers))
    connection.executemany(
        "INSERT INTO counter (name, value) VALUES (?, ?)",
        [(name, count) for name in ("member", "term", "card")],
    )
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    random.Random(7).shuffle(numbers)
    return numbers


def _cards(numbers: list[str]) -> Iterator[tuple[int, str, int, str]]:
    return ((serial, number, serial, AT) for serial, number in enumerate(numbers, start=1))


def card_number(branch: int, serial: int) -> str:
    """Return a card's number with its check digit, without the program's own help."""
    body = f"86{branch:04d}{serial:07d}"
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body)))
    return body + str(-sum(value // 10 + value % 10 for value in doubled) % 10)
