"""Delivery as pure decisions. Source: rules N2-N4; R10; bad inputs 77."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from memberctl.core.errors import Invalid
from memberctl.core.schedules import parse_quiet
from memberctl.message.delivery import (
    BACKOFF,
    Answer,
    Guarantee,
    Handed,
    Posted,
    guarantee_of,
    marked,
)
from memberctl.message.rules import Channel, MessageState, OptOut, Purpose, opt_outs_against

AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
ONCE, MORE = Guarantee.ONCE, Guarantee.AT_LEAST_ONCE


@pytest.mark.parametrize(
    ("answer", "guarantee", "state", "attempts"),
    [
        (Answer.ACCEPTED, MORE, "sent", 1),
        (Answer.REFUSED, MORE, "failed", 1),
        (Answer.LATER, ONCE, "retry", 1),
        (Answer.BROKEN, ONCE, "retry", 1),
        (Answer.UNCLEAR, MORE, "retry", 1),
        (Answer.UNCLEAR, ONCE, "unknown", 1),
        (Answer.DOWN, ONCE, "queued", 0),
    ],
)
def test_an_answer_decides_what_becomes_of_a_message(
    answer: Answer, guarantee: Guarantee, state: str, attempts: int
) -> None:
    made = marked(Handed(answer, "why"), guarantee, 1, AT)
    assert (made.state, made.attempts) == (state, attempts)


def test_it_is_tried_again_after_1m_5m_30m_2h_6h_and_then_has_failed() -> None:
    waits = [marked(Handed(Answer.LATER, "450"), MORE, n, AT).due_at for n in range(1, 6)]
    minutes = [(due - AT) / timedelta(minutes=1) for due in waits if due is not None]
    assert minutes == [1, 5, 30, 120, 360]
    last = marked(Handed(Answer.LATER, "450"), MORE, len(BACKOFF) + 1, AT)
    assert (last.state, last.reason) == (MessageState.FAILED, "given up after 6 attempts: 450")


def test_what_cannot_be_recognised_or_annoys_twice_goes_once() -> None:
    assert guarantee_of(Purpose.PAYMENT_RECEIPT, Channel.EMAIL) is MORE
    assert guarantee_of(Purpose.PAYMENT_RECEIPT, Channel.SMS) is ONCE
    assert guarantee_of(Purpose.WIN_BACK, Channel.EMAIL) is ONCE
    assert guarantee_of(Purpose.PAYMENT_REMINDER, Channel.EMAIL) is ONCE
    assert guarantee_of(Purpose.RENEWAL_REMINDER, Channel.EMAIL) is MORE


@pytest.mark.parametrize(
    ("purpose", "against"),
    [
        (Purpose.PAYMENT_RECEIPT, {OptOut.EVERYTHING}),
        (Purpose.RENEWAL_REMINDER, {OptOut.EVERYTHING, OptOut.REMINDERS}),
        (Purpose.WIN_BACK, {OptOut.EVERYTHING, OptOut.REMINDERS, OptOut.MARKETING}),
    ],
)
def test_an_opt_out_stops_only_what_nobody_needs(purpose: Purpose, against: set[OptOut]) -> None:
    assert opt_outs_against(purpose) == against


@pytest.mark.parametrize(
    ("hours", "quiet", "loud"),
    [
        ("21:00-08:00", ["21:00", "23:59", "00:00", "07:59"], ["08:00", "20:59"]),
        ("12:30-14:00", ["12:30", "13:59"], ["12:29", "14:00", "00:00"]),
    ],
)
def test_quiet_hours_may_run_over_midnight_and_end_with_their_last_minute(
    hours: str, quiet: list[str], loud: list[str]
) -> None:
    found = parse_quiet(hours)
    assert found is not None
    assert all(found.holds(time.fromisoformat(clock)) for clock in quiet)
    assert not any(found.holds(time.fromisoformat(clock)) for clock in loud)


@pytest.mark.parametrize("text", ["21-8", "24:00-08:00", "21:00-21:00", "", "never", "21:00–08:00"])
def test_hours_in_another_form_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_quiet(text)
    assert parse_quiet("off") is None


@pytest.mark.parametrize(
    ("failed", "unknown", "down", "code"),
    [(0, 0, {}, 0), (1, 0, {}, 3), (1, 1, {}, 16), (0, 0, {"email": "x"}, 16)],
)
def test_a_run_ends_with_what_matters_most(
    failed: int, unknown: int, down: dict[str, str], code: int
) -> None:
    assert Posted(5, 3, failed, unknown, 1, 0, down).exit_code == code
