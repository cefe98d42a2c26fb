"""The rules' own examples N1 to N6, by commands, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from memberctl.store.engine import Store
from tests.message.mailserver import MailServer, configure, mail_server
from tests.program import Program
from tests.renewal.ground import new_term, with_terms
from tests.warm import WarmProgram

CRON = ("run", "daily", "--no-input", "--quiet")
MARCH = date(2026, 3, 31)


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server."""
    with mail_server() as running:
        yield running


@pytest.fixture
def club(memberctl: Program, server: MailServer) -> Iterator[WarmProgram]:
    """Three members whose terms end on 2026-03-31, reached by e-mail alone."""
    with_terms(memberctl, [MARCH] * 3)
    warm = WarmProgram(memberctl.location, memberctl.key_dir, memberctl.folder)
    configure(warm, port=server.port)
    warm.ok("policy", "set", "reminder_channels", "email")
    yield warm
    warm.close()


def on(club: Program, day: str, clock: str = "08:17") -> None:
    club.now = f"{day}T{clock}:00+08:00"


def test_n1_one_month_before_is_the_28th_of_february_and_comes_once(
    club: WarmProgram, server: MailServer
) -> None:
    on(club, "2026-02-27")
    assert club(*CRON).exit == 0
    assert server.received == []
    on(club, "2026-03-05")  # Cron was down for five days.
    for _ in range(10):
        assert club(*CRON) == club(*CRON)
    assert sorted(each.to for each in server.received) == [f"m{n}@example.com" for n in (1, 2, 3)]
    lines = club.ok("reminder", "explain", "M-000001")
    assert (lines[0]["due_on"], lines[0]["state"]) == ("2026-02-28", "sent")


def test_n2_who_renewed_froze_cancelled_died_or_opted_out_gets_nothing_and_why_is_kept(
    club: WarmProgram, server: MailServer
) -> None:
    on(club, "2026-02-28")
    assert club.ok("reminder", "run")["queued"] == 3
    new_term(club, 1, date(2027, 3, 31), 4)
    club.ok("member", "opt-out", "M-000002", "--category", "everything", "--because", "deceased")
    club.ok("member", "opt-out", "M-000003", "--category", "reminders")
    done = club.ok("message", "send")
    assert (done["sent"], done["suppressed"], server.received) == (0, 3, [])
    reasons = sorted(each["reason"] for each in club.ok("message", "list"))
    assert reasons == ["opted out: asked", "opted out: deceased", "renewed"]
    on(club, "2027-02-28")
    assert club.ok("reminder", "run")["queued"] == 1, "a new term has all its steps again"


def test_n3_only_accepted_mail_counts_and_who_has_no_address_is_called(
    club: WarmProgram, server: MailServer
) -> None:
    server.refuse["m1@example.com"] = "451 later"
    with Store(club.location).writing() as session:
        session.execute(text("UPDATE member SET email = NULL WHERE id = 2"))
        session.commit()
    on(club, "2026-02-28")
    assert club(*CRON).exit == 0
    states = {each["member"]: each["state"] for each in club.ok("message", "list")}
    assert states == {"M-000001": "retry", "M-000002": "queued", "M-000003": "sent"}
    assert [each["member"] for each in club.ok("reminder", "calls")] == ["M-000002"]


def test_n4_an_opt_out_stops_only_advertising_which_comes_by_day_and_once(
    club: WarmProgram, server: MailServer
) -> None:
    club.ok("policy", "set", "reminder_steps", "0d,+1w")
    for member in (1, 2, 3):  # Each has an older term beside, which ended on the same day.
        new_term(club, member, MARCH, member + 3, days=30)
    club.ok("member", "opt-out", "M-000001", "--category", "marketing")
    on(club, "2026-03-31", "23:00")
    assert club(*CRON).exit == 0
    assert len(server.received) == 6, "what is about the membership goes to all, at night too"
    on(club, "2026-04-07", "05:00")
    assert club(*CRON).exit == 0
    assert len(server.received) == 6, "nobody is disturbed before eight"
    on(club, "2026-04-07")
    assert club(*CRON).exit == 0
    assert [each.to for each in server.received[6:]] == ["m2@example.com", "m3@example.com"]
    states = [each["state"] for each in club.ok("message", "list", "--purpose", "win_back")]
    assert states == ["sent"] * 4, "two of each member in one message"


def test_n5_each_step_is_explained(club: WarmProgram) -> None:
    on(club, "2026-02-28")
    club(*CRON)
    club.ok("member", "opt-out", "M-000001", "--category", "reminders")
    on(club, "2026-04-01")
    club(*CRON)
    lines = club.ok("reminder", "explain", "M-000001")
    told = [(each["step"], each["due_on"], each["state"], each["why"]) for each in lines]
    assert told == [
        ("1m", "2026-02-28", "sent", ""),
        ("0d", "2026-03-31", "suppressed", "opted out: asked"),
    ]
    assert lines[0]["at"] == "2026-02-28T08:17:00+08:00"


def test_n6_jobs_have_their_order_a_dry_run_the_same_plan_and_silence_means_well(
    club: WarmProgram, server: MailServer
) -> None:
    on(club, "2026-02-28")
    plan = club.ok("run", "daily", "--dry-run")
    assert server.received == []
    done = club.ok("run", "daily")
    assert done == plan
    names = [job["job"] for job in done["jobs"]]
    order = ["expire_quotes", "forfeit_orders", "reminders", "dunning", "messages"]
    assert [name for name in names if name in order] == order
    assert club(*CRON) == type(club(*CRON))(0, "", "")
    server.refuse["m1@example.com"] = "550 no"
    on(club, "2026-03-31")
    bad = club(*CRON)
    assert (bad.exit, bad.out, bad.err.count("\n")) == (3, "", 1)
    server.most = 0
    new_term(club, 1, MARCH + timedelta(days=365), 4)
    on(club, "2027-03-31")
    down = club(*CRON)
    assert (down.exit, down.out, down.err.count("\n")) == (1, "", 1)
    assert "messages: email: the mail server" in down.err
