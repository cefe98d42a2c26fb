"""A message as an e-mail: headers that cannot be injected, plain text and HTML side by side.

The HTML is one frame with two names in it, so string.Template with every value escaped does it;
a template language would add an import and a way to run something.
Source: libraries.md "e-mail"; bad inputs 68-76.
"""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from string import Template

from memberctl.message.delivery import Outgoing
from memberctl.message.rendering import FOLDER
from memberctl.message.settings import MailSettings

# Every line of 7 bits: a server that takes no more changes nothing on the way.
POLICY = SMTP.clone(cte_type="7bit")
_PARAGRAPHS = re.compile(r"\n\s*\n")
_BARE_DOT = re.compile(rb"(?m)^\.")


class NotWritable(ValueError):
    """The address cannot stand in a header by itself, so nothing is sent there."""


def compose(message: Outgoing, settings: MailSettings) -> bytes:
    """Return the e-mail as it goes over the wire, before dots are doubled.

    The Message-ID is made of the message's own number, so a second copy is known for one.
    Raises NotWritable for a recipient that is anything but one plain address.
    """
    domain = settings.sender.rpartition("@")[2]
    mail = EmailMessage(policy=POLICY)
    mail["From"] = Address(one_line(message.organisation), addr_spec=settings.sender)
    mail["To"] = plain_address(message.to)
    if settings.reply_to is not None:
        mail["Reply-To"] = Address(addr_spec=settings.reply_to)
    mail["Subject"] = one_line(message.subject)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.unique}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body)
    mail.add_alternative(as_html(message), subtype="html")
    mail["Content-Language"] = message.language.value
    return mail.as_bytes()


def plain_address(text: str) -> Address:
    """Return an address that is exactly `text`. Raises NotWritable."""
    try:
        address = Address(addr_spec=text)
    except (ValueError, HeaderParseError, IndexError):
        raise NotWritable from None
    if address.addr_spec != text or not text.isascii():
        raise NotWritable
    return address


def one_line(text: str) -> str:
    """Return text without anything that would end a header line."""
    return " ".join(text.split())


def as_html(message: Outgoing) -> str:
    """Return the body as HTML: each paragraph one, each line one, every sign of it literal."""
    paragraphs = _PARAGRAPHS.split(message.body.strip())
    body = "\n".join(
        "<p>" + "<br>\n".join(escape(line) for line in paragraph.splitlines()) + "</p>"
        for paragraph in paragraphs
    )
    return _frame().substitute(
        language=message.language.value, subject=escape(message.subject), body=body
    )


def on_the_wire(mail: bytes) -> bytes:
    """Return an e-mail with a dot doubled where a line begins with one, and its end.

    Source: RFC 5321, 4.5.2; bad inputs 76.
    """
    stuffed = _BARE_DOT.sub(b"..", mail)
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"


@lru_cache(maxsize=1)
def _frame() -> Template:
    return Template((FOLDER / "frame.html").read_text(encoding="utf-8"))
