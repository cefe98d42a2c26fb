"""The books, on both engines. Source: rules M1-M4, O8."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, select

from memberctl.ledger import operations, queries
from memberctl.ledger.rules import Account, Line
from memberctl.ledger.statements import month_statement
from memberctl.ledger.tables import LedgerAccount, LedgerEntry
from memberctl.store.prepared import driver_of

ORDER, MEMBER = "JN-2026-7F3KX", "M-000001"
AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
TODAY = date(2026, 3, 2)


def confirmed(session: Session, total: int = 100000) -> int | None:
    return operations.book_confirmed(session, ORDER, total, currency="CNY", value_on=TODAY, at=AT)


def paid(session: Session, applied: int, over: int = 0) -> int:
    return operations.book_payment(
        session,
        ORDER,
        MEMBER,
        Account.CASH,
        applied_minor=applied,
        credit_minor=over,
        currency="CNY",
        value_on=TODAY,
        at=AT,
    )


def cancelled(session: Session) -> int:
    return operations.book_cancelled(session, ORDER, MEMBER, currency="CNY", value_on=TODAY, at=AT)


def figures(session: Session) -> dict[str, int]:
    return {line.account: line.balance.minor for line in queries.balances(session)}


def test_a_confirmed_order_owes_its_fee_once_however_often_it_is_booked(session: Session) -> None:
    assert confirmed(session) is not None
    assert confirmed(session) is None
    assert figures(session) == {"receivable": 100000, "unearned_fees": -100000}


def test_a_fee_that_changed_is_booked_by_the_difference(session: Session) -> None:
    confirmed(session, 100000)
    confirmed(session, 90000)
    assert figures(session) == {"receivable": 90000, "unearned_fees": -90000}


def test_an_account_with_two_currencies_has_a_balance_in_each(session: Session) -> None:
    confirmed(session, 100000)
    for currency, day in (("USD", 3), ("EUR", 4)):
        operations.book_confirmed(
            session, f"{ORDER}-{currency}", 700, currency=currency, value_on=date(2026, 3, day),
            at=AT,
        )  # fmt: skip
    operations.book_payment(
        session, ORDER, MEMBER, Account.CASH, applied_minor=500, credit_minor=0, currency="CNY",
        value_on=TODAY, at=AT,
    )  # fmt: skip

    def held(on: date | None) -> list[tuple[str, str]]:
        return [(each.account, str(each.balance)) for each in queries.balances(session, on)]

    assert held(None) == [
        ("cash", "5.00 CNY"),
        ("receivable", "995.00 CNY"),
        ("receivable", "7.00 EUR"),
        ("receivable", "7.00 USD"),
        ("unearned_fees", "-1000.00 CNY"),
        ("unearned_fees", "-7.00 EUR"),
        ("unearned_fees", "-7.00 USD"),
    ]
    assert held(TODAY) == [
        ("cash", "5.00 CNY"), ("receivable", "995.00 CNY"), ("unearned_fees", "-1000.00 CNY"),
    ]  # fmt: skip


@pytest.mark.parametrize("engine_kind", ["sqlite"])  # PostgreSQL plans by its statistics.
def test_sums_of_the_books_are_read_in_the_order_of_their_index(session: Session) -> None:
    """Neither looked up row by row nor sorted: of millions of postings that is most of the time."""
    confirmed(session)
    raw, _ = driver_of(session)
    asked: list[str] = []
    raw.set_trace_callback(asked.append)
    queries.balances(session)
    queries.balances(session, TODAY)
    queries.balance(session, Account.RECEIVABLE)
    queries.held_by(session, ORDER)
    month_statement(session, date(2026, 3, 1), "CNY")
    raw.set_trace_callback(None)

    sums = [sql for sql in asked if "posting" in sql and "sum(" in sql]
    assert len(sums) == 7
    for sql in sums:
        plan = [step for *_, step in raw.execute(f"EXPLAIN QUERY PLAN {sql}")]
        read = [step for step in plan if "posting" in step]
        assert read and all("COVERING INDEX ix_posting_account_party" in step for step in read), (
            plan
        )
        assert not any("TEMP B-TREE FOR GROUP" in step for step in plan), plan


def test_an_order_that_costs_nothing_has_no_entry(session: Session) -> None:
    assert confirmed(session, 0) is None
    assert queries.count_entries(session) == 0


def test_money_over_the_fee_is_the_members_credit(session: Session) -> None:
    confirmed(session)
    paid(session, 100000, 20000)
    assert queries.balance(session, Account.RECEIVABLE, ORDER) == 0
    assert queries.balance(session, Account.MEMBER_CREDIT, MEMBER) == -20000
    assert queries.balance(session, Account.CASH) == 120000
    ((party, money),) = queries.credits_by_party(session).rows
    assert (party, str(money)) == (MEMBER, "200.00 CNY")


def test_a_cancelled_order_owes_nothing_and_what_was_paid_becomes_credit(session: Session) -> None:
    confirmed(session)
    paid(session, 60000)
    assert cancelled(session) == 60000
    assert figures(session) == {
        "cash": 60000, "member_credit": -60000, "receivable": 0, "unearned_fees": 0,
    }  # fmt: skip
    assert cancelled(session) == 0, "a second time nothing is left to undo"


def test_an_order_that_was_never_booked_is_cancelled_without_an_entry(session: Session) -> None:
    assert cancelled(session) == 0
    assert queries.count_entries(session) == 0


def undo(session: Session, entry: int, applied: int) -> None:
    operations.book_undone(
        session, entry, MEMBER, event="payment.voided", applied_minor=applied, value_on=TODAY,
        at=AT,
    )  # fmt: skip


def test_voiding_a_payment_undoes_its_entry_and_leaves_it_standing(session: Session) -> None:
    confirmed(session)
    entry = paid(session, 60000)
    undo(session, entry, 60000)
    assert queries.balance(session, Account.RECEIVABLE, ORDER) == 100000
    assert queries.balance(session, Account.CASH) == 0
    (undoing,) = session.scalars(select(LedgerEntry).where(LedgerEntry.reverses == entry))
    assert undoing.event == "payment.voided"
    assert queries.lines_of(session, entry)[0][0] == Line(Account.CASH, 60000)


def test_voiding_a_payment_of_a_dead_order_takes_back_its_credit(session: Session) -> None:
    confirmed(session)
    entry = paid(session, 60000)
    cancelled(session)
    undo(session, entry, 60000)
    assert set(figures(session).values()) == {0}


def test_an_entry_is_reversed_at_most_once(session: Session) -> None:
    confirmed(session)
    entry = paid(session, 60000)
    operations.reverse_entry(session, entry, event="test", value_on=TODAY, at=AT)
    with pytest.raises(Exception, match=r"(?i)unique"):
        operations.reverse_entry(session, entry, event="test", value_on=TODAY, at=AT)


@pytest.mark.parametrize(
    "change", ["UPDATE posting SET amount_minor = 1", "DELETE FROM ledger_entry"]
)
def test_the_database_lets_nobody_change_the_journal(session: Session, change: str) -> None:
    confirmed(session)
    with pytest.raises(DatabaseError, match="append-only"):
        session.connection().execute(text(change))


def test_the_journal_tells_the_newest_entry_first_and_can_be_narrowed(session: Session) -> None:
    confirmed(session)
    paid(session, 60000)
    everything = queries.journal(session)
    assert [(line.event, line.account, line.amount.amount) for line in everything.rows] == [
        ("payment.recorded", "cash", "600.00"),
        ("payment.recorded", "receivable", "-600.00"),
        ("order.booked", "receivable", "1000.00"),
        ("order.booked", "unearned_fees", "-1000.00"),
    ]
    cash = queries.journal(session, account=Account.CASH)
    assert [line.value_on for line in cash.rows] == [TODAY]
    assert queries.journal(session, about="JN-2026-OTHER").rows == []
    limited = queries.journal(session, party=ORDER, limit=1)
    assert (len(limited.rows), limited.total) == (1, 3)


def test_accounts_are_seeded_once(session: Session) -> None:
    operations.seed_accounts(session)
    operations.seed_accounts(session)
    assert len(session.scalars(select(LedgerAccount)).all()) == len(Account)
