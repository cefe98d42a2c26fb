"""Terms and standing as pure decisions. Source: rules T1-T8."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.access.changes import Change, ChangeKind
from memberctl.access.holds import Hold, HoldKind
from memberctl.access.rules import (
    Grant,
    Held,
    MemberStatus,
    Standing,
    TermStatus,
    Wait,
    grant_span,
    member_status,
    refuse_before_window,
    refuse_overlap,
    term_spans,
    term_status,
)
from memberctl.core.dates import Period, Span, parse_period
from memberctl.core.errors import RuleRefused

GRACE = 30


def day(text: str) -> date:
    return date.fromisoformat(text)


def span(start: str, end: str) -> Span:
    return Span(day(start), day(end))


def held(start: str, end: str, anchor: str | None = None, voided: str | None = None) -> Held:
    return Held(
        span(start, end), day(anchor or start), day(start), None if voided is None else day(voided)
    )


def changed(*recorded: tuple[str, str, str, str]) -> Held:
    """Return the term of 2026 with changes (kind, day, end before, end after)."""
    start = day("2026-01-01")
    changes = tuple(
        Change(n, ChangeKind(kind), day(on), Span(start, day(before)), Span(start, day(after)))
        for n, (kind, on, before, after) in enumerate(recorded, start=1)
    )
    return Held(Span(start, changes[-1].after.end_on), start, start, changes=changes)


def test_the_preview_of_a_month_end_series_has_no_gap_and_no_drift() -> None:
    lines = term_spans(day("2024-01-31"), parse_period("1m"), 4)
    assert [(line.index, str(line.start_on), str(line.end_on)) for line in lines] == [
        (1, "2024-01-31", "2024-02-28"),
        (2, "2024-02-29", "2024-03-30"),
        (3, "2024-03-31", "2024-04-29"),
        (4, "2024-04-30", "2024-05-30"),
    ]


def test_a_yearly_series_from_a_leap_day_ends_on_the_27th_or_28th() -> None:
    ends = [str(line.end_on) for line in term_spans(day("2024-02-29"), parse_period("1y"), 5)]
    assert ends == ["2025-02-27", "2026-02-27", "2027-02-27", "2028-02-28", "2029-02-27"]


def test_the_first_term_starts_on_the_day_of_payment() -> None:
    grant = grant_span([], day("2025-03-01"), parse_period("1m"), GRACE)
    assert grant == Grant(span("2025-03-01", "2025-03-31"), day("2025-03-01"))


@pytest.mark.parametrize(
    ("paid_on", "start", "end"),
    [
        ("2026-03-01", "2026-04-01", "2027-03-31"),  # early (T4)
        ("2026-03-31", "2026-04-01", "2027-03-31"),  # on the last day
        ("2026-04-20", "2026-04-01", "2027-03-31"),  # late, inside grace (T5)
        ("2026-04-30", "2026-04-01", "2027-03-31"),  # the last day of grace
        ("2026-05-01", "2026-05-01", "2027-04-30"),  # the first day after grace
        ("2026-05-05", "2026-05-05", "2027-05-04"),  # reinstated (T5)
    ],
)
def test_a_renewal_starts_by_the_day_it_is_paid(paid_on: str, start: str, end: str) -> None:
    last = held("2025-04-01", "2026-03-31")
    grant = grant_span([last], day(paid_on), parse_period("12m"), GRACE)
    assert grant.span == span(start, end)


def test_a_reinstatement_has_a_new_anchor_and_a_renewal_keeps_the_old_one() -> None:
    last = held("2025-04-01", "2026-03-31", anchor="2024-04-01")
    year = parse_period("12m")
    assert grant_span([last], day("2026-04-20"), year, GRACE).anchor_on == day("2024-04-01")
    assert grant_span([last], day("2026-05-05"), year, GRACE).anchor_on == day("2026-05-05")


def test_two_early_renewals_stack_as_two_terms() -> None:
    running = held("2025-04-01", "2026-03-31")
    first = grant_span([running], day("2026-03-01"), parse_period("12m"), GRACE)
    renewed = Held(first.span, first.anchor_on, day("2026-03-01"))
    second = grant_span([renewed, running], day("2026-03-01"), parse_period("12m"), GRACE)
    assert second.span == span("2027-04-01", "2028-03-31")


def test_monthly_renewals_do_not_drift_after_a_short_month() -> None:
    last = held("2024-01-31", "2024-02-28")
    grant = grant_span([last], day("2024-02-20"), parse_period("1m"), GRACE)
    assert grant.span == span("2024-02-29", "2024-03-30")


def test_a_year_after_monthly_terms_keeps_their_anchor() -> None:
    last = held("2024-02-29", "2024-03-30", anchor="2024-01-31")
    grant = grant_span([last], day("2024-03-20"), parse_period("1y"), GRACE)
    assert grant == Grant(span("2024-03-31", "2025-03-30"), day("2024-01-31"))


def test_terms_of_days_follow_each_other_to_the_day() -> None:
    last = held("2026-01-01", "2026-01-30")
    grant = grant_span([last], day("2026-01-20"), parse_period("30d"), GRACE)
    assert grant == Grant(span("2026-01-31", "2026-03-01"), day("2026-01-31"))


def test_a_term_whose_end_was_moved_off_its_anchor_still_continues_without_a_gap() -> None:
    last = held("2026-01-01", "2027-01-30")  # frozen for 30 days
    grant = grant_span([last], day("2027-01-15"), parse_period("12m"), GRACE)
    assert grant == Grant(span("2027-01-31", "2028-01-30"), day("2027-01-31"))


@given(
    st.dates(date(2000, 1, 1), date(2100, 12, 31)),
    st.sampled_from([parse_period(text) for text in ("1d", "2w", "1m", "3m", "1y")]),
    st.integers(1, 40),
)
def test_a_chain_of_renewals_is_the_series_of_its_first_anchor(
    anchor: date, period: Period, count: int
) -> None:
    chain: list[Held] = []
    for _ in range(count):
        paid_on = chain[-1].span.end_on if chain else anchor
        grant = grant_span(chain, paid_on, period, GRACE)
        chain.append(Held(grant.span, grant.anchor_on, paid_on))
    series = term_spans(anchor, period, count)
    assert [term.span for term in chain] == [Span(each.start_on, each.end_on) for each in series]


def test_a_renewal_before_its_window_is_refused_with_the_first_possible_day() -> None:
    running = [held("2025-04-01", "2026-03-31")]
    with pytest.raises(RuleRefused, match="from 2026-01-30 on"):
        refuse_before_window(running, day("2026-01-29"), 60)
    refuse_before_window(running, day("2026-01-30"), 60)
    refuse_before_window(running, day("2026-05-05"), 60)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-01", "2026-05-31"),  # inside: the example of T8
        ("2025-01-01", "2027-12-31"),  # around
        ("2026-12-31", "2027-12-30"),  # the last day
        ("2025-02-01", "2026-01-01"),  # the first day
        ("2026-01-01", "2026-12-31"),  # the same
    ],
)
def test_a_term_that_shares_a_day_is_refused(start: str, end: str) -> None:
    with pytest.raises(RuleRefused, match="overlap"):
        refuse_overlap([span("2026-01-01", "2026-12-31")], span(start, end))


def test_a_term_that_only_touches_is_not_refused() -> None:
    existing = [span("2026-01-01", "2026-12-31")]
    after, before = span("2027-01-01", "2027-12-31"), span("2025-01-01", "2025-12-31")
    assert [refuse_overlap(existing, new) for new in (after, before)] == [None, None]


YEAR_2026 = held("2026-01-01", "2026-12-31")


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2025-12-31", MemberStatus.APPLICANT),  # nothing is recorded yet
        ("2026-01-01", MemberStatus.ACTIVE),
        ("2026-12-31", MemberStatus.ACTIVE),  # the end is inclusive (T1)
        ("2027-01-01", MemberStatus.GRACE),
        ("2027-01-30", MemberStatus.GRACE),
        ("2027-01-31", MemberStatus.LAPSED),
    ],
)
def test_status_follows_the_term(as_of: str, expected: MemberStatus) -> None:
    assert member_status(Standing((YEAR_2026,), GRACE), day(as_of)) is expected


def test_without_grace_a_term_lapses_on_the_day_after_its_end() -> None:
    assert member_status(Standing((YEAR_2026,), 0), day("2027-01-01")) is MemberStatus.LAPSED


def test_a_term_that_was_sold_for_later_is_future() -> None:
    sold = Held(span("2026-06-01", "2027-05-31"), day("2026-06-01"), day("2026-03-01"))
    assert member_status(Standing((sold,), GRACE), day("2026-03-01")) is MemberStatus.FUTURE
    assert member_status(Standing((sold,), GRACE), day("2026-02-28")) is MemberStatus.APPLICANT


def test_a_voided_term_makes_cancelled_and_the_past_stays_active() -> None:
    facts = Standing((held("2026-01-01", "2026-12-31", voided="2026-04-10"),), GRACE)
    assert member_status(facts, day("2026-04-09")) is MemberStatus.ACTIVE
    assert member_status(facts, day("2026-04-10")) is MemberStatus.CANCELLED


def test_a_confirmed_order_makes_pending_payment_until_it_ends() -> None:
    facts = Standing((), GRACE, waits=(Wait(day("2026-03-02"), day("2026-03-09")),))
    found = [member_status(facts, day(f"2026-03-{n:02}")) for n in (1, 2, 9, 10)]
    assert found == ["applicant", "pending_payment", "pending_payment", "applicant"]


def test_an_unpaid_renewal_does_not_hide_a_term_or_grace_but_hides_lapsed() -> None:
    facts = Standing((YEAR_2026,), GRACE, waits=(Wait(day("2026-12-01")),))
    found = [member_status(facts, day(d)) for d in ("2026-12-15", "2027-01-15", "2027-03-01")]
    assert found == ["active", "grace", "pending_payment"]


def test_a_term_that_was_ended_has_no_grace_and_is_not_renewed_late() -> None:
    ended = changed(("cancelled", "2026-04-10", "2026-12-31", "2026-04-10"))
    facts = Standing((ended,), GRACE)
    found = [member_status(facts, day(d)) for d in ("2026-04-09", "2026-04-10", "2026-04-11")]
    assert found == ["active", "active", "cancelled"]
    renewed = grant_span([ended], day("2026-04-20"), parse_period("12m"), GRACE)
    assert renewed == Grant(span("2026-04-20", "2027-04-19"), day("2026-04-20"))


def test_expulsion_beats_everything_from_its_day_on() -> None:
    expelled = Hold(HoldKind.EXPULSION, day("2026-05-01"), None, day("2026-05-01"))
    facts = Standing((YEAR_2026,), GRACE, holds=(expelled,))
    assert member_status(facts, day("2026-04-30")) is MemberStatus.ACTIVE
    assert member_status(facts, day("2026-05-01")) is MemberStatus.EXPELLED


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 400), st.integers(0, 900)), max_size=4),
    st.integers(0, 60),
    st.integers(0, 1400),
)
def test_somebody_is_active_exactly_on_the_days_of_a_recorded_term(
    drawn: list[tuple[int, int, int]], grace: int, as_of_day: int
) -> None:
    origin = day("2024-01-01")
    terms = tuple(
        Held(
            Span(origin + timedelta(start), origin + timedelta(start + length)),
            origin + timedelta(start),
            origin + timedelta(granted),
        )
        for start, length, granted in drawn
    )
    expected = any(s <= as_of_day <= s + length and g <= as_of_day for s, length, g in drawn)
    found = member_status(Standing(terms, grace), origin + timedelta(as_of_day))
    assert (found is MemberStatus.ACTIVE) == expected


def test_each_term_has_its_own_status() -> None:
    assert term_status(YEAR_2026, day("2025-12-31")) is TermStatus.FUTURE
    assert term_status(YEAR_2026, day("2026-12-31")) is TermStatus.ACTIVE
    assert term_status(YEAR_2026, day("2027-01-01")) is TermStatus.ENDED
    voided = held("2026-01-01", "2026-12-31", voided="2026-02-01")
    assert term_status(voided, day("2026-01-31")) is TermStatus.ACTIVE
    assert term_status(voided, day("2026-02-01")) is TermStatus.VOIDED
