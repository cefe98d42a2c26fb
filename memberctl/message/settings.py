"""How messages leave: the tables [mail] and [sms] of the configuration file.

No secret stands there, in an option or in the environment: a password is the first line of a file
of its own. Source: cli.md "Global options"; rules N3.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from memberctl.core.errors import UsageProblem

HINT = "memberctl help messages"
LONGEST_SECRET = 4096
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")
_SCHEMES = ("https://", "http://localhost", "http://127.0.0.1")


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    OFF = "off"


PORTS: Mapping[Security, int] = {Security.STARTTLS: 587, Security.TLS: 465, Security.OFF: 25}


@dataclass(frozen=True, slots=True)
class MailSettings:
    """A mail server. sender -- the address that mail comes from; timeout -- seconds"""

    host: str
    port: int
    security: Security
    sender: str
    user: str | None = None
    password_file: Path | None = None
    reply_to: str | None = None
    timeout: int = 30


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """A program or a web address that sends SMS; exactly one of both. timeout -- seconds"""

    command: tuple[str, ...] = ()
    webhook: str = ""
    token_file: Path | None = None
    timeout: int = 30


def mail_settings(table: Mapping[str, object]) -> MailSettings | None:
    """Return what [mail] says, None when there is no such table. Raises UsageProblem."""
    if not table:
        return None
    _refuse_unknown(
        "mail",
        table,
        ["host", "port", "tls", "user", "password_file", "sender", "reply_to", "timeout"],
    )
    security = _security(table)
    user = _text("mail", table, "user")
    password_file = _path("mail", table, "password_file")
    if (user is None) != (password_file is None):
        raise _wrong("mail", "user and password_file are given together")
    if user is not None and security is Security.OFF:
        raise _wrong("mail", "a password is not sent in the clear: tls must be starttls or tls")
    host = _text("mail", table, "host")
    if host is None:
        raise _wrong("mail", "host is missing")
    if not _HOST.fullmatch(host):
        raise _wrong("mail", "host is the name of a mail server")
    return MailSettings(
        host=host,
        port=_number("mail", table, "port", PORTS[security], most=65_535),
        security=security,
        sender=_address(table, "sender", required=True) or "",
        user=user,
        password_file=password_file,
        reply_to=_address(table, "reply_to"),
        timeout=_number("mail", table, "timeout", 30, most=600),
    )


def sms_settings(table: Mapping[str, object]) -> SmsSettings | None:
    """Return what [sms] says, None when there is no such table. Raises UsageProblem."""
    if not table:
        return None
    _refuse_unknown("sms", table, ["command", "webhook", "token_file", "timeout"])
    command = table.get("command", [])
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        raise _wrong("sms", 'command is a list of words, ["/usr/local/bin/send-sms", "--now"]')
    webhook = _text("sms", table, "webhook") or ""
    if not command and not webhook:
        raise _wrong("sms", "command or webhook is missing")
    if command and webhook:
        raise _wrong("sms", "command or webhook is given, one of them")
    if webhook and not webhook.startswith(_SCHEMES):
        raise _wrong("sms", "webhook begins with https://")
    return SmsSettings(
        command=tuple(command),
        webhook=webhook,
        token_file=_path("sms", table, "token_file"),
        timeout=_number("sms", table, "timeout", 30, most=600),
    )


def read_secret(path: Path) -> str:
    """Return the first line of a file that nobody else can read. Raises UsageProblem."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as problem:
        raise UsageProblem(f"{path} cannot be read: {problem.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in {os.getuid(), 0}:
            raise UsageProblem(f"{path} is not a file of yours")
        if status.st_mode & 0o077:
            raise UsageProblem(f"{path} can be read by others", hint=f"chmod 600 {path}")
        lines = file.read(LONGEST_SECRET).decode("utf-8", "replace").splitlines()
    if not lines or not lines[0].strip() or not lines[0].isprintable():
        raise UsageProblem(f"{path} has no secret in its first line")
    return lines[0].strip()


def _security(table: Mapping[str, object]) -> Security:
    said = _text("mail", table, "tls") or Security.STARTTLS.value
    if said not in set(Security):
        raise _wrong("mail", f"tls is {', '.join(Security)}")
    return Security(said)


def _refuse_unknown(name: str, table: Mapping[str, object], known: list[str]) -> None:
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise _wrong(name, f"unknown setting {unknown[0]}; known are {', '.join(sorted(known))}")


def _text(name: str, table: Mapping[str, object], key: str) -> str | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise _wrong(name, f"{key} is a text")
    return value.strip()


def _path(name: str, table: Mapping[str, object], key: str) -> Path | None:
    value = _text(name, table, key)
    return None if value is None else Path(value).expanduser()


def _number(name: str, table: Mapping[str, object], key: str, default: int, *, most: int) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise _wrong(name, f"{key} is a whole number from 1 to {most}")
    return value


def _address(table: Mapping[str, object], key: str, *, required: bool = False) -> str | None:
    value = _text("mail", table, key)
    if value is None and required:
        raise _wrong("mail", f"{key} is missing")
    if value is not None and not _ADDRESS.fullmatch(value):
        raise _wrong("mail", f"{key} is an e-mail address")
    return value


def _wrong(name: str, what: str) -> UsageProblem:
    return UsageProblem(f"configuration file, [{name}]: {what}", hint=HINT)
