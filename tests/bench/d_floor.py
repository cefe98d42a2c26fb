"""The floor of D: a visit by sqlite3 alone, four statements and a durable commit.

Usage: d_floor.py STORE.db < NUMBERS
"""

from __future__ import annotations

import sqlite3
import sys

AT = "2026-03-02T02:00:00.000000+00:00"
MAC = bytes(32)


def main(store: str) -> None:
    """Let in the holder of each card whose number comes, and answer at once."""
    connection = sqlite3.connect(store, isolation_level=None)
    for pragma in ("foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    execute = connection.execute
    (before,) = execute("SELECT coalesce(max(id), 0) FROM visit").fetchone()
    for visit, line in enumerate(sys.stdin, start=before + 1):
        number = line.strip()
        execute("BEGIN IMMEDIATE")
        card, _, member, name = execute(
            "SELECT card.id, state, member_id, name FROM card JOIN member ON member.id = member_id"
            " WHERE number = ?",
            (number,),
        ).fetchone()
        term, _, until = execute(
            "SELECT term.id, start_on, end_on FROM term"
            " JOIN plan_version p ON p.id = plan_version_id"
            " WHERE member_id = ? AND voided_at IS NULL",
            (member,),
        ).fetchone()
        execute(
            "INSERT INTO visit (id, card_id, member_id, term_id, branch_id, ground, visited_at,"
            " visited_on, recorded_by) VALUES (?, ?, ?, ?, 1, 'term', ?, '2026-03-02', 1)",
            (visit, card, member, term, AT),
        )
        execute(
            "INSERT INTO audit (seq, at, account, login, staff, command, event, object, facts,"
            " prev, mac) VALUES (?, ?, 'uid 0', 'owner', 'owner', 'checkin scan',"
            " 'visit.recorded', ?, ?, ?, ?)",
            (visit, AT, f"V-{visit:06d}", f'{{"ground":"term","member":"M-{member:06d}"}}', MAC,
             MAC),
        )  # fmt: skip
        execute("COMMIT")
        print(number, f"M-{member:06d}", "yes", "", f"V-{visit:06d}", name[0], until, sep="\t",
              flush=True)  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
