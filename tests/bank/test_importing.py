"""Statements are taken in once, whatever files they come in, on both engines. Source: M15, I2."""

from __future__ import annotations

import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from memberctl.bank import operations, queries
from memberctl.bank.operations import BATCH, import_statement
from memberctl.bank.reading import open_statement
from memberctl.store.audit import open_trail
from memberctl.store.engine import FEW_PAGES_KIB, Store
from memberctl.store.keys import Keys
from tests import founding
from tests.bank.texts import SAMPLES, alipay, alipay_row, camt, entry, swift
from tests.cli.test_importing import peak_mib
from tests.harmless import harmless
from tests.program import Program, Result
from tests.reliability.unguarded import Unguarded

KEYS = [
    "read", "new", "duplicate", "skipped", "opening", "closing", "account", "format", "changed",
    "from_on", "until_on", "problems", "differences",
]  # fmt: skip


def take(
    memberctl: Program, content: bytes | str, *more: str, account: str = "ALIPAY", name: str = "f"
) -> Result:
    """Import a file with this content as finance does."""
    path = memberctl.folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    line = ("bank", "import", str(path), "--account", account, *more, "-f", "json")
    return memberctl(*line, as_="qian")


def counts(result: Result) -> tuple[int, int, int, int]:
    """Return read, new, duplicate and skipped, which always add up."""
    data = result.json
    assert data["read"] == data["new"] + data["duplicate"] + data["skipped"]
    return data["read"], data["new"], data["duplicate"], data["skipped"]


def states(memberctl: Program) -> list[tuple[str, str]]:
    found = memberctl.ok("bank", "lines", as_="qian")
    return sorted((line["number"], line["state"]) for line in found)


def everything(memberctl: Program) -> object:
    """Return all that the store holds of statements, and its counters."""
    with Store(memberctl.location).reading() as session:
        tables = (
            "bank_account",
            "bank_import",
            "bank_balance",
            "bank_line",
            "bank_reading",
            "counter",
        )
        return {
            table: sorted(map(repr, session.connection().execute(text(f"SELECT * FROM {table}"))))
            for table in tables
        }


def test_a_file_is_taken_in_once_and_once_more_changes_nothing_at_all(memberctl: Program) -> None:
    content = (SAMPLES / "alipay.csv").read_bytes()
    first = take(memberctl, content, "--format", "alipay")
    assert first.exit == 0 and list(first.json) == KEYS and counts(first) == (7, 4, 0, 3)
    before = everything(memberctl)
    again = take(memberctl, content, "--format", "alipay")
    assert again.exit == 0 and counts(again) == (7, 0, 4, 3)
    assert everything(memberctl) == before


def test_balances_are_those_of_the_file_in_the_files_currency(memberctl: Program) -> None:
    done = take(memberctl, (SAMPLES / "statement.sta").read_bytes(), account="BANK")
    assert done.json["opening"] == {"amount": "10000.00", "currency": "EUR"}
    assert done.json["closing"] == {"amount": "11173.10", "currency": "EUR"}
    listed = memberctl.ok("bank", "account", "list", as_="qian")
    assert listed == [
        {
            "code": "BANK", "method": "bank", "number": None, "currency": "EUR", "lines": 5,
            "open": 5, "last_on": "2026-03-05",
            "balance": {"amount": "11173.10", "currency": "EUR"},
        }
    ]  # fmt: skip


def test_two_equal_payments_of_one_day_both_count_in_every_overlap(memberctl: Program) -> None:
    """Rows without numbers: the first download was made between the two payments."""
    row = ":61:2603020302C50,NTRFNONREF\n:86:BEITRAG A MUELLER"
    early = swift(row, closing="C260302EUR50,")
    both = swift(row, row, closing="C260302EUR100,")
    late = swift(row, row, row, closing="C260302EUR150,")
    results = [take(memberctl, each, account="BANK") for each in (early, both, late, both, early)]
    assert [counts(each) for each in results] == [
        (1, 1, 0, 0), (2, 1, 1, 0), (3, 1, 2, 0), (2, 0, 2, 0), (1, 0, 1, 0),
    ]  # fmt: skip
    assert len(states(memberctl)) == 3


def test_overlapping_downloads_add_only_what_is_new(memberctl: Program) -> None:
    rows = [alipay_row(f"N{number}", "10.00") for number in range(6)]
    assert counts(take(memberctl, alipay(*rows[:4]))) == (4, 4, 0, 0)
    assert counts(take(memberctl, alipay(*reversed(rows[2:])))) == (4, 2, 2, 0)


