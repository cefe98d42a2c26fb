"""What is entered about a person: by options, by a file of one row, by answers at the terminal.

Options stand in the list of processes, where everybody can read them; the others do not.
Source: cli.md "Errors"; mission S1.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memberctl.cli.importing import open_import
from memberctl.cli.prompts import ask, may_prompt
from memberctl.core.errors import UsageProblem
from memberctl.core.rows import Row
from memberctl.member.rules import COLUMNS

if TYPE_CHECKING:
    from memberctl.cli.run import Run


def with_file(run: Run, typed: dict[str, str | None], path: str | None) -> dict[str, str]:
    """Return what was typed together with the one row of a file; what was typed is stronger."""
    cells = {key: text for key, text in typed.items() if text is not None}
    if path is None:
        return cells
    with open_import(run, path, COLUMNS, required=()) as table:
        rows = list(table.rows)
        if len(rows) != 1 or not isinstance(rows[0], Row):
            raise UsageProblem("the data must be one row that can be read")
        said = {key: text for key, text in table.cells(rows[0]).items() if text.strip()}
    return {**said, **cells}


def asked_for(run: Run, cells: dict[str, str]) -> dict[str, str]:
    """Return the cells together with what a person at the terminal answers."""
    no_input = run.settings.no_input
    if not may_prompt(run.stdin, run.stderr, no_input):
        return cells
    for key, question, option in (("name", "Name", "--name"), ("phone", "Phone", "--phone")):
        if key in cells or (key == "phone" and "email" in cells):
            continue
        cells[key] = ask(
            question, option=option, no_input=no_input, stdin=run.stdin, stderr=run.stderr
        )
    return cells
