"""R15: a value that changed by itself is found, whichever it is, in whichever table.

Bits are flipped in values by sqlite3, with everything off that would prevent it, and in the bytes
of the file. `db check --deep` must name a run of rows that each changed value is in.
"""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from memberctl.store.checksums import UNSUMMED
from tests.histories import PHONES, a_busy_day, a_paid_member
from tests.program import Program
from tests.reliability.promises import dump
from tests.stores import Grounds

FLIPS = 400
# Without these nobody is known and no key fits: every command ends with 5 or 12.
FIRST_OF_ALL = {"store_info", "organisation", "staff", "staff_role"}
BYTES = 25
ROW = re.compile(r"(\w+?)(?: row)? (-?\d+)")


@pytest.fixture(scope="module")
def ground(grounds: Grounds, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A store in which a busy day happened, only to be copied."""
    folder = tmp_path_factory.mktemp("damage")
    program = Program(grounds.sqlite_copy(folder / "store.db"), grounds.key_dir / "sqlite", folder)
    a_busy_day(program)
    assert program("db", "check", "--deep").exit == 0
    return program


def a_copy(ground: Program, folder: Path) -> Program:
    """Return the program on a copy of the ground."""
    shutil.copy(ground.location, folder / "store.db")
    return Program(str(folder / "store.db"), ground.key_dir, folder)


def flipped(value: Any, dice: random.Random) -> Any:
    """Return a value of the same kind that differs in one bit."""
    if isinstance(value, int):
        return value ^ (1 << dice.randrange(20))
    raw = value if isinstance(value, bytes) else value.encode()
    while raw:
        changed = bytearray(raw)
        changed[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        if isinstance(value, bytes):
            return bytes(changed)
        try:
            return changed.decode()
        except UnicodeDecodeError:
            continue
    return None


def flip_values(location: str, dice: random.Random, flips: int, *tables: str) -> set[Any]:
    """Flip a bit in so many values and return (table, rowid, column) of each, beside any guard."""
    with closing(sqlite3.connect(location)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        drop_triggers(connection)
        names = tables or summed_tables(connection)
        done: set[Any] = set()
        while len(done) < flips:
            done |= flip_one(connection, dice.choice(names), dice, done)
        connection.commit()
    return done


def drop_triggers(connection: sqlite3.Connection) -> None:
    """Take away what forbids changes, and put nothing in its place."""
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        connection.execute(f"DROP TRIGGER {name}")


def summed_tables(connection: sqlite3.Connection) -> list[str]:
    """Return the tables in which a changed value is found and that hold any."""
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    names = [name for (name,) in found if name not in UNSUMMED - {"audit"} | FIRST_OF_ALL]
    counted = ((name, connection.execute(f'SELECT 1 FROM "{name}"').fetchone()) for name in names)
    return [name for name, row in counted if row]


def flip_one(
    connection: sqlite3.Connection, table: str, dice: random.Random, done: set[Any]
) -> set[Any]:
    """Flip a bit of a value that is not among `done`, which a second flip might mend.

    Nothing is done where that makes two rows of one.
    """
    rows = connection.execute(f'SELECT rowid, * FROM "{table}"').fetchall()
    described = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    columns = [each[1] for each in described]
    # A row that moves to another number would be looked for under its old one.
    rowid_column = [each[5] == 1 and each[2] == "INTEGER" for each in described]
    rowid, *values = dice.choice(rows)
    place = dice.randrange(len(columns))
    if rowid_column[place] or (table, rowid, columns[place]) in done:
        return set()
    if values[place] in (None, "", b""):
        return set()
    changed = flipped(values[place], dice)
    try:
        connection.execute(
            f'UPDATE "{table}" SET "{columns[place]}" = ? WHERE rowid = ?', (changed, rowid)
        )
    except sqlite3.IntegrityError:
        return set()
    return {(table, rowid, columns[place])}


def named(problems: list[Any]) -> Iterator[tuple[str, int]]:
    """Yield the rows that problems name, each by its table and number."""
    for problem in problems:
        found = ROW.fullmatch(problem["object"])
        if found and problem["rule"] == "row_written":
            yield found[1], int(found[2])
        elif found and problem["rule"].startswith("audit."):
            yield "audit", int(found[2])


def checked(program: Program) -> tuple[int, list[Any]]:
    """Return the exit code of a deep check and the problems that it names."""
    result = program("db", "check", "--deep", "--format", "json")
    return result.exit, result.json["problems"] if result.out else []


def test_every_value_in_which_a_bit_was_flipped_is_found(
    ground: Program, tmp_path: Path, dice: random.Random
) -> None:
    program = a_copy(ground, tmp_path)
    flips = flip_values(program.location, dice, FLIPS)
    code, problems = checked(program)
    assert code == 8
    assert {(table, row) for table, row, _ in flips} - set(named(problems)) == set()


@pytest.mark.parametrize("table", sorted(FIRST_OF_ALL))
def test_damage_to_what_every_command_begins_with_ends_none_of_them_well(
    ground: Program, tmp_path: Path, dice: random.Random, table: str
) -> None:
    program = a_copy(ground, tmp_path)
    flip_values(program.location, dice, 1, table)
    result = program("db", "check", "--deep")
    assert result.exit in {5, 6, 8, 10, 12}, result


def test_the_rules_alone_find_nothing_wrong_with_another_name(
    ground: Program, tmp_path: Path
) -> None:
    """The twin: without the checksums, a changed name breaks no rule."""
    program = a_copy(ground, tmp_path)
    with closing(sqlite3.connect(program.location)) as connection:
        connection.execute("UPDATE member SET name = name || '别' WHERE id = 1")
        connection.commit()
    assert program("db", "check").exit == 0
    code, problems = checked(program)
    assert code == 8
    assert list(named(problems)) == [("member", 1)]


def test_a_flipped_bit_in_the_audit_log_is_found(
    ground: Program, tmp_path: Path, dice: random.Random
) -> None:
    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        program = a_copy(ground, folder)
        flip_values(program.location, dice, 1, "audit")
        assert program("audit", "verify").exit == 8


def flip_in_file(program: Program, dice: random.Random) -> None:
    """Flip one bit of the store's file, behind its first page."""
    path = Path(program.location)
    content = bytearray(path.read_bytes())
    used = [place for place in range(4096, len(content)) if content[place]]
    content[dice.choice(used)] ^= 1 << dice.randrange(8)
    path.write_bytes(content)


def strike_file(ground: Program, folder: Path, dice: random.Random, flips: int) -> tuple[int, int]:
    """Flip one bit in a copy of the file, again and again; return changed and unseen ones."""
    before, changed, unseen = dump(ground), 0, 0
    for number in range(flips):
        place = folder / str(number)
        place.mkdir()
        program = a_copy(ground, place)
        flip_in_file(program, dice)
        try:
            same = dump(program) == before
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            same = False
        if not same:
            changed += 1
            unseen += program("db", "check", "--deep").exit not in {5, 6, 8, 10, 12}
    return changed, unseen


def test_a_flipped_bit_of_the_file_is_found_when_it_changes_a_value(
    ground: Program, tmp_path: Path, dice: random.Random
) -> None:
    changed, unseen = strike_file(ground, tmp_path, dice, BYTES)
    assert changed > 0
    assert unseen == 0


def test_what_memberctl_changes_itself_is_never_called_damage(
    ground: Program, tmp_path: Path
) -> None:
    program = a_copy(ground, tmp_path)
    PHONES[program.location] = count(13_900_000_001)
    for _ in range(2):
        member, _ = a_paid_member(program)
        program.ok("card", "issue", member, as_="sun")
        program.ok("policy", "set", "review_days", "6")
        assert program("run", "daily").exit == 0
        assert checked(program) == (0, [])


def test_damage_beside_a_row_that_changes_stays_known(ground: Program, tmp_path: Path) -> None:
    """A row has its own checksum, so its neighbours' are left as they are."""
    program = a_copy(ground, tmp_path)
    file = tmp_path / "people.csv"
    rows = "".join(f"客{n},1371234{n:04d}\n" for n in range(40))
    file.write_text("name,phone\n" + rows)
    program.ok("member", "import", str(file), as_="sun")
    members = [row["number"] for row in program.ok("member", "list", "--limit", "40")]
    with closing(sqlite3.connect(program.location)) as connection:
        ((damaged,),) = connection.execute("SELECT MAX(id) FROM member")
        connection.execute("UPDATE member SET name = '别' WHERE id = ?", (damaged,))
        connection.commit()
    neighbour = sorted(members)[-5]
    program.ok("member", "update", neighbour, "--address", "新", as_="sun")
    code, problems = checked(program)
    assert code == 8
    assert list(named(problems)) == [("member", damaged)]


def test_a_row_that_another_program_added_is_told(ground: Program, tmp_path: Path) -> None:
    program = a_copy(ground, tmp_path)
    with closing(sqlite3.connect(program.location)) as connection:
        connection.execute("INSERT INTO branch (id, code, name) VALUES (77, 'QQ', 'theirs')")
        connection.commit()
    assert ("branch", 77) in set(named(checked(program)[1]))
