"""Statements that go straight to the driver: the same values, the same failures as any other."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Text, bindparam, column, delete, select, text, update
from sqlmodel import Session, col

from memberctl.access.rules import CardState
from memberctl.core.errors import NoStore
from memberctl.office.rules import DayKind, StaffState
from memberctl.office.tables import CalendarDay, Organisation, Staff
from memberctl.store.bulk import insert_rows
from memberctl.store.checksums import changed_rows, refresh
from memberctl.store.columns import Day, Instant
from memberctl.store.engine import Store
from memberctl.store.prepared import Prepared, driver_of
from tests.program import Program
from tests.statements import statements_sent

AT = datetime(2024, 1, 1, tzinfo=UTC)


def test_values_go_in_and_come_out_in_the_types_of_the_columns(session: Session) -> None:
    founded = Prepared(
        select(col(Organisation.created_at), col(Organisation.name)).where(
            col(Organisation.created_at) == bindparam("at", type_=Instant())
        )
    )
    assert founded.rows(session, at=AT) == [(AT, "长风健身 Longwind Fitness")]
    assert founded.row(session, at=AT.replace(year=2025)) is None
    days = Prepared(
        select(col(CalendarDay.day)).where(col(CalendarDay.day) == bindparam("day", type_=Day()))
    )
    assert days.rows(session, day=date(2024, 10, 1)) == [(date(2024, 10, 1),)]
    states = Prepared(select(col(Staff.state), col(Staff.uid)).where(col(Staff.code) == "li"))
    assert states.rows(session) == [(StaffState.ACTIVE, None)]
    assert not isinstance(states.rows(session)[0][0], CardState)


def test_a_value_may_be_named_twice_and_what_waits_to_be_written_is_seen(session: Session) -> None:
    named = Prepared(
        text("SELECT name FROM staff WHERE code = :who OR name = :who").columns(
            column("name", Text())
        )
    )
    person = session.scalars(select(Staff).where(col(Staff.code) == "li")).one()
    person.name = "qian"
    assert sorted(named.rows(session, who="qian")) == [("Qian",), ("qian",)]


def test_a_row_that_is_inserted_alone_is_stored_as_one_of_many_is(session: Session) -> None:
    columns = ("day", "year", "kind", "name")
    days = [date(2030, 1, 1), date(2030, 1, 2), date(2030, 1, 3)]
    rows = [(day, 2024, DayKind.HOLIDAY, "元旦") for day in days]
    insert_rows(session, CalendarDay, columns, rows[:1])
    insert_rows(session, CalendarDay, columns, rows[1:])
    found = select(CalendarDay.day, CalendarDay.kind, CalendarDay.name).where(
        col(CalendarDay.day).in_(days)
    )
    assert sorted(session.execute(found).tuples()) == [
        (day, DayKind.HOLIDAY, "元旦") for day in days
    ]
    if session.connection().dialect.name == "sqlite":
        assert list(changed_rows(driver_of(session)[0])) == []


def test_a_failure_of_the_driver_is_said_as_plainly_as_any_other(memberctl: Program) -> None:
    missing = Prepared(text("SELECT x FROM nowhere").columns(column("x", Text())))
    with pytest.raises(NoStore), Store(memberctl.location).writing() as session:
        missing.rows(session)


def test_a_statement_past_sqlalchemy_is_counted_as_one_through_it_is(session: Session) -> None:
    """What the tests of constant numbers of statements rest on: a loop does not escape them."""
    code = Prepared(select(col(Staff.code)).where(col(Staff.id) == bindparam("id")))
    session.connection()
    with statements_sent() as looped:
        for number in (1, 2, 3):
            code.row(session, id=number)
    with statements_sent() as asked:
        session.execute(select(col(Staff.code)))
    assert (len(looped), len(asked)) == (3, 1)


def test_rows_are_inserted_and_summed_by_as_many_statements_however_many_they_are(
    session: Session,
) -> None:
    sent = []
    changed = update(CalendarDay).values(name="x")
    for month, count in ((1, 1), (2, 2), (3, 31), (4, 300)):
        days = [date(2031, month, 1) + timedelta(days=day) for day in range(count)]
        rows = [(day, 2024, DayKind.WORKDAY, "") for day in days]
        session.execute(delete(CalendarDay))
        with statements_sent(summing=True) as inserted:
            insert_rows(session, CalendarDay, ("day", "year", "kind", "name"), rows)
        session.execute(changed)
        with statements_sent(summing=True) as refreshed:
            refresh(driver_of(session)[0])
        sent.append((len(inserted), len(refreshed)))
    on_sqlite = session.connection().dialect.name == "sqlite"
    # The first of a transaction also looks what its connection watches already.
    assert set(sent[1:]) == {(4, 3) if on_sqlite else (1, 0)}
