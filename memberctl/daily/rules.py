"""The daily run: who may begin it, what each job reports, and how it ends.

Source: rules N6, O7, O8; reliability.md R11.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from memberctl.core.errors import AlreadyRunning
from memberctl.core.holder import Holder
from memberctl.message.delivery import Posted

RUN = "daily"
RETENTION = "retention"
MESSAGES = "messages"
"""The last job: what the others queued is sent, outside of their transactions."""

LEASE = timedelta(minutes=30)
"""How long a run is believed to live after its last sign; each job renews it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who runs the jobs, and until when that is believed without another sign."""

    holder: Holder
    until: datetime


@dataclass(frozen=True, slots=True)
class JobReport:
    """What one job came to.

    done     -- how many things it did
    problems -- what needs a person, or why it failed, in words
    """

    job: str
    done: int
    problems: tuple[str, ...] = ()
    failed: bool = False


@dataclass(frozen=True, slots=True)
class DailyReport:
    """What the run of one day came to. problems -- how many things need a person."""

    on: date
    done: int
    problems: int
    jobs: tuple[JobReport, ...]


@dataclass(frozen=True, slots=True)
class Unpaid:
    """A confirmed order whose last day to be paid has passed; amounts in minor units."""

    number: str
    due_minor: int
    paid_minor: int


@dataclass(frozen=True, slots=True)
class Forfeits:
    """Which orders are forfeited, and what a person is told."""

    numbers: tuple[str, ...]
    problems: tuple[str, ...]


def refuse_if_running(lease: Lease | None, me: Holder, at: datetime, *, alive: bool) -> None:
    """Refuse to begin while another process holds the lease.

    alive -- whether the holder's process exists; only asked of a holder on this host
    A lease that ran out, or whose process on this host is gone, is taken over.
    Raises AlreadyRunning. Source: reliability.md R11.
    """
    if lease is None or lease.holder == me or lease.until <= at:
        return
    if lease.holder.host == me.host and not alive:
        return
    raise AlreadyRunning(
        f"the daily jobs run in process {lease.holder.pid} on {lease.holder.host}",
        hint=f"wait for it; without another sign it is given up at {lease.until:%H:%M} UTC",
    )


def forfeits(unpaid: Sequence[Unpaid]) -> Forfeits:
    """Return which orders past their last day are forfeited.

    What is paid in full is never forfeited, whatever its state; what was paid in part becomes
    the member's credit, which a person has to deal with.
    Source: rules O8, M3.
    """
    numbers: list[str] = []
    problems: list[str] = []
    for order in unpaid:
        if order.paid_minor >= order.due_minor:
            problems.append(f"{order.number} is paid in full but not settled")
            continue
        numbers.append(order.number)
        if order.paid_minor:
            problems.append(f"{order.number} is forfeited; what was paid is the member's credit")
    return Forfeits(tuple(numbers), tuple(problems))


def messages_report(posted: Posted) -> JobReport:
    """Return what sending came to: a service that is down is a failure, the rest needs a person."""
    problems = [f"{channel}: {why}; {posted.left} wait" for channel, why in posted.down.items()]
    for count, state in ((posted.failed, "failed"), (posted.unknown, "unknown")):
        if count:
            problems.append(f"{count} {state}: memberctl message list --state {state}")
    return JobReport(MESSAGES, posted.sent, tuple(problems), failed=bool(posted.down))


def daily_report(on: date, jobs: Sequence[JobReport]) -> DailyReport:
    """Return what a run came to."""
    return DailyReport(
        on=on,
        done=sum(job.done for job in jobs),
        problems=sum(len(job.problems) for job in jobs),
        jobs=tuple(jobs),
    )


def exit_of(report: DailyReport) -> int:
    """Return 1 when a job failed, 3 when something needs a person, else 0. Source: rules N6."""
    if any(job.failed for job in report.jobs):
        return 1
    return 3 if report.problems else 0
