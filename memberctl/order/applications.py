"""Applications: one row of a file is a member and their join order.

Both go the ways that `member register` and `order file` go, by batches.
Source: rules A3, A5, I1, I2; mission S0.1-S0.3, S4.2; cli.md "Import".
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from memberctl.catalog.rules import PlanTerms
from memberctl.core.dates import parse_date
from memberctl.core.errors import Invalid, MemberctlError
from memberctl.member.operations import register_members
from memberctl.member.rules import (
    Outcome,
    Problem,
    Registered,
    Registration,
    parse_registration,
)
from memberctl.order.operations import file_orders
from memberctl.order.results import Filed, FilingRefused, OrderFiled
from memberctl.order.rules import Filing

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.core.actor import Actor
    from memberctl.core.workdays import WorkCalendar
    from memberctl.store.keys import Keys


class Application(NamedTuple):
    """Somebody who wants to join, and what they want; agreed_on -- None without consent."""

    registration: Registration
    plan: PlanTerms
    agreed_on: date | None


@dataclass(frozen=True, slots=True)
class Desk:
    """What every row of a file is read by.

    plans  -- what is offered today, by code; branches -- ids by code
    region -- the country of phone numbers without a country code
    source -- whose keys the external references are; currency -- of all prices
    first_agreement -- the day of the first wording, None when none was published
    """

    plans: Mapping[str, PlanTerms]
    branches: Mapping[str, int]
    calendar: WorkCalendar
    region: str
    currency: str
    source: str
    today: date
    first_agreement: date | None


def parse_application(cells: Mapping[str, str], desk: Desk) -> Application | list[Problem]:
    """Return what the cells of one row ask for, or everything that is wrong with them.

    cells -- by the keys of member.rules.APPLICATION_COLUMNS
    Source: rules I1; mission S0.1, S0.2.
    """
    person = parse_registration(
        cells, region=desk.region, today=desk.today, source=desk.source, channel="import"
    )
    problems = person if isinstance(person, list) else []
    plan = desk.plans.get(cells.get("plan", "").strip().upper())
    if plan is None:
        problems.append(_plan_problem(cells.get("plan", "").strip(), desk.plans))
    agreed_on = None
    if typed := cells.get("agreed_on", "").strip():
        try:
            agreed_on = _agreed_on(typed, desk.today, desk.first_agreement)
        except Invalid as refusal:
            problems.append(Problem("agreed_on", refusal.rule, refusal.message))
    if isinstance(person, list) or plan is None or problems:
        return problems
    return Application(person, plan, agreed_on)


def _plan_problem(typed: str, plans: Mapping[str, PlanTerms]) -> Problem:
    if not typed:
        return Problem("plan", "text_empty", "the plan is empty")
    known = ", ".join(sorted(plans)[:10]) or "none"
    return Problem("plan", "unknown_plan", f"no plan of this code is offered; there are {known}")


@lru_cache(maxsize=1024)
def _agreed_on(typed: str, today: date, first_agreement: date | None) -> date:
    day = parse_date(typed, what="the day of agreement")
    if day > today:
        raise Invalid("the day of agreement lies in the future", rule="date_future")
    if first_agreement is None or day < first_agreement:
        raise Invalid("there was no agreement to agree to on that day", rule="no_agreement")
    return day


def take_applications(
    session: Session,
    desk: Desk,
    applications: Sequence[Application],
    named: Container[int],
    *,
    keys: Keys,
    by: Actor,
    at: datetime,
) -> list[Registered]:
    """Register the people and file their orders; one answer for each, in their order.

    named -- ids of members whom earlier batches of the same file were about
    Source: rules A3, I1, I2.
    """
    people = register_members(
        session, [each.registration for each in applications],
        keys=keys, by=by, at=at, named=named,
    )  # fmt: skip
    wanted = [place for place, person in enumerate(people) if person.outcome in _LET_IN]
    filings = [_filing(applications[place], people[place], desk) for place in wanted]
    filed = file_orders(
        session, filings, by=by, at=at,
        today=desk.today, currency=desk.currency, calendar=desk.calendar,
        newcomers=_newcomers(people, applications),
    )  # fmt: skip
    for place, order in zip(wanted, filed, strict=True):
        people[place] = answer(people[place], order)
    return people


_LET_IN = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED})


def _newcomers(
    people: Sequence[Registered], applications: Sequence[Application]
) -> dict[int, bool]:
    """Return whom these applications have made a member, each with whether a document is known."""
    return {
        person.member_id: each.registration.document is not None
        for person, each in zip(people, applications, strict=True)
        if person.outcome is Outcome.CREATED and person.member_id is not None
    }


def _filing(application: Application, person: Registered, desk: Desk) -> Filing:
    asked = application.registration
    assert person.member_id is not None, "whoever is let in is a member"
    return Filing(
        member_id=person.member_id,
        plan=application.plan,
        agreed_on=application.agreed_on,
        channel=asked.channel,
        branch_id=desk.branches[asked.branch] if asked.branch else None,
        source=asked.source,
        external_ref=asked.external_ref,
    )


def answer(person: Registered, order: OrderFiled | FilingRefused) -> Registered:
    """Return what became of a row, from what became of its member and of its order.

    A new order makes the row created, whoever the member is.
    """
    if isinstance(order, FilingRefused):
        return _refused(person, order.problem)
    if order.outcome is Filed.CREATED:
        if person.outcome is Outcome.CREATED:
            return person
        return _told(person, Outcome.CREATED, person.code, person.message)
    if order.outcome is Filed.DUPLICATE:
        why = f"{order.number} is open for the same member and plan"
        return _told(person, Outcome.DUPLICATE, "open_order", why)
    return person


def _refused(person: Registered, problem: MemberctlError) -> Registered:
    code = problem.rule if isinstance(problem, Invalid) else problem.code
    return _told(person, Outcome.REJECTED, code, problem.message)


def _told(person: Registered, outcome: Outcome, code: str, message: str) -> Registered:
    return Registered(person.member_id, person.number, outcome, code, message, person.field)
