"""What a disk or an administrator puts in a command's way, for one process and what it starts.

Root may write where nobody else may, so a test that runs as root gives that right up first.
"""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from tests.reliability.terminals import run_terminal

Be = Callable[[Sequence[str], Mapping[str, str], Path], None]
CAPABILITIES_V3 = 0x20080522
PAST_MODES = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH.


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inherited"))


def obey_modes() -> None:
    """Let the modes of files count for this process, also where it is root's."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = _Header(CAPABILITIES_V3, 0), (_Set * 2)()
    assert libc.capget(ctypes.byref(header), sets) == 0, "the capabilities cannot be read"
    for name in ("effective", "permitted", "inherited"):
        setattr(sets[0], name, getattr(sets[0], name) & ~PAST_MODES)
    assert libc.capset(ctypes.byref(header), sets) == 0, "the capabilities cannot be given up"


def under_modes(argv: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
    """Be a terminal of somebody for whom the modes of files count."""
    obey_modes()
    run_terminal(argv, environ, folder)


def with_room_for(size: int) -> Be:
    """Return what is a terminal in which no file can grow beyond `size` bytes."""
    return partial(_with_little_room, size)


def _with_little_room(
    size: int, argv: Sequence[str], environ: Mapping[str, str], folder: Path
) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    run_terminal(argv, environ, folder)
