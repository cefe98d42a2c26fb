"""How many duplicates are found, and how many rightly, in files whose duplicates are known.

    python -m tests.bench.duplicates dataset1.csv dataset4a.csv+dataset4b.csv

The files are those of FEBRL, or in their form: `rec_id` is rec-N-org for a person, and rec-N-dup-K
for what may be the same one misspelt. Joined by + they are compared as one file. Each is read by
`member duplicates --file` with all columns, without the number, and with name and birth date alone.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from tests.bench.ground import PYTHON, seeded_store

NAMES = ("rec_id", "given_name", "surname")
WITHOUT: dict[str, tuple[str, ...] | None] = {
    "all columns": (),
    "without the number": ("soc_sec_id",),
    "name and birth date": None,
}
Row = dict[str, str]


def read(paths: Sequence[str]) -> list[Row]:
    """Return the rows of the files, one behind another, without the blanks around cells."""
    rows = []
    for path in paths:
        with Path(path).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                rows.append({key.strip(): cell.strip() for key, cell in row.items()})
    return rows


def kept(row: Row, without: tuple[str, ...] | None) -> Row:
    """Return a row without some of its columns; None leaves name and birth date alone."""
    if without is None:
        return {key: row[key] for key in (*NAMES, "date_of_birth")}
    return {key: cell for key, cell in row.items() if key not in without}


def whose(record: str) -> str:
    """Return the person of a record's number."""
    return record.split("-")[1]


def measured(rows: Sequence[Row], environ: dict[str, str]) -> tuple[float, float]:
    """Return which share of the pairs found is right, and which share of the right ones found."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "people.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        done = subprocess.run(
            [PYTHON, "-m", "memberctl", "member", "duplicates", "--file", path, "--format", "json"],
            env=environ, capture_output=True, text=True, check=True,
        )  # fmt: skip
    found = json.loads(done.stdout)["data"]
    right = sum(whose(pair["member"]) == whose(pair["other"]) for pair in found)
    sizes = Counter(whose(row["rec_id"]) for row in rows).values()
    return right / len(found), right / sum(size * (size - 1) // 2 for size in sizes)


def main() -> None:
    """Print precision and recall of each file that the command line names."""
    table = []
    with seeded_store() as (_, environ):
        for name in sys.argv[1:]:
            rows = read(name.split("+"))
            for columns, without in WITHOUT.items():
                precision, recall = measured([kept(row, without) for row in rows], environ)
                shown = "+".join(Path(path).stem for path in name.split("+"))
                table.append((shown, len(rows), columns, f"{precision:.4f}", f"{recall:.4f}"))
    head = ("file", "records", "compared by", "precision", "recall")
    print(tabulate(table, head, tablefmt="github", disable_numparse=True))


if __name__ == "__main__":
    main()
