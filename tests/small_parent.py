"""Run one process and write down what it took; `spending.spend` starts this file for each.

The kernel counts a process's peak memory from what its parent had when it was started: a child of
a test run of 500 MiB has taken 500 MiB before its first line runs, and nothing that it takes below
that is seen. This parent is small, so what it sees is the child's own.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    """Run the command behind the name of the file for the answer."""
    answer, *command = sys.argv[1:]
    began = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(child, 0)
    took = {
        "exit": os.waitstatus_to_exitcode(status),
        "wall": time.perf_counter() - began,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss / 1024,
    }
    with open(answer, "w", encoding="utf-8") as file:  # noqa: PTH123 (pathlib is half its size)
        json.dump(took, file)


if __name__ == "__main__":
    main()