def test_a_fee_with_the_number_of_its_payment_is_a_line_of_its_own(memberctl: Program) -> None:
    done = take(memberctl, alipay(alipay_row("X1", "100.00"), alipay_row("X1", "0.60", way="支出")))
    assert counts(done) == (2, 2, 0, 0)


def test_padding_and_the_kind_of_line_ends_make_no_new_line(memberctl: Program) -> None:
    row = ":61:2603020302C50,NTRFNONREF\n:86:BEITRAG A MUELLER"
    content = swift(row, closing="C260302EUR50,")
    take(memberctl, content, account="BANK")
    again = take(
        memberctl, content.replace("\n", "\r\n").replace("MUELLER", "MUELLER  "), account="BANK"
    )
    assert counts(again) == (1, 0, 1, 0)


def test_a_trade_that_was_closed_since_counts_no_more_and_both_readings_are_kept(
    memberctl: Program,
) -> None:
    open_, closed = (
        alipay_row("T1", "9.00"),
        alipay_row("T1", "9.00", status="交易关闭", way="不计收支"),
    )
    assert counts(take(memberctl, alipay(open_))) == (1, 1, 0, 0)
    later = take(memberctl, alipay(closed))
    assert counts(later) == (1, 0, 0, 1) and later.json["changed"] == 1
    assert states(memberctl) == [("BL-000001", "skipped")]
    again = take(memberctl, alipay(open_), name="third")
    assert counts(again) == (1, 1, 0, 0) and states(memberctl) == [("BL-000001", "open")]
    with Store(memberctl.location).reading() as session:
        readings = session.connection().execute(text("SELECT COUNT(*) FROM bank_reading")).scalar()
    assert readings == 2


def test_a_status_that_changes_nothing_is_a_duplicate_in_a_second_reading(
    memberctl: Program,
) -> None:
    take(memberctl, alipay(alipay_row("T1", "9.00", status="等待确认收货")))
    assert counts(take(memberctl, alipay(alipay_row("T1", "9.00", status="交易成功")))) == (
        1,
        0,
        1,
        0,
    )


def test_rows_of_another_account_or_currency_are_kept_and_left_out(memberctl: Program) -> None:
    memberctl.ok(
        "bank", "account", "add", "MAIN", "--method", "bank", "--number", "37040044/1", as_="qian"
    )
    row = ":61:2603020302C50,NTRFNONREF//A1"
    own = swift(row, closing="C260302EUR50,")
    other = own.replace(":25:37040044/1", ":25:37040044/2")
    dollars = swift(row, opening="C260302USD0,", closing="C260302USD50,").replace("//A1", "//A2")
    done = take(memberctl, own + other + dollars, account="main")
    assert done.exit == 3 and counts(done) == (3, 1, 0, 2)
    assert done.json["differences"] == [
        "1 rows are in another currency than MAIN", "1 rows are of another account than MAIN",
    ]  # fmt: skip
    assert done.json["closing"] == {"amount": "50.00", "currency": "EUR"}


def test_a_difference_is_said_and_ends_with_3_but_the_file_is_taken_in(memberctl: Program) -> None:
    done = take(memberctl, alipay(alipay_row("1", "10.00"), preamble="共2笔记录"))
    assert done.exit == 3 and done.json["new"] == 1 and done.json["problems"] == 1
    assert done.envelope["status"] == "partial"
    assert done.envelope["messages"][0]["message"] == done.json["differences"][0]


