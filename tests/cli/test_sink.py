"""Output that cannot be delivered ends as promised, in real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys
from memberctl.cli.output import Format, Output, OutputOptions, PipeClosed
from memberctl.core.errors import MemberctlError
output = Output(OutputOptions(), stdout=sys.stdout, stderr=sys.stderr, environ=os.environ)
try:
    output.show_list([{"name": "\\u674e\\ud800", "n": n} for n in range(ROWS)], ["name", "n"])
    output.flush()
except PipeClosed:
    sys.exit(0)
except MemberctlError as problem:
    output.error(problem, committed=True)
    sys.exit(problem.exit_code)
"""


def run(
    rows: int, shell: str = "", environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    program = PROGRAM.replace("ROWS", str(rows))
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; "$0" -c "$1" {shell}', sys.executable, program],
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"]} | (environ or {}),
        timeout=60,
    )


@pytest.mark.parametrize("rows", [1, 100_000])
def test_a_full_device_is_exit_14_in_plain_words(rows: int):
    done = run(rows, "> /dev/full")
    assert done.returncode == 14
    assert done.stderr.decode() == (
        "memberctl: the result could not be written to standard output: "
        "No space left on device\n  the work itself is done: do not repeat it\n"
    )


def test_a_closed_stdout_is_exit_14_in_plain_words():
    done = run(1, ">&-")
    assert done.returncode == 14
    assert b"standard output: it is closed" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_reader_that_leaves_is_no_failure():
    done = run(100_000, "| head -n 1")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"name\tn\n", b"")


@pytest.mark.parametrize(
    ("locale", "encoding"), [("C", "ascii"), ("POSIX", "ascii"), ("C", "iso-8859-1")]
)
def test_every_locale_gets_utf8(locale: str, encoding: str):
    done = run(1, environ={"LC_ALL": locale, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == "name\tn\n李\\ud800\t0\n"


def test_full_stderr_hides_the_words_and_keeps_the_exit_code():
    done = run(1, "> /dev/full 2> /dev/full")
    assert (done.returncode, done.stderr) == (14, b"")


def test_importing_output_loads_nothing_heavy():
    heavy = "rich tabulate csv sqlmodel sqlalchemy pydantic sqlite3 typer"
    program = (
        "import sys; from memberctl.cli import output, prompts, progress, completion;"
        f"print([m for m in '{heavy}'.split() if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=False,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
