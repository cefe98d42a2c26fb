"""The transaction of a command: `work` to change something, `look` to read.

Commands write `with work(ctx, right) as w:` and `with look(ctx, right) as r:`. Both identify the
person and check the right inside the transaction. What a command says is printed only after the
commit, or after the read transaction is closed.
Source: house.md "One way down, one way up"; reliability.md R7, R17.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from memberctl.cli.run import Run, login_of, opening_of
from memberctl.core.actor import Actor
from memberctl.core.errors import MemberctlError, NotPermitted, UsageProblem

if TYPE_CHECKING:
    import typer
    from sqlmodel import Session

    from memberctl.store.keys import Keys
    from memberctl.store.repeats import Request
    from memberctl.store.work import Opening, Work


@dataclass(slots=True)
class Writing:
    """A command's view of its write transaction."""

    run: Run
    unit: Work
    spoken: tuple[object, str] | None = None
    exit_code: int = 0

    @property
    def session(self) -> Session:
        """Return the session of the transaction."""
        return self.unit.session

    @property
    def actor(self) -> Actor:
        """Return who does it."""
        return self.unit.opening.actor

    @property
    def now(self) -> datetime:
        """Return the instant that counts, in UTC."""
        return self.unit.opening.now

    @property
    def today(self) -> date:
        """Return the organisation's date of `now`."""
        return self.unit.opening.today

    @property
    def zone(self) -> ZoneInfo:
        """Return the organisation's zone."""
        return self.unit.opening.zone

    @property
    def currency(self) -> str:
        """Return the organisation's currency."""
        return self.unit.opening.currency

    @property
    def region(self) -> str:
        """Return the region that phone numbers without a country belong to."""
        return self.unit.opening.region

    @property
    def keys(self) -> Keys:
        """Return the keys for sealed fields."""
        return self.unit.keys

    @property
    def dry_run(self) -> bool:
        """Return whether everything is taken back at the end."""
        return self.unit.dry_run

    def say(self, result: object, sentence: str, exit_code: int = 0) -> None:
        """Say, once the commit is done, what was done. sentence -- "Filed {number}."."""
        self.spoken = (result, sentence)
        self.exit_code = exit_code
        self.unit.answer = {
            "data": self.run.output.kept(result),
            "line": self.run.output.line(result, sentence),
            "exit": exit_code,
        }

    def note(self, text: str) -> None:
        """Say something by the way on stderr, at once."""
        self.run.output.note(text)

    def warn(self, text: str) -> None:
        """Warn on stderr, at once, and in the JSON messages."""
        self.run.output.warn(text)


@dataclass(slots=True)
class Reading:
    """A command's view of its read transaction, and of the output after it."""

    run: Run
    session: Session
    opening: Opening

    @property
    def actor(self) -> Actor:
        """Return who looks."""
        return self.opening.actor

    @property
    def now(self) -> datetime:
        """Return the instant that counts, in UTC."""
        return self.opening.now

    @property
    def today(self) -> date:
        """Return the organisation's date of `now`."""
        return self.opening.today

    @property
    def zone(self) -> ZoneInfo:
        """Return the organisation's zone."""
        return self.opening.zone

    @property
    def currency(self) -> str:
        """Return the organisation's currency."""
        return self.opening.currency

    @property
    def region(self) -> str:
        """Return the region that phone numbers without a country belong to."""
        return self.opening.region

    @property
    def limit(self) -> int | None:
        """Return how many rows a list will show, None for all."""
        return self.run.output.row_limit()

    def keys(self) -> Keys:
        """Return the keys for sealed fields. Raises KeyProblem when their file is missing."""
        from memberctl.store.work import keys_of

        return keys_of(self.session, self.run.settings.key_dir)

    def show_list(
        self, rows: Any, columns: Any, *, total: int | None = None, title: str | None = None
    ) -> None:
        """Show a list; see Output.show_list."""
        self._log_persons(rows[: self.limit])
        self.run.output.show_list(rows, columns, total=total, title=title)

    def show_record(
        self, record: object, *, title: str | None = None, as_bars: str | None = None
    ) -> None:
        """Show one record; see Output.show_record."""
        self._log_persons([record])
        self.run.output.show_record(record, title=title, as_bars=as_bars)

    def show_text(self, text: str, data: object) -> None:
        """Show a text such as a receipt; see Output.show_text."""
        self._log_persons([data])
        self.run.output.show_text(text, data)

    def show_document(self, pieces: Iterable[str | bytes]) -> None:
        """Show a document of another program's form; see Output.show_document."""
        self._log_persons(())
        self.run.output.show_document(pieces)

    def show_bars(self, title: str, bars: Sequence[tuple[str, object, int]]) -> None:
        """Draw bars on a terminal; see Output.show_bars."""
        self.run.output.show_bars(title, bars)

    def _log_persons(self, rows: Any) -> None:
        """Log whose data are shown in the clear, before they are shown (rules G2)."""
        if self.run.reveal_reason is None:
            return
        from memberctl.cli.revealing import persons_in

        _log_revealed(self.run, self.run.reveal_reason, persons_in(rows))

    def end_with(self, exit_code: int) -> None:
        """End the run with `exit_code` although nothing failed, e.g. 8 for problems found."""
        self.run.exit_code = exit_code


@contextmanager
def work(ctx: typer.Context, right: str, *, money: bool = False) -> Iterator[Writing]:
    """Give a write transaction to a command; it is committed, then the command's words are said.

    right -- what the person must be allowed to do; money -- a repeat would cost somebody money
    """
    from memberctl.store.work import unit_of_work

    run: Run = ctx.obj
    request = run.request(money=money)
    try:
        with unit_of_work(
            run.store(),
            run.settings.key_dir,
            request,
            run.opener(right),
            dry_run=run.dry_run,
            on_commit=run.mark_committed,
        ) as unit:
            writing = Writing(run, unit)
            yield writing
            _say_remarks(run, unit.session)
    except NotPermitted as refusal:
        _log_refusal(run, request, right, refusal)
        raise
    _speak(writing)


