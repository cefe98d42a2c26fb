"""The list of bad inputs, through every command that can be given them.

What is refused writes nothing, ends with the right code, without a traceback, without a
character that acts on a terminal and without anybody's data in its words; what is taken is kept
and shown as it was given.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from memberctl.core.numbering import member_number, parse_member_number
from memberctl.store.engine import Store
from tests import histories
from tests.bad_doors import DOORS, cases, name_of
from tests.bad_values import LITERAL, TAKEN, VALUES, Kind, Value
from tests.door import STRANGER, Door, kept
from tests.harmless import harmless
from tests.long_history import a_long_history, a_proposal
from tests.program import Program, Result
from tests.stores import Grounds, drop_database
from tests.test_bad_files import READERS, WRITERS
from tests.verbs import is_free, taker, verbs
from tests.warm import WarmProgram

PERSONAL = frozenset({Kind.PHONE, Kind.EMAIL, Kind.IDENTITY, Kind.BIRTH})
EVERY_SIGN = "[/] [link=https://e]Z :smiley: ');DROP-- %_\\ {{7*7}} 𠮷"


@dataclass(frozen=True, slots=True)
class Scene:
    """A shop in which everything has happened once, and the numbers of what is in it.

    state -- changes when anything is committed
    """

    program: WarmProgram
    numbers: dict[str, str]
    state: Callable[[], object]

    def run(self, door: Door, value: str, *more: str) -> Result:
        """Give a value to a door."""
        words = door.words(door.line, self.numbers, value)
        return self.program(words[0], *more, *words[1:], as_=door.as_)


def set_scene(program: Program) -> dict[str, str]:
    """Let everything happen that the doors need, and return the numbers they name."""
    numbers = a_long_history(program, program.folder)
    people = program.folder / "nobody.csv"
    people.write_text("name,phone,plan\n")
    line = ("refund", "request", histories.a_paid_member(program)[1], "--amount", "50.00")
    owners = program.ok(*line, "--reason", "moved away", as_="sun")["number"]
    program.ok("refund", "review", owners, "--approve")
    newest = max(each["number"] for each in program.ok("member", "list"))
    return {
        **numbers,
        "people": str(people),
        "reviewed_by_owner": owners,
        "third": histories.a_member(program),
        "next": member_number(parse_member_number(newest) + 2),
    }


@pytest.fixture(scope="module")
def ground(
    grounds: Grounds, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, str]]:
    """The folder of a SQLite store with a scene, only to be copied, and the scene's numbers."""
    folder = tmp_path_factory.mktemp("scene")
    program = WarmProgram(
        grounds.sqlite_copy(folder / "store.db"), grounds.key_dir / "sqlite", folder
    )
    numbers = set_scene(program)
    program.close()
    return folder, numbers


def a_copy(ground: tuple[Path, dict[str, str]], grounds: Grounds, folder: Path) -> Scene:
    """Return a scene of its own."""
    original, numbers = ground
    store = folder / "store.db"
    with sqlite3.connect(original / "store.db") as source, sqlite3.connect(store) as target:
        source.backup(target)
    source.close()
    target.close()
    watcher = sqlite3.connect(store, check_same_thread=False)

    def state() -> object:
        return watcher.execute("PRAGMA data_version").fetchone()

    return Scene(WarmProgram(str(store), grounds.key_dir / "sqlite", folder), {**numbers}, state)


