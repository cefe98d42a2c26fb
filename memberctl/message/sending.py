"""Messages are claimed in one transaction and marked in another; what is between is not ours.

Each transaction claims one message, so that a sender that dies leaves one in doubt and no more.
Source: rules N2-N4; reliability.md R10; bad inputs 77.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlmodel import and_, col, exists, func, not_, or_, select

from memberctl.core.dates import at_local_midnight
from memberctl.core.holder import Holder, parse_holder
from memberctl.core.machine import step
from memberctl.core.schedules import parse_quiet
from memberctl.message import delivery, queries, wordings
from memberctl.message.delivery import Guarantee, Handed, Outgoing
from memberctl.message.preferences import opted_out
from memberctl.message.rules import STEPS, Category, Channel, MessageState, Purpose
from memberctl.message.tables import OutboxMessage
from memberctl.office.queries import organisation, policy
from memberctl.store.audit import note, note_many
from memberctl.store.process import lives
from memberctl.store.tables import StoreInfo

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlmodel import Session

    from memberctl.core.actor import Actor

MOST_IN_DIGEST = 20
DIED = "its sender died; nobody knows whether it arrived"


@dataclass(frozen=True, slots=True, repr=False)
class Addressee:
    """Whom a message goes to, read at the moment of sending."""

    name: str
    email: str | None
    phone: str | None
    address: str | None = None

    def to(self, channel: Channel) -> str | None:
        """Return the address or number of a channel, None without one."""
        return {Channel.EMAIL: self.email, Channel.PRINT: self.address}.get(channel, self.phone)


Recheck = Callable[["Session", OutboxMessage, date], str]
"""Returns why a message is not wanted any more, or "" (rules N2)."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What sending needs of slices above it: who members are, and what is still wanted."""

    addressee: Callable[[Session, int], Addressee | None]
    rechecks: Mapping[Purpose, Recheck]


@dataclass(slots=True)
class Round:
    """One run of a sender. at -- the instant that counts; clock -- the real time, for leases

    after -- the id of the last message that was looked at; ended -- counts by state
    """

    desk: Desk
    me: Holder
    by: Actor
    at: datetime
    clock: datetime
    zone: ZoneInfo
    channels: set[Channel]
    after: int = 0
    ended: Counter[MessageState] = field(default_factory=Counter)


def claim(session: Session, tour: Round) -> Outgoing | None:
    """Claim the next message that may go now, or return None when there is none.

    On the way, what is not wanted any more is suppressed, and what a dead sender left in doubt
    and may go only once is marked unknown.
    """
    while tour.channels and (row := _next(session, tour)) is not None:
        tour.after = row.id
        if row.state is MessageState.SENDING and not _is_left_behind(row, tour):
            continue
        unwanted = _unwanted(session, row, tour)
        if unwanted:
            _end(session, [row], "suppress", unwanted, tour)
        elif row.state is MessageState.SENDING and _guarantee(row) is Guarantee.ONCE:
            _end(session, [row], "doubt", DIED, tour)
        elif (outgoing := _prepared(session, row, tour)) is not None:
            return outgoing
    return None


def mark(session: Session, outgoing: Outgoing, handed: Handed, tour: Round) -> None:
    """Write down what came of a message; if somebody else has taken it over, leave it to them."""
    rows = [
        row
        for row in _locked(session, outgoing.ids)
        if row.state is MessageState.SENDING
        and row.holder == str(tour.me)
        and row.attempts == outgoing.attempts
    ]
    made = delivery.marked(handed, outgoing.guarantee, outgoing.attempts, tour.at)
    for row in rows:
        row.state, row.reason, row.due_at = made.state, made.reason, made.due_at
        row.attempts = row.attempts if made.attempts == outgoing.attempts else made.attempts
        row.holder = row.leased_until = None
        row.sent_at = tour.at if made.state is MessageState.SENT else None
    session.flush()
    if made.state is not MessageState.QUEUED:
        tour.ended[made.state] += len(rows)
        note_many(
            session, f"message.{made.state}",
            [(queries.number(row.id), {"channel": row.channel.value}) for row in rows],
            by=tour.by, at=tour.at,
        )  # fmt: skip


def count_left(session: Session, *, channels: Collection[Channel]) -> int:
    """Return how many messages of these channels wait, now or for another try."""
    waiting = select(func.count(col(OutboxMessage.id))).where(
        col(OutboxMessage.state).in_([MessageState.QUEUED, MessageState.RETRY]),
        col(OutboxMessage.channel).in_(list(channels)),
    )
    return session.scalars(waiting).one()


