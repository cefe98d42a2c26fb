"""PINs and passwords come from a prompt or a file, never from the line or the environment.

Source: cli.md "Global options".
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from memberctl.cli.prompts import ask_secret, may_prompt
from memberctl.core.errors import Invalid, UsageProblem

if TYPE_CHECKING:
    from memberctl.cli.run import Run

LONGEST_SECRET = 1024


def acting_pin(run: Run) -> str | None:
    """Return the PIN that `--as` may take: from --pin-file, or from the person if it is needed.

    None where there is no file and nobody, or nothing, to ask. The question comes before the
    transaction, so whether the policy wants it is looked up in one of its own.
    """
    if run.options.pin_file is not None:
        return read_secret(run.options.pin_file, run.stdin, option="--pin-file")
    if not may_prompt(run.stdin, run.stderr, run.settings.no_input) or not _is_wanted(run):
        return None
    return ask_secret(
        f"PIN of {run.settings.as_staff}", option="--pin-file",
        no_input=run.settings.no_input, stdin=run.stdin, stderr=run.stderr,
    )  # fmt: skip


def ask_new_pin(run: Run, code: str) -> str:
    """Return a new PIN from --pin-file, or typed twice alike on the terminal.

    Raises Invalid when the two differ, UsageProblem where nobody can be asked.
    """
    if run.options.pin_file is not None:
        return read_secret(run.options.pin_file, run.stdin, option="--pin-file")
    first, second = (
        ask_secret(
            question, option="--pin-file",
            no_input=run.settings.no_input, stdin=run.stdin, stderr=run.stderr,
        )
        for question in (f"New PIN of {code}", "The same again")
    )  # fmt: skip
    if first != second:
        raise Invalid("the two PINs differ; nothing was changed", field="pin", rule="pin_differs")
    return first


def _is_wanted(run: Run) -> bool:
    from memberctl.cli.run import login_of
    from memberctl.office.acting import wants_pin
    from memberctl.office.queries import whoever

    assert run.settings.as_staff is not None
    with run.store().reading() as session:
        login = whoever(session, **login_of(session), acting_as=None).login
        return wants_pin(session, login, run.settings.as_staff)


def read_secret(path: str, stdin: TextIO, *, option: str) -> str:
    """Return the first line of a file that nobody else can read; - is standard input.

    Raises UsageProblem for a file that is missing, open to others or no file, Invalid for one
    that is empty or too long. What it holds is never repeated.
    """
    text = stdin.readline(LONGEST_SECRET + 1) if path == "-" else _first_line(Path(path), option)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageProblem(f"{option}: standard input is no text in this locale")
    secret = text.rstrip("\r\n")
    if not secret or len(secret) > LONGEST_SECRET:
        raise Invalid(f"{option}: the first line is empty or too long", field="pin", rule="secret")
    return secret


def _first_line(path: Path, option: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as problem:
        raise UsageProblem(f"{option}: {path} cannot be read: {problem.strerror}") from None
    try:
        _refuse_open(os.fstat(descriptor), path, option)
        return os.read(descriptor, 4 * LONGEST_SECRET + 4).partition(b"\n")[0].decode()
    except UnicodeDecodeError:
        raise UsageProblem(f"{option}: {path} is no text in UTF-8") from None
    finally:
        os.close(descriptor)


def _refuse_open(status: os.stat_result, path: Path, option: str) -> None:
    """Refuse what is no file, or one that somebody else could read."""
    if not stat.S_ISREG(status.st_mode):
        raise UsageProblem(f"{option}: {path} is not a regular file")
    if status.st_mode & 0o077:
        raise UsageProblem(f"{option}: {path} can be read by others", hint=f"chmod 600 {path}")
