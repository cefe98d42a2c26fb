"""The program: builds the tree, runs one command, and turns whatever happens into an exit code.

Here stands the one `except` that catches everything. Source: cli.md "Exit codes", "Errors".
"""

from __future__ import annotations

import random
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from functools import lru_cache
from io import BytesIO, StringIO, TextIOWrapper
from typing import Annotated, Any, TextIO

import typer

from memberctl import __version__
from memberctl.cli.lazy import Root
from memberctl.cli.nouns import HELP_NAMES
from memberctl.cli.options import GlobalOptions
from memberctl.cli.output import PipeClosed
from memberctl.cli.run import Run
from memberctl.core.errors import AlreadyDone, MemberctlError, NotShown, TryAgain, UsageProblem
from memberctl.store.signals import Terminated, end_on_signals, let_none_in

TRIES = 10
INTERRUPTED = 130
TERMINATED = 143
COMPLETE = "_MEMBERCTL_COMPLETE"


@lru_cache(maxsize=1)
def tree() -> Any:
    """Return the root of the tree of commands."""
    app = typer.Typer(
        name="memberctl",
        cls=Root,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings=HELP_NAMES,
    )

    @app.callback()
    def memberctl(
        version: Annotated[
            bool, typer.Option("--version", "-V", is_eager=True, callback=_say_version)
        ] = False,
    ) -> None:
        """Members, orders, reviews, payments and cards of a membership organisation.

        First steps: memberctl init, then memberctl help start
        """

    return typer.main.get_command(app)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"memberctl {__version__}")
        raise typer.Exit


def main(
    argv: Sequence[str],
    *,
    stdin: TextIO,
    stdout: TextIO | None,
    stderr: TextIO | None,
    environ: Mapping[str, str],
) -> int:
    """Run one command line and return its exit code; nothing is raised."""

    def fresh() -> Run:
        return Run(stdin=stdin, stdout=stdout, stderr=stderr, environ=environ)

    return repeatedly(fresh, argv)


def repeatedly(fresh: Callable[[], Run], argv: Sequence[str]) -> int:
    """Run a line, again when the database undid it to let another through, and return its code."""
    for attempt in range(1, TRIES + 1):
        run = fresh()
        try:
            return finish(run, argv)
        except TryAgain as problem:
            if attempt == TRIES:
                return _fail(run, argv, problem)
            time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 -- jitter, no secret.
    raise AssertionError("the last attempt returns")


def finish(run: Run, argv: Sequence[str]) -> int:
    """Run one command to its end and return its exit code. Raises TryAgain, nothing else."""
    try:
        refuse_broken_text(argv)
        call(run, argv)
        run.output.flush()
    except PipeClosed:
        return run.exit_code
    except TryAgain:
        raise
    except MemberctlError as problem:
        return _fail(run, argv, problem)
    except typer.TyperException as problem:
        return _usage(run, argv, problem)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted(run, INTERRUPTED)
    except Terminated:
        return _interrupted(run, TERMINATED)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException as bug:  # noqa: BLE001 -- the one that catches everything.
        return _filed(run, argv, bug)
    return run.exit_code


def call(run: Run, argv: Sequence[str]) -> None:
    """Parse the line and run its command; a repeat under a known key prints its first answer."""
    try:
        ended = tree().main(args=list(argv), prog_name="memberctl", standalone_mode=False, obj=run)
    except AlreadyDone as before:
        _answer_again(run, before)
        return
    if ended == INTERRUPTED:  # Typer has taken a Ctrl-C for an ordinary end.
        raise KeyboardInterrupt
    if isinstance(ended, int) and ended:
        run.exit_code = ended


def refuse_broken_text(argv: Sequence[str]) -> None:
    """Refuse bytes that are no text in this locale, and NUL (bad inputs 10, 17).

    No process is started with a NUL among its arguments, but a line of a batch can hold one,
    which PostgreSQL would take for a fault.
    """
    for word in argv:
        if any("\ud800" <= character <= "\udfff" for character in word):
            raise UsageProblem("the command line holds bytes that are no text in this locale")
        if "\0" in word:
            raise UsageProblem("the command line holds a NUL character")


def _answer_again(run: Run, before: AlreadyDone) -> None:
    run.output.note(f"already done on {before.at:%Y-%m-%d %H:%M} UTC; nothing was done now")
    run.exit_code = int(str(before.answer.get("exit", 0)))
    run.output.say_line(before.answer.get("data"), str(before.answer.get("line", "")))


def _usage(run: Run, argv: Sequence[str], problem: typer.TyperException) -> int:
    context = getattr(problem, "ctx", None)
    command = context.command_path if context is not None else "memberctl"
    line = " ".join(problem.format_message().split()).replace("Value error, ", "")
    if type(problem).__name__ == "NoArgsIsHelpError":
        if not run.in_batch:
            typer.echo(problem.format_message().strip(), file=run.stdout)
            return UsageProblem.exit_code
        line = "the line ends where a noun or a verb is missing"
    return _fail(run, argv, UsageProblem(line, hint=f"{command} --help"))


