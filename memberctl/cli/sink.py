"""Where data and words leave the program, and what happens when they cannot.

Source: reliability R17; cli.md "Exit codes".
"""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

from memberctl.cli.target import TargetFile
from memberctl.core.errors import NotShown

if TYPE_CHECKING:
    import subprocess


_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}  # `df` says more about these.
_NARROWEST = 20  # In less a table is letters below each other; the terminal may break the lines.


class PipeClosed(Exception):
    """The reader of stdout has gone (`| head`): there is nobody to tell, and nothing is wrong."""


class Sink:
    """The one place that data go to: stdout, or the file of --output.

    stdout      -- None when the program was started with it closed
    path        -- the file's path, or None for stdout
    force       -- replace a file that exists
    on_terminal -- data go to a terminal
    Every method raises PipeClosed when the reader has gone and NotShown when writing fails.
    """

    def __init__(self, stdout: TextIO | None, path: str | None, *, force: bool) -> None:
        self._stdout = in_utf8(stdout)
        self._path = path
        self._force = force
        self._target: TargetFile | None = None
        self._pager: subprocess.Popen[str] | None = None
        self.on_terminal = path is None and is_terminal(stdout)

    def open(self) -> None:
        """Create the temporary file of --output; raises what TargetFile raises."""
        if self._path is not None and self._target is None:
            self._target = TargetFile(self._path, force=self._force)

    def page(self, command: str | None) -> None:
        """Let a terminal's reader leaf through what follows with `command`, e.g. "less -R".

        The command is split into words and started without a shell (bad inputs 83).
        """
        if command and self.on_terminal and self._pager is None:
            self._pager = _started(shlex.split(command))

    def write(self, text: str) -> None:
        """Write text, perhaps into a buffer."""
        self.open()
        stream: IO[str] | None = self._target.stream if self._target is not None else self._stdout
        if self._pager is not None:
            stream = self._pager.stdin
        if stream is None:
            raise self._failed(OSError())
        try:
            stream.write(text)
        except (OSError, ValueError) as problem:
            raise self._failed(problem) from problem

    def write_bytes(self, content: bytes) -> None:
        """Write what is no text, behind the text that was written before it."""
        self.open()
        stream = self._target.stream if self._target is not None else self._stdout
        if stream is None:
            raise self._failed(OSError())
        try:
            stream.flush()
            stream.buffer.write(content)
        except (OSError, ValueError) as problem:
            raise self._failed(problem) from problem

    def flush(self) -> None:
        """Let a terminal show now what was written."""
        if self._target is not None or self._stdout is None:
            return
        try:
            self._stdout.flush()
        except (OSError, ValueError) as problem:
            raise self._failed(problem) from problem

    def finish(self) -> str | None:
        """Flush stdout, wait for the pager's reader, or bring the file to its name, returned."""
        if self._pager is not None:
            with suppress(BrokenPipeError):  # Who leaves a pager early has seen enough.
                self._pager.communicate()
            self._pager = None
        self.flush()
        if self._target is not None:
            try:
                self._target.finish()
            except (OSError, ValueError) as problem:
                raise self._failed(problem) from problem
            self._target = None
            return self._path
        return None

    def discard(self) -> None:
        """Remove the unfinished file of --output."""
        if self._target is not None:
            self._target.discard()
            self._target = None

    def width(self, environ: Mapping[str, str]) -> int:
        """Return how many cells a line may have, at least 20: COLUMNS, the terminal's, or 80."""
        columns = environ.get("COLUMNS", "")
        if columns.isascii() and columns.isdigit() and len(columns) < 6 and int(columns) > 0:
            return max(int(columns), _NARROWEST)
        if self._stdout is None:
            return 80
        try:
            columns_there = os.get_terminal_size(self._stdout.fileno()).columns
            return max(columns_there, _NARROWEST) if columns_there else 80
        except (OSError, ValueError):
            return 80

    def _failed(self, problem: OSError | ValueError) -> Exception:
        """Give up what cannot be written, and return what that means."""
        if self._target is not None:
            self.discard()
            folder = Path(self._path or ".").absolute().parent
            is_disk = isinstance(problem, OSError) and problem.errno in _DISK
            hint = f"df -h {shlex.quote(str(folder))}" if is_disk else None
            return _not_shown("the output file", problem, hint=hint)
        silence(self._stdout)
        if isinstance(problem, BrokenPipeError):
            return PipeClosed()
        return _not_shown("standard output", problem)


def _started(words: Sequence[str]) -> subprocess.Popen[str]:
    import subprocess

    try:
        # The user's own choice of program, as argv; no shell reads it.
        return subprocess.Popen(words, stdin=subprocess.PIPE, encoding="utf-8")  # noqa: S603
    except OSError as problem:
        raise NotShown(f"the pager cannot be started: {problem.strerror}") from None


def _not_shown(where: str, problem: OSError | ValueError, *, hint: str | None = None) -> NotShown:
    why = getattr(problem, "strerror", None) or "it is closed"
    return NotShown(f"the result could not be written to {where}: {why}", hint=hint)


def tell(stream: TextIO | None, text: str) -> None:
    """Write words to stderr. When that fails there is nobody left to tell."""
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):
        silence(stream)


def in_utf8(stream: TextIO | None) -> TextIO | None:
    """Let a stream write every text whatever the locale is; an ASCII one would raise."""
    if isinstance(stream, TextIOWrapper) and not stream.closed:
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    return stream


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a person reads or writes at the other end."""
    return stream is not None and not stream.closed and stream.isatty()


def silence(stream: TextIO | None) -> None:
    """Send what a broken stream still holds nowhere, or the interpreter fails again at exit."""
    if stream is None:
        return
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
