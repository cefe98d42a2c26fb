"""What scripts rely on: keys in their order, the envelope, the error, the exit codes.

Keys are only ever added, behind those that are pinned here.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from memberctl.core.numbering import order_number
from tests.long_history import a_long_history, a_proposal
from tests.pinned import NO_RECORD, ORDER, PINNED
from tests.program import Program
from tests.stores import Grounds
from tests.verbs import verbs
from tests.warm import WarmProgram

# What ends with 3, because a line of a statement or a message waits for a person.
WAITING = {
    "doctor",
    "bank match",
    "bank report --from 2026-03-01 --to 2026-03-02",
    "bank report --from 2026-03-01 --to 2026-03-02 --account ONLINE",
}
TOKEN = re.compile(r"[a-z0-9_]+|[()]")


@pytest.fixture(scope="module")
def history(
    grounds: Grounds, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, str]]:
    """A store with one of everything, only to be copied, and the numbers of what is in it."""
    folder = tmp_path_factory.mktemp("history")
    program = WarmProgram(
        grounds.sqlite_copy(folder / "store.db"), grounds.key_dir / "sqlite", folder
    )
    numbers = a_long_history(program, folder)
    program.close()
    return folder / "store.db", numbers


@pytest.fixture(scope="module")
def rehearsing(
    grounds: Grounds, history: tuple[Path, dict[str, str]]
) -> Iterator[tuple[WarmProgram, dict[str, str]]]:
    """The history for dry runs alone, which leave it as it is."""
    store, numbers = history
    program = WarmProgram(str(store), grounds.key_dir / "sqlite", store.parent)
    yield program, numbers
    program.close()


@pytest.fixture(scope="module")
def proposing(
    grounds: Grounds,
    history: tuple[Path, dict[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[WarmProgram, dict[str, str]]]:
    """The same with a second owner, where a change of the office is a proposal."""
    folder = tmp_path_factory.mktemp("proposing")
    copied(history[0], folder / "store.db")
    program = WarmProgram(str(folder / "store.db"), grounds.key_dir / "sqlite", folder)
    yield program, a_proposal(program)
    program.close()


def copied(original: Path, target: Path) -> None:
    """Copy a store with everything that is in its WAL."""
    with (
        closing(sqlite3.connect(original)) as source,
        closing(sqlite3.connect(target)) as there,
    ):
        source.backup(there)


Ask = Callable[..., tuple[Program, list[str]]]


@pytest.fixture
def ask(shop: Program, history: tuple[Path, dict[str, str]]) -> Ask:
    """Return the program on a copy of the history, and a line's words with its numbers."""
    original, numbers = history
    copied(original, Path(shop.location))

    def words(line: str) -> tuple[Program, list[str]]:
        return shop, [word.format(**numbers) for word in line.split()]

    return words


def keys_in(text: str) -> dict[str, Any]:
    """Return keys with those of the rows inside each, None where it holds none."""
    found: dict[str, Any] = {}
    outer, last = [found], ""
    for token in TOKEN.findall(text):
        if token == "(":
            outer[-1][last] = {}
            outer.append(outer[-1][last])
        elif token == ")":
            outer.pop()
        else:
            outer[-1][token] = None
            last = token
    return found


def assert_begins_with(wanted: dict[str, Any], found: Any) -> None:
    """Assert that a record, or the first row of a list, has these keys before all others."""
    record = found[0] if isinstance(found, list) else found
    assert list(record)[: len(wanted)] == list(wanted)
    for key, inner in wanted.items():
        if inner is not None:
            assert_begins_with(inner, record[key])


