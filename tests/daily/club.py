"""A club in which things happen to members while cron runs, most days, once or twice.

What happens is done by the program's own operations, each in a transaction of its own; so are the
daily jobs, and what they queue goes to a mail server and an SMS service that are down at times.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from memberctl.access import ending, holding, operations, pausing
from memberctl.access.changes import ChangeKind
from memberctl.access.holds import HoldKind
from memberctl.access.tables import Term
from memberctl.core.actor import Actor
from memberctl.core.dates import Span
from memberctl.core.errors import RuleRefused
from memberctl.daily.operations import Day, Job
from memberctl.message.delivery import Answer, Handed, Outgoing
from memberctl.message.posting import post
from memberctl.message.preferences import opt_in, opt_out
from memberctl.message.rules import Because, Channel, OptOut
from memberctl.message.sending import Desk
from memberctl.message.tables import OutboxMessage
from memberctl.office.operations import set_policy
from memberctl.store.audit import append_notes, open_trail
from memberctl.store.engine import Store
from memberctl.store.keys import Keys
from memberctl.store.tables import Counter as CounterRow
from tests.access.conftest import MONTH, YEAR, member_row
from tests.daily.expected import Contact, Expected, Key, Lived
from tests.daily.happenings import Happening, What, fate
from tests.founding import FOUNDED_AT, actors

ZONE = ZoneInfo("Asia/Shanghai")
CRON, NOON, AGAIN = time(8, 17), time(12), time(20, 30)
STEPS = "1m,0d,+1w"
WAYS = ((True, False), (False, True), (True, True))
TIRED_OF = (OptOut.MARKETING, OptOut.REMINDERS, OptOut.EVERYTHING)


@dataclass(frozen=True, slots=True)
class Plan:
    """A stretch of days. missed -- without cron; twice -- with two runs; down -- the services

    without_sms -- the day from which on SMS is not used, so that some members must be called
    """

    first: date
    last: date
    missed: frozenset[date]
    twice: frozenset[date]
    mail_down: frozenset[date]
    sms_down: frozenset[date]
    without_sms: date

    def days(self) -> Iterator[date]:
        """Yield every day."""
        for ordinal in range(self.first.toordinal(), self.last.toordinal() + 1):
            yield date.fromordinal(ordinal)


@dataclass(slots=True)
class Work:
    """A transaction, as sending takes it."""

    session: Session
    actor: Actor
    now: datetime
    zone: ZoneInfo = ZONE


@dataclass(slots=True)
class Service:
    """A mail server or an SMS service that writes down what it accepted."""

    when_down: Answer
    dead: frozenset[str] = frozenset()
    is_down: bool = False
    accepted: list[int] = field(default_factory=list)

    def hand_over(self, message: Outgoing) -> Handed:
        """Accept a message, unless the service is down or nobody lives there."""
        if self.is_down:
            return Handed(self.when_down, "no answer")
        if message.to in self.dead:
            return Handed(Answer.REFUSED, "no such user")
        self.accepted += message.ids
        return Handed(Answer.ACCEPTED)

    def close(self) -> None:
        """Give back nothing."""


class Club:
    """A store with members, and the model beside it that is told the same."""

    def __init__(
        self, store: Store, keys: Keys, ends: Sequence[date], dice: random.Random, desk: Desk
    ) -> None:
        self.store, self.keys, self.desk, self.dice = store, keys, desk, dice
        self.by = actors()["zhao"]
        contacts = {member: _contact(dice) for member in range(1, len(ends) + 1)}
        self.expected = Expected(contacts)
        dead = frozenset(_mailbox(member) for member, each in contacts.items() if each.dead)
        self.mail, self.sms = Service(Answer.DOWN, dead), Service(Answer.LATER)
        self.story: dict[date, list[Happening]] = {}
        self.happened: Counter[What] = Counter()
        self._found(ends, contacts)
        for member, end_on in enumerate(ends, start=1):
            self._will(*fate(end_on, member, dice))

    def live(self, plan: Plan, jobs: Sequence[Job], look_every: int) -> list[str]:
        """Live through the days of a plan and return the first differences that are seen.

        look_every -- after how many days the outbox is compared with the model, as at the end
        """
        for number, day in enumerate(plan.days(), start=1):
            self.mail.is_down, self.sms.is_down = day in plan.mail_down, day in plan.sms_down
            if day not in plan.missed:
                self.run_daily(day, CRON, jobs)
            if day == plan.without_sms:
                self._give_up_sms(day)
            for happening in self.story.get(day, ()):
                self._happen(happening)
            if day in plan.twice:
                self.run_daily(day, AGAIN, jobs)
            if number % look_every == 0 and (seen := self.differences()):
                return seen
        return self.differences()

    def run_daily(self, day: date, clock: time, jobs: Sequence[Job]) -> None:
        """Do what `run daily` does, and let the model live through it."""
        at = _instant(day, clock)
        for job in jobs:
            with self.writing(at) as work:
                job.run(work.session, Day(day, at, work.actor, lambda numbers: None))
        post(lambda: self.writing(at), {Channel.EMAIL: self.mail, Channel.SMS: self.sms}, self.desk)
        self.expected.run(day, mail_is_down=self.mail.is_down, sms_is_down=self.sms.is_down)

    @contextmanager
    def writing(self, at: datetime) -> Iterator[Work]:
        """Give a transaction that is committed with its notes."""
        with self.store.writing() as session:
            open_trail(session, self.keys.audit, "daily.run")
            yield Work(session, self.by, at)
            session.flush()
            append_notes(session)
            session.commit()

    def differences(self) -> list[str]:
        """Return where the outbox is not what the model says, and what did not go out once."""
        with self.store.reading() as session:
            rows = session.scalars(select(OutboxMessage)).all()
        found = {_key(row): (row.state.value, _day(row.sent_at)) for row in rows}
        assert len(found) == len(rows), "the same member, term, step and channel twice"
        expected = {key: (each.state, each.sent) for key, each in self.expected.messages.items()}
        accepted = Counter([*self.mail.accepted, *self.sms.accepted])
        sent = {row.id for row in rows if row.state == "sent"}
        return [
            *(f"{key} is missing" for key in expected.keys() - found.keys()),
            *(f"{key} is too much" for key in found.keys() - expected.keys()),
            *(f"{key} is {found[key]}, not {expected[key]}"
              for key in found.keys() & expected.keys() if found[key] != expected[key]),
            *(f"message {id_} went out {accepted[id_]} times"
              for id_ in accepted.keys() | sent if accepted[id_] != (id_ in sent)),
        ]  # fmt: skip

    def _found(self, ends: Sequence[date], contacts: Mapping[int, Contact]) -> None:
        with self.writing(FOUNDED_AT) as work:
            set_policy(work.session, "reminder_steps", STEPS, by=self.by, at=FOUNDED_AT)
            for name in ("member", "term"):
                work.session.add(CounterRow(name=name, value=len(ends)))
            for member, contact in contacts.items():
                row = member_row(member, FOUNDED_AT)
                row.email = _mailbox(member) if contact.email else None
                row.phone = row.phone if contact.phone else None
                work.session.add(row)
            work.session.flush()
            for member, end_on in enumerate(ends, start=1):
                start_on = end_on - timedelta(days=364)
                term = Term(
                    id=member, member_id=member, plan_version_id=1, tier_version_id=1,
                    product="membership", source=f"JN-{member}", start_on=start_on, end_on=end_on,
                    anchor_on=start_on, granted_at=FOUNDED_AT,
                )  # fmt: skip
                work.session.add(term)
                self._tell([term])

    def _give_up_sms(self, day: date) -> None:
        at = _instant(day, NOON)
        with self.writing(at) as work:
            set_policy(work.session, "reminder_channels", "email", by=self.by, at=at)
        self.expected.sms_is_used = False

    def _tell(self, terms: Sequence[Term]) -> None:
        for term in terms:
            new = Lived(term.member_id, term.start_on, term.end_on)
            known = self.expected.term(term.id, new)
            known.end_on, known.void = term.end_on, term.voided_at is not None

    def _will(self, *happenings: Happening) -> None:
        for each in happenings:
            self.story.setdefault(each.on, []).append(each)

    def _happen(self, happening: Happening) -> None:
        """Let something happen; what the rules refuse does not, and the model hears nothing."""
        with suppress(RuleRefused), self.writing(_instant(happening.on, NOON)) as work:
            DEEDS[happening.what](self, work, happening)
            self.happened[happening.what] += 1

    def terms_of(self, work: Work, member: int) -> list[Term]:
        """Return the terms of a member as they are stored, the oldest first."""
        terms = select(Term).where(col(Term.member_id) == member).order_by(col(Term.id))
        return list(work.session.scalars(terms))

    def renew(self, work: Work, what: Happening) -> None:
        """Sell another term; who renews by the month comes again around its end."""
        plan = YEAR if what.what is What.RENEWS else MONTH
        term = operations.grant_term(
            work.session, member_id=what.member, plan=plan, tier_version_id=1,
            source=f"RN-{len(self.expected.terms) + 1}", paid_on=what.on, by=work.actor,
            at=work.now,
        )  # fmt: skip
        self._tell([term])
        if what.count:
            again = max(term.end_on + timedelta(days=self.dice.randint(-20, 20)),
                        what.on + timedelta(days=1))  # fmt: skip
            self._will(replace(what, on=again, count=what.count - 1))

    def take_back(self, work: Work, what: Happening) -> None:
        """Void the newest term, if it is a renewal."""
        newest = self.terms_of(work, what.member)[-1]
        if not newest.source.startswith("RN"):
            raise RuleRefused("it was renewed before the year began, or not at all")
        ending.void_terms_of(work.session, newest.source, by=work.actor, at=work.now)
        self._tell([newest])

    def freeze(self, work: Work, what: Happening) -> None:
        """Freeze the term of the day."""
        first = what.on + timedelta(days=what.wait)
        days = Span(first, first + timedelta(days=what.count - 1))
        done = pausing.freeze_term(
            work.session, what.member, days, order=None, reason="leg", by=work.actor, at=work.now,
            today=what.on,
        )  # fmt: skip
        terms = self.terms_of(work, what.member)
        self._tell(terms)
        frozen = next(term for term in terms if term.source == done.order)
        self.expected.terms[frozen.id].rests.append((days.start_on, days.end_on))

    def resume(self, work: Work, what: Happening) -> None:
        """End the freeze before its time."""
        done = pausing.resume_term(
            work.session, what.member, what.on + timedelta(days=what.wait), order=None,
            reason="well", by=work.actor, at=work.now, today=what.on,
        )  # fmt: skip
        terms = self.terms_of(work, what.member)
        self._tell(terms)
        frozen = next(term for term in terms if term.source == done.order)
        rests = self.expected.terms[frozen.id].rests
        rests.pop()
        if done.from_on is not None and done.until_on is not None:
            rests.append((done.from_on, done.until_on))

    def cancel(self, work: Work, what: Happening) -> None:
        """Give notice for the newest term."""
        term = self.terms_of(work, what.member)[-1]
        last_on = what.on + timedelta(days=what.wait)
        shortened = ending.end_terms(
            work.session, term.source, last_on=last_on, why=ChangeKind.CANCELLED, reason="moves",
            by=work.actor, at=work.now, today=what.on,
        )  # fmt: skip
        self._tell([term])
        self.expected.terms[term.id].left = bool(shortened.terms)

    def have_enough(self, work: Work, what: Happening) -> None:
        """Want no more messages of a kind."""
        kind = TIRED_OF[what.count]
        opt_out(
            work.session, what.member, kind, because=Because.ASKED, by=work.actor, at=work.now
        )  # fmt: skip
        self.expected.not_wanted[what.member].add(kind.value)

    def like_it_again(self, work: Work, what: Happening) -> None:
        """Want them again."""
        kind = TIRED_OF[what.count]
        opt_in(work.session, what.member, kind, by=work.actor, at=work.now)
        self.expected.not_wanted[what.member].discard(kind.value)

    def be_expelled(self, work: Work, what: Happening) -> None:
        """Be shown the door."""
        holding.expel_member(
            work.session, what.member, reason="theft", by=work.actor, at=work.now, today=what.on
        )
        self.expected.not_wanted[what.member].add("expelled")

    def be_let_in(self, work: Work, what: Happening) -> None:
        """Be forgiven."""
        holding.lift(
            work.session, what.member, HoldKind.EXPULSION, reason="paid", by=work.actor,
            at=work.now, today=what.on,
        )  # fmt: skip
        self.expected.not_wanted[what.member].discard("expelled")


DEEDS: Mapping[What, Callable[[Club, Work, Happening], None]] = {
    What.RENEWS: Club.renew,
    What.RENEWS_A_MONTH: Club.renew,
    What.TAKES_IT_BACK: Club.take_back,
    What.FREEZES: Club.freeze,
    What.RESUMES: Club.resume,
    What.CANCELS: Club.cancel,
    What.HAS_ENOUGH: Club.have_enough,
    What.LIKES_IT_AGAIN: Club.like_it_again,
    What.IS_EXPELLED: Club.be_expelled,
    What.IS_LET_IN: Club.be_let_in,
}


def _contact(dice: random.Random) -> Contact:
    email, phone = dice.choices(WAYS, weights=(50, 30, 20))[0]
    return Contact(email, phone, dead=dice.random() < 0.04)


def _mailbox(member: int) -> str:
    return f"m{member}@example.com"


def _instant(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, ZONE).astimezone(ZoneInfo("UTC"))


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.astimezone(ZONE).date()


def _key(row: OutboxMessage) -> Key:
    term, _, step = row.cause.removeprefix("T-").partition("/")
    return row.member_id, int(term), step, row.channel.value
