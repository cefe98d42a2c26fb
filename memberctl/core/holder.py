"""Who is at work on something: a process of a host, as a lease names it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that runs jobs or sends messages."""

    host: str
    pid: int

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


def parse_holder(text: str) -> Holder:
    """Return the holder that `str(holder)` wrote."""
    host, _, pid = text.rpartition(":")
    return Holder(host, int(pid))