def is_rows(value: object) -> bool:
    """Tell whether a value is a table of its own, which a column of a list may leave out."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


@pytest.mark.parametrize("line", PINNED)
def test_the_keys_of_a_result_are_those_that_are_pinned_in_one_envelope_and_in_tsv(
    request: pytest.FixtureRequest, line: str
) -> None:
    as_, wanted = PINNED[line]
    program, numbers = request.getfixturevalue(
        "proposing" if line.startswith("proposal") else "rehearsing"
    )
    words = [word.format(**numbers) for word in line.split()]
    program.close()  # A restore wants the store to itself; the next command opens it again.
    shown = program(*words, "--dry-run", "--format", "json", as_=as_)
    assert shown.exit == (3 if line in WAITING else 0), shown
    assert list(shown.envelope)[:5] == ["memberctl", "command", "status", "data", "messages"]
    assert shown.envelope["memberctl"] == 1
    assert line.startswith(shown.envelope["command"])
    assert shown.envelope["status"] in {"ok", "dry-run", "partial"}
    assert_begins_with(keys_in(wanted), shown.json)
    first = shown.json[0] if isinstance(shown.json, list) else shown.json
    table = program(*words, "--dry-run", "--format", "tsv", as_=as_).out
    flat = [key for key, value in first.items() if not is_rows(value)]
    assert next(csv.reader(io.StringIO(table), delimiter="\t")) in (list(first), flat)


def test_every_command_has_its_keys_pinned_or_says_why_not() -> None:
    every = {path for path, _ in verbs()}
    pinned = {path for path in every for line in PINNED if f"{line} ".startswith(f"{path} ")}
    assert every - pinned == set(NO_RECORD)


def test_money_dates_and_instants_have_one_form(ask: Ask) -> None:
    program, words = ask("order show {paid}")
    shown = program.ok(*words)
    assert shown["total"] == {"amount": "3650.00", "currency": "CNY"}
    assert shown["received_on"] == "2026-03-02"
    assert shown["filed_at"] == "2026-03-02T10:00:00+08:00"
    assert "stage" in shown and shown["stage"] is None


def test_rows_are_bare_in_jsonl_and_ids_and_count_stand_alone(ask: Ask) -> None:
    program, words = ask("order list")
    rows = [json.loads(line) for line in program(*words, "--format", "jsonl").out.splitlines()]
    assert list(rows[0])[:11] == ORDER.split()
    ids = program(*words, "--format", "ids").out.splitlines()
    assert ids == [row["number"] for row in rows]
    assert program(*words, "--format", "count").out == f"{len(rows)}\n"


CODES = {
    "plan list": 0,
    "plan": 2,
    "plan nonsense": 2,
    "plan list --format nonsense": 2,
    "plan list --fields nonsense": 2,
    "order withdraw {filed} --reason x": 2,  # Nobody can be asked, and --yes is not there.
    "application import {bad}": 3,
    "order show {unknown}": 4,
    "plan show NONE": 4,
    "member show name:nobody": 4,
    "member list --as nobody": 5,
    "plan add NEW --name x --term 1m --price 1.00 --as sun": 5,
    "review advance {filed} --approve --as sun": 5,
    "order show JN-2026-7F3KX": 6,
    "payment record {confirmed} 0 --method cash": 6,
    "card issue {free}": 6,
    "order file {busy} --plan YEAR --agreed": 7,
    "order withdraw {filed} --reason x --yes --seen 99": 7,
    "plan list --db nowhere.db": 10,
    "branch add QQ01 --name x --config {keyless}": 12,
}


@pytest.mark.parametrize("line", CODES)
def test_what_goes_wrong_has_its_exit_code_and_one_error_object(
    ask: Ask, history: tuple[Path, dict[str, str]], line: str
) -> None:
    program, _ = ask("")
    bad = program.folder / "bad.csv"
    bad.write_text("name,phone,plan\n李四,110,YEAR\n")
    keyless = program.folder / "keyless.toml"
    keyless.write_text(f'key_dir = "{program.folder}"\n')
    keyless.chmod(0o600)
    numbers = history[1] | {
        "bad": str(bad), "keyless": str(keyless), "unknown": order_number("JN", 2026, 9999),
        "busy": program.ok("order", "show", history[1]["filed"])["member"],
    }  # fmt: skip
    words = [word.format(**numbers) for word in line.split()]
    result = program(*words, *([] if "--format" in words else ["--format", "json"]))
    assert result.exit == CODES[line], result
    if line in {"plan list", "plan", "application import {bad}", "plan list --format nonsense"}:
        return
    error = json.loads(result.err.splitlines()[-1])
    assert list(error)[:6] == ["type", "code", "exit", "message", "hint", "committed"]
    assert (error["type"], error["exit"], error["committed"]) == ("error", result.exit, False)
    assert result.out == ""


def test_what_contradicts_itself_ends_with_8_and_names_rule_object_expected_and_found(
    ask: Ask,
) -> None:
    program, words = ask("db check --format json")
    with sqlite3.connect(program.location) as connection:
        connection.execute(
            "UPDATE payment SET amount_minor = amount_minor + 1, applied_minor = applied_minor + 1"
        )
    result = program(*words)
    assert result.exit == 8
    assert list(result.json["problems"][0]) == ["rule", "object", "expected", "found"]
