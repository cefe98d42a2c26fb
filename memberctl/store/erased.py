"""Which members were erased, kept beside the key file, so that no backup brings them back.

One line for each, only ever added to. The list names numbers, never people.
Source: rules G3; reliability.md R21.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from memberctl.core.errors import StorageFailure
from memberctl.store.columns import instant_text
from memberctl.store.files import append_whole


def erased_path(key_dir: Path, store_id: str) -> Path:
    """Return where the list of a store is kept."""
    return key_dir / f"{store_id}.erased"


def remember_erased(key_dir: Path, store_id: str, members: Iterable[str], *, at: datetime) -> None:
    """Add members' numbers to the list, on the disk when this returns.

    To be called before the erasure is committed: a number too many does no harm, since what is
    replayed after a restore is only the erasure of somebody whose erasure was asked for.
    Raises StorageFailure.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    lines = "".join(f"{member} {instant_text(at)}\n" for member in members)
    try:
        descriptor = os.open(erased_path(key_dir, store_id), flags, 0o600)
        try:
            append_whole(descriptor, lines.encode())
        finally:
            os.close(descriptor)
    except OSError as problem:
        raise StorageFailure(
            f"the list of erased members cannot be written: {problem.strerror}"
        ) from None


def erased_members(key_dir: Path, store_id: str) -> list[str]:
    """Return the numbers of all members that were ever erased, in the order of their erasure."""
    try:
        content = erased_path(key_dir, store_id).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise StorageFailure(
            f"the list of erased members cannot be read: {problem.strerror}"
        ) from None
    return list(dict.fromkeys(line.split()[0] for line in content.splitlines() if line.strip()))
