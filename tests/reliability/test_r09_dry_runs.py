"""R9: a dry run says what the real run will do, row by row, and writes nothing."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tests.program import Program
from tests.reliability.promises import assert_sound
from tests.reliability.rows import a_file, random_row
from tests.reliability.workers import Answered, Place, run_lines

FILES = {"sqlite": 200, "postgresql": 50}
MOST_ROWS = 12


def random_files(folder: Path, dice: random.Random, files: int) -> list[Path]:
    """Write files of applications, good, wrong and repeated, and return their paths."""
    rows: list[dict[str, str]] = []
    paths = []
    for number in range(files):
        first = len(rows)
        for _ in range(dice.randrange(1, MOST_ROWS)):
            rows.append(random_row(len(rows), dice, rows))
        paths.append(folder / f"f{number}.csv")
        paths[-1].write_text(a_file(rows[first:]))
    return paths


def run_dry_and_really(memberctl: Program, paths: list[Path]) -> list[tuple[Answered, Answered]]:
    """Import each file dry and then really; return both answers for each."""
    lines = [f"application import {path} {more}\n" for path in paths for more in ("--dry-run", "")]
    answers = run_lines(Place.of(memberctl, "li"), lines)
    return list(zip(answers[::2], answers[1::2], strict=True))


def told(answer: Answered) -> tuple[int, Any]:
    """Return what an import answered, without the rejects file that only a real run writes."""
    assert answer.data is not None
    return answer.exit, {k: v for k, v in answer.data.items() if k != "rejects_file"}


def test_dry_runs_and_real_runs_of_random_files_agree(
    memberctl: Program, engine_kind: str, tmp_path: Path, dice: random.Random
) -> None:
    paths = random_files(tmp_path, dice, FILES[engine_kind])
    for path, (dry, real) in zip(paths, run_dry_and_really(memberctl, paths), strict=True):
        assert told(dry) == told(real), path.read_text()
    assert_sound(memberctl)


def test_the_rows_that_a_dry_run_names_are_those_that_the_real_run_gives_back(
    shop: Program, tmp_path: Path, dice: random.Random
) -> None:
    store = Path(shop.location)
    for path in random_files(tmp_path, dice, 15):
        before = store.read_bytes()
        dry = shop("application", "import", str(path), "--dry-run", as_="li")
        assert store.read_bytes() == before
        assert not path.with_name(f"{path.stem}.rejects.csv").exists()
        real = shop("application", "import", str(path), as_="li")
        said = [line for line in dry.err.splitlines() if line.startswith("line ")]
        assert said == [line for line in real.err.splitlines() if line.startswith("line ")]


def test_a_dry_run_of_other_commands_writes_nothing(memberctl: Program) -> None:
    lines = (
        ("branch", "add", "GZ01", "--name", "x"),
        ("policy", "set", "review_days", "9"),
        ("staff", "add", "new", "--name", "x", "--role", "service"),
        ("member", "register", "张伟", "--phone", "13800138000"),
        ("plan", "add", "WEEK", "--name", "周卡", "--term", "7d", "--price", "99.00"),
    )
    log = memberctl.ok("audit", "log")
    for line in lines:
        dry = memberctl(*line, "--dry-run")
        assert dry.exit == 0, dry.err
        assert memberctl(*line, "--dry-run").out == dry.out
    assert memberctl.ok("audit", "log") == log
