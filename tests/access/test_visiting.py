"""The decision at a door: every combination of what may be wrong, and one reason for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from memberctl.access.changes import Change, ChangeKind
from memberctl.access.rules import Held
from memberctl.access.visiting import (
    NEVER_FORCED,
    Entrant,
    EntryPolicy,
    Gate,
    Notice,
    Refusal,
    Scanned,
    Ticket,
    VisitGround,
    decide,
    forced,
    scan_refusal,
    sentence,
)
from memberctl.core.dates import Span
from memberctl.office.hours import parse_hours

AT = datetime(2026, 3, 31, 15, 59, tzinfo=UTC)  # 23:59 of the last day in Shanghai.
TODAY = date(2026, 3, 31)
TERM = Held(Span(date(2026, 3, 1), TODAY), date(2026, 3, 1), date(2026, 3, 1))
GATE = Gate(
    branch_id=1,
    branch="SH01",
    zone=ZoneInfo("Asia/Shanghai"),
    hours=None,
    capacity=None,
    repeat=timedelta(minutes=10),
    stay=timedelta(hours=2),
    grace_days=30,
    grace_entry=EntryPolicy.ALLOW,
    debt_entry=EntryPolicy.ALLOW,
)
TICKET = Ticket(term_id=1, held=TERM, used=0, hours=None, here=True)
FROZEN = Change(1, ChangeKind.FROZEN, TODAY, TERM.span, TERM.span, stretch=Span(TODAY, TODAY))
ORDER = (
    Refusal.FROZEN, Refusal.BRANCH, Refusal.HOURS, Refusal.PACK_EMPTY, Refusal.CAPACITY,
    Refusal.DEBT,
)  # fmt: skip


def entrant(*tickets: Ticket, inside: int = 0, owes: bool = False) -> Entrant:
    """Return somebody who comes with these tickets."""
    return Entrant(tickets, inside, lambda: owes)


def wrong_in(what: set[Refusal]) -> tuple[Entrant, Gate]:
    """Return somebody with a pack and a gate at which all these checks fail and no others."""
    held = replace(TERM, visits=1, changes=(FROZEN,) if Refusal.FROZEN in what else ())
    ticket = replace(
        TICKET,
        held=held,
        used=int(Refusal.PACK_EMPTY in what),
        here=Refusal.BRANCH not in what,
        hours=parse_hours("mon 06:00-07:00") if Refusal.HOURS in what else None,
    )
    gate = replace(GATE, capacity=1, debt_entry=EntryPolicy.REFUSE)
    return entrant(ticket, inside=int(Refusal.CAPACITY in what), owes=Refusal.DEBT in what), gate


@pytest.mark.parametrize("wrong", list(product([False, True], repeat=len(ORDER))))
def test_the_reason_is_the_first_check_that_fails(wrong: tuple[bool, ...]) -> None:
    failing = [check for check, fails in zip(ORDER, wrong, strict=True) if fails]
    decision = decide(*wrong_in(set(failing)), AT)
    assert decision.refusal == (failing[0] if failing else None)


def test_of_several_tickets_the_reason_is_the_check_that_none_passes() -> None:
    elsewhere = replace(TICKET, here=False)
    empty = replace(TICKET, term_id=2, held=replace(TERM, visits=1), used=1)
    assert decide(entrant(elsewhere, empty), GATE, AT).refusal is Refusal.PACK_EMPTY
    assert decide(entrant(elsewhere), GATE, AT).refusal is Refusal.BRANCH


def test_a_membership_goes_first_and_then_the_pack_that_ends_first() -> None:
    pack = replace(TICKET, term_id=2, held=replace(TERM, visits=9))
    longer = replace(pack, term_id=3, held=replace(pack.held, span=Span(TODAY, date(2026, 9, 1))))
    order = []
    tickets = [longer, TICKET, pack]
    while tickets:
        chosen = decide(entrant(*tickets), GATE, AT).ticket
        assert chosen is not None
        order.append(chosen.term_id)
        tickets.remove(chosen)
    assert order == [1, 2, 3]


@pytest.mark.parametrize(
    ("days", "reason"),
    [(0, None), (1, Refusal.TERM_ENDED), (-31, Refusal.TERM_FUTURE)],
)
def test_no_day_outside_its_span_lets_in_without_grace(days: int, reason: Refusal | None) -> None:
    at = AT + timedelta(days=days)
    known = replace(TERM, granted_on=date(2026, 1, 1))
    strict = replace(GATE, grace_days=0)
    assert decide(entrant(replace(TICKET, held=known)), strict, at).refusal is reason


def test_what_is_no_fact_yet_or_no_more_is_no_term() -> None:
    tomorrow = replace(TERM, granted_on=date(2026, 4, 1))
    voided = replace(TERM, voided_on=TODAY)
    for held in (tomorrow, voided):
        refusal = decide(entrant(replace(TICKET, held=held)), GATE, AT).refusal
        assert refusal is Refusal.NO_TERM
    assert decide(entrant(), GATE, AT).refusal is Refusal.NO_TERM


@pytest.mark.parametrize(
    ("policy", "refusal", "notice"),
    [
        (EntryPolicy.ALLOW, None, None),
        (EntryPolicy.WARN, None, Notice.GRACE),
        (EntryPolicy.REFUSE, Refusal.GRACE, None),
    ],
)
def test_grace_lets_in_as_its_policy_says(
    policy: EntryPolicy, refusal: Refusal | None, notice: Notice | None
) -> None:
    gate = replace(GATE, grace_entry=policy)
    decision = decide(entrant(TICKET), gate, AT + timedelta(days=30))
    assert (decision.refusal, decision.notice) == (refusal, notice)
    assert refusal is not None or decision.ground is VisitGround.GRACE
    assert decide(entrant(TICKET), gate, AT + timedelta(days=31)).refusal is Refusal.TERM_ENDED
    cut = Change(1, ChangeKind.CANCELLED, TODAY, TERM.span, TERM.span)
    ended = replace(TICKET, held=replace(TERM, changes=(cut,)))
    assert decide(entrant(ended), gate, AT + timedelta(days=1)).refusal is Refusal.TERM_ENDED


def test_debt_is_not_even_asked_where_no_policy_minds() -> None:
    def never() -> bool:
        raise AssertionError("nobody asks")

    assert decide(Entrant((TICKET,), 0, never), GATE, AT).refusal is None


def test_a_forced_visit_counts_for_a_term_only_where_that_let_in() -> None:
    full = decide(entrant(TICKET, inside=1), replace(GATE, capacity=1), AT)
    assert (full.refusal, forced(full).ticket) == (Refusal.CAPACITY, TICKET)
    closed = forced(
        decide(entrant(TICKET), replace(GATE, hours=parse_hours("mon 01:00-02:00")), AT)
    )
    assert (closed.refusal, closed.ticket, closed.ground) == (None, None, VisitGround.FORCED)
    fine = decide(entrant(TICKET), GATE, AT)
    assert forced(fine) is fine


@pytest.mark.parametrize("reason", Refusal)
def test_every_refusal_has_its_words_and_its_code(reason: Refusal) -> None:
    scanned = Scanned("86000100000014", "M-000001", False, reason.value, None)
    error = scan_refusal(scanned)
    assert error.exit_code == (4 if reason is Refusal.CARD_UNKNOWN else 6)
    assert f"({reason})" in error.message
    assert sentence(scanned).startswith("REFUSED {member}: ")


def test_what_is_never_forced_is_who_is_not_known_or_not_wanted() -> None:
    assert {Refusal.CARD_BLOCKED, Refusal.CARD_REPLACED, Refusal.EXPELLED} < NEVER_FORCED
    assert Refusal.HELD not in NEVER_FORCED
