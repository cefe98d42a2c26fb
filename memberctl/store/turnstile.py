"""One writer at a time on a SQLite store, served in the order of arrival, nearly.

SQLite alone makes writers poll with growing pauses, so some starve; and before 3.51.3 two
connections that checkpoint at once can corrupt the file. A lock file beside the database,
held from before BEGIN IMMEDIATE until after the close, ends both.
Source: reliability.md "The engine on SQLite"; promises R4, R6.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memberctl.core.errors import Busy, NoAccess, StorageFailure

POLL_SECONDS = 0.002
PATIENCE_SECONDS = 30.0


@contextmanager
def turnstile(database: Path, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the store's lock file; raises Busy when others hold it for `patience` seconds."""
    descriptor = _open(f"{database}.lock")
    try:
        _wait(descriptor, patience)
        yield
    finally:
        os.close(descriptor)  # Closing gives the lock back; the file stays, or two could hold it.


def _open(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except OSError as problem:
        if problem.errno in {errno.EACCES, errno.EPERM}:
            raise NoAccess(
                f"no right to write {path}; nothing was done", hint="memberctl doctor"
            ) from None
        if problem.errno == errno.ELOOP:
            raise StorageFailure(f"{path} is a symbolic link; nothing was done") from None
        raise StorageFailure(
            f"{path} cannot be opened: {problem.strerror}; nothing was done",
            hint=f"df -h {Path(path).absolute().parent}",
        ) from None


def _wait(descriptor: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Busy(
                    f"other commands have held the store for {patience:.0f} seconds; "
                    "nothing was done",
                    hint="memberctl doctor",
                ) from None
            time.sleep(POLL_SECONDS)
        else:
            return
