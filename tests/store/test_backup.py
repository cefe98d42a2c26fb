"""Backups on both engines: what is made, what is refused, what comes back."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from memberctl.store.engine import Store
from memberctl.store.manifest import manifest_path
from tests.histories import a_paid_member
from tests.program import Program
from tests.stores import tools_on_path


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pg_dump and pg_restore be found."""
    monkeypatch.setenv("PATH", tools_on_path())


def back_up(memberctl: Program, name: str = "one", *more: str) -> Path:
    """Make a backup and return its file."""
    path = memberctl.folder / name
    memberctl.ok("backup", "create", str(path), *more)
    return path


def codes(memberctl: Program) -> list[str]:
    """Return the branches of a store, which tests change."""
    return [row["code"] for row in memberctl.ok("branch", "list")]


def test_a_backup_is_what_the_store_was_and_brings_it_back(memberctl: Program) -> None:
    a_paid_member(memberctl)
    before = memberctl.ok("audit", "log")
    file = back_up(memberctl)
    memberctl.ok("branch", "add", "LATER", "--name", "x")
    checked = memberctl.ok("backup", "verify", str(file))
    assert checked["problems"] == []
    assert checked["audit_seq"] == before[0]["seq"]
    restored = memberctl.ok("backup", "restore", str(file), "--yes")
    assert "LATER" not in codes(memberctl)
    (newest, *older) = memberctl.ok("audit", "log")
    assert (newest["event"], older) == ("store.restored", before)
    assert memberctl.ok("db", "check", "--deep")["problems"] == []
    assert restored["kept"] != "nothing"


def test_what_was_there_is_kept_and_is_whole(memberctl: Program) -> None:
    file = back_up(memberctl)
    memberctl.ok("branch", "add", "LATER", "--name", "x")
    kept = memberctl.ok("backup", "restore", str(file), "--yes")["kept"]
    location = kept
    if "/" not in kept:
        base, _, query = memberctl.location.partition("?")
        location = f"{base.rpartition('/')[0]}/{kept}?{query}"
    old = Program(location, memberctl.key_dir, memberctl.folder)
    assert "LATER" in codes(old)
    assert old.ok("audit", "verify")["problems"] == []