def _next(session: Session, tour: Round) -> OutboxMessage | None:
    """Return the next message that its state, its time and the hour allow, locked."""
    row = OutboxMessage
    conditions: list[ColumnElement[bool]] = [
        col(row.id) > tour.after,
        # Said once as the partial index has it, so that the planner takes that one.
        col(row.state).in_([MessageState.QUEUED, MessageState.SENDING, MessageState.RETRY]),
        or_(col(row.state) != MessageState.RETRY, col(row.due_at) <= tour.at),
        col(row.channel).in_(sorted(tour.channels)),
        or_(col(row.category) != Category.MARKETING, not_(_had_today(session, tour))),
    ]
    # All but mail about an order waits for the morning (N4).
    quiet = parse_quiet(policy(session, "quiet_hours"))
    if quiet is not None and quiet.holds(tour.at.astimezone(tour.zone).time()):
        conditions.append(
            and_(
                col(row.category) == Category.TRANSACTIONAL,
                col(row.channel) == Channel.EMAIL,
            )
        )
    statement = select(row).where(*conditions).order_by(col(row.id)).limit(1).with_for_update()
    return session.scalars(statement).one_or_none()


def _had_today(session: Session, tour: Round) -> ColumnElement[bool]:
    """Whether a message's member was sent advertising on this local day already (N4)."""
    from sqlalchemy.orm import aliased

    other = aliased(OutboxMessage)
    today = tour.at.astimezone(tour.zone).date()
    return exists().where(
        col(other.member_id) == col(OutboxMessage.member_id),
        col(other.category) == Category.MARKETING,
        col(other.sent_at) >= at_local_midnight(today, tour.zone),
        col(other.sent_at) < at_local_midnight(today + timedelta(days=1), tour.zone),
    )


def _is_left_behind(row: OutboxMessage, tour: Round) -> bool:
    assert row.holder is not None and row.leased_until is not None
    holder = parse_holder(row.holder)
    # Our own process sends one at a time, so what else it holds was left by an earlier try.
    return holder == tour.me or row.leased_until <= tour.clock or not lives(holder)


def _unwanted(session: Session, row: OutboxMessage, tour: Round) -> str:
    """Return why a message is not to be sent now, or "" (rules N2, N4)."""
    because = opted_out(session, row.member_id, row.purpose)
    if because is not None:
        return f"opted out: {because}"
    recheck = tour.desk.rechecks.get(row.purpose)
    return "" if recheck is None else recheck(session, row, tour.at.astimezone(tour.zone).date())


def _prepared(session: Session, row: OutboxMessage, tour: Round) -> Outgoing | None:
    """Claim a message, with the rest of its digest, and put it into words."""
    someone = tour.desk.addressee(session, row.member_id)
    to = None if someone is None else someone.to(row.channel)
    if someone is None or to is None:
        _end(session, [row], "refuse", f"the member has no address for {row.channel}", tour)
        return None
    rows = [row, *_rest_of_digest(session, row, tour)]
    for each in rows:
        each.state = step(STEPS, each.state, "claim", queries.number(each.id))
        each.attempts += 1
        each.holder, each.leased_until = str(tour.me), tour.clock + delivery.LEASE
    session.flush()
    house = organisation(session).name
    texts = [
        wordings.rendered(session, each, name=someone.name, organisation=house) for each in rows
    ]
    store_id = session.scalars(select(col(StoreInfo.store_id))).one()
    number = queries.number(row.id)
    return Outgoing(
        id=row.id,
        number=number,
        ids=tuple(each.id for each in rows),
        unique=f"{number.lower()}.{store_id[:12]}",
        channel=row.channel,
        guarantee=_guarantee(row),
        attempts=row.attempts,
        language=row.language,
        organisation=house,
        to=to,
        subject=texts[0].subject,
        body="\n\n".join(text.body for text in texts),
        at=tour.at,
    )


def _rest_of_digest(session: Session, row: OutboxMessage, tour: Round) -> list[OutboxMessage]:
    """Return what else of advertising waits for the same member: all of it is one message (N4)."""
    if row.category is not Category.MARKETING:
        return []
    waiting = select(OutboxMessage).where(
        col(OutboxMessage.member_id) == row.member_id,
        col(OutboxMessage.category) == Category.MARKETING,
        col(OutboxMessage.channel) == row.channel,
        col(OutboxMessage.state) == MessageState.QUEUED,
        col(OutboxMessage.id) > row.id,
    )
    ordered = waiting.order_by(col(OutboxMessage.id)).limit(MOST_IN_DIGEST - 1).with_for_update()
    return [each for each in session.scalars(ordered) if not _unwanted(session, each, tour)]


def _end(
    session: Session, rows: Collection[OutboxMessage], verb: str, reason: str, tour: Round
) -> None:
    """Take a message out of the queue without sending it."""
    for row in rows:
        row.state = step(STEPS, MessageState.SENDING, verb, queries.number(row.id))
        row.reason = reason
        row.holder = row.leased_until = row.due_at = None
        tour.ended[row.state] += 1
        note(
            session, f"message.{row.state}", queries.number(row.id), by=tour.by, at=tour.at,
            reason=reason,
        )  # fmt: skip
    session.flush()


def _guarantee(row: OutboxMessage) -> Guarantee:
    return delivery.guarantee_of(row.purpose, row.channel)


def _locked(session: Session, ids: Collection[int]) -> list[OutboxMessage]:
    statement = select(OutboxMessage).where(col(OutboxMessage.id).in_(ids))
    fresh = statement.order_by(col(OutboxMessage.id)).with_for_update()
    return list(session.scalars(fresh.execution_options(populate_existing=True)))
