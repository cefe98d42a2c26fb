"""The demo runs from its beginning to its end, and says so loudly when it does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "sample_data"


def demo(samples: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the demo of `samples`, with its temporary folder inside `folder`."""
    return subprocess.run(
        [sys.executable, str(samples / "demo.py")],
        env={
            **os.environ,
            "TMPDIR": str(folder),
            "MEMBERCTL_DB": "/nowhere/at/all.db",
            "PYTHONPATH": str(SAMPLES.parent),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def test_the_demo_walks_an_application_from_a_file_to_a_card(tmp_path: Path) -> None:
    done = demo(SAMPLES, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "188 created" in done.stdout
    assert "188 unchanged" in done.stdout
    assert "Already recorded" in done.stdout
    assert "Issued card 86" in done.stdout
    assert "\x1b[" not in done.stdout


def test_the_demo_fails_when_a_command_ends_otherwise_than_it_should(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES, tmp_path / "sample_data")
    (tmp_path / "sample_data" / "catalog.toml").write_text("[[plan]\n")

    done = demo(tmp_path / "sample_data", tmp_path)

    assert done.returncode == 1
    assert "ended with 6, not 0" in done.stderr
