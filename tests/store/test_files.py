"""Wrong files are never touched (R13): not opened for writing, not changed, not added to."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from memberctl.store.files import APPLICATION_ID
from tests.program import Program

HEADER = b"SQLite format 3\0"


def other_program(path: Path) -> None:
    """Make another program's database."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()


def half_founded(path: Path) -> None:
    """Make a file of ours in which nothing was founded."""
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute("CREATE TABLE x (y)")
    connection.close()


def of_schema(version: str) -> Callable[[Path], None]:
    """Return what makes a store of ours say that it has another schema."""

    def make(path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (version,))
        connection.commit()
        connection.close()

    return make


WRONG: dict[str, Callable[[Path], object]] = {
    "junk": lambda path: path.write_bytes(os.urandom(5000)),
    "text": lambda path: path.write_text("name,phone\nLi,1\n"),
    "empty": lambda path: path.touch(),
    "a header and nothing else": lambda path: path.write_bytes(HEADER),
    "a header and junk": lambda path: path.write_bytes(HEADER + os.urandom(9000)),
    "another program's database": other_program,
    "ours and never founded": half_founded,
    "a newer schema": of_schema("9999"),
    "an older schema": of_schema("0000"),
    "a directory": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a link to nothing": lambda path: path.symlink_to(path.with_name("nothing")),
    "a link to another file": lambda path: path.symlink_to(_beside(path)),
}
COMMANDS = (
    ("branch", "list"),
    ("branch", "add", "GZ01", "--name", "Guangzhou"),
    ("audit", "verify"),
    ("db", "check"),
)


def _beside(path: Path) -> Path:
    other = path.with_name("other")
    other.write_text("precious")
    return other


def everything_in(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every regular file below `folder`, except the lock file."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_is_refused_and_stays_as_it_was(
    shop: Program, tmp_path: Path, what: str, argv: tuple[str, ...]
) -> None:
    folder = tmp_path / "wrong"
    folder.mkdir()
    path = folder / "store.db"
    WRONG[what](path)
    before = everything_in(folder)
    refused = shop(*argv, "--db", str(path))
    assert refused.exit == 10, refused.err
    assert "Traceback" not in refused.err
    assert everything_in(folder) == before


def test_the_right_file_is_not_refused(shop: Program) -> None:
    assert [shop(*argv).exit for argv in COMMANDS] == [0, 0, 0, 0]


def test_init_overwrites_nothing(shop: Program, tmp_path: Path) -> None:
    for what, make in WRONG.items():
        folder = tmp_path / f"init {what}"
        folder.mkdir()
        path = folder / "store.db"
        make(path)
        before = everything_in(folder)
        refused = shop("init", "--db", str(path))
        assert refused.exit == 7, (what, refused.err)
        assert everything_in(folder) == before, what


def test_a_store_with_somebody_else_s_trigger_is_not_trusted(shop: Program) -> None:
    connection = sqlite3.connect(shop.location)
    connection.execute(
        "CREATE TRIGGER theirs AFTER INSERT ON branch BEGIN UPDATE staff SET name = 'x'; END"
    )
    connection.commit()
    connection.close()
    assert shop("branch", "list").exit == 8
    assert shop("branch", "add", "GZ01", "--name", "x").exit == 8
