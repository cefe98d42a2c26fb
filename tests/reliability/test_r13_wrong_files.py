"""R13: a wrong file is never touched: not opened for writing, not changed, not added to.

Every kind of command is tried on each: one that reads, writes, makes, upgrades, copies, restores.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from memberctl.store.files import APPLICATION_ID
from tests.program import Program, Result
from tests.stores import Grounds

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
    "a link to another file": lambda path: path.symlink_to(_beside(path)),
}
DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "the first page of a store": lambda whole: whole[:4096],
    "half a store": lambda whole: whole[: len(whole) // 2],
    "a store with another's pages": lambda whole: whole[:4096] + os.urandom(len(whole) - 4096),
}
RESTORE = "backup restore {backup} --yes"
COMMANDS = (
    "branch list", "branch add GZ01 --name Guangzhou", "audit verify", "db check", "db upgrade",
    "run daily", "backup create {out}/b", RESTORE, "db copy --to {out}/copy.db", "batch",
)  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class Ground:
    """The program, a backup that may be restored, and the bytes of a whole store."""

    program: Program
    backup: Path
    whole: bytes


@pytest.fixture(scope="module")
def ground(grounds: Grounds, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """What all wrong files are judged with; nothing of it changes."""
    folder = tmp_path_factory.mktemp("right")
    location = grounds.sqlite_copy(folder / "store.db")
    program = Program(location, grounds.key_dir / "sqlite", folder)
    program.ok("backup", "create", str(folder / "one.backup"))
    return Ground(program, folder / "one.backup", Path(location).read_bytes())


def tried(ground: Ground, path: Path, line: str, out: Path) -> Result:
    """Run one command on a file; a batch answers for its line."""
    words = line.format(out=out, backup=ground.backup).split()
    result = ground.program(*words, "--db", str(path), stdin="branch list\n")
    if line != "batch":
        return result
    assert result.exit == 3
    return Result(json.loads(result.out.splitlines()[0])["exit"], "", result.err)


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_is_refused_by_every_kind_of_command_and_stays_as_it_was(
    ground: Ground, tmp_path: Path, what: str
) -> None:
    folder, out = tmp_path / "wrong", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    path = folder / "store.db"
    WRONG[what](path)
    before = everything_in(folder)
    for line in COMMANDS:
        refused = tried(ground, path, line, out)
        assert refused.exit == 10, (line, refused)
        assert refused.out == "" and "Traceback" not in refused.err
        assert everything_in(folder) == before, line
        assert list(out.iterdir()) == [], line
    assert ground.program("doctor", "--db", str(path)).exit == 8
    assert everything_in(folder) == before


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_store_is_told_of_not_touched_and_kept_by_a_restore(
    ground: Ground, tmp_path: Path, what: str
) -> None:
    folder, out = tmp_path / "wrong", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    path = folder / "store.db"
    damaged = DAMAGED[what](ground.whole)
    path.write_bytes(damaged)
    for line in COMMANDS:
        if line != RESTORE:
            refused = tried(ground, path, line, out)
            assert refused.exit == 8, (line, refused)
            assert everything_in(folder) == {"store.db": damaged}, line
            assert list(out.iterdir()) == [], line
    assert "backup restore" in ground.program("db", "check", "--db", str(path)).err
    restored = tried(ground, path, RESTORE, out)
    assert restored.exit == 0, restored
    assert damaged in everything_in(folder).values()
    assert ground.program("db", "check", "--db", str(path)).exit == 0


def test_the_right_file_is_not_refused(ground: Ground, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(ground.whole)
    for line in COMMANDS:
        words = line.format(out=tmp_path, backup=ground.backup).split()
        assert ground.program(*words, "--db", str(path), stdin="branch list\n").exit == 0, line


@pytest.mark.parametrize("content", [b"", b"junk" * 4000], ids=["empty", "junk"])
def test_a_wal_that_is_none_adds_nothing_to_a_store(
    ground: Ground, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(ground.whole)
    path.with_name("store.db-wal").write_bytes(content)
    listed = ground.program("branch", "list", "--db", str(path), "--format", "json")
    assert [row["code"] for row in listed.json] == ["BJ01", "SH01"]
    assert ground.program("db", "check", "--db", str(path)).exit == 0


def test_a_restore_beside_the_wal_of_another_takes_the_backup_alone(
    ground: Ground, tmp_path: Path
) -> None:
    """SQLite itself would take the pages of whatever WAL has the store's name."""
    path = tmp_path / "store.db"
    theirs = a_wal_of_another(tmp_path)
    path.with_name("store.db-wal").write_bytes(theirs)
    assert tried(ground, path, RESTORE, tmp_path).exit == 0
    assert ground.program("db", "check", "--db", str(path)).exit == 0
    path.write_bytes(ground.whole)  # The twin: the same by hand.
    path.with_name("store.db-wal").write_bytes(theirs)
    assert ground.program("db", "check", "--db", str(path)).exit == 10


def a_wal_of_another(folder: Path) -> bytes:
    """Return the WAL of another program's database, as it lies there when that is killed."""
    other = sqlite3.connect(folder / "theirs.db")
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("CREATE TABLE theirs (x)")
    content = (folder / "theirs.db-wal").read_bytes()
    other.close()
    assert content
    return content


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


@pytest.mark.parametrize("line", [each for each in COMMANDS if each != RESTORE])
def test_a_link_to_nothing_is_no_store_and_becomes_none(
    ground: Ground, tmp_path: Path, line: str
) -> None:
    path = tmp_path / "store.db"
    path.symlink_to(tmp_path / "nothing")
    assert tried(ground, path, line, tmp_path).exit == 10
    assert path.is_symlink() and not path.exists()
