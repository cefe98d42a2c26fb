"""What a killed writer leaves is removed by the next one, and what a living one writes never is."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from memberctl.store import unfinished
from memberctl.store.unfinished import new_file, new_folder, remove, remove_dead

WRITING = """
import sys
from pathlib import Path
from memberctl.store.unfinished import new_file, new_folder

path, held = new_file(Path(sys.argv[1]))
path.write_text("138-0013-8000")
path.with_name(path.name + "-journal").write_text("138-0013-8000")
with new_folder(Path(sys.argv[1])) as folder:
    (folder / "store.db").write_text("138-0013-8000")
    print("written", flush=True)
    sys.stdin.read()
"""


@contextmanager
def a_writer(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Give another process that is writing a file and a folder."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITING, folder],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        yield process
        process.kill()


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    with a_writer(tmp_path) as killed:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    assert len(list(tmp_path.iterdir())) == 3
    path, held = new_file(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
    os.close(held)


def test_what_a_living_writer_has_in_hand_is_left_alone(tmp_path: Path) -> None:
    with a_writer(tmp_path):
        there = sorted(tmp_path.iterdir())
        remove_dead(tmp_path)
        assert sorted(tmp_path.iterdir()) == there


def test_without_the_lock_a_living_writer_loses_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: with the guard off."""
    with a_writer(tmp_path):
        monkeypatch.setattr(fcntl, "flock", lambda *_: None)
        remove_dead(tmp_path)
        assert list(tmp_path.iterdir()) == []


def test_who_was_taken_for_dead_before_it_held_its_file_makes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold, taken = unfinished._hold, []

    def robbed(descriptor: int, path: Path) -> bool:
        if len(taken) % 2 == 0:
            remove_dead(tmp_path)
        taken.append(path)
        return hold(descriptor, path)

    monkeypatch.setattr(unfinished, "_hold", robbed)
    path, held = new_file(tmp_path)
    with new_folder(tmp_path) as folder:
        assert sorted(tmp_path.iterdir()) == sorted([path, folder])
    assert taken == [taken[0], path, taken[2], folder]
    os.close(held)


def test_a_name_that_is_not_ours_a_link_and_what_cannot_be_locked_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".memberctl-0123456789abcdef.tmp.txt").touch()
    (tmp_path / "memberctl-0123456789abcdef.tmp").touch()
    (tmp_path / "mine.tmp-journal").touch()
    (tmp_path / ".memberctl-0123456789abcdee.tmp").symlink_to(tmp_path)
    os.mkfifo(tmp_path / ".memberctl-0123456789abcded.tmp")
    there = sorted(tmp_path.iterdir())
    remove_dead(tmp_path)
    assert sorted(tmp_path.iterdir()) == there

    def no_locks(*_: object) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    first, held = new_file(tmp_path)
    second, its = new_file(tmp_path)
    assert first.exists() and second.exists()
    os.close(held)
    os.close(its)


def test_a_journal_goes_with_its_file_and_when_that_has_its_name_already(tmp_path: Path) -> None:
    (tmp_path / ".memberctl-0123456789abcdef.tmp-journal").touch()
    path, held = new_file(tmp_path)
    journal = path.with_name(path.name + "-journal")
    journal.touch()
    assert sorted(tmp_path.iterdir()) == sorted([path, journal])
    remove(path)
    assert list(tmp_path.iterdir()) == []
    os.close(held)
