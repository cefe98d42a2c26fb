"""Staff and policies change by one owner's word while there is one, by two when there are two."""

from __future__ import annotations

import pytest

from tests.program import Program
from tests.stores import Grounds

NOT_FOUND, NOT_PERMITTED, REFUSED = 4, 5, 6
CHANGES = (
    ("policy", "set", "review_days", "7"),
    ("staff", "add", "hu", "--name", "胡", "--role", "service"),
    ("staff", "grant", "li", "reviewer"),
    ("staff", "revoke", "li", "service"),
    ("staff", "leave", "li"),
)


@pytest.fixture
def two_owners(memberctl: Program) -> Program:
    """A store with a second owner."""
    memberctl.ok("staff", "add", "chen", "--name", "陈", "--role", "owner")
    return memberctl


def office(memberctl: Program) -> list[object]:
    """Return all that a change of staff or policy changes."""
    staff = memberctl.ok("staff", "list", "--left")
    return [staff, memberctl.ok("policy", "show", "review_days")["value"]]


@pytest.mark.parametrize("change", CHANGES, ids=" ".join)
def test_with_one_owner_a_change_holds_at_once(memberctl: Program, change: tuple[str, ...]) -> None:
    before = office(memberctl)
    memberctl.ok(*change)
    assert office(memberctl) != before
    assert memberctl.ok("proposal", "list", "--all") == []


@pytest.mark.parametrize("change", CHANGES, ids=" ".join)
def test_with_two_a_change_waits_for_the_other_and_then_holds(
    two_owners: Program, change: tuple[str, ...]
) -> None:
    before = office(two_owners)
    proposed = two_owners.ok(*change)
    assert office(two_owners) == before
    assert (proposed["state"], proposed["proposed_by"]) == ("waiting", "owner")
    assert two_owners.ok(*change, as_="owner") == proposed, "the same wish again is the same one"

    number = proposed["number"]
    own = two_owners("proposal", "approve", number)
    assert own.exit == NOT_PERMITTED
    assert f"memberctl proposal withdraw {number}" in own.err
    assert two_owners("proposal", "approve", number, as_="zhao").exit == NOT_PERMITTED
    assert office(two_owners) == before

    approved = two_owners.ok("proposal", "approve", number, as_="chen")
    assert (approved["state"], approved["decided_by"]) == ("approved", "chen")
    assert office(two_owners) != before
    again = two_owners("proposal", "approve", number, as_="chen")
    assert again.exit == REFUSED and "it is approved" in again.err
    assert two_owners.ok("proposal", "list") == []
    assert two_owners.ok("proposal", "show", number) == approved


def test_a_proposal_is_rejected_with_a_reason_by_the_other_and_withdrawn_by_its_maker(
    two_owners: Program,
) -> None:
    first = two_owners.ok("policy", "set", "review_days", "7")["number"]
    second = two_owners.ok("policy", "set", "review_days", "8")["number"]
    assert two_owners("proposal", "reject", first, "--reason", "x").exit == NOT_PERMITTED
    rejected = two_owners.ok("proposal", "reject", first, "--reason", "太长", as_="chen")
    assert (rejected["state"], rejected["remark"]) == ("rejected", "太长")
    assert two_owners("proposal", "withdraw", second, as_="chen").exit == NOT_PERMITTED
    assert two_owners.ok("proposal", "withdraw", second)["state"] == "withdrawn"
    assert two_owners.ok("policy", "show", "review_days")["value"] == "5"
    assert two_owners("proposal", "show", "OP-000099").exit == NOT_FOUND


def test_an_owner_alone_cannot_make_an_owner_of_a_friend_nor_put_the_other_out(
    two_owners: Program,
) -> None:
    for change in (("staff", "grant", "li", "owner"), ("staff", "leave", "chen")):
        assert two_owners.ok(*change)["state"] == "waiting"
    owners = [row["code"] for row in two_owners.ok("staff", "list") if "owner" in row["roles"]]
    assert owners == ["chen", "owner"]


def test_what_nobody_could_approve_is_refused_when_it_is_proposed(two_owners: Program) -> None:
    wrong = ("staff", "add", "hu", "--name", "胡", "--role", "service", "--branch", "ZZ99")
    assert two_owners(*wrong).exit == NOT_FOUND
    assert two_owners("staff", "grant", "nobody", "service").exit == NOT_FOUND
    assert two_owners("policy", "set", "review_days", "0").exit == REFUSED
    assert two_owners.ok("proposal", "list") == []


def test_every_step_of_a_proposal_is_in_the_audit_log(two_owners: Program) -> None:
    number = two_owners.ok("policy", "set", "review_days", "7")["number"]
    two_owners.ok("proposal", "approve", number, as_="chen")
    log = two_owners.ok("audit", "log", "--limit", "3")
    assert [(row["event"], row["staff"]) for row in reversed(log)] == [
        ("proposal.made", "owner"), ("proposal.approved", "chen"), ("policy.set", "chen"),
    ]  # fmt: skip


def test_a_reviewer_gives_themself_no_role(memberctl: Program) -> None:
    assert memberctl("staff", "grant", "wang", "manager", as_="wang").exit == NOT_PERMITTED


def test_the_database_alone_keeps_four_eyes(two_owners: Program, grounds: Grounds) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    from memberctl.core.errors import MemberctlError
    from memberctl.store.engine import Store

    two_owners.ok("policy", "set", "review_days", "7")
    approved = "UPDATE proposal SET state = 'approved', decided_by = proposed_by, decided_at = {}"
    with (
        pytest.raises((DBAPIError, MemberctlError)),
        Store(two_owners.location).writing() as session,
    ):
        session.execute(text(approved.format("proposed_at")))


def test_rights_are_listed_with_their_holders_and_for_one_role(memberctl: Program) -> None:
    everything = {row["right"]: row for row in memberctl.ok("staff", "rights")}
    assert everything["office.change"] == {
        "right": "office.change", "roles": ["owner"], "everywhere": True,
    }  # fmt: skip
    assert everything["payment.verify"]["roles"] == ["finance", "owner"]
    reception = {row["right"] for row in memberctl.ok("staff", "rights", "reception")}
    assert "payment.record" in reception and "payment.verify" not in reception
    assert {row["right"] for row in memberctl.ok("staff", "rights", "owner")} == set(everything)
