"""Checks of what one query alone cannot say: steps, local dates, sealed fields.

Source: reliability.md "Invariants"; rules O1, O7, G2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from memberctl.core.dates import local_date, zone
from memberctl.office.queries import organisation
from memberctl.order.rules import STEPS
from memberctl.store.columns import Day, Instant
from memberctl.store.trail import Problem

if TYPE_CHECKING:
    from sqlmodel import Session

BEGINNINGS = frozenset({"submitted", "returned"})
# What only one of the two engines understands, as SQL for each.
STATE_FACT = {
    "sqlite": "json_extract(facts, '$.state')",
    "postgresql": "CAST(facts AS json) ->> 'state'",
}
ACCEPTED_DAY = {
    "sqlite": "substr(q.accepted_at, 1, 10)",
    "postgresql": "CAST(q.accepted_at AT TIME ZONE 'UTC' AS date)",
}
NOTED = """
    WITH noted AS (
        SELECT object, seq, STATE_FACT AS state FROM audit
        WHERE event LIKE 'order.%' OR event IN ('review.approved', 'review.returned')
    ), stepped AS (
        SELECT object, state, LAG(state) OVER (PARTITION BY object ORDER BY seq) AS before,
            LEAD(state) OVER (PARTITION BY object ORDER BY seq) AS after
        FROM noted WHERE state IS NOT NULL
    )
"""
TAKEN = "SELECT before, state, MIN(object) FROM stepped GROUP BY before, state"
LAST = """
    SELECT o.number, s.state, o.state FROM stepped s JOIN orders o ON o.number = s.object
    WHERE s.after IS NULL AND s.state <> o.state
"""
# A local date runs at most one day ahead of UTC, so nothing late is missed.
NEARLY_LATE = """
    SELECT o.number, q.version, q.valid_until, q.accepted_at
    FROM quote q JOIN orders o ON o.id = q.order_id WHERE ACCEPTED_DAY >= q.valid_until
"""


def strange_steps(connection: Connection) -> Iterator[Problem]:
    """Return the steps that orders took and no rule allows, and orders beside their last step.

    What an order went through is read from its links in the audit log (rules O1).
    """
    noted = NOTED.replace("STATE_FACT", STATE_FACT[connection.dialect.name])
    for before, state, number in connection.execute(text(noted + TAKEN)):
        if not _is_allowed(before, state):
            yield Problem("order_step", number, "an allowed step", f"{before} -> {state}")
    for number, last, found in connection.execute(text(noted + LAST)):
        yield Problem("order_state", number, last, found)


def _is_allowed(before: str | None, state: str) -> bool:
    if before is None:
        return state in BEGINNINGS
    return any(start == before and end == state for (start, _), end in STEPS.items())


def accepted_late(session: Session) -> Iterator[Problem]:
    """Return quotes accepted after their last local day without anybody honouring that (O7)."""
    connection = session.connection()
    sql = NEARLY_LATE.replace("ACCEPTED_DAY", ACCEPTED_DAY[connection.dialect.name])
    near = text(sql).columns(valid_until=Day(), accepted_at=Instant())
    tz = zone(organisation(session).zone)
    for number, version, valid_until, accepted_at in connection.execute(near):
        accepted_on = local_date(accepted_at, tz)
        if accepted_on > valid_until and not _honoured(connection, number, version):
            yield Problem("quote_in_time", number, f"by {valid_until}", str(accepted_on))


def _honoured(connection: Connection, number: str, version: int) -> bool:
    noted = connection.execute(
        text("SELECT facts FROM audit WHERE object = :number AND event = 'quote.accepted'"),
        {"number": number},
    )
    facts = [json.loads(row.facts) for row in noted]
    return any(each.get("version") == version and each.get("honoured_by") for each in facts)
