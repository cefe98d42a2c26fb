"""Ctrl-C, TERM and HUP: either nothing was done, or it was done and is said. Source: R18."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

HELD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
AGAIN_SECONDS = 0.001


class Terminated(BaseException):
    """SIGTERM or SIGHUP arrived; the transaction is rolled back on the way out."""


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP unwind the program as Ctrl-C does, wherever they find it."""
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGHUP, _terminate)
    sys.unraisablehook = _raise_again


def let_none_in() -> None:
    """Ignore signals from here on: the process has its answer and only ends."""
    for each in HELD:
        signal.signal(each, signal.SIG_IGN)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def _raise_again(dropped: UnraisableHookArgs) -> None:
    """Raise what a signal has raised in a finalizer once more, a moment later.

    Python drops it there, prints a traceback and goes on as if nobody had pressed Ctrl-C.
    """
    lost = dropped.exc_type
    if not issubclass(lost, (KeyboardInterrupt, Terminated)):
        sys.__unraisablehook__(dropped)
        return

    def again(number: int, frame: FrameType | None) -> None:
        raise lost

    signal.signal(signal.SIGALRM, again)
    signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)


@contextmanager
def signals_held() -> Iterator[None]:
    """Let no signal in between the COMMIT and the knowledge that it happened."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
