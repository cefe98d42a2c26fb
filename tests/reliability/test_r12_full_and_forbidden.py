"""R12: on a full disk, read-only, or without rights nothing changes, and reading goes on.

Each command runs in a process of its own in which no file may grow beyond some size, or for which
the modes of files count although it may be root's. What it says names the file and what to do.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.histories import a_confirmed_order
from tests.program import Program
from tests.reliability.obstacles import Be, obey_modes, under_modes, with_room_for
from tests.reliability.promises import assert_sound, dump
from tests.reliability.terminals import CONTEXT, Terminal, terminal
from tests.stores import tools_on_path

FULL, ALMOST_FULL = 1_500, (20_000, 45_000, 70_000, 95_000)
READ_ONLY, NOTHING = 0o555, 0
PEOPLE = "name,phone,plan\n" + "".join(
    f"钱多{n},137{n:08},YEAR\n" for n in range(40)
)  # An import whose pages do not fit where a payment's do.
WRITES = {
    "payment": "payment record {order} 1.00 --method cash --key K1",
    "import": "application import {people}",
}
BESIDE = {
    "backup": "backup create {out}/b",
    "export": "audit log --format json --output {out}/log.json",
    "archive": "archive create --quarter 2026Q1 --to {out}/kept",
    "anchor": "audit anchor --output {out}/anchors.txt",
    "copy": "db copy --to {out}/copy.db",
    "new store": "init --db {out}/new.db",
}
READS = ("branch list", "order show {order}", "db check")
# What cannot be written to --output is a result that cannot be shown.
FAILED = {"export": 14}


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pg_dump be found."""
    monkeypatch.setenv("PATH", tools_on_path())


def set_scene(program: Program) -> dict[str, str]:
    """Make an order to pay, one that is to be archived, a file to import and a folder."""
    order, gone = a_confirmed_order(program), a_confirmed_order(program)
    program.ok("order", "withdraw", gone, "--reason", "moved", "--yes", as_="sun")
    program.now = "2026-04-01T10:00:00+08:00"
    people, out = program.folder / "people.csv", program.folder / "out"
    people.write_text(PEOPLE)
    (out / "kept").mkdir(parents=True)
    return {"order": order, "people": str(people), "out": str(out)}


@pytest.fixture
def scene(memberctl: Program) -> dict[str, str]:
    """A scene on either engine."""
    return set_scene(memberctl)


@pytest.fixture
def desk(shop: Program) -> tuple[Program, dict[str, str]]:
    """A scene in a file, whose folder and rights can be changed; they are given back."""
    folder = shop.folder / "store"
    folder.mkdir()
    moved = Program(str(shutil.move(shop.location, folder / "store.db")), shop.key_dir, shop.folder)
    names = set_scene(moved)
    moved.ok("branch", "list")
    return moved, names


def run(program: Program, line: str, names: dict[str, str], be: Be, number: int = 0) -> Terminal:
    """Run one command behind an obstacle and return it, ended."""
    command = terminal(
        program, *line.format(**names).split(), folder=program.folder / f"t{number}", be=be
    )
    command.end()
    assert "Traceback" not in command.err and "fault in memberctl" not in command.err, command.err
    return command


def left_in(folder: Path) -> list[str]:
    """Return what is in a folder and below it, and is not empty: locks and new anchors are."""
    found = (path for path in folder.rglob("*") if path.stat().st_size)
    return sorted(str(path.relative_to(folder)) for path in found)


def said_plainly(command: Terminal, *names: str) -> None:
    """Assert that a refusal names one of the files or folders, and what to do about it."""
    assert any(name in command.err for name in names), command.err
    assert re.search(r"^hint: ", command.err, re.MULTILINE), command.err


def until_there_is_room(
    shop: Program, names: dict[str, str], what: str, rooms: Iterable[int]
) -> list[int | None]:
    """Try a change with more and more room; return the exit codes, all but the last of them 13."""
    before = dump(shop)
    codes: list[int | None] = []
    for number, room in enumerate(rooms):
        tried = run(shop, WRITES[what], names, with_room_for(room), number)
        codes.append(tried.process.exitcode)
        if codes[-1] != 13:
            break
        assert dump(shop) == before
        said_plainly(tried, shop.location)
    assert codes[0] == 13, "a disk without any room is full"
    assert set(codes[:-1]) == {13} and codes[-1] in {0, 13}, codes
    return codes


@pytest.mark.parametrize("what", WRITES)
def test_on_a_full_disk_a_change_is_refused_whole_and_done_once_when_there_is_room(
    desk: tuple[Program, dict[str, str]], what: str
) -> None:
    shop, names = desk
    until_there_is_room(shop, names, what, (FULL, *ALMOST_FULL))
    again = shop(*WRITES[what].format(**names).split())
    assert again.exit == 0, again
    assert_sound(shop)
    counts = {"payment": ("payment", 1), "import": ("order", 42)}
    noun, count = counts[what]
    assert len(shop.ok(noun, "list", "--limit", "100")) == count


