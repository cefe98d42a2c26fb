"""The floor of E: one of several processes that pay at once, by sqlite3 behind the same turnstile.

Usage: e_floor.py STORE.db FIRST COUNT
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import sys
import time

from tests.bench.a4_floor import pay

POLL_SECONDS = 0.002


def main(store: str, first: int, count: int) -> None:
    """Do `count` payments from number `first`, each durable and alone in the store."""
    connection = sqlite3.connect(store, isolation_level=None, timeout=30)
    for pragma in ("foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    for number in range(first, first + count):
        descriptor = os.open(f"{store}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(POLL_SECONDS)
        pay(connection, number)
        os.close(descriptor)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
