"""The stage: shows a command as it would be typed, runs it, and prints what it printed.

Every command is one call of memberctl's own `main`, at what it takes for a terminal, with the
store, the keys and the settings of a temporary folder. All share this process, which saves each
of them half a second of start.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any, TextIO

from memberctl.cli.main import main

WIDTH = 110
MOST_LINES = 14
SHOWN = 2


class Unexpected(Exception):
    """A command ended with another code than it should."""


@dataclass
class Stage:
    """A folder with a store in it, the day that it is there, and the commands that were run.

    environ -- what commands see: nothing of the user's own settings, store or keys
    color   -- escape codes may be written, because a terminal shows them
    """

    folder: Path
    environ: dict[str, str]
    color: bool
    began: float = field(default_factory=time.monotonic)
    count: int = 0

    def tell(self, text: str) -> None:
        """Print what comes next, set off from the commands."""
        print(f"\n{self._styled(text, '1;36')}\n", flush=True)

    def turn_to(self, day: str, text: str) -> None:
        """Let it be another day, as --as-of does for one command, and say what happens on it."""
        self.tell(f"{day}  {text}")
        self.environ["MEMBERCTL_AS_OF"] = day
        print(self._styled(f"$ export MEMBERCTL_AS_OF={day}", "1"), end="\n\n")

    def run(self, *argv: str, exit_code: int = 0) -> None:
        """Show a command and what it prints. Raises Unexpected for another exit code."""
        self._prompt(" ".join(map(typed, argv)))
        shown = io.BytesIO()
        code = self._call(argv, out=_Screen(shown), err=_stream(shown))
        told = shown.getvalue().decode("utf-8")
        print(shortened(told), end="", flush=True)
        if exit_code:
            print(self._styled(f"(exit {code})", "2"))
        _refuse(code, argv, exit_code)
        print()

    def ask(self, *argv: str) -> Any:
        """Return the data that a command answers with, without showing it."""
        return json.loads(self._unseen((*argv, "--format", "json")))["data"]

    def batch(self, lines: Sequence[str]) -> None:
        """Run many commands by one `memberctl batch`, and show them, or a few of very many."""
        few = lines if len(lines) <= MOST_LINES else [*lines[:SHOWN], "...", lines[-1]]
        self._prompt("\n".join(("batch <<END", *few, "END")))
        answers = self._unseen(("batch",), stdin="\n".join(lines)).splitlines()
        print(f"{len(answers)} lines of JSON, all of them ok\n")

    def print_file(self, name: str, lines: int) -> None:
        """Print the first lines of a file of the folder, as `head` does."""
        print(self._styled(f"$ head -n {lines} {name}", "1"))
        with (self.folder / name).open(encoding="utf-8-sig") as file:
            print("".join(line for line, _ in zip(file, range(lines), strict=False)))

    def _prompt(self, line: str) -> None:
        print(self._styled(f"$ memberctl {line}", "1"), flush=True)

    def _unseen(self, argv: Sequence[str], stdin: str = "") -> str:
        """Return what a command prints that must end with 0."""
        out, err = io.BytesIO(), io.BytesIO()
        code = self._call(argv, stdin=stdin, out=_stream(out), err=_stream(err))
        if code:
            print((out.getvalue() + err.getvalue()).decode("utf-8"), file=sys.stderr)
        _refuse(code, argv, 0)
        return out.getvalue().decode("utf-8")

    def _call(self, argv: Sequence[str], *, stdin: str = "", out: TextIO, err: TextIO) -> int:
        self.count += 1
        given = _stream(io.BytesIO(stdin.encode("utf-8")))
        return main(argv, stdin=given, stdout=out, stderr=err, environ=self.environ)

    def _styled(self, text: str, style: str) -> str:
        return f"\033[{style}m{text}\033[0m" if self.color else text


class _Screen(io.TextIOWrapper):
    """What commands take for a terminal: lists are tables, a year's income is drawn as bars."""

    def __init__(self, shown: io.BytesIO) -> None:
        super().__init__(shown, encoding="utf-8", newline="", write_through=True)

    def isatty(self) -> bool:
        return True


def _stream(content: io.BytesIO) -> TextIO:
    return io.TextIOWrapper(content, encoding="utf-8", newline="", write_through=True)


def _refuse(code: int, argv: Sequence[str], expected: int) -> None:
    if code != expected:
        raise Unexpected(f"`memberctl {' '.join(argv)}` ended with {code}, not {expected}")


def typed(word: str) -> str:
    """Return a word as somebody would type it; a shell needs no quotes around Chinese."""
    plain = all(character.isalnum() or character in "-_.:/@,=" for character in word)
    return word if word and plain else quote(word)


def shortened(output: str) -> str:
    """Return what a command printed, with the lines about single rows of a file cut to two."""
    lines = output.splitlines(keepends=True)
    about_rows = [line for line in lines if line.startswith("line ")]
    others = [line for line in lines if not line.startswith("line ")]
    if len(about_rows) <= SHOWN:
        return output
    left = len(about_rows) - SHOWN
    return "".join([*about_rows[:SHOWN], f"... and {left} more lines of this kind\n", *others])


def environment(folder: Path, *, color: bool) -> dict[str, str]:
    """Return what all commands see: the user's environment, without anything of memberctl's."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MEMBERCTL_")}
    width = min(WIDTH, shutil.get_terminal_size((WIDTH, 50)).columns)
    return kept | {
        "MEMBERCTL_DB": str(folder / "club.db"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "COLUMNS": str(width),
        "NO_COLOR": "" if color else "1",
    }
