"""Invoices are numbered without gaps per branch and year, add up, and are corrected by notes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from memberctl.core.errors import Invalid, RuleRefused
from memberctl.ledger import queries as ledger
from memberctl.ledger.rules import Account
from memberctl.message.rules import Language
from memberctl.order.pricing import PricedLine
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order
from memberctl.payment import invoicing
from memberctl.payment.checking import check_ledger
from memberctl.payment.invoice_pdf import invoice_pdf
from memberctl.payment.invoice_queries import list_invoices, show_invoice
from memberctl.payment.invoice_rules import (
    InvoiceIssued,
    InvoiceState,
    credited_lines,
    parse_invoice_number,
    percent_text,
    tax_of,
    taxed_lines,
)
from memberctl.payment.invoice_text import invoice_text
from memberctl.payment.queries import live_terms, owing
from memberctl.payment.results import PaymentRecorded, PaymentVoided
from tests.payment.conftest import Noon, People
from tests.payment.ground import CONFIRMED_ON, add_order

NEXT = CONFIRMED_ON + timedelta(days=1)
Issue = Callable[..., InvoiceIssued]


@pytest.fixture
def issue(session: Session, actors: People, noon: Noon) -> Issue:
    def give(order: Order, on: date = NEXT) -> InvoiceIssued:
        return invoicing.issue_invoice(
            session, order.number, by=actors["qian"], at=noon(on), today=on
        )

    return give


@pytest.fixture
def credit(session: Session, actors: People, noon: Noon) -> Issue:
    def give(number: str, amount: int | None = None, on: date = NEXT) -> InvoiceIssued:
        return invoicing.credit_invoice(
            session, number, amount_minor=amount, reason="late opening", by=actors["qian"],
            at=noon(on), today=on,
        )  # fmt: skip

    return give


def set_policy(session: Session, **values: str) -> None:
    from memberctl.office.tables import PolicyValue
    from tests.payment.ground import FILED_AT

    for key, value in values.items():
        session.add(PolicyValue(key=key, value=value, changed_at=FILED_AT, changed_by=1))
    session.flush()


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8), st.integers(0, 3000))
def test_m12_an_invoice_is_the_sum_of_its_rounded_lines(units: list[int], rate: int) -> None:
    lines = taxed_lines([PricedLine("x", 1, unit) for unit in units], rate)
    assert sum(line.tax_minor for line in lines) == tax_of(sum(units), rate)
    assert all(line.net_minor + line.tax_minor == line.amount_minor for line in lines)
    assert all(line.tax_minor >= 0 for line in lines)


@given(
    st.lists(st.integers(-(10**4), 10**5), min_size=1, max_size=5).filter(lambda u: sum(u) > 0),
    st.integers(0, 2000),
    st.lists(st.floats(0, 1), max_size=4),
)
def test_credit_notes_together_end_at_their_invoice(
    units: list[int], rate: int, cuts: list[float]
) -> None:
    lines = taxed_lines([PricedLine("x", 1, unit) for unit in units], rate)
    total, before = sum(units), 0
    taken: list[int] = []
    for cut in [*sorted(int(total * share) for share in cuts), total]:
        if cut > before:
            note = credited_lines(lines, before, cut - before, rate)
            assert sum(line.amount_minor for line in note) == cut - before
            taken.append(sum(line.tax_minor for line in note))
            before = cut
    assert sum(taken) == sum(line.tax_minor for line in lines)


def test_m11_the_invoice_of_an_upgrade_states_what_is_given_back_and_its_tax() -> None:
    whole = [PricedLine("PLUS, 183/365", 1, 50_137), PricedLine("BASIC, 183/365", 1, -30_082)]
    lines = taxed_lines(whole, 600)
    assert [line.tax_minor for line in lines] == [2_837, -1_702]
    assert sum(line.tax_minor for line in lines) == tax_of(20_055, 600) == 1_135
    free = taxed_lines([PricedLine("x", 1, 500), PricedLine("y", 1, -500)], 600)
    assert [line.tax_minor for line in free] == [0, 0]
    note = credited_lines(lines, 0, 10_000, 600)
    assert [line.amount_minor for line in note] == [25_000, -15_000]


def test_m13_numbers_have_no_gap_per_branch_and_year_and_a_void_keeps_its_number(
    session: Session, issue: Issue, actors: People, noon: Noon
) -> None:
    orders = [add_order(session) for _ in range(4)]
    for order, branch in zip(orders, (1, None, 1, 2), strict=True):
        order.branch_id = branch
    numbers = [issue(order).number for order in orders]
    assert numbers == [
        "IN-SH01-2026-000001", "IN-2026-000001", "IN-SH01-2026-000002", "IN-BJ01-2026-000001",
    ]  # fmt: skip
    invoicing.void_invoice(
        session, numbers[0], reason="wrong order", by=actors["qian"], at=noon(NEXT)
    )
    assert issue(orders[0]).number == "IN-SH01-2026-000003"
    assert issue(add_order(session), date(2027, 1, 1)).number == "IN-2027-000001"
    states = [row.state for row in list_invoices(session, order_id=orders[0].id).rows]
    assert states == [InvoiceState.OPEN, InvoiceState.VOIDED]
    assert check_ledger(session).problems == []


def test_an_order_has_one_invoice_and_only_once_its_fee_is_owed(
    session: Session, order: Order, issue: Issue
) -> None:
    issue(order)
    with pytest.raises(RuleRefused, match="has the invoice IN-2026-000001"):
        issue(order)
    with pytest.raises(RuleRefused, match="once its fee is owed"):
        issue(add_order(session, state=OrderState.IN_REVIEW))


def test_a_credit_note_reduces_what_is_owed(
    session: Session, order: Order, issue: Issue, credit: Issue,
    pay: Callable[..., PaymentRecorded],
) -> None:  # fmt: skip
    pay(order, 300000)
    note = credit(issue(order).number, 5000)
    assert (note.number, note.open.minor, note.credit.minor) == ("CN-2026-000001", 60000, 0)
    assert ledger.balance(session, Account.RECEIVABLE, order.number) == 60000
    assert check_ledger(session).problems == []
    rest = credit("IN-2026-000001", 60000)
    assert (rest.order_state, rest.open.minor) == (OrderState.FULFILLED, 0)
    assert live_terms(session, order.number) == 1
    assert check_ledger(session).problems == []


def test_what_was_paid_beyond_a_credit_note_is_the_members_credit(
    session: Session, order: Order, issue: Issue, credit: Issue,
    pay: Callable[..., PaymentRecorded], void: Callable[..., PaymentVoided],
) -> None:  # fmt: skip
    pay(order, 300000)
    last = pay(order, 65000)
    done = credit(issue(order).number, 100000)
    assert (done.credit.minor, done.order_state) == (100000, OrderState.FULFILLED)
    assert check_ledger(session).problems == []
    void(last)
    assert owing(session, order).open_minor == 0 or order.state is OrderState.CONFIRMED
    assert check_ledger(session).problems == []


def test_a_whole_credit_note_is_no_gift(order: Order, issue: Issue, credit: Issue) -> None:
    with pytest.raises(RuleRefused, match="is withdrawn"):
        credit(issue(order).number)


def test_no_more_is_credited_than_was_invoiced(
    order: Order, issue: Issue, credit: Issue, pay: Callable[..., PaymentRecorded],
    session: Session, actors: People, noon: Noon,
) -> None:  # fmt: skip
    pay(order, 365000)
    number = issue(order).number
    credit(number, 365000)
    with pytest.raises(RuleRefused, match="all of invoice"):
        credit(number)
    with pytest.raises(RuleRefused, match="has credit notes"):
        invoicing.void_invoice(session, number, reason="x", by=actors["qian"], at=noon(NEXT))
    assert list_invoices(session).rows[-1].state is InvoiceState.CREDITED
    assert check_ledger(session).problems == []


def test_the_invoice_of_an_order_that_was_given_up_is_corrected_without_an_entry(
    session: Session, order: Order, issue: Issue, credit: Issue, actors: People, noon: Noon
) -> None:
    from memberctl.order.confirming import withdraw_order

    number = issue(order).number
    withdraw_order(
        session, order.number, reason="x", seen=None, by=actors["sun"], at=noon(NEXT), today=NEXT
    )
    assert list_invoices(session).rows[0].state is InvoiceState.ENDED
    assert credit(number).total.minor == 365000
    assert check_ledger(session).problems == []


def test_tax_is_stated_in_either_mode_and_the_total_is_the_same(
    session: Session, issue: Issue
) -> None:
    set_policy(session, tax_rate="600", tax_mode="exclusive")
    record, _ = show_invoice(session, issue(add_order(session)).number)
    assert (record.net.minor, record.tax.minor) == (344340, 20660)
    told = invoice_text(record, "club", Language.ENGLISH, revealed=False)
    assert "年卡 x 1: 3443.40 CNY" in told
    assert "Tax (6 %): 206.60 CNY" in told
    assert "Total: 3650.00 CNY" in told
    assert percent_text(50) == "0.5"


def test_a_pdf_holds_chinese_lines_of_any_length_and_is_the_same_twice(
    session: Session, order: Order, issue: Issue
) -> None:
    from memberctl.member.tables import Member

    member = session.get_one(Member, order.member_id)
    member.address = "上海市静安区南京西路１２３８号" * 8
    record, language = show_invoice(session, issue(order).number)
    lines = invoice_text(record, "长风健身", language, revealed=True)
    made = invoice_pdf(record, [*lines, *(f"行 {n}" for n in range(60))])
    assert made.startswith(b"%PDF-1.")
    assert made == invoice_pdf(record, [*lines, *(f"行 {n}" for n in range(60))])
    assert b"/Count 2" in made
    assert "南京西路" not in "".join(invoice_text(record, "x", language, revealed=False))


@pytest.mark.parametrize("text", ["IN-2026", "XX-2026-000001", "IN-2026-000000", "", "IN--2026-1"])
def test_a_number_that_can_be_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_invoice_number(text)


def test_a_number_is_forgiving(session: Session) -> None:
    assert parse_invoice_number(" in-sh01-2026-000012 ") == ("IN-SH01", 2026, 12)
    odd: Any = parse_invoice_number("ＩＮ-店-2026-000001")
    assert odd == ("IN-店", 2026, 1)
