"""Ctrl-C, TERM and HUP: either nothing was done, or it was done and is said. Source: R18."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

HELD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Terminated(BaseException):
    """SIGTERM or SIGHUP arrived; the transaction is rolled back on the way out."""


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP unwind the program as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGHUP, _terminate)


def let_none_in() -> None:
    """Ignore signals from here on: the process has its answer and only ends."""
    for each in HELD:
        signal.signal(each, signal.SIG_IGN)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


@contextmanager
def signals_held() -> Iterator[None]:
    """Let no signal in between the COMMIT and the knowledge that it happened."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