@pytest.fixture(scope="module")
def scene(
    ground: tuple[Path, dict[str, str]], grounds: Grounds, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """A scene that all refusals share, because they leave nothing behind."""
    made = a_copy(ground, grounds, tmp_path_factory.mktemp("refusals"))
    yield made
    made.program.close()


@pytest.fixture
def stage(ground: tuple[Path, dict[str, str]], grounds: Grounds, tmp_path: Path) -> Iterator[Scene]:
    """A scene for one test."""
    made = a_copy(ground, grounds, tmp_path)
    yield made
    made.program.close()


def refused(result: Result, code: int, value: str, *, personal: bool = False) -> None:
    """Assert a refusal with a code that says why, without data and without the value."""
    assert result.exit == code, result
    assert result.out == ""
    assert "\nmemberctl: " in f"\n{result.err}", result
    harmless(result)
    if personal:
        assert value.strip() not in result.err


ALL = cases()


def assert_its_code_and_nothing_left(scene: Scene, door: Door, value: Value) -> None:
    """Give a bad value at a door: its own exit code, nothing written, nothing dangerous said."""
    code = door.exit(value)
    before = scene.state()
    result = scene.run(door, value.text, *(["--dry-run"] if code == TAKEN else []))
    if code == TAKEN:
        assert result.exit == TAKEN, result
        harmless(result)
    else:
        refused(result, code, value.text, personal=door.kind in PERSONAL)
    logs = code == STRANGER or "--reveal" in door.line
    assert logs or scene.state() == before


@pytest.mark.parametrize(("door", "value"), ALL, ids=[name_of(door, value) for door, value in ALL])
def test_a_bad_input_ends_with_its_code_and_leaves_nothing(
    scene: Scene, door: Door, value: Value
) -> None:
    assert_its_code_and_nothing_left(scene, door, value)


def strings(data: object) -> Iterator[str]:
    """Give every string in a result."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for each in data.values():
            yield from strings(each)
    elif isinstance(data, list):
        for each in data:
            yield from strings(each)


def shows(program: Program, line: list[str], value: str) -> None:
    """Assert that a command shows a value as it was given, and on paper without acting."""
    data = program.ok(*line)
    inside = json.dumps(value, ensure_ascii=False)[1:-1]
    assert any(value in each or inside in each for each in strings(data)), data
    for form in ("tsv", "table", "plain", "md", "html"):
        shown = program(*line, "--format", form)
        assert shown.exit == 0
        harmless(shown)


KEPT = [door for door in DOORS if door.shows]


@pytest.mark.parametrize("door", KEPT, ids=[door.line for door in KEPT])
def test_text_with_every_sign_is_kept_and_shown_literally(stage: Scene, door: Door) -> None:
    assert stage.run(door, EVERY_SIGN).exit == TAKEN
    shows(stage.program, door.words(door.shows, stage.numbers, EVERY_SIGN), EVERY_SIGN)


REJECTING = kept("proposal reject {proposal} --reason {value}", "proposal show {proposal}", "chen")


@pytest.fixture(scope="module")
def owners(
    ground: tuple[Path, dict[str, str]], grounds: Grounds, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """A scene with two owners, where a change of the office waits for the second."""
    made = a_copy(ground, grounds, tmp_path_factory.mktemp("owners"))
    made.numbers.update(a_proposal(made.program))
    yield made
    made.program.close()


@pytest.mark.parametrize("value", VALUES[Kind.TEXT], ids=[v.number for v in VALUES[Kind.TEXT]])
def test_a_bad_reason_rejects_no_proposal(owners: Scene, value: Value) -> None:
    assert_its_code_and_nothing_left(owners, REJECTING, value)


def test_the_reason_of_a_rejected_proposal_is_shown_literally(owners: Scene) -> None:
    assert owners.run(REJECTING, EVERY_SIGN).exit == TAKEN
    shows(owners.program, REJECTING.words(REJECTING.shows, owners.numbers, ""), EVERY_SIGN)


@pytest.mark.parametrize("value", LITERAL, ids=[value.number for value in LITERAL])
def test_a_strange_name_is_a_name(stage: Scene, value: Value) -> None:
    door = next(door for door in KEPT if door.line.startswith("member register"))
    assert stage.run(door, value.text).exit == TAKEN
    shows(stage.program, ["member", "show", stage.numbers["next"]], value.shown or value.text)


@pytest.fixture(scope="module")
def postgres(grounds: Grounds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A scene on PostgreSQL that all refusals share."""
    folder = tmp_path_factory.mktemp("postgres")
    name, url = grounds.postgres_copy()
    program = WarmProgram(url, grounds.key_dir / "postgresql", folder)
    numbers = set_scene(program)
    store = Store(url)

    def state() -> object:
        with store.reading() as session:
            tables = session.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            ).scalars()
            counts = " UNION ALL ".join(
                f"SELECT '{table}', count(*), max(xmin::text::bigint) FROM \"{table}\""
                for table in tables
            )
            return session.execute(text(counts)).all()

    yield Scene(program, numbers, state)
    program.close()
    drop_database(name)


def one_for_each_door() -> list[tuple[Door, Value]]:
    """Return one case for each door; the values change from door to door."""
    chosen = []
    for place, door in enumerate(DOORS):
        own = [value for at, value in ALL if at is door and value.number != "17"]
        chosen.append((door, own[place % len(own)]))
    return chosen


SOME = one_for_each_door()


@pytest.mark.parametrize(("door", "value"), SOME, ids=[name_of(*case) for case in SOME])
def test_postgresql_answers_alike(postgres: Scene, door: Door, value: Value) -> None:
    assert_its_code_and_nothing_left(postgres, door, value)


ELSEWHERE = {
    "init": {"name", "currency", "zone", "region", "owner"},
    "archive create": {"to"},
    "backup list": {"folder"},
    "backup create": {"keep"},
    "bank import": {"format"},
}
"""What is tried in test_bad_files.py, or is read by a parser that has its doors here."""


def tried(path: str, command: Any) -> set[str | None]:
    """Return the parameters of a command that bad values, files or paths are given to."""
    doors = [door.line.replace("{value}", "{file}") for door in (*DOORS, REJECTING)]
    lines = [*doors, *READERS, *WRITERS]
    own = [line.removeprefix(path).split() for line in lines if f"{line} ".startswith(f"{path} ")]
    return {taker(command, words, "{file}") for words in own}


def test_every_place_at_which_something_is_typed_has_its_door() -> None:
    missing = {}
    for path, command in verbs():
        typed = {each.name for each in command.params if is_free(each)}
        without = typed - tried(path, command) - ELSEWHERE.get(path, set()) - {"seen"}
        if without:
            missing[path] = without
    assert missing == {}
