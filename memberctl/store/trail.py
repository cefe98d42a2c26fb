"""Reading the audit log: what was done, and whether the chain is whole. Source: rules G1; R16."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, Text, or_, select, type_coerce
from sqlmodel import col

from memberctl.store.audit import FIRST_PREV, link_mac, signed_fields
from memberctl.store.columns import instant_text
from memberctl.store.listing import Listing, listing
from memberctl.store.tables import AuditRow

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
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
    account: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which links are asked for; None is "any".

    about -- an object's number; person -- a staff code, at the keyboard or acted for
    circle -- objects of which the links, or what they tell of, are wanted (see `circle_of`)
    since -- an instant, inclusive; until -- an instant, exclusive
    """

    about: str | None = None
    person: str | None = None
    event: str | None = None
    circle: frozenset[str] | None = None
    since: datetime | None = None
    until: datetime | None = None


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


def list_audit(session: Session, wanted: Wanted, *, limit: int | None = None) -> Listing[AuditLine]:
    """Return the links that match, the newest first."""
    statement = select(
        col(AuditRow.seq),
        col(AuditRow.at),
        col(AuditRow.staff),
        col(AuditRow.login),
        col(AuditRow.command),
        col(AuditRow.event),
        col(AuditRow.object),
        col(AuditRow.facts),
        col(AuditRow.account),
    ).order_by(col(AuditRow.seq).desc())
    matching = statement.where(*_conditions(wanted))
    return listing(session, matching, lambda row: AuditLine(*row), limit)


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.about is not None:
        yield col(AuditRow.object) == wanted.about
    if wanted.person is not None:
        yield or_(col(AuditRow.staff) == wanted.person, col(AuditRow.login) == wanted.person)
    if wanted.event is not None:
        yield col(AuditRow.event) == wanted.event
    if wanted.circle is not None:
        yield or_(col(AuditRow.object).in_(wanted.circle), *map(_tells_of, sorted(wanted.circle)))
    if wanted.since is not None:
        yield col(AuditRow.at) >= wanted.since
    if wanted.until is not None:
        yield col(AuditRow.at) < wanted.until


def circle_of(session: Session, object_: str) -> frozenset[str]:
    """Return an object together with those whose links tell of it, as orders of their member."""
    telling = select(col(AuditRow.object)).where(_tells_of(object_)).distinct()
    return frozenset({object_, *session.execute(telling).scalars()})


def _tells_of(object_: str) -> ColumnElement[bool]:
    """Return the condition that a link's facts hold this number as a value of their own."""
    return col(AuditRow.facts).contains(f'"{object_}"', autoescape=True)


def verify_chain(session: Session, key: bytes, *, to_the_end: bool = False) -> Checked:
    """Follow the chain from its first link and stop at the first that is broken.

    Finds a changed, removed, added or moved row; rows cut off at the end are found only
    against an anchor kept elsewhere.
    to_the_end -- name every broken link; each is judged by what stands before it
    """
    seq, prev = 0, FIRST_PREV
    problems: list[Problem] = []
    while page := _page(session, seq):
        for row in page:
            problem = _broken(row, seq, prev, key)
            if problem is not None:
                problems.append(problem)
                if not to_the_end:
                    return Checked(seq + 1, (problem,), prev.hex())
            seq, prev = row.seq, bytes(row.mac)
    return Checked(seq, tuple(problems), prev.hex())


def _page(session: Session, after: int) -> list[Row[Any]]:
    table = AuditRow.__table__  # type: ignore[attr-defined]
    columns = [column for column in table.columns if column.name != "at"]
    # SQLite's text is what was signed; a damaged one is no instant and could not be parsed.
    sqlite = session.connection().dialect.name == "sqlite"
    at = type_coerce(table.c.at, Text()).label("at") if sqlite else table.c.at
    statement = select(at, *columns).where(table.c.seq > after).order_by(table.c.seq).limit(PAGE)
    return list(session.connection().execute(statement))


def _broken(row: Row[Any], before: int, prev: bytes, key: bytes) -> Problem | None:
    if row.seq != before + 1:
        return Problem("audit.gap", f"link {before + 1}", str(before + 1), str(row.seq))
    if bytes(row.prev) != prev:
        return Problem("audit.order", f"link {row.seq}", prev.hex()[:16], row.prev.hex()[:16])
    fields = (row.login, row.staff, row.command, row.event, row.object, row.facts)
    at = row.at if isinstance(row.at, str) else instant_text(row.at)
    said = signed_fields(row.account, at, *fields)
    mac = link_mac(key, prev, row.seq, said)
    if not hmac.compare_digest(mac, bytes(row.mac)):
        return Problem("audit.content", f"link {row.seq}", mac.hex()[:16], row.mac.hex()[:16])
    return None
