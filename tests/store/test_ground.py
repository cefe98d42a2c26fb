"""The tests' own ground: a seeded store on both engines."""

from sqlmodel import Session, select

from memberctl.office.tables import Branch
from memberctl.store.guard import SCHEMA
from memberctl.store.migrate import newest_revision


def test_a_seeded_store_has_two_branches(session: Session) -> None:
    assert session.exec(select(Branch.code).order_by(Branch.id)).all() == ["SH01", "BJ01"]


def test_the_schema_that_commands_expect_is_the_newest_migration() -> None:
    assert newest_revision() == SCHEMA
