"""What scripts rely on: keys in their order, the envelope, the error, the exit codes.

Keys are only ever added, behind those that are pinned here.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from memberctl.core.numbering import order_number
from tests import histories
from tests.bank.texts import SAMPLES
from tests.program import Program
from tests.stores import Grounds

MEMBER = "number name status phone email branch tier member_since"
ORDER = "number kind member plan state stage total paid open due_on quote"
CARD = "number member state issued_on"
CHECKED = "checked problems"
REFUND = "number order amount state parts"

# A command, who types it, and the keys that its result begins with. {names} are the history's.
PINNED = {
    "member register 钱多多 --phone 13712345678": ("sun", MEMBER),
    "member show {member}": ("sun", f"{MEMBER} terms cards orders balance history"),
    "member list": ("sun", MEMBER),
    "application import {file}": (
        "sun", "read created updated unchanged duplicate rejected rejects_file",
    ),
    "order file {free} --plan YEAR --agreed": ("sun", ORDER),
    "order show {paid}": ("sun", ORDER),
    "order list": ("sun", ORDER),
    "application list": ("sun", ORDER),
    "review advance {filed} --approve": (
        "li", "order stage verdict state next_stage due_on",
    ),
    "payment record {confirmed} 600.00 --method cash": (
        "qian", "number order amount method receipt order_state open credit already",
    ),
    "refund preview {paid} --on 2026-04-10": (
        "sun", "order paid refundable used_days term_days fee amount parts",
    ),
    "refund request {paid} --reason moved": ("sun", REFUND),
    "refund review {asked} --approve": ("wang", REFUND),
    "refund pay {approved} --yes": ("qian", REFUND),
    "refund show {approved}": ("qian", REFUND),
    "refund list": (
        "qian",
        "number order member amount state effective_on due_on overdue requested_at",
    ),
    "term list": ("sun", "member plan start_on end_on status visits left"),
    "term preview --from 2024-01-31 --term 1m --count 4": ("sun", "index start_on end_on"),
    "renewal list --within 2y": ("sun", "member name plan end_on days_left price next"),
    "card issue {cardless}": ("sun", CARD),
    "card list": ("sun", CARD),
    "checkin scan {card}": ("sun", "card member allowed reason visit name until left"),
    "checkin list": ("sun", "visit at member card branch plan ground state"),
    "checkin refused": ("sun", "at reason card member branch staff"),
    "checkin inside": ("sun", "branch inside capacity"),
    "checkin show {visit}": ("sun", "visit at on member card branch plan ground state reason"),
    "checkin undo {visit} --reason x": ("zhao", "visit member left"),
    "reminder run": ("zhao", "due queued already suppressed"),
    "message send": ("zhao", "sent retry failed unknown left"),
    "message list": (
        "sun", "number member purpose cause channel language state created_at",
    ),
    "bank import {statement} --account ALIPAY": (
        "qian", "read new duplicate skipped opening closing",
    ),
    "bank match": ("qian", "matched ambiguous unknown amount_differs"),
    "ledger check": ("zhao", CHECKED),
    "db upgrade": ("owner", "before schema backup"),
    "db check": ("zhao", CHECKED),
    "audit verify": ("zhao", CHECKED),
    "audit verify --anchors {anchors}": ("zhao", f"{CHECKED} head anchors window"),
    "backup create {backup}2": (
        "zhao", "file manifest store schema at rows bytes sha256 audit_seq audit_head",
    ),
    "backup verify {backup}": (
        "zhao", f"{CHECKED} file store schema at audit_seq audit_head",
    ),
    "backup list {folder}": ("zhao", "file state at store schema rows bytes audit_seq"),
    "backup restore {backup} --yes": ("owner", "store file schema at rows audit_seq kept"),
    "audit anchor": ("zhao", "line store seq at head mac"),
    "audit log": ("zhao", "seq at staff login command event object facts account"),
}  # fmt: skip


@pytest.fixture(scope="module")
def history(
    grounds: Grounds, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, str]]:
    """A store with one of everything, only to be copied, and the numbers of what is in it."""
    folder = tmp_path_factory.mktemp("history")
    program = Program(grounds.sqlite_copy(folder / "store.db"), grounds.key_dir / "sqlite", folder)
    member, paid = histories.a_paid_member(program)
    card = program.ok("card", "issue", member, as_="sun")["number"]
    visit = program.ok("checkin", "scan", card, as_="sun")["visit"]
    program("checkin", "scan", "86000100001236", as_="sun")
    asked, approved = histories.two_refunds(program)
    file = folder / "people.csv"
    file.write_text("name,phone,plan\n李四,13712340000,YEAR\n")
    anchors = folder / "anchors"
    program("audit", "anchor", "--output", str(anchors))
    program("backup", "create", str(folder / "one.backup"))
    return folder / "store.db", {
        "member": member,
        "card": card,
        "visit": visit,
        "paid": paid,
        "asked": asked,
        "approved": approved,
        "cardless": histories.a_paid_member(program)[0],
        "free": histories.a_member(program),
        "filed": histories.a_join_order(program, histories.a_member(program)),
        "confirmed": histories.a_confirmed_order(program),
        "file": str(file),
        "statement": str(SAMPLES / "alipay.csv"),
        "anchors": str(anchors),
        "backup": str(folder / "one.backup"),
        "folder": str(folder),
    }


Ask = Callable[..., tuple[Program, list[str]]]


@pytest.fixture
def ask(shop: Program, history: tuple[Path, dict[str, str]]) -> Ask:
    """Return the program on a copy of the history, and a line's words with its numbers."""
    original, numbers = history
    with (
        closing(sqlite3.connect(original)) as source,
        closing(sqlite3.connect(shop.location)) as target,
    ):
        source.backup(target)

    def words(line: str) -> tuple[Program, list[str]]:
        return shop, [word.format(**numbers) for word in line.split()]

    return words


@pytest.mark.parametrize("line", PINNED)
def test_the_keys_of_a_result_are_those_of_the_manual_in_json_and_tsv(ask: Ask, line: str) -> None:
    as_, wanted = PINNED[line]
    program, words = ask(line)
    shown = program(*words, "--dry-run", "--format", "json", as_=as_)
    assert shown.exit == 0, shown
    found = shown.json[0] if isinstance(shown.json, list) else shown.json
    assert list(found)[: len(wanted.split())] == wanted.split()
    table = program(*words, "--dry-run", "--format", "tsv", as_=as_).out
    assert next(csv.reader(io.StringIO(table), delimiter="\t")) == list(found)


@pytest.mark.parametrize("line", PINNED)
def test_the_envelope_is_one_for_all_commands(ask: Ask, line: str) -> None:
    as_, _ = PINNED[line]
    program, words = ask(line)
    envelope = program(*words, "--dry-run", "--format", "json", as_=as_).envelope
    assert list(envelope)[:5] == ["memberctl", "command", "status", "data", "messages"]
    assert envelope["memberctl"] == 1
    assert line.startswith(envelope["command"])
    assert envelope["status"] in {"ok", "dry-run"}


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
