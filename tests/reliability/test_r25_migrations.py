"""R25: every migration, from every earlier schema, killed in the middle and run again.

All revisions are taken from the folder of migrations, so those to come are tried by themselves.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from memberctl.report.shape import fresh_shape, sqlite_shape
from memberctl.store.engine import Store
from memberctl.store.guard import SCHEMA
from tests.program import Program
from tests.reliability.promises import assert_sound, dump
from tests.reliability.terminals import CONTEXT, Terminal, run_terminal
from tests.store.past_schemas import FIRST, make_past, revisions
from tests.stores import drop_database, make_database, tools_on_path

OLDER = revisions()[:-1]
MOST_STATEMENTS = 30


def past(folder: Path, revision: str, name: str = "store") -> Program:
    """Return the program on a SQLite store of an earlier schema."""
    path = folder / f"{name}.db"
    make_past(str(path), folder / "keys", revision)
    return Program(str(path), folder / "keys", folder)


def die_at_statement(nth: int, argv: Sequence[str], environ: dict[str, str], folder: Path) -> None:
    """Run a command that is killed before its `nth` change of the database."""
    seen = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def _count(*args: Any) -> None:
        nonlocal seen
        seen += args[2].lstrip()[:6].upper() in {"CREATE", "ALTER ", "INSERT", "UPDATE", "DROP T"}
        if seen == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    run_terminal(argv, environ, folder)


def killed_upgrade(memberctl: Program, nth: int) -> int:
    """Run `db upgrade`, killed at its `nth` statement, and return the exit code."""
    folder = memberctl.folder / f"run{nth}"
    folder.mkdir(exist_ok=True)
    (folder / "in").write_bytes(b"")
    arguments = (nth, ["db", "upgrade"], memberctl.environment(PATH=os.environ["PATH"]), folder)
    process = CONTEXT.Process(target=die_at_statement, args=arguments)
    process.start()
    return Terminal(process, folder).end()


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every row of the first schema's store, brought to the newest schema in one go."""
    program = past(tmp_path_factory.mktemp("newest"), FIRST)
    assert program("db", "upgrade").exit == 0
    return dump(program)


def kill_and_repeat(folder: Path, revision: str, nth: int, newest: dict[str, Any]) -> int:
    """Kill the upgrade of an old store at a statement, repeat it, judge; return the first code."""
    program = past(folder, revision)
    before = dump(program)
    code = killed_upgrade(program, nth)
    assert code in {0, -signal.SIGKILL}
    if code:
        assert dump(program) == before
        assert program("branch", "list").exit == 10
        upgraded = program.ok("db", "upgrade")
        assert upgraded["before"] == revision
        copy = Program(upgraded["backup"], program.key_dir, program.folder)
        assert dump(copy) == before
    with Store(program.location).reading() as session:
        assert sqlite_shape(session.connection()) == fresh_shape()
    assert dump(program) == newest
    assert_sound(program)
    return code


@pytest.mark.parametrize("revision", OLDER)
def test_an_upgrade_that_is_killed_and_run_again_ends_as_if_never_killed(
    tmp_path: Path, dice: random.Random, newest: dict[str, Any], revision: str
) -> None:
    code = kill_and_repeat(tmp_path, revision, dice.randrange(1, MOST_STATEMENTS), newest)
    assert code in {0, -signal.SIGKILL}


@pytest.mark.parametrize("revision", sorted({OLDER[0], OLDER[-1]}))
def test_an_upgrade_on_postgresql_that_is_killed_is_undone_and_run_again(
    tmp_path: Path, dice: random.Random, monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    monkeypatch.setenv("PATH", tools_on_path())
    name = f"past_{os.urandom(4).hex()}"
    program = Program(make_database(name), tmp_path / "keys", tmp_path)
    make_past(program.location, program.key_dir, revision)
    code = killed_upgrade(program, dice.randrange(1, MOST_STATEMENTS))
    if code:
        assert code == -signal.SIGKILL
        assert program("branch", "list").exit == 10
        assert program.ok("db", "upgrade")["before"] == revision
    assert_sound(program)
    drop_database(name)


def test_an_upgrade_is_the_owner_s_and_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    program = past(tmp_path, FIRST)
    before = dump(program)
    dry = program("db", "upgrade", "--dry-run", "--format", "json")
    assert (dry.exit, dry.json) == (0, {"before": FIRST, "schema": SCHEMA, "backup": ""})
    with Store(program.location).writing() as session:
        session.connection().exec_driver_sql("UPDATE staff SET uid = NULL")
        session.commit()
    assert program("db", "upgrade").exit == 5
    assert dump(program, "staff") == {key: rows for key, rows in before.items() if key != "staff"}
    assert [path for path in sorted(tmp_path.iterdir()) if "before" in path.name] == []


def test_a_store_of_the_newest_schema_stays_as_it_is(shop: Program) -> None:
    before = dump(shop)
    upgraded = shop.ok("db", "upgrade")
    assert (upgraded["before"], upgraded["backup"]) == (SCHEMA, "")
    assert dump(shop) == before
