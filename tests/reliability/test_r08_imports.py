"""R8: an import that was killed, run again, ends as if it had never been killed; twice is once."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from memberctl.bank.operations import BATCH
from tests.bank.texts import alipay, alipay_row
from tests.program import Program
from tests.reliability.promises import assert_sound, dump
from tests.reliability.rows import a_file, good_row
from tests.reliability.terminals import terminal
from tests.stores import Grounds

KILLS = 20
ROWS = 300


STATEMENT = ("bank", "import", "--account", "ALIPAY")


def importing(memberctl: Program, file: Path) -> dict[str, int]:
    """Import a file to its end and return the counts."""
    answer = memberctl.ok("application", "import", str(file), as_="li")
    return {key: answer[key] for key in ("read", "created", "updated", "unchanged", "duplicate")}


def imported_once(
    grounds: Grounds,
    folder: Path,
    file: Path,
    line: Sequence[str] = ("application", "import"),
    as_: str = "li",
) -> tuple[Program, float]:
    """Return a program whose store took the file in without a kill, and how long that took."""
    folder.mkdir()
    program = Program(grounds.sqlite_copy(folder / "store.db"), grounds.key_dir / "sqlite", folder)
    began = time.monotonic()
    taken = terminal(program, *line, str(file), folder=folder / "t", as_=as_)
    assert taken.end() == 0, taken.err
    return program, time.monotonic() - began


def kill_imports(grounds: Grounds, tmp_path: Path, dice: random.Random, kills: int) -> int:
    """Kill an import at so many places, run each again; return how many end unlike a calm one."""
    file = tmp_path / "applications.csv"
    file.write_text(a_file([good_row(number, dice) for number in range(ROWS)]))
    calm, seconds = imported_once(grounds, tmp_path / "calm", file)
    wanted = dump(calm)
    unlike = 0
    for kill in range(kills):
        folder = tmp_path / str(kill)
        folder.mkdir()
        shop = Program(grounds.sqlite_copy(folder / "store.db"), grounds.key_dir / "sqlite", folder)
        first = terminal(shop, "application", "import", str(file), folder=folder / "t", as_="li")
        time.sleep(seconds * kill / kills)
        first.kill()
        counts = importing(shop, file)
        assert counts["created"] + counts["unchanged"] == ROWS
        unlike += dump(shop) != wanted
        shutil.rmtree(folder)
    assert_sound(calm)
    return unlike


def test_a_killed_import_run_again_ends_as_if_never_killed(
    grounds: Grounds, tmp_path: Path, dice: random.Random
) -> None:
    assert kill_imports(grounds, tmp_path, dice, KILLS) == 0


def test_a_killed_import_of_a_statement_run_again_ends_as_if_never_killed(
    grounds: Grounds, tmp_path: Path
) -> None:
    file = tmp_path / "alipay.csv"
    file.write_bytes(alipay(*(alipay_row(f"N{n:06d}", "10.00") for n in range(4 * BATCH))))
    calm, seconds = imported_once(grounds, tmp_path / "calm", file, STATEMENT, "qian")
    wanted = dump(calm)
    for kill in range(KILLS // 4):
        folder = tmp_path / str(kill)
        folder.mkdir()
        shop = Program(grounds.sqlite_copy(folder / "store.db"), grounds.key_dir / "sqlite", folder)
        first = terminal(shop, *STATEMENT, str(file), folder=folder / "t", as_="qian")
        time.sleep(seconds * (kill + 1) / (KILLS // 4 + 1))
        first.kill()
        again = shop.ok(*STATEMENT, str(file), as_="qian")
        assert again["new"] in {0, 4 * BATCH}, "all of it or nothing"
        assert dump(shop) == wanted
    assert_sound(calm)


def test_the_same_file_twice_changes_nothing(memberctl: Program, tmp_path: Path) -> None:
    file = tmp_path / "applications.csv"
    dice = random.Random(8)
    file.write_text(a_file([good_row(number, dice) for number in range(200)]))
    first = importing(memberctl, file)
    log = memberctl.ok("audit", "log")
    second = importing(memberctl, file)
    assert (first["created"], second["created"], second["unchanged"]) == (200, 0, 200)
    assert second["updated"] == second["duplicate"] == 0
    assert memberctl.ok("audit", "log") == log
    assert_sound(memberctl)