def test_what_finds_no_room_beside_the_store_leaves_nothing_behind(
    memberctl: Program, scene: dict[str, str]
) -> None:
    out = Path(scene["out"])
    before, keys = left_in(out), left_in(memberctl.key_dir)
    for number, (what, line) in enumerate(BESIDE.items()):
        room = 40 if what == "anchor" else FULL
        failed = run(memberctl, line, scene, with_room_for(room), number)
        assert failed.process.exitcode == FAILED.get(what, 13), (what, failed.err, failed.out)
        assert left_in(out) == before
        assert left_in(memberctl.key_dir) == keys
        assert memberctl(*line.format(**scene).split()).exit == 0, what
        before, keys = left_in(out), left_in(memberctl.key_dir)


def test_what_may_not_be_written_beside_the_store_is_refused_with_5(
    desk: tuple[Program, dict[str, str]],
) -> None:
    shop, names = desk
    out = Path(names["out"])
    before = left_in(out)
    (out / "kept").chmod(0o500)
    out.chmod(0o500)
    try:
        for number, line in enumerate(BESIDE.values()):
            refused = run(shop, line, names, under_modes, number)
            assert refused.process.exitcode == 5, (line, refused.err)
            assert str(out) in refused.err
            assert left_in(out) == before
    finally:
        out.chmod(0o700)
        (out / "kept").chmod(0o700)
    assert "right.refused" not in {row["event"] for row in shop.ok("audit", "log")}


@contextmanager
def forbidden(target: Path, rights: int) -> Iterator[None]:
    """Leave no more than these rights on a file or folder, and give the others back."""
    before = target.stat().st_mode & 0o777
    target.chmod(before & rights)
    try:
        yield
    finally:
        target.chmod(before)


def test_an_import_whose_rejects_cannot_be_kept_writes_nothing(
    desk: tuple[Program, dict[str, str]],
) -> None:
    shop, names = desk
    out = Path(names["out"])
    people = out / "people.csv"
    people.write_text(PEOPLE + "孙小妹,12,YEAR\n")
    before = dump(shop)
    with forbidden(out, READ_ONLY):
        refused = run(shop, WRITES["import"], {"people": str(people)}, under_modes)
        assert (refused.process.exitcode, str(out) in refused.err) == (5, True), refused.err
    assert dump(shop) == before
    assert shop(*WRITES["import"].format(people=people).split()).exit == 3


@pytest.mark.parametrize("what", ["file", "folder", "lock"])
def test_a_store_that_may_only_be_read_is_read_and_not_changed(
    desk: tuple[Program, dict[str, str]], what: str
) -> None:
    shop, names = desk
    path = Path(shop.location)
    before = dump(shop)
    targets = {"file": path, "folder": path.parent, "lock": path.with_name(path.name + ".lock")}
    with forbidden(targets[what], READ_ONLY):
        for number, line in enumerate((*READS, BESIDE["backup"], BESIDE["anchor"])):
            done = run(shop, line, names, under_modes, number)
            assert done.process.exitcode == 0, (line, done.err)
        for number, line in enumerate(WRITES.values(), 10):
            refused = run(shop, line, names, under_modes, number)
            assert refused.process.exitcode == 5, (line, refused.err)
            said_plainly(refused, str(path), f"{path}.lock")
    assert dump(shop) == before
    assert_sound(shop)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_store_that_may_not_even_be_read_says_so(
    desk: tuple[Program, dict[str, str]], what: str
) -> None:
    shop, names = desk
    path = Path(shop.location)
    before = dump(shop)
    with forbidden(path if what == "file" else path.parent, NOTHING):
        for number, line in enumerate((*READS, *WRITES.values(), BESIDE["backup"])):
            refused = run(shop, line, names, under_modes, number)
            assert refused.process.exitcode == 5, (line, refused.err)
            said_plainly(refused, str(path))
    assert dump(shop) == before


def _try_to_write(path: str) -> None:
    obey_modes()
    Path(path).write_text("x")


def test_the_modes_count_for_the_tests_whoever_runs_them(tmp_path: Path) -> None:
    (tmp_path / "file").touch(0o400)
    process = CONTEXT.Process(target=_try_to_write, args=(str(tmp_path / "file"),))
    process.start()
    process.join(60)
    assert process.exitcode == 1
    assert (tmp_path / "file").read_text() == ""


def test_on_a_full_disk_a_store_can_be_read(desk: tuple[Program, dict[str, str]]) -> None:
    shop, names = desk
    for number, line in enumerate(READS):
        done = run(shop, line, names, with_room_for(FULL), number)
        assert done.process.exitcode == 0, (line, done.err)
