"""R20: a canary's phone, mail, ID number, address and birth date leave their place nowhere.

The canary is known to the store. Every verb is run on it, well and wrongly, also with its data
where numbers belong; then everything that was printed, logged, queued or filed is searched.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from memberctl.cli.lazy import TREE
from memberctl.cli.main import tree
from tests.histories import a_join_order, a_member, confirm, pay
from tests.program import Program
from tests.reliability.terminals import happens, terminal
from tests.stores import Grounds

PHONE = "13912345678"
EMAIL = "canary.bird@example.com"
RESIDENT_ID = "11010519491231002X"
ADDRESS = "长乐路4711弄23号"
BORN = "1949-12-31"
SECRETS = (PHONE, PHONE[2:], EMAIL, "canary.bird", RESIDENT_ID, "19491231", BORN, ADDRESS, "4711弄")
PERSON = {
    "name": "金丝雀", "phone": PHONE, "email": EMAIL, "birth_date": BORN,
    "id_number": RESIDENT_ID, "address": ADDRESS, "branch": "SH01",
}  # fmt: skip
# Words that begin with @ are numbers of the history; {phone} and {id} are the canary's own.
LINES = """
member list | member show @member | member show phone:{phone} | member show phone:13900000000
member show name:{phone} | member show {id} | member register {phone} --phone {id}
member register 金丝雀 --phone {phone} | member register 金丝雀 --email {email} --id-number {id}
member register x --phone 13700000001 --id-number {id} | member register x --birth-date {born}x
member register x --phone {phone}9999999 | member register x --email {email}@{email}
member update @member --phone {phone} | member update @member --email {email},{email}
member update @member --address {address} | member update @member --id-number {id}
member update @member --birth-date 1949-12-30 --reason typo | member changes
member approve-change CR-000001 | member approve-change {phone}
member reject-change CR-000001 --reason no | member reject-change {id} --reason {phone}
member verify @member --document-seen resident_id | member verify phone:{phone}
member import {file} | member import {missing} | member duplicates
member duplicates --min-score 1 --explain | member duplicates --file {file} --ignore-extra
member merge @member @member --reason x --yes | member merge {phone} {id} --reason x --yes
member merge @member @other --reason x --dry-run | member unmerge {phone} --reason x --yes
member unmerge MG-000001 --reason x --yes | member merges
member dossier @member | member dossier {phone} | member erase {phone} --reason x --yes
member erase @member --reason x | member erase @member --reason x --yes --dry-run
application import {file} | application import {file} --dry-run | application list
order file phone:{phone} --plan YEAR --agreed | order file {id} --plan {phone}
order file @member --kind service --line {phone}:1:x | order list --member phone:{phone}
order list | order show @order | order show {phone} | order withdraw {phone} --reason x --yes
order withdraw @order --reason moved --yes | order void {id} --reason x --yes
order resubmit {phone} | order resubmit @order --agreed
quote list | quote show @order | quote show {id} | quote revise @order --price {phone}x
quote accept @order | quote accept {email}
review list --all | review show @order | review show {phone} | review advance @order --approve
review advance {id} --reject no | review extend @order --days 3 --reason more
payment record @order 1.00 --method cash | payment record {phone} 1 --method cash
payment record @order {phone}{phone} --method cash | payment verify P-000001
payment verify {phone} | payment list --member phone:{phone} | payment show P-000001
payment show {id} | payment void P-000099 --reason x --yes | payment void {phone} --reason x --yes
receipt list | receipt show RC-2026-000001 | receipt show {phone} | credit list
term list | term list phone:{phone} | term preview --from 2024-01-31 --term 1m --count 2
term cancel @member --reason moved --yes | term cancel phone:{phone} --reason x --yes
refund preview @order | refund preview {phone} | refund request @order --reason moved
refund request {id} --reason x --amount {phone} | refund review RF-0001 --approve
refund review {phone} --reject no | refund pay RF-0001 --yes | refund pay {id} --yes
refund fail {phone} --reason x --yes | refund withdraw {id} --reason x --yes
refund list --member phone:{phone} | refund list --order {phone} | refund show {phone}
card issue phone:{phone} | card issue {id} | card list | card show {phone}
card replace {id} --reason x | card block {phone} --reason x | card stock SH01 | card stock {phone}
message list | message list --member phone:{phone} | message preview MS-000001
message send | message print | message retry MS-000001 | message settle {phone} --sent
message print --reveal letters --output {missing} | message settle MS-000001 --failed
template list | template show {phone} --language zh | template reset {id} --language en
template set {missing} --language zh | member opt-out {phone} --category marketing
member opt-outs @member | member opt-out @member --category marketing
reminder run | reminder explain phone:{phone} | reminder explain {id} | reminder calls
reminder steps
message preview {phone} | ledger balance | ledger journal | ledger check
plan add {phone}! --name x --term 1m --price {phone}x | plan revise {id} --price 1 --from 2027-01-01
plan withdraw {id} | plan list | plan show {phone} | plan import {missing}
tier list | tier show {phone} | tier revise {id} --price 90 | agreement publish {missing}
agreement list | agreement show {phone} | staff add {id}! --name x --role service | staff list
staff show {phone} | staff grant {phone} --role service | staff revoke {id} --role service
staff leave {phone} | staff rights | staff pin {phone} --remove
staff pin {phone} --pin-file {missing}
proposal list | proposal show {phone} | proposal approve {id} | proposal withdraw {phone}
proposal reject {phone} --reason {id}
branch add {email} --name x | branch list | branch show {phone}
policy list | policy show {phone} | policy set {phone} 1 | policy set review_days {phone}
calendar add {phone} | calendar show {phone} | calendar list | audit log
audit log --object {phone}
audit verify | audit anchor
db check --deep | db upgrade | run daily | status | doctor | help {phone}
archive list | archive create --quarter 2025Q4 --to {missing} | archive verify {phone}
archive request {phone} --reason x | archive request @order --reason x | archive requests
archive approve {phone} | archive refuse {id} | archive view {phone}
retention list | retention run --dry-run
member hold @member --until 2026-04-01 --reason x | member hold {phone} --until {born} --reason x
member release @member --reason x | member release {id} --reason x | member holds @member
member holds phone:{phone} | member expel {phone} --reason x | member readmit {id} --reason x
payment chargeback {phone} --reason x --yes | credit show @member | credit show phone:{phone}
credit apply {phone} | credit payout @member --method cash --reason x | credit stale {id} --reason x
credit approve {phone} | credit refuse {id} --reason x | credit pay {phone} --yes
credit requests | credit requests --member phone:{phone} | invoice issue @order | invoice list
invoice issue {phone} | invoice show {phone} | invoice void {id} --reason x --yes
invoice credit {phone} --reason x | debt list | debt list --member phone:{phone}
debt instalments {phone} --count 3 | debt show @order | debt show {id}
debt write-off {phone} --reason x | debt approve {phone} | debt refuse {id} --reason x
till close --method cash --counted {phone}x | till list | till show {phone}
bank import {missing} --account {phone} | bank import {file} --account A1 --format alipay
bank lines --account {phone} | bank match --account {id} | bank show {phone} | bank report
bank account list | bank map example | term history @member | term history phone:{phone}
term freeze phone:{phone} --from {born}x --until x --reason x | term resume {id} --reason x
renewal list --within 30d | renewal list --within {phone} | checkin scan {phone}
checkin scan {id} --branch {phone} | checkin undo {phone} --reason x | checkin list
checkin list --member phone:{phone} | checkin refused | checkin refused --member {id}
checkin show {phone} | checkin inside | ledger recognise --through {born}x
ledger statement --month {phone} | ledger export --to beancount | branch update {email} --hours x
backup create {missing}/x | backup verify {missing} | backup list {missing}
backup restore {missing} --yes | db copy --to {phone}/x.db | db roles
init --owner {email} | completion bash | batch
"""


@pytest.fixture
def canary(
    shop: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Program, dict[str, str]]:
    """A store that knows the canary, and what the lines' names stand for."""
    monkeypatch.chdir(tmp_path)  # One of the lines makes a file that is named without a folder.
    member = shop.ok("member", "register", "-", as_="li", stdin=json.dumps(PERSON))["number"]
    other = a_member(shop, "金丝猴")
    order = a_join_order(shop, member)
    confirm(shop, order)
    pay(shop, order, "600.00")
    file = tmp_path / "people.csv"
    header = "external_ref,name,phone,email,birth_date,id_number,address,plan\n"
    cells = ("金丝雀", PHONE, EMAIL, BORN, RESIDENT_ID, ADDRESS, "YEAR")
    wrong = ("x", f"{PHONE}000000", f"{EMAIL}@", f"{BORN}x", f"{RESIDENT_ID}9", ADDRESS, PHONE)
    file.write_text(header + f"A1,{','.join(cells)}\nA2,{','.join(wrong)}\n")
    return shop, {
        "@member": member, "@other": other, "@order": order, "{phone}": PHONE, "{id}": RESIDENT_ID,
        "{email}": EMAIL, "{address}": ADDRESS, "{born}": BORN, "{file}": str(file),
        "{missing}": str(tmp_path / f"{PHONE}.csv"),
    }  # fmt: skip


