"""Orders go through their reviews, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, delete, select

from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, Invalid, NotFound, NotPermitted, RuleRefused
from memberctl.member.tables import Member
from memberctl.message.rules import Purpose
from memberctl.message.tables import OutboxMessage
from memberctl.order import queries as orders
from memberctl.order import quote_queries
from memberctl.order.pricing import PricedLine
from memberctl.order.quoting import Revision
from memberctl.order.rules import OrderKind, OrderState, QuoteState
from memberctl.order.tables import Order, OrderHand
from memberctl.review import operations, queries
from memberctl.review.results import ReviewAdvanced
from memberctl.review.rules import STAGES, Mark, Outcome, Verdict
from memberctl.review.tables import ReviewDecision, ReviewPause, ReviewStage
from tests.order.ground import MONDAY, a_filing, a_member, file

Noon = Callable[[date], datetime]
Actors = dict[str, Actor]


class Desk:
    """One order and the people who decide about it."""

    def __init__(self, session: Session, actors: Actors, noon: Noon) -> None:
        self.session = session
        self.actors = actors
        self.noon = noon
        self.member = a_member(session, at=noon(MONDAY))
        filed = file(session, a_filing(session, self.member), by=actors["sun"], at=noon(MONDAY))
        self.number = filed.number

    @property
    def order(self) -> Order:
        return orders.find_order(self.session, self.number)

    def advance(
        self, who: str, verdict: Verdict = Verdict.APPROVE, today: date = MONDAY, **more: Any
    ) -> ReviewAdvanced:
        return operations.advance(
            self.session, self.number, verdict, by=self.actors[who], at=self.noon(today),
            today=today, **more,
        )  # fmt: skip

    def revise(self, who: str, revision: Revision, today: date = MONDAY) -> Any:
        return operations.revise_quote(
            self.session, self.number, revision, seen=None, by=self.actors[who],
            at=self.noon(today), today=today,
        )  # fmt: skip

    def resubmit(self, today: date) -> Any:
        return operations.resubmit(
            self.session, self.number, agreed_on=None, seen=None, by=self.actors["sun"],
            at=self.noon(today), today=today,
        )  # fmt: skip

    def queue(self, who: str, today: date = MONDAY, **more: Any) -> list[Any]:
        actor = self.actors[who]
        found = queries.list_queue(
            self.session, roles=actor.roles, staff_id=actor.staff_id, today=today, **more
        )
        assert found.total == len(found.rows)
        return found.rows

    def purposes(self) -> list[Purpose]:
        return list(
            self.session.exec(select(OutboxMessage.purpose).order_by(OutboxMessage.id))  # type: ignore[arg-type]
        )


@pytest.fixture
def desk(session: Session, actors: Actors, noon: Noon) -> Desk:
    return Desk(session, actors, noon)


def test_three_people_bring_an_application_to_confirmed(desk: Desk) -> None:
    first = desk.advance("li")
    assert (first.verdict, first.state, first.next_stage) == (
        Outcome.APPROVED, OrderState.IN_REVIEW, "second",
    )  # fmt: skip
    assert first.due_on == date(2026, 3, 9)
    assert desk.advance("wang").next_stage == "final"
    last = desk.advance("zhao")
    assert (last.stage, last.state, last.next_stage) == ("final", OrderState.CONFIRMED, None)
    assert last.due_on == desk.order.payment_due_on == date(2026, 3, 9)
    assert desk.purposes() == [Purpose.QUOTE_SENT, Purpose.ORDER_CONFIRMED]


def test_the_quote_is_made_by_the_first_approval_and_accepted_by_the_last(desk: Desk) -> None:
    assert quote_queries.current_quote(desk.session, desk.order.id) is None
    desk.advance("li")
    quote = quote_queries.current_quote(desk.session, desk.order.id)
    assert quote is not None
    assert quote.state is QuoteState.SENT
    desk.advance("wang")
    desk.advance("zhao")
    assert quote.state is QuoteState.ACCEPTED


def test_the_maker_does_not_review_and_nobody_reviews_twice(
    session: Session, actors: Actors, noon: Noon, desk: Desk
) -> None:
    desk.actors = {
        **actors,
        "sun": replace(actors["sun"], roles=frozenset({"reception", "service"})),
        "wang": replace(actors["wang"], roles=frozenset({"reviewer", "manager"})),
    }
    with pytest.raises(NotPermitted, match="entered it"):
        desk.advance("sun")
    desk.advance("li")
    desk.advance("wang")
    with pytest.raises(NotPermitted, match="approved its second stage"):
        desk.advance("wang")
    assert desk.order.state is OrderState.IN_REVIEW


def test_the_database_alone_refuses_the_same_hand_twice(desk: Desk) -> None:
    desk.advance("li")
    twice = OrderHand(
        id=900, order_id=desk.order.id, staff_id=desk.actors["li"].staff_id, part="second",
        at=desk.noon(MONDAY),
    )  # fmt: skip
    desk.session.add(twice)
    with pytest.raises(IntegrityError):
        desk.session.flush()
    desk.session.rollback()


def test_the_member_concerned_does_not_review(desk: Desk) -> None:
    member = desk.session.get_one(Member, desk.member)
    member.staff_id = desk.actors["li"].staff_id
    desk.session.flush()
    with pytest.raises(NotPermitted, match="own membership"):
        desk.advance("li")


def test_the_second_of_two_reviewers_is_told_that_the_order_changed(desk: Desk) -> None:
    seen = desk.order.version
    desk.advance("li", seen=seen)
    with pytest.raises(Conflict, match=f"v{seen}, now v{seen + 1}"):
        desk.advance("zhou", seen=seen)


def test_a_returned_order_begins_its_review_anew_and_the_pause_does_not_count(
    desk: Desk,
) -> None:
    desk.advance("li")
    wednesday, next_monday = date(2026, 3, 4), date(2026, 3, 9)
    returned = desk.advance("wang", Verdict.RETURN, wednesday, reason="missing ID copy")
    assert (returned.state, returned.next_stage, returned.due_on) == (
        OrderState.RETURNED, None, None,
    )  # fmt: skip
    again = desk.resubmit(next_monday)
    assert (again.state, again.stage, again.due_on) == (
        OrderState.SUBMITTED, "initial", date(2026, 3, 12),
    )  # fmt: skip
    pause = desk.session.exec(select(ReviewPause)).one()
    assert (pause.from_on, pause.until_on) == (wednesday, next_monday)
    # The same people may look again, and there is one open quote.
    desk.advance("li", today=next_monday)
    desk.advance("wang", today=next_monday)
    assert desk.advance("zhao", today=next_monday).state is OrderState.CONFIRMED
    assert desk.purposes().count(Purpose.REVIEW_RETURNED) == 1


def test_two_returns_are_two_messages(desk: Desk) -> None:
    for _ in range(2):
        desk.advance("li", Verdict.RETURN, reason="missing ID copy")
        desk.resubmit(MONDAY)
    assert desk.purposes() == [Purpose.REVIEW_RETURNED] * 2


def test_a_rejection_ends_the_order_loses_the_quote_and_tells_the_member(desk: Desk) -> None:
    desk.advance("li")
    done = desk.advance("wang", Verdict.REJECT, reason="not eligible")
    assert (done.state, done.next_stage, done.due_on) == (OrderState.REJECTED, None, None)
    quote = quote_queries.current_quote(desk.session, desk.order.id)
    assert quote is not None
    assert quote.state is QuoteState.LOST
    assert desk.purposes()[-1] is Purpose.REVIEW_REJECTED
    with pytest.raises(RuleRefused, match="it is rejected"):
        desk.advance("wang")


def test_a_returned_order_that_is_never_completed_can_be_rejected(desk: Desk) -> None:
    desk.advance("li", Verdict.RETURN, reason="missing ID copy")
    with pytest.raises(RuleRefused, match="it is returned"):
        desk.advance("li")
    assert desk.advance("li", Verdict.REJECT, reason="no answer").state is OrderState.REJECTED


def test_a_revised_price_takes_back_the_later_approvals_at_once(desk: Desk) -> None:
    desk.advance("li")
    desk.advance("wang")
    revised = desk.revise("li", Revision(unit_minor=350000))
    assert (revised.fell_back, revised.stage, revised.version) == (True, "second", 2)
    decisions = desk.session.exec(select(ReviewDecision).order_by(ReviewDecision.id)).all()  # type: ignore[arg-type]
    assert [each.fell_back_at is None for each in decisions] == [True, False]
    with pytest.raises(NotPermitted):
        desk.advance("zhao")
    desk.advance("wang")
    assert desk.advance("zhao").state is OrderState.CONFIRMED
    assert desk.order.total_minor == 350000


def test_the_same_offer_with_a_new_last_day_takes_back_nothing(desk: Desk) -> None:
    desk.advance("li")
    desk.advance("wang")
    late = date(2026, 3, 17)
    # A refused command is rolled back as a whole; here a savepoint stands for that.
    with pytest.raises(RuleRefused, match="valid until"), desk.session.begin_nested():
        desk.advance("zhao", today=late)
    assert desk.revise("li", Revision(), late).fell_back is False
    assert desk.advance("zhao", today=late).state is OrderState.CONFIRMED


def test_changed_member_data_sends_the_order_back_to_the_second_stage(desk: Desk) -> None:
    desk.advance("li")
    desk.advance("wang")
    desk.session.get_one(Member, desk.member).name = "张玮"
    desk.session.flush()
    done = desk.advance("zhao")
    assert (done.verdict, done.stage, done.next_stage) == (Outcome.FELL_BACK, "final", "second")
    assert done.state is OrderState.IN_REVIEW
    desk.advance("wang")
    assert desk.advance("zhao").state is OrderState.CONFIRMED


def test_the_twin_without_a_content_check_would_have_confirmed_other_data(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memberctl.review.rules.fallen", lambda approvals, content: [])
    desk.advance("li")
    desk.advance("wang")
    desk.session.get_one(Member, desk.member).name = "张玮"
    desk.session.flush()
    assert desk.advance("zhao").state is OrderState.CONFIRMED


def test_an_override_names_a_second_approver_and_is_kept(desk: Desk) -> None:
    desk.actors["sun"] = replace(desk.actors["sun"], roles=frozenset({"service"}))
    with pytest.raises(Invalid, match="reason"):
        desk.advance("sun", override="zhou")
    with pytest.raises(NotFound):
        desk.advance("sun", override="nobody", reason="fire")
    done = desk.advance("sun", override="zhou", reason="li is ill")
    assert done.next_stage == "second"
    decision = desk.session.exec(select(ReviewDecision)).one()
    assert decision.decided_by == desk.actors["sun"].staff_id
    assert decision.override_by == desk.actors["zhou"].staff_id
    desk.actors["zhou"] = replace(desk.actors["zhou"], roles=frozenset({"reviewer"}))
    with pytest.raises(NotPermitted, match="approved its initial stage"):
        desk.advance("zhou")


def test_an_extension_moves_the_deadline_and_the_applicant_is_told_why(desk: Desk) -> None:
    done = operations.extend(
        desk.session, desk.number, days=3, reason="waiting for the landlord", seen=None,
        by=desk.actors["wang"], at=desk.noon(MONDAY), today=MONDAY,
    )  # fmt: skip
    assert done.due_on == desk.order.due_on == date(2026, 3, 12)
    assert desk.purposes() == [Purpose.REVIEW_EXTENDED]


def test_only_a_waiting_review_is_extended(desk: Desk) -> None:
    desk.advance("li", Verdict.REJECT, reason="no")
    with pytest.raises(RuleRefused, match="waits for no review"):
        operations.extend(
            desk.session, desk.number, days=3, reason="x", seen=None, by=desk.actors["wang"],
            at=desk.noon(MONDAY), today=MONDAY,
        )  # fmt: skip


def test_a_queue_holds_what_my_role_decides_and_my_hands_have_not_touched(desk: Desk) -> None:
    assert [line.order for line in desk.queue("li")] == [desk.number]
    assert desk.queue("wang") == []
    assert len(desk.queue("wang", everything=True)) == 1
    assert len(desk.queue("owner")) == 1
    desk.advance("li")
    assert desk.queue("li") == []
    (line,) = desk.queue("wang")
    assert (line.stage, line.version, line.name) == ("second", desk.order.version, "张伟")
    desk.actors["li"] = replace(desk.actors["li"], roles=frozenset({"reviewer"}))
    assert desk.queue("li") == []


def test_a_queue_is_sorted_by_deadline_and_marked(desk: Desk) -> None:
    tuesday = date(2026, 3, 3)
    other = a_member(desk.session, name="李四", phone="+8613900139000", at=desk.noon(tuesday))
    later = file(
        desk.session, a_filing(desk.session, other, tuesday), by=desk.actors["sun"],
        at=desk.noon(tuesday), today=tuesday,
    )  # fmt: skip
    lines = desk.queue("li", date(2026, 3, 10))
    assert [(line.order, line.mark) for line in lines] == [
        (desk.number, Mark.OVERDUE), (later.number, Mark.WARN),
    ]  # fmt: skip
    assert [line.mark for line in desk.queue("li", tuesday)] == [Mark.IN_TIME, Mark.IN_TIME]


def test_a_service_order_has_one_stage_and_is_quoted_and_confirmed_by_it(
    session: Session, actors: Actors, noon: Noon
) -> None:
    member = a_member(session, at=noon(MONDAY))
    asked = a_filing(
        session, member, plan=None, agreed_on=None, kind=OrderKind.SERVICE,
        lines=(PricedLine("拳击课", 2, 15000),),
    )  # fmt: skip
    filed = file(session, asked, by=actors["sun"], at=noon(MONDAY))
    done = operations.advance(
        session, filed.number, Verdict.APPROVE, by=actors["li"], at=noon(MONDAY), today=MONDAY
    )
    assert done.state is OrderState.CONFIRMED
    quote = quote_queries.current_quote(session, filed.order_id)
    assert quote is not None
    assert (quote.state, quote.total_minor) == (QuoteState.ACCEPTED, 30000)


def test_a_review_shows_decisions_hands_and_pauses(desk: Desk) -> None:
    desk.advance("li", Verdict.RETURN, reason="missing ID copy")
    desk.resubmit(MONDAY)
    desk.advance("li")
    shown = queries.find_review(desk.session, desk.number, MONDAY)
    assert [(each.stage, each.verdict, each.by) for each in shown.decisions] == [
        ("initial", Verdict.RETURN, "li"), ("initial", Verdict.APPROVE, "li"),
    ]  # fmt: skip
    assert [(each.part, each.staff) for each in shown.hands] == [
        ("filing", "sun"), ("initial", "li"),
    ]  # fmt: skip
    assert len(shown.pauses) == 1
    assert (shown.stage, shown.mark) == ("second", Mark.IN_TIME)


def test_a_new_store_gets_the_stages_of_every_kind(session: Session) -> None:
    session.exec(delete(ReviewStage))
    operations.seed_stages(session)
    for kind, stages in STAGES.items():
        assert queries.stages_of(session, kind) == list(stages)
