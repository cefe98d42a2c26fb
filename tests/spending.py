"""What one process takes: time and memory, its own and nobody else's."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SMALL_PARENT = Path(__file__).with_name("small_parent.py")


@dataclass(frozen=True, slots=True)
class Spent:
    """What one process took: seconds by the clock, seconds of CPU, peak memory in MiB.

    said -- all that it wrote
    """

    wall: float
    cpu: float
    peak: float
    said: str


def spend(command: Sequence[str], environ: Mapping[str, str], stdin: bytes = b"") -> Spent:
    """Run one process to its good end, which is exit code 0 or 3, and return what it took."""
    with (
        tempfile.TemporaryFile() as entry,
        tempfile.TemporaryFile() as said,
        tempfile.NamedTemporaryFile() as answer,
    ):
        entry.write(stdin)
        entry.seek(0)
        subprocess.run(
            [sys.executable, "-I", "-S", str(SMALL_PARENT), answer.name, *command],
            stdin=entry, stdout=said, stderr=said, env=environ, check=True,
        )  # fmt: skip
        took = json.load(answer)
        said.seek(0)
        words = said.read().decode(errors="replace")
    assert took.pop("exit") in {0, 3}, words[-2000:]
    return Spent(**took, said=words)
