"""The bad files of the list, 31 to 50, through every command that reads a file; and bad paths.

A file that is doubtful as a whole is refused (6); a bad row goes to the rejects file with its
reason (3); everything else is taken.
"""

from __future__ import annotations

import csv
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bad_values import EMPTY, HOSTILE, PARTLY, REFUSED, TAKEN
from tests.bank.texts import SAMPLES
from tests.harmless import harmless
from tests.histories import a_confirmed_order
from tests.program import Program

HEAD = "name,phone,plan\n"
ONE = "钱多多,13712345678,YEAR\n"
TWO = ONE + "孙小妹,13712345679,YEAR\n"


@dataclass(frozen=True, slots=True)
class BadFile:
    """One file of the list.

    said -- what stands in the words on stderr; code -- of the one refused row in the rejects file
    created -- rows that are written all the same
    """

    number: str
    content: bytes
    exit: int
    said: str = ""
    code: str = ""
    created: int = 0


BIG5 = "姓名,手機,方案\n".encode(
    "big5"
) + "錢多多,13712345678,YEAR\n陳美麗,13712345679,YEAR\n".encode("big5")
FILES = (
    BadFile("31", b"\xef\xbb\xbf" + (HEAD + ONE).encode(), TAKEN, created=1),
    BadFile(
        "32", ("姓名,手机,套餐\n" + TWO).encode("gb18030"), TAKEN, said="GB18030", created=2,
    ),
    BadFile("33", BIG5, REFUSED, said="--encoding"),
    BadFile("34", (HEAD + ONE).encode("utf-16-le"), REFUSED, said="UTF-16"),
    BadFile("35", (HEAD + TWO).replace("孙", "孙\0").encode(), PARTLY, code="nul", created=1),
    BadFile("36", (HEAD + "x" * 10_000_000 + ",1,YEAR\n").encode(), REFUSED, said="too long"),
    BadFile("37", (HEAD + ONE + '"孙小妹,13712345679,YEAR\n').encode(), REFUSED, said="line 3"),
    BadFile("38", (HEAD + ONE + "孙小妹,13712345679\n").encode(), PARTLY, "", "short_row", 1),
    BadFile("39", (HEAD + ONE + "孙小妹,13712345679,YEAR,x\n").encode(), PARTLY, "", "long_row", 1),
    BadFile("40", b"name,name,phone,plan\na,b,13712345678,YEAR\n", REFUSED, said="name"),
    BadFile("41a", (HEAD + TWO).replace(",", ";").encode(), TAKEN, created=2),
    BadFile("41b", ("sep=;\n" + (HEAD + TWO).replace(",", ";")).encode(), TAKEN, created=2),
    BadFile("42", (HEAD + ONE + "\n,,\n").encode(), TAKEN, created=1),
    BadFile("43a", (HEAD + TWO).replace("\n", "\r").encode(), TAKEN, created=2),
    BadFile("43b", (HEAD.replace("\n", "\r\n") + TWO).encode(), TAKEN, created=2),
    BadFile(
        "43c", (HEAD + ONE + "a\u2028b,13712345679,YEAR\n").encode(), PARTLY, "",
        "control_character", 1,
    ),
    BadFile("44a", b"", TAKEN, said="0 rows"),
    BadFile("44b", HEAD.encode(), TAKEN, said="0 rows"),
    BadFile("45", (HEAD + TWO + ONE).encode(), PARTLY, "line 2", "repeated", 2),
    BadFile(
        "46", b"name,phone,plan,id_number\na,13712345678,YEAR,1.10101E+17\n", PARTLY, "",
        "excel_number",
    ),
    BadFile("47", b"PK\x03\x04" + b"\0" * 400, REFUSED, said="spreadsheet"),
    BadFile("51", (HEAD + ONE + "孙小妹,110,YEAR\n").encode(), PARTLY, "", "phone", 1),
    *(
        BadFile(
            each.number, (HEAD + f'"{each.text}",13712345678,YEAR\n').encode(), PARTLY
        )
        for each in HOSTILE
    ),
)  # fmt: skip
IMPORTS = ("application import", "member import")


