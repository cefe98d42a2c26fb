"""The jobs of a day, in their order, and the lease that keeps them from running twice at once.

Every job only writes what the day has already decided, so a day that was missed is caught up by
the next run, and a second run finds nothing to do.
Source: rules N6, T7.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from memberctl.archive.retention import run_retention
from memberctl.core.dates import zone
from memberctl.core.holder import Holder, parse_holder
from memberctl.daily import queries, rules
from memberctl.daily.rules import LEASE, RETENTION, RUN, JobReport, Lease
from memberctl.daily.tables import JobLease
from memberctl.ledger.queries import last_recognised
from memberctl.office.queries import organisation, policy
from memberctl.order.confirming import forfeit_orders
from memberctl.order.quoting import expire_quotes
from memberctl.payment.dunning import ask_for_money
from memberctl.payment.earning import job_through
from memberctl.payment.recognising import recognise_fees
from memberctl.renewal.reminding import queue_reminders

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor


@dataclass(frozen=True, slots=True)
class Day:
    """For which day a job runs, and in whose name. at -- the instant of what it writes.

    remember -- is told, before the commit, the numbers of members whom a job erases
    """

    today: date
    at: datetime
    by: Actor
    remember: Callable[[Sequence[str]], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its stable name, and what it does inside one transaction."""

    name: str
    run: Callable[[Session, Day], JobReport]


def _expire_quotes(session: Session, day: Day) -> JobReport:
    expired = expire_quotes(session, today=day.today, by=day.by, at=day.at)
    return JobReport("expire_quotes", len(expired))


def _forfeit_orders(session: Session, day: Day) -> JobReport:
    found = rules.forfeits(queries.unpaid_past_due(session, day.today))
    ended = forfeit_orders(session, found.numbers, by=day.by, at=day.at, today=day.today)
    return JobReport("forfeit_orders", len(ended), found.problems)


def _recognise_fees(session: Session, day: Day) -> JobReport:
    """Book what was earned by yesterday or the last month's end; a past day books nothing."""
    through = job_through(day.today, policy(session, "recognise_every"))
    last = last_recognised(session)
    if last is not None and through < last:
        return JobReport("recognise_fees", 0)
    house = organisation(session)
    done = recognise_fees(
        session, through, by=day.by, at=day.at, today=day.today, zone=zone(house.zone),
        currency=house.currency,
    )  # fmt: skip
    return JobReport("recognise_fees", done.entries)


def _queue_reminders(session: Session, day: Day) -> JobReport:
    queued = queue_reminders(session, today=day.today, by=day.by, at=day.at)
    return JobReport("reminders", queued.queued)


def _ask_for_money(session: Session, day: Day) -> JobReport:
    asked = ask_for_money(session, today=day.today, by=day.by, at=day.at)
    return JobReport("dunning", len(asked))


def _run_retention(session: Session, day: Day) -> JobReport:
    done = run_retention(session, by=day.by, at=day.at, today=day.today)
    day.remember(done.erased)
    return JobReport(RETENTION, len(done.erased) + done.deleted)


JOBS = (
    Job("expire_quotes", _expire_quotes),
    Job("forfeit_orders", _forfeit_orders),
    Job("recognise_fees", _recognise_fees),
    Job("reminders", _queue_reminders),
    Job("dunning", _ask_for_money),
    Job(RETENTION, _run_retention),
)
"""Each in a transaction of its own, in this order; what they queue is sent afterwards."""


def take_lease(
    session: Session, me: Holder, *, clock: datetime, alive: Callable[[int], bool]
) -> None:
    """Take the lease of the daily run, or renew it when it is ours.

    clock -- the real time, whatever day the jobs are run for
    alive -- tells whether a process of this host exists
    Raises AlreadyRunning while another process holds it.
    """
    row = queries.lease_to_change(session)
    lease = None if row is None else Lease(parse_holder(row.holder), row.until)
    living = lease is not None and alive(lease.holder.pid)
    rules.refuse_if_running(lease, me, clock, alive=living)
    if row is None:
        session.add(JobLease(job=RUN, holder=str(me), until=clock + LEASE))
    else:
        row.holder, row.until = str(me), clock + LEASE
    session.flush()


def give_back_lease(session: Session, me: Holder) -> None:
    """Give the lease back if it is still ours."""
    row = queries.lease_to_change(session)
    if row is not None and parse_holder(row.holder) == me:
        session.delete(row)
        session.flush()
