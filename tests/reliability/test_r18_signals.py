"""R18: Ctrl-C, TERM and HUP at any time: done or undone, said truly, without a traceback."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.program import PYTHON, Program
from tests.reliability.promises import assert_sound
from tests.reliability.terminals import SIGNALS, Terminal, terminal

TIMES = 50
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}


def interrupt(
    shop: Program, folder: Path, dice: random.Random, times: int
) -> dict[str, tuple[Terminal, signal.Signals, int]]:
    """Start commands and send each one signal; return terminal, signal and code by branch code."""
    ended = {}
    for number in range(times):
        code, sent = f"B{number:03d}", dice.choice(SIGNALS)
        started = terminal(shop, "branch", "add", code, "--name", "x", folder=folder / code)
        started.begins()
        time.sleep(dice.uniform(0, 0.25))
        if started.process.is_alive():
            started.send(sent)
        ended[code] = (started, sent, started.end())
    return ended


def test_an_interrupted_command_is_done_or_undone_and_says_which(
    shop: Program, tmp_path: Path, dice: random.Random
) -> None:
    ended = interrupt(shop, tmp_path, dice, TIMES)
    stored = {row["code"] for row in shop.ok("branch", "list")}
    for code, (command, sent, exit_code) in ended.items():
        # Until the program has its handlers there is nobody to catch a signal but the kernel.
        assert exit_code in {0, 14, CODES[sent], -sent}, (code, command.err)
        assert (code in stored) == (exit_code in {0, 14}), (code, exit_code, command.err)
        assert "Traceback" not in command.err
        assert exit_code != 143 or "nothing was done" in command.err
    assert len(Counter(exit_code for *_, exit_code in ended.values())) > 1
    assert_sound(shop)


def test_a_signal_while_waiting_for_the_lock_ends_the_command_at_once(
    shop: Program, tmp_path: Path
) -> None:
    from memberctl.store.engine import Store

    for sent in SIGNALS:
        with Store(shop.location).writing() as session:
            session.connection()
            waiting = terminal(shop, "branch", "add", "B1", "--name", "x", folder=tmp_path / "w")
            time.sleep(1)
            began = time.monotonic()
            waiting.send(sent)
            assert waiting.end() == CODES[sent]
            assert time.monotonic() - began < 5
            assert "nothing was done" in waiting.err


IN_A_FINALIZER = """
import os, signal, sys, time
from memberctl.store.signals import Terminated, end_on_signals

class Finalized:
    def __del__(self):
        os.kill(os.getpid(), int(sys.argv[1]))
        for _ in range(1000):
            pass

end_on_signals()
if sys.argv[2:]:
    sys.unraisablehook = sys.__unraisablehook__
try:
    Finalized()
    time.sleep(1)
    print("went on")
except (KeyboardInterrupt, Terminated) as raised:
    print(type(raised).__name__)
"""


@pytest.mark.parametrize(
    ("sent", "raised"),
    [
        (signal.SIGINT, "KeyboardInterrupt"),
        (signal.SIGTERM, "Terminated"),
        (signal.SIGHUP, "Terminated"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_signal_that_python_drops_in_a_finalizer_is_heard_all_the_same(
    sent: signal.Signals, raised: str
) -> None:
    heard = subprocess.run(
        [PYTHON, "-c", IN_A_FINALIZER, str(int(sent))],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (heard.stdout, heard.stderr) == (f"{raised}\n", "")


def test_without_the_hook_such_a_signal_is_lost() -> None:
    lost = subprocess.run(
        [PYTHON, "-c", IN_A_FINALIZER, str(int(signal.SIGTERM)), "unhooked"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert lost.stdout == "went on\n"
    assert "Traceback" in lost.stderr
