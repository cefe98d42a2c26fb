"""Which file is a store of ours, decided before SQLite opens it, so a wrong one is never touched.

Source: reliability.md R13; bad inputs 81.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path

from memberctl.core.errors import NoAccess, NoStore
from memberctl.store.held import is_held

HEADER = b"SQLite format 3\0"
APPLICATION_ID = 0x6D627263  # "mbrc", in the header of every SQLite store.


def refuse_strange_file(path: Path) -> None:
    """Raise NoStore unless `path` is a SQLite file that memberctl made.

    A file that a connection of this process has open was looked at before, and is left alone.
    """
    if is_held(path):
        return
    header = _read_header(path)
    if not header.startswith(HEADER):
        raise NoStore(f"{path} is not a memberctl store; it was not touched")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise NoStore(f"{path} is another program's database; it was not touched")


def _read_header(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as problem:
        if problem.errno in {errno.EACCES, errno.EPERM}:
            raise NoAccess(f"no right to read {path}", hint="memberctl doctor") from None
        if problem.errno == errno.ENOENT:
            raise NoStore(f"there is no store at {path}", hint="memberctl init") from None
        raise NoStore(f"{path} cannot be opened: {problem.strerror}") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NoStore(f"{path} is not a regular file")
        return os.read(descriptor, 100)
    finally:
        os.close(descriptor)


def append_whole(descriptor: int, content: bytes) -> None:
    """Add something to the end of a file and bring it to the disk, or leave the file as it was.

    A disk that fills up takes a part of it first. Raises OSError.
    """
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # Nobody adds a line that would be cut off with ours.
    before = os.fstat(descriptor).st_size
    try:
        written = 0
        while written < len(content):
            written += os.write(descriptor, content[written:])
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, before)
        raise
