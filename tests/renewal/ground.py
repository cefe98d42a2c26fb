"""Members with terms, written as rows: reminders are tried on many of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from memberctl.access.tables import Term
from memberctl.store.bulk import insert_rows
from memberctl.store.engine import Store
from memberctl.store.tables import Counter
from tests.access.conftest import member_row
from tests.program import Program

AT = datetime(2025, 1, 5, tzinfo=UTC)
TERM_COLUMNS = (
    "id", "member_id", "plan_version_id", "tier_version_id", "product", "source", "start_on",
    "end_on", "anchor_on", "granted_at", "version",
)  # fmt: skip


def with_terms(memberctl: Program, ends: Iterable[date], *, email: bool = True) -> None:
    """Give member 1, 2, ... a year's term that ends on each of these days.

    Their orders are not there: what is tried does not look at them.
    """
    with Store(memberctl.location).writing() as session:
        rows = []
        for number, end_on in enumerate(ends, start=1):
            member = member_row(number, AT)
            member.email = f"m{number}@example.com" if email else None
            session.add(member)
            start_on = end_on - timedelta(days=364)
            rows.append((number, number, 1, 1, "membership", f"JN-{number}", start_on, end_on,
                         start_on, AT, 1))  # fmt: skip
        session.flush()
        insert_rows(session, Term, TERM_COLUMNS, rows)
        for name in ("member", "term"):
            session.add(Counter(name=name, value=len(rows)))
        session.commit()


def new_term(memberctl: Program, member: int, end_on: date, term: int, days: int = 365) -> None:
    """Give a member another term, as a renewal would."""
    with Store(memberctl.location).writing() as session:
        start_on = end_on - timedelta(days=days - 1)
        row = (term, member, 1, 1, "membership", f"RN-{term}", start_on, end_on, start_on, AT, 1)
        insert_rows(session, Term, TERM_COLUMNS, [row])
        session.commit()
