"""The demo runs from its beginning to its end, and says so loudly when it does not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ledger.programs import by_beancount, by_hledger, needs_hledger, ours
from tests.program import Program

SAMPLES = Path(__file__).resolve().parent.parent / "sample_data"


@dataclass(frozen=True, slots=True)
class Year:
    """What the demo printed, the folder that it left, and the program on its store."""

    told: str
    folder: Path
    memberctl: Program


def demo(samples: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the demo of `samples`, with its temporary folder inside `folder`.

    Its tables are as wide as README shows them, whatever terminal the tests run in.
    """
    kept = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES"}}
    return subprocess.run(
        [sys.executable, str(samples / "demo")],
        env={**kept, "TMPDIR": str(folder), "MEMBERCTL_DB": "/nowhere/at/all.db"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    """The demo, played once for all tests here."""
    ground = tmp_path_factory.mktemp("demo")
    done = demo(SAMPLES, ground)
    assert done.returncode == 0, done.stdout + done.stderr

    (folder,) = ground.glob("memberctl-demo-*")
    memberctl = Program(str(folder / "club.db"), folder / "config" / "memberctl" / "keys", ground)
    memberctl.now = "2026-07-02T10:00:00+08:00"
    return Year(done.stdout, folder, memberctl)


def test_the_demo_goes_from_a_file_of_applications_through_a_year(year: Year) -> None:
    for told in (
        "188 created",
        "188 unchanged",
        "Already recorded",
        "Issued card 86",
        "Matched 183 lines",
        "it ends 2026-06-18 instead of 2026-07-08",
        "Paid RF-0001",
        "Filed RN-2026",
        "suppressed  renewed",
        "Income by month",
    ):
        assert told in year.told, told
    assert "\x1b[" not in year.told


def test_everything_that_the_demo_leaves_is_sound(year: Year) -> None:
    for check in (("ledger", "check"), ("db", "check", "--deep"), ("audit", "verify")):
        checked = year.memberctl.ok(*check)
        assert checked["checked"] > 1000, check
        assert checked["problems"] == [], check


def test_what_readme_shows_is_what_the_demo_prints(year: Year) -> None:
    told = set(year.told.splitlines())
    readme = (SAMPLES.parent / "README.md").read_text(encoding="utf-8")
    shown = [
        line
        for block in re.findall(r"^```text\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
        if line not in {"", "..."}
    ]

    assert len(shown) > 100
    assert [line for line in shown if line not in told] == []


def test_beancount_takes_the_demos_year_and_comes_to_our_balances(year: Year) -> None:
    found = by_beancount(year.folder / "books.beancount")

    assert found == ours(year.memberctl)
    assert len(found) >= 6


@needs_hledger
def test_hledger_takes_the_demos_year_and_comes_to_our_balances(year: Year) -> None:
    assert by_hledger(year.folder / "books.journal") == ours(year.memberctl)


def test_the_demo_fails_when_a_command_ends_otherwise_than_it_should(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES, tmp_path / "sample_data")
    (tmp_path / "sample_data" / "catalog.toml").write_text("[[plan]\n")

    done = demo(tmp_path / "sample_data", tmp_path)

    assert done.returncode == 1
    assert "ended with 6, not 0" in done.stderr


def test_whoever_leaves_the_demo_early_is_told_nothing_is_wrong(tmp_path: Path) -> None:
    head = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$0" "$1" | head -n 1', sys.executable, SAMPLES / "demo"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert (head.returncode, head.stderr) == (0, "")
