"""Rules G3, promise R21: a person is shown everything that is theirs, and is erased for good."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, Text, text

from memberctl.archive.personal import DELETED, PERSONAL, STAYS, WHERE_SAID
from memberctl.archive.walking import leads_to_member
from memberctl.store.engine import Store
from memberctl.store.schema import metadata
from tests import histories
from tests.program import PYTHON, Program

PHONE, EMAIL, ADDRESS = "13912345678", "canary.bird@example.com", "长乐路4711弄23号"
RESIDENT_ID, BORN, NAME = "11010519491231002X", "1949-12-31", "金丝雀"
SECRETS = tuple(each.encode() for each in (PHONE, EMAIL, ADDRESS, RESIDENT_ID, BORN, NAME))
PERSON = {
    "name": NAME, "phone": PHONE, "email": EMAIL, "birth_date": BORN,
    "id_number": RESIDENT_ID, "address": ADDRESS, "branch": "SH01", "referrer": "邻居金先生",
}  # fmt: skip
WHY = ("--reason", "asked by letter", "--yes")


def canary(memberctl: Program, key: str = "K9") -> str:
    """Register somebody whose every value can be searched for, and return the number."""
    made = memberctl.ok("member", "register", "-", "--key", key, as_="li", stdin=json.dumps(PERSON))
    return str(made["number"])


def remains(folder: Path) -> list[tuple[str, bytes]]:
    """Return which secrets are in which files of a folder."""
    return [
        (str(path), secret)
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".csv"
        for secret in SECRETS
        if secret in path.read_bytes()
    ]


def test_erased_is_erased(shop: Program) -> None:
    number = canary(shop)
    for _ in range(30):
        histories.a_member(shop)
    shop.ok("member", "update", number, "--name", "金丝鸟", "--reason", "typo", as_="sun")
    assert remains(shop.folder) != []
    done = shop.ok("member", "erase", number, *WHY)
    assert done["number"] == number and not done["already"]
    assert remains(shop.folder) == []
    shown = shop.ok("member", "show", number)
    assert (shown["name"], shown["phone"], shown["email"]) == ("erased", None, None)
    assert shop.ok("db", "check", "--deep")["problems"] == []


def test_a_new_backup_holds_nothing_and_an_old_one_is_erased_again(
    shop: Program, tmp_path: Path
) -> None:
    number = canary(shop)
    folder = tmp_path / "backups"
    folder.mkdir()
    shop.ok("backup", "create", str(folder / "old.backup"))
    shop.ok("member", "erase", number, *WHY)
    shop.ok("backup", "create", str(folder / "new.backup"))
    assert all("old.backup" in path for path, _ in remains(shop.folder))
    assert remains(folder) != []
    shop.ok("backup", "restore", str(folder / "old.backup"), "--yes")
    shutil.rmtree(folder)
    for kept in Path(shop.location).parent.glob("*before-restore*"):
        kept.unlink()
    assert remains(shop.folder) == []
    assert shop.ok("member", "show", number)["name"] == "erased"
    assert shop.ok("audit", "log", "--event", "member.erased_again")[0]["object"] == number
    assert shop.ok("db", "check", "--deep")["problems"] == []


def test_whoever_is_merged_is_erased_under_both_numbers(memberctl: Program) -> None:
    one = histories.a_member(memberctl)
    other = canary(memberctl)
    memberctl.ok("member", "merge", one, other, "--reason", "same", "--yes", as_="zhao")
    memberctl.ok("member", "erase", other, *WHY)
    assert memberctl.ok("member", "show", one)["name"] == "erased"
    with Store(memberctl.location).reading() as session:
        rows = session.connection().execute(text("SELECT * FROM member")).mappings().all()
        assert (
            session.connection().execute(text("SELECT count(*) FROM identity_document")).scalar()
            == 0
        )
    assert all(row["wrapped_key"] is None and row["phone"] is None for row in rows)
    assert memberctl.ok("db", "check", "--deep")["problems"] == []
    assert memberctl("member", "unmerge", "MG-000001", "--reason", "x", "--yes").exit != 0


def test_it_is_refused_while_something_is_open_and_says_what(memberctl: Program) -> None:
    member, order = histories.a_paid_member(memberctl)
    privacy = ("staff", "add", "mei", "--name", "Mei", "--role", "privacy")
    memberctl.ok(*privacy)
    refused = memberctl("member", "erase", member, *WHY, as_="mei")
    assert refused.exit == 6
    assert f"the term of {order} runs until 2027-03-01" in refused.err
    assert memberctl("member", "erase", member, *WHY, "--force", as_="mei").exit == 5
    forced = memberctl.ok("member", "erase", member, *WHY, "--force")
    assert forced["open"]
    debtor = memberctl.ok("order", "show", histories.a_confirmed_order(memberctl))["member"]
    refused = memberctl("member", "erase", debtor, *WHY, as_="mei")
    assert "is confirmed" in refused.err and "a debt" in refused.err


def test_the_books_and_the_figures_stay(memberctl: Program) -> None:
    member, order = histories.a_paid_member(memberctl)
    before = memberctl.ok("ledger", "balance")
    count = len(memberctl.ok("member", "list"))
    done = memberctl.ok("member", "erase", member, *WHY, "--force")
    kept = {each["what"]: each for each in done["kept"]}
    assert kept["payment"]["rows"] == 2 and kept["payment"]["until"].startswith("2056")
    assert memberctl.ok("ledger", "balance") == before
    assert len(memberctl.ok("member", "list")) == count
    assert memberctl.ok("order", "show", order)["member"] == member
    assert memberctl.ok("ledger", "check")["problems"] == []


def test_twice_is_once_and_nobody_changes_whoever_is_erased(memberctl: Program) -> None:
    number = canary(memberctl)
    memberctl.ok("member", "erase", number, *WHY)
    again = memberctl("member", "erase", number, *WHY)
    assert (again.exit, again.out) == (0, f"{number} is erased already.\n")
    changed = memberctl("member", "update", number, "--phone", "13800138000", as_="sun")
    assert (changed.exit, f"{number} is erased" in changed.err) == (6, True)
    same = memberctl("member", "register", "-", as_="li", stdin=json.dumps(PERSON))
    assert same.exit == 0, "whoever comes back is somebody new"


def test_it_takes_the_right_and_a_reason_and_is_shown_before(memberctl: Program) -> None:
    number = canary(memberctl)
    assert memberctl("member", "erase", number, *WHY, as_="zhao").exit == 5
    asked = memberctl("member", "erase", number, "--reason", "letter")
    assert asked.exit == 2
    assert "the key is destroyed" in asked.err and "stays: audit" in asked.err
    memberctl.ok("member", "erase", number, *WHY, "--dry-run")
    assert memberctl.ok("member", "show", number)["name"] == NAME


def test_waiting_messages_are_not_sent(memberctl: Program) -> None:
    order = histories.a_join_order(memberctl, histories.a_member(memberctl))
    memberctl.ok("review", "advance", order, "--return", "金先生 says", as_="li")
    member = memberctl.ok("order", "show", order)["member"]
    memberctl.ok("member", "erase", member, *WHY, "--force")
    assert {each["state"] for each in memberctl.ok("message", "list")} == {"suppressed"}
    with Store(memberctl.location).reading() as session:
        facts = session.connection().execute(text("SELECT facts FROM outbox")).scalars().all()
    assert "金先生" not in "".join(facts)


def test_a_kill_before_the_file_is_swept_is_made_good_by_a_repeat(shop: Program) -> None:
    number = canary(shop)
    source = (
        "import os, signal\n"
        "import memberctl.store.sweeping as sweeping\n"
        "sweeping.sweep = lambda *rest: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from memberctl.__main__ import run\n"
        "run()\n"
    )
    killed = subprocess.run(
        [PYTHON, "-c", source, "member", "erase", number, *WHY],
        env=shop.environment(), check=False, capture_output=True,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    shop.ok("member", "erase", number, *WHY)
    assert remains(shop.folder) == []


def test_a_dossier_shows_everything_masked_and_in_the_clear_for_a_reason(
    memberctl: Program,
) -> None:
    number = canary(memberctl)
    order = histories.a_join_order(memberctl, number)
    histories.confirm(memberctl, order)
    histories.pay(memberctl, order, "3650.00")
    memberctl.ok("member", "update", number, "--name", "金丝鸟", "--reason", "x", as_="sun")
    masked = memberctl("member", "dossier", number, "--format", "json")
    assert masked.json["number"] == number
    for secret in (PHONE, EMAIL, RESIDENT_ID, BORN, ADDRESS, "邻居金先生"):
        assert secret not in masked.out
    tables = masked.json["tables"]
    wanted = "member orders payment receipt term consent outbox posting review_decision audit"
    assert {*wanted.split(), "identity_document", "change_request"} <= tables.keys()
    clear = memberctl("member", "dossier", number, "--reveal", "asked", "--format", "json")
    for secret in (PHONE, EMAIL, RESIDENT_ID, BORN, ADDRESS, "邻居金先生", "金丝鸟"):
        assert secret in clear.out, secret
    text_ = memberctl("member", "dossier", number, "--reveal", "asked").out
    assert text_.startswith(f"{number} 金丝雀\nmade 2026-03-02 10:00\n"), text_
    assert "\norders (1)\n" in text_ and PHONE in text_
    assert "(0)" not in text_ and "+08:00" not in text_
    assert memberctl("member", "dossier", number, as_="sun").exit == 5


def test_each_person_whose_data_are_shown_is_logged(memberctl: Program) -> None:
    numbers = [histories.a_member(memberctl) for _ in range(3)]
    memberctl.ok("member", "list", "--limit", "2", "--reveal", "calling back", as_="zhao")
    logged = memberctl.ok("audit", "log", "--event", "personal.revealed")
    assert sorted(each["object"] for each in logged) == numbers[:2]
    assert all("calling back" in each["facts"] for each in logged)
    memberctl.ok("member", "show", numbers[2], "--reveal", "called", as_="zhao")
    assert memberctl.ok("audit", "log", "--event", "personal.revealed")[0]["object"] == numbers[2]
    memberctl.ok("plan", "list", "--reveal", "why not", as_="zhao")
    newest = memberctl.ok("audit", "log", "--event", "personal.revealed")[0]
    assert newest["object"] == "plan list"


def test_every_column_of_text_is_cleared_or_stays_for_a_reason() -> None:
    """A new column in which something about a person may stand fails here until it is listed."""
    listed = {(table, column) for table, columns in PERSONAL.items() for column in columns} | {
        (table, column) for table, columns in WHERE_SAID.items() for column in columns
    }
    for tables in STAYS.values():
        listed |= {(table, name) for table, names in tables.items() for name in names.split()}
    there = {
        (table.name, column.name)
        for table in leads_to_member()
        if table.name not in DELETED
        for column in table.c
        if type(column.type) is Text or isinstance(column.type, LargeBinary)
    }
    assert there - listed == set()
    assert {each for each in listed if each[1] not in metadata.tables[each[0]].c} == set()


@pytest.mark.parametrize("number", ["M-999999", "x", "", "phone:13812341234"])
def test_who_is_not_there_is_said(shop: Program, number: str) -> None:
    assert shop("member", "erase", number, *WHY).exit in {4, 6}
    assert shop("member", "dossier", number).exit in {4, 6}
