"""Whoever cannot be asked is told what a destructive command would come to, and nothing is done."""

from __future__ import annotations

import re
from inspect import getsource

from memberctl.cli.lazy import TREE
from memberctl.cli.main import tree
from tests import histories
from tests.office.test_branches import with_clerk
from tests.program import Program

USAGE, REFUSED, NOT_PERMITTED = 2, 6, 5
WHY = "--reason moved"
# What is typed, by whom, and what they are told; @words are numbers of the history.
QUESTIONS = [
    (f"order withdraw @revised {WHY}", "sun", "Withdraw @revised? Nothing was paid for it."),
    (f"order void @owing {WHY}", "zhao",
     "Void @owing? Terms ending: 0, cards blocked: 0. 600.00 CNY, which was paid for it, becomes"
     " the member's credit."),
    (f"payment void @payment {WHY}", "zhao", "terms ending: "),
    (f"payment chargeback @payment {WHY}", "qian", "cards blocked at most: "),
    (f"term cancel @member {WHY}", "sun",
     "Cancel the term of @paid without a refund? The term from "),
    ("refund pay @approved", "qian", "Pay @approved, "),
    (f"refund withdraw @asked {WHY}", "sun", "Nothing goes back to the member."),
    (f"invoice void @invoice {WHY}", "qian", "Void @invoice of 3650.00 CNY for @paid?"),
    ("debt approve @write_off", "zhao", "Write off 3650.00 CNY of "),
    ("credit pay @payout", "qian", "Pay 0.01 CNY to "),
    (f"member expel @member {WHY}", "zhao", "Expel @member? Cards blocked: 1;"),
    (f"member erase @known {WHY}", "owner", "Erase @known for ever?"),
    (f"member merge @member @known {WHY}", "zhao", "Merge @known into @member?"),
    (f"member unmerge @merge {WHY}", "zhao", "Take @merge back? "),
    ("retention run", "owner", "Erase 0 members and delete 0 rows, which are past their time,"),
]  # fmt: skip
# They ask too, and have tests of their own: a payout that came back, a store that is replaced.
ELSEWHERE = {"refund fail", "backup restore"}
ASKS = re.compile(r"\bconfirm(_outcome)?\(")


def named(text: str, numbers: dict[str, str]) -> str:
    """Return a text with its @words replaced, the longest names first."""
    for name in sorted(numbers, key=len, reverse=True):
        text = text.replace(f"@{name}", numbers[name])
    return text


def test_every_question_is_told_to_whoever_cannot_be_asked_and_nothing_is_done(
    memberctl: Program,
) -> None:
    numbers = with_clerk(memberctl)
    numbers["owing"] = histories.a_confirmed_order(memberctl)
    histories.pay(memberctl, numbers["owing"], "600.00")
    memberctl.ok("credit", "approve", numbers["payout"], as_="zhao")
    before = memberctl.ok("audit", "log", "--limit", "1")
    for line, who, told in QUESTIONS:
        done = memberctl(*named(line, numbers).split(), as_=who)
        assert (done.exit, done.out) == (USAGE, ""), (line, done)
        assert "this needs a confirmation, and nobody can be asked: " in done.err, line
        assert named(told, numbers) in done.err, (line, done.err)
        assert "add --yes to agree to it" in done.err
    assert memberctl.ok("audit", "log", "--limit", "1") == before


def test_a_question_names_what_was_found_and_never_what_was_typed(memberctl: Program) -> None:
    phone = "13912345678"
    member = memberctl.ok("member", "register", "张伟", "--phone", phone, as_="sun")["number"]
    done = memberctl("member", "expel", f"phone:{phone}", "--reason", "fraud", as_="zhao")
    assert done.exit == USAGE and f"Expel {member}?" in done.err
    assert phone not in done.err
    unknown = memberctl("order", "withdraw", phone, "--reason", "x", as_="sun")
    assert unknown.exit == REFUSED and phone not in unknown.err


def test_whoever_may_not_or_cannot_is_refused_before_they_are_asked(memberctl: Program) -> None:
    order = histories.a_confirmed_order(memberctl)
    assert memberctl("order", "void", order, "--reason", "x", as_="sun").exit == NOT_PERMITTED
    memberctl.ok("order", "withdraw", order, "--reason", "x", "--yes", as_="sun")
    again = memberctl("order", "withdraw", order, "--reason", "x", as_="sun")
    assert again.exit == REFUSED and "confirmation" not in again.err


def test_every_command_that_asks_is_in_the_list() -> None:
    asking = {
        f"{noun} {verb}"
        for noun in set(TREE) - {"help"}
        for verb, command in getattr(tree().get_command(None, noun), "commands", {}).items()
        if command.callback and ASKS.search(getsource(command.callback))
    }
    listed = {" ".join(line.split()[:2]) for line, _, _ in QUESTIONS}
    assert asking - ELSEWHERE == listed
