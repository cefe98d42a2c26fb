"""What is asked of one order or one member is found by an index, however many there are.

SQLite plans without looking at the rows, so an empty store shows what a full one would do.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlmodel import Session

from memberctl.access.term_queries import held_by_source
from memberctl.archive.dossier import _postings, _trail
from memberctl.archive.walking import numbers_of, with_merged
from memberctl.ledger import queries as ledger
from memberctl.ledger.rules import Account
from memberctl.order.queries import hands
from memberctl.review.queries import hands_to_change, live_hands
from memberctl.store.prepared import driver_of

ORDER, MEMBER = "JN-2026-7F3KX", "M-000001"
Ask = Callable[[Session], object]
ASKED: dict[str, Ask] = {
    "hands": lambda session: hands(session, 1),
    "live hands": lambda session: live_hands(session, 1),
    "hands to change": lambda session: hands_to_change(session, 1, ["initial"]),
    "terms by order": lambda session: held_by_source(session, [ORDER], ZoneInfo("Asia/Shanghai")),
    "merged into one": lambda session: numbers_of(session, 1),
    "merged into some": lambda session: with_merged(session, [1, 2]),
    "held by a party": lambda session: ledger.held_by(session, ORDER),
    "balance of a party": lambda session: ledger.balance(session, Account.RECEIVABLE, ORDER),
    "journal of a party": lambda session: ledger.journal(session, party=ORDER),
    "journal of a cause": lambda session: ledger.journal(session, about=ORDER),
    "postings of a member": lambda session: _postings(session, [ORDER, MEMBER]),
    "trail of a member": lambda session: _trail(session, [ORDER, MEMBER]),
}
TABLES = frozenset({"order_hand", "term", "member", "posting", "ledger_entry", "audit"})


def read_through(session: Session, ask: Ask) -> list[str]:
    """Return the steps in which SQLite reads a table that grows with the members to its end."""
    raw, _ = driver_of(session)
    statements: list[str] = []
    raw.set_trace_callback(statements.append)
    try:
        ask(session)
    finally:
        raw.set_trace_callback(None)
    asked = [each for each in statements if not each.startswith("--")]
    assert asked, "nothing was asked"
    plans = [step for sql in asked for *_, step in raw.execute(f"EXPLAIN QUERY PLAN {sql}")]
    return [step for step in plans if step.startswith("SCAN") and step.split()[1] in TABLES]


@pytest.mark.parametrize("engine_kind", ["sqlite"])
@pytest.mark.parametrize("name", ASKED)
def test_what_is_asked_of_one_is_not_sought_among_all(session: Session, name: str) -> None:
    assert read_through(session, ASKED[name]) == []


@pytest.mark.parametrize("engine_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("hands", "ix_order_hand_order_id"),
        ("terms by order", "ix_term_source"),
        ("merged into one", "ix_member_merged_into"),
        ("held by a party", "ix_posting_account_party"),
    ],
)
def test_without_its_index_it_would_be(session: Session, name: str, index: str) -> None:
    session.execute(text(f"DROP INDEX {index}"))
    assert read_through(session, ASKED[name]) != []
