"""`ledger check` finds every fault in what stands beside payments, and names its row.

Source: rules M1, M12-M14, M16; reliability.md R5.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from memberctl.core.dates import parse_period
from memberctl.order.confirming import withdraw_order
from memberctl.order.tables import Order
from memberctl.payment import crediting, debts, invoicing
from memberctl.payment.checking import check_ledger
from memberctl.payment.document_checking import SUMS
from memberctl.payment.operations import record_payment
from memberctl.payment.plans import agree_instalments
from memberctl.payment.rules import Method, Tender
from memberctl.payment.tilling import close_till
from memberctl.refund.checking import check_money
from memberctl.store.audit import open_trail
from memberctl.store.engine import Store
from memberctl.store.keys import derive
from tests.founding import STORE_ID, actors
from tests.payment.ground import CONFIRMED_ON, add_order
from tests.payment.test_crediting import another
from tests.stores import Grounds, take_guards_off

BY = actors()
NEXT = CONFIRMED_ON + timedelta(days=1)
LATER = NEXT + timedelta(days=1)


def day(on: date) -> dict[str, Any]:
    """Noon of a day in Shanghai, as operations take it."""
    return {"at": datetime(on.year, on.month, on.day, 4, tzinfo=UTC), "today": on}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def past(
    request: pytest.FixtureRequest, grounds: Grounds, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Store, dict[str, str]]:
    """A store with everything that stands beside payments, and the numbers that faults name."""
    if request.param == "sqlite":
        location = grounds.sqlite_copy(tmp_path_factory.mktemp("past") / "store.db")
    else:
        location = grounds.postgres_copy()[1]
    secret = (grounds.key_dir / request.param / f"{STORE_ID}.key").read_text().strip()
    store = Store(location)
    with store.writing() as session:
        open_trail(session, derive(bytes.fromhex(secret)).audit, "test")
        numbers = write_documents(session)
        session.commit()
    return store, numbers


@pytest.fixture
def session(past: tuple[Store, dict[str, str]]) -> Iterator[Session]:
    """A session in which a fault is planted; nothing of it is kept."""
    with past[0].writing() as opened:
        take_guards_off(opened.connection())
        yield opened


def write_documents(session: Session) -> dict[str, str]:
    """Let everything happen at least once and return the numbers of orders.

    credited -- an order with a credit note; ended -- one that was given up after its invoice
    written_off, charged_back, parts -- as they are called
    """
    numbers = {
        "credited": _credited(session),
        "ended": _ended(session),
        "written_off": _written_off(session),
        "charged_back": _charged_back(session),
        "parts": add_order(session).number,
    }
    agree_instalments(
        session, numbers["parts"], count=3, first=NEXT, every=parse_period("1m"),
        by=BY["qian"], **day(NEXT),
    )  # fmt: skip
    _requests(session)
    _close(session, NEXT, 0)
    add_order(session)
    _pay(session, add_order(session), 700)
    _close(session, LATER, 650)
    return numbers


def _pay(session: Session, order: Order, amount: int, **more: Any) -> str:
    tender = Tender(order.number, amount, **({"method": Method.CASH} | more))
    done = record_payment(session, tender, by=BY["sun"], currency="CNY", **day(CONFIRMED_ON))
    return done.number


def _credited(session: Session) -> str:
    order = add_order(session)
    _pay(session, order, 300000)
    invoicing.issue_invoice(session, order.number, by=BY["qian"], **day(NEXT))
    invoicing.credit_invoice(
        session, "IN-2026-000001", amount_minor=5000, reason="late", by=BY["qian"], **day(NEXT)
    )
    return order.number


def _ended(session: Session) -> str:
    order = add_order(session)
    invoicing.issue_invoice(session, order.number, by=BY["qian"], **day(NEXT))
    withdraw_order(session, order.number, reason="x", seen=None, by=BY["sun"], **day(NEXT))
    invoicing.credit_invoice(
        session, "IN-2026-000002", amount_minor=None, reason="ended", by=BY["qian"], **day(NEXT)
    )
    return order.number


def _written_off(session: Session) -> str:
    order = add_order(session)
    _pay(session, order, 65000)
    at = day(NEXT)["at"]
    debts.request_write_off(session, order.number, reason="abroad", by=BY["qian"], at=at)
    debts.decide_write_off(session, "WO-000001", approve=True, by=BY["zhao"], **day(NEXT))
    return order.number


def _charged_back(session: Session) -> str:
    """An order whose payment the bank took back when 150.00 of what was over were spent."""
    order = add_order(session)
    paid = _pay(session, order, 385000, method=Method.CARD, reference="TX1")
    another(session, order.member_id, 15000)
    crediting.apply_credit(session, order.member_id, by=BY["sun"], currency="CNY", **day(NEXT))
    debts.charge_back(session, paid, reason="disputed", by=BY["qian"], **day(NEXT))
    return order.number


def _requests(session: Session) -> None:
    """Four payouts: one waits, one is approved, one refused, one paid."""
    order = add_order(session)
    _pay(session, order, 400000)
    for amount in (10000, 5000, 3000, 2000):
        crediting.request_payout(
            session, order.member_id, amount_minor=amount, method=Method.CASH, reason="moved",
            by=BY["sun"], currency="CNY", **day(NEXT),
        )  # fmt: skip
    for number, approve in (("CP-000002", True), ("CP-000003", False), ("CP-000004", True)):
        crediting.decide_request(
            session, number, approve=approve, reason="x", by=BY["qian"], **day(NEXT)
        )
    crediting.pay_request(session, "CP-000004", by=BY["feng"], **day(NEXT))


def _close(session: Session, on: date, counted: int) -> None:
    close_till(
        session, 0, Method.CASH, counted_minor=counted, by=BY["sun"], currency="CNY", **day(on)
    )


NOTE = "kind = 'credit_note' AND entry_id IS NOT NULL"
FAULTS: dict[str, tuple[str, list[str]]] = {
    "an order forgets its credit note: order_credited": (
        "{credited}",
        [f"UPDATE invoice SET entry_id = NULL WHERE {NOTE}"],
    ),
    "another amount is written off: order_written_off": (
        "{written_off}",
        ["UPDATE write_off SET amount_minor = amount_minor - 1"],
    ),
    "a refused write-off counts: order_written_off": (
        "{written_off}",
        ["UPDATE write_off SET state = 'refused', entry_id = NULL"],
    ),
    "bad debt is booked for another: order_bad_debt": (
        "{written_off}, JN-0",
        ["UPDATE posting SET party = 'JN-0' WHERE account = 'bad_debt' AND amount_minor = 300000"],
    ),
    "bad debt is nobody's: order_bad_debt": (
        "{charged_back}, no party",
        ["UPDATE posting SET party = NULL WHERE account = 'bad_debt' AND amount_minor = 15000"],
    ),
    "a chargeback is lost: payment_charged_back order_bad_debt credit": (
        "P-000003, {charged_back}, M-000004",
        ["DELETE FROM chargeback"],
    ),
    "a bank takes back what counts as paid: payment_charged_back": (
        "P-000001",
        [
            "INSERT INTO chargeback"
            " SELECT 1, reason, 0, charged_back_at, charged_back_by FROM chargeback"
        ],
    ),
    "a line of an invoice grows: invoice_sums": (
        "IN-2026-000001",
        [
            "UPDATE invoice_line SET net_minor = net_minor + 1, amount_minor = amount_minor + 1"
            " WHERE invoice_id = 1"
        ],
    ),
    "the tax of a line grows: invoice_sums": (
        "IN-2026-000001",
        [
            "UPDATE invoice_line SET net_minor = net_minor - 1, tax_minor = tax_minor + 1"
            " WHERE invoice_id = 1"
        ],
    ),
    "an invoice with a note is void: invoice_credited": (
        "IN-2026-000001",
        ["UPDATE invoice SET voided_at = issued_at, voided_by = 1 WHERE id = 1"],
    ),
    "more is credited than was invoiced: invoice_credited": (
        "IN-2026-000002",
        [
            "UPDATE invoice SET net_minor = net_minor + 1, total_minor = total_minor + 1"
            " WHERE serial = 2 AND kind = 'credit_note'",
            "UPDATE invoice_line SET net_minor = net_minor + 1, amount_minor = amount_minor + 1"
            " WHERE invoice_id = (SELECT id FROM invoice WHERE serial = 2"
            " AND kind = 'credit_note')",
        ],
    ),
    "the newest invoice is gone: invoices_gapless": (
        "IN-2026",
        ["UPDATE counter SET value = 3 WHERE name = 'invoices:IN:2026'"],
    ),
    "a number of a credit note was left out: invoices_gapless": (
        "CN-2026",
        [
            "UPDATE invoice SET serial = 3 WHERE serial = 2 AND kind = 'credit_note'",
            "UPDATE counter SET value = 3 WHERE name = 'invoices:CN:2026'",
        ],
    ),
    "the last part is too small: instalments_sum": (
        "{parts}",
        ["UPDATE instalment SET until_minor = until_minor - 1 WHERE position = 3"],
    ),
    "a part is too large: instalments_sum": (
        "{parts}",
        ["UPDATE instalment SET amount_minor = until_minor WHERE position = 2"],
    ),
    "a till expected another sum: till_expected": (
        "TC-000002",
        [
            "UPDATE till_close SET expected_minor = 701, counted_minor = 651 WHERE id = 2",
        ],
    ),
    "money leaves a closed till: till_expected": (
        "TC-000001",
        [
            "UPDATE ledger_entry SET branch_id = 1"
            " WHERE id = (SELECT entry_id FROM payment WHERE id = 1)"
        ],
    ),
    "an entry is between two closes: till_follows": (
        "TC-000002",
        ["UPDATE till_close SET after_entry = after_entry + 1 WHERE id = 2"],
    ),
    "another difference is booked: till_difference": (
        "TC-000002",
        ["UPDATE till_close SET counted_minor = 651 WHERE id = 2"],
    ),
    "what waits is not set aside: payouts_due": (
        "CP-000001, CP-000009",
        ["UPDATE posting SET party = 'CP-000009' WHERE party = 'CP-000001'"],
    ),
    "what was paid waits again: payouts_due": (
        "CP-000004",
        [
            "UPDATE credit_request SET state = 'approved', paid_by = NULL, paid_at = NULL"
            " WHERE id = 4"
        ],
    ),
}


def test_documents_that_agree_with_the_books_have_no_problems(session: Session) -> None:
    assert check_money(session).problems == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_document_is_found_by_its_rule_and_named(
    fault: str, session: Session, past: tuple[Store, dict[str, str]]
) -> None:
    named, statements = FAULTS[fault]
    for statement in statements:
        assert session.connection().execute(text(statement)).rowcount > 0
    problems = check_ledger(session).problems
    assert {problem.rule for problem in problems} == set(fault.rpartition(": ")[2].split())
    assert {problem.object for problem in problems} == set(named.format(**past[1]).split(", "))
    assert all(problem.expected != problem.found for problem in problems)


def test_every_rule_about_documents_has_a_planted_fault() -> None:
    planted = {rule for fault in FAULTS for rule in fault.rpartition(": ")[2].split()}
    assert planted >= {*SUMS, "invoices_gapless"}
