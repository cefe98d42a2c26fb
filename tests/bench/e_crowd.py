"""E: eight warm processes that record payments at once, beside eight of sqlite3 alone."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.bench.a4_batch import BATCH, totals_of
from tests.bench.confirmed import confirmed_orders
from tests.bench.ground import PYTHON, copy_store, report, rows_wanted, seeded_store

FLOOR = "tests.bench.e_floor"
CROWD = 8
LEAST_RATE = 0.3
"""Of the floor's payments a second."""


def main() -> None:
    """Measure by the clock, without what the processes take to start; no payment may fail."""
    each = max(min(rows_wanted(1_000), 4_000) // CROWD, 1)
    with seeded_store() as (store, environ):
        numbers = confirmed_orders(store, environ, CROWD * each)
        totals = totals_of(environ)
        parts = [
            "\n".join(
                f"payment record {number} {totals[number]} --method cash"
                for number in numbers[place * each : (place + 1) * each]
            )
            for place in range(CROWD)
        ]
        target = store.with_name("copy.db")
        environ |= {"MEMBERCTL_DB": str(target), "PYTHONPATH": str(Path.cwd())}
        ours, floor = [], []
        for _ in range(3):
            ours.append(_apart(store, target, environ, [BATCH] * CROWD, parts))
            plain = [
                [PYTHON, "-m", FLOOR, str(target), str(1 + place * each), str(each)]
                for place in range(CROWD)
            ]
            floor.append(_apart(store, target, environ, plain, [""] * CROWD))
        job = f"{CROWD} processes x {each} payments"
        report("E", job, statistics.median(ours), statistics.median(floor), 1 / LEAST_RATE)


def _apart(
    store: Path,
    target: Path,
    environ: dict[str, str],
    commands: Sequence[Sequence[str]],
    entries: Sequence[str],
) -> float:
    """Return the seconds of a crowd on a fresh copy, less those of the same with no work."""
    copy_store(store, target)
    idle = [[*words[:-1], "0"] if words[-1].isdigit() else words for words in commands]
    start = _together(environ, idle, [_without_trace(entry) for entry in entries])
    copy_store(store, target)
    return max(_together(environ, commands, entries) - start, 1e-6)


def _without_trace(entry: str) -> str:
    """Return the first line of an entry as a dry run, which loads all that the others need."""
    return f"{entry.splitlines()[0]} --dry-run" if entry else ""


def _together(
    environ: dict[str, str], commands: Sequence[Sequence[str]], entries: Sequence[str]
) -> float:
    """Run all commands at once, each on its entry, and return the seconds until the last ends."""
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in entries]
        for file, entry in zip(files, entries, strict=True):
            file.write(f"{entry}\n" if entry else "")
            file.seek(0)
        began = time.perf_counter()
        crowd = [
            subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, env=environ, text=True)
            for command, file in zip(commands, files, strict=True)
        ]  # fmt: skip
        answers = [process.communicate()[0] for process in crowd]
        took = time.perf_counter() - began
    for process, answer in zip(crowd, answers, strict=True):
        states = {json.loads(line)["status"] for line in answer.splitlines()}
        assert process.returncode == 0, answer[-500:]
        assert states <= {"ok", "dry-run"}, states
    return took


if __name__ == "__main__":
    main()
