"""The unit of work: one command, one transaction, the only COMMIT of the whole program.

    turnstile, BEGIN -> the store is ours -> who is it, may they -> the idempotency key
    -> the operation -> its notes as audit rows -> COMMIT

Source: house.md "One way down, one way up"; reliability.md R1-R4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from memberctl.core.actor import Actor
from memberctl.core.dates import local_date
from memberctl.store import repeats
from memberctl.store.audit import append_notes, open_trail
from memberctl.store.clock import moment
from memberctl.store.engine import version_by_others
from memberctl.store.failures import committing
from memberctl.store.guard import store_info
from memberctl.store.keys import Keys, load_keys
from memberctl.store.repeats import Request
from memberctl.store.signals import signals_held

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.engine import Store


@dataclass(frozen=True, slots=True)
class Opening:
    """What a transaction knows as soon as it begins.

    actor -- who does it; now -- the instant that counts; zone, currency, region -- the
    organisation's; region is the default for phone numbers
    """

    actor: Actor
    now: datetime
    zone: ZoneInfo
    currency: str
    region: str

    @property
    def today(self) -> date:
        """Return the local calendar date of `now`."""
        return local_date(self.now, self.zone)


@dataclass(slots=True)
class Work:
    """A write transaction in progress, as an operation's caller sees it."""

    session: Session
    opening: Opening
    keys: Keys
    dry_run: bool
    answer: dict[str, Any] = field(default_factory=dict)


Open = Callable[["Session"], Opening]


@contextmanager
def unit_of_work(
    store: Store,
    key_dir: Path,
    request: Request,
    open_: Open,
    *,
    dry_run: bool = False,
    on_commit: Callable[[], None] | None = None,
) -> Iterator[Work]:
    """Give a write transaction; it is committed when the block ends well, else nothing happened.

    open_ -- identifies the person and refuses what they may not do, inside the transaction
    on_commit -- called when the change is in the store, before any signal can interrupt
    The block sets `answer`, which a repeat under the same key is told.
    Raises core.errors.AlreadyDone when the request's key was used for the same before.
    """
    with store.writing() as session:
        info = store_info(session)
        keys = load_keys(key_dir, info.store_id, info.key_check)
        open_trail(session, keys.audit, request.command)
        opening = open_(session)
        taken = repeats.begin(session, request, opening.actor.staff, opening.now)
        work = Work(session, opening, keys, dry_run)

        yield work

        repeats.finish(taken, work.answer)
        _end(session, dry_run, on_commit)


def _end(session: Session, dry_run: bool, on_commit: Callable[[], None] | None) -> None:
    """Make the notes audit rows, then commit; or take everything back."""
    session.flush()
    append_notes(session)
    with signals_held():
        if dry_run:
            session.rollback()
        else:
            with committing():
                session.commit()
            if on_commit is not None:
                on_commit()


@dataclass(frozen=True, slots=True)
class _Known:
    """What a stream's transactions begin with.

    state -- what that rests on; version -- of the store when `state` was last asked, if it has one
    """

    opening: Opening
    keys: Keys
    state: object
    version: int | None


class Stream:
    """Transactions of one command, one after another, by one person on a store kept open.

    Each is committed by itself. What a transaction begins with (is the store ours, who is it,
    may they) is asked again only when `state` tells that something it rests on was changed, which
    is asked when another connection has written; the clock is asked each time.
    Source: performance.md D.
    """

    def __init__(
        self,
        store: Store,
        key_dir: Path,
        command: str,
        open_: Open,
        *,
        state: Callable[[Session, Actor], object],
        as_of: str | None,
        dry_run: bool = False,
        on_commit: Callable[[], None] | None = None,
    ) -> None:
        self._store = store
        self._key_dir = key_dir
        self._command = command
        self._open = open_
        self._state_of = state
        self._as_of = as_of
        self._dry_run = dry_run
        self._on_commit = on_commit
        self._known: _Known | None = None

    @contextmanager
    def unit(self) -> Iterator[tuple[Work, bool]]:
        """Give a write transaction, and whether what it begins with was asked anew."""
        with self._store.writing() as session:
            opening, keys, anew = self._opened(session)

            yield Work(session, opening, keys, self._dry_run), anew

            _end(session, self._dry_run, self._on_commit)

    def _opened(self, session: Session) -> tuple[Opening, Keys, bool]:
        version, known = version_by_others(session), self._known
        if known is not None and self._holds(session, known, version):
            if version != known.version:
                self._known = replace(known, version=version)
            open_trail(session, known.keys.audit, self._command)
            now = moment(self._as_of, known.opening.zone)
            return replace(known.opening, now=now), known.keys, False
        self._known = None
        info = store_info(session)
        keys = load_keys(self._key_dir, info.store_id, info.key_check)
        open_trail(session, keys.audit, self._command)
        opening = self._open(session)
        self._known = _Known(opening, keys, self._state_of(session, opening.actor), version)
        return opening, keys, True

    def _holds(self, session: Session, known: _Known, version: int | None) -> bool:
        if version is not None and version == known.version:
            return True
        return self._state_of(session, known.opening.actor) == known.state


@contextmanager
def view(store: Store, open_: Open) -> Iterator[tuple[Session, Opening]]:
    """Give a session that reads one moment of the store, with rights checked as for writing."""
    with store.reading() as session:
        store_info(session)
        yield session, open_(session)


def keys_of(session: Session, key_dir: Path) -> Keys:
    """Return the store's keys, for reading sealed fields."""
    info = store_info(session)
    return load_keys(key_dir, info.store_id, info.key_check)