def test_the_manifest_tells_what_is_in_it_and_holds_no_key(memberctl: Program) -> None:
    file = back_up(memberctl)
    manifest = json.loads(manifest_path(file).read_text())
    assert manifest["rows"]["branch"] == 2
    assert manifest["size"] == file.stat().st_size
    for path in (file, manifest_path(file)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = next(memberctl.key_dir.glob("*.key")).read_text().strip()
    assert secret.encode() not in file.read_bytes()
    assert bytes.fromhex(secret) not in file.read_bytes()


def test_a_backup_overwrites_nothing_without_force(memberctl: Program) -> None:
    file = memberctl.folder / "one"
    file.write_text("mine")
    assert memberctl("backup", "create", str(file)).exit == 6
    assert file.read_text() == "mine"
    assert memberctl("backup", "create", str(file), "--force").exit == 0
    assert memberctl("backup", "verify", str(file)).exit == 0
    assert [path.name for path in memberctl.folder.glob(".memberctl-*")] == []


def test_a_backup_is_not_written_through_a_link(memberctl: Program) -> None:
    target, link = memberctl.folder / "precious", memberctl.folder / "link"
    target.write_text("mine")
    link.symlink_to(target)
    assert memberctl("backup", "create", str(link)).exit == 6
    assert memberctl("backup", "create", str(link), "--force").exit == 0
    assert (target.read_text(), link.is_symlink()) == ("mine", False)


def test_a_folder_gets_a_backup_each_time_and_keeps_the_newest(shop: Program) -> None:
    folder = shop.folder / "backups"
    folder.mkdir()
    (folder / "other.txt").write_text("mine")
    for hour in range(10, 14):
        shop.now = f"2026-03-02T{hour}:00:00+08:00"
        made = shop.ok("backup", "create", str(folder), "--keep", "2")
    listed = shop.ok("backup", "list", str(folder))
    assert [line["file"] for line in listed] == [
        "store-20260302T050000Z.backup", "store-20260302T040000Z.backup",
    ]  # fmt: skip
    assert {line["state"] for line in listed} == {"complete"}
    assert made["removed"] == ["store-20260302T030000Z.backup"]
    assert sorted(path.suffix for path in folder.iterdir()) == [
        ".backup", ".backup", ".manifest", ".manifest", ".txt",
    ]  # fmt: skip
    assert shop("backup", "create", str(shop.folder / "file"), "--keep", "2").exit == 2


def test_other_stores_backups_are_never_rotated_away(shop: Program) -> None:
    folder = shop.folder / "backups"
    folder.mkdir()
    other = Program(str(shop.folder / "other.db"), shop.key_dir, shop.folder)
    other.ok("init", "--owner", "owner")
    other.ok("backup", "create", str(folder))
    for hour in (10, 11):
        shop.now = f"2026-03-02T{hour}:00:00+08:00"
        shop.ok("backup", "create", str(folder), "--keep", "1")
    assert len(shop.ok("backup", "list", str(folder))) == 2


def test_a_dry_run_leaves_nothing(memberctl: Program) -> None:
    before = sorted(memberctl.folder.iterdir())
    dry = memberctl("backup", "create", str(memberctl.folder / "x"), "--dry-run")
    assert (dry.exit, sorted(memberctl.folder.iterdir())) == (0, before)
    file = back_up(memberctl)
    memberctl.ok("branch", "add", "LATER", "--name", "x")
    assert memberctl("backup", "restore", str(file), "--dry-run").exit == 0
    assert "LATER" in codes(memberctl)


DAMAGE = {
    "a changed byte": lambda file: flip(file, file.stat().st_size // 2),
    "a file cut short": lambda file: file.write_bytes(file.read_bytes()[:-100]),
    "another file": lambda file: file.write_bytes(b"x" * 5000),
}


def flip(file: Path, place: int) -> None:
    """Change one byte of a file."""
    content = bytearray(file.read_bytes())
    content[place] ^= 4
    file.write_bytes(content)


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_backup_is_found_and_not_restored(memberctl: Program, what: str) -> None:
    file = back_up(memberctl)
    memberctl.ok("branch", "add", "LATER", "--name", "x")
    DAMAGE[what](file)
    assert memberctl("backup", "verify", str(file)).exit == 8
    assert memberctl("backup", "restore", str(file), "--yes").exit == 8
    assert "LATER" in codes(memberctl)


def test_a_manifest_that_was_changed_or_is_missing_is_told(memberctl: Program) -> None:
    file = back_up(memberctl)
    manifest = manifest_path(file)
    text = manifest.read_text()
    manifest.write_text(text.replace('"problems": 0', '"problems": 9'))
    assert memberctl("backup", "verify", str(file)).exit == 8
    assert memberctl("backup", "restore", str(file), "--yes").exit == 8
    manifest.write_text("{}")
    assert memberctl("backup", "verify", str(file)).exit == 6
    manifest.unlink()
    assert memberctl("backup", "verify", str(file)).exit == 6
    assert memberctl("backup", "verify", str(memberctl.folder / "none")).exit == 4
    none = memberctl("backup", "list", str(memberctl.folder / "none"))
    assert none.exit == 4
    assert "hint: name the folder" in none.err


def test_a_backup_of_another_store_needs_force(memberctl: Program, tmp_path: Path) -> None:
    file = back_up(memberctl)
    other = Program(str(tmp_path / "other.db"), memberctl.key_dir, tmp_path)
    other.ok("init", "--owner", "owner", "--name", "Other")
    if memberctl.location.startswith("postgresql"):
        assert other("backup", "restore", str(file), "--yes").exit == 7
        return
    assert other("backup", "restore", str(file), "--yes").exit == 7
    assert codes(other) == []
    assert other("backup", "restore", str(file), "--yes", "--force").exit == 0
    assert codes(other) == ["BJ01", "SH01"]


def test_without_the_key_file_nothing_is_restored(memberctl: Program, tmp_path: Path) -> None:
    file = back_up(memberctl)
    keyless = Program(memberctl.location, tmp_path / "nokeys", memberctl.folder)
    assert keyless("backup", "verify", str(file)).exit == 12
    assert keyless("backup", "restore", str(file), "--yes").exit == 12
    assert codes(memberctl) == ["BJ01", "SH01"]


def test_who_may_not_restore_is_refused(memberctl: Program) -> None:
    file = back_up(memberctl)
    assert memberctl("backup", "create", str(memberctl.folder / "x"), as_="sun").exit == 5
    assert memberctl("backup", "restore", str(file), "--yes", as_="zhao").exit == 5


def test_a_store_that_is_gone_or_damaged_comes_back(shop: Program) -> None:
    file, path = back_up(shop), Path(shop.location)
    path.unlink()
    assert shop.ok("backup", "restore", str(file), "--yes")["kept"] == "nothing"
    assert codes(shop) == ["BJ01", "SH01"]
    content = path.read_bytes()
    path.write_bytes(content[:4096] + os.urandom(len(content) - 4096))
    kept = shop.ok("backup", "restore", str(file), "--yes")["kept"]
    assert codes(shop) == ["BJ01", "SH01"]
    assert Path(kept).stat().st_size == len(content)


def test_what_is_no_store_is_replaced_only_by_force(shop: Program) -> None:
    file, path = back_up(shop), Path(shop.location)
    path.write_text("somebody's letter")
    assert shop("backup", "restore", str(file), "--yes").exit == 10
    assert path.read_text() == "somebody's letter"
    kept = shop.ok("backup", "restore", str(file), "--yes", "--force")["kept"]
    assert Path(kept).read_text() == "somebody's letter"
    assert codes(shop) == ["BJ01", "SH01"]


def test_an_open_store_is_not_replaced(memberctl: Program) -> None:
    file = back_up(memberctl)
    store = Store(memberctl.location)
    with store.reading() as session:
        session.connection().exec_driver_sql("SELECT COUNT(*) FROM branch").scalar_one()
        refused = memberctl("backup", "restore", str(file), "--yes")
    assert refused.exit == 11
    assert "others have the store open" in refused.err
    assert memberctl("backup", "restore", str(file), "--yes").exit == 0


def test_a_wal_of_the_old_store_never_meets_the_new_one(shop: Program) -> None:
    file, path = back_up(shop), Path(shop.location)
    wal = path.with_name(path.name + "-wal")
    reader = sqlite3.connect(path)
    reader.execute("SELECT COUNT(*) FROM branch").fetchone()
    shop.ok("branch", "add", "INWAL", "--name", "x")
    left = wal.read_bytes()
    reader.close()
    assert left
    wal.write_bytes(left)  # As a process leaves it that was killed.
    kept = shop.ok("backup", "restore", str(file), "--yes")["kept"]
    assert codes(shop) == ["BJ01", "SH01"]
    assert codes(Program(kept, shop.key_dir, shop.folder)) == ["BJ01", "INWAL", "SH01"]
    path.unlink()
    wal.write_bytes(left)
    shop.ok("backup", "restore", str(file), "--yes")
    assert codes(shop) == ["BJ01", "SH01"]
    assert shop("db", "check").exit == 0


def test_without_the_tools_it_is_said_which_is_missing(
    memberctl: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    made = memberctl("backup", "create", str(memberctl.folder / "x"))
    if memberctl.location.startswith("postgresql"):
        assert made.exit == 2
        assert "pg_dump is not installed" in made.err
    else:
        assert made.exit == 0


def test_a_backup_that_does_not_fit_is_none(shop: Program) -> None:
    full = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (99999, 99999));"
        "sys.argv = sys.argv[1:]; runpy.run_module('memberctl', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", full, "memberctl", "backup", "create", str(shop.folder / "x")],
        env=shop.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 13, done.stderr
    assert not (shop.folder / "x").exists()
    assert list(shop.folder.glob(".memberctl-*")) == []


def test_a_backup_of_an_unsound_store_is_exact_and_says_so(shop: Program) -> None:
    connection = sqlite3.connect(shop.location)
    connection.execute("UPDATE counter SET value = 1 WHERE name = 'branch'")
    connection.commit()
    connection.close()
    made = shop("backup", "create", str(shop.folder / "x"), "--format", "json")
    assert (made.exit, made.json["problems"]) == (3, 1)
    assert shop("backup", "verify", str(shop.folder / "x")).exit == 8
    assert shop("backup", "restore", str(shop.folder / "x"), "--yes").exit == 0


def test_a_backup_can_be_moved_with_its_manifest(memberctl: Program, tmp_path: Path) -> None:
    file = back_up(memberctl)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for path in (file, manifest_path(file)):
        shutil.move(path, elsewhere / path.name)
    assert memberctl("backup", "verify", str(elsewhere / file.name)).exit == 0
