"""What a freeze changes and what refuses it, as pure decisions. Source: rules T8, T9."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from memberctl.access.changes import Change, ChangeKind
from memberctl.access.freezing import (
    Caps,
    Owned,
    Planned,
    freeze_to_resume,
    plan_freeze,
    plan_resume,
    term_meant,
)
from memberctl.access.rules import Held
from memberctl.core.dates import Span
from memberctl.core.errors import RuleRefused

CAPS = Caps(2, 90)
JUNE_20 = date(2026, 6, 20)


def span(start: str, end: str) -> Span:
    return Span(date.fromisoformat(start), date.fromisoformat(end))


def owned(id_: int, days: Span, *, pack: bool = False, product: str = "membership") -> Owned:
    return Owned(id_, product, pack, Held(days, days.start_on, days.start_on, source=f"JN-{id_}"))


YEAR = owned(1, span("2026-01-01", "2026-12-31"))
JULY = span("2026-07-01", "2026-07-30")


def freeze(
    term: Owned = YEAR,
    stretch: Span = JULY,
    others: Sequence[Owned] = (),
    visits: Sequence[date] = (),
    today: date = JUNE_20,
) -> list[Planned]:
    return plan_freeze(term, stretch, [term, *others], visits, CAPS, today)


def applied(term: Owned, number: int, planned: Planned, follows: int | None = None) -> Owned:
    """Return a term with one change more."""
    change = Change(
        number, planned.kind, JUNE_20, term.span, planned.after, planned.stretch,
        planned.follows or follows,
    )  # fmt: skip
    held = replace(term.held, span=planned.after, changes=(*term.held.changes, change))
    return replace(term, held=held)


def test_the_end_moves_by_exactly_the_frozen_days_and_comes_back_by_the_unused_ones() -> None:
    (frozen,) = freeze()
    assert (frozen.kind, frozen.after) == (ChangeKind.FROZEN, span("2026-01-01", "2027-01-30"))
    term = applied(YEAR, 1, frozen)
    (resumed,) = plan_resume([term], JULY, date(2026, 7, 11), None, date(2026, 7, 11))
    assert resumed.after == span("2026-01-01", "2027-01-10")
    assert (resumed.stretch, resumed.follows) == (span("2026-07-01", "2026-07-10"), 1)


def test_a_freeze_that_is_taken_back_before_it_begins_leaves_the_term_as_it_was() -> None:
    term = applied(YEAR, 1, freeze()[0])
    (resumed,) = plan_resume([term], JULY, JUNE_20, None, JUNE_20)
    assert (resumed.after, resumed.stretch) == (YEAR.span, None)


def test_early_renewals_move_along_and_back_and_nothing_overlaps() -> None:
    second = owned(2, span("2027-01-01", "2027-12-31"))
    third = owned(3, span("2028-01-01", "2028-12-31"))
    planned = freeze(others=(third, second))
    assert [(each.term_id, each.kind, each.after) for each in planned[1:]] == [
        (2, ChangeKind.MOVED, span("2027-01-31", "2028-01-30")),
        (3, ChangeKind.MOVED, span("2028-01-31", "2029-01-30")),
    ]
    terms = [
        applied(YEAR, 1, planned[0]),
        applied(second, 2, planned[1], 1),
        applied(third, 3, planned[2], 1),
    ]
    back = plan_resume(terms, JULY, date(2026, 7, 11), None, date(2026, 7, 11))
    assert [each.after for each in back] == [
        span("2026-01-01", "2027-01-10"),
        span("2027-01-11", "2028-01-10"),
        span("2028-01-11", "2029-01-10"),
    ]


def test_a_renewal_bought_during_a_freeze_comes_back_with_it_and_leaves_no_gap() -> None:
    term = applied(YEAR, 1, freeze()[0])
    bought = owned(2, span("2027-01-31", "2028-01-30"))
    seasonal = replace(bought, is_seasonal=True)
    behind = owned(3, span("2028-01-31", "2029-01-30"))
    early = (JULY, date(2026, 7, 11), None, date(2026, 7, 11))
    back = plan_resume([term, behind, bought], *early)
    assert [(each.term_id, each.after) for each in back] == [
        (1, span("2026-01-01", "2027-01-10")),
        (2, span("2027-01-11", "2028-01-10")),
        (3, span("2028-01-11", "2029-01-10")),
    ]
    assert [each.term_id for each in plan_resume([term, seasonal, behind], *early)] == [1]


def test_who_joined_again_after_a_frozen_term_was_ended_keeps_the_new_days() -> None:
    term = applied(YEAR, 1, freeze()[0])
    ended = applied(term, 2, Planned(1, ChangeKind.REFUNDED, span("2026-01-01", "2026-07-05")))
    anew = owned(2, span("2026-07-06", "2027-07-05"))
    back = plan_resume([ended, anew], JULY, date(2026, 7, 11), None, date(2026, 7, 11))
    assert [each.term_id for each in back] == [1]


def test_what_lies_behind_a_gap_or_is_another_product_stays() -> None:
    far = owned(2, span("2027-02-01", "2028-01-31"))
    pool = owned(3, span("2027-01-01", "2027-12-31"), product="pool")
    assert [each.term_id for each in freeze(others=(far, pool))] == [1]


def test_a_pack_that_runs_meanwhile_is_frozen_with_the_membership() -> None:
    pack = owned(2, span("2026-05-01", "2026-07-10"), pack=True)
    begins = owned(3, span("2026-07-21", "2026-12-31"), pack=True)
    over = owned(4, span("2026-01-01", "2026-06-30"), pack=True)
    planned = freeze(others=(pack, begins, over))
    assert [(each.term_id, each.after.end_on, each.stretch) for each in planned[1:]] == [
        (2, date(2026, 8, 9), JULY),
        (3, date(2027, 1, 10), span("2026-07-21", "2026-07-30")),
    ]
    terms = [
        applied(t, n, p) for t, n, p in zip((YEAR, pack, begins), (1, 2, 3), planned, strict=True)
    ]
    back = plan_resume(terms, JULY, date(2026, 7, 11), None, date(2026, 7, 11))
    assert [(each.after.end_on, each.stretch) for each in back] == [
        (date(2027, 1, 10), span("2026-07-01", "2026-07-10")),
        (date(2026, 7, 20), span("2026-07-01", "2026-07-10")),
        (date(2026, 12, 31), None),
    ]


def test_a_term_that_was_ended_after_it_was_frozen_keeps_its_last_day() -> None:
    term = applied(YEAR, 1, freeze()[0])
    cut = Planned(1, ChangeKind.CANCELLED, span("2026-01-01", "2026-08-31"))
    (resumed,) = plan_resume(
        [applied(term, 2, cut)], JULY, date(2026, 7, 11), None, date(2026, 7, 11)
    )
    assert resumed.after == cut.after


@pytest.mark.parametrize(
    ("stretch", "why"),
    [
        (span("2026-06-19", "2026-06-25"), "today or later"),
        (span("2026-07-01", "2026-09-29"), "too long"),
    ],
)
def test_a_freeze_outside_the_rules_is_refused(stretch: Span, why: str) -> None:
    with pytest.raises(RuleRefused, match=why):
        freeze(stretch=stretch)


def test_a_freeze_may_begin_today_and_use_every_day_that_is_allowed() -> None:
    (planned,) = freeze(stretch=span("2026-06-20", "2026-09-17"))
    assert planned.after.end_on == date(2027, 3, 31)


def test_freezes_of_one_term_are_counted_and_do_not_overlap() -> None:
    term = applied(YEAR, 1, freeze()[0])
    with pytest.raises(RuleRefused, match="already"):
        freeze(term, span("2026-07-30", "2026-08-02"))
    with pytest.raises(RuleRefused, match="30 of them are taken"):
        freeze(term, span("2026-08-01", "2026-09-30"))
    second = applied(term, 2, freeze(term, span("2026-08-01", "2026-08-10"))[0])
    with pytest.raises(RuleRefused, match="frozen 2 times"):
        freeze(second, span("2026-10-01", "2026-10-02"))


def test_a_day_with_a_check_in_is_not_frozen() -> None:
    with pytest.raises(RuleRefused, match="came in on 2026-07-01") as refused:
        freeze(visits=[date(2026, 7, 1)])
    assert "2026-07-02" in (refused.value.hint or "")


def test_a_term_for_life_is_not_frozen() -> None:
    life = owned(1, span("2026-01-01", "2075-12-31"))
    with pytest.raises(RuleRefused, match="for life"):
        freeze(life)
    assert freeze(owned(1, span("2026-01-01", "2075-12-30")))


def test_a_follower_with_a_freeze_of_its_own_is_not_moved_under_it() -> None:
    second = owned(2, span("2027-01-01", "2027-12-31"))
    frozen = applied(second, 1, freeze(second, span("2027-03-01", "2027-03-05"))[0])
    with pytest.raises(RuleRefused, match="freeze of its own"):
        freeze(others=(frozen,))


def test_the_membership_is_meant_before_packs_and_one_order_where_there_are_two() -> None:
    pool = owned(2, YEAR.span, product="pool")
    pack = owned(3, YEAR.span, pack=True)
    assert term_meant([pack, YEAR], JUNE_20, None, "M-000001") is YEAR
    assert term_meant([pack], JUNE_20, None, "M-000001") is pack
    assert term_meant([YEAR, pool], JUNE_20, "JN-2", "M-000001") is pool
    with pytest.raises(RuleRefused, match="2 terms") as refused:
        term_meant([YEAR, pool], JUNE_20, None, "M-000001")
    assert refused.value.hint == "--order JN-1"
    with pytest.raises(RuleRefused, match="no term on 2027-01-01"):
        term_meant([YEAR], date(2027, 1, 1), None, "M-000001")


def test_the_freeze_that_lasts_is_resumed_before_the_next() -> None:
    term = applied(YEAR, 1, freeze()[0])
    later = span("2026-10-01", "2026-10-10")
    term = applied(term, 2, freeze(term, later)[0])
    assert freeze_to_resume([term], date(2026, 7, 30), None, "M-000001") == JULY
    assert freeze_to_resume([term], date(2026, 7, 31), None, "M-000001") == later
    with pytest.raises(RuleRefused, match="no freeze"):
        freeze_to_resume([term], date(2026, 10, 11), None, "M-000001")
    (resumed,) = plan_resume([term], JULY, date(2026, 7, 20), None, date(2026, 7, 20))
    assert resumed.follows == 1, "the later freeze stays"


def test_a_freeze_is_not_resumed_in_the_past_nor_after_it() -> None:
    term = applied(YEAR, 1, freeze()[0])
    with pytest.raises(RuleRefused, match="today or later"):
        plan_resume([term], JULY, date(2026, 7, 9), None, date(2026, 7, 10))
    with pytest.raises(RuleRefused, match="lasts until 2026-07-30"):
        plan_resume([term], JULY, date(2026, 7, 31), None, date(2026, 7, 10))
