"""Rules G3 and A4: nothing new binds who was erased; what was open can be ended, money given back.

The owner may erase somebody although a term runs and orders are open, so each command can meet
an erased member. A command that takes a member has its line here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from tests import histories
from tests.program import Program
from tests.reliability.promises import assert_sound
from tests.verbs import verbs

NOTHING_NEW = (
    "order file {member} --plan YEAR --agreed",
    "order file {member} --kind renewal --plan YEAR --agreed",
    "order file {member} --kind service --line hall:1:10.00",
    "order file {other} --kind transfer --plan YEAR --to {member}",
    "order resubmit {returned} --agreed",
    "review advance {open} --approve",
    "quote revise {open} --price 50.00",
    "quote accept {open}",
    "payment record {confirmed} 100.00 --method cash",
    "debt instalments {confirmed} --count 3 --first 2026-04-01",
    "invoice issue {confirmed}",
    "card issue {member}",
    "card replace {card} --reason lost",
    "term freeze {member} --from 2026-04-01 --until 2026-05-01 --reason away",
    "term resume {member} --reason back",
    "credit apply {member}",
    "member update {member} --phone 13800000009",
    "member verify {member} --document-seen resident_id",
    "member hold {member} --until 2026-04-01 --reason x",
    "member expel {member} --reason x",
    "member opt-out {member} --category marketing",
    "member merge {other} {member} --reason x --yes",
    "member merge {member} {other} --reason x --yes",
)
ENDS = (
    "order withdraw {open} --reason erased --yes",
    "order withdraw {confirmed} --reason erased --yes",
    "review advance {open} --reject erased",
    "term cancel {member} --reason erased --yes",
    "refund request {paid} --reason erased",
    "member erase {member} --reason again --yes",
)
NOTHING_THERE = (
    "member release {member} --reason x",
    "member readmit {member} --reason x",
    "credit payout {member} --method cash --reason asked",
    "credit stale {member} --reason long",
)
SHOWN = (
    "member show {member}", "member dossier {member}", "member holds {member}",
    "member opt-outs {member}", "order list --member {member}", "order show {open}",
    "payment list --member {member}", "receipt list --member {member}", "credit show {member}",
    "credit requests --member {member}", "invoice list --member {member}",
    "debt list --member {member}", "refund list --member {member}", "refund preview {paid}",
    "term list {member}", "term history {member}", "card list --member {member}",
    "term preview {member} --change freeze --from 2026-04-01 --until 2026-04-10",
    "reminder explain {member}", "checkin list --member {member}",
    "checkin refused --member {member}", "message list --member {member}",
    "audit log --member {member}", "ledger journal --party {member}",
)  # fmt: skip


def an_erased_member(memberctl: Program) -> dict[str, str]:
    """Erase people in the middle of everything; return the numbers of what they left behind."""
    member, paid = histories.a_paid_member(memberctl)
    card = memberctl.ok("card", "issue", member, as_="sun")["number"]
    confirmed = histories.a_confirmed_order(memberctl)
    waiting = [histories.a_member(memberctl) for _ in range(2)]
    opened, returned = (histories.a_join_order(memberctl, each) for each in waiting)
    memberctl.ok("review", "advance", opened, "--approve", as_="li")
    memberctl.ok("review", "advance", returned, "--return", "copy of the ID", as_="li")
    second = memberctl.ok("order", "show", confirmed)["member"]
    for number in (member, second, *waiting):
        memberctl.ok("member", "erase", number, "--reason", "by letter", "--force", "--yes")
    return {
        "member": member, "paid": paid, "card": card, "open": opened, "returned": returned,
        "confirmed": confirmed, "other": histories.a_member(memberctl),
    }  # fmt: skip


@pytest.fixture
def left(memberctl: Program) -> dict[str, str]:
    """The numbers of what somebody left behind who was erased by force."""
    return an_erased_member(memberctl)


def test_nothing_new_binds_who_was_erased(memberctl: Program, left: dict[str, str]) -> None:
    for line in NOTHING_NEW:
        refused = memberctl(*line.format(**left).split(), "--dry-run")
        assert refused.exit == 6, (line, refused)
        assert re.search(r"M-\d{6} is erased", refused.err), (line, refused.err)
        assert "hint: memberctl " in refused.err or "merge" in line, refused.err
    for line in NOTHING_THERE:
        assert memberctl(*line.format(**left).split()).exit == 6, line


def test_what_was_open_can_be_shown_and_ended(memberctl: Program, left: dict[str, str]) -> None:
    for line in (*SHOWN, *ENDS):
        dry = ("--dry-run",) if line in ENDS else ()
        done = memberctl(*line.format(**left).split(), *dry)
        assert done.exit == 0, (line, done)


def test_a_card_that_nobody_holds_any_more_lets_nobody_in(
    memberctl: Program, left: dict[str, str]
) -> None:
    assert memberctl.ok("card", "show", left["card"])["state"] == "blocked"
    refused = memberctl("checkin", "scan", left["card"], as_="sun")
    assert (refused.exit, "blocked" in refused.err) == (6, True)


def test_nobody_is_told_of_anything_in_the_place_of_who_was_erased(
    memberctl: Program, left: dict[str, str]
) -> None:
    refund = memberctl.ok(
        "refund", "request", left["paid"], "--reason", "by letter", "--amount", "100.00",
        as_="sun",
    )["number"]  # fmt: skip
    memberctl.ok("refund", "review", refund, "--approve", as_="wang")
    memberctl.ok("refund", "pay", refund, "--yes", as_="qian")
    memberctl.ok("review", "advance", left["open"], "--reject", "erased", as_="wang")
    for now in ("2026-03-20T10:00:00+08:00", "2027-02-20T10:00:00+08:00"):
        memberctl.now = now
        assert memberctl("run", "daily", as_="zhao").exit in {0, 3}
    states = {
        row["state"] for row in memberctl.ok("message", "list") if row["member"] != left["other"]
    }
    assert states == {"suppressed"}
    assert_sound(memberctl)


def test_a_term_that_runs_on_is_neither_reminded_of_nor_offered_again(memberctl: Program) -> None:
    member, _ = histories.a_paid_member(memberctl)
    memberctl.now = "2027-02-10T10:00:00+08:00"
    line = ("member", "erase", member, "--reason", "by letter", "--force", "--yes")
    assert [row["member"] for row in memberctl.ok("renewal", "list")] == [member]
    memberctl.ok(*line)
    assert memberctl.ok("reminder", "run")["queued"] == 0
    assert "erased" in {row["why"] for row in memberctl.ok("reminder", "explain", member)}
    assert memberctl.ok("renewal", "list") == []
    assert_sound(memberctl)


def somebody_with_credit(memberctl: Program) -> str:
    """Let somebody pay 350.00 too much; return their number."""
    order = memberctl.ok("order", "show", histories.a_confirmed_order(memberctl))
    paid = ("payment", "record", order["number"], "4000.00", "--method", "cash")
    assert memberctl.ok(*paid, as_="sun")["credit"]["amount"] == "350.00"
    return str(order["member"])


def credit_of(memberctl: Program, member: str) -> str:
    return str(memberctl.ok("credit", "show", member)["credit"]["amount"])


def test_somebody_whose_credit_is_to_be_paid_is_erased_by_force_alone_and_is_paid(
    memberctl: Program,
) -> None:
    member = somebody_with_credit(memberctl)
    payout = ("credit", "payout", member, "--method", "cash", "--reason", "asked")
    number = memberctl.ok(*payout, as_="sun")["number"]
    refused = memberctl("member", "erase", member, "--reason", "by letter", "--yes")
    assert refused.exit == 6 and f"{number} is not paid" in refused.err
    memberctl.ok("member", "erase", member, "--reason", "by letter", "--force", "--yes")
    memberctl.ok("credit", "approve", number, as_="qian")
    memberctl.ok("credit", "pay", number, "--yes", as_="sun")
    assert credit_of(memberctl, member) == "0.00"
    assert_sound(memberctl)


def test_a_payout_to_who_was_erased_that_is_refused_is_their_credit_again(
    memberctl: Program,
) -> None:
    member = somebody_with_credit(memberctl)
    memberctl.ok("member", "erase", member, "--reason", "by letter", "--force", "--yes")
    part = ("credit", "payout", member, "--amount", "50.00", "--method", "cash", "--reason", "came")
    number = memberctl.ok(*part, as_="sun")["number"]
    assert credit_of(memberctl, member) == "300.00"
    memberctl.ok("credit", "refuse", number, "--reason", "no proof", as_="qian")
    assert credit_of(memberctl, member) == "350.00"
    assert_sound(memberctl)


def names_a_member() -> Iterator[str]:
    """Yield every command that takes a member, by number, phone or name."""
    for path, command in verbs():
        for each in command.params:
            said = f"{getattr(each, 'help', '') or ''} {each.name}"
            if "M-000123" in said or each.name == "receiver":
                yield path


def test_every_command_that_takes_a_member_is_tried() -> None:
    lines = (*NOTHING_NEW, *ENDS, *NOTHING_THERE, *SHOWN)
    tried = {" ".join(line.split()[:2]) for line in lines}
    assert set(names_a_member()) - tried == set()
    assert "order file" in set(names_a_member())


def test_the_credit_of_who_was_erased_is_said_and_is_closed_when_it_is_stale(
    memberctl: Program,
) -> None:
    order = histories.a_confirmed_order(memberctl)
    histories.pay(memberctl, order, "3850.00")
    member = memberctl.ok("order", "show", order)["member"]
    line = ("member", "erase", member, "--reason", "by letter", "--yes")
    assert f"{member} has credit of 200.00 CNY" in memberctl(*line).err
    kept = memberctl.ok(*line, "--force")["kept"]
    (credit,) = (each for each in kept if each["what"] == "credit")
    assert "200.00 CNY" in credit["why"]
    until = date.fromisoformat(credit["until"])

    give_up = ("credit", "stale", member, "--reason", "nobody came")
    memberctl.now = f"{until}T10:00:00+08:00"
    assert "it is stale after 1095 days" in memberctl(*give_up, as_="qian").err
    memberctl.now = f"{until + timedelta(days=1)}T10:00:00+08:00"
    (owed,) = memberctl.ok("credit", "list")
    assert owed["member"] == member
    assert date.fromisoformat(owed["since"]) < until
    assert memberctl.ok("credit", "show", member)["stale"]
    number = memberctl.ok(*give_up, as_="qian")["number"]
    assert memberctl("credit", "approve", number, as_="qian").exit == 5
    memberctl.ok("credit", "approve", number, as_="feng")
    assert memberctl.ok("credit", "list") == []
    assert_sound(memberctl)
