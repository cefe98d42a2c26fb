"""Your own words: hostile ones are refused when they are set, the others arrive as they are.

`template set` and `message send` run as processes of their own here. Source: bad inputs 72-76.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from memberctl.store.engine import Store
from tests.message.mailserver import MailServer, configure, mail_server
from tests.message.queueing import queue, receipt, with_members
from tests.program import Program

SUBJECT = "$organisation: $receipt"
SET = ("template", "set")


@pytest.fixture
def server(shop: Program) -> Iterator[MailServer]:
    """The server that the shop's mail goes to."""
    with mail_server() as running:
        configure(shop, port=running.port)
        yield running


def words(folder: Path, body: str, subject: str = SUBJECT) -> str:
    """Write the words of a receipt and return their file."""
    path = folder / "words.toml"
    path.write_text(f"[payment_receipt]\nsubject = '''{subject}'''\nbody = '''\n{body}'''\n")
    return str(path)


@pytest.mark.parametrize(
    ("hostile", "why"),
    [
        pytest.param("{m.__class__.__init__.__globals__}", "with plain names only", id="72"),
        pytest.param('{{ "".__class__ }}', "with plain names only", id="73a"),
        pytest.param("{% for x in range(10**9) %}x{% endfor %}", "with plain names only", id="73b"),
        pytest.param("{{'x'*10**8}}", "with plain names only", id="73c"),
        pytest.param("${name.__class__}", "with plain names only", id="73d"),
        pytest.param("Dear $name, $password", "names password; known are", id="75"),
    ],
)
@pytest.mark.parametrize("place", ["subject", "body"])
def test_what_is_no_plain_name_is_refused_when_it_is_set_and_nothing_changes(
    shop: Program, hostile: str, why: str, place: str
) -> None:
    before = shop.ok("template", "show", "payment_receipt", "--language", "en")
    file = (
        words(shop.folder, hostile)
        if place == "body"
        else words(shop.folder, "Dear $name", hostile)
    )
    done = shop.process(*SET, file, "--language", "en", as_="zhao")
    assert (done.exit, done.out) == (6, "")
    assert done.err.startswith("memberctl: "), done.err
    assert f"the {place}" in done.err and why in done.err
    assert "Traceback" not in done.err and "__globals__" not in done.err
    assert shop.ok("template", "show", "payment_receipt", "--language", "en") == before


@pytest.mark.parametrize("name", ["$secret", "{{7*7}}", "<b>x</b>", "${receipt}"])
def test_74_a_name_that_looks_like_a_template_arrives_as_it_is(
    shop: Program, server: MailServer, name: str
) -> None:
    file = words(shop.folder, "Dear $name, $$5 of $amount\n")
    assert shop.process(*SET, file, "--language", "zh", as_="zhao").exit == 0
    with_members(shop, 1)
    with Store(shop.location).writing() as session:
        session.execute(text("UPDATE member SET name = :name"), {"name": name})
        session.commit()
    queue(shop, receipt(1))
    assert shop.process("message", "send").exit == 0
    (mail,) = server.received
    assert mail.text == f"Dear {name}, $5 of 1.00 CNY\n"
    html = mail.mail.get_body(("html",))
    assert html is not None
    assert name.replace("<", "&lt;").replace(">", "&gt;") in html.get_content()
    assert "<b>" not in html.get_content()


def test_76_a_line_that_is_a_dot_arrives_and_ends_nothing(
    shop: Program, server: MailServer
) -> None:
    body = "Dear $name\n.\n..\n.QUIT\nend\n"
    assert shop.process(*SET, words(shop.folder, body), "--language", "zh", as_="zhao").exit == 0
    with_members(shop, 1)
    queue(shop, receipt(1), receipt(1, n=2))
    assert shop.process("message", "send").exit == 0
    assert [mail.text.split("\n", 1)[1] for mail in server.received] == ["\n".join(
        [".", "..", ".QUIT", "end", ""])] * 2  # fmt: skip
