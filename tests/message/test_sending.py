"""`message send` and what people do besides, on both engines, to a real server. Source: N2-N4."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from memberctl.message.rules import Channel
from memberctl.store.engine import Store
from tests.message.mailserver import MailServer, configure, free_port
from tests.message.queueing import (
    email_of,
    queue,
    receipt,
    states,
    win_back,
    with_members,
)
from tests.program import Program
from tests.warm import WarmProgram


@pytest.fixture(autouse=True)
def win_back_is_always_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests queue advertising without a term; what is wanted is tried with reminders."""
    from memberctl.renewal import desk

    for purpose in list(desk.DESK.rechecks):
        monkeypatch.setitem(desk.DESK.rechecks, purpose, lambda *_: "")  # type: ignore[arg-type]


def send(club: Program, *more: str) -> Any:
    """Send what waits and return code and counts."""
    done = club("message", "send", *more, "--format", "json")
    return done.exit, done.json


def at(club: Program, clock: str) -> None:
    club.now = f"2026-03-02T{clock}:00+08:00"


def test_what_waits_is_sent_once_and_a_second_run_sends_nothing(
    club: WarmProgram, server: MailServer
) -> None:
    with_members(club, 2)
    queue(club, receipt(1), receipt(2, n=2))
    code, done = send(club)
    assert (code, done["sent"], done["left"]) == (0, 2, 0)
    assert [each.to for each in server.received] == [email_of(1), email_of(2)]
    assert "RC-2026-000001" in server.received[0].text
    assert send(club)[1]["sent"] == 0
    assert len(server.received) == 2
    listed = club.ok("message", "list", "--state", "sent")
    assert listed[0]["sent_at"] == "2026-03-02T10:00:00+08:00"
    events = [row["event"] for row in club.ok("audit", "log", "--object", "MS-000001")]
    assert events == ["message.sent"]
    assert club.ok("db", "check", "--deep")["problems"] == []


def test_a_dry_run_counts_the_same_and_reaches_nobody(
    club: WarmProgram, server: MailServer
) -> None:
    with_members(club, 3)
    queue(club, receipt(1), receipt(2, n=2), win_back(3), win_back(3, 2))
    would = send(club, "--dry-run")
    assert server.commands == 0
    assert send(club) == would


def test_a_limit_and_a_channel_narrow_what_is_sent(club: WarmProgram, server: MailServer) -> None:
    with_members(club, 1)
    queue(club, *(receipt(1, n=n) for n in range(1, 5)))
    assert send(club, "--limit-messages", "3")[1]["sent"] == 3
    assert send(club, "--channel", "sms")[1] == send(club, "--channel", "sms", "--dry-run")[1]
    assert send(club, "--channel", "email")[1]["sent"] == 1
    assert club("message", "send", "--channel", "print").exit == 2
    assert club("message", "send", "--key", "K").exit == 2


def test_a_refused_recipient_has_failed_and_can_be_tried_again_by_hand(
    club: WarmProgram, server: MailServer
) -> None:
    with_members(club, 2)
    queue(club, receipt(1), receipt(2, n=2))
    server.refuse[email_of(1)] = f"550 5.1.1 {email_of(1)}: no such user"
    code, done = send(club)
    assert (code, done["failed"], done["sent"]) == (3, 1, 1)
    (failed,) = club.ok("message", "list", "--state", "failed")
    assert failed["reason"] == "the mail server answered 550"
    assert club("message", "retry", "MS-000002").exit == 6
    server.refuse.clear()
    club.ok("message", "retry", failed["number"])
    assert send(club)[1]["sent"] == 1


def test_a_busy_server_is_tried_again_after_1m_5m_30m_2h_6h_and_no_sooner(
    club: WarmProgram, server: MailServer
) -> None:
    with_members(club, 1)
    queue(club, receipt(1))
    server.refuse[email_of(1)] = "450 4.2.1 try later"
    now = datetime(2026, 3, 2, 2, tzinfo=UTC)
    for minutes in (1, 5, 30, 120, 360):
        club.now = now.isoformat()
        assert send(club) == (0, send_counts(retry=1, left=1))
        now += timedelta(minutes=minutes)
        club.now = (now - timedelta(seconds=1)).isoformat()
        assert send(club)[1]["retry"] == 0, "not before its time"
    club.now = now.isoformat()
    assert send(club) == (3, send_counts(failed=1))
    (line,) = club.ok("message", "list")
    assert (line["attempts"], line["reason"]) == (
        6, "given up after 6 attempts: the mail server answered 450",
    )  # fmt: skip


