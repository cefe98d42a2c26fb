"""Whether an opened store is one this version may work with; compared by every command.

Source: reliability.md R13; bad inputs 82; cli.md exit code 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlmodel import select

from memberctl.core.errors import IntegrityFailure, NoStore
from memberctl.store.tables import StoreInfo

if TYPE_CHECKING:
    from sqlmodel import Session

SCHEMA = "0022"  # The newest migration; a test holds it against the folder of migrations.
TRIGGERS = frozenset(
    f"{table}_no_{change}"
    for table in (
        "audit",
        "ledger_entry",
        "posting",
        "term_change",
        "till_close",
        "chargeback",
    )
    for change in ("update", "delete")
)


def store_info(session: Session) -> StoreInfo:
    """Return the row that identifies the store. Raises NoStore or IntegrityFailure."""
    _refuse_other_schema(session)
    refuse_strangers(session)
    info = session.exec(select(StoreInfo)).one_or_none()
    if info is None:
        raise NoStore("the store was not finished by `memberctl init`")
    return info


def schema_of(session: Session) -> str:
    """Return the revision of the store's schema, "0000" for an empty one."""
    found = session.connection().execute(text("SELECT version_num FROM alembic_version"))
    return str(found.scalar_one_or_none() or "0000")


def _refuse_other_schema(session: Session) -> None:
    version = schema_of(session)
    if version < SCHEMA:
        raise NoStore(
            f"the store has schema {version}, this memberctl needs {SCHEMA}",
            hint="memberctl db upgrade",
        )
    refuse_newer(version)


def refuse_newer(version: str) -> None:
    """Raise NoStore for a schema that a later memberctl made."""
    if version > SCHEMA:
        raise NoStore(
            f"the store has schema {version}, newer than this memberctl's {SCHEMA}",
            hint="install the memberctl that made it, or a newer one",
        )


def refuse_strangers(session: Session) -> None:
    """Refuse a view or trigger of somebody else's: it could act when we read or write.

    One of our triggers that does something else than refuse is somebody else's as well.
    On PostgreSQL its owner alone can make one. Raises IntegrityFailure.
    """
    if session.connection().dialect.name != "sqlite":
        return
    found = session.connection().execute(
        text("SELECT name, sql FROM sqlite_master WHERE type IN ('view', 'trigger')")
    )
    if not all(_is_ours(name, sql) for name, sql in found):
        raise IntegrityFailure(
            "the store holds a view or trigger that memberctl did not make", hint="memberctl doctor"
        )


def _is_ours(name: str, sql: str) -> bool:
    """Tell whether a trigger has a name of ours and can only refuse: its one statement does."""
    table = name.rpartition("_no_")[0]
    refusal = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    return name in TRIGGERS and sql.endswith(refusal) and sql.count(";") == 1
