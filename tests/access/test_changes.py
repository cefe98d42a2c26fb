"""What a term was known to be on a day, as pure decisions. Source: rules T7, T9, M6."""

from __future__ import annotations

from datetime import date

from memberctl.access.changes import (
    Change,
    ChangeKind,
    days_sold,
    days_used,
    ending,
    freezes,
    known,
    span_known,
)
from memberctl.access.rules import (
    Held,
    MemberStatus,
    Standing,
    TermStatus,
    member_status,
    term_status,
)
from memberctl.core.dates import Span


def day(month: int, number: int, year: int = 2026) -> date:
    return date(year, month, number)


def until(end: date) -> Span:
    return Span(day(1, 1), end)


YEAR = until(day(12, 31))
JULY = Span(day(7, 1), day(7, 30))
FROZEN = Change(1, ChangeKind.FROZEN, day(6, 20), YEAR, until(day(1, 30, 2027)), JULY)
RESUMED = Change(
    2, ChangeKind.RESUMED, day(7, 11), until(day(1, 30, 2027)), until(day(1, 10, 2027)),
    Span(day(7, 1), day(7, 10)), follows=1,
)  # fmt: skip


def held(*changes: Change) -> Held:
    now = changes[-1].after if changes else YEAR
    return Held(now, day(1, 1), day(1, 1), changes=changes)


def test_an_end_is_told_as_it_was_known_on_each_day() -> None:
    term = held(FROZEN, RESUMED)
    known_ends = [
        term.span_on(on).end_on for on in (day(6, 19), day(6, 20), day(7, 10), day(7, 11))
    ]
    assert known_ends == [day(12, 31), day(1, 30, 2027), day(1, 30, 2027), day(1, 10, 2027)]
    assert span_known(YEAR, (), day(1, 1)) == YEAR


def test_a_member_is_frozen_on_the_days_that_were_known_to_be_frozen() -> None:
    facts = Standing((held(FROZEN, RESUMED),), 30)
    days = (day(6, 30), day(7, 1), day(7, 10), day(7, 11), day(7, 30), day(1, 10, 2027))
    found = [member_status(facts, on) for on in days]
    assert found == ["active", "frozen", "frozen", "active", "active", "active"]
    assert term_status(held(FROZEN), day(7, 30)) is TermStatus.FROZEN


def test_a_second_term_that_runs_lets_a_member_in_while_the_first_is_frozen() -> None:
    other = Held(YEAR, day(1, 1), day(1, 1))
    assert member_status(Standing((held(FROZEN), other), 30), day(7, 5)) is MemberStatus.ACTIVE


def test_a_freeze_that_was_taken_back_before_it_began_leaves_no_frozen_day() -> None:
    taken_back = Change(2, ChangeKind.RESUMED, day(6, 25), FROZEN.after, YEAR, None, follows=1)
    assert freezes((FROZEN, taken_back)) == ()
    assert freezes(known((FROZEN, taken_back), day(6, 24))) == (JULY,)


def test_what_was_restored_did_not_end() -> None:
    cut = Change(1, ChangeKind.REFUNDED, day(4, 10), YEAR, until(day(4, 10)))
    back = Change(2, ChangeKind.RESTORED, day(4, 12), until(day(4, 10)), YEAR, follows=1)
    assert [ending(each) for each in ((), (cut,), (cut, back))] == [None, "refunded", None]
    assert term_status(held(cut), day(4, 11)) is TermStatus.CANCELLED
    assert term_status(held(cut, back), day(4, 11)) is TermStatus.CANCELLED
    assert term_status(held(cut, back), day(4, 12)) is TermStatus.ACTIVE


def test_a_term_that_goes_on_under_another_plan_has_ended_and_was_not_cancelled() -> None:
    cut = Change(1, ChangeKind.SWITCHED, day(7, 2), YEAR, until(day(7, 1)))
    assert term_status(held(cut), day(7, 2)) is TermStatus.ENDED


def test_frozen_days_are_neither_sold_nor_used() -> None:
    span = until(day(1, 30, 2027))
    assert days_sold(span, [JULY]) == 365
    assert [days_used(span, [JULY], on) for on in (day(6, 30), day(7, 15), day(7, 31))] == [
        181, 181, 182,
    ]  # fmt: skip
    assert days_used(span, [JULY], date(2025, 12, 31)) == 0
    assert days_used(YEAR, [], day(4, 10)) == 100
    assert days_used(YEAR, [], date(2030, 1, 1)) == 365
