"""SMS by a program or a web address of the organisation's choice.

The program is started without a shell and told on standard input, since arguments and environment
can be seen by everybody on the machine: first the number, then the message's own number, then the
text. It ends with 0 for sent and 75 for later; anything else is a refusal.
Source: rules N3; reliability.md R10, R20; bad inputs 83.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import urllib.error
import urllib.request
from typing import Any

from memberctl.message.delivery import Answer, Handed, Outgoing
from memberctl.message.settings import SmsSettings, read_secret

LATER = 75
TOO_MANY = 429
UNAVAILABLE = 503


class CommandGateway:
    """A program that sends one SMS each time it is started."""

    def __init__(self, settings: SmsSettings) -> None:
        self._settings = settings

    def hand_over(self, message: Outgoing) -> Handed:
        """Start the program for one message and return what came of it."""
        said = f"{message.to}\n{message.unique}\n{message.body}"
        try:
            done = subprocess.run(  # noqa: S603 -- the owner's own program, as a list of words.
                self._settings.command,
                input=said.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self._settings.timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Handed(Answer.UNCLEAR, "the SMS program did not end in time")
        except OSError as problem:
            return Handed(Answer.DOWN, f"the SMS program cannot be started: {problem.strerror}")
        if done.returncode < 0:
            return Handed(Answer.UNCLEAR, f"the SMS program was ended by signal {-done.returncode}")
        if done.returncode == 0:
            return Handed(Answer.ACCEPTED)
        answer = Answer.LATER if done.returncode == LATER else Answer.REFUSED
        return Handed(answer, f"the SMS program ended with {done.returncode}")

    def close(self) -> None:
        """Nothing is kept open."""


class WebhookGateway:
    """A web address that takes one SMS as JSON: id, to, text.

    Raises UsageProblem when the file of the token cannot be used.
    """

    def __init__(self, settings: SmsSettings) -> None:
        self._settings = settings
        self._opener = urllib.request.build_opener(_StayHere)
        self._token = "" if settings.token_file is None else read_secret(settings.token_file)

    def hand_over(self, message: Outgoing) -> Handed:
        """Post one message and return what came of it."""
        content = {"id": message.unique, "to": message.to, "text": message.body}
        headers = {"Content-Type": "application/json; charset=utf-8",
                   "Idempotency-Key": message.unique}  # fmt: skip
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(  # noqa: S310 -- its scheme was looked at when it was read.
            self._settings.webhook,
            data=json.dumps(content, ensure_ascii=False).encode(),
            headers=headers,
            method="POST",
        )
        try:
            with self._opener.open(request, timeout=self._settings.timeout) as response:
                return _heard(response.status)
        except urllib.error.HTTPError as problem:
            with problem:
                return _heard(problem.code)
        except urllib.error.URLError as problem:
            return _unheard(problem.reason)
        except (OSError, http.client.HTTPException) as problem:
            return _unheard(problem)

    def close(self) -> None:
        """Nothing is kept open."""


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: a member's number goes to the address that was configured only."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> None:
        """Return nothing, which makes a redirect an error."""


def _heard(status: int) -> Handed:
    why = f"the SMS service answered {status}"
    if 200 <= status < 300:
        return Handed(Answer.ACCEPTED)
    if status in {TOO_MANY, UNAVAILABLE}:
        return Handed(Answer.LATER, why)
    return Handed(Answer.UNCLEAR if status >= 500 else Answer.REFUSED, why)


def _unheard(reason: object) -> Handed:
    """Tell a service that was never reached from one that took the message and fell silent."""
    if isinstance(reason, ConnectionRefusedError) or _never_found(reason):
        return Handed(Answer.DOWN, "the SMS service cannot be reached")
    return Handed(Answer.UNCLEAR, "the SMS service did not answer")


def _never_found(reason: object) -> bool:
    import socket
    import ssl

    return isinstance(reason, socket.gaierror | ssl.SSLCertVerificationError)
