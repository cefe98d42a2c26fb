"""Which process this is, and whether another one on this host still lives."""

from __future__ import annotations

import os
import socket

from memberctl.core.holder import Holder


def this_process() -> Holder:
    """Return the process that runs this program."""
    return Holder(socket.gethostname(), os.getpid())


def is_alive(pid: int) -> bool:
    """Return whether a process with this id exists here, whoever it belongs to."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def lives(holder: Holder) -> bool:
    """Return whether a process may still be at work: one on another host is believed to be."""
    return holder.host != socket.gethostname() or is_alive(holder.pid)
