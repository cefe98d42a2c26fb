"""Founding and identity on both engines: who is at the keyboard, and for whom."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select
from sqlmodel import Session, col

from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, Invalid, NoStore, NotPermitted
from memberctl.office import calendar_queries, operations, queries
from memberctl.office.rules import NewStaff, Role
from memberctl.office.tables import CalendarDay, CalendarYear, Organisation
from memberctl.store.audit import append_notes
from memberctl.store.tables import AuditRow

Actors = dict[str, Actor]
AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
HU = NewStaff("hu", "胡", frozenset({Role.SERVICE}), uid=1001, branch="SH01")


def events(session: Session) -> list[str]:
    """Return what the audit log says, oldest first."""
    append_notes(session)
    return list(session.scalars(select(col(AuditRow.event)).order_by(col(AuditRow.seq))))


def found(session: Session, **other: object) -> Actor:
    given: dict[str, object] = {
        "name": "长风健身",
        "currency": "CNY",
        "zone": "Asia/Shanghai",
        "region": "CN",
        "owner_code": "Chen",
        "owner_name": "陈",
        "uid": 1234,
        "database_user": None,
        "at": AT,
    }
    return operations.found_organisation(session, **(given | other))  # type: ignore[arg-type]


def identify(session: Session, uid: int, acting_as: str | None = None) -> Actor:
    return queries.identify(session, uid=uid, database_user=None, acting_as=acting_as)[0]


def owner_uid(session: Session) -> int:
    uid = queries.find_staff(session, "owner").uid
    assert uid is not None
    return uid


class TestFounding:
    """A store from nothing."""

    @pytest.fixture(autouse=True)
    def _before_init(self, session: Session) -> None:
        session.expunge_all()
        session.execute(delete(Organisation))

    def test_an_organisation_begins_with_its_owner_and_settled_years(
        self, session: Session
    ) -> None:
        session.execute(delete(CalendarDay))
        session.execute(delete(CalendarYear))
        actor = found(session)
        owner = queries.find_staff(session, "chen")
        assert (actor.staff_id, actor.roles) == (owner.id, {"owner"})
        assert queries.roles_of(session, [owner.id])[owner.id] == ("owner",)
        years = [line.year for line in calendar_queries.list_years(session)]
        assert years == [2024, 2025, 2026]
        assert not any(line.provisional for line in calendar_queries.list_years(session))
        assert "organisation.founded" in events(session)

    def test_the_zone_decides_which_year_it_is(self, session: Session) -> None:
        session.execute(delete(CalendarDay))
        session.execute(delete(CalendarYear))
        found(session, at=datetime(2025, 12, 31, 17, tzinfo=UTC))
        assert [line.year for line in calendar_queries.list_years(session)] == [2024, 2025, 2026]

    def test_a_region_without_published_holidays_gets_no_calendar(self, session: Session) -> None:
        session.execute(delete(CalendarDay))
        session.execute(delete(CalendarYear))
        found(session, region="AC")
        assert calendar_queries.list_years(session) == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"currency": "cny"},
            {"currency": "BTC"},
            {"zone": "Asia/Shangai"},
            {"region": "cn"},
            {"region": "ＣＮ"},
            {"name": ""},
            {"name": "a\u202eb"},
            {"owner_code": "-rf"},
            {"owner_name": "\x1b[2J"},
        ],
    )
    def test_what_an_organisation_cannot_be_is_refused(
        self, session: Session, wrong: dict[str, str]
    ) -> None:
        with pytest.raises(Invalid):
            found(session, **wrong)

    def test_nobody_is_identified_before_the_founding(self, session: Session) -> None:
        with pytest.raises(NoStore, match="no organisation yet"):
            identify(session, 0)


def test_an_organisation_is_founded_once(session: Session) -> None:
    with pytest.raises(Conflict, match="has its organisation already"):
        found(session)


class TestIdentity:
    """Who is at the keyboard, and for whom."""

    def test_the_systems_user_is_the_person(self, session: Session) -> None:
        actor = identify(session, owner_uid(session))
        assert (actor.login, actor.staff, actor.roles) == ("owner", "owner", {"owner"})

    def test_on_postgresql_the_databases_user_is_the_person(self, session: Session) -> None:
        actor, own = queries.identify(session, uid=None, database_user="postgres", acting_as=None)
        assert (actor.staff, own.currency) == ("owner", "CNY")

    def test_a_stranger_may_nothing_and_learns_who_can_change_that(self, session: Session) -> None:
        with pytest.raises(NotPermitted, match="uid 4711 belongs to nobody") as refusal:
            identify(session, 4711)
        assert "memberctl staff add" in (refusal.value.hint or "")

    def test_acting_for_somebody_takes_their_rights_and_keeps_both_names(
        self, session: Session
    ) -> None:
        actor = identify(session, owner_uid(session), " LI ")
        assert (actor.login, actor.staff, actor.roles) == ("owner", "li", {"service"})

    @pytest.mark.parametrize("code", ["nobody", "", "\udce9", "x" * 10_000, "a\x00b"])
    def test_acting_for_nobody_is_refused(self, session: Session, code: str) -> None:
        with pytest.raises(NotPermitted, match="nobody on the staff"):
            identify(session, owner_uid(session), code)

    def test_acting_can_be_switched_off_but_not_being_oneself(
        self, session: Session, actors: Actors
    ) -> None:
        operations.set_policy(session, "acting", "off", by=actors["owner"], at=AT)
        with pytest.raises(NotPermitted, match="switched off"):
            identify(session, owner_uid(session), "li")
        assert identify(session, owner_uid(session), "owner").staff == "owner"

    def test_who_has_left_may_nothing_nor_may_anybody_act_for_them(
        self, session: Session, actors: Actors
    ) -> None:
        operations.add_staff(session, [HU], by=actors["owner"], at=AT)
        assert identify(session, 1001).branch_id == 1
        operations.leave_staff(session, "hu", by=actors["owner"], at=AT)
        for uid, acting_as in ((1001, None), (owner_uid(session), "hu")):
            with pytest.raises(NotPermitted, match="hu has left"):
                identify(session, uid, acting_as)

    @pytest.mark.parametrize(
        ("uid", "acting_as", "names"),
        [
            (4711, None, ("uid 4711", "uid 4711")),
            (4711, "li", ("uid 4711", "li")),
            (4711, "\udce9", ("uid 4711", "uid 4711")),
        ],
    )
    def test_who_is_refused_is_written_down_without_a_right(
        self, session: Session, uid: int, acting_as: str | None, names: tuple[str, str]
    ) -> None:
        actor = queries.whoever(session, uid=uid, database_user=None, acting_as=acting_as)
        assert (actor.login, actor.staff) == names
        assert actor.roles == frozenset()