@pytest.mark.parametrize(("path", "named"), [(".", "."), ("..", ".."), ("/", "/"), ("", "without")])
def test_a_place_without_a_name_is_named_as_it_was_typed(
    shop: Program, path: str, named: str
) -> None:
    result = shop("application", "import", "--", path)
    assert result.exit == (REFUSED if path else 4)
    assert f"memberctl: {named} is not" in result.err or f"no file {named}" in result.err


@pytest.mark.parametrize("line", IMPORTS)
@pytest.mark.parametrize("file", FILES, ids=[file.number for file in FILES])
def test_a_bad_file_is_refused_or_gives_its_bad_rows_back(
    shop: Program, line: str, file: BadFile
) -> None:
    path = shop.folder / "people.csv"
    path.write_bytes(file.content)
    before = everything(shop)
    result = shop(*line.split(), str(path), "--ignore-extra", "--format", "json", as_="sun")
    assert result.exit == file.exit, result
    harmless(result)
    assert file.said in result.err
    rejects = shop.folder / "people.rejects.csv"
    assert rejects.exists() is (file.exit == PARTLY)
    if file.exit == REFUSED:
        assert everything(shop) == before
        return
    assert result.json["created"] == file.created
    if file.code:
        with rejects.open(encoding="utf-8-sig", newline="") as stream:
            (row,) = csv.DictReader(stream)
        assert file.code in row["_code"]


def everything(program: Program) -> str:
    """Return all that is in a SQLite store."""
    with sqlite3.connect(program.location) as connection:
        return "\n".join(connection.iterdump())


READERS = (
    "application import {file}",
    "member import {file}",
    "member register 钱多多 --from {file}",
    "member import {rows} --map {file}",
    "calendar add 2025 --file {file}",
    "card issue --file {file}",
    "plan import {file}",
    "agreement publish {file}",
    "audit verify --anchors {file}",
    "backup verify {file}",
    "backup restore {file} --yes",
    "bank import {file} --account BANK",
    "bank import {rows} --account BANK --map {file}",
    "bank map check {rows} --map {file}",
    "bank map check {file} --map {map}",
    "member duplicates --file {file}",
    "member duplicates --file {rows} --map {file}",
    "application import {rows} --map {file}",
    "template set {file} --language zh",
    "member update M-000001 --from {file}",
)
WRITERS = (
    "plan list --output={file}",
    "member list --output={file}",
    "audit log --output={file}",
    "status --output={file}",
    "ledger export --to csv --output={file}",
    "backup create -- {file}",
    "db copy --to={file}",
    "audit anchor --output={file}",
    "init --db={file}",
)


def odd_file(kind: str, folder: Path) -> Path:
    """Make something that is no ordinary file and return its path."""
    path = folder / "odd"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("/etc/shadow")
    elif kind == "utf16":
        path.write_bytes("name,phone\n".encode("utf-16-le"))
    return Path("/dev/zero") if kind == "device" else path


@pytest.mark.parametrize("line", READERS)
@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "device", "utf16", "nothing"])
def test_what_is_no_ordinary_file_is_refused_at_once(shop: Program, line: str, kind: str) -> None:
    odd = odd_file(kind, shop.folder)
    rows = shop.folder / "rows.csv"
    rows.write_text("name,phone\n")
    before = everything(shop)
    form = SAMPLES / "sparkasse.toml"
    words = [word.format(file=odd, rows=rows, map=form) for word in line.split()]
    result = shop(*words)
    assert result.exit == (4 if kind == "nothing" else REFUSED), result
    harmless(result)
    assert everything(shop) == before


@pytest.mark.parametrize("line", IMPORTS)
def test_with_all_or_nothing_one_bad_row_in_the_end_keeps_all_out(shop: Program, line: str) -> None:
    path = shop.folder / "people.csv"
    path.write_text(HEAD + TWO + "李四,110,YEAR\n")
    before = everything(shop)
    result = shop(*line.split(), str(path), "--ignore-extra", "--all-or-nothing", as_="sun")
    assert result.exit == REFUSED
    assert everything(shop) == before


