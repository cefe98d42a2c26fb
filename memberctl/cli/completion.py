"""Completion of values by the shell: fast, read-only, and silent when anything is wrong.

Numbers and codes come from the SQLite file through the standard library, since a shell waits
for every key. Source: cli.md "Completion"; performance.md A2.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memberctl.core.errors import MemberctlError, UsageProblem

if TYPE_CHECKING:
    import sqlite3

SHELLS = ("bash", "zsh", "fish")
MOST_VALUES = 50
MOST_SECONDS = 0.1
_INSTRUCTIONS_BETWEEN_LOOKS = 1000
_SQLITE_URL = re.compile(r"sqlite(?:\+\w+)?:///(?P<path>.+)")
_HARMLESS = re.compile(r"\w[\w.:+@-]*")
_MEMBER = re.compile(r"(?:M-?(?P<digits>[0-9]{0,12}))?", re.IGNORECASE)
_MEMBER_WIDTH = 6
_LAST_CHARACTER = "\U0010ffff"


def script(shell: str) -> str:
    """Return what the shell must read to complete memberctl.

    shell -- "bash", "zsh" or "fish"
    Raises UsageProblem for another one.
    """
    if shell not in SHELLS:
        raise UsageProblem(f"completion is made for {', '.join(SHELLS)}")
    # Typer documents this name and forgets to export it to type checkers.
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    return get_completion_script(
        prog_name="memberctl", complete_var="_MEMBERCTL_COMPLETE", shell=shell
    )


def complete_members(incomplete: str, ctx: Any = None) -> list[str]:
    """Return member numbers that begin so, lowest first; [] when there is nothing to say.

    What was typed of a number stays as it was typed, since a shell drops what begins otherwise.
    ctx -- the line so far, whose --db and --config count
    """
    typed = _MEMBER.fullmatch(incomplete)
    if typed is None:
        return []
    from memberctl.core.numbering import member_number

    digits = typed["digits"] or ""
    begin = incomplete if digits else "M-"

    def found(database: sqlite3.Connection) -> list[str]:
        numbers: list[int] = []
        for low, high in _id_ranges(digits):
            rows = database.execute(
                "SELECT id FROM member WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?",
                (low, high, MOST_VALUES - len(numbers)),
            )
            numbers += [int(row[0]) for row in rows]
        return [begin + member_number(number)[len("M-" + digits) :] for number in numbers]

    return _looked_up(found, ctx)


def complete_orders(incomplete: str, ctx: Any = None) -> list[str]:
    """Return order numbers that begin so; [] when there is nothing to say."""
    begin = incomplete.upper()
    return _texts(
        "SELECT number FROM orders WHERE number >= ? AND number < ? ORDER BY number LIMIT ?",
        (begin, begin + _LAST_CHARACTER),
        incomplete,
        ctx,
    )


def complete_refunds(incomplete: str, ctx: Any = None) -> list[str]:
    """Return refund numbers that begin so; [] when there is nothing to say."""
    begin = incomplete.upper()
    return _texts(
        "SELECT printf('RF-%04d', id) FROM refund"
        " WHERE substr(printf('RF-%04d', id), 1, ?) = ? ORDER BY id DESC LIMIT ?",
        (len(begin), begin),
        incomplete,
        ctx,
    )


def complete_plans(incomplete: str, ctx: Any = None) -> list[str]:
    """Return plan codes that begin so; [] when there is nothing to say."""
    return _codes("plan", incomplete, ctx)


def complete_tiers(incomplete: str, ctx: Any = None) -> list[str]:
    """Return tier codes that begin so; [] when there is nothing to say."""
    return _codes("tier", incomplete, ctx)


def complete_staff(incomplete: str, ctx: Any = None) -> list[str]:
    """Return staff codes that begin so; [] when there is nothing to say."""
    return _codes("staff", incomplete, ctx)


def complete_branches(incomplete: str, ctx: Any = None) -> list[str]:
    """Return branch codes that begin so; [] when there is nothing to say."""
    return _codes("branch", incomplete, ctx)


def one_of(words: str) -> Callable[[str], list[str]]:
    """Return the completion of a value that is one of the words, which blanks divide."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in words.split() if word.startswith(incomplete)]

    return complete


def _id_ranges(digits: str) -> Iterator[tuple[int, int]]:
    """Give the ids whose member numbers begin with these digits, as ranges of the primary key.

    Six places are filled with zeros, so only longer numbers have no zero in front.
    """
    for width in range(max(_MEMBER_WIDTH, len(digits)), 13):
        if width > _MEMBER_WIDTH and digits.startswith("0"):
            return
        low, high = int(digits.ljust(width, "0")), int(digits.ljust(width, "9"))
        yield max(low, 10 ** (width - 1) if width > _MEMBER_WIDTH else 1), high


def _codes(table: str, incomplete: str, ctx: Any) -> list[str]:
    return _texts(
        f"SELECT code FROM {table}"  # noqa: S608 -- the table is a word of this file.
        " WHERE substr(code, 1, ?) = ? COLLATE NOCASE ORDER BY code LIMIT ?",
        (len(incomplete), incomplete),
        incomplete,
        ctx,
    )


def _texts(statement: str, values: Sequence[object], typed: str, ctx: Any) -> list[str]:
    def found(database: sqlite3.Connection) -> list[str]:
        texts = [str(row[0]) for row in database.execute(statement, (*values, MOST_VALUES))]
        return [typed + text[len(typed) :] for text in texts if _HARMLESS.fullmatch(text)]

    return _looked_up(found, ctx)


def _looked_up(question: Callable[[sqlite3.Connection], list[str]], ctx: Any) -> list[str]:
    """Ask the store within the time a shell may wait; no answer at all is an answer."""
    import sqlite3

    deadline = time.monotonic() + MOST_SECONDS
    try:
        path = _store_path(ctx)
        if path is None:
            return []
        with closing(_opened(path)) as database:
            database.set_progress_handler(
                lambda: time.monotonic() > deadline, _INSTRUCTIONS_BETWEEN_LOOKS
            )
            return question(database)
    except (sqlite3.Error, OSError, ValueError, MemberctlError):
        return []


def _store_path(ctx: Any) -> Path | None:
    from memberctl.cli.options import said_so_far
    from memberctl.config import Flags, load_settings

    flags = Flags(db=said_so_far(ctx, "db"), config=said_so_far(ctx, "config"))
    location = load_settings(flags, os.environ).db
    url = _SQLITE_URL.fullmatch(location)
    if url is None and "://" in location:
        return None
    path = Path(url["path"] if url else location).absolute()
    # A named pipe in the store's place would keep the shell waiting for ever.
    return path if stat.S_ISREG(path.stat().st_mode) else None


def _opened(path: Path) -> sqlite3.Connection:
    import sqlite3

    database = sqlite3.connect(
        f"{path.as_uri()}?mode=ro", uri=True, timeout=MOST_SECONDS / 2, isolation_level=None
    )
    database.execute("PRAGMA trusted_schema = OFF")
    return database
