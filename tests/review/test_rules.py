"""Who may decide which stage, what falls back and when a review is due: pure."""

from __future__ import annotations

from datetime import date

import pytest

from memberctl.core.errors import Conflict, Invalid, NotPermitted, RuleRefused
from memberctl.core.workdays import WorkCalendar
from memberctl.order.rules import UNREVIEWED, OrderKind, OrderState
from memberctl.review import rules
from memberctl.review.rules import STAGES, Approval, Hand, Mark, Move, Person, Verdict

JOIN = STAGES[OrderKind.JOIN]
# The days that rules O5 is about: the National Day holiday of 2024 and its make-up Saturday.
CALENDAR = WorkCalendar(
    years=frozenset({2024, 2026}),
    holidays=frozenset(date(2024, 10, day) for day in (1, 2, 3, 4, 7)),
    workdays=frozenset({date(2024, 10, 12)}),
)
FILED = Hand(2, "filing")


def person(staff_id: int, *roles: str, is_member: bool = False) -> Person:
    return Person(f"staff{staff_id}", staff_id, frozenset(roles), is_member)


def decide(
    current: str | None,
    who: Person,
    hands: list[Hand],
    verdict: Verdict = Verdict.APPROVE,
    approver: Person | None = None,
) -> Move:
    return rules.decide(JOIN, current, verdict, who, hands, order="JN-1", approver=approver)


def test_each_stage_leads_to_the_next_and_the_last_one_confirms() -> None:
    first = decide("initial", person(3, "service"), [FILED])
    assert (first.verb, first.next_stage, first.hand) == ("approve", "second", 3)
    second = decide("second", person(4, "reviewer"), [FILED, Hand(3, "initial")])
    assert (second.verb, second.next_stage) == ("approve", "final")
    last = decide("final", person(5, "manager"), [FILED, Hand(3, "initial"), Hand(4, "second")])
    assert (last.verb, last.next_stage, last.hand) == ("confirm", None, 5)


@pytest.mark.parametrize("verdict", [Verdict.RETURN, Verdict.REJECT])
def test_a_return_and_a_rejection_are_nobodys_approval(verdict: Verdict) -> None:
    move = decide("second", person(4, "reviewer"), [FILED], verdict)
    assert (move.verb, move.next_stage, move.hand) == (verdict.value, None, None)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_stage_is_decided_by_its_role_or_the_owner(verdict: Verdict) -> None:
    with pytest.raises(NotPermitted, match="for reviewer"):
        decide("second", person(5, "manager"), [FILED], verdict)
    assert decide("second", person(1, "owner"), [FILED], verdict).stage == "second"


def test_li_enters_and_does_the_initial_review_and_is_refused() -> None:
    with pytest.raises(NotPermitted, match=r"entered it.*O2") as refusal:
        decide("initial", person(2, "service"), [FILED])
    assert "--override" in str(refusal.value.hint)


def test_wang_does_second_and_final_and_is_refused_even_as_owner() -> None:
    hands = [FILED, Hand(3, "initial"), Hand(4, "second")]
    with pytest.raises(NotPermitted, match="approved its second stage"):
        decide("final", person(4, "reviewer", "manager", "owner"), hands)


def test_nobody_reviews_their_own_membership_not_even_with_an_override() -> None:
    own = person(3, "service", is_member=True)
    for approver in (None, person(1, "owner")):
        with pytest.raises(NotPermitted, match="own membership"):
            decide("initial", own, [FILED], approver=approver)


def test_an_emergency_override_puts_the_second_approvers_hand_on_the_order() -> None:
    move = decide("initial", person(2, "service"), [FILED], approver=person(7, "service"))
    assert (move.hand, move.override_by, move.next_stage) == (7, 7, "second")


@pytest.mark.parametrize(
    ("approver", "why"),
    [
        (person(2, "service"), "second person"),
        (person(5, "manager"), "for service"),
        (person(6, "service"), "hand in JN-1 already"),
        (person(7, "service", is_member=True), "own membership"),
    ],
)
def test_the_second_approver_is_another_person_with_the_role_and_without_a_hand(
    approver: Person, why: str
) -> None:
    with pytest.raises(NotPermitted, match=why):
        decide("initial", person(2, "service"), [FILED, Hand(6, "second")], approver=approver)


