"""R17: a printed result is committed; a result that cannot be shown is 14, and says so."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest

from memberctl.cli.main import main
from tests.program import PYTHON, Program
from tests.reliability.terminals import terminal

ADD = ("branch", "add", "GZ01", "--name", "广州天河店")


def codes(shop: Program) -> list[str]:
    """Return the codes of the branches that are in the store."""
    return sorted(row["code"] for row in shop.ok("branch", "list"))


@pytest.mark.parametrize("more", [(), ("--format", "json"), ("--format", "tsv")])
def test_a_full_disk_behind_stdout_is_14_and_the_change_is_there(
    shop: Program, more: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("wb") as full:
        running = shop.start(*ADD, *more, stdout=full)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 14
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err
    assert "GZ01" in codes(shop)


def test_a_listing_that_cannot_be_shown_is_14_too(shop: Program) -> None:
    with Path("/dev/full").open("wb") as full:
        running = shop.start("branch", "list", stdout=full)
        _, err = running.communicate(timeout=60)
    assert running.returncode in {13, 14}
    assert b"Traceback" not in err


def test_a_closed_stdout_is_14_and_the_change_is_there(shop: Program) -> None:
    line = 'exec "$0" -m memberctl branch add GZ01 --name x >&-'
    done = subprocess.run(
        ["sh", "-c", line, PYTHON],
        env=shop.environment(), capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 14, done.stderr
    assert b"Traceback" not in done.stderr
    assert "GZ01" in codes(shop)


@pytest.mark.parametrize(
    ("line", "exit_"),
    [("batch", 0), ("checkin scan -", 0), ("member import -", 0), ("member register -", 2)],
)
def test_a_closed_stdin_is_an_empty_one(shop: Program, line: str, exit_: int) -> None:
    endings = []
    for stdin in ("<&-", "</dev/null"):
        done = subprocess.run(
            ["sh", "-c", f'exec "$0" -m memberctl {line} {stdin}', PYTHON],
            env=shop.environment(), capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        endings.append((done.returncode, done.stderr))
    assert endings[0] == endings[1]
    assert endings[0][0] == exit_


@pytest.mark.parametrize(("line", "exit_"), [("batch", 3), ("member list --as li --pin-file -", 2)])
def test_bytes_on_stdin_that_are_no_text_are_refused_and_no_fault(
    shop: Program, line: str, exit_: int
) -> None:
    done = shop.process(*line.split(), stdin=b"\xff\xfe x\n", PYTHONIOENCODING="utf-8:strict")
    assert done.exit == exit_
    assert "no text in this locale" in done.out + done.err


def test_a_reader_that_has_seen_enough_is_no_failure(shop: Program) -> None:
    lines = "".join(f"policy set review_days {5 + n % 2}\n" for n in range(300))
    shop("batch", stdin=lines)
    listing = shop.start("audit", "log", "--format", "csv")
    assert listing.stdout is not None
    listing.stdout.readline()
    listing.stdout.close()
    assert listing.stderr is not None
    err = listing.stderr.read()
    assert listing.wait(timeout=60) == 0
    assert err == b""


def test_an_ascii_locale_shows_every_name_escaped_and_ends_well(shop: Program) -> None:
    ascii_only = {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    running = shop.start("branch", "list", environ=ascii_only)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert b"Traceback" not in err
    assert b"BJ01" in out


class Torn(io.StringIO):
    """A stream that fails when something is written to it."""

    def write(self, text: str) -> int:
        """Fail as a disk does that is full."""
        raise OSError(28, "No space left on device")


def test_a_failing_stderr_takes_nothing_back(shop: Program) -> None:
    out = io.StringIO()
    code = main(
        ["branch", "add", "GZ01", "--name", "x", "--verbose"],
        stdin=io.StringIO(), stdout=out, stderr=Torn(), environ=shop.environment(),
    )  # fmt: skip
    assert code in {0, 14}
    assert "GZ01" in codes(shop)


def printed_and_lost(shop: Program, folder: Path, kills: int) -> tuple[int, int]:
    """Kill commands as soon as they print; return how many had printed, and of those are lost."""
    printed = set()
    for number in range(kills):
        command = terminal(
            shop, "branch", "add", f"K{number}", "--name", "x", folder=folder / str(number)
        )
        while command.process.is_alive() and not command.out:
            pass
        command.kill()
        if command.out:
            printed.add(f"K{number}")
    return len(printed), len(printed - set(codes(shop)))


def test_what_was_printed_survives_a_kill_right_after_it(shop: Program, tmp_path: Path) -> None:
    printed, lost = printed_and_lost(shop, tmp_path, 10)
    assert printed > 0
    assert lost == 0