@contextmanager
def rehearse(ctx: typer.Context, right: str) -> Iterator[Writing]:
    """Give a transaction that is always taken back, to show what a command would do (A4)."""
    from memberctl.store.work import unit_of_work

    run: Run = ctx.obj
    request = replace(run.request(money=False), key=None)
    try:
        with unit_of_work(
            run.store(), run.settings.key_dir, request, run.opener(right), dry_run=True
        ) as unit:
            yield Writing(run, unit)
    except NotPermitted as refusal:
        _log_refusal(run, request, right, refusal)
        raise


@contextmanager
def look(ctx: typer.Context, right: str) -> Iterator[Reading]:
    """Give a read transaction to a command; it shows what it found after the block."""
    from memberctl.store.work import view

    run: Run = ctx.obj
    if run.options.reveal is not None:
        _allow_reveal(run, run.options.reveal)
    try:
        with view(run.store(), run.opener(right)) as (session, opening):
            yield Reading(run, session, opening)
            _say_remarks(run, session)
    except NotPermitted as refusal:
        _log_refusal(run, run.request(money=False), right, refusal)
        raise


def reveal(ctx: typer.Context, what: str) -> None:
    """Let a command that writes show personal data in the clear, for the reason of --reveal.

    what -- why that is needed, for the refusal of a line without a reason
    Raises UsageProblem, NotPermitted.
    """
    run: Run = ctx.obj
    if run.options.reveal is None:
        raise UsageProblem(what, hint="--reveal REASON")
    _log_reveal(run, run.options.reveal)


def _say_remarks(run: Run, session: Session) -> None:
    from memberctl.store.remarks import remarks_of

    for text in remarks_of(session):
        run.output.note(text)


def confirm(ctx: typer.Context, question: str, *, own_words: bool = False) -> None:
    """Ask before something that cannot be taken back; raises unless --yes or a person says yes."""
    from memberctl.cli.prompts import confirm as ask_person

    run: Run = ctx.obj
    if run.dry_run:
        return
    ask_person(
        question,
        yes=bool(run.options.yes),
        no_input=run.settings.no_input,
        stdin=run.stdin,
        stderr=run.stderr,
        own_words=own_words,
    )


def _speak(writing: Writing) -> None:
    run = writing.run
    if run.dry_run:
        run.say_dry_run()
    elif writing.exit_code:
        run.output.status = "partial"
    run.exit_code = run.exit_code or writing.exit_code
    if writing.spoken is not None:
        run.output.say(*writing.spoken)


def _log_refusal(run: Run, request: Request, right: str, refusal: NotPermitted) -> None:
    """Write who was refused what, in a transaction of its own (reliability.md, rights).

    Wrong PINs are counted by the real time, in a dry run as well: or they could be guessed there.
    """
    from memberctl.office.pins import WRONG_PIN, WrongPin
    from memberctl.store.audit import note
    from memberctl.store.clock import moment
    from memberctl.store.work import unit_of_work

    def open_(session: Session) -> Opening:
        from memberctl.office.queries import organisation, whoever

        actor = whoever(session, **login_of(session), acting_as=run.settings.as_staff)
        return opening_of(actor, organisation(session), run.settings.as_of)

    # The refusal stands whether or not it can be written, for example on a read-only disk.
    with (
        suppress(MemberctlError),
        unit_of_work(
            run.store(),
            run.settings.key_dir,
            replace(request, key=None),
            open_,
            dry_run=run.dry_run and not isinstance(refusal, WrongPin),
        ) as unit,
    ):
        opening = unit.opening
        if isinstance(refusal, WrongPin):
            note(
                unit.session, WRONG_PIN, refusal.staff, by=opening.actor,
                at=moment(None, opening.zone),
            )  # fmt: skip
            return
        note(
            unit.session, "right.refused", run.command, by=opening.actor, at=opening.now,
            right=right, rule=refusal.code,
        )  # fmt: skip


def _allow_reveal(run: Run, reason: str) -> None:
    """Check the right to see personal data in the clear; whose they are is logged when shown."""
    from memberctl.core.text import clean_text
    from memberctl.store.work import view

    said = clean_text(reason, what="the reason for --reveal")
    try:
        with view(run.store(), run.opener("personal.reveal")):
            run.reveal_reason = said
    except NotPermitted as refusal:
        request = replace(run.request(money=False), key=None)
        _log_refusal(run, request, "personal.reveal", refusal)
        raise
    run.output.options = replace(run.output.options, reveal=True)


def _log_reveal(run: Run, reason: str) -> None:
    """Check the right to see personal data in the clear, and log that the command shows them."""
    _allow_reveal(run, reason)
    assert run.reveal_reason is not None, "who may see it has said why"
    _log_revealed(run, run.reveal_reason, [])


def _log_revealed(run: Run, reason: str, numbers: list[str]) -> None:
    """Log each person whose data are shown; the command itself when it names nobody.

    The log entry is not the command's own change, so a failure after it is no partial success.
    """
    from memberctl.store.audit import Fact, note_many
    from memberctl.store.work import unit_of_work

    facts: dict[str, Fact] = {"reason": reason}
    request = replace(run.request(money=False), key=None)
    with unit_of_work(
        run.store(), run.settings.key_dir, request, run.opener("personal.reveal")
    ) as unit:
        by, at = unit.opening.actor, unit.opening.now
        about = [(each, facts) for each in numbers or [run.command]]
        note_many(unit.session, "personal.revealed", about, by=by, at=at)
