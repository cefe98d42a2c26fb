"""The manual is true: what README and the help pages show runs, and names what there is."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from memberctl.cli.lazy import TREE
from memberctl.cli.main import tree
from tests.program import Program

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "memberctl" / "help").glob("*.md"))
MANUAL = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "sample_data" / "README.md", *PAGES]
TOPICS = {
    "start", "options", "import", "checkin", "review", "payment", "cards", "output", "exit-codes",
    "files-and-keys", "staff", "security", "cron", "postgres", "policies", "duplicates",
    "ledger", "terms", "messages", "reminders", "refunds",
    "invoices", "credits", "till",
    "backup", "bank", "maps", "map-cases", "privacy", "archive",
}  # fmt: skip
MOST_LINES = 80
PEOPLE = {
    "sun": "reception",
    "li": "service",
    "wang": "reviewer",
    "zhao": "manager",
    "qian": "finance",
}
_FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXPECTED = re.compile(r"# exit (\d+)(?: or (\d+))?$")
_ANY_FENCE = re.compile(r"^```[a-z]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_IN_LINE = re.compile(r"`memberctl ([a-z][a-z-]*(?: [a-z][a-z-]*)?)")
_IN_FENCE = re.compile(r"(?:^|[|(;] ?)memberctl ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", re.MULTILINE)


def blocks(path: Path) -> list[str]:
    """Return the commands that a page says can be run, block by block."""
    return _FENCE.findall(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample data and the store of the club that the manual talks about."""
    folder = tmp_path_factory.mktemp("club")
    shutil.copytree(ROOT / "sample_data", folder / "sample_data")
    run = program(folder)
    run.ok("init", "--name", "长风健身 Longwind Fitness", "--owner", "owner")
    for code, name in (("SH01", "上海静安店"), ("BJ01", "北京朝阳店")):
        run.ok("branch", "add", code, "--name", name)
    for code, role in PEOPLE.items():
        run.ok("staff", "add", code, "--name", code.title(), "--role", role)
    run.ok("plan", "import", str(folder / "sample_data" / "catalog.toml"))
    agreement = str(folder / "sample_data" / "agreement.md")
    run.ok("agreement", "publish", agreement, "--from", "2025-01-01")
    return folder


def named_in(path: Path) -> list[str]:
    """Return the commands that a page names, each as a noun with the word behind it."""
    text = path.read_text(encoding="utf-8")
    prose = _ANY_FENCE.sub("", text)
    return [
        *_IN_LINE.findall(prose),
        *(found for fence in _ANY_FENCE.findall(text) for found in _IN_FENCE.findall(fence)),
    ]


def program(folder: Path) -> Program:
    """Return the program on the store of a folder, with its keys beside it."""
    return Program(str(folder / "club.db"), folder / "keys", folder)


@pytest.fixture
def fresh(club: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """The program in a copy of the club's folder."""
    folder = tmp_path / "club"
    shutil.copytree(club, folder)
    monkeypatch.chdir(folder)
    yield program(folder)


def test_the_manual_has_a_page_for_every_topic() -> None:
    assert {page.stem for page in PAGES} == TOPICS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_a_title_and_fits_into_a_few_screens(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()

    assert lines[0].startswith("# ")
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_ends_as_it_says(page: Path, fresh: Program) -> None:
    for line in filter(None, "\n".join(blocks(page)).splitlines()):
        result = fresh(*shlex.split(line, comments=True)[1:])

        assert result.exit in expected_exits(line), f"{line}\n{result.out}{result.err}"


def expected_exits(line: str) -> set[int]:
    """Return the codes that a line of the manual may end with, which it says behind a #."""
    said = _EXPECTED.search(line)
    return {int(code) for code in said.groups() if code} if said else {0}


@pytest.mark.parametrize("page", MANUAL, ids=lambda page: page.stem)
def test_every_command_that_the_manual_names_is_there(page: Path) -> None:
    for named in named_in(page):
        words = named.split()
        assert words[0] in TREE, named
        command = tree().get_command(typer.Context(tree()), words[0])
        verbs = getattr(command, "commands", None)
        assert verbs is None or len(words) == 1 or words[1] in verbs, named


def test_every_file_that_readme_links_to_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_readme_runs_from_its_first_block_to_its_last_in_an_empty_folder(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sample_data", tmp_path / "sample_data")
    environ = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "MEMBERCTL_NOW": "2026-03-02T10:00:00+08:00",
    }

    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", "\n".join(blocks(ROOT / "README.md"))],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=600,
    )

    assert done.returncode == 0, done.stdout + done.stderr
