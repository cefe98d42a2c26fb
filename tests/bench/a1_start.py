"""A1: `--help` and `--version`, beside another program's `--version`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.ground import PYTHON, in_turn, report
from tests.spending import Spent, spend


def runs(command: list[str]) -> Iterator[Spent]:
    """Yield one run after the other."""
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    while True:
        yield spend(command, environ)


def main() -> None:
    """Measure both, beside sqlite-utils where it is installed, else beside bare Python."""
    peer = Path(sys.executable).with_name("sqlite-utils")
    found = str(peer) if peer.exists() else shutil.which("sqlite-utils")
    for word in ("--help", "--version"):
        ours = [PYTHON, "-m", "memberctl", word]
        floor = [found, "--version"] if found else [PYTHON, "-c", "pass"]
        name = "sqlite-utils --version" if found else "bare Python"
        report("A1", f"{word} beside {name}", *in_turn(runs(ours), runs(floor), 7),
               1.0 if found else None)  # fmt: skip


if __name__ == "__main__":
    main()
