"""R2: whatever fails at whichever I/O call, a command is done or undone, and can be repeated.

strace makes the N-th call of one kind fail, or kills the process there, for N = 1, 2, ... until
a command runs through untouched. Needs strace, and a system that lets it trace.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.histories import a_big_order, two_refunds
from tests.program import PYTHON, Program
from tests.reliability.promises import assert_sound
from tests.reliability.rows import a_file, good_row
from tests.soak.conftest import Report
from tests.stores import Grounds

CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "unlink")
FAULTS = ("signal=SIGKILL", "error=ENOSPC", "error=EIO")
MOST = 200


@pytest.fixture
def scene(grounds: Grounds, tmp_path: Path) -> tuple[Program, dict[str, tuple[str, ...]]]:
    """A store with what the commands need that are tried: an open order, a refund, a file."""
    shop = Program(grounds.sqlite_copy(tmp_path / "scene.db"), grounds.key_dir / "sqlite", tmp_path)
    order, refund = a_big_order(shop), two_refunds(shop)[1]
    dice = random.Random(2)
    file = tmp_path / "applications.csv"
    file.write_text(a_file([good_row(number, dice) for number in range(20)]))
    return shop, {
        "payment": ("payment", "record", order, "600.00", "--method", "cash", "--key", "K"),
        "import": ("application", "import", str(file)),
        "refund": ("refund", "pay", refund, "--yes", "--as", "qian", "--key", "K"),
    }


def strike(
    shop: Program, argv: tuple[str, ...], call: str, fault: str, number: int
) -> tuple[int, bool]:
    """Run a command whose `number`-th call of a kind fails; return its code and if one did."""
    log = shop.folder / "strace"
    log.unlink(missing_ok=True)
    inject = f"inject={call}:{fault}:when={number}"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={call}",
         "-e", inject, PYTHON, "-m", "memberctl", *argv],
        env=shop.environment(), capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr, done.stderr
    struck = "INJECTED" in log.read_text() or "killed by SIGKILL" in log.read_text()
    return done.returncode, struck


def amounts(shop: Program) -> tuple[int, ...]:
    """Return how many payments, orders, paid refunds and live terms there are."""
    paid = shop.ok("refund", "list", "--state", "paid")
    running = [each for each in shop.ok("term", "list") if each["end_on"] > "2026-03-02"]
    orders = shop.ok("order", "list")
    return len(shop.ok("payment", "list")), len(orders), len(paid), len(running)


def strikes(shop: Program, argv: tuple[str, ...], call: str, fault: str) -> Iterator[int]:
    """Strike every call once, each on a fresh copy; yield the exit codes after all is judged."""
    ground = Path(shop.location)
    before = amounts(shop)
    for number in range(1, MOST):
        copy = Program(
            str(shutil.copy(ground, shop.folder / "struck.db")), shop.key_dir, shop.folder
        )
        code, struck = strike(copy, argv, call, fault, number)
        after = amounts(copy)
        assert_sound(copy)
        assert copy(*argv).exit == 0
        once = amounts(copy)
        assert after in {before, once}, (call, fault, number, code)
        assert code not in {0, 14} or after == once, (call, fault, number, code)
        for left in shop.folder.glob("struck.db*"):
            left.unlink()
        if not struck:
            return
        yield code
    raise AssertionError("a command makes more calls than anybody thought")


@pytest.mark.parametrize("command", ["payment", "import", "refund"])
def test_a_command_survives_a_fault_at_every_call(
    scene: tuple[Program, dict[str, tuple[str, ...]]], command: str, told: Report
) -> None:
    assert shutil.which("strace"), "install strace for this promise"
    shop, commands = scene
    codes = [
        code
        for call in CALLS
        for fault in FAULTS
        for code in strikes(shop, commands[command], call, fault)
    ]
    told("R2", f"{command}: {len(codes)} faults at I/O calls", f"exit codes {sorted(set(codes))}")
    assert set(codes) <= {-9, 137, 0, 13, 14, 8}