def _fail(run: Run, argv: Sequence[str], problem: MemberctlError) -> int:
    """Say why; a failure to print after the commit says that it is done all the same."""
    committed = run.committed and isinstance(problem, NotShown)
    _errors(run, argv).error(problem, committed=committed)
    return problem.exit_code


def _errors(run: Run, argv: Sequence[str]) -> Any:
    """Return the output, or a plain one where the line's own options cannot be used."""
    from memberctl.cli.formats import Format, OutputOptions
    from memberctl.cli.output import Output

    try:
        output = run.output
    except MemberctlError:
        output = None
    if run.in_batch:
        # A line of a batch is answered where its result would have been, words go to stderr.
        if output is not None:
            output.discard()
        as_json = OutputOptions(format=Format.JSON)
        return Output(as_json, stdout=None, stderr=run.stdout, environ=run.environ)
    if output is None or not output.command:
        wanted = _format_in(argv) or run.options.format or run.environ.get("MEMBERCTL_FORMAT")
        chosen = Format(wanted) if wanted in set(Format) else None
        output = Output(
            OutputOptions(format=chosen), stdout=None, stderr=run.stderr, environ=run.environ
        )
    else:
        output.discard()
    return output


def _format_in(argv: Sequence[str]) -> str | None:
    """Return the format that a line asks for which could not be parsed to its end."""
    for word, following in zip(argv, [*argv[1:], ""], strict=False):
        if word in {"--format", "-f"}:
            return following
        if word.startswith("--format="):
            return word.partition("=")[2]
    return None


def _interrupted(run: Run, code: int) -> int:
    if not run.committed:
        run.output.note(run.if_interrupted)
        return code
    return _fail(run, [], NotShown("interrupted after the change was made"))


def _filed(run: Run, argv: Sequence[str], bug: BaseException) -> int:
    """File a bug's trace where its maintainer finds it, and say so without a traceback."""
    from memberctl.cli.crash import file_report

    where = file_report(run.settings.state_dir, bug)
    problem = MemberctlError(
        f"a fault in memberctl itself ({type(bug).__name__}); its trace is in {where}",
        hint="send that file to whoever maintains memberctl; it holds no member's data",
    )
    return _fail(run, argv, problem)


def run_line(outer: Run, inherited: dict[str, Any], line: str) -> int:
    """Run one line of a batch and answer it with one line of JSON on stdout."""

    def fresh() -> Run:
        return Run(
            stdin=outer.stdin,
            stdout=outer.stdout,
            stderr=outer.stderr,
            environ=outer.environ,
            options=GlobalOptions(**inherited),
            stores=outer.stores,
            in_batch=True,
        )

    try:
        words = shlex.split(line)
    except ValueError:
        return _fail(fresh(), [], UsageProblem("the line has a quote that is never closed"))
    with redirect_stdout(StringIO()) as help_:  # Typer prints it there, whatever a run writes to.
        code = repeatedly(fresh, words)
    if help_.getvalue():
        output = fresh().output
        output.show_text(help_.getvalue(), {"text": help_.getvalue()})
        output.flush()
    return code


def run_process() -> int:
    """Run the process's own command line."""
    import os

    stderr: TextIO | None = sys.stderr
    if COMPLETE in os.environ:
        # A line that is still being typed may well be wrong; words would only spoil the prompt.
        stderr = None
        # Typer prepares this itself only for apps that install their completion by themselves.
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()
    stdin: TextIO | None = sys.stdin  # None when the process was started with it closed.
    if stdin is None:
        stdin = TextIOWrapper(BytesIO())
    elif isinstance(stdin, TextIOWrapper):
        # As in argv: whoever takes what is no text refuses it.
        stdin.reconfigure(errors="surrogateescape")
    runs: list[Run] = []

    def fresh() -> Run:
        run = Run(stdin=stdin, stdout=sys.stdout, stderr=stderr, environ=os.environ)
        runs.append(run)
        return run

    return _until_a_signal(lambda: repeatedly(fresh, sys.argv[1:]), runs)


def _until_a_signal(body: Callable[[], int], runs: Sequence[Run]) -> int:
    """Return the exit code of `body`; a signal beside the line is told as truly as one in it.

    It may come before the line begins, or after it ended; from then on the process only ends and
    lets none in any more.
    runs -- the attempts at the line so far
    """
    try:
        end_on_signals()
        code = body()
        let_none_in()
    except (KeyboardInterrupt, Terminated) as signalled:
        let_none_in()
        code = TERMINATED if isinstance(signalled, Terminated) else INTERRUPTED
        return _interrupted(runs[-1], code) if runs else code
    return code