def test_a_file_that_is_cut_off_leaves_nothing_behind(memberctl: Program) -> None:
    before = everything(memberctl)
    content = (SAMPLES / "statement.sta").read_text()
    cut = content[: content.rindex(":62F:")]
    refused = take(memberctl, cut, account="BANK")
    assert refused.exit == 6 and "cut off" in refused.err
    xml = (SAMPLES / "statement.xml").read_bytes()
    assert take(memberctl, xml[: len(xml) // 2], account="BANK").exit == 6
    assert everything(memberctl) == before


def test_a_dry_run_says_the_same_and_writes_nothing(memberctl: Program) -> None:
    content = (SAMPLES / "wechat.csv").read_bytes()
    before = everything(memberctl)
    tried = take(memberctl, content, "--dry-run", account="WECHAT")
    assert everything(memberctl) == before
    assert take(memberctl, content, account="WECHAT").json == tried.json


def test_an_account_that_is_not_known_is_named_with_the_next_command(memberctl: Program) -> None:
    refused = take(memberctl, alipay(), account="ALIPA")
    assert refused.exit == 4
    assert "memberctl bank account add CODE" in refused.err


def test_an_account_is_added_once_and_never_turned_into_another(memberctl: Program) -> None:
    add = ("bank", "account", "add", "ICBC", "--method")
    first = memberctl.ok(*add, "bank", "--number", "6222021234567890001", as_="qian")
    assert first["outcome"] == "created" and first["number"] == "622202*********0001"
    assert memberctl.ok(*add, "bank", "--number", "6222021234567890001", as_="qian")["outcome"] == (
        "unchanged"
    )
    assert memberctl(*add, "wechat", as_="qian").exit == 7
    assert memberctl(*add, "cash", as_="qian").exit == 6


def test_only_finance_takes_statements_in(memberctl: Program) -> None:
    path = str(SAMPLES / "alipay.csv")
    for person, code in (("sun", 5), ("wang", 5), ("zhao", 5), ("qian", 0)):
        assert memberctl("bank", "import", path, "--account", "ALIPAY", as_=person).exit == code
    assert memberctl("bank", "lines", as_="zhao").exit == 0
    assert memberctl("bank", "lines", as_="sun").exit == 5


def test_stdin_and_a_map_are_read_and_the_line_says_what_became_of_it(memberctl: Program) -> None:
    content = (SAMPLES / "sparkasse.csv").read_bytes()
    line = ("bank", "import", "-", "--account", "BANK", "--map", str(SAMPLES / "sparkasse.toml"))
    done = memberctl(*line, as_="qian", stdin=content)
    assert done.exit == 0, done.err
    assert (
        done.out == "Read 4 rows for BANK: 3 new, 1 skipped, from 10000.00 EUR to 10831.70 EUR.\n"
    )


def test_both_meanings_of_format_may_stand_on_one_line(memberctl: Program) -> None:
    path = str(SAMPLES / "alipay.csv")
    line = ("bank", "import", path, "--account", "ALIPAY", "--format", "alipay", "--format", "json")
    assert memberctl(*line, as_="qian").json["read"] == 7
    wrong = memberctl(*line[:-1], "jsn", as_="qian")
    assert wrong.exit == 2 and "mt940" not in wrong.out


def test_names_and_accounts_are_masked_everywhere_and_sealed_in_the_store(
    memberctl: Program,
) -> None:
    """R20: names and accounts through every command, failing ones too."""
    canaries = ("金丝雀", "canary@example.com", "622848CANARY")
    row = alipay_row("1", "10.00", name=canaries[0], what=f"{canaries[1]} {canaries[2]}")
    bad = alipay_row("2", "ten", name=canaries[0], what=canaries[1])
    taken = take(memberctl, alipay(row, bad))
    runs = [
        taken,
        memberctl("bank", "lines", as_="qian"),
        memberctl("bank", "account", "list", as_="qian"),
        memberctl("audit", "log", as_="zhao"),
        take(memberctl, alipay(row, bad), "--format", "wechat"),
        take(memberctl, alipay(row)[:-30] + b'"'),
    ]
    for run in runs:
        harmless(run)
        assert not [each for each in canaries if each in run.out + run.err]
    if "://" not in memberctl.location:
        stored = Path(memberctl.location).read_bytes()
        assert not [each for each in canaries if each.encode() in stored]


def test_an_import_is_noted_without_personal_data(memberctl: Program) -> None:
    take(memberctl, (SAMPLES / "alipay.csv").read_bytes())
    (noted,) = memberctl.ok("audit", "log", "--event", "bank.imported", as_="zhao")
    assert noted["object"] == "ALIPAY"
    assert json.loads(json.dumps(noted))["facts"] is not None
    assert "小明" not in json.dumps(noted, ensure_ascii=False)


def test_the_same_file_from_two_terminals_is_taken_in_once(memberctl: Program) -> None:
    """R3, R4: the account is locked while a file of it is taken in."""
    path = memberctl.folder / "f.sta"
    row = ":61:2603020302C50,NTRFNONREF\n:86:BEITRAG"
    path.write_text(swift(*[row] * 40, closing="C260302EUR2000,"))
    line = ("bank", "import", str(path), "--account", "BANK", "-f", "json")
    started = [memberctl.start(*line, as_="qian") for _ in range(2)]
    answers = [(each.communicate(timeout=120), each.returncode) for each in started]
    assert [code for _, code in answers] == [0] * 2
    new = sorted(json.loads(out)["data"]["new"] for (out, _), _ in answers)
    assert new == [0, 40]
    assert len(states(memberctl)) == 40


def test_without_lock_and_unique_key_two_terminals_would_take_it_in_twice_or_fail(
    memberctl: Program, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: what the lock on the account and the key of its lines are there for."""
    path = memberctl.folder / "f.sta"
    path.write_text(swift(":61:2603020302C50,NTRFNONREF", closing="C260302EUR50,"))
    add = ("bank", "account", "add", "MAIN", "--method", "bank", "--currency", "EUR")
    memberctl.ok(*add, as_="qian")
    if "://" in memberctl.location:
        with Unguarded(memberctl.location).writing() as session:
            name = "uq_bank_line_account_id_identity_occurrence"
            session.connection().execute(text(f"ALTER TABLE bank_line DROP CONSTRAINT {name}"))
            session.commit()
    both_looked, look = threading.Barrier(2), queries.known_lines

    def looking(*asked: Any) -> Any:
        found = look(*asked)
        both_looked.wait(30)
        return found

    def importing() -> int:
        try:
            with Unguarded(memberctl.location).writing() as session, open_statement(path) as read:
                open_trail(session, keys.audit, "test")
                who, when = founding.actors()["qian"], founding.FOUNDED_AT
                done = import_statement(
                    session, keys, "MAIN", read, by=who, at=when, currency="CNY"
                )
                session.commit()
                return done.new
        except (OperationalError, sqlite3.Error):
            return 0

    monkeypatch.setattr(queries, "known_lines", looking)
    monkeypatch.setattr(queries, "account_to_change", queries.find_account)
    with ThreadPoolExecutor(2) as pool:
        new = sorted(pool.map(lambda _: importing(), range(2)))
    if "://" in memberctl.location:
        assert new == [1, 1] and len(states(memberctl)) == 2, "the same money twice"
    else:
        assert new == [0, 1], "one of two terminals gets an error for no fault of its own"


def test_memory_does_not_grow_with_the_rows_of_a_statement(shop: Program) -> None:
    """Nothing but the store keeps what a file had; 100,000 rows take 4 MiB more than 10,000."""
    began = datetime(2026, 1, 1)
    peaks = []
    for first, count in ((0, 2 * BATCH), (2 * BATCH, 12 * BATCH)):
        rows = [
            alipay_row(f"2026{n:020d}", "1.00", at=f"{began + timedelta(seconds=61 * n)}")
            for n in range(first, first + count)
        ]
        path = shop.folder / f"{count}.csv"
        path.write_bytes(alipay(*rows))
        line = ("bank", "import", str(path), "--account", "ALIPAY")
        peaks.append(peak_mib(shop, *line, as_="qian"))
    assert shop.ok("bank", "account", "list")[0]["lines"] == 14 * BATCH
    assert peaks[1] - peaks[0] < FEW_PAGES_KIB / 1024 + 4, peaks


def test_equal_rows_of_one_file_are_told_apart_from_batch_to_batch(
    memberctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "BATCH", 3)
    row = ":61:2603020302C50,NTRFNONREF\n:86:BEITRAG A MUELLER"
    counted = [
        counts(take(memberctl, swift(*[row] * n, closing=f"C260302EUR{50 * n},"), account="BANK"))
        for n in (5, 8, 8, 2)
    ]
    assert counted == [(5, 5, 0, 0), (8, 3, 5, 0), (8, 0, 8, 0), (2, 0, 2, 0)]


def test_a_check_of_the_store_opens_every_sealed_row(shop: Program) -> None:
    content = camt([entry("12.00"), entry("12.00")], closing="24.00")
    path = shop.folder / "f.xml"
    path.write_text(content)
    shop.ok("bank", "import", str(path), "--account", "BANK", "-f", "json", as_="qian")
    assert shop("db", "check", "--deep").exit == 0
    with sqlite3.connect(shop.location) as connection:
        other = "(SELECT details FROM bank_line WHERE id = 2)"
        connection.execute(f"UPDATE bank_line SET details = {other} WHERE id = 1")
    found = shop("db", "check", "--deep", "--format", "json")
    assert found.exit == 8
    assert "BL-000001" in json.dumps(found.json["problems"])
