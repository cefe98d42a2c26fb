"""The floor of B: the least that csv and sqlite3 can do for the same rows, nothing checked.

Usage: b_floor.py APPLICATIONS.csv STORE.db
Every table that an application becomes gets its row, of the same width and with the same indexes,
in one transaction. What memberctl computes is a constant of the same width here, or, where an
index holds it, cheap and as scattered as the real value: blind indexes are random bytes, numbers
of orders jump about. `b_import` compares what both have written, table by table.
"""

from __future__ import annotations

import csv
import os
import random
import sqlite3
import sys
from pathlib import Path

AT = "2026-03-02T02:00:00.000000+00:00"
SEALED = bytes(46)
WRAPPED = bytes(60)
MAC = bytes(32)
ACCOUNT = f"uid {os.getuid()}"
COMMAND = "application import --as-of 2026-03-02T10:00:00+08:00"
FACTS = '{"member":"M-000001","plan":"YEAR","state":"submitted","total_minor":365000}'
PLANS = {"MONTH": (3, "月卡", 39_900), "YEAR": (1, "年卡", 365_000)}
BRANCHES = {"SH01": 1, "BJ01": 2}
CHUNK = 5_000


def main(people: str, store: str) -> None:
    """Read the file and write its rows."""
    connection = sqlite3.connect(store, isolation_level=None)
    for pragma in ("foreign_keys=ON", "trusted_schema=OFF", "cell_size_check=ON",
                   "cache_size=-32768", "synchronous=FULL", "secure_delete=ON",
                   "wal_autocheckpoint=0"):  # fmt: skip
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


def order_number(n: int) -> str:
    """Return another number for each n up to 2 ** 20, as scattered as those of memberctl."""
    return f"JN-2026-{n * 0x9E3B1 % 0x100000:05X}"


def write(connection: sqlite3.Connection, chunk: list[list[str]], first: int) -> None:
    """Write one chunk into every table."""
    ids = range(first, first + len(chunk))
    insert(
        connection, "member",
        "id,name,name_key,phone,phone_typed,email,birth_on,address,language,branch_id,tier_id,"
        "channel,source,external_ref,twin,wrapped_key,registered_at,registered_by,version",
        [
            (n, r[1], r[1], f"+8613{n:09d}", r[2], r[3] or None, r[4], r[6], "zh", BRANCHES[r[9]],
             1, r[8], "import", r[0], 0, WRAPPED, AT, 1, 1)
            for n, r in zip(ids, chunk, strict=True)
        ],
    )  # fmt: skip
    insert(
        connection, "identity_document", "id,member_id,kind,sealed,blind_index",
        [
            (n, n, "resident_id", SEALED, random.randbytes(16))
            for n, r in zip(ids, chunk, strict=True) if r[5]
        ],
    )  # fmt: skip
    wanted = [(n, order_number(n), r, *PLANS[r[7]]) for n, r in zip(ids, chunk, strict=True)]
    insert(
        connection, "orders",
        "id,number,kind,member_id,plan_version_id,state,stage,missing,branch_id,channel,source,"
        "external_ref,total_minor,currency,filed_at,filed_by,received_on,due_on,version",
        [
            (n, number, "join", n, plan, "submitted", "initial", "", BRANCHES[r[9]], r[8],
             "import", r[0], price, "CNY", AT, 1, "2026-03-02", "2026-03-09", 1)
            for n, number, r, plan, _, price in wanted
        ],
    )  # fmt: skip
    insert(
        connection, "order_line", "order_id,line,what,quantity,unit_minor,amount_minor",
        [(n, 1, title, 1, price, price) for n, _, _, _, title, price in wanted],
    )  # fmt: skip
    insert(
        connection, "consent", "order_id,agreement_version_id,agreed_on,recorded_at",
        [(n, 1, r[11], AT) for n, r in zip(ids, chunk, strict=True)],
    )  # fmt: skip
    insert(
        connection, "order_hand", "id,order_id,staff_id,part,at",
        [(n, n, 1, "filing", AT) for n in ids],
    )  # fmt: skip
    noted = [("member.registered", f"M-{n:06d}", "{}") for n in ids]
    noted += [("order.filed", number, FACTS) for _, number, *_ in wanted]
    insert(
        connection, "audit", "seq,at,account,login,staff,command,event,object,facts,prev,mac",
        [
            (seq, AT, ACCOUNT, "owner", "owner", COMMAND, event, about, facts, MAC, MAC)
            for seq, (event, about, facts) in enumerate(noted, 2 * first - 1)
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
