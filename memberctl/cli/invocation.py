"""The transaction of a command: `work` to change something, `look` to read.

Commands write `with work(ctx, right) as w:` and `with look(ctx, right) as r:`. Both identify the
person and check the right inside the transaction. What a command says is printed only after the
commit, or after the read transaction is closed.
Source: house.md "One way down, one way up"; reliability.md R7, R17.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from memberctl.cli.refusing import log_refusal
from memberctl.cli.run import Run
from memberctl.core.actor import Actor
from memberctl.core.errors import NotPermitted, UsageProblem
from memberctl.core.text import Kind

if TYPE_CHECKING:
    import typer
    from sqlmodel import Session

    from memberctl.store.keys import Keys
    from memberctl.store.work import Opening, Work

T = TypeVar("T")


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

    def note_revealed(self, rows: Sequence[object]) -> None:
        """Log, with the change itself, whose data the command shows in the clear (rules G2)."""
        from memberctl.cli.revealing import note_shown

        note_shown(self.run, self.session, rows, by=self.actor, at=self.now)

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
        self._log_shown(rows[: self.limit], columns)
        self.run.output.show_list(rows, columns, total=total, title=title)

    def show_record(
        self, record: object, *, title: str | None = None, as_bars: str | None = None
    ) -> None:
        """Show one record; see Output.show_record."""
        self._log_shown([record])
        self.run.output.show_record(record, title=title, as_bars=as_bars)

    def show_text(self, text: str, data: object) -> None:
        """Show a text such as a receipt; see Output.show_text."""
        self._log_shown([data])
        self.run.output.show_text(text, data)

    def show_document(self, pieces: Iterable[str | bytes], data: object = None) -> None:
        """Show a document of another program's form; data -- what is personal in it, if anything.

        See Output.show_document.
        """
        self._log_shown([data])
        self.run.output.show_document(pieces)

    def show_bars(self, title: str, bars: Sequence[tuple[str, object, int]]) -> None:
        """Draw bars on a terminal; see Output.show_bars."""
        self.run.output.show_bars(title, bars)

    def _log_shown(self, rows: Sequence[object], columns: Sequence[str] | None = None) -> None:
        """Log whose data are shown in the clear, before they are shown (rules G2)."""
        if self.run.reveal_reason is not None:
            from memberctl.cli.revealing import log_shown

            log_shown(self.run, rows, columns)

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
        log_refusal(run, request, right, refusal)
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
        log_refusal(run, request, right, refusal)
        raise


@contextmanager
def look(ctx: typer.Context, right: str) -> Iterator[Reading]:
    """Give a read transaction to a command; it shows what it found after the block."""
    from memberctl.store.work import view

    run: Run = ctx.obj
    if run.options.reveal is not None:
        from memberctl.cli.revealing import allow_reveal

        allow_reveal(run, run.options.reveal)
    try:
        with view(run.store(), run.opener(right)) as (session, opening):
            yield Reading(run, session, opening)
            _say_remarks(run, session)
    except NotPermitted as refusal:
        log_refusal(run, run.request(money=False), right, refusal)
        raise


def reveal(ctx: typer.Context, what: str, needs: Sequence[Kind] = ()) -> None:
    """Let a command that writes show personal data in the clear, for the reason of --reveal.

    what  -- why that is needed, for the refusal of a line without a reason
    needs -- the kinds of fields without which the command makes no sense
    Raises UsageProblem, NotPermitted. The command logs what it shows: `Writing.note_revealed`.
    """
    from memberctl.cli.revealing import allow_reveal

    run: Run = ctx.obj
    if run.options.reveal is None:
        raise UsageProblem(what, hint="--reveal REASON")
    allow_reveal(run, run.options.reveal, needs)


def _say_remarks(run: Run, session: Session) -> None:
    from memberctl.store.remarks import remarks_of

    for text in remarks_of(session):
        run.output.note(text)


def confirm_outcome(
    ctx: typer.Context, right: str, act: Callable[[Writing], T], question: Callable[[T], str]
) -> None:
    """Ask before something that cannot be taken back, in words that say what it comes to.

    act      -- what the command is about to do: it is done, looked at and taken back, so whoever
                may not do it, or cannot, is told so before they are asked
    question -- the words, of what `act` returned; nothing that was typed is repeated
    Raises as `confirm` and `act`.
    """
    run: Run = ctx.obj
    if run.dry_run or run.options.yes:
        return
    with rehearse(ctx, right) as w:
        outcome = act(w)
    confirm(ctx, question(outcome))


def confirm(ctx: typer.Context, question: str) -> None:
    """Ask before something that cannot be taken back; raises unless --yes or a person says yes.

    question -- repeats nothing that was typed: whoever cannot be asked is told it
    """
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
