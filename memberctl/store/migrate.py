"""Migrations: the schema's history, run by `init` and `db upgrade` and by nothing else.

Source: reliability.md R25; cli.md "Cron" (nothing migrates by itself).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection
    from sqlmodel import Session

    from memberctl.store.engine import Store

SCRIPTS = Path(__file__).with_name("migrations")


def upgrade(store: Store, revision: str = "head") -> None:
    """Bring the store's schema to `revision`, in one transaction."""
    with store.writing() as session:
        upgrade_in(session, revision)
        session.commit()


def upgrade_in(session: Session, revision: str = "head") -> None:
    """Bring the schema to `revision` within a transaction that the caller commits."""
    from alembic import command

    from memberctl.store.checksums import sum_all_at_commit

    connection = session.connection()
    sum_all_at_commit(connection.connection.driver_connection)
    command.upgrade(config_for(connection), revision)


def config_for(connection: Connection | None) -> Config:
    """Return Alembic's configuration, bound to a connection that is already in a transaction."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    """Return the newest migration that this program ships."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(config_for(None)).get_current_head()
    assert head is not None
    return head
