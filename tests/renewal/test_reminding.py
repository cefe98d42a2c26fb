"""Reminders on real stores, by commands. Source: rules N1-N5; performance.md C."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from memberctl.core.actor import Actor
from memberctl.core.text import clean_text
from memberctl.renewal.reminding import queue_reminders
from memberctl.store.engine import Store
from tests.access.conftest import member_row
from tests.message.mailserver import MailServer, configure, mail_server
from tests.program import Program
from tests.renewal.ground import AT, new_term, with_terms
from tests.statements import statements_sent
from tests.warm import WarmProgram

MARCH = date(2026, 3, 31)


@pytest.fixture
def club(memberctl: Program) -> Iterator[WarmProgram]:
    """Two members, whose terms end on 2026-03-31 and 2026-04-30; SMS is not used."""
    with_terms(memberctl, [MARCH, date(2026, 4, 30)])
    warm = WarmProgram(memberctl.location, memberctl.key_dir, memberctl.folder)
    warm.ok("policy", "set", "reminder_channels", "email")
    yield warm
    warm.close()


@pytest.fixture
def server(club: WarmProgram) -> Iterator[MailServer]:
    """The server that the club's mail goes to."""
    with mail_server() as running:
        configure(club, port=running.port)
        yield running


def on(club: Program, day: str) -> None:
    club.now = f"{day}T10:00:00+08:00"


def run(club: Program, day: str) -> list[int]:
    """Queue what is due on a day; return due, queued, already and suppressed."""
    on(club, day)
    done = club.ok("reminder", "run")
    return [done[key] for key in ("due", "queued", "already", "suppressed")]


def explained(club: Program) -> dict[str, tuple[str, str]]:
    """Return state and reason of each step of the first member's first term."""
    lines = club.ok("reminder", "explain", "M-000001")
    first = [each for each in lines if each["end_on"] == lines[0]["end_on"]]
    return {each["step"]: (each["state"], each["why"]) for each in first}


def change(club: Program, sql: str) -> None:
    """Let something be otherwise in the store."""
    with Store(club.location).writing() as session:
        session.execute(text(sql))
        session.commit()


def test_a_step_is_queued_once_on_its_day_or_when_the_next_run_comes(club: WarmProgram) -> None:
    assert run(club, "2026-02-27") == [0, 0, 0, 0]
    assert run(club, "2026-02-28") == [1, 1, 0, 0]
    assert run(club, "2026-03-05") == [1, 0, 1, 0]
    assert explained(club) == {"1m": ("queued", ""), "0d": ("not_yet", "")}


def test_a_step_that_nobody_ran_in_time_is_missed_and_said_so(club: WarmProgram) -> None:
    assert run(club, "2026-03-14") == [0, 0, 0, 0]
    assert explained(club)["1m"] == ("missed", "no run came while the step was open")
    assert run(club, "2026-03-31") == [2, 2, 0, 0], "his last day, and her month before"


def test_whoever_renewed_is_not_reminded_and_the_new_term_begins_all_steps_anew(
    club: WarmProgram,
) -> None:
    new_term(club, 1, date(2027, 3, 31), 3)
    assert run(club, "2026-02-28") == [1, 0, 0, 1]
    lines = club.ok("reminder", "explain", "M-000001")
    assert [(each["end_on"], each["step"], each["state"], each["why"]) for each in lines] == [
        ("2026-03-31", "1m", "suppressed", "renewed"), ("2026-03-31", "0d", "not_yet", ""),
        ("2027-03-31", "1m", "not_yet", ""), ("2027-03-31", "0d", "not_yet", ""),
    ]  # fmt: skip
    assert run(club, "2027-02-28")[1] == 1
    assert run(club, "2027-03-31")[1] == 1


def test_a_step_that_is_not_shorter_than_the_term_is_suppressed_and_explained(
    club: WarmProgram,
) -> None:
    new_term(club, 1, date(2026, 4, 30), 3, days=30)  # The renewal of a month: 04-01 to 04-30.
    assert run(club, "2026-03-30") == [2, 1, 0, 1], "hers of a year is due, his of a month is not"
    assert run(club, "2026-04-01")[1] == 0
    (line, last) = club.ok("reminder", "explain", "M-000001")[2:]
    assert (line["term"], line["step"], line["due_on"]) == ("RN-3", "1m", "2026-03-30")
    assert (line["state"], line["why"]) == ("suppressed", "the term is no longer than this step")
    assert (last["step"], last["state"]) == ("0d", "not_yet")
    assert run(club, "2026-04-30")[1] == 2, "both are told on the last day"


