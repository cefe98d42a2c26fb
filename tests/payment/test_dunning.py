"""Unpaid orders are asked for, each level once. Source: rules M14, O8; mission S4.5."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from memberctl.core.schedules import parse_offsets
from memberctl.payment.dunning import Debt, dunning_level
from tests.histories import a_confirmed_order, a_paid_member, pay
from tests.message.mailserver import configure, mail_server
from tests.program import Program
from tests.warm import WarmProgram


@pytest.fixture
def club(memberctl: Program) -> Iterator[WarmProgram]:
    """A store kept open; orders that are confirmed on 2026-03-02 are to be paid by 03-09."""
    warm = WarmProgram(memberctl.location, memberctl.key_dir, memberctl.folder)
    yield warm
    warm.close()


def on(club: Program, day: str) -> None:
    club.now = f"{day}T10:00:00+08:00"


def asked(club: Program, day: str) -> int:
    """Run the jobs of a day and return how many orders were asked for."""
    on(club, day)
    jobs = {job["job"]: job["done"] for job in club.ok("run", "daily", as_="zhao")["jobs"]}
    return int(jobs["dunning"])


@pytest.mark.parametrize(
    ("today", "level", "expected"),
    [
        ("2026-03-06", 0, None), ("2026-03-07", 0, 1), ("2026-03-07", 1, None),
        ("2026-03-08", 0, 1), ("2026-03-09", 0, 2), ("2026-03-09", 1, 2), ("2026-03-09", 2, None),
        ("2026-03-15", 2, None), ("2026-03-16", 2, 3), ("2026-12-01", 0, 3),
    ],
)  # fmt: skip
def test_a_level_is_reached_on_its_day_once_and_a_missed_one_is_left_out(
    today: str, level: int, expected: int | None
) -> None:
    debt = Debt(1, "JN-1", 1, date(2026, 3, 9), 100, "CNY", level)
    offsets = parse_offsets("2d,0d,+7d")
    assert dunning_level(offsets, debt, date.fromisoformat(today)) == expected


def test_m14_an_order_is_asked_for_at_each_level_once_and_lists_show_it(club: WarmProgram) -> None:
    order = a_confirmed_order(club)
    assert [asked(club, day) for day in ("2026-03-06", "2026-03-07", "2026-03-07")] == [0, 1, 0]
    assert club.ok("order", "show", order)["dunning"] == 1
    assert asked(club, "2026-03-09") == 1
    assert [each["dunning"] for each in club.ok("order", "list")] == [2]
    queues = {each["work"]: each["waiting"] for each in club.ok("status")["queues"]}
    assert queues["unpaid orders that were reminded"] == 1
    causes = [each["cause"] for each in club.ok("message", "list", "--purpose", "payment_reminder")]
    assert causes == [f"{order}/2", f"{order}/1"]


def test_m14_nothing_is_asked_for_after_forfeiture_and_a_queued_request_is_suppressed(
    club: WarmProgram,
) -> None:
    club.ok("policy", "set", "dunning_days", "0d,+7d")
    a_confirmed_order(club)
    assert asked(club, "2026-03-09") == 1
    assert asked(club, "2026-03-10") == 0, "forfeited first"
    assert asked(club, "2026-03-16") == 0
    program = club.folder / "sms"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o700)
    configure(club, sms=f'[sms]\ncommand = ["{program}"]\n')
    club.ok("message", "send")
    (line,) = club.ok("message", "list", "--purpose", "payment_reminder")
    assert (line["state"], line["reason"]) == ("suppressed", "the order is forfeited")


def test_m14_what_was_paid_in_part_is_asked_for_the_rest_and_what_is_paid_not_at_all(
    club: WarmProgram,
) -> None:
    part, whole = a_confirmed_order(club), a_confirmed_order(club)
    pay(club, part, "600.00")
    pay(club, whole, "3650.00")
    assert asked(club, "2026-03-07") == 1
    (line,) = club.ok("message", "list", "--purpose", "payment_reminder")
    body = club.ok("message", "preview", line["number"])["body"]
    assert part in body and "3050.00" in body


def test_m14_a_paid_up_term_is_not_touched_by_another_debt(club: WarmProgram) -> None:
    member, _ = a_paid_member(club)
    club.ok(
        "order", "file", member, "--kind", "service", "--line", "locker:1:100.00", as_="sun"
    )  # fmt: skip
    (other,) = [each["number"] for each in club.ok("order", "list") if each["kind"] == "service"]
    for person in ("li", "wang", "zhao"):
        if club.ok("order", "show", other)["state"] != "confirmed":
            club("review", "advance", other, "--approve", as_=person)
    assert asked(club, "2026-03-07") == 1
    shown = club.ok("member", "show", member)
    assert (shown["status"], shown["terms"][0]["status"]) == ("active", "active")
    assert club.ok("order", "show", other)["dunning"] == 1


def test_a_year_without_runs_is_caught_up_with_the_newest_level_alone(club: WarmProgram) -> None:
    club.ok("policy", "set", "payment_days", "200")
    a_confirmed_order(club)
    due = club.ok("order", "list")[0]["due_on"]
    club.ok("policy", "set", "dunning_days", "3m,2m,1m,0d")
    assert asked(club, due) == 1
    assert club.ok("order", "list")[0]["dunning"] == 4


def test_requests_for_money_leave_by_mail(club: WarmProgram) -> None:
    order = a_confirmed_order(club)
    member = club.ok("order", "show", order)["member"]
    club.ok("member", "update", member, "--email", "li@example.com", as_="sun")
    with mail_server() as server:
        configure(club, port=server.port)
        assert asked(club, "2026-03-07") == 1
        assert [each.to for each in server.received] == ["li@example.com"]
        assert "3650.00 CNY" in server.received[0].text
