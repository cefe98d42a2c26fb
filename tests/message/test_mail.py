"""What goes over the wire, whatever members and organisations are called. Source: 68-76; R19."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memberctl.message.mail import NotWritable, as_html, compose, on_the_wire
from memberctl.message.settings import MailSettings, Security
from tests.message.conftest import outgoing

SETTINGS = MailSettings("127.0.0.1", 25, Security.OFF, "club@example.org")


def parsed(content: bytes) -> EmailMessage:
    found = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_a_message_has_plain_text_and_html_and_its_own_id() -> None:
    mail = parsed(compose(outgoing(body="您好：\n\n第一行\n第二行\n"), SETTINGS))
    assert mail["Message-ID"] == "<ms-000001.store@example.org>"
    assert (mail["To"], mail["Subject"]) == ("li@example.com", "Your receipt")
    assert "长风健身 Longwind" in str(mail["From"])
    assert mail["Date"].startswith("Mon, 02 Mar 2026 04:00:00")
    assert part(mail, "plain") == "您好：\n\n第一行\n第二行\n"
    assert "<p>第一行<br>\n第二行</p>" in part(mail, "html")


@pytest.mark.parametrize(
    "address",
    [
        "a@b\r\nBcc: v@x", "a@b, evil@y", "victim@x (evil@y)", "a@b(evil@c)", "", "a", "王@例子.cn",
        "a@b\nSubject: x", "<a@b>", "A <a@b>", "a@b;c@d", "a b@c",
    ],
)  # fmt: skip
def test_68_to_71_an_address_that_is_more_than_one_plain_one_gets_nothing(address: str) -> None:
    with pytest.raises(NotWritable):
        compose(outgoing(to=address), SETTINGS)


@pytest.mark.parametrize("name", ["$secret", "{{7*7}}", "<b>x</b>", "<script>alert(1)</script>"])
def test_74_a_name_in_the_body_is_literal_and_html_escaped(name: str) -> None:
    mail = parsed(compose(outgoing(body=f"Dear {name},\n"), SETTINGS))
    assert f"Dear {name}," in part(mail, "plain")
    html = part(mail, "html")
    assert "<b>x" not in html and "<script" not in html
    assert "Dear " + name.replace("<", "&lt;").replace(">", "&gt;") in html


def test_76_a_line_that_is_a_dot_does_not_end_the_message() -> None:
    wire = on_the_wire(compose(outgoing(body="one\n.\n..two\n. three\n"), SETTINGS))
    assert b"one\r\n..\r\n...two\r\n.. three\r\n" in wire
    assert wire.endswith(b"\r\n.\r\n") and wire.count(b"\r\n.\r\n") == 1
    assert b"\n" not in wire.replace(b"\r\n", b"")


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(), st.text())
def test_whatever_is_said_no_header_is_added_and_nothing_ends_early(
    organisation: str, subject: str, body: str
) -> None:
    given_ = outgoing(
        organisation=organisation.encode(errors="replace").decode(),
        subject=subject.encode(errors="replace").decode(),
        body=body.encode(errors="replace").decode(),
    )
    wire = on_the_wire(compose(given_, SETTINGS))
    assert wire.count(b"\r\n.\r\n") == 1 and wire.endswith(b"\r\n.\r\n")
    mail = parsed(wire)
    assert set(mail.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language",
        "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert mail["To"] == "li@example.com"
    assert "<script" not in as_html(given_).lower()
