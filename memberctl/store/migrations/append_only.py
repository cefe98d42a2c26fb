"""Triggers that let a table grow and nothing else (rules G1, M1)."""

from alembic import op

SQLITE = """
CREATE TRIGGER {table}_no_{change} BEFORE {verb} ON {table}
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


def forbid_changes(table: str) -> None:
    """Forbid UPDATE and DELETE on `table`."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.execute(POSTGRES_FUNCTION)
    for change, verb in (("update", "UPDATE"), ("delete", "DELETE")):
        statement = SQLITE if sqlite else POSTGRES
        op.execute(statement.format(table=table, change=change, verb=verb))
