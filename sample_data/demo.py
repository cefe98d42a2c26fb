"""The demo: one application walked from a file to a member with a card, by the real program.

    python sample_data/demo.py

Every command runs as a process of its own in a temporary folder, is shown as it would be typed,
and followed by what it printed. A command that ends otherwise than it should ends the demo.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from shlex import quote

SAMPLES = Path(__file__).resolve().parent
LOOK = ("--format", "table")
WIDTH = 110
SHOWN = 2
STAFF = (
    ("sun", "孙悦", "reception"),
    ("li", "李娜", "service"),
    ("wang", "王磊", "reviewer"),
    ("zhao", "赵敏", "manager"),
    ("qian", "钱进", "finance"),
    ("zhou", "周密", "privacy"),
    ("wu", "吴昊", "auditor"),
)


class Unexpected(Exception):
    """A command ended with another code than it should."""


@dataclass
class Demo:
    """A folder with a store in it, and the commands that were run there.

    environ -- what commands see: nothing of the user's own settings, store or keys
    color   -- escape codes may be written, because a terminal shows them
    """

    folder: Path
    environ: Mapping[str, str]
    color: bool
    began: float = field(default_factory=time.monotonic)
    count: int = 0

    def tell(self, text: str) -> None:
        """Print what comes next, set off from the commands."""
        print(f"\n{self._styled(text, '1;36')}\n", flush=True)

    def run(self, *argv: str, look: bool = False, exit_code: int = 0) -> None:
        """Show a command and what it prints. look -- it shows data, so draw it as for a terminal.

        Raises Unexpected when it does not end with `exit_code`.
        """
        self._prompt(" ".join(map(typed, argv)))
        drawn = (*LOOK, "--color", "always" if self.color else "never") if look else ()
        done = self._process((*argv, *drawn), "", merged=True)
        print(shortened(done.stdout), end="", flush=True)
        if exit_code:
            print(self._styled(f"(exit {done.returncode})", "2"))
        self._refuse(done, argv, exit_code)
        print()

    def ask(self, *argv: str) -> list[str]:
        """Return the lines that a command prints, without showing it."""
        done = self._process(argv, "", merged=False)
        self._refuse(done, argv, 0)
        return done.stdout.split()

    def batch(self, lines: Sequence[str]) -> None:
        """Run many commands in one process, as `memberctl batch` does, and show them."""
        self._prompt("\n".join(("batch <<END", *lines, "END")))
        done = self._process(("batch",), "\n".join(lines), merged=True)
        self._refuse(done, ("batch",), 0)
        print(f"{len(done.stdout.splitlines())} lines of JSON, all of them ok\n")

    def _prompt(self, line: str) -> None:
        print(self._styled(f"$ memberctl {line}", "1"), flush=True)

    def _process(
        self, argv: Sequence[str], stdin: str, *, merged: bool
    ) -> subprocess.CompletedProcess[str]:
        self.count += 1
        return subprocess.run(  # noqa: S603 -- our own interpreter, and words of this file.
            [sys.executable, "-m", "memberctl", *argv],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            env=dict(self.environ),
            cwd=self.folder,
            encoding="utf-8",
            check=False,
        )

    def _refuse(
        self, done: subprocess.CompletedProcess[str], argv: Sequence[str], exit_code: int
    ) -> None:
        if done.returncode != exit_code:
            line = " ".join(argv)
            print(done.stderr or "", file=sys.stderr)
            raise Unexpected(f"`memberctl {line}` ended with {done.returncode}, not {exit_code}")

    def _styled(self, text: str, style: str) -> str:
        return f"\033[{style}m{text}\033[0m" if self.color else text


def typed(word: str) -> str:
    """Return a word as somebody would type it; a shell needs no quotes around Chinese."""
    plain = all(character.isalnum() or character in "-_.:/@,=" for character in word)
    return word if word and plain else quote(word)


def shortened(output: str) -> str:
    """Return what a command printed, with the lines about single rows of a file cut to two."""
    lines = output.splitlines(keepends=True)
    about_rows = [line for line in lines if line.startswith("line ")]
    others = [line for line in lines if not line.startswith("line ")]
    if len(about_rows) <= SHOWN:
        return output
    left = len(about_rows) - SHOWN
    return "".join([*about_rows[:SHOWN], f"... and {left} more lines of this kind\n", *others])


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of all commands: the user's, without anything of memberctl's.

    Python may write bytecode, without which every command takes twice as long.
    """
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("MEMBERCTL_") and key != "PYTHONDONTWRITEBYTECODE"
    }
    return kept | {
        "MEMBERCTL_DB": str(folder / "club.db"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "COLUMNS": str(min(WIDTH, shutil.get_terminal_size((WIDTH, 50)).columns)),
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": os.pathsep.join(
            part for part in (str(SAMPLES.parent), os.environ.get("PYTHONPATH")) if part
        ),
    }


def found(demo: Demo) -> None:
    """Make the organisation: people, branches, policies, working days, prices, agreement."""
    demo.tell("A store for a club with two branches, and somebody in every role")
    demo.run("init", "--name", "长风健身 Longwind Fitness", "--owner", "chen")
    people = [f"staff add {code} --name {name} --role {role}" for code, name, role in STAFF]
    demo.batch(
        [
            "branch add SH01 --name 上海静安店",
            "branch add BJ01 --name 北京朝阳店",
            *people,
            "policy set review_days 5",
            "policy set payment_days 5",
        ]
    )
    demo.run("calendar", "add", str(date.today().year + 1))
    demo.run("plan", "import", "catalog.toml", "--as", "zhao")
    demo.run("agreement", "publish", "agreement.md", "--from", "2025-01-01", "--as", "zhao")
    fields = ("--fields", "code,name,term,price,joining_fee,payment_timing")
    demo.run("plan", "list", *fields, look=True)


