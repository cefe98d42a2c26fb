"""A year of daily runs: each reminder is there exactly once, as a model of its own says (N1-N4).

Ten days are missed, five of them in a row, and three are run twice; the mail server and the SMS
service are down at times; members renew early and late, freeze, cancel, opt out, are expelled.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta

import pytest

from memberctl.core import schedules
from memberctl.core.dates import Period, Unit, add_period
from memberctl.daily.operations import JOBS
from memberctl.message import delivery
from memberctl.message.sending import Desk
from memberctl.renewal import reminding
from memberctl.renewal.desk import DESK
from memberctl.renewal.reminders import open_ends
from memberctl.store.engine import Store
from memberctl.store.work import keys_of
from tests.daily.club import Club, Plan
from tests.daily.expected import Key, Said
from tests.daily.happenings import What
from tests.program import Program
from tests.reliability.conftest import dice

__all__ = ["dice"]

REMINDERS = [job for job in JOBS if job.name == "reminders"]
NEW_YEAR = date(2024, 1, 1)
SEED = 20
Fault = Callable[[pytest.MonkeyPatch], None]


def days_from(first: date, *stretches: tuple[int, int]) -> frozenset[date]:
    """Return the days of some stretches: (after how many days, how many)."""
    return frozenset(
        first + timedelta(days=wait + n) for wait, count in stretches for n in range(count)
    )


def a_year(dice: random.Random) -> Plan:
    """Return the year 2024, ten days of which are missed and three run twice."""
    away = dice.randrange(360)
    others = [n for n in range(366) if not away <= n < away + 5]
    odd = [(n, 1) for n in dice.sample(others, 8)]
    return Plan(
        first=NEW_YEAR,
        last=date(2024, 12, 31),
        missed=days_from(NEW_YEAR, (away, 5), *odd[:5]),
        twice=days_from(NEW_YEAR, *odd[5:]),
        # So long that some renew while their reminder waits: fifteen or twenty a year. Of four and
        # three days one year in twenty had nobody.
        mail_down=days_from(NEW_YEAR, (59, 9), (200, 8)),
        sms_down=days_from(NEW_YEAR, (100, 3)),
        without_sms=NEW_YEAR + timedelta(days=230),
    )


def a_spring() -> Plan:
    """Return eleven weeks around a leap day in which all of that happens, too."""
    first = date(2024, 2, 1)
    return Plan(
        first=first,
        last=first + timedelta(days=76),
        missed=days_from(first, (27, 2), (40, 5)),
        twice=days_from(first, (28, 1), (60, 1)),
        mail_down=days_from(first, (10, 5), (48, 7)),
        sms_down=days_from(first, (30, 4)),
        without_sms=first + timedelta(days=55),
    )


@contextmanager
def club_of(
    memberctl: Program, plan: Plan, members: int, dice: random.Random, desk: Desk = DESK
) -> Iterator[Club]:
    """Found a club of so many members, whose terms end around the days of a plan."""
    length = (plan.last - plan.first).days
    ends = [plan.first + timedelta(days=dice.randint(-10, length + 35)) for _ in range(members)]
    store = Store(memberctl.location, warm=True)
    try:
        with store.reading() as session:
            keys = keys_of(session, memberctl.key_dir)
        yield Club(store, keys, ends, dice, desk)
    finally:
        store.close()


def test_in_a_year_every_reminder_of_a_thousand_members_is_there_exactly_once(
    shop: Program, dice: random.Random
) -> None:
    said = live_a_year(shop, 1_000, dice)
    assert len(said) > 2_000
    assert {each.state for each in said.values()} == {"sent", "queued", "failed", "suppressed"}
    assert {channel for _, _, _, channel in said} == {"email", "sms", "call"}


def live_a_year(shop: Program, members: int, dice: random.Random) -> Mapping[Key, Said]:
    """Let so many members live through a year without a difference; return what was said."""
    plan = a_year(dice)
    assert (len(plan.missed), len(plan.twice)) == (10, 3)
    with club_of(shop, plan, members, dice) as club:
        assert club.live(plan, REMINDERS, look_every=61) == []
    assert min(club.happened[what] for what in What) >= 3, club.happened
    return club.expected.messages


def test_in_a_spring_all_jobs_of_the_day_leave_every_reminder_exactly_once(
    memberctl: Program, dice: random.Random
) -> None:
    plan = a_spring()
    with club_of(memberctl, plan, 60, dice) as club:
        assert club.live(plan, JOBS, look_every=7) == []
    assert len(club.expected.messages) > 60


def edited(name: str, said: str, instead: str) -> Fault:
    """Return the fault of a statement that says something else."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        statement = getattr(reminding, name)
        assert said in statement
        patch.setattr(reminding, name, statement.replace(said, instead))

    return plant


