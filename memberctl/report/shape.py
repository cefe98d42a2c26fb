"""Whether a store's schema is the one that its migrations make, no more and no less.

Source: reliability.md R13; bad inputs 82.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, inspect, text

from memberctl.store.guard import TRIGGERS
from memberctl.store.roles import ACTOR_TRIGGER
from memberctl.store.schema import metadata
from memberctl.store.trail import Problem

if TYPE_CHECKING:
    from sqlalchemy import Inspector

OWN_TABLE = "alembic_version"
Shape = dict[str, str]


def shape_problems(connection: Connection) -> Iterator[Problem]:
    """Return what is missing from the schema, added to it or changed in it."""
    sqlite = connection.dialect.name == "sqlite"
    wanted: Mapping[str, str] = fresh_shape() if sqlite else declared_shape()
    found = sqlite_shape(connection) if sqlite else postgres_shape(connection)
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            yield Problem("schema_shape", name, _said(wanted.get(name)), _said(found.get(name)))


@lru_cache(maxsize=1)
def fresh_shape() -> Mapping[str, str]:
    """Return the shape of a SQLite store made a moment ago, in memory; once in a process."""
    from alembic import command

    from memberctl.store.migrate import config_for

    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        command.upgrade(config_for(connection), "head")
        return sqlite_shape(connection)


def sqlite_shape(connection: Connection) -> Shape:
    """Return the SQL of every table, index, trigger and view by its kind and name."""
    rows = connection.execute(
        text("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    )
    return {f"{kind} {name}": " ".join(sql.split()) for kind, name, sql in rows}


def declared_shape() -> Shape:
    """Return the shape that the table classes declare: columns, constraints, indexes, triggers."""
    shape: Shape = {f"trigger {name}": "" for name in TRIGGERS}
    for table in metadata.tables.values():
        shape[f"table {table.name}"] = ", ".join(sorted(column.name for column in table.columns))
        shape |= {f"index {index.name}": table.name for index in table.indexes}
        shape |= {
            f"constraint {constraint.name}": table.name
            for constraint in table.constraints
            if constraint.name is not None
        }
    return shape


def postgres_shape(connection: Connection) -> Shape:
    """Return the same of a PostgreSQL database."""
    inspector = inspect(connection)
    triggers = set(_triggers(connection)) - {ACTOR_TRIGGER}  # Made by `db roles`, if it was run.
    shape: Shape = {f"trigger {name}": "" for name in triggers}
    for table in inspector.get_table_names():
        if table == OWN_TABLE:
            continue
        columns = sorted(column["name"] for column in inspector.get_columns(table))
        shape[f"table {table}"] = ", ".join(columns)
        shape |= _postgres_names(inspector, table)
    return shape


def _triggers(connection: Connection) -> list[str]:
    rows = connection.execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"))
    return [name for (name,) in rows]


def _postgres_names(inspector: Inspector, table: str) -> Shape:
    constraints = [
        inspector.get_pk_constraint(table),
        *inspector.get_foreign_keys(table),
        *inspector.get_unique_constraints(table),
        *inspector.get_check_constraints(table),
    ]
    indexes = [each for each in inspector.get_indexes(table) if "duplicates_constraint" not in each]
    return {f"constraint {each['name']}": table for each in constraints} | {
        f"index {each['name']}": table for each in indexes
    }


def _said(part: str | None) -> str:
    if part is None:
        return "nothing"
    return part or "as it was made"
