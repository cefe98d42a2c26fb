"""Questions to the person at the terminal: on stderr, and only where a person is.

Source: cli.md "Errors"; libraries.md (typer.confirm writes to stdout).
"""

from __future__ import annotations

from select import select
from typing import TextIO

from memberctl.cli.sink import is_terminal
from memberctl.core.errors import RuleRefused, UsageProblem
from memberctl.core.text import safe

_YES = frozenset({"y", "yes"})
_LISTENING_SECONDS = 0.2


class Declined(RuleRefused):
    """The person said no, or nothing."""

    code = "declined"


def may_prompt(stdin: TextIO | None, stderr: TextIO | None, no_input: bool) -> bool:
    """Tell whether a question would reach a person who can answer it."""
    return not no_input and is_terminal(stdin) and is_terminal(stderr)


def confirm(
    question: str,
    *,
    yes: bool,
    no_input: bool,
    stdin: TextIO | None,
    stderr: TextIO | None,
) -> None:
    """Return when the person agrees; only "y" and "yes" agree.

    question -- what would happen; it repeats nothing that was typed, which may be anybody's phone
                number, since it is told to whoever cannot be asked
    yes -- agreed already, by --yes
    Raises UsageProblem naming --yes where nobody can be asked, Declined for any other answer.
    """
    if yes:
        return
    if not may_prompt(stdin, stderr, no_input):
        raise UsageProblem(
            f"this needs a confirmation, and nobody can be asked: {question}",
            hint="add --yes to agree to it",
        )
    assert stdin is not None and stderr is not None
    if _answer(f"{question} [y/N] ", stdin, stderr).lower() not in _YES:
        raise Declined("nothing was done")


def ask(
    question: str, *, option: str, no_input: bool, stdin: TextIO | None, stderr: TextIO | None
) -> str:
    """Return what the person types, without outer blanks; it may be empty.

    option -- where else the answer could come from, e.g. "--reason"
    Raises UsageProblem naming the option where nobody can be asked, Declined at end of input.
    """
    if not may_prompt(stdin, stderr, no_input):
        raise _cannot_ask(option)
    assert stdin is not None and stderr is not None
    return _answer(f"{question}: ", stdin, stderr)


def ask_secret(
    question: str, *, option: str, no_input: bool, stdin: TextIO | None, stderr: TextIO | None
) -> str:
    """Return what the person types on the terminal without showing it, unchanged.

    Raises as `ask` does.
    """
    if not may_prompt(stdin, stderr, no_input):
        raise _cannot_ask(option)
    from getpass import getpass

    try:
        return getpass(f"{safe(question)}: ", stream=stderr)
    except EOFError:
        raise Declined("nothing was done") from None


def _cannot_ask(option: str) -> UsageProblem:
    return UsageProblem(
        f"{option} is missing, and nobody can be asked for it", hint=f"give {option}"
    )


def _answer(prompt: str, stdin: TextIO, stderr: TextIO) -> str:
    stderr.write(safe(prompt))
    stderr.flush()
    _wait_for(stdin)
    line = stdin.readline()
    if not line:
        stderr.write("\n")  # End of input leaves the cursor behind the question.
        raise Declined("nothing was done")
    return line.strip()


def _wait_for(stdin: TextIO) -> None:
    """Wait until a line was typed, and hear signals meanwhile.

    Python hears them between two of its instructions: one that came just before a read began
    would be heard with the next key only. A terminal hands over one line at a time, so none waits
    unseen in a buffer.
    """
    while not select([stdin], [], [], _LISTENING_SECONDS)[0]:
        pass
