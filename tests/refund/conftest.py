"""Members who paid, and refunds as the tests of refunds ask for them, by commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.histories import a_member, confirm
from tests.program import Program
from tests.warm import WarmProgram


@pytest.fixture
def club(memberctl: Program) -> Iterator[WarmProgram]:
    """The program with its store kept open, because these stories take many commands."""
    warm = WarmProgram(memberctl.location, memberctl.key_dir, memberctl.folder)
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
