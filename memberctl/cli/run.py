"""One run of the program: its options, its settings, its output, its store.

Source: house.md "One way down, one way up"; cli.md "Global options".
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, TextIO

from memberctl.cli.formats import Format, OutputOptions
from memberctl.cli.options import GlobalOptions
from memberctl.cli.output import Output
from memberctl.cli.secrets import acting_pin
from memberctl.config import Flags, Settings, load_settings
from memberctl.core.actor import Actor
from memberctl.core.errors import UsageProblem
from memberctl.core.text import clean_text

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.engine import Store
    from memberctl.store.repeats import Request
    from memberctl.store.work import Open, Opening

MOST_ROWS = 1_000_000_000


class Run:
    """One run of the program, from its arguments to its exit code; commands find it in ctx.obj.

    exit_code -- what the run ends with when nothing fails
    committed -- a change of this run is in the store
    reveal_reason -- why personal data are shown in the clear, None while they are masked
    stores    -- those that are kept open from run to run, by location
    if_interrupted -- what is said when a signal ends the run before it has changed anything
    in_batch  -- a line of a batch: whatever happens is answered by one line of JSON on stdout
    """

    def __init__(
        self,
        *,
        stdin: TextIO,
        stdout: TextIO | None,
        stderr: TextIO | None,
        environ: Mapping[str, str],
        options: GlobalOptions | None = None,
        stores: dict[str, Store] | None = None,
        in_batch: bool = False,
    ) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.environ = environ
        self.options = options or GlobalOptions()
        self.stores = stores
        self.in_batch = in_batch
        self.command = ""
        self.exit_code = 0
        self.committed = False
        self.if_interrupted = "interrupted; nothing was done"
        self.reveal_reason: str | None = None
        self.documents: frozenset[str] = frozenset()
        self._args_sha256 = ""
        self._settings: Settings | None = None
        self._output: Output | None = None
        self._pin: list[str | None] = []  # Asked once: standard input gives it only once.

    def take(self, given: dict[str, Any]) -> None:
        """Take global options; those nearer to the end of the line come later and win."""
        self.options = replace(self.options, **given)

    def enter(
        self, command: str, given: Mapping[str, object], documents: frozenset[str] = frozenset()
    ) -> None:
        """Remember which command runs and what it was asked, before it begins.

        documents -- suffixes of files that it writes in a form of its own
        """
        self.command, self.documents = command, documents
        said = json.dumps(given, sort_keys=True, default=str, ensure_ascii=True)
        self._args_sha256 = hashlib.sha256(f"{command}\n{said}".encode()).hexdigest()
        self.output.command = command

    def mark_committed(self) -> None:
        """Remember that a change of this run is in the store."""
        self.committed = True

    def mark_ended(self) -> None:
        """Remember that a change is made, or say of a dry run that there is none."""
        if self.dry_run:
            self.say_dry_run()
        else:
            self.mark_committed()

    def say_dry_run(self) -> None:
        """Say, in words and in the JSON status, that everything was taken back."""
        self.output.status = "dry-run"
        self.output.note("dry run: nothing was written")

    @property
    def settings(self) -> Settings:
        """Return the settings of this run."""
        if self._settings is None:
            options = self.options
            flags = Flags(
                db=options.db,
                config=options.config,
                format=options.format,
                as_staff=options.as_staff,
                as_of=options.as_of,
                no_input=options.no_input,
            )
            self._settings = load_settings(flags, self.environ)
        return self._settings

    @property
    def output(self) -> Output:
        """Return where this run's words and data go."""
        if self._output is None:
            self._output = Output(
                self._output_options(),
                stdout=self.stdout,
                stderr=self.stderr,
                environ=self.environ,
            )
            self._output.prepare()
        return self._output

    def _output_options(self) -> OutputOptions:
        options = self.options
        fields = None
        if options.fields is not None:
            fields = tuple(part.strip() for part in options.fields.split(",") if part.strip())
            if not fields:
                raise UsageProblem("--fields is empty")
        return OutputOptions(
            format=_format(self.settings.format),
            fields=fields,
            path=options.output,
            limit=_limit(options.limit),
            header=not options.no_header,
            quiet=bool(options.quiet),
            verbose=bool(options.verbose),
            color=_color(options.color),
            for_excel=bool(options.for_excel),
            force=bool(options.force),
            pager=self.settings.pager,
            documents=self.documents,
        )

    @property
    def dry_run(self) -> bool:
        """Return whether everything is taken back at the end."""
        return bool(self.options.dry_run)

    def store(self) -> Store:
        """Return the store; in a batch the same one, kept open, for every line."""
        from memberctl.store.engine import Store

        location = self.settings.db
        if self.stores is None:
            return Store(location)
        if location not in self.stores:
            self.stores[location] = Store(location, warm=True)
        return self.stores[location]

    @contextmanager
    def store_kept_open(self) -> Iterator[None]:
        """Let many transactions of one command share their connections, as a batch does."""
        if self.stores is not None:
            yield
            return
        self.stores = {}
        try:
            yield
        finally:
            for store in self.stores.values():
                store.close()
            self.stores = None

    def request(self, *, money: bool) -> Request:
        """Return what is asked for; a money command without a key is given one, said beforehand."""
        from memberctl.store.repeats import Request

        key = self.options.key
        if key is not None:
            key = clean_text(key, what="the --key")
        elif money and not self.dry_run:
            key = f"auto-{secrets.token_hex(8)}"
            self.output.note(f"--key {key} (repeat the command with it and it happens once)")
        command = self.command
        if self.settings.as_of is not None:
            command = f"{command} --as-of {self.settings.as_of}"
        return Request(command, self._args_sha256, key)

    def opener(self, right: str | None) -> Open:
        """Return what a transaction begins with: who is it, may they, what time is it.

        right -- None lets everybody in who works here; the caller looks at their rights itself
        """
        if self.settings.as_staff is not None and not self._pin:
            self._pin = [acting_pin(self)]
        pin = self._pin[0] if self._pin else None

        def open_(session: Session) -> Opening:
            from memberctl.office.queries import identify
            from memberctl.office.rights import refuse_beyond_branch, require

            actor, organisation = identify(
                session, **login_of(session), acting_as=self.settings.as_staff
            )
            if self.settings.as_staff is not None:
                _prove(session, actor, pin)
            if right is not None:
                require(actor.roles, right, actor.staff)
                refuse_beyond_branch(actor, right)
            if actor.branch_id is not None:
                from memberctl.member.scope import see_only

                see_only(session, actor.branch_id)
            opening = opening_of(actor, organisation, self.settings.as_of)
            self.output.zone = opening.zone
            return opening

        return open_


