"""One place of a command line at which a value comes in, for the tables of bad inputs."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.bad_values import REFUSED, Kind, Value

STRANGER, CONFLICT = 5, 7


@dataclass(frozen=True, slots=True)
class Door:
    """One place where a value comes in.

    line    -- the command line; {value} is the value, other names are the scene's numbers
    as_     -- who types it
    shows   -- the command that shows afterwards what was taken; "" when nothing does
    refusal -- exit code of what is refused here
    answers -- exit codes by number of the list, where this door answers otherwise
    """

    kind: Kind
    line: str
    as_: str = "owner"
    shows: str = ""
    refusal: int = REFUSED
    answers: dict[str, int] = field(default_factory=dict)

    def words(self, line: str, numbers: dict[str, str], value: str) -> list[str]:
        """Return a line's words; blanks inside a value do not part it."""
        named = {**numbers, "value": "\0"}
        return [word.format(**named).replace("\0", value) for word in line.split()]

    def exit(self, value: Value) -> int:
        """Return the exit code that a value has here."""
        usual = self.refusal if value.exit == REFUSED else value.exit
        return self.answers.get(value.number, usual)


def doors(
    kind: Kind, as_: str, *lines: str, refusal: int = REFUSED, **answers: int
) -> tuple[Door, ...]:
    """Return a door for each line; answers -- exit codes by number of the list, e.g. _16b=0."""
    codes = {number.lstrip("_"): code for number, code in answers.items()}
    return tuple(Door(kind, line, as_, refusal=refusal, answers=codes) for line in lines)


def kept(line: str, shows: str, as_: str = "owner") -> Door:
    """Return a door at which a text comes in; shows -- the command that shows it afterwards."""
    return Door(Kind.TEXT, line, as_, shows)