def send_counts(**some: int) -> dict[str, Any]:
    zero = dict.fromkeys(("sent", "retry", "failed", "unknown", "left", "suppressed"), 0)
    return {**zero, **some, "down": {}}


def send_until_it_goes_away(club: WarmProgram, server: MailServer, total: int, before: int) -> None:
    """Let a server go away after `before` of `total` messages, come back, and take the rest.

    club -- no message waits in it
    """
    with_members(club, 1)
    queue(club, *(receipt(1, n=n) for n in range(1, total + 1)))
    server.most = before
    code, done = send(club)
    assert (code, done["sent"], done["left"]) == (16, before, total - before)
    assert list(states(club).values()).count("queued") == total - before
    server.most = None
    assert send(club)[1] == send_counts(sent=total - before)
    ids = [each.id for each in server.received]
    assert len(ids) == len(set(ids)) == total


def test_77_a_server_down_after_a_quarter_leaves_the_rest_queued_and_repeats_none(
    club: WarmProgram, server: MailServer
) -> None:
    """The soak sends 2,000."""
    send_until_it_goes_away(club, server, 60, 15)
    assert set(states(club).values()) == {"sent"}


def test_nobody_at_the_port_leaves_everything_queued_and_says_so(club: WarmProgram) -> None:
    with_members(club, 1)
    queue(club, receipt(1), win_back(1))
    configure(club, port=free_port())
    done = club("message", "send")
    assert done.exit == 16
    assert "email: the mail server 127.0.0.1, port " in done.err
    assert set(states(club).values()) == {"queued"}


def test_what_waits_for_a_service_that_nobody_has_set_up_is_said(club: WarmProgram) -> None:
    with_members(club, 1)
    queue(club, receipt(1), receipt(1, channel=Channel.SMS, n=2))
    told = "sms: no service is configured, 1 left: memberctl help messages\n"
    assert club("message", "send").err == told
    assert club("message", "send", "--channel", "email").err == ""
    assert club("message", "send", "--quiet").err == ""


def test_what_may_go_once_is_unknown_when_it_is_unclear_and_settled_by_a_person(
    club: WarmProgram, server: MailServer
) -> None:
    with_members(club, 2)
    queue(club, win_back(1), receipt(2))
    server.drops |= {email_of(1), email_of(2)}
    code, done = send(club)
    assert (code, done["unknown"], done["retry"]) == (16, 1, 1)
    server.drops.clear()
    at(club, "10:02")
    assert send(club)[1]["sent"] == 1
    assert [each.to for each in server.received] == [email_of(1), email_of(2), email_of(2)]
    assert server.received[1].id == server.received[2].id, "one Message-ID for both copies"
    assert club("message", "retry", "MS-000001").exit == 6
    assert club.ok("message", "settle", "MS-000001", "--failed")["state"] == "failed"
    club.ok("message", "retry", "MS-000001")
    assert send(club)[1]["sent"] == 1


def test_three_silences_in_a_row_are_enough_of_a_service(
    club: WarmProgram, server: MailServer
) -> None:
    with_members(club, 5)
    queue(club, *(receipt(n, n=n) for n in range(1, 6)))
    server.drops |= {email_of(n) for n in range(1, 6)}
    code, done = send(club)
    assert (code, done["retry"], done["left"]) == (16, 3, 5)


def test_advertising_is_one_message_a_day_and_what_is_left_comes_tomorrow(
    club: WarmProgram, server: MailServer
) -> None:
    with_members(club, 2)
    queue(club, win_back(1), win_back(1, 2), win_back(2), receipt(1))
    assert send(club)[1]["sent"] == 4
    assert len(server.received) == 3, "two of them were one"
    assert server.received[0].text.count("Dear Member 1") in {0, 2}
    queue(club, win_back(1, 3))
    assert send(club)[1] == send_counts(left=1)
    club.now = "2026-03-03T10:00:00+08:00"
    assert send(club)[1]["sent"] == 1


def test_in_the_quiet_hours_only_mail_about_an_order_goes(
    club: WarmProgram, server: MailServer
) -> None:
    with_members(club, 1)
    queue(club, win_back(1), receipt(1))
    at(club, "21:30")
    assert send(club)[1] == send_counts(sent=1, left=1)
    club.ok("policy", "set", "quiet_hours", "off")
    assert send(club)[1]["sent"] == 1


