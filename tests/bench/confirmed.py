"""Orders that wait for their fee: imported, approved by three people, in a store of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.bench.ground import PYTHON, write_applications

REVIEWERS = ("li", "wang", "zhao")


def confirmed_orders(store: Path, environ: dict[str, str], count: int) -> list[str]:
    """Fill `store` with `count` confirmed orders and return their numbers."""
    people = store.with_name("applications.csv")
    write_applications(people, count)
    run(environ, ["application", "import", str(people), "--quiet"])
    numbers = run(environ, ["order", "list", "--format", "ids"]).split()
    lines = [
        f"review advance {number} --approve --as {reviewer}"
        for number in numbers
        for reviewer in REVIEWERS
    ]
    run(environ, ["batch"], "\n".join(lines))
    return numbers


def run(environ: dict[str, str], argv: list[str], stdin: str = "") -> str:
    """Run memberctl to its good end and return what it printed."""
    done = subprocess.run(
        [PYTHON, "-m", "memberctl", *argv],
        input=stdin,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-500:]
    return done.stdout


def total_of(environ: dict[str, str], number: str) -> str:
    """Return what an order costs."""
    argv = ["order", "show", number, "--fields", "total", "--format", "tsv", "--no-header"]
    return run(environ, argv).strip()
