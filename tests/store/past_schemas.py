"""Stores as earlier versions made them: the rows of a busy day under the first schema.

The rows were written by the version whose newest migration was 0001, with the key file they were
signed and sealed by.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from memberctl.store.engine import Store
from memberctl.store.founding import make_sqlite_file
from memberctl.store.keys import key_path
from memberctl.store.migrate import upgrade_in
from tests.founding import STORE_ID

FIRST = "0001"


@lru_cache(maxsize=1)
def first_rows() -> Any:
    """Return the key, and the rows by table."""
    return json.loads(Path(__file__).with_name("schema_0001.json").read_text(encoding="utf-8"))


def revisions() -> list[str]:
    """Return every migration there is, the first one first."""
    from alembic.script import ScriptDirectory

    from memberctl.store.migrate import config_for

    script = ScriptDirectory.from_config(config_for(None))
    return [each.revision for each in script.walk_revisions()][::-1]


def make_past(location: str, key_dir: Path, revision: str) -> None:
    """Make a store of the first schema with its rows, and bring it to `revision`."""
    store = Store(location)
    if store.path is not None:
        make_sqlite_file(store.path)
    with store.writing() as session:
        upgrade_in(session, FIRST)
        write_rows(session)
        if revision != FIRST:
            upgrade_in(session, revision)
        session.commit()
    key_dir.mkdir(exist_ok=True)
    key = key_path(key_dir, STORE_ID)
    key.write_text(first_rows()["key"])
    key.chmod(0o600)


def write_rows(session: Session) -> None:
    """Write the rows; the owner is whoever runs the tests."""
    connection = session.connection()
    sqlite = connection.dialect.name == "sqlite"
    deferred = "PRAGMA defer_foreign_keys = ON"
    connection.exec_driver_sql(deferred if sqlite else "SET session_replication_role = replica")
    for name, table in first_rows()["tables"].items():
        columns = table["columns"]
        marks = ", ".join(f":{column}" for column in columns)
        statement = text(f'INSERT INTO "{name}" ({", ".join(columns)}) VALUES ({marks})')
        rows = [dict(zip(columns, map(_value, row), strict=True)) for row in table["rows"]]
        connection.execute(statement, rows)
    if not sqlite:
        connection.exec_driver_sql("SET session_replication_role = DEFAULT")
    login = {"uid": os.getuid()} if sqlite else {"database_user": "postgres"}
    (column,) = login
    connection.execute(text(f"UPDATE staff SET {column} = :{column} WHERE code = 'owner'"), login)


def _value(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value
