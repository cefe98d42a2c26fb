"""R23: two engines, one behaviour: random histories answer alike and leave equal stores."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from memberctl.store.copying import NOT_COPIED
from memberctl.store.schema import metadata
from tests.conftest import ENGINES
from tests.contents import content
from tests.stores import Grounds, drop_database
from tests.warm import WarmProgram

HISTORIES = 200
STEPS = 6
PEOPLE = ("sun", "li", "wang", "zhao", "qian", "zhou", "wu", "zheng", "feng")
NAMES = ("张伟", "王芳", "Nguyễn Thị", "O'Brien", "=SUM(1)")


@dataclass(slots=True)
class Numbers:
    """What the histories have made so far, by what a line needs."""

    people: int = 0
    references: int = 0
    members: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    refunds: list[str] = field(default_factory=list)

    def take_in(self, answer: Any) -> None:
        """Keep the numbers that an answer names."""
        for row in answer if isinstance(answer, list) else [answer]:
            if not isinstance(row, dict):
                continue
            number = str(row.get("number") or "")
            for known, prefixes in (
                (self.members, ("M-",)), (self.payments, ("P-",)), (self.cards, ("86",)),
                (self.refunds, ("RF-",)), (self.orders, ("JN-", "RN-", "GR-", "DN-", "TR-", "SV-")),
            ):  # fmt: skip
                if number.startswith(prefixes) and number not in known:
                    known.append(number)


LINES = (
    "member register {name} --phone {phone} --branch {branch}",
    "member register {name} --email {email}",
    "member update {member} --phone {phone}",
    "member update {member} --name {name} --reason misspelt",
    "member list --limit 5",
    "member show {member}",
    "order file {member} --plan {plan} --agreed",
    "order file {member} --plan {plan} --agreed --kind renewal",
    "order file {member} --plan YEAR --agreed --kind upgrade",
    "order file {member} --kind service --line hall:2:{amount}",
    "order withdraw {order} --reason x --yes",
    "order show {order}",
    "order list --limit 5",
    "review advance {order} --approve",
    "review advance {order} --approve",
    "review advance {order} --approve",
    "review advance {order} --return papers",
    "review advance {order} --reject no",
    "quote revise {order} --price {amount}",
    "payment record {order} {amount} --method cash --again",
    "payment record {order} 3650.00 --method wechat --reference {reference}",
    "payment record {order} 399.00 --method alipay --reference {reference}",
    "payment verify {payment}",
    "payment void {payment} --reason wrong --yes",
    "card issue {member}",
    "card block {card} --reason lost",
    "card replace {card} --reason lost",
    "term list {member}",
    "credit list",
    "status",
    "ledger balance",
    "run daily",
)


def next_line(dice: random.Random, known: Numbers) -> list[str]:
    """Return a command line that may well succeed, or be refused."""
    known.people += 1
    known.references += dice.random() < 0.8
    words = {
        "name": dice.choice(NAMES),
        "phone": f"139{known.people:08d}",
        "email": f"p{known.people}@example.com",
        "branch": dice.choice(("SH01", "BJ01")),
        "plan": dice.choice(("YEAR", "MONTH")),
        "amount": dice.choice(("0.01", "100.00", "399.00", "1825.00", "3650.00", "4000.00")),
        "reference": f"TX{known.references}",
    }
    for key, numbers in (
        ("member", known.members), ("order", known.orders), ("payment", known.payments),
        ("card", known.cards), ("refund", known.refunds),
    ):  # fmt: skip
        words[key] = dice.choice(numbers[-3:] or ["M-000001"])
    return [word.format(**words) for word in dice.choice(LINES).split()]


@pytest.fixture
def shops(grounds: Grounds, tmp_path: Path) -> Iterator[dict[str, WarmProgram]]:
    """The same organisation on each engine, its stores kept open."""
    name, url = grounds.postgres_copy()
    folders = {kind: tmp_path / kind for kind in ENGINES}
    for folder in folders.values():
        folder.mkdir()
    locations = {"sqlite": grounds.sqlite_copy(folders["sqlite"] / "s.db"), "postgresql": url}
    programs = {
        kind: WarmProgram(locations[kind], grounds.key_dir / kind, folders[kind])
        for kind in ENGINES
    }
    yield programs
    for program in programs.values():
        program.close()
    drop_database(name)


def live(shops: dict[str, WarmProgram], dice: random.Random, histories: int) -> int:
    """Let the histories happen on every engine; return how many lines succeeded.

    Each line must be answered alike: exit code, data and words.
    """
    known, succeeded, day = Numbers(), 0, date(2026, 3, 2)
    for step in range(histories * STEPS):
        if step % STEPS == 0:
            day += timedelta(days=dice.choice((0, 0, 1, 3)))
        line, person = next_line(dice, known), dice.choice(PEOPLE)
        answers = []
        for program in shops.values():
            program.now = f"{day}T10:00:00+08:00"
            done = program(*line, "--format", "json", "--key", f"K{step}", as_=person)
            answers.append((done.exit, done.out, done.err))
        assert answers[0] == answers[1], line
        if answers[0][0] == 0:
            succeeded += 1
            known.take_in(done.json)
    return succeeded


def assert_equal(shops: dict[str, WarmProgram]) -> None:
    """Assert that both stores hold the same and that nothing in them contradicts itself."""
    one, other = (content(program.location) for program in shops.values())
    for table in metadata.tables.keys() - {NOT_COPIED}:
        assert one[table] == other[table], table
    for program in shops.values():
        assert program.ok("db", "check")["problems"] == []


def test_random_histories_are_one_history_on_both_engines(
    shops: dict[str, WarmProgram], dice: random.Random
) -> None:
    succeeded = live(shops, dice, HISTORIES)
    assert succeeded > HISTORIES * STEPS // 5, "most lines were refused: nothing was compared"
    assert_equal(shops)
