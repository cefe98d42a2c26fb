"""Staff, branches, policies and calendar on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, NotFound, RuleRefused
from memberctl.core.workdays import due_after
from memberctl.office import calendar_queries, operations, queries
from memberctl.office.calendars import SpecialDay, YearOfDays
from memberctl.office.rules import (
    DayKind,
    NewBranch,
    NewStaff,
    Outcome,
    Role,
    StaffState,
    new_staff,
)
from memberctl.store.audit import append_notes
from memberctl.store.tables import AuditRow, Counter

Actors = dict[str, Actor]
AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
HU = NewStaff("hu", "胡", frozenset({Role.SERVICE}), uid=1001, branch="SH01")


def events(session: Session) -> list[str]:
    """Return what the audit log says, oldest first."""
    append_notes(session)
    return list(session.scalars(select(col(AuditRow.event)).order_by(col(AuditRow.seq))))


def identify(session: Session, uid: int, acting_as: str | None = None) -> Actor:
    return queries.identify(session, uid=uid, database_user=None, acting_as=acting_as)[0]


class TestStaff:
    """People come, get roles, lose them and go."""

    def test_the_same_person_added_twice_is_there_once(
        self, session: Session, actors: Actors
    ) -> None:
        (added,) = operations.add_staff(session, [HU], by=actors["owner"], at=AT)
        (again,) = operations.add_staff(session, [HU], by=actors["owner"], at=AT)
        assert (added.outcome, again.outcome) == (Outcome.CREATED, Outcome.UNCHANGED)
        assert (added.branch, added.roles) == ("SH01", ("service",))
        assert events(session).count("staff.added") == 1

    @pytest.mark.parametrize(
        ("other", "message"),
        [
            (replace(HU, name="别人"), "hu is there already"),
            (replace(HU, code="ma"), "the uid is hu's"),
            (replace(HU, code="ma", uid=1, database_user="postgres"), "database user is owner's"),
        ],
    )
    def test_a_code_or_login_of_somebody_else_is_a_conflict(
        self, session: Session, actors: Actors, other: NewStaff, message: str
    ) -> None:
        operations.add_staff(session, [HU], by=actors["owner"], at=AT)
        with pytest.raises(Conflict, match=message):
            operations.add_staff(session, [other], by=actors["owner"], at=AT)

    def test_two_newcomers_cannot_share_a_login(self, session: Session, actors: Actors) -> None:
        with pytest.raises(Conflict, match="the uid is given twice"):
            operations.add_staff(session, [HU, replace(HU, code="ma")], by=actors["owner"], at=AT)

    def test_the_login_of_somebody_who_left_passes_to_the_newcomer(
        self, session: Session, actors: Actors
    ) -> None:
        operations.add_staff(session, [HU], by=actors["owner"], at=AT)
        operations.leave_staff(session, "hu", by=actors["owner"], at=AT)
        operations.add_staff(session, [replace(HU, code="ma")], by=actors["owner"], at=AT)
        assert identify(session, 1001).staff == "ma"
        assert queries.find_staff(session, "hu").uid is None

    def test_an_unknown_branch_is_refused(self, session: Session, actors: Actors) -> None:
        lost = new_staff("hu", "胡", [Role.SERVICE], branch="sh02")
        with pytest.raises(NotFound, match=r"did you mean SH01\?"):
            operations.add_staff(session, [lost], by=actors["owner"], at=AT)

    def test_roles_are_granted_and_revoked_once(self, session: Session, actors: Actors) -> None:
        owner = actors["owner"]
        twice = [
            operations.grant_roles(session, "LI", [Role.REVIEWER], by=owner, at=AT)
            for _ in range(2)
        ]
        assert [changed.outcome for changed in twice] == [Outcome.UPDATED, Outcome.UNCHANGED]
        assert twice[0].roles == ("reviewer", "service")
        roles = [Role.REVIEWER, Role.SERVICE]
        gone = operations.revoke_roles(session, "li", roles, by=owner, at=AT)
        again = operations.revoke_roles(session, "li", roles, by=owner, at=AT)
        assert (gone.roles, again.outcome) == ((), Outcome.UNCHANGED)
        assert events(session).count("staff.granted") == 1
        assert queries.find_staff(session, "li").version == 3

    def test_the_last_owner_stays_owner_and_stays(self, session: Session, actors: Actors) -> None:
        with pytest.raises(RuleRefused, match="the only owner"):
            operations.revoke_roles(session, "owner", [Role.OWNER], by=actors["owner"], at=AT)
        with pytest.raises(RuleRefused, match="the only owner"):
            operations.leave_staff(session, "owner", by=actors["owner"], at=AT)

    def test_with_two_owners_one_may_go(self, session: Session, actors: Actors) -> None:
        operations.grant_roles(session, "zhao", [Role.OWNER], by=actors["owner"], at=AT)
        left = operations.leave_staff(session, "owner", by=actors["owner"], at=AT)
        assert left.state is StaffState.LEFT
        assert queries.active_owners(session) == ["zhao"]

    def test_nobody_leaves_twice_or_is_given_a_role_afterwards(
        self, session: Session, actors: Actors
    ) -> None:
        operations.leave_staff(session, "li", by=actors["owner"], at=AT)
        with pytest.raises(RuleRefused, match="cannot leave staff li: it is left"):
            operations.leave_staff(session, "li", by=actors["owner"], at=AT)
        with pytest.raises(RuleRefused, match="li has left"):
            operations.grant_roles(session, "li", [Role.OWNER], by=actors["owner"], at=AT)

    def test_lists_leave_out_who_has_left_unless_asked(
        self, session: Session, actors: Actors
    ) -> None:
        before = queries.list_staff(session)
        operations.leave_staff(session, "li", by=actors["owner"], at=AT)
        assert queries.list_staff(session).total == before.total - 1
        assert queries.list_staff(session, left=True).total == before.total
        few = queries.list_staff(session, limit=2)
        assert ([line.code for line in few.rows], few.total) == (["feng", "owner"], 9)

    def test_codes_are_found_by_ids_in_one_go(self, session: Session) -> None:
        assert queries.staff_codes(session, [2, 1, 2, 4711]) == {1: "owner", 2: "li"}
        assert queries.staff_codes(session, []) == {}

    def test_an_unknown_person_is_answered_with_a_near_code(self, session: Session) -> None:
        with pytest.raises(NotFound, match=r"did you mean feng\?"):
            queries.find_staff(session, "fnge")


class TestBranches:
    """Places where members are served."""

    def test_a_batch_is_added_once_and_numbered_on(self, session: Session, actors: Actors) -> None:
        places = [NewBranch("GZ01", "广州"), NewBranch("SH01", "上海静安店")]
        first = operations.add_branches(session, places, by=actors["owner"], at=AT)
        again = operations.add_branches(session, places, by=actors["owner"], at=AT)
        assert [(each.card_digits, each.outcome.value) for each in first] == [
            ("0003", "created"),
            ("0001", "unchanged"),
        ]
        assert {each.outcome for each in again} == {Outcome.UNCHANGED}
        assert queries.find_branch(session, "gz01").name == "广州"

    def test_another_name_under_a_code_is_a_conflict(
        self, session: Session, actors: Actors
    ) -> None:
        with pytest.raises(Conflict, match="SH01 is there already"):
            operations.add_branches(session, [NewBranch("SH01", "x")], by=actors["owner"], at=AT)

    def test_there_are_no_more_branches_than_card_numbers_can_name(
        self, session: Session, actors: Actors
    ) -> None:
        counter = session.get(Counter, "branch")
        assert counter is not None
        counter.value = 9999
        session.flush()
        with pytest.raises(RuleRefused, match="9999"):
            operations.add_branches(session, [NewBranch("X", "x")], by=actors["owner"], at=AT)

    def test_an_unknown_branch_is_answered_with_the_codes(self, session: Session) -> None:
        with pytest.raises(NotFound, match="there are BJ01, SH01"):
            queries.find_branch(session, "zz")


class TestPolicies:
    """Defaults, and what was decided instead."""

    def test_a_default_holds_until_something_is_decided(
        self, session: Session, actors: Actors
    ) -> None:
        assert queries.policy_number(session, "review_days") == 5
        decided = operations.set_policy(session, "review_days", "7", by=actors["owner"], at=AT)
        assert (decided.before, decided.value) == ("5", "7")
        assert queries.policy_number(session, "review_days") == 7
        line = queries.find_policy(session, "review_days")
        assert (line.value, line.default, line.changed_by) == ("7", "5", "owner")

    def test_the_same_value_again_is_no_change(self, session: Session, actors: Actors) -> None:
        same = operations.set_policy(session, "review_days", "5", by=actors["owner"], at=AT)
        assert same.outcome is Outcome.UNCHANGED
        assert events(session) == []

    def test_an_empty_list_of_documents_is_a_decision_not_the_default(
        self, session: Session, actors: Actors
    ) -> None:
        operations.set_policy(session, "join_documents", "", by=actors["owner"], at=AT)
        assert queries.policy(session, "join_documents") == ""

    def test_all_policies_are_listed_with_unit_and_source(self, session: Session) -> None:
        lines = {line.key: line for line in queries.list_policies(session)}
        assert lines["review_days"].unit == "working days"
        assert lines["grace_entry"].allowed == "allow, warn, refuse"
        assert all(line.source for line in lines.values())


class TestCalendar:
    """Years of working days."""

    def test_deadlines_count_with_the_stored_calendar(self, session: Session) -> None:
        calendar = calendar_queries.work_calendar(session)
        assert due_after(date(2024, 10, 10), 2, calendar) == date(2024, 10, 12)
        with pytest.raises(RuleRefused, match="no year 2031"):
            calendar.is_working(date(2031, 1, 2))

    def test_a_year_is_entered_replaced_and_left_alone(
        self, session: Session, actors: Actors
    ) -> None:
        owner = actors["owner"]
        given = YearOfDays(2028, "given", (SpecialDay(date(2028, 1, 3), DayKind.HOLIDAY, "元旦"),))
        guess = replace(given, source="holidays 1, provisional")
        other = replace(given, days=(SpecialDay(date(2028, 1, 8), DayKind.WORKDAY, ""),))
        outcomes = [
            operations.enter_years(session, [year], by=owner, at=AT)[0].outcome.value
            for year in (guess, guess, given, given, other)
        ]
        assert outcomes == ["created", "unchanged", "updated", "unchanged", "updated"]
        assert calendar_queries.work_calendar(session).workdays >= {date(2028, 1, 8)}
        assert date(2028, 1, 3) not in calendar_queries.work_calendar(session).holidays
        assert events(session).count("calendar.entered") == 3

    def test_an_empty_file_leaves_a_year_alone(self, session: Session, actors: Actors) -> None:
        nothing = YearOfDays(2024, "given", ())
        (entered,) = operations.enter_years(session, [nothing], by=actors["owner"], at=AT)
        assert entered.outcome is Outcome.UNCHANGED
        assert date(2024, 10, 1) in calendar_queries.work_calendar(session).holidays

    def test_a_month_shows_every_day_and_a_year_the_special_ones(self, session: Session) -> None:
        first, last = date(2024, 10, 1), date(2024, 10, 31)
        month = calendar_queries.calendar_days(session, first, last, every=True)
        assert len(month) == 31
        assert [day.date.day for day in month if day.working][:5] == [8, 9, 10, 11, 12]
        year = calendar_queries.calendar_days(
            session, date(2024, 1, 1), date(2024, 12, 31), every=False
        )
        assert [day.weekday for day in year][:2] == ["Sunday", "Tuesday"]

    def test_a_year_that_was_never_entered_is_not_shown_as_ordinary(self, session: Session) -> None:
        with pytest.raises(NotFound, match="no year 2031"):
            calendar_queries.calendar_days(session, date(2031, 1, 1), date(2031, 1, 31), every=True)
