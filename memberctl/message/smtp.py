"""E-mail by SMTP, one connection for many messages, never an answer that is only hoped for.

Until the first byte of a body is sent nothing can have been delivered; from then on until the
server's answer nobody knows. Source: reliability.md R10; bad inputs 76, 77.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress

from memberctl.message.delivery import Answer, Handed, Outgoing
from memberctl.message.mail import NotWritable, compose, on_the_wire
from memberctl.message.settings import MailSettings, Security, read_secret

GOING_AWAY = 421
_BROKEN = (OSError, smtplib.SMTPException, ValueError)


class SmtpGateway:
    """A mail server that takes one message at a time.

    Raises UsageProblem when the file of the password cannot be used.
    """

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._password = (
            "" if settings.password_file is None else read_secret(settings.password_file)
        )
        self._server: smtplib.SMTP | None = None

    def hand_over(self, message: Outgoing) -> Handed:
        """Hand a message over and return what came of it; nothing is raised but a bug.

        Servers drop connections that are idle or have brought many messages, so what breaks on an
        old one before the body has begun is tried once more on a new one.
        """
        try:
            content = on_the_wire(compose(message, self._settings))
        except NotWritable:
            return Handed(Answer.REFUSED, "the address cannot be written to")
        while True:
            is_new = self._server is None
            why = self._connected()
            if why:
                return Handed(Answer.DOWN, why)
            refusal = self._greeted(message)
            if refusal is None:
                return self._sent(content)
            if refusal.answer not in {Answer.BROKEN, Answer.DOWN}:
                self._forget_message()
                return refusal
            self.close()
            if is_new:
                break
        # A server that is there all the same does not like this one; the others need not wait.
        if refusal.answer is Answer.BROKEN and not self._connected():
            return refusal
        return Handed(Answer.DOWN, refusal.why)

    def close(self) -> None:
        """Say good-bye if somebody is there to hear it."""
        if self._server is not None:
            with suppress(*_BROKEN):
                self._server.quit()
            with suppress(*_BROKEN):
                self._server.close()
            self._server = None

    def _connected(self) -> str:
        """Connect unless we are; return why that is impossible, or ""."""
        if self._server is not None:
            return ""
        settings = self._settings
        server: smtplib.SMTP | None = None
        try:
            if settings.security is Security.TLS:
                server = smtplib.SMTP_SSL(
                    settings.host, settings.port, timeout=settings.timeout,
                    context=ssl.create_default_context(),
                )  # fmt: skip
            else:
                server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
            if settings.security is Security.STARTTLS:
                server.starttls(context=ssl.create_default_context())
            if settings.user is not None:
                server.login(settings.user, self._password)
        except _BROKEN as problem:
            if server is not None:
                server.close()
            where = f"{settings.host}, port {settings.port}"
            return f"the mail server {where}, cannot be used: {_said(problem)}"
        self._server = server
        return ""

    def _greeted(self, message: Outgoing) -> Handed | None:
        """Name sender and recipient and ask to send; return a refusal, or None to go on."""
        server = self._server
        assert server is not None
        try:
            server.ehlo_or_helo_if_needed()
            code, _ = server.mail(self._settings.sender)
            if code != 250:
                return Handed(Answer.DOWN, f"the mail server refuses the sender: {code}")
            code, _ = server.rcpt(message.to)
            if code in {250, 251}:
                code, _ = server.docmd("DATA")
                return None if code == 354 else _refusal(code)
        except _BROKEN as problem:
            return Handed(Answer.BROKEN, f"the mail server broke off: {_said(problem)}")
        return _refusal(code)

    def _sent(self, content: bytes) -> Handed:
        server = self._server
        assert server is not None
        try:
            server.send(content)
            code, _ = server.getreply()
        except _BROKEN as problem:
            self.close()
            return Handed(Answer.UNCLEAR, f"no answer after the message: {_said(problem)}")
        if code == 250:
            return Handed(Answer.ACCEPTED)
        return _refusal(code)

    def _forget_message(self) -> None:
        server = self._server
        assert server is not None
        try:
            server.rset()
        except _BROKEN:
            self.close()


def _refusal(code: int) -> Handed:
    """Return what a refusing code means; the server's words may repeat the address (G2)."""
    if code == GOING_AWAY:
        return Handed(Answer.DOWN, f"the mail server answered {code}")
    answer = Answer.REFUSED if 500 <= code < 600 else Answer.LATER
    return Handed(answer, f"the mail server answered {code}")


def _said(problem: BaseException) -> str:
    """Return why, without the server's words, which may hold an address or a password."""
    if isinstance(problem, smtplib.SMTPResponseException):
        return f"it answered {problem.smtp_code}"
    if isinstance(problem, TimeoutError):
        return "it does not answer in time"
    strerror = getattr(problem, "strerror", None)
    return str(strerror) if strerror else type(problem).__name__
