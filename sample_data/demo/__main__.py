"""The demo: a club from its first day to the end of its first year, by the real program.

    python sample_data/demo

Every command runs in a temporary folder, is shown as it would be typed, and followed by what it
printed. A command that ends otherwise than it should ends the demo.

first_day.py   founded, applications from a file, three reviews, payment, card, till
the_money.py   the bank's statement, invoice, income, the books for other programs
first_year.py  check-ins, a freeze, an upgrade, a refund, reminders, a renewal
stage.py       how a command is shown and run; statement.py: how the bank's file is made
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import first_day
import first_year
import the_money
from stage import Stage, Unexpected, environment

SAMPLES = Path(__file__).resolve().parent.parent
FILES = ("catalog.toml", "agreement.md", "applications.csv", "applications.gb18030.csv")


def play(stage: Stage) -> None:
    """Run everything in order."""
    first_day.found(stage)
    first_day.bring_in(stage)
    order = first_day.review(stage)
    first_day.pay(stage, order)
    first_day.work_through_the_pile(stage)
    first_day.close_the_day(stage)
    first_year.bring_the_paper(stage)
    the_money.read_the_bank(stage)
    first_year.give_up_the_unpaid(stage)
    the_money.invoice(stage)
    the_money.close_the_month(stage)
    first_year.come_in(stage)
    first_year.freeze(stage)
    first_year.upgrade(stage)
    first_year.refund(stage)
    first_year.remind(stage)
    first_year.renew(stage)
    the_money.close_the_year(stage)
    prove(stage)


def prove(stage: Stage) -> None:
    """Show what was done by whom, and that all of it is sound."""
    stage.tell("What was done, by whom, and the proof that nobody changed it afterwards")
    log = "seq,at,staff,login,event,object"
    stage.run("audit", "log", "--limit", "8", "--fields", log, "--as", "wu")
    stage.run("audit", "verify", "--as", "wu")
    stage.tell("Does the money add up, is the store sound, would a backup come back")
    stage.run("ledger", "check", "--as", "qian")
    stage.run("db", "check")
    stage.run("backup", "create", "club.backup")
    stage.run("backup", "verify", "club.backup")


def main() -> int:
    """Run the demo and return its exit code: 0, or 1 when a command surprised it."""
    folder = Path(tempfile.mkdtemp(prefix="memberctl-demo-"))
    for name in FILES:
        shutil.copy(SAMPLES / name, folder)
    os.chdir(folder)
    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    stage = Stage(folder, environment(folder, color=color), color)
    print(f"The store of this demo is {folder}/club.db")
    try:
        play(stage)
    except Unexpected as problem:
        print(f"demo: {problem}; its store is in {folder}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # Who looks with `| head` has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    seconds = time.monotonic() - stage.began
    print(f"{stage.count} commands in {seconds:.0f} s. Look around yourself:")
    print(f"  export MEMBERCTL_DB={folder}/club.db XDG_CONFIG_HOME={folder}/config")
    print("  memberctl help start")
    return 0


if __name__ == "__main__":
    sys.exit(main())
