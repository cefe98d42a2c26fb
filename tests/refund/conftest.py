"""Members who paid, and refunds as the tests of refunds ask for them, by commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import pytest

from memberctl.access.tables import Term
from memberctl.access.visit_tables import Visit
from memberctl.access.visiting import VisitGround
from memberctl.store.engine import Store
from tests.histories import a_member, confirm
from tests.program import Program
from tests.warm import WarmProgram


@pytest.fixture
def club(memberctl: Program) -> Iterator[WarmProgram]:
    """The program on the first day of 2026, on both engines."""
    yield from a_club(memberctl)


def a_club(program: Program) -> Iterator[WarmProgram]:
    """Give a program with its store kept open, because these stories take many commands."""
    warm = WarmProgram(program.location, program.key_dir, program.folder)
    warm.now = "2026-01-01T10:00:00+08:00"
    yield warm
    warm.close()


@pytest.fixture
def a_year(club: WarmProgram) -> Callable[..., str]:
    """Let somebody join for 1000.00 a year and pay in parts on 2026-01-01; return the order."""
    club.ok("plan", "add", "GYM", "--name", "健身卡", "--term", "12m", "--price", "1000.00")

    def join(*parts: tuple[str, str], plan: str = "GYM", member: str | None = None) -> str:
        line = ("order", "file", member or a_member(club), "--plan", plan, "--agreed")
        order = str(club.ok(*line, as_="sun")["number"])
        confirm(club, order)
        for amount, method in parts or (("1000.00", "cash"),):
            line = ("payment", "record", order, amount, "--method", method)
            club.ok(*line, as_="feng")
        return order

    return join


def on(club: Program, day: str, clock: str = "10:00") -> None:
    """Let it be a time of a day in Shanghai."""
    club.now = f"{day}T{clock}:00+08:00"


def cny(amount: str) -> dict[str, str]:
    """Return an amount as JSON has it."""
    return {"amount": amount, "currency": "CNY"}


def shares(found: Any) -> list[tuple[str, str]]:
    """Return by which method how much goes back."""
    return [(part["method"], part["amount"]["amount"]) for part in found["parts"]]


def ask(club: Program, order: str, *more: str) -> Any:
    """Ask for a refund at reception."""
    return club.ok("refund", "request", order, "--reason", "moved away", *more, as_="sun")


def approve(club: Program, refund: str) -> Any:
    """Approve a refund as a manager."""
    return club.ok("refund", "review", refund, "--approve", as_="zhao")


def pay_out(club: Program, refund: str, *more: str) -> Any:
    """Pay an approved refund as finance."""
    return club.ok("refund", "pay", refund, "--yes", *more, as_="qian")


def refunded(club: Program, order: str, *more: str) -> Any:
    """Ask for a refund, approve it and pay it; return what the payout said."""
    asked = ask(club, order, *more)
    approve(club, asked["number"])
    return pay_out(club, asked["number"])


def member_of(club: WarmProgram, order: str) -> str:
    return str(club.ok("order", "show", order)["member"])


def terms(club: WarmProgram, order: str) -> list[tuple[str, str, str]]:
    """Return start, end and status of each term of an order's member."""
    listed = club.ok("term", "list", member_of(club, order))
    return [(each["start_on"], each["end_on"], each["status"]) for each in listed]


def a_card(club: WarmProgram, order: str) -> str:
    return str(club.ok("card", "issue", member_of(club, order), as_="sun")["number"])


def come_in(club: WarmProgram, day: str) -> None:
    """Let the first card's holder come in by the first term, as the scanner would write it."""
    with Store(club.location).writing() as session:
        session.add(
            Visit(
                id=1, card_id=1, member_id=session.get_one(Term, 1).member_id, term_id=1,
                ground=VisitGround.TERM, visited_at=datetime.fromisoformat(f"{day}T04:00:00Z"),
                visited_on=date.fromisoformat(day), recorded_by=1,
            )
        )  # fmt: skip
        session.commit()
