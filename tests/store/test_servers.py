"""What a URL of a PostgreSQL database that leads nowhere comes to, and that its password stays."""

from __future__ import annotations

import json

import pytest

from memberctl.store.servers import how_to_look
from tests.program import Program

SECRET = "s3cr3t-of-bob"
NOWHERE = f"postgresql+psycopg://bob:{SECRET}@127.0.0.1:1/club"


@pytest.mark.parametrize(
    ("url", "exit_", "said"),
    [
        (NOWHERE, 10, "cannot be reached"),
        (f"postgresql://bob@127.0.0.1:1/club?password={SECRET}", 10, "cannot be reached"),
        (f"postgresql://bob:{SECRET}@127.0.0.1:port/club", 2, "cannot be understood"),
        (f"postgresql://bob:{SECRET}@127.0.0.1:99999999/club", 10, "cannot be reached"),
        (f"postgresql://bob:{SECRET}@[::1/club", 2, "cannot be understood"),
        (f"{NOWHERE}?{SECRET}=1", 2, "cannot be understood"),
        (f"{NOWHERE}?connect_timeout={SECRET}", 2, "cannot be understood"),
    ],
)
def test_a_url_that_leads_nowhere_is_told_with_a_hint_and_without_its_password(
    memberctl: Program, url: str, exit_: int, said: str
) -> None:
    ended = memberctl("--db", url, "member", "list", "--format", "json")
    assert ended.exit == exit_
    error = json.loads(ended.err)
    assert said in error["message"]
    assert "memberctl help postgres" in error["hint"]
    assert SECRET not in ended.out + ended.err


def test_a_copy_to_a_server_that_is_not_there_says_so_and_not_that_it_went_away(
    memberctl: Program,
) -> None:
    ended = memberctl("db", "copy", "--to", NOWHERE)
    assert ended.exit == 10
    assert "cannot be reached" in ended.err
    assert "psql postgresql://bob@127.0.0.1:1/club" in ended.err


def test_the_doctor_mends_an_unreachable_server_by_looking_at_it(memberctl: Program) -> None:
    ended = memberctl("--db", NOWHERE, "doctor")
    assert "psql postgresql://bob@127.0.0.1:1/club says why" in ended.out
    assert SECRET not in ended.out + ended.err


def test_what_is_shown_of_a_url_is_quoted_for_a_shell_and_holds_no_secret() -> None:
    shown = how_to_look(
        f"postgres://bob%40club:{SECRET}@h/c?sslpassword={SECRET}&application_name=x;y"
    )
    assert shown.startswith("psql 'postgresql://bob%40club@h/c?application_name=x")
    assert SECRET not in shown
