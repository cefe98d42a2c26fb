"""What must always be true of statements: rules for `db check`, and whether sealed rows open.

Source: reliability.md "Invariants", R15; rules M15.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import select as columns
from sqlmodel import col

from memberctl.bank.rules import line_number
from memberctl.bank.sealed import details_of, digest_of, reading_of
from memberctl.bank.tables import BankLine, BankReading
from memberctl.core.errors import IntegrityFailure
from memberctl.ledger.rules import Problem

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.keys import Keys

BATCH = 5_000


def broken_rows(session: Session, keys: Keys) -> Iterator[Problem]:
    """Return the lines and readings that do not open in their place, or read otherwise."""
    lines = columns(col(BankLine.id), col(BankLine.details)).where(
        col(BankLine.details).is_not(None)
    )
    for line_id, details in session.execute(lines).yield_per(BATCH):
        try:
            details_of(keys, line_id, details)
        except IntegrityFailure:
            yield _closed(line_id, "details")
    readings = columns(
        col(BankReading.id), col(BankReading.line_id), col(BankReading.sealed),
        col(BankReading.digest),
    ).where(col(BankReading.sealed).is_not(None))  # fmt: skip
    for reading_id, line_id, sealed, digest in session.execute(readings).yield_per(BATCH):
        try:
            raw = reading_of(keys, reading_id, sealed)
        except IntegrityFailure:
            yield _closed(line_id, "reading")
            continue
        if digest_of(keys, raw) != bytes(digest):
            yield Problem("field_index", line_number(line_id), "the digest of its text", "another")


def _closed(line_id: int, what: str) -> Problem:
    return Problem(
        "field_opens", f"{line_number(line_id)} {what}", "opens in its place", "does not"
    )