def test_an_override_that_is_not_needed_is_refused_so_that_emergencies_can_be_counted() -> None:
    with pytest.raises(RuleRefused, match="needs no override"):
        decide("initial", person(3, "service"), [FILED], approver=person(7, "service"))


def test_an_order_in_no_stage_waits_for_no_review() -> None:
    with pytest.raises(RuleRefused, match="waits for no review"):
        decide(None, person(3, "service"), [FILED])


def test_whoever_names_another_stage_is_told_where_the_order_waits() -> None:
    rules.refuse_other_stage(None, "second", "JN-1")
    rules.refuse_other_stage(" Second ", "second", "JN-1")
    with pytest.raises(Conflict, match="waits in stage second"):
        rules.refuse_other_stage("final", "second", "JN-1")


def test_returning_rejecting_and_overriding_need_a_reason_and_approving_does_not() -> None:
    rules.require_reason(Verdict.APPROVE, "", is_override=False)
    rules.require_reason(Verdict.RETURN, "no ID copy", is_override=False)
    for verdict, is_override in (
        (Verdict.RETURN, False), (Verdict.REJECT, False), (Verdict.APPROVE, True),
    ):  # fmt: skip
        with pytest.raises(Invalid, match="reason"):
            rules.require_reason(verdict, "", is_override=is_override)


def test_a_returned_order_can_be_rejected_by_its_first_stage() -> None:
    returned = OrderState.RETURNED
    assert rules.stage_to_decide(None, returned, Verdict.REJECT) == "initial"
    assert rules.stage_to_decide(None, returned, Verdict.APPROVE) is None
    assert rules.stage_to_decide("second", OrderState.IN_REVIEW, Verdict.REJECT) == "second"


def test_approvals_of_other_content_fall_back_from_the_second_stage_on() -> None:
    first = Approval(1, 1, "initial", "old")
    second = Approval(2, 2, "second", "old")
    third = Approval(3, 3, "third", "new")
    assert rules.fallen([first, second], "old") == []
    assert rules.fallen([first], "new") == []
    assert rules.fallen([third, second, first], "new") == [second, third]
    assert rules.fallen([first, Approval(2, 2, "second", "new"), third], "new") == []


def test_a_review_is_due_on_the_nth_working_day_after_receipt_make_up_days_included() -> None:
    thursday = date(2024, 10, 10)
    due = rules.review_due(thursday, 2, (), CALENDAR, as_of=thursday)
    assert due == date(2024, 10, 12)


def test_a_year_that_the_calendar_lacks_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(RuleRefused, match="2027") as refusal:
        rules.review_due(date(2026, 12, 30), 5, (), CALENDAR, as_of=date(2026, 12, 30))
    assert refusal.value.hint == "memberctl calendar add 2027"


def test_a_pause_is_taken_off_in_working_time() -> None:
    # Received Monday 2 March 2026, returned on Wednesday, complete again on Monday the 9th:
    # Tuesday and Wednesday count, then Tuesday the 10th to Thursday the 12th.
    pauses = [(date(2026, 3, 4), date(2026, 3, 9))]
    due = rules.review_due(date(2026, 3, 2), 5, pauses, CALENDAR, as_of=date(2026, 3, 9))
    assert due == date(2026, 3, 12)


def test_a_review_is_warned_at_four_fifths_and_overdue_after_its_last_day_and_never_both() -> None:
    monday = date(2026, 3, 2)
    warn = rules.warn_from(monday, 5, (), CALENDAR, as_of=monday, percent=80)
    due = rules.review_due(monday, 5, (), CALENDAR, as_of=monday)
    assert (warn, due) == (date(2026, 3, 6), date(2026, 3, 9))
    marks = [rules.mark_of(date(2026, 3, day), warn, due) for day in (5, 6, 9, 10)]
    assert marks == [Mark.IN_TIME, Mark.WARN, Mark.WARN, Mark.OVERDUE]


@pytest.mark.parametrize("days", [0, -1, 61, 10**12])
def test_an_extension_has_bounds(days: int) -> None:
    assert rules.checked_extension(60) == 60
    with pytest.raises(Invalid):
        rules.checked_extension(days)


def test_the_stages_agree_with_what_filing_takes_for_granted() -> None:
    assert set(STAGES) == set(OrderKind)
    for kind, stages in STAGES.items():
        assert (kind in UNREVIEWED) == (stages == ())
        assert [stage.position for stage in stages] == list(range(1, len(stages) + 1))
        assert all(stage.name == "initial" for stage in stages[:1])