@pytest.mark.parametrize(("start_on", "queued"), [("2026-02-27", 1), ("2026-02-28", 0)])
def test_a_step_on_the_first_day_of_a_term_is_none_and_on_the_second_is_one(
    club: WarmProgram, start_on: str, queued: int
) -> None:
    change(club, f"UPDATE term SET start_on = '{start_on}' WHERE id = 1")
    assert run(club, "2026-02-28") == [1, queued, 0, 1 - queued]


def test_a_step_is_armed_by_a_freeze_and_suppressed_again_when_the_freeze_is_undone(
    club: WarmProgram, server: MailServer
) -> None:
    change(club, "UPDATE term SET start_on = '2026-03-01', end_on = '2026-04-10' WHERE id = 1")
    assert run(club, "2026-03-10") == [1, 1, 0, 0]
    change(club, "UPDATE term SET end_on = '2026-03-31' WHERE id = 1")
    assert club.ok("message", "send")["suppressed"] == 1
    assert explained(club)["1m"] == ("suppressed", "the term is no longer than this step")
    assert server.received == []


@pytest.mark.parametrize(
    ("why", "sql"),
    [
        ("its term was taken back", "UPDATE term SET voided_at = granted_at WHERE id = 1"),
        ("opted out: deceased", ""),
        ("the term ends later now", "UPDATE term SET end_on = '2026-06-30' WHERE id = 1"),
        ("too late: the step is over", "late"),
        ("the step is no longer one of the policy's", "policy"),
    ],
)
def test_what_is_not_wanted_any_more_is_suppressed_just_before_it_is_sent(
    club: WarmProgram, server: MailServer, why: str, sql: str
) -> None:
    run(club, "2026-02-28")
    if sql == "late":
        on(club, "2026-03-20")
    elif sql == "policy":
        club.ok("policy", "set", "reminder_steps", "0d")
    elif sql:
        change(club, sql)
    else:
        club.ok(
            "member", "opt-out", "M-000001", "--category", "everything", "--because", "deceased"
        )
    done = club.ok("message", "send")
    assert (done["sent"], done["suppressed"], server.received) == (0, 1, [])
    (line,) = club.ok("message", "list")
    assert (line["state"], line["reason"]) == ("suppressed", why)


def test_a_renewal_that_comes_between_suppresses_and_its_voiding_arms_the_step_again(
    club: WarmProgram, server: MailServer
) -> None:
    run(club, "2026-02-28")
    new_term(club, 1, date(2027, 3, 31), 3)
    assert club.ok("message", "send")["suppressed"] == 1
    assert explained(club)["1m"] == ("suppressed", "renewed")
    change(club, "UPDATE term SET voided_at = granted_at WHERE id = 3")
    assert run(club, "2026-03-02") == [1, 1, 0, 0]
    assert club.ok("message", "send")["sent"] == 1
    assert "2026-03-31" in server.received[0].text
    assert explained(club)["1m"] == ("sent", "")


@pytest.mark.parametrize(
    ("kind", "columns", "why"),
    [
        ("frozen", "'2026-02-20', '2026-03-01'", "frozen"),
        ("cancelled", "NULL, NULL", "cancelled"),
        ("refunded", "NULL, NULL", "refunded"),
        ("transferred", "NULL, NULL", "transferred"),
    ],
)
def test_who_is_frozen_or_has_gone_is_not_reminded_and_told_so(
    club: WarmProgram, kind: str, columns: str, why: str
) -> None:
    change(
        club,
        "INSERT INTO term_change (id, term_id, kind, from_on, until_on, start_before, start_after,"
        " end_before, end_after, source, reason, recorded_at, recorded_by) VALUES"
        f" (1, 1, '{kind}', {columns}, '2025-04-01', '2025-04-01', '2026-03-31', '2026-03-31', '',"
        " '', '2026-02-01 00:00:00+00', 1)",
    )
    assert run(club, "2026-02-28") == [1, 0, 0, 1]
    assert explained(club)["1m"] == ("suppressed", why)
    if kind == "frozen":
        assert run(club, "2026-03-02") == [1, 1, 0, 0], "the freeze is over and the step is open"


