"""G: each report over many orders and payments, beside DuckDB on the same SQLite file."""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
from pathlib import Path
from typing import Any

from tests.bench.ground import PYTHON, copy_store, report, rows_wanted, seeded_store
from tests.spending import spend

FLOOR = Path(__file__).with_name("g_floor.py")
AT = "2026-03-02T02:00:00.000000+00:00"
REPORTS = {
    "balance": ("ledger", "balance"),
    "statement": ("ledger", "statement", "--month", "2026-02"),
    "status": ("status",),
}
# Two years of days up to the day of the measurement; each tenth order waits for its payment.
DAY = "date('2026-03-02', '-' || (i * 7919 % 731) || ' days')"
PLACES = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
PAID = "FROM n WHERE i % 10 <> 0"
ROWS = (
    f"""INSERT INTO member (id, name, name_key, phone, language, branch_id, tier_id, channel,
        twin, registered_at, registered_by)
    {PLACES} SELECT i, '会员' || i, '会员' || i, '+86' || (13000000000 + i), 'zh', 1, 1, 'store',
        0, :at, 1
        FROM n WHERE i <= max(1, :count / 10)""",
    f"""INSERT INTO orders (id, number, kind, member_id, plan_version_id, state, missing,
        channel, total_minor, currency, filed_at, filed_by, confirmed_on, payment_due_on)
    {PLACES} SELECT i, 'JN-2026-' || i, 'join', 1 + i % max(1, :count / 10), 1,
        CASE i % 10 WHEN 0 THEN 'confirmed' ELSE 'fulfilled' END, '', 'store', 365000, 'CNY',
        {DAY} || 'T02:00:00.000000+00:00', 1, {DAY}, date({DAY}, '+14 days') FROM n""",
    f"""INSERT INTO ledger_entry (id, at, value_on, event, about)
    {PLACES} SELECT i, :at, {DAY}, 'order.confirmed', 'JN-2026-' || i FROM n""",
    f"""INSERT INTO ledger_entry (id, at, value_on, event, about)
    {PLACES} SELECT :count + i, :at, {DAY}, 'payment.recorded', 'P-' || i {PAID}""",
    f"""INSERT INTO ledger_entry (id, at, value_on, event, about)
    {PLACES} SELECT 2 * :count + i, :at, {DAY}, 'fees.earned', 'JN-2026-' || i {PAID}""",
    *(
        f"""INSERT INTO posting (entry_id, line, account, party, amount_minor, currency)
        {PLACES} SELECT {first} + i, {line}, '{account}', {party}, {minor}, 'CNY' {which}"""
        for first, line, account, party, minor, which in (
            ("0", 1, "receivable", "'JN-2026-' || i", 365000, "FROM n"),
            ("0", 2, "unearned_fees", "'JN-2026-' || i", -365000, "FROM n"),
            (":count", 1, "wechat", "NULL", 365000, PAID),
            (":count", 2, "receivable", "'JN-2026-' || i", -365000, PAID),
            ("2 * :count", 1, "unearned_fees", "'JN-2026-' || i", 1000, PAID),
            ("2 * :count", 2, "fee_income", "'JN-2026-' || i", -1000, PAID),
        )
    ),
    f"""INSERT INTO payment (id, order_id, amount_minor, applied_minor, credit_minor, currency,
        method, reference, state, received_at, recorded_by, entry_id, verified_at, verified_by)
    {PLACES} SELECT i, i, 365000, 365000, 0, 'CNY', 'wechat', 'TX' || i, 'verified',
        {DAY} || 'T02:00:00.000000+00:00', 1, :count + i, :at, 2 {PAID}""",
)


def main() -> None:
    """Measure by the clock, since DuckDB uses every core; start-up is taken off both."""
    count = rows_wanted(1_000_000)
    with seeded_store() as (store, environ):
        environ["PYTHONDONTWRITEBYTECODE"] = ""
        empty = store.with_name("empty.db")
        copy_store(store, empty)
        fill(store, count)
        for name, words in REPORTS.items():
            command = [PYTHON, "-m", "memberctl", *words, "--format", "json"]
            plain = [PYTHON, str(FLOOR), str(store), name]
            idle = [*plain[:-1], "nothing"]
            compare(name, data_of(command, environ), json.loads(printed(plain, environ)))
            ours, floor = [], []
            for _ in range(5):
                start = spend(command, {**environ, "MEMBERCTL_DB": str(empty)}).wall
                ours.append(spend(command, environ).wall - start)
                start = spend(idle, environ).wall
                floor.append(spend(plain, environ).wall - start)
            job = f"{' '.join(words)} over {count} orders"
            report("G", job, statistics.median(ours), statistics.median(floor), 1.5)


def fill(store: Path, count: int) -> None:
    """Write orders, their payments and what the books say of them as rows."""
    connection = sqlite3.connect(store)
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA cache_size=-262144")
    for sql in ROWS:
        connection.execute(sql, {"count": count, "at": AT})
    connection.commit()
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def printed(command: list[str], environ: dict[str, str]) -> str:
    done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
    return done.stdout


def data_of(command: list[str], environ: dict[str, str]) -> Any:
    return json.loads(printed(command, environ))["data"]


def compare(name: str, ours: Any, theirs: Any) -> None:
    """Refuse to compare the times of two reports that do not say the same."""
    if name == "balance":
        said = {one["account"]: minor(one["balance"]) for one in ours}
        found = dict(theirs[0])
    elif name == "statement":
        said = {one["account"]: abs(minor(one["closing"])) for one in ours["accounts"]}
        found = {code: abs(sum(part or 0 for part in parts)) for code, *parts in theirs[0]}
        shown = [minor(one["income"]) for one in ours["months"]]
        assert shown == [income for _, income in theirs[1] if _ <= "2026-02"][-len(shown) :]
    else:
        said = {"received": minor(ours["received"]), "owed": minor(ours["owed"])}
        found = {"received": theirs[1][0][2], "owed": theirs[3][0][0]}
    assert said == found, f"{name}: {said} beside {found}"


def minor(money: dict[str, str]) -> int:
    return round(float(money["amount"]) * 100)


if __name__ == "__main__":
    main()