def _prove(session: Session, actor: Actor, pin: str | None) -> None:
    """Refuse to act for another without their PIN, where the policy asks for it."""
    from zoneinfo import ZoneInfo

    from memberctl.office.acting import prove_acting
    from memberctl.store.clock import moment

    prove_acting(session, actor, pin, moment(None, ZoneInfo("UTC")))


def login_of(session: Session) -> dict[str, Any]:
    """Return who the operating system, or PostgreSQL, says is there; never an environment."""
    import os

    if session.connection().dialect.name == "sqlite":
        return {"uid": os.getuid(), "database_user": None}
    user = session.connection().exec_driver_sql("SELECT session_user").scalar_one()
    return {"uid": None, "database_user": str(user)}


def opening_of(actor: Actor, organisation: Any, as_of: str | None) -> Opening:
    from memberctl.core.dates import zone
    from memberctl.store.clock import moment
    from memberctl.store.work import Opening

    tz = zone(organisation.zone)
    return Opening(
        actor=actor,
        now=moment(as_of, tz),
        zone=tz,
        currency=organisation.currency,
        region=organisation.region,
    )


def options_of(run: Run) -> dict[str, Any]:
    """Return the global options that were given, for the lines of a batch."""
    return {name: value for name, value in asdict(run.options).items() if value is not None}


def _format(text: str | None) -> Format | None:
    if text is None:
        return None
    try:
        return Format(text.strip().lower())
    except ValueError:
        known = ", ".join(Format)
        raise UsageProblem(f"there is no such format; there are {known}") from None


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= MOST_ROWS):
        raise UsageProblem(f"--limit is a whole number from 1 to {MOST_ROWS}")
    return int(text)


def _color(text: str | None) -> str:
    if text not in {None, "auto", "always", "never"}:
        raise UsageProblem("--color is auto, always or never")
    return text or "auto"
