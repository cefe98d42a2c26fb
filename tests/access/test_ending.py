"""Terms that end before their time, on real stores. Source: rules T7, M2, M10; mission S1.10."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from memberctl.access import queries, term_queries
from memberctl.access.changes import ChangeKind
from memberctl.access.ending import TermsEnded, end_terms, restore_terms
from memberctl.access.operations import issue_cards
from memberctl.access.rules import CardState, Handover, MemberStatus
from memberctl.access.tables import Term, TermChange
from memberctl.core.actor import Actor
from memberctl.report.member_record import show_member
from memberctl.report.members import list_members
from tests.access.conftest import Enrol, Grant

SHANGHAI = ZoneInfo("Asia/Shanghai")
MARCH_2, APRIL_10, APRIL_11 = date(2026, 3, 2), date(2026, 4, 10), date(2026, 4, 11)
End = Callable[..., TermsEnded]


@pytest.fixture
def end(session: Session, actors: dict[str, Actor], noon: Callable[[date], datetime]) -> End:
    """End the terms of an order on a day, decided on that day."""

    def run(source: str, last_on: date, today: date, **more: str) -> TermsEnded:
        return end_terms(
            session, source, last_on=last_on, why=ChangeKind.REFUNDED, reason="moved away",
            by=actors["qian"], at=noon(today), today=today, **more,
        )  # fmt: skip

    return run


def card_of(session: Session, member_id: int, actors: dict[str, Actor], at: datetime) -> str:
    (answer,) = issue_cards(
        session, [member_id], handover=Handover.COUNTER, by=actors["sun"], at=at, today=MARCH_2
    )
    assert answer.card is not None
    return answer.card.number


def test_a_term_ends_on_the_day_and_the_past_stays_what_it_was(
    session: Session, enrol: Enrol, grant: Grant, end: End
) -> None:
    member = enrol()
    grant(member, MARCH_2, "JN-1")
    before = [show_member(session, member, today=on) for on in (MARCH_2, date(2026, 4, 9))]
    (term,) = end("JN-1", APRIL_10, APRIL_10).terms
    assert (term.end_on, term.was_on) == (APRIL_10, date(2027, 3, 1))
    after = [show_member(session, member, today=on) for on in (MARCH_2, date(2026, 4, 9))]
    assert after == before
    assert before[0].terms[0].end_on == date(2027, 3, 1)
    statuses = [show_member(session, member, today=on).status for on in (APRIL_10, APRIL_11)]
    assert statuses == ["active", "cancelled"]
    (line,) = term_queries.list_terms(session, SHANGHAI, APRIL_11, member_id=member).rows
    assert (line.end_on, line.status) == (APRIL_10, "cancelled")


def test_the_list_finds_by_status_who_had_it_on_a_past_day(
    session: Session, enrol: Enrol, grant: Grant, end: End
) -> None:
    grant(enrol(), MARCH_2, "JN-1")
    end("JN-1", APRIL_10, APRIL_10)
    for status, on, total in (
        (MemberStatus.ACTIVE, APRIL_10, 1),
        (MemberStatus.CANCELLED, APRIL_11, 1),
        (MemberStatus.GRACE, APRIL_11, 0),
        (MemberStatus.ACTIVE, MARCH_2, 1),
    ):
        found = list_members(session, today=on, limit=None, status=status)
        assert found.total == total, (status, on)


def test_cards_go_at_once_when_nothing_is_left_after_today(
    session: Session,
    enrol: Enrol,
    grant: Grant,
    end: End,
    actors: dict[str, Actor],
    noon: Callable[[date], datetime],
) -> None:
    member = enrol()
    grant(member, MARCH_2, "JN-1")
    number = card_of(session, member, actors, noon(MARCH_2))
    assert end("JN-1", APRIL_10, APRIL_10).cards == (number,)
    assert queries.find_card(session, number).state is CardState.BLOCKED


def test_cards_stay_until_a_day_to_come_and_for_a_term_that_lies_ahead(
    session: Session,
    enrol: Enrol,
    grant: Grant,
    end: End,
    actors: dict[str, Actor],
    noon: Callable[[date], datetime],
) -> None:
    member, other = enrol(), enrol()
    for who, source in ((member, "JN-1"), (other, "JN-2"), (other, "RN-2")):
        grant(who, MARCH_2, source)
    for who in (member, other):
        card_of(session, who, actors, noon(MARCH_2))
    assert end("JN-1", date(2026, 6, 30), APRIL_10).cards == ()
    assert end("JN-2", APRIL_10, APRIL_10).cards == ()


def test_a_term_that_keeps_no_day_is_void_and_one_that_is_over_is_left_alone(
    session: Session, enrol: Enrol, grant: Grant, end: End
) -> None:
    member = enrol()
    grant(member, MARCH_2, "JN-1")
    grant(member, MARCH_2, "RN-1")
    (ahead,) = end("RN-1", APRIL_10, APRIL_10).terms
    assert ahead.end_on is None
    assert session.exec(select(Term).where(Term.source == "RN-1")).one().voided_at is not None
    assert end("JN-1", date(2027, 3, 1), APRIL_10).terms == ()
    assert session.exec(select(TermChange)).all() == []


def test_an_end_is_taken_back_by_its_cause_and_only_once(
    session: Session,
    enrol: Enrol,
    grant: Grant,
    end: End,
    actors: dict[str, Actor],
    noon: Callable[[date], datetime],
) -> None:
    member = enrol()
    grant(member, MARCH_2, "JN-1")
    end("JN-1", APRIL_10, APRIL_10, cause="RF-1")
    (term,) = restore_terms(session, "RF-1", by=actors["qian"], at=noon(APRIL_11))
    assert term.end_on == date(2027, 3, 1)
    assert restore_terms(session, "RF-1", by=actors["qian"], at=noon(APRIL_11)) == []
    known = [show_member(session, member, today=on).terms[0].end_on for on in (APRIL_10, APRIL_11)]
    assert known == [APRIL_10, date(2027, 3, 1)]


@pytest.mark.parametrize(
    "statement", ["UPDATE term_change SET reason = ''", "DELETE FROM term_change"]
)
def test_what_happened_to_a_term_is_never_changed(
    statement: str, session: Session, enrol: Enrol, grant: Grant, end: End
) -> None:
    grant(enrol(), MARCH_2, "JN-1")
    end("JN-1", APRIL_10, APRIL_10)
    with pytest.raises(DBAPIError, match="append-only"):
        session.connection().execute(text(statement))