def test_who_was_expelled_is_not_reminded(club: WarmProgram) -> None:
    club.ok("member", "expel", "M-000001", "--reason", "theft", "--yes")
    club.now = "2026-03-02T10:00:00+08:00"
    assert run(club, "2026-03-03") == [1, 0, 0, 1]
    assert explained(club)["1m"] == ("suppressed", "expelled")


@pytest.mark.parametrize(
    ("policy", "channels"),
    [("email,sms", ["email", "sms"]), ("email", ["email"]), ("sms", ["sms"]), ("first", ["email"])],
)
def test_the_policy_chooses_the_ways(club: WarmProgram, policy: str, channels: list[str]) -> None:
    club.ok("policy", "set", "reminder_channels", policy)
    assert run(club, "2026-02-28")[1] == len(channels)
    listed = club.ok("message", "list")
    assert sorted(each["channel"] for each in listed) == channels
    assert sorted(each["channel"] for each in club.ok("reminder", "explain", "M-000001")) == sorted(
        channels * 2
    )


def test_who_cannot_be_reached_is_to_be_called_and_is_ticked_off(club: WarmProgram) -> None:
    change(club, "UPDATE member SET email = NULL WHERE id = 1")
    assert run(club, "2026-02-28") == [1, 1, 0, 0]
    (call,) = club.ok("reminder", "calls")
    assert (call["member"], call["phone"]) == ("M-000001", "138****0001")
    club.ok("message", "settle", call["number"], "--sent", as_="sun")
    assert club.ok("reminder", "calls") == []
    assert run(club, "2026-03-01") == [1, 0, 1, 0]


def test_whose_mail_is_refused_for_good_is_to_be_called(
    club: WarmProgram, server: MailServer
) -> None:
    server.refuse["m1@example.com"] = "550 no such user"
    run(club, "2026-02-28")
    assert club("message", "send").exit == 3
    assert club.ok("reminder", "calls") == []
    assert run(club, "2026-03-01") == [2, 1, 1, 0]
    (call,) = club.ok("reminder", "calls")
    assert call["cause"] == "T-1/1m"
    assert run(club, "2026-03-02") == [2, 0, 2, 0]


def test_a_week_after_the_end_a_word_is_said_to_those_who_left(
    club: WarmProgram, server: MailServer
) -> None:
    club.ok("policy", "set", "reminder_steps", "1m,0d,+1w")
    for day in ("2026-03-31", "2026-04-07"):
        run(club, day)
    listed = club.ok("message", "list", "--purpose", "win_back")
    assert [each["cause"] for each in listed] == ["T-1/+1w"]
    done = club.ok("message", "send")
    assert (done["sent"], done["suppressed"]) == (2, 1), "the last day's was open until yesterday"
    club.ok("member", "opt-out", "M-000002", "--category", "marketing")
    assert run(club, "2026-05-07") == [1, 0, 0, 1]


def test_a_plan_whose_name_is_hostile_makes_no_broken_message(
    club: WarmProgram, server: MailServer
) -> None:
    name = clean_text("""年卡 "x" \\ $name {{7*7}} <b>'""", what="the name")
    with Store(club.location).writing() as session:
        session.execute(text("UPDATE plan_version SET name = :name WHERE id = 1"), {"name": name})
        session.commit()
    run(club, "2026-02-28")
    assert club.ok("message", "send")["sent"] == 1
    assert name in server.received[0].text


@pytest.mark.parametrize("count", [1, 60])
def test_a_run_takes_the_same_few_statements_however_many_are_due(
    session: Session, actors: dict[str, Actor], count: int
) -> None:
    for number in range(1, count + 1):
        session.add(member_row(number, AT))
    session.flush()
    start = MARCH - timedelta(days=364)
    session.execute(
        text(
            "INSERT INTO term (id, member_id, plan_version_id, tier_version_id, product, source,"
            " start_on, end_on, anchor_on, granted_at, version)"
            f" SELECT id, id, 1, 1, 'membership', 'JN-' || id, '{start}', '{MARCH}', '{start}',"
            " registered_at, 1 FROM member"
        )
    )
    at = datetime.combine(date(2026, 2, 28), AT.timetz())
    with statements_sent() as sent:
        done = queue_reminders(session, today=date(2026, 2, 28), by=actors["zhao"], at=at)
    assert (done.due, done.queued) == (count, count)
    assert len(sent) == 6, "three policies, one count, one counter, one insert"