def lines() -> Iterator[str]:
    """Yield the command lines."""
    for row in LINES.strip().splitlines():
        yield from (line.strip() for line in row.split("|"))


def words(line: str, names: dict[str, str]) -> list[str]:
    """Return the words of a line with its names replaced."""
    found = line.split()
    for name, value in names.items():
        found = [word.replace(name, value) for word in found]
    return found


def leaks(text: str, typed: list[str]) -> list[str]:
    """Return the secrets in a text; a path that was typed may be named again."""
    for word in typed:
        if "/" in word:
            text = text.replace(word, "").replace(Path(word).name, "")
    return [secret for secret in SECRETS if secret in text]


def test_the_lines_run_every_verb() -> None:
    ran = {tuple(line.split()[:2]) for line in lines()}
    single = {"init", "status", "doctor", "batch", "completion", "help"}
    wanted = {
        (noun, verb)
        for noun in set(TREE) - single
        for verb in tree().get_command(None, noun).list_commands(None)
    }
    assert wanted <= ran
    assert single <= {line.split()[0] for line in lines()}


def assert_nothing_is_shown(shop: Program, names: dict[str, str], forms: Sequence[str]) -> int:
    """Run every line in these formats and search what is printed and filed; return the runs."""
    found = {}
    runs = 0
    for line in lines():
        for form in forms:
            typed = words(line, names)
            done = shop(*typed, "--format", form)
            runs += 1
            assert done.exit != 1, (line, done.err)
            if seen := leaks(done.out + done.err, typed):
                found[line, form] = (seen, done.out + done.err)
    assert found == {}
    for path in (shop.folder / "state").rglob("*"):
        assert path.is_dir() or not leaks(path.read_text(), []), path
    return runs


