"""A progress bar for work that lasts, where a person watches stderr; silence elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from memberctl.cli.sink import is_terminal
from memberctl.core.text import safe

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

_SILENT_FOR = 0.5
_BETWEEN = 0.1


def progress(
    label: str, total: int | None, *, stream: TextIO | None, quiet: bool = False
) -> Progress:
    """Return a context manager whose `advance(n)` says that n more things are done.

    total  -- how many there will be, or None when that is unknown
    stream -- stderr; the bar appears after half a second, if this is a terminal
    """
    return Progress(label, total, stream if is_terminal(stream) and not quiet else None)


class Progress:
    """Counts what is done and shows it at most ten times a second."""

    def __init__(self, label: str, total: int | None, stream: TextIO | None) -> None:
        self._label = safe(label)
        self._total = total
        self._stream = stream
        self._done = 0
        self._next = time.monotonic() + _SILENT_FOR
        self._bar: RichProgress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, n: int = 1) -> None:
        """Say that n more things are done; cheap enough for every row of an import."""
        self._done += n
        if self._stream is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _BETWEEN
        if self._bar is None:
            self._bar = _started(self._label, self._total, self._stream)
        self._bar.update(self._bar.task_ids[0], completed=self._done)


def _started(label: str, total: int | None, stream: TextIO) -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    bar = RichProgress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=stream, markup=False, emoji=False, highlight=False),
        transient=True,
    )
    bar.add_task(label, total=total)
    bar.start()
    return bar
