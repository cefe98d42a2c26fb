"""The floor of B: the least that csv and sqlite3 can do for the same rows, nothing checked.

Usage: b_floor.py APPLICATIONS.csv STORE.db
Every table that an application becomes gets its row, of the same width and with the same indexes,
in one transaction; values that memberctl computes are constants here.
"""

from __future__ import annotations

import csv
import sqlite3
import sys
from pathlib import Path

AT = "2026-03-02T02:00:00.000000+00:00"
SEALED = bytes(46)
WRAPPED = bytes(60)
MAC = bytes(32)
FACTS = '{"plan":"YEAR","state":"submitted"}'
CHUNK = 5_000


def main(people: str, store: str) -> None:
    """Read the file and write its rows."""
    connection = sqlite3.connect(store, isolation_level=None)
    for pragma in ("foreign_keys=ON", "synchronous=FULL", "cache_size=-65536",
                   "wal_autocheckpoint=0", "secure_delete=ON"):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN IMMEDIATE")
    with Path(people).open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        chunk: list[list[str]] = []
        first = 1
        for row in reader:
            chunk.append(row)
            if len(chunk) == CHUNK:
                write(connection, chunk, first)
                first += len(chunk)
                chunk = []
        write(connection, chunk, first)
    connection.execute("COMMIT")


def insert(connection: sqlite3.Connection, table: str, columns: str, rows: list[tuple]) -> None:  # type: ignore[type-arg]
    """Insert rows by one executemany."""
    marks = ",".join("?" * len(columns.split(",")))
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def write(connection: sqlite3.Connection, chunk: list[list[str]], first: int) -> None:
    """Write one chunk into every table."""
    ids = range(first, first + len(chunk))
    insert(
        connection, "member",
        "id,name,name_key,phone,phone_typed,email,birth_on,address,language,branch_id,tier_id,"
        "channel,source,external_ref,twin,wrapped_key,registered_at,registered_by",
        [
            (n, r[1], r[1], r[2], r[2], r[3] or None, r[4], r[6], "zh", 1, 1, r[8], "csv", r[0],
             0, WRAPPED, AT, 1)
            for n, r in zip(ids, chunk, strict=True)
        ],
    )  # fmt: skip
    insert(
        connection, "identity_document", "id,member_id,kind,sealed,blind_index",
        [
            (n, n, "resident_id", SEALED, r[5].encode())
            for n, r in zip(ids, chunk, strict=True) if r[5]
        ],
    )  # fmt: skip
    insert(
        connection, "orders",
        "id,number,kind,member_id,plan_version_id,state,stage,missing,branch_id,channel,source,"
        "external_ref,total_minor,currency,filed_at,filed_by,received_on,due_on",
        [
            (n, f"JN-2026-{n:06d}", "join", n, 1, "submitted", "initial", "", 1, r[8], "csv",
             r[0], 365000, "CNY", AT, 1, "2026-03-02", "2026-03-09")
            for n, r in zip(ids, chunk, strict=True)
        ],
    )  # fmt: skip
    insert(
        connection, "order_line", "order_id,line,what,quantity,unit_minor,amount_minor",
        [(n, 1, "YEAR", 1, 365000, 365000) for n in ids],
    )  # fmt: skip
    insert(
        connection, "consent", "order_id,agreement_version_id,agreed_on,recorded_at",
        [(n, 1, r[11], AT) for n, r in zip(ids, chunk, strict=True)],
    )  # fmt: skip
    insert(
        connection, "order_hand", "id,order_id,staff_id,part,at",
        [(n, n, 1, "filing", AT) for n in ids],
    )  # fmt: skip
    insert(
        connection, "audit", "seq,at,login,staff,command,event,object,facts,prev,mac",
        [
            (2 * n - which, AT, "owner", "owner", "application import", event, about, FACTS, MAC,
             MAC)
            for n in ids
            for which, event, about in (
                (1, "member.registered", f"M-{n:06d}"), (0, "order.filed", f"JN-2026-{n:06d}"),
            )
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
