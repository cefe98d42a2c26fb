"""The laws of the house, as tests: who may import whom, and what a start may cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.verbs import verbs

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "memberctl"
RANKS = [
    "office", "catalog", "ledger", "message", "member", "access", "loyalty", "order", "review",
    "payment", "bank", "refund", "renewal", "booking", "service", "care", "campaign", "archive",
    "report", "daily",
]  # fmt: skip
HEAVY = {
    "sqlmodel", "sqlalchemy", "alembic", "rich", "holidays", "phonenumbers", "reportlab",
    "tabulate", "psycopg", "cryptography", "stdnum", "email_validator", "charset_normalizer",
    "rapidfuzz",
}  # fmt: skip
NEVER_IN = {
    "rules": HEAVY | {"typer"},
    "tables": {"typer", "rich"},
    "queries": {"typer", "rich"},
    "operations": {"typer", "rich"},
    "commands": HEAVY,
}
KINDS_BELOW = {
    "rules": {"rules"},
    "tables": {"rules", "tables"},
    "queries": {"rules", "tables", "queries"},
    "operations": {"rules", "tables", "queries", "operations"},
}
SOURCES = sorted(HOUSE.rglob("*.py"))


def imports_at_the_top(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, module) of what importing `path` imports."""
    pending: list[ast.stmt] = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            assert node.module is not None
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
            pending += [*node.body, *node.orelse]
        elif isinstance(node, ast.Try | ast.With | ast.ClassDef):
            pending += node.body


def slice_of(path: Path) -> str | None:
    """Return the slice that a file belongs to, None on the ground floor."""
    folder = path.relative_to(HOUSE).parts[0]
    return folder if folder in RANKS else None


def test_every_folder_is_a_slice_of_the_house_or_its_ground_floor() -> None:
    folders = {path.name for path in HOUSE.iterdir() if path.is_dir() and path.name[0] != "_"}
    assert folders <= {*RANKS, "core", "store", "cli", "help"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_imports_point_down(path: Path) -> None:
    own = slice_of(path)
    folder = path.relative_to(HOUSE).parts[0]
    for line, module in imports_at_the_top(path):
        where = f"{path.relative_to(ROOT)}:{line} imports {module}"
        top, *inner = module.split(".")
        assert top not in NEVER_IN.get(path.stem, set()) or own is None, where
        if folder == "core":
            assert top not in HEAVY | {"typer"}, where
        if folder == "cli":
            assert top not in HEAVY, where
        if top != "memberctl" or not inner:
            continue
        if "commands" in inner[1:]:
            raise AssertionError(f"{where}: nothing imports commands")
        if inner[0] in RANKS:
            refuse_upward(path, own, inner, where)
        elif folder in {"core", "store"} and inner[0] == "cli":
            raise AssertionError(f"{where}: the ground floor imports the command line")


def refuse_upward(path: Path, own: str | None, inner: list[str], where: str) -> None:
    """Refuse an import of a slice that stands higher, or of a kind that this file may not use."""
    if own is None:
        assert path.name == "schema.py", f"{where}: the ground floor imports a slice"
        return
    if path.stem == "commands":
        kinds = {"operations", "queries", "tables"} & set(inner[1:2])
        assert not kinds, f"{where}: belongs inside the command's body"
        return
    assert RANKS.index(inner[0]) <= RANKS.index(own), f"{where}: a higher rank"
    kind = inner[1] if len(inner) > 1 else ""
    allowed = KINDS_BELOW.get(path.stem)
    if allowed is not None and kind in {"rules", "tables", "queries", "operations"}:
        assert kind in allowed, f"{where}: {path.stem} may not use {kind}"


def test_no_package_imports_anything_by_itself() -> None:
    for path in SOURCES:
        if path.name == "__init__.py":
            assert list(imports_at_the_top(path)) == [], path


def test_no_file_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "manager", "misc", "common", "service"}
    assert [path for path in SOURCES if path.stem in empty] == []


def test_only_the_clock_asks_what_time_it_is() -> None:
    asking = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"}
        and isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date"}
    ]  # fmt: skip
    assert [place for place in asking if "store/clock.py" not in place] == []


def test_only_the_unit_of_work_and_its_makers_commit() -> None:
    committing = {
        str(path.relative_to(HOUSE))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "commit"
        and slice_of(path) is not None
    }  # fmt: skip
    assert committing == set()


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["member", "--help"]])
def test_help_loads_nothing_heavy(argv: list[str]) -> None:
    assert loaded_by(argv) & HEAVY == set()


def test_a_verbs_help_loads_no_database() -> None:
    assert loaded_by(["member", "register", "--help"]) & {"sqlmodel", "sqlalchemy", "rich"} == set()


def test_completion_loads_nothing_heavy() -> None:
    assert loaded_by(["completion", "bash"]) & HEAVY == set()


def test_no_table_loads_the_dialect_of_the_other_engine() -> None:
    modules = [
        ".".join(path.relative_to(HOUSE.parent).with_suffix("").parts)
        for path in SOURCES
        if path.name.endswith("tables.py")
    ]
    script = (
        "import sys, importlib\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print([name for name in sys.modules if 'dialects.postgresql' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *modules], capture_output=True, text=True, check=True
    )
    assert len(modules) > 15
    assert done.stdout == "[]\n", "each command on SQLite would take a thirtieth longer"


def test_a_process_that_ends_does_not_look_through_what_it_leaves() -> None:
    script = (
        "import atexit, gc, sys\n"
        "from memberctl.__main__ import run\n"
        "atexit.register(lambda: print('left', len(gc.get_objects()), gc.get_freeze_count()))\n"
        "run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--version"], capture_output=True, text=True, check=True
    )
    looked_at, passed_over = map(int, done.stdout.rpartition("left")[2].split())
    assert looked_at < 1_000 < 10_000 < passed_over


def loaded_by(argv: list[str]) -> set[str]:
    """Return the top-level modules that one run imports."""
    script = (
        "import sys, io\n"
        "from memberctl.cli.main import main\n"
        "main(sys.argv[1:], stdin=sys.stdin, stdout=io.StringIO(), stderr=sys.stderr, environ={})\n"
        "print('MODULES', *{name.partition('.')[0] for name in sys.modules})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *argv], capture_output=True, text=True, check=True
    )
    return set(done.stdout.rpartition("MODULES")[2].split())


def test_every_command_says_what_it_does_with_an_example() -> None:
    silent = [
        path for path, command in verbs()
        if not (command.help or "").strip() or "Example" not in command.help
    ]  # fmt: skip
    assert silent == []


def test_every_option_and_argument_says_what_it_is() -> None:
    silent = [
        f"{path} {parameter.name}"
        for path, command in verbs()
        for parameter in command.params
        if not getattr(parameter, "help", None) and parameter.name not in {"help", "version"}
    ]
    assert silent == []
