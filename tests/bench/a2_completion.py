"""A2: completion of a verb and of a member's number, beside another program's `--version`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.ground import PYTHON, in_turn, report, seeded_store
from tests.spending import Spent, spend


def main() -> None:
    """Measure what a shell waits for when somebody presses Tab."""
    peer = Path(sys.executable).with_name("sqlite-utils")
    found = str(peer) if peer.exists() else shutil.which("sqlite-utils")
    floor = [found, "--version"] if found else [PYTHON, "-c", "pass"]
    with seeded_store() as (_, environ):
        environ["PYTHONDONTWRITEBYTECODE"] = ""
        for what, words in (("a verb", "memberctl member sh"), ("a plan", "memberctl plan show Y")):
            asked = {
                **environ,
                "_MEMBERCTL_COMPLETE": "complete_bash",
                "COMP_WORDS": words,
                "COMP_CWORD": str(len(words.split()) - 1),
            }

            def ours(asked: dict[str, str] = asked) -> Iterator[Spent]:
                while True:
                    yield spend([PYTHON, "-m", "memberctl"], asked)

            def peers() -> Iterator[Spent]:
                while True:
                    yield spend(floor, environ)

            times = in_turn(ours(), peers(), 5)
            report("A2", f"completion of {what}", *times, 1.0 if found else None)


if __name__ == "__main__":
    main()