def test_nothing_that_is_printed_or_filed_shows_the_canary(
    canary: tuple[Program, dict[str, str]],
) -> None:
    shop, names = canary
    assert_nothing_is_shown(shop, names, ("json", "table"))


def test_nothing_but_the_member_s_own_rows_holds_the_canary(
    canary: tuple[Program, dict[str, str]],
) -> None:
    shop, names = canary
    for line in lines():
        shop(*words(line, names), "--key", f"K-{hash(line) % 10**6}")
    connection = sqlite3.connect(shop.location)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
    holding = set()
    for table in tables:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ? AND type = 'table'",
                                  (table,)).fetchone():  # fmt: skip
            continue
        for row in connection.execute(f'SELECT * FROM "{table}"'):
            if leaks(" ".join(str(cell) for cell in row), []):
                holding.add(table)
    connection.close()
    assert holding == {"member"}
    stored = Path(shop.location).read_bytes()
    assert RESIDENT_ID.encode() not in stored, "an ID number is stored sealed only"


def test_revealing_needs_a_reason_and_is_logged(canary: tuple[Program, dict[str, str]]) -> None:
    shop, names = canary
    line = ("member", "show", names["@member"])
    assert shop(*line, "--reveal", "called back", as_="sun").exit == 5
    shown = shop(*line, "--reveal", "called back", as_="zhao")
    assert PHONE in shown.out
    events = [row["event"] for row in shop.ok("audit", "log")]
    assert "personal.revealed" in events


def test_a_person_can_be_registered_without_a_trace_in_the_list_of_processes(
    grounds: Grounds, tmp_path: Path
) -> None:
    shop = Program(grounds.sqlite_copy(tmp_path / "store.db"), grounds.key_dir / "sqlite", tmp_path)
    running = terminal(
        shop, "member", "register", "-", folder=tmp_path / "t", as_="li",
        stdin=json.dumps(PERSON).encode(),
    )  # fmt: skip
    listed = b""

    def has_ended() -> bool:
        nonlocal listed
        for name in ("cmdline", "environ"):
            try:
                listed += Path(f"/proc/{running.process.pid}/{name}").read_bytes()
            except OSError:
                return True
        return not running.process.is_alive()

    assert happens(has_ended)
    assert running.end() == 0, running.err
    assert not leaks(listed.decode(errors="replace"), [])