def queued_again(patch: pytest.MonkeyPatch) -> None:
    """Queue what is there again, and forget that it was sent, which the table would not allow."""
    edited("OPEN", ITS_DONE, "1 = 1")(patch)
    edited("QUEUE", "SET state = 'queued'", "SET state = 'queued', sent_at = NULL")(patch)


def only_on_the_day(patch: pytest.MonkeyPatch) -> None:
    """Let a step be open on its day alone, so that nothing is caught up."""
    patch.setattr(reminding, "open_ends", lambda steps, today, window: open_ends(steps, today, 1))


def thirty_days_a_month(patch: pytest.MonkeyPatch) -> None:
    """Let a month have thirty days."""

    def added(day: date, period: Period, count: int) -> date:
        if period.unit is Unit.MONTH:
            return day + timedelta(days=30 * count * period.count)
        return add_period(day, period, count)

    patch.setattr(schedules, "add_period", added)


def never_again(patch: pytest.MonkeyPatch) -> None:
    """Let what was put off wait for ever."""
    patch.setattr(delivery, "BACKOFF", (timedelta(days=1_000),) * 5)


ITS_DONE = """NOT EXISTS (SELECT 1 FROM outbox o WHERE {its_message}
            AND o.state NOT IN ('suppressed', 'failed'))"""
FAULTS: dict[str, Fault] = {
    "nothing is caught up": only_on_the_day,
    "what is there is queued again": queued_again,
    "what was suppressed is never armed": edited("OPEN", "('suppressed', 'failed')", "('failed')"),
    "a new term arms nothing": edited("DUE", "'T-' || t.id", "'T-' || t.member_id"),
    "whoever joins for a month is reminded at once": edited("SHORT", "EXISTS", "1 = 0 AND EXISTS"),
    "whoever has renewed is reminded": edited("RENEWED", "EXISTS", "1 = 0 AND EXISTS"),
    "whoever has cancelled is reminded": edited("ENDED", "EXISTS", "1 = 0 AND EXISTS"),
    "whoever was expelled is reminded": edited("EXPELLED", "EXISTS", "1 = 0 AND EXISTS"),
    "whoever has had enough is reminded": edited("OPTED_OUT", "EXISTS", "1 = 0 AND EXISTS"),
    "who cannot be reached is met with silence": edited("WAYS", "UNION ALL SELECT 'call'", ""),
    "a month has thirty days": thirty_days_a_month,
    "what was put off is never sent": never_again,
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_shows_in_some_reminder(
    shop: Program, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    FAULTS[fault](monkeypatch)
    assert spring_of_a_hundred(shop) != []


def test_without_the_look_before_sending_something_goes_that_is_not_wanted(shop: Program) -> None:
    assert spring_of_a_hundred(shop, Desk(DESK.addressee, {})) != []


def test_the_same_spring_without_a_fault_has_no_difference(shop: Program) -> None:
    assert spring_of_a_hundred(shop) == []


def spring_of_a_hundred(shop: Program, desk: Desk = DESK) -> list[str]:
    """Let a hundred members live through the same spring, and return what is wrong first."""
    plan = a_spring()
    with club_of(shop, plan, 100, random.Random(SEED), desk) as club:
        return club.live(plan, REMINDERS, look_every=1)
