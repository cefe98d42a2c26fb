"""`review` as people and scripts use it, on both engines."""

from __future__ import annotations

import pytest

from tests.histories import a_join_order, a_member
from tests.program import Program


@pytest.fixture
def order(memberctl: Program) -> str:
    return a_join_order(memberctl, a_member(memberctl))


def test_an_advance_answers_with_the_keys_that_scripts_rely_on(
    memberctl: Program, order: str
) -> None:
    done = memberctl.ok("review", "advance", order, "--approve", as_="li")
    assert done == {
        "order": order, "stage": "initial", "verdict": "approve", "state": "in_review",
        "next_stage": "second", "due_on": "2026-03-09",
    }  # fmt: skip
    memberctl.ok("review", "advance", order, "--approve", as_="wang")
    last = memberctl.ok("review", "advance", order, "--approve", as_="zhao")
    assert (last["state"], last["next_stage"], last["due_on"]) == ("confirmed", None, "2026-03-09")
    shown = memberctl.ok("order", "show", order)
    assert (shown["state"], shown["open"]["amount"]) == ("confirmed", "3650.00")


def test_exactly_one_verdict_is_given(memberctl: Program, order: str) -> None:
    assert memberctl("review", "advance", order, as_="li").exit == 2
    both = ("--approve", "--reject", "no")
    assert memberctl("review", "advance", order, *both, as_="li").exit == 2
    assert memberctl("review", "advance", order, "--return", " ", as_="li").exit == 6


def test_a_reviewer_who_looked_at_an_older_version_is_told_so(
    memberctl: Program, order: str
) -> None:
    (line,) = memberctl.ok("review", "list", as_="li")
    seen = ("--seen", str(line["version"]))
    memberctl.ok("review", "advance", order, "--approve", *seen, as_="li")
    late = memberctl("review", "advance", order, "--approve", *seen, as_="wang")
    assert (late.exit, "changed since you read it (v1, now v2)" in late.err) == (7, True)


def test_a_stage_that_was_named_must_be_the_one_it_waits_in(memberctl: Program, order: str) -> None:
    named = ("review", "advance", order, "--approve", "--stage", "final")
    assert memberctl(*named, as_="zhao").exit == 7


def test_the_maker_needs_a_second_approver_and_a_reason_and_it_is_logged(
    memberctl: Program,
) -> None:
    member = a_member(memberctl)
    filed = memberctl.ok("order", "file", member, "--plan", "YEAR", "--agreed", as_="li")
    line = ("review", "advance", filed["number"], "--approve")
    refused = memberctl(*line, as_="li")
    assert (refused.exit, "O2" in refused.err, "--override" in refused.err) == (5, True, True)
    assert memberctl(*line, "--override", "zhou", as_="li").exit == 6
    assert memberctl(*line, "--override", "li", "--reason", "fire", as_="li").exit == 5
    assert memberctl(*line, "--override", "wang", "--reason", "fire", as_="li").exit == 5
    assert memberctl.ok("status")["overrides"] == 0
    done = memberctl.ok(*line, "--override", "zhou", "--reason", "fire", as_="li")
    assert memberctl.ok("status")["overrides"] == 1, "an override is counted"
    assert done["next_stage"] == "second"
    (decision,) = memberctl.ok("review", "show", filed["number"])["decisions"]
    assert (decision["by"], decision["override_by"], decision["reason"]) == ("li", "zhou", "fire")


def test_a_return_pauses_the_clock_and_a_resubmission_starts_it_again(
    memberctl: Program, order: str
) -> None:
    returned = ("review", "advance", order, "--return", "missing ID copy", "--as-of", "2026-03-04")
    assert memberctl.ok(*returned, as_="li")["state"] == "returned"
    again = memberctl.ok("order", "resubmit", order, "--as-of", "2026-03-09", as_="sun")
    assert (again["state"], again["due_on"]) == ("submitted", "2026-03-12")


def test_a_member_whose_data_changed_sends_the_order_back_with_exit_3(
    memberctl: Program, order: str
) -> None:
    for person in ("li", "wang"):
        memberctl.ok("review", "advance", order, "--approve", as_=person)
    member = memberctl.ok("order", "show", order)["member"]
    memberctl.ok("member", "update", member, "--name", "张玮", "--reason", "typo", as_="sun")
    (change,) = memberctl.ok("member", "changes", as_="wang")
    memberctl.ok("member", "approve-change", change["number"], as_="wang")
    fallen = memberctl("review", "advance", order, "--approve", "--format", "json", as_="zhao")
    assert fallen.exit == 3
    assert (fallen.json["verdict"], fallen.json["next_stage"]) == ("fell_back", "second")
    memberctl.ok("review", "advance", order, "--approve", as_="wang")
    memberctl.ok("review", "advance", order, "--approve", as_="zhao")


def test_an_extension_needs_a_reason_and_moves_the_deadline(memberctl: Program, order: str) -> None:
    line = ("review", "extend", order, "--days", "3", "--reason")
    assert memberctl(*line, "waiting", as_="li").exit == 5
    done = memberctl.ok(*line, "waiting for the landlord", as_="wang")
    assert done == {"order": order, "days": 3, "due_on": "2026-03-12"}
    assert memberctl("review", "extend", order, "--days", "0", "--reason", "x", as_="wang").exit


def test_a_queue_is_mine_and_all_shows_every_waiting_order(memberctl: Program, order: str) -> None:
    def waiting(who: str, *more: str) -> list[str]:
        return [line["order"] for line in memberctl.ok("review", "list", *more, as_=who)]

    assert (waiting("li"), waiting("wang"), waiting("wang", "--all")) == ([order], [], [order])
    (late,) = memberctl.ok("review", "list", "--as-of", "2026-03-10", as_="li")
    assert late["mark"] == "overdue"


def test_a_dry_run_of_an_approval_changes_nothing(memberctl: Program, order: str) -> None:
    tried = memberctl("review", "advance", order, "--approve", "--dry-run", as_="li")
    assert (tried.exit, "Approved" in tried.out) == (0, True)
    assert memberctl.ok("order", "show", order)["state"] == "submitted"


def test_two_reviewers_at_once_are_one_approval(memberctl: Program, order: str) -> None:
    memberctl.ok("review", "advance", order, "--approve", as_="li")
    running = [
        memberctl.start("review", "advance", order, "--approve", as_=who)
        for who in ("wang", "wu", "wang", "wu")
    ]
    codes = []
    for each in running:
        each.communicate(timeout=120)
        codes.append(each.returncode)
    # The others read before or after the first one's commit: a conflict, or not their stage.
    assert codes.count(0) == 1
    assert set(codes) <= {0, 5, 7}
    shown = memberctl.ok("review", "show", order)
    assert [each["stage"] for each in shown["decisions"]] == ["initial", "second"]
    assert shown["stage"] == "final"
