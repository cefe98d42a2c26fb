"""Reading the audit log: what was done, and whether the chain is whole. Source: rules G1; R16."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, select
from sqlmodel import col

from memberctl.store.audit import FIRST_PREV, link_mac
from memberctl.store.columns import instant_text
from memberctl.store.listing import Listing, listing
from memberctl.store.tables import AuditRow

if TYPE_CHECKING:
    from sqlmodel import Session

PAGE = 5_000


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One link as it is shown. facts -- canonical JSON."""

    seq: int
    at: datetime
    staff: str
    login: str
    command: str
    event: str
    object: str
    facts: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it must be."""

    rule: str
    object: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Checked:
    """checked -- how many things were looked at; problems -- those that are wrong; head -- the
    newest link's signature, to be kept elsewhere."""

    checked: int
    problems: tuple[Problem, ...]
    head: str


def list_audit(
    session: Session,
    *,
    about: str | None = None,
    staff: str | None = None,
    event: str | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> Listing[AuditLine]:
    """Return the links that match, the newest first. since -- an instant, inclusive."""
    statement = select(
        col(AuditRow.seq),
        col(AuditRow.at),
        col(AuditRow.staff),
        col(AuditRow.login),
        col(AuditRow.command),
        col(AuditRow.event),
        col(AuditRow.object),
        col(AuditRow.facts),
    ).order_by(col(AuditRow.seq).desc())
    for column, wanted in (
        (AuditRow.object, about),
        (AuditRow.staff, staff),
        (AuditRow.event, event),
    ):
        if wanted is not None:
            statement = statement.where(col(column) == wanted)
    if since is not None:
        statement = statement.where(col(AuditRow.at) >= since)
    return listing(session, statement, lambda row: AuditLine(*row), limit)


def verify_chain(session: Session, key: bytes) -> Checked:
    """Follow the chain from its first link and stop at the first that is broken.

    Finds a changed, removed, added or moved row; rows cut off at the end are found only
    against an anchor kept elsewhere.
    """
    seq, prev = 0, FIRST_PREV
    while page := _page(session, seq):
        for row in page:
            problem = _broken(row, seq, prev, key)
            if problem is not None:
                return Checked(seq + 1, (problem,), prev.hex())
            seq, prev = row.seq, bytes(row.mac)
    return Checked(seq, (), prev.hex())


def _page(session: Session, after: int) -> list[Row[Any]]:
    table = AuditRow.__table__  # type: ignore[attr-defined]
    statement = select(table).where(table.c.seq > after).order_by(table.c.seq).limit(PAGE)
    return list(session.connection().execute(statement))


def _broken(row: Row[Any], before: int, prev: bytes, key: bytes) -> Problem | None:
    if row.seq != before + 1:
        return Problem("audit.gap", f"link {before + 1}", str(before + 1), str(row.seq))
    if bytes(row.prev) != prev:
        return Problem("audit.order", f"link {row.seq}", prev.hex()[:16], row.prev.hex()[:16])
    fields = (instant_text(row.at), row.login, row.staff, row.command, row.event, row.object)
    mac = link_mac(key, prev, row.seq, (*fields, row.facts))
    if not hmac.compare_digest(mac, bytes(row.mac)):
        return Problem("audit.content", f"link {row.seq}", mac.hex()[:16], row.mac.hex()[:16])
    return None
