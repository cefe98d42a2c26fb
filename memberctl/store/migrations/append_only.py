"""Triggers that let a table grow and nothing else (rules G1, M1).

What people said of somebody is the one thing that is written over: when that person is erased.
"""

import sqlalchemy as sa
from alembic import op

SQLITE = """
CREATE TRIGGER {table}_no_{change} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
SQLITE_BUT = """
CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN {unless}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION memberctl_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501'; END $$
"""
POSTGRES = """
CREATE TRIGGER {table}_no_{change} BEFORE {verb} ON {table}
FOR EACH ROW EXECUTE FUNCTION memberctl_append_only()
"""

POSTGRES_BUT = """
CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
FOR EACH ROW WHEN ({unless}) EXECUTE FUNCTION memberctl_append_only()
"""


def forbid_changes(table: str) -> None:
    """Forbid UPDATE and DELETE on `table`."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.execute(POSTGRES_FUNCTION)
    for change, verb in (("update", "UPDATE"), ("delete", "DELETE")):
        statement = SQLITE if sqlite else POSTGRES
        op.execute(statement.format(table=table, change=change, verb=verb))


def let_words_be_erased(table: str, column: str, erased: str) -> None:
    """Let an UPDATE of an append-only `table` write `erased` into `column`, and do nothing else."""
    bind = op.get_bind()
    sqlite = bind.dialect.name == "sqlite"
    differs = "{0} IS NOT {1}" if sqlite else "{0} IS DISTINCT FROM {1}"
    names = [each["name"] for each in sa.inspect(bind).get_columns(table)]
    changed = [differs.format(f'NEW."{name}"', f'OLD."{name}"') for name in names if name != column]
    other_words = differs.format(f'NEW."{column}"', f'OLD."{column}"')
    unless = " OR ".join([*changed, f"({other_words} AND NEW.\"{column}\" <> '{erased}')"])
    op.execute(f"DROP TRIGGER {table}_no_update" + ("" if sqlite else f" ON {table}"))
    op.execute((SQLITE_BUT if sqlite else POSTGRES_BUT).format(table=table, unless=unless))
