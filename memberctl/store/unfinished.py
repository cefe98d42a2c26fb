"""Files and folders for the time being, which no SIGKILL leaves lying about for ever.

Each has a name that nothing else has, and its writer holds it by a lock that ends with the writer,
however that ends. The next command that makes one in the same folder removes what nobody holds.
A lock says more than a process number, which another process may have by now, or another host.
Source: reliability.md "Files", R2, R20.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NAME = re.compile(r"\.memberctl-[0-9a-f]{16}\.tmp")
_BESIDE = ("-wal", "-shm", "-journal")
_LEFT_BEHIND = re.compile(rf"({NAME.pattern})-(?:wal|shm|journal)")


def new_file(folder: Path) -> tuple[Path, int]:
    """Return an empty file of mode 0600 and a descriptor to write it by, which holds it.

    What is held stays held until the descriptor and all its duplicates are closed. Raises OSError.
    """
    remove_dead(folder)
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        path = _named(folder)
        descriptor = os.open(path, flags, 0o600)
        if _hold(descriptor, path):
            return path, descriptor
        os.close(descriptor)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder of mode 0700, held until it is removed with all that is in it."""
    remove_dead(folder)
    descriptor = -1
    while descriptor < 0:
        path = _named(folder)
        path.mkdir(mode=0o700)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        if not _hold(descriptor, path):
            os.close(descriptor)
            descriptor = -1
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file for the time being, and what SQLite put beside it."""
    # The file itself goes last: who is killed here is followed by somebody who finds it.
    for suffix in _BESIDE:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def remove_dead(folder: Path) -> None:
    """Remove what a writer of ours left in a folder when it was killed, and nothing else."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except OSError:
        return  # Whoever wants to write there is told why not.
    for name in names:
        beside = _LEFT_BEHIND.fullmatch(name)
        with suppress(OSError):  # Held, another's, or gone in the meantime.
            if NAME.fullmatch(name):
                _remove_if_dead(folder / name)
            elif beside is not None and not os.path.lexists(folder / beside[1]):
                (folder / name).unlink()


def _named(folder: Path) -> Path:
    return folder / f".memberctl-{os.urandom(8).hex()}.tmp"


def _hold(descriptor: int, path: Path) -> bool:
    """Hold what was made; False when somebody took it for dead before it was held."""
    # Where there are no locks nothing can be held, and nothing is taken for dead.
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return _leads_to(path, descriptor)


def _leads_to(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _remove_if_dead(path: Path) -> None:
    """Remove a file or folder of ours that nobody holds. Raises OSError when that cannot be."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid() or not _leads_to(path, descriptor):
            return
        if stat.S_ISDIR(found.st_mode):
            shutil.rmtree(path)
        elif stat.S_ISREG(found.st_mode):
            remove(path)
    finally:
        os.close(descriptor)
