"""SMS by a program and by a web address. Source: rules N3; R10, R20."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from memberctl.core.errors import UsageProblem
from memberctl.message.delivery import Answer
from memberctl.message.rules import Channel
from memberctl.message.settings import SmsSettings, sms_settings
from memberctl.message.sms import CommandGateway, WebhookGateway
from tests.message.conftest import outgoing
from tests.message.mailserver import free_port

SMS = outgoing("+8613800138000", body="您好，$(rm -rf /) `x`\n", channel=Channel.SMS)


def script(folder: Path, text: str) -> tuple[str, ...]:
    """Write a program and return its words."""
    path = folder / "send-sms"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return (str(path), "--now")


def test_the_program_is_told_on_stdin_and_sees_no_number_among_its_words(tmp_path: Path) -> None:
    took = 'echo "$@" > words; cat > said; env > env'
    command = script(tmp_path, f"cd {tmp_path}; {took}")
    assert CommandGateway(SmsSettings(command=command)).hand_over(SMS).answer is Answer.ACCEPTED
    assert (tmp_path / "said").read_text() == f"+8613800138000\nms-000001.store\n{SMS.body}"
    seen = (tmp_path / "words").read_text() + (tmp_path / "env").read_text()
    assert "--now" in seen and "13800138000" not in seen


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("exit 0", Answer.ACCEPTED),
        ("exit 75", Answer.LATER),
        ("exit 1", Answer.REFUSED),
        ("kill -9 $$", Answer.UNCLEAR),
        ("exec sleep 5", Answer.UNCLEAR),
    ],
)
def test_how_the_program_ends_is_the_answer(tmp_path: Path, text: str, answer: Answer) -> None:
    settings = SmsSettings(command=script(tmp_path, text), timeout=1)
    assert CommandGateway(settings).hand_over(SMS).answer is answer


def test_a_program_that_is_not_there_is_down() -> None:
    told = CommandGateway(SmsSettings(command=("/nowhere/send-sms",))).hand_over(SMS)
    assert told.answer is Answer.DOWN


class Service(BaseHTTPRequestHandler):
    """Answers what its path says: /200, /500, /silent."""

    seen: list[tuple[dict[str, str], Any]]

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.seen.append((dict(self.headers), json.loads(self.rfile.read(length))))
        if self.path == "/silent":
            self.connection.close()
            return
        self.send_response(int(self.path[1:]))
        if self.path.startswith("/30"):
            self.send_header("Location", "/200")
        self.end_headers()

    def do_GET(self) -> None:
        self.seen.append((dict(self.headers), "followed"))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[tuple[str, list[tuple[dict[str, str], Any]]]]:
    """A web service, and what it was told."""
    Service.seen = []
    running = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}", Service.seen
    running.shutdown()
    running.server_close()


def test_the_service_gets_id_number_and_text_and_the_token(
    service: tuple[str, list[tuple[dict[str, str], Any]]], tmp_path: Path
) -> None:
    url, seen = service
    token = tmp_path / "token"
    token.write_text("T0\n")
    token.chmod(0o600)
    gateway = WebhookGateway(SmsSettings(webhook=f"{url}/200", token_file=token))
    assert gateway.hand_over(SMS).answer is Answer.ACCEPTED
    ((headers, content),) = seen
    assert content == {"id": "ms-000001.store", "to": "+8613800138000", "text": SMS.body}
    assert headers["Authorization"] == "Bearer T0"
    assert headers["Idempotency-Key"] == "ms-000001.store"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("202", Answer.ACCEPTED),
        ("400", Answer.REFUSED),
        ("429", Answer.LATER),
        ("503", Answer.LATER),
        ("500", Answer.UNCLEAR),
        ("302", Answer.REFUSED),
        ("silent", Answer.UNCLEAR),
    ],
)
def test_what_the_service_answers_decides_and_redirects_are_not_followed(
    service: tuple[str, list[tuple[dict[str, str], Any]]], path: str, answer: Answer
) -> None:
    url, seen = service
    assert WebhookGateway(SmsSettings(webhook=f"{url}/{path}")).hand_over(SMS).answer is answer
    assert "followed" not in [content for _, content in seen]


def test_a_service_that_is_not_there_is_down() -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    told = WebhookGateway(SmsSettings(webhook=url)).hand_over(SMS)
    assert told.answer is Answer.DOWN


@pytest.mark.parametrize(
    "table",
    [
        {"command": "send-sms --now"},
        {"command": []},
        {"command": ["x"], "webhook": "https://x"},
        {"webhook": "ftp://x"},
        {"webhook": "file:///etc/passwd"},
        {"webhook": "http://sms.example.org"},
        {"timeout": 5},
    ],
)
def test_a_table_that_is_wrong_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(UsageProblem, match=r"\[sms\]"):
        sms_settings(table)
