"""Rules G3: what is past its time goes, by class; everything else stays."""

from __future__ import annotations

from datetime import date

import pytest

from memberctl.archive.rules import Person, Retained, class_of, cut_off, due_people
from memberctl.store.erased import erased_members
from tests import histories
from tests.founding import STORE_ID
from tests.program import Program

TODAY = date(2026, 3, 2)


def somebody(**known: object) -> Person:
    """Return a person registered long ago, with what a test says."""
    usual: dict[str, object] = {
        "member_id": 1, "registered_on": date(2020, 1, 1), "orders": 0, "dead": 0,
        "last_event": None, "last_term": None, "held": False,
    }  # fmt: skip
    return Person(**(usual | known))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("today", "years", "last"),
    [
        (date(2026, 3, 2), 1, date(2025, 3, 1)),
        (date(2028, 2, 29), 1, date(2027, 2, 27)),
        (date(2028, 2, 29), 4, date(2024, 2, 27)),
        (date(2026, 1, 1), 3, date(2022, 12, 31)),
    ],
)
def test_a_year_is_over_when_its_day_has_come_again(today: date, years: int, last: date) -> None:
    assert cut_off(today, years) == last


def test_who_never_ordered_is_a_lead_and_whose_orders_all_died_was_rejected() -> None:
    assert class_of(somebody()) is Retained.LEADS
    assert class_of(somebody(orders=2, dead=2)) is Retained.REJECTED
    assert class_of(somebody(orders=2, dead=1)) is None
    assert class_of(somebody(orders=1, last_term=TODAY)) is Retained.MEMBERS


def test_the_years_begin_with_the_last_event_and_what_is_open_holds() -> None:
    cuts = dict.fromkeys((Retained.LEADS, Retained.REJECTED, Retained.MEMBERS), date(2025, 3, 1))
    people = [
        somebody(member_id=1),
        somebody(member_id=2, registered_on=date(2025, 3, 2)),
        somebody(member_id=3, orders=1, dead=1, last_event=date(2025, 3, 1)),
        somebody(member_id=4, orders=1, dead=1, last_event=date(2025, 3, 2)),
        somebody(member_id=5, orders=1, last_term=date(2025, 3, 1)),
        somebody(member_id=6, held=True),
    ]
    due, held = due_people(people, cuts)
    assert due == {Retained.LEADS: [1], Retained.REJECTED: [3], Retained.MEMBERS: [5]}
    assert held == {Retained.LEADS: 1, Retained.REJECTED: 0, Retained.MEMBERS: 0}


def by_kind(memberctl: Program) -> dict[str, tuple[int, int]]:
    """Return what is due and held by class."""
    lines = memberctl.ok("retention", "list")
    return {line["kind"]: (line["due"], line["held"]) for line in lines}


def test_leads_rejected_and_former_members_go_and_the_others_stay(memberctl: Program) -> None:
    lead = histories.a_member(memberctl, "王芳")
    rejected = histories.a_join_order(memberctl, histories.a_member(memberctl, "李娜"))
    memberctl.ok("review", "advance", rejected, "--reject", "under age", as_="li")
    member, order = histories.a_paid_member(memberctl)
    owing = histories.a_confirmed_order(memberctl)
    histories.pay(memberctl, owing, "4000.00")
    memberctl.now = "2027-03-02T10:00:00+08:00"
    assert by_kind(memberctl)["leads"] == (0, 0), "the year ends with this day"
    memberctl.now = "2027-03-03T10:00:00+08:00"
    assert by_kind(memberctl) == {
        "leads": (1, 0), "rejected": (1, 0), "members": (0, 0), "messages": (0, 0),
        "visits": (0, 0), "money": (0, 0),
    }  # fmt: skip
    memberctl.now = "2031-03-03T10:00:00+08:00"
    assert by_kind(memberctl)["members"] == (1, 1), "whoever has credit is held"
    rehearsed = memberctl.ok("retention", "run", "--dry-run")
    assert memberctl.ok("member", "show", lead)["name"] == "王芳"
    done = memberctl.ok("retention", "run", "--yes")
    assert done == rehearsed
    assert set(done["erased"]) == {lead, member, memberctl.ok("order", "show", rejected)["member"]}
    assert memberctl.ok("order", "show", order)["total"]["amount"] == "3650.00"
    assert memberctl.ok("retention", "run", "--yes")["erased"] == []
    assert by_kind(memberctl)["members"] == (0, 1)
    assert memberctl.ok("db", "check", "--deep")["problems"] == []
    assert set(erased_members(memberctl.key_dir, STORE_ID)) >= set(done["erased"])


def test_whose_refund_or_payout_waits_stays_until_it_is_decided(memberctl: Program) -> None:
    exact, over = (histories.a_confirmed_order(memberctl) for _ in range(2))
    histories.pay(memberctl, exact, "3650.00")
    histories.pay(memberctl, over, "4000.00")
    with_credit = memberctl.ok("order", "show", over)["member"]
    asked = ("--reason", "asked")
    refund = memberctl.ok("refund", "request", exact, "--amount", "1.00", *asked, as_="sun")
    payout = memberctl.ok("credit", "payout", with_credit, "--method", "cash", *asked, as_="sun")
    memberctl.now = "2031-03-03T10:00:00+08:00"
    assert by_kind(memberctl)["members"] == (0, 2)
    memberctl.ok("refund", "review", refund["number"], "--reject", "late", as_="wang")
    assert by_kind(memberctl)["members"] == (1, 1)
    memberctl.ok("credit", "approve", payout["number"], as_="qian")
    assert by_kind(memberctl)["members"] == (1, 1)
    memberctl.ok("credit", "pay", payout["number"], "--yes", as_="sun")
    assert by_kind(memberctl)["members"] == (2, 0)


def test_old_messages_are_deleted_and_waiting_ones_are_not(shop: Program) -> None:
    order = histories.a_join_order(shop, histories.a_member(shop))
    shop.ok("review", "advance", order, "--return", "copy", as_="li")
    assert shop.ok("message", "list") != []
    shop.now = "2028-03-04T10:00:00+08:00"
    assert by_kind(shop)["messages"][0] == 0
    shop.ok("order", "withdraw", order, "--reason", "gone", "--yes", as_="sun")
    member = shop.ok("order", "show", order)["member"]
    shop.ok("member", "erase", member, "--reason", "asked", "--yes")
    assert by_kind(shop)["messages"][0] > 0
    assert shop.ok("retention", "run", "--yes")["deleted"] > 0
    assert shop.ok("message", "list") == []


def test_the_daily_run_does_it_and_the_years_are_policies(shop: Program) -> None:
    lead = histories.a_member(shop, "王芳")
    shop.ok("policy", "set", "retention_leads_years", "2")
    shop.now = "2027-06-01T10:00:00+08:00"
    shop.ok("run", "daily")
    assert shop.ok("member", "show", lead)["name"] == "王芳"
    shop.now = "2028-06-01T10:00:00+08:00"
    shop.ok("run", "daily", "--dry-run")
    assert shop.ok("member", "show", lead)["name"] == "王芳"
    shop.ok("run", "daily")
    assert shop.ok("member", "show", lead)["name"] == "erased"
    assert "王芳".encode() not in b"".join(
        path.read_bytes() for path in shop.folder.glob("store.db*")
    )


def test_it_takes_the_right_and_a_yes(shop: Program) -> None:
    assert shop("retention", "run", "--yes", as_="zhao").exit == 5
    assert shop("retention", "run").exit == 2
    assert shop("retention", "list", as_="sun").exit == 0
