"""The long figures of files, disks and backups: R8, R12 to R14, R17, R25."""

from __future__ import annotations

import ctypes
import os
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.program import Program
from tests.reliability import test_r13_wrong_files as wrong
from tests.reliability.promises import assert_sound, dump
from tests.reliability.terminals import run_terminal
from tests.reliability.test_r08_imports import kill_imports
from tests.reliability.test_r12_full_and_forbidden import (
    FULL,
    WRITES,
    desk,
    run,
    until_there_is_room,
)
from tests.reliability.test_r13_wrong_files import Ground, everything_in, ground
from tests.reliability.test_r14_backups import back_up_under_writers, tools
from tests.reliability.test_r17_shown import printed_and_lost
from tests.reliability.test_r25_migrations import OLDER, kill_and_repeat, newest
from tests.soak.conftest import Report
from tests.stores import Grounds

__all__ = ["desk", "ground", "newest", "tools"]

IMPORT_KILLS, WRONG_FILES, BACKUPS, PRINTED, UPGRADE_KILLS = 100, 500, 20, 300, 6
SMALL_DISKS = range(1_000_000, 1_200_000, 20_000)
NEW_USER, NEW_MOUNTS = 0x10000000, 0x00020000  # CLONE_NEWUSER and CLONE_NEWNS.


def test_a_hundred_killed_imports(
    grounds: Grounds, tmp_path: Path, dice: random.Random, told: Report
) -> None:
    unlike = kill_imports(grounds, tmp_path, dice, IMPORT_KILLS)
    told("R8", f"{IMPORT_KILLS} killed imports, run again", f"{unlike} unlike one never killed")
    assert unlike == 0


@pytest.mark.parametrize("what", WRITES)
def test_every_size_at_which_a_disk_can_be_full(
    desk: tuple[Program, dict[str, str]], what: str, told: Report
) -> None:
    shop, names = desk
    codes = until_there_is_room(shop, names, what, range(FULL, 500_000, 2_000))
    assert_sound(shop)
    told("R12", f"{what}: {len(codes)} sizes of a full disk", f"exits {dict(Counter(codes))}")
    assert codes[-1] == 0


def on_a_disk_of(
    size: int, store: Path, argv: Sequence[str], environ: Mapping[str, str], folder: Path
) -> None:
    """Be a terminal whose store lies on a small disk of its own; leave what is on it behind."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    assert libc.unshare(NEW_MOUNTS | (NEW_USER if uid else 0)) == 0, "no name space of its own"
    if uid:
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    content, place = store.read_bytes(), str(store.parent).encode()
    assert libc.mount(b"none", b"/", None, 1 << 18 | 1 << 14, None) == 0  # Private, all below.
    assert libc.mount(b"tmpfs", place, b"tmpfs", 0, f"size={size}".encode()) == 0, "no disk"
    store.write_bytes(content)
    try:
        run_terminal(argv, environ, folder)
    finally:
        for suffix in ("", "-wal"):  # What a commit wrote may still lie in the WAL.
            left = store.with_name(store.name + suffix)
            if left.exists():
                (folder / f"left.db{suffix}").write_bytes(left.read_bytes())


@pytest.mark.parametrize("what", WRITES)
def test_a_small_disk_that_is_full(
    desk: tuple[Program, dict[str, str]], what: str, told: Report
) -> None:
    shop, names = desk
    store = Path(shop.location)
    shop.ok("db", "check")
    before, codes = dump(shop), []
    for number, size in enumerate(SMALL_DISKS):
        be = partial(on_a_disk_of, size, store)
        tried = run(shop, WRITES[what], names, be, number)
        codes.append(tried.process.exitcode)
        left = Program(str(tried.folder / "left.db"), shop.key_dir, shop.folder)
        assert_sound(left)
        assert (dump(left) == before) is (codes[-1] == 13), tried.err
    told("R12", f"{what}: {len(codes)} small disks", f"exits {dict(Counter(codes))}")
    assert set(codes) <= {0, 13}


def test_many_wrong_files(
    ground: Ground, tmp_path: Path, dice: random.Random, told: Report
) -> None:
    touched, codes = 0, Counter[int]()
    folder = tmp_path / "wrong"
    folder.mkdir()
    path = folder / "store.db"
    for number in range(WRONG_FILES):
        keep = dice.choice((0, 16, 100, dice.randrange(len(ground.whole) // 2)))
        path.write_bytes(ground.whole[:keep] + dice.randbytes(dice.randrange(20_000)))
        before = everything_in(folder)
        lines = [line for line in wrong.COMMANDS if line != wrong.RESTORE]
        codes[wrong.tried(ground, path, lines[number % len(lines)], tmp_path).exit] += 1
        touched += everything_in(folder) != before
    told("R13", f"{WRONG_FILES} wrong files, exits {dict(codes)}", f"{touched} touched")
    assert touched == 0
    assert set(codes) <= {8, 10}


def test_twenty_backups_under_two_writers(memberctl: Program, tmp_path: Path, told: Report) -> None:
    held = back_up_under_writers(memberctl, tmp_path, BACKUPS)
    unsound = [
        n for n in range(BACKUPS) if memberctl("backup", "verify", str(tmp_path / f"trial{n}")).exit
    ]
    told("R14", f"{BACKUPS} backups of {held[0]} to {held[-1]} payments", f"{len(unsound)} unsound")
    assert unsound == []
    assert held == sorted(set(held))


def test_many_kills_right_after_the_result(shop: Program, tmp_path: Path, told: Report) -> None:
    printed, lost = printed_and_lost(shop, tmp_path, PRINTED)
    told("R17", f"{PRINTED} kills, {printed} had printed", f"{lost} lost")
    assert lost == 0


def test_upgrades_from_every_version_killed_in_many_places(
    tmp_path: Path, dice: random.Random, newest: dict[str, Any], told: Report
) -> None:
    killed = 0
    for revision in OLDER:
        for number in range(UPGRADE_KILLS):
            folder = tmp_path / f"{revision}-{number}"
            folder.mkdir()
            killed += kill_and_repeat(folder, revision, dice.randrange(1, 60), newest) != 0
    told("R25", f"{len(OLDER)} versions, {killed} upgrades killed", "0 unlike a fresh upgrade")
    assert killed > len(OLDER)
