"""The floor of A4: the same reads and payments by sqlite3 alone, a durable commit each.

Usage: a4_floor.py reads|payments STORE.db COUNT
"""

from __future__ import annotations

import sqlite3
import sys

AT = "2026-03-02T02:00:00.000000+00:00"
MAC = bytes(32)


def main(job: str, store: str, count: int) -> None:
    """Do `count` of them."""
    connection = sqlite3.connect(store, isolation_level=None)
    for pragma in ("foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    for number in range(1, count + 1):
        (read if job == "reads" else pay)(connection, number)


def read(connection: sqlite3.Connection, number: int) -> None:
    """Read a member with everything that `member show` shows."""
    connection.execute("BEGIN")
    for sql in (
        "SELECT version_num FROM alembic_version",
        "SELECT * FROM organisation",
        "SELECT * FROM staff JOIN staff_role ON staff_id = id WHERE uid = 0",
        "SELECT * FROM member JOIN tier ON tier.id = tier_id WHERE member.id = ?",
        "SELECT * FROM term JOIN plan_version p ON p.id = plan_version_id WHERE member_id = ?",
        "SELECT * FROM card WHERE member_id = ?",
        "SELECT * FROM orders WHERE member_id = ?",
        "SELECT sum(amount_minor) FROM posting WHERE account = 'member_credit' AND party = ?",
        "SELECT * FROM audit WHERE object = ?",
    ):
        connection.execute(sql, (number,) * sql.count("?")).fetchall()
    connection.execute("COMMIT")


def pay(connection: sqlite3.Connection, number: int) -> None:
    """Write every row that a settling payment writes."""
    connection.execute("BEGIN IMMEDIATE")
    execute = connection.execute
    execute("SELECT version_num FROM alembic_version").fetchall()
    execute("SELECT * FROM staff JOIN staff_role ON staff_id = id WHERE uid = 0").fetchall()
    execute("SELECT * FROM orders WHERE id = ?", (number,)).fetchall()
    execute("SELECT sum(applied_minor) FROM payment WHERE order_id = ?", (number,)).fetchall()
    execute(
        "INSERT INTO ledger_entry (id, at, value_on, event, about) VALUES (?, ?, ?, ?, ?)",
        (100_000 + number, AT, "2026-03-02", "payment", str(number)),
    )
    for line, (account, amount) in enumerate((("cash", 365000), ("receivable", -365000)), 1):
        execute(
            "INSERT INTO posting (entry_id, line, account, amount_minor, currency)"
            " VALUES (?, ?, ?, ?, 'CNY')",
            (100_000 + number, line, account, amount),
        )
    execute(
        "INSERT INTO payment (id, order_id, amount_minor, applied_minor, credit_minor, currency,"
        " method, state, received_at, recorded_by, entry_id)"
        " VALUES (?, ?, 365000, 365000, 0, 'CNY', 'cash', 'recorded', ?, 1, ?)",
        (number, number, AT, 100_000 + number),
    )
    execute(
        "INSERT INTO receipt (id, series, year, serial, payment_id, issued_at)"
        " VALUES (?, 'RC', 2026, ?, ?, ?)",
        (number, number, number, AT),
    )
    execute("UPDATE orders SET state = 'fulfilled', version = version + 1 WHERE id = ?", (number,))
    execute(
        "INSERT INTO term (id, member_id, plan_version_id, tier_version_id, product, source,"
        " start_on, end_on, anchor_on, granted_at)"
        " VALUES (?, ?, 1, 1, 'membership', ?, '2026-03-02', '2027-03-01', '2026-03-02', ?)",
        (number, number, f"N{number}", AT),
    )
    for purpose in ("payment_receipt", "welcome"):
        execute(
            "INSERT INTO outbox (id, member_id, purpose, category, cause, channel, language, facts,"
            " state, created_at) VALUES ((SELECT max(id) + 1 FROM outbox), ?, ?, 'transactional',"
            " ?, 'sms', 'zh', '{}', 'queued', ?)",
            (number, purpose, f"P{number}", AT),
        )
    for event in ("payment.recorded", "order.paid", "term.granted", "order.fulfilled"):
        execute(
            "INSERT INTO audit (seq, at, login, staff, command, event, object, facts, prev, mac)"
            " VALUES ((SELECT max(seq) + 1 FROM audit), ?, 'owner', 'owner', 'payment record', ?,"
            " ?, '{}', ?, ?)",
            (AT, event, f"P-{number:06d}", MAC, MAC),
        )
    for name in ("payment", "receipt", "ledger_entry", "term", "outbox"):
        execute("UPDATE counter SET value = value + 1 WHERE name = ?", (name,))
    connection.execute("COMMIT")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
