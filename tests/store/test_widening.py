"""A column of states takes new values in a store that has rows, on both engines. Source: R25."""

from __future__ import annotations

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from memberctl.report.shape import fresh_shape, sqlite_shape
from memberctl.store.migrations.widening import widen


def widened(session: Session) -> None:
    with Operations.context(MigrationContext.configure(session.connection())):
        widen("calendar_day", "kind", ["half_day"])
        widen("calendar_day", "kind", ["half_day", "night"])


def enter(session: Session, kind: str) -> None:
    columns = "INSERT INTO calendar_day (day, year, kind, name)"
    session.execute(text(f"{columns} VALUES ('2026-01-02', 2026, :kind, '')"), {"kind": kind})


def test_a_new_value_is_taken_and_an_unknown_one_is_still_refused(session: Session) -> None:
    widened(session)
    before = session.execute(text("SELECT COUNT(*) FROM calendar_day")).scalar_one()
    enter(session, "half_day")
    known = text("SELECT DISTINCT kind FROM calendar_day ORDER BY kind")
    assert session.scalars(known).all() == ["half_day", "holiday", "workday"]
    assert session.execute(text("SELECT COUNT(*) FROM calendar_day")).scalar_one() == before + 1
    with pytest.raises(DatabaseError, match="ck_calendar_day_kind_known"), session.begin_nested():
        enter(session, "quarter_day")


def test_nothing_but_the_check_is_changed(session: Session) -> None:
    widened(session)
    if session.connection().dialect.name == "sqlite":
        found, fresh = sqlite_shape(session.connection()), fresh_shape()
        changed = {name for name in fresh if fresh[name] != found.get(name)}
        assert (changed, found.keys()) == ({"table calendar_day"}, fresh.keys())
        assert "STRICT" in found["table calendar_day"]
        problems = session.execute(text("PRAGMA foreign_key_check")).all()
        assert problems == []
