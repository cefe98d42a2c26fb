"""A PostgreSQL server: its URL, without what is secret in it, and the one that is refused.

Source: cli.md "Global options"; reliability.md R20.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from memberctl.core.errors import NoStore, UsageProblem

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

SECRET = ("password", "sslpassword")


def server_url(location: str) -> URL:
    """Return the URL as psycopg takes it.

    Raises UsageProblem, without the URL's words: a password may be among them.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(f"postgresql+psycopg://{location.partition('://')[2]}")
    except (ArgumentError, ValueError):
        raise _odd_url() from None


@contextmanager
def odd_options_refused() -> Iterator[None]:
    """Refuse a URL with an option that PostgreSQL does not know, or a value that it cannot have.

    psycopg finds them before it connects, so that no server has given them a state.
    """
    from sqlalchemy.exc import ProgrammingError

    try:
        yield
    except ProgrammingError as problem:
        if getattr(problem.orig, "sqlstate", "") is not None:
            raise
        raise _odd_url() from None


def refuse_forgetful(connection: Connection) -> None:
    """Refuse a server that would acknowledge a commit it may still lose (promise R1)."""
    if connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "off":
        raise NoStore(
            "the PostgreSQL server runs with synchronous_commit=off and may lose payments",
            hint="ALTER DATABASE ... SET synchronous_commit = on",
        )


def how_to_look(location: str) -> str:
    """Return the line that says why a server lets nobody in, in the server's own words."""
    from sqlalchemy import URL

    url = server_url(location)
    shown = URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database,
        url.difference_update_query(SECRET).query,
    ).render_as_string(hide_password=False)  # fmt: skip
    return f"psql {shlex.quote(shown)} says why; see memberctl help postgres"


def _odd_url() -> UsageProblem:
    return UsageProblem(
        "the database URL cannot be understood",
        hint="postgresql+psycopg://USER@HOST:PORT/NAME?OPTION=VALUE, see memberctl help postgres",
    )
