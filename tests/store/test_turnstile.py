"""The turnstile: one holder at a time, given back by whatever end its holder meets."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memberctl.core.errors import Busy, StorageFailure
from memberctl.store.turnstile import turnstile


def test_a_second_holder_waits_and_then_gives_up(tmp_path: Path) -> None:
    began = time.monotonic()
    with (
        turnstile(tmp_path / "s.db"),
        pytest.raises(Busy) as refused,
        turnstile(tmp_path / "s.db", patience=0.1),
    ):
        pass
    assert refused.value.exit_code == 11
    assert 0.1 <= time.monotonic() - began < 2


def test_the_lock_file_stays_when_it_is_free(tmp_path: Path) -> None:
    with turnstile(tmp_path / "s.db"):
        pass
    with turnstile(tmp_path / "s.db", patience=0):
        assert (tmp_path / "s.db.lock").exists()


def test_a_failure_gives_the_lock_back(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), turnstile(tmp_path / "s.db"):
        raise ZeroDivisionError
    with turnstile(tmp_path / "s.db", patience=0):
        pass


def test_a_killed_holder_blocks_nobody(tmp_path: Path) -> None:
    line = (
        "import sys, time, pathlib; from memberctl.store.turnstile import turnstile\n"
        "with turnstile(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", line, str(tmp_path / "s.db")], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(Busy), turnstile(tmp_path / "s.db", patience=0):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with turnstile(tmp_path / "s.db", patience=0):
        pass


def test_a_child_does_not_inherit_the_lock(tmp_path: Path) -> None:
    with turnstile(tmp_path / "s.db"):
        child = subprocess.Popen(["sleep", "60"])
    try:
        with turnstile(tmp_path / "s.db", patience=0):
            assert child.poll() is None, "the child must outlive the lock that it does not have"
    finally:
        child.kill()
        child.wait()


def test_a_lock_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("keep me")
    (tmp_path / "s.db.lock").symlink_to(target)
    with pytest.raises(StorageFailure, match="symbolic link"), turnstile(tmp_path / "s.db"):
        pass
    assert target.read_text() == "keep me"
