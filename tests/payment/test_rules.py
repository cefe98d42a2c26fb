"""What becomes of money that comes in. Source: rules M3-M5, O8; bad inputs 86."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberctl.catalog.rules import PaymentTiming
from memberctl.core.actor import Actor
from memberctl.core.errors import Conflict, Invalid, NotPermitted, RuleRefused
from memberctl.core.money import Money
from memberctl.message.rules import Language
from memberctl.order.rules import OrderState
from memberctl.payment import rules
from memberctl.payment.receipts import METHODS, receipt_text
from memberctl.payment.results import Outcome, PaymentRecorded, ReceiptRecord
from memberctl.payment.rules import Allocation, Earlier, Method, Owing, ReceiptState

AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
OWING = Owing(
    number="JN-2026-7F3KX",
    state=OrderState.CONFIRMED,
    total_minor=100000,
    paid_minor=0,
    timing=PaymentTiming.AFTER_APPROVAL,
    payment_due_on=date(2026, 3, 9),
)
EARLIER = Earlier("P-000001", 1, 60000, None, AT)
RECORDED = PaymentRecorded(
    number="P-000001",
    order="JN-2026-7F3KX",
    amount=Money(60000, "CNY"),
    method=Method.CASH,
    receipt="RC-2026-000001",
    order_state=OrderState.CONFIRMED,
    open=Money(40000, "CNY"),
    credit=Money(0, "CNY"),
    already=False,
)
RECEIPT = ReceiptRecord(
    number="RC-2026-000001",
    payment="P-000001",
    order="JN-2026-7F3KX",
    member="M-000001",
    name="{amount} $name",
    amount=Money(365000, "CNY"),
    method=Method.WECHAT,
    state=ReceiptState.ISSUED,
    received_at=AT,
    issued_at=AT,
    voided_at=None,
)


@pytest.mark.parametrize(
    ("due", "paid", "amount", "applied", "over"),
    [
        (100000, 0, 60000, 60000, 0),
        (100000, 60000, 40000, 40000, 0),
        (100000, 0, 120000, 100000, 20000),
        (100000, 60000, 60000, 40000, 20000),
        (100000, 100000, 1, 0, 1),
        (0, 0, 5, 0, 5),
    ],
)
def test_money_settles_what_is_open_first(
    due: int, paid: int, amount: int, applied: int, over: int
) -> None:
    assert rules.allocate(due, paid, amount) == Allocation(applied, over)


@given(st.integers(0, 10**14), st.integers(0, 10**14), st.integers(1, 10**14))
def test_nothing_of_a_payment_is_lost_and_no_order_is_overpaid(
    due: int, paid: int, amount: int
) -> None:
    found = rules.allocate(due, paid, amount)
    assert found.applied + found.over == amount
    assert found.applied >= 0 and found.over >= 0
    assert found.applied == 0 or paid + found.applied <= due


@pytest.mark.parametrize(
    ("received_on", "settles"),
    [(date(2026, 3, 2), True), (date(2026, 3, 9), True), (date(2026, 3, 10), False)],
)
def test_money_of_the_last_day_settles_and_of_the_day_after_does_not(
    received_on: date, settles: bool
) -> None:
    assert rules.settles_order(OWING, received_on) is settles


@pytest.mark.parametrize("state", sorted(rules.SETTLED | rules.ENDED))
def test_money_for_an_order_that_takes_none_is_credit(state: OrderState) -> None:
    assert not rules.settles_order(replace(OWING, state=state), date(2026, 3, 2))


def test_a_voided_order_takes_no_money_at_all() -> None:
    with pytest.raises(RuleRefused, match="it is voided"):
        rules.settles_order(replace(OWING, state=OrderState.VOIDED), date(2026, 3, 2))


@pytest.mark.parametrize("state", sorted(rules.UNDER_WAY))
def test_before_the_final_approval_only_a_plan_paid_on_filing_takes_money(
    state: OrderState,
) -> None:
    under_way = replace(OWING, state=state, payment_due_on=None)
    with pytest.raises(RuleRefused, match="its fee is due after the final approval"):
        rules.settles_order(under_way, date(2026, 3, 2))
    on_filing = replace(under_way, timing=PaymentTiming.ON_FILING)
    assert rules.settles_order(on_filing, date(2026, 3, 2))


def test_every_state_of_an_order_is_decided() -> None:
    decided = rules.SETTLED | rules.DEAD | rules.UNDER_WAY | {OrderState.CONFIRMED}
    assert decided == set(OrderState)


def test_a_dead_order_owes_nothing() -> None:
    assert replace(OWING, state=OrderState.FORFEITED).open_minor == 0
    assert replace(OWING, paid_minor=60000).open_minor == 40000


def test_a_payment_cannot_have_come_later_than_now() -> None:
    assert rules.checked_received(None, AT) == AT
    assert rules.checked_received(AT, AT) == AT
    with pytest.raises(Invalid, match="in the future"):
        rules.checked_received(AT + timedelta(seconds=1), AT)


@pytest.mark.parametrize("text", ["", "   ", "a\x1b[2J", "x" * 65, "\u202eTX1"])
def test_a_reference_is_plain_text(text: str) -> None:
    with pytest.raises(Invalid):
        rules.checked_reference(text)


def test_a_reference_loses_only_outer_blanks() -> None:
    assert rules.checked_reference(" TX-1 ") == "TX-1"
    assert rules.checked_reference(None) is None


@pytest.mark.parametrize(("order_id", "amount"), [(1, 60001), (2, 60000)])
def test_a_known_transaction_with_other_content_is_a_conflict(order_id: int, amount: int) -> None:
    with pytest.raises(Conflict, match="P-000001 has this method and reference"):
        rules.refuse_other_content(EARLIER, order_id, amount)


def test_a_known_transaction_with_the_same_content_is_a_repeat() -> None:
    assert rules.refuse_other_content(EARLIER, 1, 60000) is None


@pytest.mark.parametrize(
    ("earlier", "new", "minutes_later", "refused"),
    [
        (None, None, 0, True),
        (None, None, 9, True),
        (None, None, 10, False),
        (None, "TX2", 1, True),
        ("TX1", None, 1, True),
        ("TX1", "TX2", 1, False),
    ],
)
def test_an_equal_payment_within_minutes_is_refused_unless_references_tell_them_apart(
    earlier: str | None, new: str | None, minutes_later: int, refused: bool
) -> None:
    known = [replace(EARLIER, reference=earlier)]
    at = AT + timedelta(minutes=minutes_later)
    if not refused:
        rules.refuse_probable_duplicate(known, new, at, 10)
        return
    with pytest.raises(Conflict, match="probable duplicate: P-000001") as problem:
        rules.refuse_probable_duplicate(known, new, at, 10)
    assert problem.value.exit_code == 7 and "--again" in (problem.value.hint or "")


def test_who_recorded_a_payment_or_paid_it_does_not_verify_it() -> None:
    qian = Actor("qian", "qian", 6, frozenset({"finance"}))
    rules.refuse_own_verification(qian, "P-000001", recorded_by=7, member_staff_id=None)
    with pytest.raises(NotPermitted, match="qian recorded payment"):
        rules.refuse_own_verification(qian, "P-000001", recorded_by=6, member_staff_id=None)
    with pytest.raises(NotPermitted, match="is for qian"):
        rules.refuse_own_verification(qian, "P-000001", recorded_by=7, member_staff_id=6)


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (RECORDED, Outcome.PARTIAL),
        (replace(RECORDED, already=True), Outcome.ALREADY),
        (replace(RECORDED, open=Money(0, "CNY")), Outcome.SETTLED),
        (
            replace(RECORDED, open=Money(0, "CNY"), credit=Money(20000, "CNY")),
            Outcome.OVERPAID,
        ),
        (replace(RECORDED, credit=Money(60000, "CNY")), Outcome.LATE),
        (
            replace(
                RECORDED,
                open=Money(0, "CNY"),
                credit=Money(60000, "CNY"),
                order_state=OrderState.FORFEITED,
            ),
            Outcome.CREDIT,
        ),
    ],
)
def test_each_outcome_has_its_own_words(result: PaymentRecorded, outcome: Outcome) -> None:
    assert result.outcome is outcome


def test_a_receipt_is_written_in_the_members_language_and_zone() -> None:
    text = receipt_text(RECEIPT, "长风健身", Language.CHINESE, ZoneInfo("Asia/Shanghai"))
    assert text.splitlines() == [
        "长风健身",
        "收据 RC-2026-000001",
        "订单：JN-2026-7F3KX",
        "会员：{amount} $name（M-000001）",
        "金额：3650.00 CNY",
        "支付方式：微信支付",
        "收款时间：2026-03-02 12:00",
        "开具时间：2026-03-02 12:00",
    ]


def test_a_voided_receipt_says_so_first() -> None:
    voided = replace(RECEIPT, state=ReceiptState.VOIDED, voided_at=AT)
    text = receipt_text(voided, "Longwind", Language.ENGLISH, UTC)
    assert text.splitlines()[1] == "VOID since: 2026-03-02 04:00"


@pytest.mark.parametrize("language", Language)
def test_every_method_has_a_name_on_receipts(language: Language) -> None:
    assert set(METHODS[language]) == set(Method)
