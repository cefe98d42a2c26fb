"""The noun `run`: what cron calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import typer

from memberctl.cli.forgetting import remember, sweep_file
from memberctl.cli.invocation import work
from memberctl.cli.nouns import noun
from memberctl.cli.run import Run
from memberctl.core.errors import MemberctlError, TryAgain, UsageProblem
from memberctl.daily.rules import (
    MESSAGES,
    RETENTION,
    JobReport,
    daily_report,
    exit_of,
    messages_report,
)

if TYPE_CHECKING:
    from memberctl.cli.invocation import Writing
    from memberctl.daily.operations import Job

run = noun("run", "Jobs for cron.")

SENTENCE = "Daily jobs of {on}: {done} done, {problems} need a person."


@run.command()
def daily(ctx: typer.Context) -> None:
    """Do what the day requires: quotes, unpaid orders, reminders, messages.

    Quotes expire, orders that were not paid in time are forfeited, reminders are queued, unpaid
    orders are asked for, and what waits is sent. Each job is a transaction of its own. A missed
    day is caught up, a second run does nothing more. Ends with 0, with 3 when something needs a
    person, 1 when a job failed and 75 while another run is going on.

    Example: 17 8 * * * memberctl run daily --no-input --quiet
    """
    command: Run = ctx.obj
    if command.options.key is not None:
        raise UsageProblem("run daily takes no --key: whatever it does, it does once")
    if command.dry_run:
        _rehearse(ctx)
    else:
        _perform(ctx)


def _rehearse(ctx: typer.Context) -> None:
    """Run all jobs in one transaction that is taken back."""
    from memberctl.daily.operations import JOBS
    from memberctl.message.posting import configured, rehearse
    from memberctl.renewal.desk import DESK

    command: Run = ctx.obj
    with work(ctx, "daily.run") as w:
        _hold(w)
        reports = [_done(w, job) for job in JOBS]
        posted = rehearse(w, configured(command.settings), DESK)
        _summarise(w, [*reports, messages_report(posted)])


def _perform(ctx: typer.Context) -> None:
    from memberctl.daily.operations import JOBS, give_back_lease
    from memberctl.store.process import this_process

    command: Run = ctx.obj
    with command.store_kept_open():
        with work(ctx, "daily.run") as w:
            _hold(w)
        reports = [_attempt(ctx, job) for job in JOBS]
        reports.append(_send(ctx))
        with work(ctx, "daily.run") as w:
            give_back_lease(w.session, this_process())
            _summarise(w, reports)
    if any(report.job == RETENTION and report.done for report in reports):
        sweep_file(command)


def _attempt(ctx: typer.Context, job: Job) -> JobReport:
    """Run one job in its own transaction; one that is refused does not keep the next from it."""
    try:
        with _held(ctx) as w:
            return _done(w, job)
    except TryAgain:
        raise
    except MemberctlError as problem:
        return JobReport(job.name, 0, (problem.message,), failed=True)


def _send(ctx: typer.Context) -> JobReport:
    """Send what waits, outside of any job's transaction: services are slow and may be down."""
    from memberctl.message.posting import gateways, post
    from memberctl.renewal.desk import DESK

    command: Run = ctx.obj
    try:
        services = gateways(command.settings)
        if not services:
            return JobReport(MESSAGES, 0)
        return messages_report(post(lambda: _held(ctx), services, DESK))
    except TryAgain:
        raise
    except MemberctlError as problem:
        return JobReport(MESSAGES, 0, (problem.message,), failed=True)


@contextmanager
def _held(ctx: typer.Context) -> Iterator[Writing]:
    """Give a transaction that first renews the lease, so that a long run keeps it."""
    with work(ctx, "daily.run") as w:
        _hold(w)
        yield w


def _hold(w: Writing) -> None:
    from memberctl.daily.operations import take_lease
    from memberctl.store.clock import moment
    from memberctl.store.process import is_alive, this_process

    take_lease(w.session, this_process(), clock=moment(None, w.zone), alive=is_alive)


def _done(w: Writing, job: Job) -> JobReport:
    from memberctl.daily.operations import Day

    return job.run(w.session, Day(w.today, w.now, w.actor, partial(remember, w)))


def _summarise(w: Writing, reports: list[JobReport]) -> None:
    report = daily_report(w.today, reports)
    for job in report.jobs:
        for problem in job.problems:
            w.warn(f"{job.job}: {problem}")
    w.say(report, SENTENCE, exit_code=exit_of(report))