def bring_in(demo: Demo) -> None:
    """Import the applications, twice, and once more from a file as Excel in China writes it."""
    demo.tell("Two hundred applications from a file; twelve of them are wrong")
    importing = ("application", "import")
    demo.run(*importing, "applications.csv", "--as", "sun", exit_code=3)
    show_rejects(demo.folder / "applications.rejects.csv")
    demo.tell("The same file again changes nothing")
    demo.run(*importing, "applications.csv", "--as", "sun", exit_code=3)
    demo.tell("The same rows in GB18030 with Chinese headers, as a dry run")
    demo.run(*importing, "applications.gb18030.csv", "--dry-run", "--as", "sun", exit_code=3)


def show_rejects(path: Path) -> None:
    """Print what was refused and why, from the file that the import left."""
    print(path.name)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            print(f"  {row['external_ref']}  {row['_code']:<18} {row['_message']}")


def review(demo: Demo) -> str:
    """Walk one order through its three stages; return its number."""
    demo.tell("One of them, through three stages by three people")
    (order,) = demo.ask("order", "list", "--member", "phone:13800138000", "--format", "ids")
    queue = "order,name,plan,stage,total,due_on,mark"
    demo.run("review", "list", "--limit", "5", "--fields", queue, "--as", "li", look=True)
    advance = ("review", "advance", order, "--approve", "--as")
    demo.run(*advance, "li")
    demo.run("quote", "show", order, look=True)
    demo.tell("Nobody reviews an order twice, whatever their roles")
    demo.run("staff", "grant", "li", "reviewer")
    demo.run(*advance, "li", exit_code=5)
    demo.run(*advance, "wang")
    demo.run(*advance, "zhao")
    return order


def pay(demo: Demo, order: str) -> None:
    """Pay an order in two parts, one of them said twice; then the card."""
    demo.tell("Paid in two parts; the first one is recorded twice and counts once")
    record = ("payment", "record", order)
    first = (*record, "2000.00", "--method", "wechat", "--reference", "WX-20318", "--as", "sun")
    demo.run(*first)
    demo.run(*first)
    demo.run(*record, "1650.00", "--method", "cash", "--as", "sun")
    demo.run("payment", "verify", "P-000001", "--as", "qian")
    (newest, *_) = demo.ask("receipt", "list", "--format", "ids")
    demo.run("receipt", "show", newest)
    demo.tell("The membership is active at once, and the card can be handed out")
    demo.run("term", "list", "phone:13800138000", look=True)
    demo.run("card", "issue", "phone:13800138000", "--as", "sun")
    demo.run("member", "show", "phone:13800138000", look=True)


def busy_day(demo: Demo) -> None:
    """Let the others work as well, many commands in one process."""
    demo.tell("Meanwhile, at the other desks: many commands, one process")
    orders = demo.ask("order", "list", "--state", "submitted", "--format", "ids")[:8]
    stages = (("li", orders), ("wang", orders[:6]), ("zhao", orders[:4]))
    lines = [
        f"review advance {order} --approve --as {who}" for who, some in stages for order in some
    ]
    demo.batch([*lines, f'review advance {orders[7]} --return "身份证复印件不清" --as wang'])


def look_back(demo: Demo) -> None:
    """Show what waits, what was done by whom, and that all of it is sound."""
    demo.tell("What waits for whom")
    demo.run("status", look=True)
    columns = "number,member,plan,state,stage,total,paid,open,due_on"
    demo.run("order", "list", "--limit", "6", "--fields", columns, look=True)
    demo.tell("What was done, by whom, and the proof that nobody changed it afterwards")
    log = "seq,at,staff,login,event,object"
    demo.run("audit", "log", "--limit", "8", "--fields", log, "--as", "wu", look=True)
    demo.run("audit", "verify", "--as", "wu", look=True)
    demo.run("db", "check", look=True)


def play(demo: Demo) -> None:
    """Run everything in order."""
    found(demo)
    bring_in(demo)
    order = review(demo)
    pay(demo, order)
    busy_day(demo)
    look_back(demo)


def main() -> int:
    """Run the demo and return its exit code: 0, or 1 when a command surprised it."""
    folder = Path(tempfile.mkdtemp(prefix="memberctl-demo-"))
    for name in ("catalog.toml", "agreement.md", "applications.csv", "applications.gb18030.csv"):
        shutil.copy(SAMPLES / name, folder)
    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    demo = Demo(folder, environment(folder), color)
    print(f"The store of this demo is {folder}/club.db")
    try:
        play(demo)
    except Unexpected as problem:
        print(f"demo: {problem}; its store is in {folder}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - demo.began
    print(f"{demo.count} commands in {seconds:.0f} s. Look around yourself:")
    print(f"  export MEMBERCTL_DB={folder}/club.db XDG_CONFIG_HOME={folder}/config")
    print("  memberctl help start")
    return 0


if __name__ == "__main__":
    sys.exit(main())
