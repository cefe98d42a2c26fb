"""Orders that are over leave a complete file by quarter: read-only, indexed, sealed.

Each line of the file is one order with everything that hangs on it and what was known of its
member then, sealed under the member's own key: it opens through memberctl alone, and never again
once the member is erased.
Source: rules G3, G4; mission S2.7, S3.12.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.access.tables import Term
from memberctl.archive.access import ArchiveLine, quarter_ends
from memberctl.archive.tables import ArchivedOrder, QuarterlyArchive
from memberctl.archive.walking import hanging_on, rows_by_key
from memberctl.core.actor import Actor
from memberctl.core.dates import at_local_midnight
from memberctl.core.errors import Conflict
from memberctl.core.numbering import member_number
from memberctl.member.sealed import own_key
from memberctl.member.tables import Member
from memberctl.office.queries import staff_codes
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.store.audit import note
from memberctl.store.bulk import insert_rows
from memberctl.store.counters import take_one
from memberctl.store.listing import Listing
from memberctl.store.sealing import seal, unseal

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlmodel import Session

    from memberctl.store.keys import Keys

PLACE = "archive"
OVER = (
    OrderState.FULFILLED, OrderState.CLOSED, OrderState.REJECTED, OrderState.WITHDRAWN,
    OrderState.FORFEITED, OrderState.VOIDED,
)  # fmt: skip
INDEX_COLUMNS = ("order", "member", "kind", "state", "filed_on", "total_minor", "place", "sha256")
_CONTACT = ("name", "phone", "email", "birth_on", "address")


@dataclass(frozen=True, slots=True)
class Filed:
    """One order's line, and what the index says of it."""

    order_id: int
    line: str
    index: tuple[str, ...]


def due_orders(session: Session, quarter: str, zone: ZoneInfo) -> tuple[list[int], int]:
    """Return the orders filed until a quarter's end that are over and not archived, and how many
    are still under way."""
    before = at_local_midnight(quarter_ends(quarter) + timedelta(days=1), zone)
    archived = columns(col(ArchivedOrder.order_id))
    waiting = columns(col(Order.id), col(Order.state)).where(
        col(Order.filed_at) < before, col(Order.id).not_in(archived)
    )
    rows = session.execute(waiting.order_by(col(Order.id))).all()
    due = [order_id for order_id, state in rows if state in OVER]
    return due, len(rows) - len(due)


def filed_orders(
    session: Session, order_ids: Sequence[int], keys: Keys, zone: ZoneInfo
) -> Iterator[Filed]:
    """Yield the line of each order, sealed for its member."""
    for order_id in order_ids:
        order = session.get_one(Order, order_id)
        member = session.get_one(Member, order.member_id)
        record = _record(session, order, member)
        sealed = None
        if member.wrapped_key is not None:
            clear = json.dumps(record, ensure_ascii=False, sort_keys=True, default=_plain)
            said = seal(own_key(keys, member), clear, PLACE, member.id, order.number)
            sealed = base64.b64encode(said).decode()
        number = member_number(member.id)
        line = json.dumps({"order": order.number, "member": number, "sealed": sealed})
        filed_on = order.filed_at.astimezone(zone).date().isoformat()
        yield Filed(
            order_id,
            line + "\n",
            (order.number, number, order.kind, order.state, filed_on, str(order.total_minor)),
        )


def _record(session: Session, order: Order, member: Member) -> dict[str, Any]:
    table = Order.__table__  # type: ignore[attr-defined]
    owned = hanging_on(session, table, [(order.id,)])
    found: dict[str, Any] = {
        each.name: [
            {name: value for name, value in row.items() if not isinstance(value, bytes)}
            for row in rows_by_key(session, each, keys)
        ]
        for each, keys in sorted(owned.items(), key=lambda item: item[0].name)
    }
    terms = session.exec(select(Term).where(Term.source == order.number)).all()
    found["term"] = [
        {"product": term.product, "start_on": term.start_on, "end_on": term.end_on}
        for term in terms
    ]
    found["member"] = [{name: getattr(member, name) for name in _CONTACT}]
    return found


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def opened_line(line: str, number: str, member: Member, keys: Keys) -> dict[str, Any] | None:
    """Return an archived order's record, None when its member was erased since."""
    told = json.loads(line)
    if told["sealed"] is None or member.wrapped_key is None:
        return None
    sealed = base64.b64decode(told["sealed"])
    clear = json.loads(unseal(own_key(keys, member), sealed, PLACE, member.id, number))
    assert isinstance(clear, dict)
    return clear


def record_archive(
    session: Session,
    quarter: str,
    *,
    path: str,
    sha256: str,
    places: Mapping[int, tuple[int, str]],
    by: Actor,
    at: datetime,
) -> None:
    """Record a quarter's file once it is on the disk.

    places -- for each order the byte at which its line begins, and the line's hash
    Raises Conflict when somebody archived the quarter, or one of the orders, meanwhile.
    """
    refuse_archived(session, quarter)
    taken = columns(func.count()).where(col(ArchivedOrder.order_id).in_(list(places)))
    if session.scalar(taken):
        raise Conflict("some of these orders were archived meanwhile; nothing was recorded")
    archive_id = take_one(session, "quarterly_archive")
    session.add(
        QuarterlyArchive(
            id=archive_id, quarter=quarter, path=path, sha256=sha256, orders=len(places),
            made_at=at, made_by=by.staff_id,
        )
    )  # fmt: skip
    session.flush()
    rows = [(order, archive_id, place, digest) for order, (place, digest) in places.items()]
    insert_rows(session, ArchivedOrder, ("order_id", "archive_id", "place", "sha256"), rows)
    note(session, "archive.created", quarter, by=by, at=at, orders=len(places), sha256=sha256)


def refuse_archived(session: Session, quarter: str) -> None:
    """Raise Conflict when a quarter has its archive already."""
    if find_archive(session, quarter) is not None:
        raise Conflict(
            f"{quarter} is archived already; what was left is in the next quarter's",
            hint="memberctl archive list",
        )


def find_archive(session: Session, quarter: str) -> QuarterlyArchive | None:
    """Return a quarter's archive, or None."""
    found = select(QuarterlyArchive).where(QuarterlyArchive.quarter == quarter)
    return session.exec(found).one_or_none()


def list_archives(session: Session) -> Listing[ArchiveLine]:
    """Return the archives, the newest quarter first."""
    rows = session.exec(
        select(QuarterlyArchive).order_by(col(QuarterlyArchive.quarter).desc())
    ).all()
    people = staff_codes(session, [row.made_by for row in rows])
    lines = [
        ArchiveLine(row.quarter, row.orders, row.path, row.sha256, row.made_at, people[row.made_by])
        for row in rows
    ]
    return Listing(lines, len(lines))


def places_in(session: Session, archive_id: int) -> list[tuple[str, int, str]]:
    """Return the number, place and hash of each order in an archive, by place."""
    wanted = (
        columns(col(Order.number), col(ArchivedOrder.place), col(ArchivedOrder.sha256))
        .join(Order, col(Order.id) == col(ArchivedOrder.order_id))
        .where(col(ArchivedOrder.archive_id) == archive_id)
        .order_by(col(ArchivedOrder.place))
    )
    return [(number, place, digest) for number, place, digest in session.execute(wanted)]
