"""Which reminders a club must have after every run: a model that is told what happens to members.

It knows nothing of statements, policies and tables: it looks at each term on each day and says what
is to be said then, as rules N1-N4 put it. Ends of terms are told to it, all else it reckons itself.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

OPEN_DAYS = 14
Key = tuple[int, int, str, str]
"""Member, term, step and channel: what there is one reminder for."""


@dataclass(slots=True)
class Contact:
    """How a member is reached. dead -- their mailbox is refused for good"""

    email: bool
    phone: bool
    dead: bool = False


@dataclass(slots=True)
class Lived:
    """A term as it stands. rests -- the days of each freeze; left -- cancelled or the like"""

    member: int
    start_on: date
    end_on: date
    void: bool = False
    left: bool = False
    rests: list[tuple[date, date]] = field(default_factory=list)


@dataclass(slots=True)
class Said:
    """A reminder. sent -- the local day on which it was accepted"""

    number: int
    state: str = "queued"
    sent: date | None = None


class Expected:
    """The club as its members would remember it."""

    def __init__(self, contacts: Mapping[int, Contact]) -> None:
        self.contacts = contacts
        self.terms: dict[int, Lived] = {}
        self._terms_of: dict[int, list[Lived]] = {member: [] for member in contacts}
        self.sms_is_used = True
        self.not_wanted: dict[int, set[str]] = {member: set() for member in contacts}
        self.messages: dict[Key, Said] = {}
        self._advertised: dict[int, date] = {}

    def term(self, term_id: int, new: Lived) -> Lived:
        """Return a term that the model knows, or learns of now."""
        if term_id not in self.terms:
            self.terms[term_id] = new
            self._terms_of[new.member].append(new)
        return self.terms[term_id]

    def run(self, today: date, *, mail_is_down: bool, sms_is_down: bool) -> None:
        """Live through one daily run."""
        self._queue(today)
        self._send(today, mail_is_down=mail_is_down, sms_is_down=sms_is_down)

    def _queue(self, today: date) -> None:
        for term_id, term in sorted(self.terms.items()):
            step = None if term.void else open_step(term.end_on, today)
            if step is None or self._is_unwanted(term_id, step, today):
                continue
            for channel in self._ways(term, term_id, step):
                key = (term.member, term_id, step, channel)
                if key in self.messages:
                    self.messages[key].state = "queued"
                else:
                    self.messages[key] = Said(len(self.messages))

    def _ways(self, term: Lived, term_id: int, step: str) -> list[str]:
        """Return the ways in which a step is still to be said; none when it is under way."""
        contact = self.contacts[term.member]
        states = {channel: said.state for channel, said in self._of(term.member, term_id, step)}
        if set(states.values()) - {"suppressed", "failed"}:
            return []
        failed = {channel for channel, state in states.items() if state == "failed"}
        sms = contact.phone and self.sms_is_used
        ways = [way for way, has in (("email", contact.email), ("sms", sms)) if has]
        if failed or not ways:
            ways.append("call")
        return sorted(set(ways) - failed)

    def _of(self, member: int, term_id: int, step: str) -> Iterator[tuple[str, Said]]:
        for channel in ("call", "email", "sms"):
            said = self.messages.get((member, term_id, step, channel))
            if said is not None:
                yield channel, said

    def _send(self, today: date, *, mail_is_down: bool, sms_is_down: bool) -> None:
        channels = {"email", "sms"}
        waiting = [
            (key, said) for key, said in self.messages.items() if said.state in {"queued", "retry"}
        ]
        for key, said in sorted(waiting, key=lambda each: each[1].number):
            member, term_id, step, channel = key
            advertises = step.startswith("+")
            # Two ends of one member are never a week old at once, so nothing here is a digest.
            if channel not in channels or (advertises and self._advertised.get(member) == today):
                continue
            if self._is_too_late(term_id, step, today):
                said.state = "suppressed"
            elif channel == "email" and mail_is_down:
                said.state = "queued"
                channels.discard(channel)
            elif channel == "sms" and sms_is_down:
                said.state = "retry"
            elif channel == "email" and self.contacts[member].dead:
                said.state = "failed"
            else:
                said.state, said.sent = "sent", today
                if advertises:
                    self._advertised[member] = today

    def _is_too_late(self, term_id: int, step: str, today: date) -> bool:
        term = self.terms[term_id]
        return (
            term.void
            or open_step(term.end_on, today) != step
            or self._is_unwanted(term_id, step, today)
        )

    def _is_unwanted(self, term_id: int, step: str, today: date) -> bool:
        term = self.terms[term_id]
        stops = {"reminders", "everything", "expelled"} | (
            {"marketing"} if step.startswith("+") else set()
        )
        return (
            term.left
            # Nobody is told on their first day that it ends, nor of a day before it.
            or day_of(step, term.end_on) <= term.start_on
            or bool(self.not_wanted[term.member] & stops)
            or any(first <= today <= last for first, last in term.rests)
            or any(
                not other.void and other.end_on > term.end_on
                for other in self._terms_of[term.member]
            )
        )


def open_step(end_on: date, today: date) -> str | None:
    """Return the step that is open on a day for a term that ends on another."""
    found = None
    if abs((end_on - today).days) < 60:  # A year of days is long; no step is further away.
        found = next((k for k, first, last in _steps(end_on) if first <= today <= last), None)
    return found


def day_of(step: str, end_on: date) -> date:
    """Return the day of a step."""
    return next(day for name, day, _ in _steps(end_on) if name == step)


@lru_cache(maxsize=2048)
def _steps(end_on: date) -> list[tuple[str, date, date]]:
    days = [
        ("1m", a_month_before(end_on)),
        ("0d", end_on),
        ("+1w", end_on + timedelta(days=7)),
    ]
    closing = [day - timedelta(days=1) for _, day in days[1:]] + [date.max]
    longest = timedelta(days=OPEN_DAYS - 1)
    return [
        (step, day, min(day + longest, closed))
        for (step, day), closed in zip(days, closing, strict=True)
    ]


def a_month_before(day: date) -> date:
    """Return the same day of the month before, or its last one."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=min(day.day, monthrange(last.year, last.month)[1]))