ODD_NAMES = {
    "80a": "a\x00b",
    "80b": "n" * 300 + ".csv",
    "80c": "a\nb.csv",
    "80d": "\u202egpj.csv",
    "80e": "CON",
    "80f": "-rf",
    "80g": "~root/x",
    "79": "there.csv",
    "79b": "link.csv",
    "79c": "folder",
    "5": "a\x1b[2J.csv",
}


# Where a folder is a place for a new file, where anchors are added, and what a store says.
ELSE = {
    "79c backup": TAKEN, "79 db": 7, "79b db": 7, "79c db": 7,
    "79 init": 7, "79b init": 7, "79c init": 7,
}  # fmt: skip


@pytest.mark.parametrize("line", WRITERS)
@pytest.mark.parametrize("number", ODD_NAMES)
def test_an_odd_output_path_is_refused_and_nothing_there_is_touched(
    shop: Program, monkeypatch: pytest.MonkeyPatch, line: str, number: str
) -> None:
    monkeypatch.chdir(shop.folder)
    (shop.folder / "there.csv").write_text("mine")
    (shop.folder / "link.csv").symlink_to("there.csv")
    (shop.folder / "folder").mkdir()
    before = sorted(shop.folder.rglob("*"))
    result = shop(*(word.format(file=ODD_NAMES[number]) for word in line.split()))
    usual = 2 if number == "80a" else REFUSED
    wanted = ELSE.get(f"{number} {line.split(maxsplit=1)[0]}", usual)
    assert result.exit == wanted, result
    harmless(result)
    if wanted != TAKEN:
        assert sorted(shop.folder.rglob("*")) == before
    assert (shop.folder / "there.csv").read_text().startswith("mine")


@pytest.mark.parametrize("number", ODD_NAMES)
def test_an_odd_folder_takes_no_archive_and_lists_no_backup(
    shop: Program, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    order = a_confirmed_order(shop)
    shop.ok("order", "withdraw", order, "--reason", "x", "--yes", as_="sun")
    shop.now = "2026-04-01T10:00:00+08:00"
    monkeypatch.chdir(shop.folder)
    (shop.folder / "there.csv").write_text("mine")
    before = sorted(shop.folder.rglob("*"))
    create = ("archive", "create", "--quarter", "2026Q1", f"--to={ODD_NAMES[number]}")
    for line in (create, ("backup", "list", "--", ODD_NAMES[number])):
        result = shop(*line)
        assert result.exit in {2, 4, REFUSED}, result
        harmless(result)
    assert sorted(shop.folder.rglob("*")) == before


@pytest.mark.parametrize("name", ["x?mode=memory", "file:other.db?mode=rwc", "%2e%2e"])
def test_the_path_of_a_store_is_a_path_and_nothing_else(
    shop: Program, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(shop.folder)
    assert shop("plan", "list", "--db", name).exit == 10
    made = shop("init", "--db", name)
    assert made.exit == 0, made
    assert (shop.folder / name).exists()
    assert shop("plan", "list", "--db", name).exit == 0


FOUNDINGS = {
    "--name": [each.text for each in (*HOSTILE, *EMPTY)],
    "--owner": ["", "a b", "../x", "[red]x", "A\x1b[2J"],
    "--currency": ["", "XYZ", "cny€", "１"],
    "--zone": ["", "Mars/Olympus", "../../etc/localtime", "Asia/Shanghai\n"],
    "--region": ["", "XX", "CNN", "../x"],
}


@pytest.mark.parametrize(
    ("option", "value"),
    [(option, value) for option, values in FOUNDINGS.items() for value in values],
)
def test_a_store_with_bad_particulars_is_not_made(shop: Program, option: str, value: str) -> None:
    new = shop.folder / "new.db"
    keys = sorted(shop.folder.rglob("*.key"))
    result = shop("init", "--db", str(new), option, value)
    assert result.exit == REFUSED, result
    harmless(result)
    assert not new.exists()
    assert sorted(shop.folder.rglob("*.key")) == keys
