"""Histories for tests: what a shop did before the test begins, done by its own commands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.bank.texts import swift
from tests.program import Program

# Phones that nobody else in a store has, the same ones in the same order in every store.
PHONES: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(13_800_000_001))


def a_member(memberctl: Program, name: str = "张伟", *more: str) -> str:
    """Register somebody with a phone that nobody else has and return the number."""
    made = memberctl.ok(
        "member", "register", "--name", name, "--phone", str(next(PHONES[memberctl.location])),
        "--branch", "SH01", *more, as_="li",
    )  # fmt: skip
    return str(made["number"])


def a_join_order(memberctl: Program, member: str) -> str:
    """File a complete join order and return its number."""
    filed = memberctl.ok("order", "file", member, "--plan", "YEAR", "--agreed", as_="sun")
    return str(filed["number"])


def confirm(memberctl: Program, order: str) -> None:
    """Lead an order through all its stages, each decided by another person."""
    for person in ("li", "wang", "zhao"):
        if memberctl.ok("order", "show", order)["state"] == "confirmed":
            return
        memberctl.ok("review", "advance", order, "--approve", as_=person)


def a_confirmed_order(memberctl: Program) -> str:
    """Return a join order of a new member on which 3650.00 is due."""
    order = a_join_order(memberctl, a_member(memberctl))
    confirm(memberctl, order)
    return order


def a_big_order(memberctl: Program, total: str = "1000000.00") -> str:
    """Return a confirmed service order that can take many payments."""
    filed = memberctl.ok(
        "order", "file", a_member(memberctl), "--kind", "service", "--line", f"hall:1:{total}",
        as_="sun",
    )  # fmt: skip
    confirm(memberctl, filed["number"])
    return str(filed["number"])


def pay(memberctl: Program, order: str, amount: str, *more: str) -> Any:
    """Record money for an order in cash."""
    return memberctl.ok("payment", "record", order, amount, "--method", "cash", *more, as_="qian")


def a_paid_member(memberctl: Program) -> tuple[str, str]:
    """Return the numbers of a member who has paid in two parts, and of the order."""
    order = a_confirmed_order(memberctl)
    pay(memberctl, order, "600.00")
    pay(memberctl, order, "3050.00")
    return str(memberctl.ok("order", "show", order)["member"]), order


def two_refunds(memberctl: Program) -> tuple[str, str]:
    """Return the numbers of two refunds of one order: one that is asked for, one approved."""
    order = a_paid_member(memberctl)[1]
    line = ("refund", "request", order, "--reason", "moved away", "--amount")
    asked = memberctl.ok(*line, "100.00", as_="sun")["number"]
    approved = memberctl.ok(*line, "200.00", as_="sun")["number"]
    memberctl.ok("refund", "review", approved, "--approve", as_="wang")
    return str(asked), str(approved)


def three_refunds(memberctl: Program) -> dict[str, str]:
    """Let one order be refunded in parts: one asked for, one approved, one paid ("returned")."""
    asked, approved = two_refunds(memberctl)
    order = memberctl.ok("refund", "show", asked)["order"]
    line = ("refund", "request", order, "--reason", "moved away", "--amount", "300.00")
    returned = memberctl.ok(*line, as_="sun")["number"]
    memberctl.ok("refund", "review", returned, "--approve", as_="wang")
    memberctl.ok("refund", "pay", returned, "--yes", as_="qian")
    return {"asked": asked, "approved": approved, "returned": returned}


def a_matched_statement(memberctl: Program) -> str:
    """Take in a statement that pays an order and has a fee, match it and return the order."""
    order = a_confirmed_order(memberctl)
    path = memberctl.folder / "statement.sta"
    rows = (f":61:2603010301C3650,NTRFNONREF//A1\n:86:{order}", ":61:2603010301D5,NCHGNONREF")
    path.write_text(swift(*rows, opening="C260301CNY0,", closing="C260301CNY3645,"))
    memberctl.ok("bank", "import", str(path), "--account", "BANK", as_="qian")
    memberctl.ok("bank", "match", as_="owner")
    return order


def a_busy_day(memberctl: Program) -> dict[str, str]:
    """Let everything happen at least once and return the numbers of what tests look at.

    paid -- a fulfilled order, member -- its member, card -- their first card, replaced since
    voided -- an order whose payment was an error; over -- one that was paid too much
    returned, rejected, withdrawn, revised -- join orders that came so far
    known -- a member with an identity number and a change request
    refunded -- an order of which one refund is paid and one waits for its payout
    kept, gone -- two numbers of one person, merged; erased -- somebody who was erased
    """
    member, paid = a_paid_member(memberctl)
    card = memberctl.ok("card", "issue", member, as_="sun")["number"]
    card_now = memberctl.ok("card", "replace", card, "--reason", "lost", as_="sun")["number"]
    memberctl.ok("policy", "set", "entry_repeat_minutes", "0")
    visits = [memberctl.ok("checkin", "scan", card_now, as_="sun")["visit"] for _ in range(3)]
    memberctl.ok("checkin", "undo", visits[0], "--reason", "tried out", as_="li")
    memberctl("checkin", "scan", card, as_="sun")
    voided = a_confirmed_order(memberctl)
    payment = pay(memberctl, voided, "3650.00")["number"]
    memberctl.ok("payment", "void", payment, "--reason", "wrong order", "--yes", as_="qian")
    over = a_confirmed_order(memberctl)
    pay(memberctl, over, "4000.00")
    ends = {verb: a_join_order(memberctl, a_member(memberctl)) for verb in ("return", "reject", "")}
    memberctl.ok("review", "advance", ends["return"], "--return", "copy of the ID", as_="li")
    memberctl.ok("review", "advance", ends["reject"], "--reject", "under age", as_="li")
    memberctl.ok("order", "withdraw", ends[""], "--reason", "moved away", "--yes", as_="sun")
    revised = a_join_order(memberctl, a_member(memberctl))
    memberctl.ok("review", "advance", revised, "--approve", as_="li")
    memberctl.ok("quote", "revise", revised, "--price", "3000.00", as_="wang")
    known = a_member(memberctl, "李娜", "--id-number", "11010519491231002X")
    memberctl.ok("member", "update", known, "--name", "李安娜", "--reason", "misspelt", as_="sun")
    kept, gone = a_member(memberctl, "王芳"), a_member(memberctl, "王方")
    memberctl.ok("member", "merge", kept, gone, "--reason", "misheard", "--yes", as_="zhao")
    erased = a_member(memberctl, "马丽")
    memberctl.ok("member", "erase", erased, "--reason", "by letter", "--yes")
    memberctl.ok("branch", "add", "GZ01", "--name", "Guangzhou", "--key", "K1")
    asked, approved = two_refunds(memberctl)
    memberctl.ok("refund", "review", asked, "--approve", as_="wang")
    memberctl.ok("refund", "pay", asked, "--yes", as_="qian")
    a_matched_statement(memberctl)
    return {
        "member": member, "paid": paid, "voided": voided, "over": over, "card": card,
        "returned": ends["return"], "rejected": ends["reject"], "withdrawn": ends[""],
        "revised": revised, "known": known, "kept": kept, "gone": gone,
        "refunded": memberctl.ok("refund", "show", approved)["order"],
        "erased": erased,
    }  # fmt: skip
