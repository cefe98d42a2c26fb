"""What a process takes is measured as its own."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.program import PYTHON
from tests.spending import spend

MIBIBYTES = 96
TAKE = f"taken = bytearray(b'x' * 1024) * (1024 * {MIBIBYTES})"


def peak_as_the_kernel_counts() -> float:
    """Return the peak of a process that does nothing, in MiB, asked of the kernel by its parent."""
    child = subprocess.Popen([PYTHON, "-S", "-c", "pass"])
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_maxrss / 1024


def test_what_the_parent_has_is_not_counted() -> None:
    ours = bytearray(b"x" * 1024) * (1024 * MIBIBYTES)
    spent = spend([PYTHON, "-S", "-c", "pass"], os.environ)
    assert spent.peak < MIBIBYTES / 2

    # The twin: a child that this process starts itself has the memory of this process.
    assert peak_as_the_kernel_counts() > len(ours) >> 20


def test_what_the_process_takes_is_counted() -> None:
    assert spend([PYTHON, "-S", "-c", TAKE], os.environ).peak > MIBIBYTES


def test_a_process_that_fails_is_no_measurement() -> None:
    with pytest.raises(AssertionError, match="came to nothing"):
        spend([PYTHON, "-S", "-c", "raise SystemExit('came to nothing')"], os.environ)
