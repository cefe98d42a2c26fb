"""Staff of one branch see and change what is theirs, and never another branch's (rules G6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import histories
from tests.bad_doors import DOORS
from tests.bad_values import Kind
from tests.program import Program
from tests.warm import WarmProgram

ROLES = ("reception", "service", "reviewer", "manager", "finance", "privacy", "auditor")
NOT_FOUND, NOT_PERMITTED, REFUSED = 4, 5, 6
LISTS = (
    "member list", "member changes --all", "application list", "order list", "review list",
    "review list --all", "payment list", "receipt list", "credit list", "term list", "card list",
    "message list", "status",
)  # fmt: skip
WHOLE = ("audit log", "audit verify", "db check", "ledger check", "ledger journal", "run daily",
         "policy set review_days 4", "plan withdraw MONTH")  # fmt: skip

# What belongs to no branch; the rest of the doors is for the people of one.
EVERYBODYS = {"bank", "proposal"}

# What a command of each noun is given; a new noun needs its line here.
NUMBER_OF = {
    "order": "revised", "quote": "revised", "review": "revised", "payment": "payment",
    "receipt": "receipt", "refund": "asked", "card": "card", "message": "message",
    "member": "member", "term": "member", "reminder": "member",
    "archive": "request", "checkin": "visit", "debt": "revised", "invoice": "invoice",
    "credit": "payout", "till": "till",
}  # fmt: skip
NUMBER_OF_VERB = {
    ("order", "file"): "member", ("card", "issue"): "member", ("payment", "record"): "revised",
    ("member", "approve-change"): "change", ("member", "reject-change"): "change",
    ("member", "unmerge"): "merge", ("refund", "preview"): "paid", ("refund", "request"): "paid",
    ("archive", "request"): "revised", ("credit", "apply"): "member",
    ("credit", "show"): "member", ("credit", "payout"): "member", ("credit", "stale"): "member",
    ("debt", "refuse"): "write_off", ("invoice", "issue"): "paid", ("debt", "approve"): "write_off",
}  # fmt: skip


def with_clerk(memberctl: Program) -> dict[str, str]:
    """Let a busy day happen at SH01, and let mei work at BJ01 alone; return the day's numbers."""
    numbers = histories.a_busy_day(memberctl)
    roles = [word for role in ROLES for word in ("--role", role)]
    memberctl.ok("staff", "add", "mei", "--name", "梅", *roles, "--branch", "BJ01")
    twins = [histories.a_member(memberctl) for _ in range(2)]
    merged = memberctl.ok("member", "merge", *twins, "--reason", "same", "--yes", as_="zhao")
    money = set_money(memberctl, numbers)
    shown = memberctl.ok("payment", "list")
    change = memberctl.ok("member", "changes", "--all")[0]["number"]
    message = memberctl.ok("message", "list")[0]["number"]
    visit = memberctl.ok("checkin", "list")[0]["visit"]
    return {**numbers, **histories.three_refunds(memberctl), **money} | {
        "payment": shown[0]["number"], "receipt": shown[0]["receipt"], "change": change,
        "message": message, "merge": merged["number"], "request": "AR-000001",
        "visit": visit,
        "seen": " ".join(row["number"] for row in shown),
    }  # fmt: skip


def set_money(memberctl: Program, numbers: dict[str, str]) -> dict[str, str]:
    """Let finance ask for a payout and a write-off, invoice an order and close a till."""
    rich = memberctl.ok("order", "show", numbers["over"])["member"]
    why = ("--reason", "moved", "--yes")
    part = ("--method", "bank", "--amount", "0.01")  # The rest stays, for whoever lists credit.
    payout = memberctl.ok("credit", "payout", rich, *part, *why, as_="qian")
    owing = histories.a_confirmed_order(memberctl)
    write_off = memberctl.ok("debt", "write-off", owing, *why, as_="qian")
    invoice = memberctl.ok("invoice", "issue", numbers["paid"], as_="qian")
    till = memberctl.ok(
        "till", "close", "--branch", "SH01", "--method", "cash", "--counted", "0", "--yes",
        as_="qian",
    )  # fmt: skip
    made = {"payout": payout, "write_off": write_off, "invoice": invoice, "till": till}
    return {key: row["number"] for key, row in made.items()}


@pytest.fixture
def shanghai(memberctl: Program) -> Iterator[tuple[WarmProgram, dict[str, str]]]:
    """A day at SH01, and the numbers of it."""
    program = WarmProgram(memberctl.location, memberctl.key_dir, memberctl.folder)
    yield program, with_clerk(program)
    program.close()


