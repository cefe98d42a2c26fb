"""The floor of B-bank: the least that csv and sqlite3 can do for the same rows, nothing checked.

Usage: b_bank_floor.py STATEMENT.csv STORE.db
Each row of an Alipay download becomes a line and its reading, of the same width and with the same
indexes, in one transaction. What memberctl computes is a constant of the same width here; blind
indexes, by which a row is known again, are random bytes. `b_bank` compares what both have written.
"""

from __future__ import annotations

import csv
import random
import sqlite3
import sys
from itertools import islice
from pathlib import Path

from tests.bench.b_floor import insert

AT = "2026-03-02T02:00:00.000000+00:00"
SECTION = bytes(16)
CHUNK = 5_000
NONCE_AND_TAG = 29


def main(statement: str, store: str) -> None:
    """Read the file and write its rows."""
    connection = sqlite3.connect(store, isolation_level=None)
    for pragma in ("foreign_keys=ON", "trusted_schema=OFF", "cell_size_check=ON",
                   "cache_size=-8192", "synchronous=FULL", "secure_delete=ON",
                   "wal_autocheckpoint=0"):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN IMMEDIATE")
    insert(connection, "bank_account", "id,code,method,currency,opened_at,opened_by",
           [(1, "ALIPAY", "alipay", "CNY", AT, 1)])  # fmt: skip
    insert(
        connection, "bank_import",
        "id,account_id,sha256,format,form,read_rows,added,duplicate,skipped,changed,differences,"
        "imported_at,imported_by",
        [(1, 1, "0" * 64, "alipay", "alipay", 0, 0, 0, 0, 0, 0, AT, 1)],
    )  # fmt: skip
    with Path(statement).open(encoding="gb18030", newline="") as file:
        rows = csv.reader(file)
        next(row for row in rows if row and row[0] == "交易时间")
        first = 1
        while chunk := list(islice(rows, CHUNK)):
            write(connection, chunk, first)
            first += len(chunk)
    connection.execute("COMMIT")


def write(connection: sqlite3.Connection, chunk: list[list[str]], first: int) -> None:
    """Write one chunk into both tables."""
    numbered = list(enumerate(chunk, first))
    insert(
        connection, "bank_line",
        "id,account_id,import_id,identity,occurrence,section,booked_on,clock,amount_minor,currency,"
        "external_id,fee,state,details,version",
        [
            (n, 1, 1, random.randbytes(16), 1, SECTION, r[0][:10], r[0][11:19],
             int(r[6].replace(".", "")), "CNY", r[9].strip(), 0, "open",
             bytes(len((r[2] + r[4] + r[8]).encode()) + 17 + NONCE_AND_TAG), 1)
            for n, r in numbered
        ],
    )  # fmt: skip
    insert(
        connection, "bank_reading", "id,line_id,import_id,file_line,digest,sealed",
        [
            (n, n, 1, n, random.randbytes(16), bytes(len(",".join(r).encode()) + NONCE_AND_TAG))
            for n, r in numbered
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
