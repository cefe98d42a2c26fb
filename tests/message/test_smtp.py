"""One message to a real SMTP server that accepts, refuses, delays and breaks off. Source: R10."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from memberctl.core.errors import UsageProblem
from memberctl.message.delivery import Answer, Handed
from memberctl.message.settings import MailSettings, Security, mail_settings, read_secret
from memberctl.message.smtp import SmtpGateway
from tests.message.conftest import outgoing
from tests.message.mailserver import MailServer, free_port

LI, WANG = "li@example.com", "wang@example.com"


@pytest.fixture
def settings(server: MailServer) -> MailSettings:
    return MailSettings("127.0.0.1", server.port, Security.OFF, "club@example.org", timeout=1)


@pytest.fixture
def gateway(settings: MailSettings) -> Iterator[SmtpGateway]:
    opened = SmtpGateway(settings)
    yield opened
    opened.close()


def test_many_messages_go_over_one_connection(gateway: SmtpGateway, server: MailServer) -> None:
    for to in (LI, WANG):
        assert gateway.hand_over(outgoing(to)) == Handed(Answer.ACCEPTED)
    assert [each.to for each in server.received] == [LI, WANG]
    assert server.received[0].id == "<ms-000001.store@example.org>"


def test_a_body_arrives_as_it_was_whatever_its_lines_begin_with(
    gateway: SmtpGateway, server: MailServer
) -> None:
    gateway.hand_over(outgoing(body="one\n.\n.two\n"))
    (received,) = server.received
    assert received.text == "one\n.\n.two\n"


@pytest.mark.parametrize(
    ("reply", "answer"),
    [("550 5.1.1 no such user", Answer.REFUSED), ("450 4.2.1 try later", Answer.LATER)],
)
def test_a_refused_recipient_does_not_keep_the_next_from_it(
    gateway: SmtpGateway, server: MailServer, reply: str, answer: Answer
) -> None:
    server.refuse[LI] = reply
    told = gateway.hand_over(outgoing())
    assert (told.answer, told.why) == (answer, f"the mail server answered {reply[:3]}")
    assert gateway.hand_over(outgoing(WANG)).answer is Answer.ACCEPTED


@pytest.mark.parametrize(
    ("reply", "answer"), [("554 spam", Answer.REFUSED), ("452 full", Answer.LATER)]
)
def test_a_refused_body_is_no_delivery(
    gateway: SmtpGateway, server: MailServer, reply: str, answer: Answer
) -> None:
    server.answers[LI] = reply
    assert gateway.hand_over(outgoing()).answer is answer
    assert server.received == []


def test_a_server_that_breaks_off_after_the_body_leaves_it_unclear_and_is_asked_again(
    gateway: SmtpGateway, server: MailServer
) -> None:
    server.drops.add(LI)
    assert gateway.hand_over(outgoing()).answer is Answer.UNCLEAR
    assert gateway.hand_over(outgoing(WANG)).answer is Answer.ACCEPTED
    assert [each.to for each in server.received] == [LI, WANG]


def test_a_recipient_whom_the_server_is_silent_about_is_left_for_later(
    gateway: SmtpGateway, server: MailServer
) -> None:
    server.silent.add(LI)
    assert gateway.hand_over(outgoing()).answer is Answer.BROKEN
    assert gateway.hand_over(outgoing(WANG)).answer is Answer.ACCEPTED
    assert [each.to for each in server.received] == [WANG]


def test_a_server_that_goes_away_is_down_and_the_message_was_not_begun(
    gateway: SmtpGateway, server: MailServer
) -> None:
    server.most = 1
    assert gateway.hand_over(outgoing()).answer is Answer.ACCEPTED
    assert gateway.hand_over(outgoing(WANG)).answer is Answer.DOWN


def test_nobody_at_the_port_a_wrong_name_and_no_starttls_are_down(settings: MailSettings) -> None:
    for changed in (
        replace(settings, port=free_port()),
        replace(settings, host="no-such-host.invalid"),
        replace(settings, security=Security.STARTTLS),
        replace(settings, security=Security.TLS),
    ):
        told = SmtpGateway(changed).hand_over(outgoing())
        assert told.answer is Answer.DOWN, changed
        where = f"the mail server {changed.host}, port {changed.port}, cannot be used: "
        assert told.why.startswith(where)


def test_a_server_that_never_greets_is_down_after_the_timeout(settings: MailSettings) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        silent = replace(settings, port=mute.getsockname()[1])
        assert SmtpGateway(silent).hand_over(outgoing()).answer is Answer.DOWN


def test_a_hostile_address_gets_nothing(gateway: SmtpGateway, server: MailServer) -> None:
    assert gateway.hand_over(outgoing("a@b\r\nBcc: v@x")).answer is Answer.REFUSED
    assert server.commands == 0


@pytest.mark.parametrize(
    "table",
    [
        {"sender": "club@example.org"},
        {"host": "h"},
        {"host": "h", "sender": "not an address"},
        {"host": "h", "sender": "a@b", "port": 0},
        {"host": "h", "sender": "a@b", "port": True},
        {"host": "h", "sender": "a@b", "tls": "maybe"},
        {"host": "h", "sender": "a@b", "user": "u"},
        {"host": "h", "sender": "a@b", "user": "u", "password_file": "p", "tls": "off"},
        {"host": "h", "sender": "a@b", "password": "secret"},
        {"host": "h\nx", "sender": "a@b"},
    ],
)
def test_a_table_that_is_wrong_is_refused_before_anything_is_sent(table: dict[str, object]) -> None:
    with pytest.raises(UsageProblem, match=r"\[mail\]"):
        mail_settings(table)


def test_a_port_follows_the_security() -> None:
    table = {"host": "h", "sender": "a@b"}
    found = {tls: mail_settings({**table, "tls": tls}) for tls in ("starttls", "tls", "off")}
    assert [each.port for each in found.values() if each] == [587, 465, 25]


def test_a_password_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("geheim\nmore\n")
    path.chmod(0o644)
    with pytest.raises(UsageProblem, match="can be read by others"):
        read_secret(path)
    path.chmod(0o600)
    assert read_secret(path) == "geheim"
    path.write_text("")
    with pytest.raises(UsageProblem):
        read_secret(path)
