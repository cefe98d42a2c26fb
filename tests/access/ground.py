"""Stories of members with cards at a door, told by commands."""

from __future__ import annotations

from typing import Any

from tests.histories import a_member, confirm, pay
from tests.program import Program

DAY = "2026-03-02"


def at(memberctl: Program, moment: str) -> None:
    """Let the clock stand at a local time in Shanghai, e.g. "2026-03-31 23:59"."""
    memberctl.now = f"{moment.replace(' ', 'T')}:00+08:00"


def sold(memberctl: Program, member: str, plan: str, price: str) -> str:
    """Sell a plan to a member, paid at once, and return the order's number."""
    filed = memberctl.ok("order", "file", member, "--plan", plan, "--agreed", as_="sun")
    confirm(memberctl, filed["number"])
    pay(memberctl, filed["number"], price)
    return str(filed["number"])


def a_holder(memberctl: Program, plan: str = "YEAR", price: str = "3650.00") -> tuple[str, str]:
    """Return a member who bought a plan, and the number of the card."""
    member = a_member(memberctl)
    sold(memberctl, member, plan, price)
    return member, str(memberctl.ok("card", "issue", member, as_="sun")["number"])


def a_pack(memberctl: Program, visits: int, code: str = "PACK", term: str = "6m") -> str:
    """Offer a pack of visits for 100.00 and return its code."""
    memberctl.ok(
        "plan", "add", code, "--name", f"{visits}次卡", "--term", term, "--price", "100.00",
        "--visits", str(visits), as_="zhao",
    )  # fmt: skip
    return code


def scan(memberctl: Program, card: str, *more: str, exit: int = 0, as_: str = "sun") -> Any:
    """Scan a card and return the answer, which must end with this exit code."""
    result = memberctl("checkin", "scan", card, *more, "--format", "json", as_=as_)
    assert result.exit == exit, result
    return result.json


def reason(memberctl: Program, card: str, *more: str, exit: int = 6) -> Any:
    """Scan a card whose holder is not let in and return why."""
    answer = scan(memberctl, card, *more, exit=exit)
    assert (answer["allowed"], answer["visit"]) == (False, None)
    return answer["reason"]
