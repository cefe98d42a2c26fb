"""What is done to the organisation: its founding, branches, staff, policies and calendar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlmodel import col

from memberctl.core.actor import Actor
from memberctl.core.dates import local_date
from memberctl.core.dates import zone as known_zone
from memberctl.core.errors import Conflict, Invalid, NotFound, RuleRefused
from memberctl.core.machine import step
from memberctl.core.money import EXPONENTS
from memberctl.core.text import clean_text
from memberctl.office import calendar_queries, queries
from memberctl.office.calendars import (
    SpecialDay,
    YearEntered,
    YearOfDays,
    is_provisional,
    published_year,
)
from memberctl.office.logins import give_login
from memberctl.office.policies import PolicySet, checked_policy, policy_of
from memberctl.office.rules import (
    STAFF_STEPS,
    BranchAdded,
    DayKind,
    NewBranch,
    NewStaff,
    Outcome,
    Role,
    StaffAdded,
    StaffChanged,
    StaffMember,
    StaffState,
    completes_login,
    is_same_person,
    new_staff,
    refuse_ownerless,
    suggestion,
)
from memberctl.office.tables import (
    Branch,
    CalendarDay,
    CalendarYear,
    Organisation,
    PolicyValue,
    Staff,
    StaffRole,
)
from memberctl.store import counters
from memberctl.store.audit import note, note_many
from memberctl.store.bulk import insert_rows

if TYPE_CHECKING:
    from sqlmodel import Session

MOST_BRANCHES = 9999  # Four digits of a card's number (rules C1).
YEARS_AROUND = (-2, -1, 0, 1)
_STAFF_COLUMNS = ("id", "code", "name", "uid", "database_user", "branch_id", "state", "version")


def found_organisation(
    session: Session,
    *,
    name: str,
    currency: str,
    zone: str,
    region: str,
    owner_code: str,
    owner_name: str,
    uid: int | None,
    database_user: str | None,
    at: datetime,
) -> Actor:
    """Write the organisation, its owner and its calendar into an empty store.

    The calendar covers the years from two before `at` to one after, as far as published.
    Raises Invalid for a currency, zone or region that is not known, Conflict the second time.
    """
    if session.get(Organisation, 1) is not None:
        raise Conflict("the store has its organisation already")
    if currency not in EXPONENTS:
        raise Invalid("the currency is not known", field="currency", hint="for example CNY")
    local, region = known_zone(zone), _checked_region(region)
    session.add(
        Organisation(
            name=clean_text(name, what="the organisation's name", field="name"),
            currency=currency,
            zone=local.key,
            region=region,
            created_at=at,
        )
    )
    owner = replace(
        new_staff(owner_code, owner_name, [Role.OWNER], database_user=database_user), uid=uid
    )
    account = queries.account_of(uid, database_user)
    roles = frozenset({Role.OWNER.value})
    by = Actor(owner.code, owner.code, staff_id=0, roles=roles, account=account)
    note(session, "organisation.founded", owner.code, by=by, at=at, currency=currency)
    add_staff(session, [owner], by=by, at=at)
    by = replace(by, staff_id=queries.find_staff(session, owner.code).id)
    enter_years(session, _published_around(region, local_date(at, local)), by=by, at=at)
    return by


def _checked_region(region: str) -> str:
    """Refuse a country that no phone number can belong to."""
    from phonenumbers import SUPPORTED_REGIONS

    if region not in SUPPORTED_REGIONS:
        raise Invalid(
            "the region is a country's code in two capitals", field="region", hint="for example CN"
        )
    return region


def _published_around(region: str, today: date) -> list[YearOfDays]:
    """Return the years around today whose days are settled; the rest is never guessed."""
    try:
        found = [published_year(region, today.year + offset) for offset in YEARS_AROUND]
    except Invalid:
        return []
    return [year for year in found if not is_provisional(year.source)]


def add_branches(
    session: Session, places: Sequence[NewBranch], *, by: Actor, at: datetime
) -> list[BranchAdded]:
    """Open branches; one that is there under the same name is left alone.

    Raises Conflict for a code that another branch has, RuleRefused beyond 9999 branches.
    """
    known = queries.branches(session)
    fresh: dict[str, NewBranch] = {}
    for place in places:
        there = known.get(place.code) or fresh.get(place.code)
        if there is not None and there.name != place.name:
            raise Conflict(f"branch {place.code} is there already, under another name")
        if there is None:
            fresh[place.code] = place
    ids = dict(zip(fresh, counters.take(session, "branch", len(fresh)), strict=True))
    if ids and max(ids.values()) > MOST_BRANCHES:
        raise RuleRefused(f"there is room for {MOST_BRANCHES} branches in the cards' numbers")
    rows = [(ids[code], code, place.name, 1) for code, place in fresh.items()]
    insert_rows(session, Branch, ("id", "code", "name", "version"), rows)
    note_many(session, "branch.added", [(code, {}) for code in fresh], by=by, at=at)
    ids.update((code, branch.id) for code, branch in known.items())
    return [
        BranchAdded(
            place.code,
            place.name,
            f"{ids[place.code]:04}",
            Outcome.CREATED if place.code in fresh else Outcome.UNCHANGED,
        )
        for place in places
    ]


def add_staff(
    session: Session, newcomers: Sequence[NewStaff], *, by: Actor, at: datetime
) -> list[StaffAdded]:
    """Add people; somebody who is there with the same particulars is left alone.

    A uid or database user that somebody who is there has not yet is given to them.
    A uid or database user of somebody who has left passes to the newcomer.
    Raises Conflict for a code, uid or database user that somebody else has, NotFound for a branch.
    """
    there = queries.staff_by(
        session,
        codes=[each.code for each in newcomers],
        uids=[each.uid for each in newcomers if each.uid is not None],
        users=[each.database_user for each in newcomers if each.database_user is not None],
    )
    known = {shown.code: shown for shown in queries.staff_members(session, there)}
    fresh: dict[str, StaffMember] = {}
    completed: dict[str, StaffMember] = {}
    for wanted in (each.as_member() for each in newcomers):
        earlier = known.get(wanted.code) or fresh.get(wanted.code)
        if earlier is None:
            fresh[wanted.code] = wanted
        elif completes_login(earlier, wanted):
            completed[wanted.code] = wanted
        elif not is_same_person(earlier, wanted):
            raise Conflict(
                f"{wanted.code} is there already, with other particulars",
                hint=f"memberctl staff show {wanted.code}",
            )
    _release_logins(session, there, list(fresh.values()))
    _insert_staff(session, list(fresh.values()))
    for code, each in fresh.items():
        note(session, "staff.added", code, by=by, at=at, roles=list(each.roles))
    for code, each in completed.items():
        give_login(
            session, code, uid=each.uid, database_user=each.database_user, by=by, at=at
        )  # fmt: skip
    outcomes = dict.fromkeys(fresh, Outcome.CREATED) | dict.fromkeys(completed, Outcome.UPDATED)
    return [
        _added(each.as_member(), outcomes.get(each.code, Outcome.UNCHANGED)) for each in newcomers
    ]


def _added(member: StaffMember, outcome: Outcome) -> StaffAdded:
    return StaffAdded(
        code=member.code,
        name=member.name,
        roles=member.roles,
        branch=member.branch,
        uid=member.uid,
        database_user=member.database_user,
        outcome=outcome,
    )


def _release_logins(session: Session, there: Sequence[Staff], fresh: Sequence[StaffMember]) -> None:
    """Take logins from people who have left; refuse those that somebody else still uses."""
    for what, attribute in (("uid", "uid"), ("database user", "database_user")):
        taken = {getattr(person, attribute): person for person in there}
        seen: set[object] = set()
        for value in (getattr(each, attribute) for each in fresh):
            if value is None:
                continue
            holder = taken.get(value)
            if value in seen or (holder is not None and holder.state is StaffState.ACTIVE):
                whose = f"is {holder.code}'s" if holder else "is given twice"
                raise Conflict(f"the {what} {whose}", hint="memberctl staff list")
            seen.add(value)
            if holder is not None:
                setattr(holder, attribute, None)
                holder.version += 1
    session.flush()


def _insert_staff(session: Session, fresh: Sequence[StaffMember]) -> None:
    places = queries.branches(session)
    for place in (each.branch for each in fresh if each.branch is not None):
        if place not in places:
            raise NotFound(
                f"no branch has that code; {suggestion(place, places)}",
                hint="memberctl branch list",
            )
    numbered = list(zip(counters.take(session, "staff", len(fresh)), fresh, strict=True))
    people = [
        (
            number,
            each.code,
            each.name,
            each.uid,
            each.database_user,
            places[each.branch].id if each.branch else None,
            each.state,
            1,
        )
        for number, each in numbered
    ]
    insert_rows(session, Staff, _STAFF_COLUMNS, people)
    held = [(number, role) for number, each in numbered for role in each.roles]
    insert_rows(session, StaffRole, ("staff_id", "role"), held)


def grant_roles(
    session: Session, code: str, roles: Iterable[Role], *, by: Actor, at: datetime
) -> StaffChanged:
    """Give somebody roles; roles that are held already change nothing.

    Raises NotFound, and RuleRefused for somebody who has left.
    """
    person = queries.staff_to_change(session, code)
    if person.state is StaffState.LEFT:
        raise RuleRefused(f"{person.code} has left and can be given no role")
    held = queries.roles_of(session, [person.id])[person.id]
    new = sorted({str(role) for role in roles} - set(held))
    if new:
        insert_rows(session, StaffRole, ("staff_id", "role"), [(person.id, role) for role in new])
        person.version += 1
        note(session, "staff.granted", person.code, by=by, at=at, roles=new)
    return _changed(session, person, bool(new))


def revoke_roles(
    session: Session, code: str, roles: Iterable[Role], *, by: Actor, at: datetime
) -> StaffChanged:
    """Take roles from somebody; roles that are not held change nothing.

    Raises NotFound, and RuleRefused for the last owner.
    """
    person = queries.staff_to_change(session, code)
    wanted = {str(role) for role in roles}
    gone = sorted(wanted & set(queries.roles_of(session, [person.id])[person.id]))
    if Role.OWNER.value in gone:
        refuse_ownerless(person.code, queries.active_owners(session))
    if gone:
        session.execute(
            delete(StaffRole).where(
                col(StaffRole.staff_id) == person.id, col(StaffRole.role).in_(gone)
            )
        )
        person.version += 1
        note(session, "staff.revoked", person.code, by=by, at=at, roles=gone)
    return _changed(session, person, bool(gone))


def leave_staff(session: Session, code: str, *, by: Actor, at: datetime) -> StaffChanged:
    """End somebody's work here: they may do nothing from now on, and stay in every record.

    Raises NotFound, and RuleRefused for the last owner or somebody who has left before.
    """
    person = queries.staff_to_change(session, code)
    state = step(STAFF_STEPS, person.state, "leave", f"staff {person.code}")
    refuse_ownerless(person.code, queries.active_owners(session))
    person.state = state
    person.version += 1
    note(session, "staff.left", person.code, by=by, at=at, state=person.state.value)
    return _changed(session, person, True)


def _changed(session: Session, person: Staff, changed: bool) -> StaffChanged:
    session.flush()
    return StaffChanged(
        code=person.code,
        name=person.name,
        roles=queries.roles_of(session, [person.id])[person.id],
        state=person.state,
        outcome=Outcome.UPDATED if changed else Outcome.UNCHANGED,
    )


def set_policy(session: Session, key: str, value: str, *, by: Actor, at: datetime) -> PolicySet:
    """Decide a policy; the value that holds already changes nothing. Raises Invalid."""
    currency = queries.organisation(session).currency
    wanted, known = checked_policy(key, value, currency), policy_of(key)
    before = queries.policy(session, key)
    if wanted == before:
        return PolicySet(key, wanted, before, known.unit, Outcome.UNCHANGED)
    session.merge(PolicyValue(key=key, value=wanted, changed_at=at, changed_by=by.staff_id))
    session.flush()
    note(session, "policy.set", key, by=by, at=at, before=before, value=wanted)
    return PolicySet(key, wanted, before, known.unit, Outcome.UPDATED)


def enter_years(
    session: Session, years: Sequence[YearOfDays], *, by: Actor, at: datetime
) -> list[YearEntered]:
    """Enter years of the calendar of working days; a year that is there is replaced whole.

    A year without a single special day comes from an empty file and is left alone.
    """
    entered = [_enter_year(session, year) for year in years]
    for year in entered:
        if year.is_new:
            note(session, "calendar.entered", str(year.year), by=by, at=at, source=year.source)
    return entered


def _enter_year(session: Session, year: YearOfDays) -> YearEntered:
    row = session.get(CalendarYear, year.year)
    before = calendar_queries.special_days(session, date(year.year, 1, 1), date(year.year, 12, 31))
    days = tuple(SpecialDay(each.day, each.kind, each.name) for each in before)
    same_kind = row is not None and is_provisional(row.source) == is_provisional(year.source)
    if not year.days or (days == year.days and same_kind):
        return _entered(year, Outcome.UNCHANGED)
    if row is None:
        session.add(CalendarYear(year=year.year, source=year.source))
    else:
        row.source = year.source
        session.execute(delete(CalendarDay).where(col(CalendarDay.year) == year.year))
        session.expire_all()
    rows = [(each.day, year.year, each.kind, each.name) for each in year.days]
    insert_rows(session, CalendarDay, ("day", "year", "kind", "name"), rows)
    return _entered(year, Outcome.CREATED if row is None else Outcome.UPDATED)


def _entered(year: YearOfDays, outcome: Outcome) -> YearEntered:
    holidays = sum(day.kind is DayKind.HOLIDAY for day in year.days)
    return YearEntered(
        year=year.year,
        source=year.source,
        provisional=is_provisional(year.source),
        holidays=holidays,
        workdays=len(year.days) - holidays,
        outcome=outcome,
    )
