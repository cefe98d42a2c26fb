"""`make bench`: run every measurement and print all figures as one table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run each script of this folder whose name is a row of the table."""
    figures = []
    for script in sorted(Path(__file__).parent.glob("[a-g][0-9_]*.py")):
        if script.stem.endswith("_floor"):
            continue
        print(f"measuring {script.stem} ...", file=sys.stderr)
        module = f"tests.bench.{script.stem}"
        done = subprocess.run([sys.executable, "-m", module, *sys.argv[1:]], check=True,
                              stdout=subprocess.PIPE, text=True)  # fmt: skip
        figures += [json.loads(line) for line in done.stdout.splitlines()]

    from tabulate import tabulate

    rows = [
        [one["id"], one["job"], f"{one['ours']:.3f}", f"{one['floor']:.3f}",
         f"{one['ratio']:.2f}", one["goal"], "met" if one["met"] else "missed"]
        for one in figures
    ]  # fmt: skip
    head = ("id", "job", "ours, s CPU", "floor, s CPU", "ratio", "goal", "")
    print(tabulate(rows, head, tablefmt="github", disable_numparse=True))


if __name__ == "__main__":
    main()
