"""Counters: every number once, none left out."""

from __future__ import annotations

from sqlmodel import Session

from memberctl.store.counters import take, take_one
from memberctl.store.engine import Store
from tests.program import Program


def test_a_series_begins_at_one_and_leaves_nothing_out(session: Session) -> None:
    given = [*take(session, "orders:JN:2026", 3), take_one(session, "orders:JN:2026")]
    assert [*given, *take(session, "orders:JN:2026", 2)] == [1, 2, 3, 4, 5, 6]


def test_series_do_not_touch_each_other(session: Session) -> None:
    take(session, "orders:JN:2026", 7)
    assert take_one(session, "orders:JN:2027") == 1


def test_taking_none_uses_nothing_up(session: Session) -> None:
    assert list(take(session, "card:1", 0)) == []
    assert take_one(session, "card:1") == 1


def test_a_number_that_was_rolled_back_is_given_again(memberctl: Program) -> None:
    store = Store(memberctl.location)
    with store.writing() as session:
        assert take_one(session, "receipt:RC:2026") == 1
    with store.writing() as session:
        assert take_one(session, "receipt:RC:2026") == 1
        session.commit()
    with store.writing() as session:
        assert take_one(session, "receipt:RC:2026") == 2
