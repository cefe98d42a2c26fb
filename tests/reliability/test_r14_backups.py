"""R14: a backup is one sound moment while terminals write; a restore is done or undone.

A restore is killed at every call by which it changes a name or waits for the disk. Whatever is
left is the whole old store or the whole new one, and the same command again ends well.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from memberctl.store.engine import Store
from memberctl.store.manifest import read_manifest
from tests.histories import a_big_order
from tests.program import Program
from tests.reliability.promises import assert_sound
from tests.reliability.terminals import CONTEXT, Terminal, happens, run_terminal, terminal
from tests.stores import tools_on_path

TRIALS = 3
DEADLY = ("link", "replace", "unlink", "fsync")


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pg_dump and pg_restore be found."""
    monkeypatch.setenv("PATH", tools_on_path())


def back_up_under_writers(memberctl: Program, folder: Path, trials: int) -> list[int]:
    """Make backups while two tills record payments; return how many payments each holds."""
    order = a_big_order(memberctl)
    line = f"payment record {order} 1.00 --method cash --again\n"
    tills = [
        terminal(memberctl, "batch", folder=folder / f"till{n}", as_="qian",
                 stdin=(line * 20_000).encode())
        for n in range(2)
    ]  # fmt: skip
    for till in tills:
        assert happens(lambda till=till: '"status": "ok"' in till.out)
    held = []
    for trial in range(trials):
        file = folder / f"trial{trial}"
        made = memberctl("backup", "create", str(file))
        assert made.exit == 0, made.err
        held.append(read_manifest(file).rows["payment"])
    for till in tills:
        assert till.process.is_alive(), till.err
        till.kill()
    return held


def test_a_backup_made_while_two_tills_write_is_sound(memberctl: Program, tmp_path: Path) -> None:
    held = back_up_under_writers(memberctl, tmp_path, TRIALS)
    assert held == sorted(set(held)), "the tills went on writing"
    file = tmp_path / f"trial{TRIALS - 1}"
    assert memberctl("backup", "verify", str(file)).exit == 0
    assert_sound(memberctl)
    memberctl.ok("backup", "restore", str(file), "--yes")
    assert len(memberctl.ok("payment", "list")) == held[-1]
    assert_sound(memberctl)


def test_a_copy_of_the_file_alone_is_not_what_the_store_was(shop: Program, tmp_path: Path) -> None:
    """The twin: what is in the WAL is missing where the file is copied by itself."""
    with Store(shop.location).reading() as session:
        session.connection().exec_driver_sql("SELECT COUNT(*) FROM branch").scalar_one()
        shop.ok("branch", "add", "B2", "--name", "x")
        shutil.copy(shop.location, tmp_path / "copied.db")
    copied = Program(str(tmp_path / "copied.db"), shop.key_dir, shop.folder)
    assert "B2" not in {row["code"] for row in copied.ok("branch", "list")}


def die_at(nth: int, argv: Sequence[str], environ: dict[str, str], folder: Path) -> None:
    """Run a command that is killed at its `nth` deadly call."""
    calls = count(1)
    for name in DEADLY:
        original = getattr(os, name)

        def deadly(*args: Any, original: Any = original, **named: Any) -> Any:
            if next(calls) == nth:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **named)

        setattr(os, name, deadly)
    run_terminal(argv, environ, folder)


def killed_at(nth: int, memberctl: Program, *argv: str) -> int:
    """Run a command that is killed at its `nth` deadly call and return its exit code."""
    folder = memberctl.folder / f"run{nth}"
    folder.mkdir(exist_ok=True)
    (folder / "in").write_bytes(b"")
    process = CONTEXT.Process(target=die_at, args=(nth, argv, memberctl.environment(), folder))
    process.start()
    return Terminal(process, folder).end()


def test_a_restore_that_is_killed_anywhere_leaves_the_old_store_or_the_new_one(
    shop: Program,
) -> None:
    file, path = shop.folder / "one", Path(shop.location)
    shop.ok("backup", "create", str(file))
    shop.ok("branch", "add", "LATER", "--name", "x")
    ground = shop.folder / "ground.db"
    shutil.copy(path, ground)
    seen = set()
    for nth in count(1):
        for left in shop.folder.glob("*store.db*"):
            left.unlink()
        shutil.copy(ground, path)
        code = killed_at(nth, shop, "backup", "restore", str(file), "--yes")
        codes = tuple(row["code"] for row in shop.ok("branch", "list"))
        assert codes in {("BJ01", "LATER", "SH01"), ("BJ01", "SH01")}, nth
        seen.add(codes)
        assert shop("db", "check").exit == 0
        if code == 0:
            break
        assert code == -signal.SIGKILL
        shop.ok("backup", "restore", str(file), "--yes")
        assert len(shop.ok("branch", "list")) == 2
        assert list(shop.folder.glob(".store.db.restoring-*")) == []
    assert nth > 5
    assert len(seen) == 2


def test_a_backup_that_is_killed_anywhere_is_no_backup_or_a_whole_one(shop: Program) -> None:
    folder = shop.folder / "backups"
    folder.mkdir()
    for nth in count(1):
        code = killed_at(nth, shop, "backup", "create", str(folder / f"b{nth}"))
        found = {line["file"]: line["state"] for line in shop.ok("backup", "list", str(folder))}
        if found.get(f"b{nth}") == "complete":
            assert shop("backup", "verify", str(folder / f"b{nth}")).exit == 0
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert found[f"b{nth}"] == "complete"
    assert list(folder.glob(".memberctl-*")) == [], "the last one removed what the killed ones left"
    assert shop("db", "check").exit == 0
