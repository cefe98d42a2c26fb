"""The checks of what stands beside payments: invoices, requests, write-offs, plans, tills.

Each asks for the rows that contradict the books, in one query, and names them.
Source: rules M1, M12-M14, M16; reliability.md R5 and "Invariants".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, text
from sqlalchemy import select as columns
from sqlmodel import col

from memberctl.core.numbering import serial_number
from memberctl.ledger.rules import Problem
from memberctl.order.tables import Order
from memberctl.payment.credit_rules import RequestState
from memberctl.payment.credit_tables import CreditRequest
from memberctl.payment.debt_tables import Chargeback, Instalment, WriteOff
from memberctl.payment.invoice_queries import COUNTERS
from memberctl.payment.invoice_rules import invoice_number
from memberctl.payment.invoice_tables import Invoice
from memberctl.payment.queries import number as payment_number
from memberctl.payment.tables import Payment
from memberctl.payment.till_rules import PREFIX as TILL
from memberctl.payment.till_tables import TillClose
from memberctl.store.tables import Counter

if TYPE_CHECKING:
    from sqlmodel import Session, SQLModel

COUNTED: tuple[type[SQLModel], ...] = (
    CreditRequest, WriteOff, Chargeback, Instalment, Invoice, TillClose,
)  # fmt: skip
"""The tables whose rows are looked at here."""

# Rows of (object, expected, found) that contradict themselves, the same on both engines.
SUMS = {
    "order_credited": """
        SELECT o.number, o.credited_minor, COALESCE(SUM(n.total_minor), 0)
        FROM orders o LEFT JOIN invoice n ON n.order_id = o.id AND n.kind = 'credit_note'
            AND n.entry_id IS NOT NULL
        GROUP BY o.id, o.number, o.credited_minor
        HAVING o.credited_minor <> COALESCE(SUM(n.total_minor), 0)
    """,
    "order_written_off": """
        SELECT o.number, o.written_off_minor, COALESCE(SUM(w.amount_minor), 0)
        FROM orders o LEFT JOIN write_off w ON w.order_id = o.id AND w.state = 'approved'
        GROUP BY o.id, o.number, o.written_off_minor
        HAVING o.written_off_minor <> COALESCE(SUM(w.amount_minor), 0)
    """,
    "order_bad_debt": """
        SELECT party, SUM(given_up), SUM(booked) FROM (
            SELECT number AS party, written_off_minor AS given_up, 0 AS booked FROM orders
            UNION ALL
            SELECT o.number, c.lost_minor, 0
            FROM chargeback c JOIN payment p ON p.id = c.payment_id
            JOIN orders o ON o.id = p.order_id
            UNION ALL
            SELECT COALESCE(party, 'no party'), 0, amount_minor FROM posting
            WHERE account = 'bad_debt'
        ) told GROUP BY party HAVING SUM(given_up) <> SUM(booked)
    """,
    "payment_charged_back": """
        SELECT p.id, 'a chargeback if and only if charged back', p.state
        FROM payment p LEFT JOIN chargeback c ON c.payment_id = p.id
        WHERE (p.state = 'charged_back') <> (c.payment_id IS NOT NULL)
    """,
    "invoice_sums": """
        SELECT i.series || ' ' || i.year || ' ' || i.serial,
            i.total_minor || ', tax ' || i.tax_minor,
            COALESCE(SUM(l.amount_minor), 0) || ', tax ' || COALESCE(SUM(l.tax_minor), 0)
        FROM invoice i LEFT JOIN invoice_line l ON l.invoice_id = i.id
        GROUP BY i.id, i.series, i.year, i.serial, i.total_minor, i.tax_minor
        HAVING i.total_minor <> COALESCE(SUM(l.amount_minor), 0)
            OR i.tax_minor <> COALESCE(SUM(l.tax_minor), 0)
    """,
    "invoice_credited": """
        SELECT i.series || ' ' || i.year || ' ' || i.serial, 'at most ' || i.total_minor,
            SUM(n.total_minor)
        FROM invoice i JOIN invoice n ON n.corrects_id = i.id
        GROUP BY i.id, i.series, i.year, i.serial, i.total_minor, i.voided_at
        HAVING SUM(n.total_minor) > i.total_minor OR i.voided_at IS NOT NULL
    """,
    "instalments_sum": """
        SELECT MIN(o.number), MAX(i.until_minor), 'parts that do not reach the total'
        FROM instalment i JOIN orders o ON o.id = i.order_id
        GROUP BY i.order_id HAVING MAX(i.until_minor) <> MAX(o.total_minor)
            OR SUM(i.amount_minor) > MAX(o.total_minor)
    """,
    "till_expected": """
        SELECT t.id, t.expected_minor, COALESCE(SUM(p.amount_minor), 0)
        FROM till_close t
        LEFT JOIN ledger_entry e ON e.id > t.after_entry AND e.id <= t.until_entry
            AND COALESCE(e.branch_id, 0) = t.branch_id
            AND (t.entry_id IS NULL OR e.id <> t.entry_id)
        LEFT JOIN posting p ON p.entry_id = e.id AND p.account = t.method
        GROUP BY t.id, t.expected_minor HAVING t.expected_minor <> COALESCE(SUM(p.amount_minor), 0)
    """,
    "till_follows": """
        SELECT id, 'after entry ' || before, after_entry FROM (
            SELECT id, after_entry, COALESCE(LAG(until_entry) OVER (
                PARTITION BY branch_id, method ORDER BY id), 0) AS before
            FROM till_close) closes
        WHERE after_entry <> before
    """,
    "till_difference": """
        SELECT t.id, t.counted_minor - t.expected_minor, COALESCE(SUM(p.amount_minor), 0)
        FROM till_close t
        LEFT JOIN posting p ON p.entry_id = t.entry_id AND p.account = t.method
        GROUP BY t.id, t.counted_minor, t.expected_minor
        HAVING t.counted_minor - t.expected_minor <> COALESCE(SUM(p.amount_minor), 0)
    """,
    "payouts_due": """
        SELECT party, SUM(waiting), SUM(booked) FROM (
            SELECT REQUEST_NUMBER AS party, CASE WHEN r.state = 'requested'
                OR (r.state = 'approved' AND r.kind = 'payout')
                THEN r.amount_minor ELSE 0 END AS waiting, 0 AS booked
            FROM credit_request r
            UNION ALL
            SELECT COALESCE(party, 'no party'), 0, -amount_minor FROM posting
            WHERE account = 'payouts_due'
        ) told GROUP BY party HAVING SUM(waiting) <> SUM(booked)
    """,
}


def _invoice(found: str) -> str:
    series, year, serial = found.split()
    return invoice_number(series, int(year), int(serial))


def _till(found: int) -> str:
    return serial_number(TILL, found)


NAMING: dict[str, Callable[[Any], str]] = {
    "payment_charged_back": payment_number,
    "invoice_sums": _invoice,
    "invoice_credited": _invoice,
    "till_expected": _till,
    "till_follows": _till,
    "till_difference": _till,
}
"""How the rows of a rule are named, where the query does not say it."""
PADDED = {
    "sqlite": "printf('CP-%06d', r.id)",
    "postgresql": "'CP-' || CASE WHEN r.id > 999999 THEN r.id::text"
    " ELSE lpad(r.id::text, 6, '0') END",
}


def document_problems(session: Session) -> list[Problem]:
    """Return what contradicts the books beside payments and receipts."""
    return [
        *_sum_problems(session),
        *gapless_problems(session, Invoice, COUNTERS, "invoices_gapless"),
    ]


def _sum_problems(session: Session) -> Iterator[Problem]:
    connection = session.connection()
    for rule, sql in SUMS.items():
        asked = sql.replace("REQUEST_NUMBER", PADDED[connection.dialect.name])
        for found, expected, is_there in connection.execute(text(asked)):
            yield Problem(rule, NAMING.get(rule, str)(found), str(expected), str(is_there))


def credit_set_aside(session: Session) -> list[tuple[int, str, int]]:
    """Return (member id, currency, minor units) by which requests and chargebacks changed credit.

    A request that was not refused took its amount away; what a chargeback lost was put back.
    """
    requests = session.execute(
        columns(
            col(CreditRequest.member_id),
            col(CreditRequest.currency),
            func.sum(
                case(
                    (col(CreditRequest.state) == RequestState.REFUSED, 0),
                    else_=-col(CreditRequest.amount_minor),
                )
            ),
        ).group_by(col(CreditRequest.member_id), col(CreditRequest.currency))
    )
    lost = session.execute(
        columns(col(Order.member_id), col(Payment.currency), func.sum(col(Chargeback.lost_minor)))
        .join(Payment, col(Payment.id) == col(Chargeback.payment_id))
        .join(Order, col(Order.id) == col(Payment.order_id))
        .group_by(col(Order.member_id), col(Payment.currency))
    )
    return [(member, currency, int(minor)) for member, currency, minor in [*requests, *lost]]


def gapless_problems(session: Session, table: Any, counters: str, rule: str) -> list[Problem]:
    """Return series with a gap, or with fewer documents than were numbered.

    table -- has series, year and serial; counters -- how the names of its counters begin
    Source: rules M13.
    """
    rows = session.execute(
        columns(col(table.series), col(table.year), func.count(), func.max(table.serial)).group_by(
            col(table.series), col(table.year)
        )
    )
    found = {f"{series}:{year}": (count, last) for series, year, count, last in rows}
    given = session.execute(
        columns(col(Counter.name), col(Counter.value)).where(
            col(Counter.name).startswith(counters, autoescape=True)
        )
    )
    numbered = {name.removeprefix(counters): value for name, value in given}
    what = counters.rstrip(":")
    return [
        Problem(
            rule,
            series.replace(":", "-"),
            f"1 to {numbered.get(series, 0)}",
            f"{found.get(series, (0, 0))[0]} {what}, the last is {found.get(series, (0, 0))[1]}",
        )
        for series in sorted(numbered.keys() | found.keys())
        if found.get(series, (0, 0)) != (numbered.get(series, 0),) * 2
    ]