def test_who_opted_out_of_advertising_still_gets_receipts_and_the_dead_get_nothing(
    club: WarmProgram, server: MailServer
) -> None:
    with_members(club, 2)
    queue(club, win_back(1), receipt(1), receipt(2, n=2))
    club.ok("member", "opt-out", "M-000001", "--category", "marketing")
    refused = ("member", "opt-out", "M-000002", "--category", "reminders", "--because", "deceased")
    assert club(*refused).exit == 6
    club.ok("member", "opt-out", "M-000002", "--category", "everything", "--because", "deceased")
    assert send(club)[1] == send_counts(sent=1, suppressed=2)
    assert {each["reason"] for each in club.ok("message", "list", "--state", "suppressed")} == {
        "opted out: asked", "opted out: deceased",
    }  # fmt: skip
    assert [each["category"] for each in club.ok("member", "opt-outs", "M-000001")] == ["marketing"]
    club.ok("member", "opt-out", "M-000001", "--category", "marketing", "--off")
    assert club.ok("member", "opt-outs", "M-000001") == []


def test_a_member_whose_address_has_gone_has_failed_and_is_said(club: WarmProgram) -> None:
    with_members(club, 1)
    queue(club, receipt(1))
    with Store(club.location).writing() as session:
        session.execute(text("UPDATE member SET email = NULL, phone = '+8613800138000'"))
        session.commit()
    assert send(club)[0] == 3
    (line,) = club.ok("message", "list")
    assert (line["state"], line["reason"]) == ("failed", "the member has no address for email")


def test_letters_are_printed_in_the_clear_for_a_reason_and_once(club: WarmProgram) -> None:
    with_members(club, 2)
    queue(club, receipt(1, channel=Channel.PRINT), receipt(2, channel=Channel.PRINT, n=2))
    with Store(club.location).writing() as session:
        session.execute(text("UPDATE member SET address = NULL WHERE id = 2"))
        session.commit()
    path = club.folder / "letters.csv"
    assert club("message", "print", "--output", str(path)).exit == 2
    done = club("message", "print", "--output", str(path), "--reveal", "letters of March")
    assert (done.exit, path.read_text().count("1 Long Lane")) == (3, 1)
    assert states(club) == {"MS-000001": "sent", "MS-000002": "failed"}
    assert club("message", "print", "--reveal", "again", "--format", "count").out == "0\n"
    again = club("message", "print", "--reveal", "lost", "--again", "2026-03-02", "--format", "csv")
    assert "1 Long Lane" in again.out
    assert "Long Lane" not in club("message", "print", "--dry-run", "--again", "2026-03-02").out


def test_sms_goes_through_the_configured_program(club: WarmProgram) -> None:
    with_members(club, 1)
    program = club.folder / "sms"
    program.write_text(f"#!/bin/sh\ncat >> {club.folder}/said\n")
    program.chmod(0o700)
    configure(club, sms=f'[sms]\ncommand = ["{program}"]\n')
    queue(club, receipt(1, channel=Channel.SMS), receipt(1, n=2))
    assert send(club)[1] == send_counts(sent=1, left=1)
    assert (club.folder / "said").read_text().splitlines()[0].startswith("+86")


@pytest.mark.parametrize("body", ["[mail]\nhost = 5\n", '[mail]\nhost = "h"\n', "mail = 5\n"])
def test_a_wrong_configuration_sends_nothing_and_says_what_is_wrong(
    club: WarmProgram, body: str
) -> None:
    with_members(club, 1)
    queue(club, receipt(1))
    config = club.folder / "config.toml"
    config.write_text(f'key_dir = "{club.key_dir}"\n{body}')
    done = club("message", "send")
    assert (done.exit, "mail" in done.err) == (2, True)


def test_no_name_address_or_number_stands_in_outbox_log_or_words(
    club: WarmProgram, server: MailServer
) -> None:
    with_members(club, 2)
    queue(club, receipt(1), receipt(2, n=2))
    server.refuse[email_of(1)] = f"550 5.1.1 <{email_of(1)}> unknown"
    done = club("message", "send", "--verbose")
    rows = json.dumps([club.ok("message", "list"), club.ok("audit", "log")])
    assert "example.com" not in done.out + done.err + rows
