"""How long what is kept of people, by class, and what happens then.

Source: rules G3; mission S1.14, S2.7, "delete stale data or archive it".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Retained(StrEnum):
    """A class of what is stored about people."""

    LEADS = "leads"
    REJECTED = "rejected"
    MEMBERS = "members"
    MESSAGES = "messages"
    VISITS = "visits"
    MONEY = "money"


POLICY: Mapping[Retained, str] = {each: f"retention_{each}_years" for each in Retained}
CLOCK: Mapping[Retained, str] = {
    Retained.LEADS: "their registration, without any order since",
    Retained.REJECTED: "the last event of applications that all came to nothing",
    Retained.MEMBERS: "the end of the last term",
    Retained.MESSAGES: "the message",
    Retained.VISITS: "the visit or the refused scan",
    Retained.MONEY: "the last entry in the books",
}
"""What the years are counted from."""

ACTION: Mapping[Retained, str] = {
    Retained.LEADS: "erase",
    Retained.REJECTED: "erase",
    Retained.MEMBERS: "erase",
    Retained.MESSAGES: "delete",
    Retained.VISITS: "delete",
    Retained.MONEY: "keep",
}
PEOPLE = (Retained.LEADS, Retained.REJECTED, Retained.MEMBERS)


def cut_off(today: date, years: int) -> date:
    """Return the last day of which things are past their time today: `years` years before it."""
    leap_day = (today.month, today.day) == (2, 29)
    return today.replace(year=today.year - years, day=28 if leap_day else today.day) - timedelta(1)


@dataclass(frozen=True, slots=True)
class Person:
    """What decides for how long somebody is kept; dates are local.

    orders, dead -- how many there are, and how many of them came to nothing
    last_event   -- of any order, None without one; last_term -- the end of the last one, or None
    held         -- there is credit, debt or something else open
    """

    member_id: int
    registered_on: date
    orders: int
    dead: int
    last_event: date | None
    last_term: date | None
    held: bool


def class_of(person: Person) -> Retained | None:
    """Return the class that somebody belongs to, None while an order of theirs is alive."""
    if person.last_term is not None:
        return Retained.MEMBERS
    if person.orders == 0:
        return Retained.LEADS
    return Retained.REJECTED if person.orders == person.dead else None


def due_people(
    people: Iterable[Person], cuts: Mapping[Retained, date]
) -> tuple[dict[Retained, list[int]], dict[Retained, int]]:
    """Return by class who is past their time, and how many are kept although they are.

    cuts -- the last day of each class that is past its time
    """
    due: dict[Retained, list[int]] = {each: [] for each in PEOPLE}
    held = dict.fromkeys(PEOPLE, 0)
    for person in people:
        kind = class_of(person)
        if kind is None or _began(person, kind) > cuts[kind]:
            continue
        if person.held:
            held[kind] += 1
        else:
            due[kind].append(person.member_id)
    return due, held


def _began(person: Person, kind: Retained) -> date:
    """Return the day from which the years of somebody's class are counted."""
    if kind is Retained.LEADS:
        return person.registered_on
    began = person.last_event if kind is Retained.REJECTED else person.last_term
    return began or person.registered_on


@dataclass(frozen=True, slots=True)
class RetentionLine:
    """One class: what is past its time today, and what happens with it.

    years  -- how long it is kept, counted from `since`
    due    -- how many are past their time; held -- how many of them stay: something is open
    until_on -- the last day whose things are past their time
    """

    kind: Retained
    action: str
    policy: str
    years: int
    since: str
    until_on: date
    due: int
    held: int


@dataclass(frozen=True, slots=True)
class RetentionRun:
    """What a run came to. erased -- the numbers of the members who were erased"""

    on: date
    erased: tuple[str, ...]
    deleted: int
    held: int
    lines: tuple[RetentionLine, ...]


def line_of(kind: Retained, *, years: int, today: date, due: int, held: int = 0) -> RetentionLine:
    """Return the line of one class."""
    return RetentionLine(
        kind, ACTION[kind], POLICY[kind], years, CLOCK[kind], cut_off(today, years), due, held
    )
