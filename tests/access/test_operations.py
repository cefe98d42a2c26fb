"""Terms and cards on real stores. Source: rules T1-T8, C1-C3, M2."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from memberctl.access import queries, term_queries
from memberctl.access.cards import CardAnswer, CardOutcome
from memberctl.access.ending import void_terms_of
from memberctl.access.operations import (
    block_card,
    count_stock,
    issue_cards,
    replace_card,
)
from memberctl.access.rules import CardState, Handover, TermStatus
from memberctl.access.tables import Card, CardStock
from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, Invalid, NotFound, RuleRefused
from memberctl.core.numbering import parse_card_number
from tests.access.conftest import MONTH, Enrol, Grant
from tests.statements import statements_sent

SHANGHAI = ZoneInfo("Asia/Shanghai")
MARCH_2 = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
Issue = Callable[..., list[CardAnswer]]


@pytest.fixture
def issue(session: Session, actors: dict[str, Actor]) -> Issue:
    def run(
        *member_ids: int, handover: Handover = Handover.COUNTER, **more: int
    ) -> list[CardAnswer]:
        return issue_cards(
            session, member_ids, handover=handover, by=actors["sun"], at=AT, today=MARCH_2, **more
        )  # fmt: skip

    return run


def number_of(answer: CardAnswer) -> str:
    assert answer.card is not None
    return answer.card.number


def test_a_term_starts_on_the_day_of_payment_and_ends_inclusively(
    enrol: Enrol, grant: Grant
) -> None:
    term = grant(enrol(), MARCH_2)
    assert (term.start_on, term.end_on, term.anchor_on) == (MARCH_2, date(2027, 3, 1), MARCH_2)


def test_a_second_payment_continues_the_term_and_never_overlaps_it(
    enrol: Enrol, grant: Grant
) -> None:
    member = enrol()
    grant(member, date(2024, 1, 31), "JN-1", MONTH)
    second = grant(member, date(2024, 2, 10), "RN-1", MONTH)
    third = grant(member, date(2024, 2, 10), "RN-2", MONTH)
    assert (second.start_on, second.end_on) == (date(2024, 2, 29), date(2024, 3, 30))
    assert (third.start_on, third.end_on) == (date(2024, 3, 31), date(2024, 4, 29))


def test_a_grant_reads_the_grace_that_the_organisation_decided(
    session: Session, enrol: Enrol, grant: Grant, actors: dict[str, Actor]
) -> None:
    from memberctl.office.tables import PolicyValue

    session.add(PolicyValue(key="grace_days", value="5", changed_at=AT, changed_by=1))
    member = enrol()
    grant(member, date(2024, 1, 1), "JN-1", MONTH)
    assert grant(member, date(2024, 2, 6), "RN-1", MONTH).start_on == date(2024, 2, 6)


def test_voiding_one_of_two_renewals_leaves_the_other(
    session: Session, enrol: Enrol, grant: Grant, actors: dict[str, Actor]
) -> None:
    member = enrol()
    grant(member, MARCH_2, "JN-1")
    grant(member, MARCH_2, "RN-1")
    voided, _ = void_terms_of(session, "RN-1", by=actors["qian"], at=AT)
    assert [(term.source, term.version) for term in voided] == [("RN-1", 2)]
    shown = term_queries.list_terms(session, SHANGHAI, MARCH_2, member_id=member)
    assert [line.status for line in shown.rows] == [TermStatus.ACTIVE, TermStatus.VOIDED]


def test_voiding_the_only_term_blocks_the_card(
    session: Session, enrol: Enrol, grant: Grant, issue: Issue, actors: dict[str, Actor]
) -> None:
    member = enrol()
    grant(member, MARCH_2, "JN-1")
    number = number_of(issue(member)[0])
    void_terms_of(session, "JN-1", by=actors["qian"], at=AT)
    assert queries.find_card(session, number).state is CardState.BLOCKED


def test_voiding_a_renewal_keeps_the_card_of_the_running_term(
    session: Session, enrol: Enrol, grant: Grant, issue: Issue, actors: dict[str, Actor]
) -> None:
    member = enrol()
    grant(member, MARCH_2, "JN-1")
    grant(member, MARCH_2, "RN-1")
    number = number_of(issue(member)[0])
    void_terms_of(session, "RN-1", by=actors["qian"], at=AT)
    assert queries.find_card(session, number).state is CardState.ACTIVE


def test_a_voided_order_can_be_paid_again(
    session: Session, enrol: Enrol, grant: Grant, actors: dict[str, Actor]
) -> None:
    member = enrol()
    grant(member, MARCH_2, "JN-1")
    void_terms_of(session, "JN-1", by=actors["qian"], at=AT)
    assert grant(member, MARCH_2, "JN-1").start_on == MARCH_2


def test_terms_are_listed_as_they_were_known_on_that_day(
    session: Session, enrol: Enrol, grant: Grant
) -> None:
    grant(enrol(), MARCH_2)
    assert term_queries.list_terms(session, SHANGHAI, date(2026, 3, 1)).total == 0
    (line,) = term_queries.list_terms(session, SHANGHAI, MARCH_2).rows
    assert (line.member, line.plan, line.status) == ("M-000001", "YEAR", TermStatus.ACTIVE)


def test_a_card_carries_prefix_branch_serial_and_check_digit(
    enrol: Enrol, grant: Grant, issue: Issue
) -> None:
    members = [enrol(), enrol(), enrol(branch_id=2)]
    for number, member in enumerate(members):
        grant(member, MARCH_2, f"JN-{number}")
    numbers = [number_of(answer) for answer in issue(*members)]
    assert [number[:13] for number in numbers] == [
        "8600010000001", "8600010000002", "8600020000001",
    ]  # fmt: skip
    assert [parse_card_number(number) for number in numbers] == numbers


def test_no_card_before_full_payment(enrol: Enrol, issue: Issue) -> None:
    (answer,) = issue(enrol())
    assert answer.outcome is CardOutcome.NOT_PAID
    assert isinstance(answer.refusal, RuleRefused)


def test_a_batch_can_be_run_again_and_gives_nobody_a_second_card(
    session: Session, enrol: Enrol, grant: Grant, issue: Issue
) -> None:
    members = [enrol() for _ in range(3)]
    for number, member in enumerate(members[:2]):
        grant(member, MARCH_2, f"JN-{number}")
    first = [answer.outcome for answer in issue(*members, 999)]
    again = [answer.outcome for answer in issue(*members, 999)]
    assert first == ["issued", "issued", "not_paid", "not_found"]
    assert again == ["already", "already", "not_paid", "not_found"]
    assert len(session.exec(select(Card)).all()) == 2


def test_a_batch_costs_the_same_statements_for_two_and_for_two_hundred(
    session: Session, enrol: Enrol, grant: Grant, issue: Issue
) -> None:
    members = [enrol() for _ in range(202)]
    for number, member in enumerate(members):
        grant(member, MARCH_2, f"JN-{number}")
    with statements_sent() as few:
        issue(*members[:2])
    with statements_sent() as many:
        issue(*members[2:])
    assert 0 < len(few) == len(many)


def test_blank_cards_are_counted_down_and_the_last_one_is_the_last(
    session: Session, enrol: Enrol, grant: Grant, issue: Issue, actors: dict[str, Actor]
) -> None:
    members = [enrol(), enrol()]
    for number, member in enumerate(members):
        grant(member, MARCH_2, f"JN-{number}")
    count_stock(session, 1, "SH01", add=None, counted=1, by=actors["sun"], at=AT)
    assert [answer.outcome for answer in issue(*members)] == ["issued", "no_blanks"]
    stock = session.get(CardStock, 1)
    assert stock is not None
    assert stock.blanks == 0


def test_stock_is_added_and_cannot_fall_below_zero(
    session: Session, actors: dict[str, Actor]
) -> None:
    by = actors["sun"]
    assert count_stock(session, 1, "SH01", add=5, counted=None, by=by, at=AT).blanks == 5
    assert count_stock(session, 1, "SH01", add=-2, counted=None, by=by, at=AT).blanks == 3
    with pytest.raises(RuleRefused):
        count_stock(session, 1, "SH01", add=-4, counted=None, by=by, at=AT)


def test_a_card_is_posted_only_to_an_address(enrol: Enrol, grant: Grant, issue: Issue) -> None:
    members = [enrol(), enrol(address="南京西路 1 号")]
    for number, member in enumerate(members):
        grant(member, MARCH_2, f"JN-{number}")
    outcomes = [answer.outcome for answer in issue(*members, handover=Handover.POST)]
    assert outcomes == ["no_address", "issued"]


def test_who_belongs_to_no_branch_gets_the_head_offices_card_or_that_of_a_named_branch(
    enrol: Enrol, grant: Grant, issue: Issue
) -> None:
    first, second = enrol(branch_id=None), enrol(branch_id=None)
    grant(first, MARCH_2, "JN-1")
    grant(second, MARCH_2, "JN-2")
    assert number_of(issue(first)[0]).startswith("860000")
    assert number_of(issue(second, branch_id=2)[0]).startswith("860002")


@pytest.fixture
def card(enrol: Enrol, grant: Grant, issue: Issue) -> str:
    """The number of an active card."""
    member = enrol()
    grant(member, MARCH_2)
    return number_of(issue(member)[0])


@pytest.fixture
def replace(session: Session, actors: dict[str, Actor]) -> Callable[..., str]:
    def run(number: str, **more: int) -> str:
        return replace_card(
            session, number, handover=Handover.COUNTER, reason="lost", by=actors["sun"], at=AT,
            today=MARCH_2, **more,
        ).number  # fmt: skip

    return run


def test_a_replacement_has_a_new_number_and_ends_the_old_card(
    session: Session, card: str, replace: Callable[..., str]
) -> None:
    new = replace(card)
    shown = queries.show_card(session, card, SHANGHAI)
    assert (shown.state, shown.replaced_by) == (CardState.REPLACED, new)
    assert queries.show_card(session, new, SHANGHAI).valid_until == date(2027, 3, 1)


def test_a_blocked_card_is_replaced_too_and_a_replaced_one_never_again(
    session: Session, card: str, replace: Callable[..., str], actors: dict[str, Actor]
) -> None:
    block_card(session, card, reason="lost", by=actors["sun"], at=AT)
    replace(card)
    with pytest.raises(RuleRefused, match="it is replaced"):
        replace(card)


def test_a_replacement_takes_a_blank(
    session: Session, card: str, replace: Callable[..., str], actors: dict[str, Actor]
) -> None:
    count_stock(session, 1, "SH01", add=None, counted=0, by=actors["sun"], at=AT)
    with pytest.raises(RuleRefused, match="no blank card"):
        replace(card)


def test_a_member_with_a_blocked_card_is_sent_to_replace_it(
    session: Session, card: str, issue: Issue, actors: dict[str, Actor]
) -> None:
    block_card(session, card, reason="lost", by=actors["sun"], at=AT)
    (answer,) = issue(1)
    assert answer.refusal is not None
    assert answer.refusal.hint == f"memberctl card replace {card}"
    assert queries.members_without_card(session, MARCH_2) == []


def test_a_card_is_blocked_once(session: Session, card: str, actors: dict[str, Actor]) -> None:
    block_card(session, card, reason="lost", by=actors["sun"], at=AT)
    with pytest.raises(RuleRefused, match="it is blocked"):
        block_card(session, card, reason="lost", by=actors["sun"], at=AT)


def test_who_looked_at_an_older_version_is_told(
    session: Session, card: str, actors: dict[str, Actor]
) -> None:
    with pytest.raises(Conflict, match="v7, now v1"):
        block_card(session, card, reason="lost", by=actors["sun"], at=AT, seen=7)


def test_one_wrong_digit_is_a_check_digit_and_not_an_unknown_card(
    session: Session, card: str
) -> None:
    wrong = str((int(card[-1]) + 1) % 10)
    with pytest.raises(Invalid, match="check digit"):
        queries.find_card(session, card[:-1] + wrong)
    with pytest.raises(NotFound):
        queries.find_card(session, "86000100001236")


def test_who_has_paid_and_never_had_a_card_is_found(
    session: Session, card: str, enrol: Enrol, grant: Grant
) -> None:
    waiting = [enrol(), enrol(branch_id=2)]
    enrol()
    for number, member in enumerate(waiting):
        grant(member, MARCH_2, f"JN-{number}")
    assert queries.members_without_card(session, MARCH_2) == waiting
    assert queries.members_without_card(session, MARCH_2, branch_id=2) == waiting[1:]
    assert queries.count_without_card(session, MARCH_2) == 2


def test_every_change_leaves_a_note_without_personal_data(
    session: Session, card: str, replace: Callable[..., str], actors: dict[str, Actor]
) -> None:
    new = replace(card)
    block_card(session, new, reason="stolen", by=actors["sun"], at=AT)
    pending = session.info["trail"].pending
    assert [row[4] for row in pending] == [
        "term.granted", "card.issued", "card.issued", "card.replaced", "card.blocked",
    ]  # fmt: skip
    assert "会员" not in str(pending)


def test_cards_are_listed_by_member_and_state(
    session: Session, card: str, replace: Callable[..., str]
) -> None:
    new = replace(card)
    listed = queries.list_cards(session, SHANGHAI, member_id=1)
    assert [(line.number, line.state) for line in listed.rows] == [
        (card, CardState.REPLACED), (new, CardState.ACTIVE),
    ]  # fmt: skip
    assert queries.list_cards(session, SHANGHAI, state=CardState.ACTIVE).total == 1
