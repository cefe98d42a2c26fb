"""What is asked about visits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session

from memberctl.access.rules import CardKind, CardState, Handover
from memberctl.access.tables import Card
from memberctl.access.visit_queries import visit_days
from memberctl.access.visit_tables import Visit
from memberctl.access.visiting import VisitGround
from tests.access.conftest import Enrol, Grant

DAY = date(2026, 3, 1)
Visited = Callable[..., Visit]


@pytest.fixture
def visited(session: Session, noon: Callable[[date], datetime]) -> Visited:
    """Write one visit of a member who has card 1."""
    numbers = iter(range(1, 1_000))

    def add(member_id: int, term_id: int, on: date, **facts: object) -> Visit:
        given: dict[str, object] = {
            "id": next(numbers),
            "card_id": 1,
            "member_id": member_id,
            "term_id": term_id,
            "ground": VisitGround.TERM,
            "visited_at": noon(on),
            "visited_on": on,
            "recorded_by": 1,
        }
        visit = Visit(**(given | facts))
        session.add(visit)
        session.flush()
        return visit

    return add


@pytest.fixture
def carded(session: Session, noon: Callable[[date], datetime], enrol: Enrol) -> int:
    """A member with card 1."""
    member_id = enrol()
    session.add(
        Card(
            id=1,
            number="86000100000014",
            member_id=member_id,
            kind=CardKind.MEMBERSHIP,
            state=CardState.ACTIVE,
            handover=Handover.COUNTER,
            issued_at=noon(date(2026, 1, 1)),
            issued_by=1,
        )
    )
    session.flush()
    return member_id


def test_the_days_of_a_members_visits_are_told_once_each_without_undone_ones(
    session: Session,
    carded: int,
    grant: Grant,
    visited: Visited,
    noon: Callable[[date], datetime],
) -> None:
    term = grant(carded, DAY)
    undone = {"undone_at": noon(DAY), "undone_by": 1, "undone_reason": "wrong person"}
    visited(carded, term.id, DAY + timedelta(days=3))
    visited(carded, term.id, DAY + timedelta(days=1))
    visited(carded, term.id, DAY + timedelta(days=1))
    visited(carded, term.id, DAY + timedelta(days=2), **undone)
    visited(carded, term.id, DAY + timedelta(days=9))
    span = (DAY, DAY + timedelta(days=8))
    found = [DAY + timedelta(days=1), DAY + timedelta(days=3)]
    assert list(visit_days(session, *span, member_id=carded)) == found
    assert list(visit_days(session, *span, term_id=term.id)) == found
    assert list(visit_days(session, *span, term_id=term.id + 1)) == []
    assert list(visit_days(session, *span, member_id=carded + 1)) == []