def secrets(numbers: dict[str, str]) -> list[str]:
    """Return what nobody of another branch may be shown."""
    return [text for value in numbers.values() for text in value.split()] + ["张伟", "李娜"]


def test_no_list_shows_what_is_another_branchs(
    shanghai: tuple[WarmProgram, dict[str, str]],
) -> None:
    memberctl, numbers = shanghai
    for line in LISTS:
        everybody = memberctl(*line.split(), "--format", "json", as_="owner")
        ours = memberctl(*line.split(), "--format", "json", as_="mei")
        assert (everybody.exit, ours.exit) == (0, 0), (line, ours.err)
        if line != "status":
            assert any(secret in everybody.out for secret in secrets(numbers)), line
        for secret in secrets(numbers):
            assert secret not in ours.out + ours.err, (line, secret)


def test_a_number_of_another_branch_is_found_by_no_command(
    shanghai: tuple[WarmProgram, dict[str, str]],
) -> None:
    memberctl, numbers = shanghai
    numbers |= {"rich": numbers["member"], "frozen": numbers["member"]}
    for door in DOORS:
        noun, verb, *_ = door.line.split()
        if door.kind is not Kind.NUMBER or noun in EVERYBODYS or "--order {value}" in door.line:
            continue
        if (noun, verb) == ("checkin", "scan"):
            continue  # Any card is answered at any door; whose it is, is not said (rules C4).
        kind = NUMBER_OF_VERB.get((noun, verb)) or NUMBER_OF[noun]
        found = memberctl(*door.words(door.line, numbers, numbers[kind]), as_="mei")
        assert found.exit == NOT_FOUND, (door.line, found)


def test_members_of_the_own_branch_and_of_none_are_served_as_ever(
    shanghai: tuple[WarmProgram, dict[str, str]],
) -> None:
    memberctl, numbers = shanghai
    made = memberctl.ok(
        "member", "register", "王芳", "--phone", "13512340001", as_="mei"
    )  # fmt: skip
    assert made["branch"] == "BJ01", "who registers at a branch belongs to it"
    filed = memberctl.ok("order", "file", made["number"], "--plan", "YEAR", "--agreed", as_="mei")
    listed = memberctl.ok("order", "list", as_="mei")
    assert [row["number"] for row in listed] == [filed["number"]]
    homeless = memberctl.ok("member", "register", "赵六", "--phone", "13512340002", as_="owner")
    shown = memberctl.ok("member", "list", as_="mei")
    assert {row["number"] for row in shown} == {made["number"], homeless["number"]}
    assert numbers["member"] in {row["number"] for row in memberctl.ok("member", "list")}


def test_a_visit_that_no_term_allowed_is_seen_at_its_own_branch_and_at_no_other(
    memberctl: Program,
) -> None:
    member, _ = histories.a_paid_member(memberctl)
    card = memberctl.ok("card", "issue", member, as_="sun")["number"]
    roles = ("--role", "reception", "--role", "manager")
    for code, branch in (("ning", "SH01"), ("mei", "BJ01")):
        memberctl.ok("staff", "add", code, "--name", code, *roles, "--branch", branch)
    memberctl.ok("checkin", "scan", card, as_="ning")
    memberctl.now = "2027-06-01T10:00:00+08:00"
    forced = memberctl.ok("checkin", "scan", card, "--force", "--reason", "pays now", as_="ning")

    def seen(as_: str) -> list[str]:
        return [each["visit"] for each in memberctl.ok("checkin", "list", as_=as_)]

    shown = memberctl.ok("member", "show", member, as_="ning")["visits"]
    assert [each["visit"] for each in shown] == [forced["visit"], "V-000001"]
    assert seen("ning") == [forced["visit"]]
    assert seen("mei") == []


def test_a_duplicate_is_found_at_every_branch_and_told_without_a_name(
    shanghai: tuple[WarmProgram, dict[str, str]],
) -> None:
    memberctl, _ = shanghai
    again = memberctl(
        "member", "register", "李娜", "--phone", "13512340003",
        "--id-number", "11010519491231002X", as_="mei",
    )  # fmt: skip
    assert again.exit == REFUSED, again
    assert "李娜" not in again.err


@pytest.mark.parametrize("line", WHOLE)
def test_what_concerns_the_whole_organisation_is_refused_to_one_branch(
    memberctl: Program, line: str
) -> None:
    with_mei = ["--role", "manager", "--role", "auditor", "--role", "finance", "--branch", "BJ01"]
    memberctl.ok("staff", "add", "mei", "--name", "梅", *with_mei)
    refused = memberctl(*line.split(), as_="mei")
    assert refused.exit == NOT_PERMITTED, refused
    assert "memberctl:" in refused.err
