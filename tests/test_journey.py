"""The main job, from an enquiry to a card and back, by commands alone, on both engines.

Afterwards nothing in the stores contradicts itself, and both engines hold the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from memberctl.store.schema import metadata
from tests.conftest import ENGINES
from tests.contents import KEYED, content
from tests.program import Program
from tests.stores import Grounds, drop_database

PEOPLE = """\
编号,姓名,手机号,套餐,签约日期
A-1,张伟,13800138001,YEAR,2026-03-01
A-2,孙小妹,138-0013-8002,MONTH,2026-03-01
A-3,李四,110,YEAR,2026-03-01
"""


class Walk:
    """One walk through the main job on one store, step by step."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.keys = 0

    def do(self, line: str, as_: str, **more: str) -> Any:
        """Run a command that must succeed, under a key that is the same in every walk."""
        self.keys += 1
        words = [more.get(word, word) for word in line.split()]
        return self.program.ok(*words, "--key", f"step-{self.keys}", as_=as_)

    def see(self, line: str) -> Any:
        """Look at something as the manager."""
        return self.program.ok(*line.split(), as_="zhao")

    def on(self, day: str) -> None:
        """Let it be ten o'clock of a day in Shanghai."""
        self.program.now = f"{day}T10:00:00+08:00"

    def walk(self) -> None:
        """Walk all the way."""
        self.import_two_of_three()
        member = self.register()
        order = self.order_and_approve(member)
        self.pay_in_two_parts(order)
        self.receive_term_and_card(member)
        self.void_a_payment()
        self.withdraw()
        self.change_a_birth_date(member)
        self.forfeit_what_was_not_paid()

    def import_two_of_three(self) -> None:
        path = self.program.folder / "people.csv"
        path.write_text(PEOPLE)
        first = self.program("application", "import", str(path), "--format", "json", as_="li")
        assert first.exit == 3, first
        assert (first.json["created"], first.json["rejected"]) == (2, 1)
        again = self.program("application", "import", str(path), "--format", "json", as_="li")
        assert (again.json["created"], again.json["unchanged"]) == (0, 2)

    def register(self) -> str:
        member = self.do(
            "member register NAME --phone +8613712345678 --id-number 110101199003074514"
            " --branch SH01", "sun", NAME="钱多多",
        )  # fmt: skip
        self.do(f"member verify {member['number']} --document-seen resident_id", "sun")
        assert member["phone"] == "137****5678"
        return str(member["number"])

    def order_and_approve(self, member: str) -> str:
        order = self.do(f"order file {member} --plan YEAR --agreed", "sun")["number"]
        stages = [
            self.do(f"review advance {order} --approve", person)["stage"]
            for person in ("li", "wang", "zhao")
        ]
        assert stages == ["initial", "second", "final"]
        (quote,) = self.see(f"quote show {order}")
        assert (quote["state"], quote["total"]["amount"]) == ("accepted", "3650.00")
        shown = self.see(f"order show {order}")
        assert (shown["state"], shown["due_on"]) == ("confirmed", "2026-03-09")
        return str(order)

    def pay_in_two_parts(self, order: str) -> None:
        self.on("2026-03-03")
        first = self.do(f"payment record {order} 1000.00 --method cash", "sun")
        assert (first["order_state"], first["open"]["amount"]) == ("confirmed", "2650.00")
        assert self.see("term list") == []
        second = self.do(f"payment record {order} 2650.00 --method wechat --reference TX1", "sun")
        assert (second["order_state"], second["open"]["amount"]) == ("fulfilled", "0.00")
        for payment in (first, second):
            self.do(f"payment verify {payment['number']}", "qian")
        assert self.see(f"receipt show {second['receipt']}")["state"] == "issued"

    def receive_term_and_card(self, member: str) -> None:
        (term,) = self.see(f"term list {member}")
        assert (term["start_on"], term["end_on"], term["status"]) == (
            "2026-03-03", "2027-03-02", "active",
        )  # fmt: skip
        self.do(f"card issue {member}", "sun")
        assert self.program("card", "issue", member, as_="sun").exit == 6
        assert self.see(f"member show {member}")["status"] == "active"

    def void_a_payment(self) -> None:
        """Pay one imported application, then take the payment back with all that it caused."""
        order = self.applicant_order("name:孙小妹")
        paid = self.do(f"payment record {order} 399.00 --method alipay --reference TX2", "sun")
        assert paid["order_state"] == "fulfilled"
        self.do("card issue name:孙小妹", "sun")
        self.do(f"payment void {paid['number']} --reason REASON --yes", "qian", REASON="wrong one")
        assert self.see(f"order show {order}")["state"] == "confirmed"
        assert self.see("member show name:孙小妹")["status"] != "active"
        cards = self.see("card list --member name:孙小妹")
        assert [card["state"] for card in cards] == ["blocked"]

    def applicant_order(self, member: str) -> str:
        (order,) = self.see(f"order list --member {member}")
        for person in ("zhou", "wu", "zheng"):
            self.do(f"review advance {order['number']} --approve", person)
        return str(order["number"])

    def withdraw(self) -> None:
        other = self.do("member register NAME --email wang@example.com", "sun", NAME="王五")
        order = self.do(f"order file {other['number']} --plan MONTH --agreed", "sun")["number"]
        gone = self.do(f"order withdraw {order} --reason REASON --yes", "sun", REASON="moved away")
        assert gone["state"] == "withdrawn"

    def change_a_birth_date(self, member: str) -> None:
        asked = self.do(
            f"member update {member} --name NAME --reason REASON", "sun",
            NAME="钱多", REASON="passport",
        )  # fmt: skip
        (request,) = asked["requests"]
        refused = self.program("member", "approve-change", request, as_="sun")
        assert refused.exit == 5
        self.do(f"member approve-change {request}", "wang")
        assert self.see(f"member show {member}")["name"] == "钱多"

    def forfeit_what_was_not_paid(self) -> None:
        order = self.applicant_order("name:张伟")
        due_on = self.see(f"order show {order}")["due_on"]
        self.program.ok("run", "daily", "--as-of", due_on, as_="zhao")
        assert self.see(f"order show {order}")["state"] == "confirmed"
        self.program.ok("run", "daily", "--as-of", "2026-03-20", as_="zhao")
        assert self.see(f"order show {order}")["state"] == "forfeited"


