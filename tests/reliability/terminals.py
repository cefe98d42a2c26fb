"""Terminals: real processes that run memberctl, started from a warm one.

A cold start costs most of a second of one core, so a hundred kills would take minutes. Here one
process has everything imported and is forked for each terminal; what then runs, from argv to
exit code, is the program's own entry.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.program import Program

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.reliability.warm"])
WAIT_SECONDS = 60.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Terminal:
    """One running command; what it wrote survives its death."""

    process: BaseProcess
    folder: Path

    @property
    def out(self) -> str:
        """Return what it has written to stdout so far, nothing if it died before it could."""
        return _content(self.folder / "out")

    @property
    def err(self) -> str:
        """Return what it has written to stderr so far."""
        return _content(self.folder / "err")

    def begins(self) -> None:
        """Wait until the program itself runs in it."""
        assert happens((self.folder / "err").exists), "a terminal does not begin"

    def kill(self) -> None:
        """End it without any last word."""
        self.process.kill()
        self.end()

    def send(self, number: int) -> None:
        """Send it a signal."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def end(self) -> int:
        """Wait for its end and return the exit code, -9 when it was killed."""
        self.process.join(WAIT_SECONDS)
        assert self.process.exitcode is not None, "a terminal hangs"
        return self.process.exitcode


def terminal(
    memberctl: Program,
    *argv: str,
    folder: Path,
    as_: str | None = None,
    stdin: bytes = b"",
    environ: Mapping[str, str] | None = None,
    be: Callable[[Sequence[str], Mapping[str, str], Path], None] | None = None,
) -> Terminal:
    """Start one command in a process of its own; its streams are files in `folder`.

    be -- what the process does, when that is not to be a terminal: a twin with a guard off
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "in").write_bytes(stdin)
    settings = {**memberctl.environment(as_), **(environ or {})}
    process = CONTEXT.Process(target=be or run_terminal, args=(list(argv), settings, folder))
    process.start()
    return Terminal(process, folder)


def _content(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def run_terminal(argv: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
    """Be a terminal: take its environment and streams, and run the program's entry."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    os.environ.clear()
    os.environ.update(environ)
    sys.stdin = (folder / "in").open(encoding="utf-8")
    sys.stdout = (folder / "out").open("w", encoding="utf-8")
    sys.stderr = (folder / "err").open("w", encoding="utf-8", buffering=1)
    sys.argv = ["memberctl", *argv]
    from memberctl.__main__ import run

    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        run()
    except KeyboardInterrupt:  # It came before the program began, as it may in a shell.
        sys.exit(130)


def crowd(
    work: Callable[..., Any],
    each: Sequence[tuple[Any, ...]],
    prepare: Callable[..., Any] | None = None,
) -> list[Any]:
    """Run `work(*arguments)` in one process for each tuple, all at once; return the answers.

    prepare -- what each does with its arguments before it waits until all are there
    """
    answers = CONTEXT.SimpleQueue()
    gate = CONTEXT.Barrier(len(each))
    processes = [
        CONTEXT.Process(target=_enter, args=(work, prepare, arguments, gate, answers))
        for arguments in each
    ]
    for process in processes:
        process.start()
    found = [answers.get() for _ in processes]
    for process in processes:
        process.join(WAIT_SECONDS)
    failures = [answer for answer in found if isinstance(answer, BaseException)]
    assert failures == []
    return found


def _enter(
    work: Callable[..., Any],
    prepare: Callable[..., Any] | None,
    arguments: tuple[Any, ...],
    gate: Any,
    answers: Any,
) -> None:
    try:
        if prepare is not None:
            prepare(*arguments)
        gate.wait(WAIT_SECONDS)
        answers.put(work(*arguments))
    except BaseException as problem:  # noqa: BLE001 -- told to the test, which fails by it.
        answers.put(RuntimeError(f"{type(problem).__name__}: {problem}"))


def happens(seen: Callable[[], bool], seconds: float = WAIT_SECONDS) -> bool:
    """Wait until something is seen, at most some seconds; return whether it was."""
    deadline = time.monotonic() + seconds
    while not seen():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True
