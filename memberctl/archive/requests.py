"""Somebody asks to look at an archived order, somebody else allows it, every look is recorded.

Source: rules G4, O2; mission S3.12.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col, select

from memberctl.archive.access import (
    STEPS,
    AccessLine,
    AccessState,
    refuse_own,
    refuse_view,
    request_number,
)
from memberctl.archive.tables import ArchivedOrder, ArchiveRequest, ArchiveView, QuarterlyArchive
from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, NotFound
from memberctl.core.machine import step
from memberctl.core.numbering import parse_order_number, parse_serial_number
from memberctl.member.tables import Member
from memberctl.office.queries import policy_number, staff_codes
from memberctl.order.tables import Order
from memberctl.store.audit import note
from memberctl.store.counters import take_one
from memberctl.store.listing import Listing

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Access:
    """A request after a step."""

    number: str
    order: str
    state: AccessState
    until_on: date | None


@dataclass(frozen=True, slots=True)
class Looked:
    """Where the line is that somebody may look at now; views -- how often they have by now."""

    request: str
    order: str
    member: Member
    path: str
    place: int
    sha256: str
    views: int


def request_access(
    session: Session, order_text: str, *, reason: str, by: Actor, at: datetime
) -> Access:
    """Ask to look at an archived order.

    Raises NotFound for an order that is in no archive, Conflict when the same is asked already.
    """
    number = parse_order_number(order_text)
    found = session.execute(
        columns(col(Order.id))
        .join(ArchivedOrder, col(ArchivedOrder.order_id) == col(Order.id))
        .where(col(Order.number) == number)
    ).one_or_none()
    if found is None:
        raise NotFound(f"{number} is in no archive", hint="memberctl archive list")
    waiting = select(ArchiveRequest).where(
        ArchiveRequest.order_id == found[0],
        ArchiveRequest.requested_by == by.staff_id,
        ArchiveRequest.state == AccessState.REQUESTED,
    )
    already = session.exec(waiting).one_or_none()
    if already is not None:
        raise Conflict(f"{request_number(already.id)} asks for it already")
    made = ArchiveRequest(
        id=take_one(session, "archive_request"), order_id=found[0], reason=reason,
        state=AccessState.REQUESTED, requested_by=by.staff_id, requested_at=at,
    )  # fmt: skip
    session.add(made)
    session.flush()
    name = request_number(made.id)
    note(session, "archive.requested", number, by=by, at=at, request=name)
    return Access(name, number, made.state, None)


def decide_access(
    session: Session, text: str, *, verb: str, by: Actor, at: datetime, today: date
) -> Access:
    """Approve or refuse a request of somebody else's.

    verb -- "approve" or "refuse"; an approval holds for as many days as the policy says
    Raises NotFound, NotPermitted for one's own, RuleRefused when it is decided.
    """
    request, order, _, _ = _request_to_change(session, text)
    number = request_number(request.id)
    refuse_own(by, request.requested_by, number)
    days = policy_number(session, "archive_access_days")
    request.state = step(STEPS, request.state, verb, number)
    request.decided_by, request.decided_at = by.staff_id, at
    if request.state is AccessState.APPROVED:
        request.until_on = today + timedelta(days=days)
    session.flush()
    note(session, f"archive.{request.state}", order.number, by=by, at=at, request=number)
    return Access(number, order.number, request.state, request.until_on)


def record_view(session: Session, text: str, *, by: Actor, at: datetime, today: date) -> Looked:
    """Record that somebody looks, before they do, and return where.

    Raises NotFound, NotPermitted for another's request, RuleRefused unless it is approved and in
    time.
    """
    request, order, archived, archive = _request_to_change(session, text)
    number = request_number(request.id)
    refuse_view(number, request.state, request.until_on, request.requested_by, by, today)
    session.add(
        ArchiveView(
            id=take_one(session, "archive_view"), request_id=request.id, viewed_at=at,
            viewed_by=by.staff_id,
        )
    )  # fmt: skip
    session.flush()
    note(session, "archive.viewed", order.number, by=by, at=at, request=number)
    counted = columns(func.count()).where(col(ArchiveView.request_id) == request.id)
    member = session.get_one(Member, order.member_id)
    session.expunge(member)  # Its key opens the line after the transaction, a dry one too.
    return Looked(
        number, order.number, member, archive.path,
        archived.place, archived.sha256, int(session.scalar(counted) or 0),
    )  # fmt: skip


def _request_to_change(
    session: Session, text: str
) -> tuple[ArchiveRequest, Order, ArchivedOrder, QuarterlyArchive]:
    id_ = parse_serial_number(text, "AR")
    found = session.exec(
        select(ArchiveRequest).where(ArchiveRequest.id == id_).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound(
            f"there is no request {request_number(id_)}", hint="memberctl archive requests"
        )
    archived = session.get_one(ArchivedOrder, found.order_id)
    archive = session.get_one(QuarterlyArchive, archived.archive_id)
    return found, session.get_one(Order, found.order_id), archived, archive


def list_requests(
    session: Session, *, state: AccessState | None, limit: int | None
) -> Listing[AccessLine]:
    """Return requests to look, the newest first; state -- None for all."""
    wanted = select(ArchiveRequest).order_by(col(ArchiveRequest.id).desc())
    if state is not None:
        wanted = wanted.where(ArchiveRequest.state == state)
    rows = session.exec(wanted).all()
    shown = rows if limit is None else rows[:limit]
    people = staff_codes(
        session, [each for row in shown for each in (row.requested_by, row.decided_by) if each]
    )
    orders = {
        order_id: (number, quarter)
        for order_id, number, quarter in session.execute(
            columns(col(Order.id), col(Order.number), col(QuarterlyArchive.quarter))
            .join(ArchivedOrder, col(ArchivedOrder.order_id) == col(Order.id))
            .join(QuarterlyArchive, col(QuarterlyArchive.id) == col(ArchivedOrder.archive_id))
            .where(col(Order.id).in_([row.order_id for row in shown]))
        )
    }
    counted = columns(col(ArchiveView.request_id), func.count())
    counted = counted.group_by(col(ArchiveView.request_id))
    views = {row[0]: int(row[1]) for row in session.execute(counted)}
    lines = [
        AccessLine(
            number=request_number(row.id),
            order=orders[row.order_id][0],
            quarter=orders[row.order_id][1],
            state=row.state,
            reason=row.reason,
            requested_by=people[row.requested_by],
            requested_at=row.requested_at,
            decided_by=people.get(row.decided_by) if row.decided_by else None,
            until_on=row.until_on,
            views=views.get(row.id, 0),
        )
        for row in shown
    ]
    return Listing(lines, len(rows))