@pytest.fixture(scope="module")
def walks(grounds: Grounds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Walk]]:
    """The same walk on each engine."""
    name, url = grounds.postgres_copy()
    sqlite = tmp_path_factory.mktemp("sqlite")
    folders = {"sqlite": sqlite, "postgresql": tmp_path_factory.mktemp("postgresql")}
    locations = {"sqlite": grounds.sqlite_copy(sqlite / "store.db"), "postgresql": url}
    done = {
        kind: Walk(Program(locations[kind], grounds.key_dir / kind, folders[kind]))
        for kind in ENGINES
    }
    for each in done.values():
        each.walk()
    yield done
    drop_database(name)


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize("check", ["ledger check", "db check --deep", "audit verify"])
def test_after_the_whole_way_nothing_contradicts_itself(
    walks: dict[str, Walk], kind: str, check: str
) -> None:
    checked = walks[kind].program.ok(*check.split())
    assert checked["checked"] > 0
    assert checked["problems"] == []


def test_both_engines_hold_the_same_in_every_table(walks: dict[str, Walk]) -> None:
    one, other = (content(walks[kind].program.location) for kind in ENGINES)
    assert sum(map(len, one.values())) > 100
    for table, rows in one.items():
        assert rows == other[table], table


def test_every_keyed_column_is_one_of_a_table() -> None:
    known = {column.name for table in metadata.sorted_tables for column in table.columns}
    assert set(KEYED) <= known
