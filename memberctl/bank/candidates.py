"""What in the books the lines of statements may be, looked up for many lines at once.

Source: rules M15; performance.md "operations on sets".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func
from sqlalchemy import select as columns
from sqlmodel import col

from memberctl.access.switching import switch_problem
from memberctl.bank import rules
from memberctl.bank.finding import Candidate, How, Kind, names_agree, order_numbers_in
from memberctl.bank.sealed import Details, details_of
from memberctl.bank.tables import BankAccount, BankLine
from memberctl.ledger.tables import LedgerEntry, Posting
from memberctl.member.tables import Member
from memberctl.order.rules import OrderState
from memberctl.order.tables import Order, OrderTerm
from memberctl.payment.queries import number as payment_number
from memberctl.payment.rules import UNDONE_PAYMENTS, PaymentState
from memberctl.payment.tables import Payment
from memberctl.store.among import among

if TYPE_CHECKING:
    from sqlmodel import Session

    from memberctl.store.keys import Keys

WINDOW = timedelta(days=14)
"""How far apart the books and the bank may date one movement that only its amount speaks for."""

PAYABLE = (OrderState.CONFIRMED,)
OWN_EVENTS = ("payment.recorded", "payment.voided", "bank.fee")
"""Events that are looked for otherwise, or that no bank knows of."""

_LIVE = col(Payment.state).not_in(UNDONE_PAYMENTS)
_CAME = col(Payment.state) != PaymentState.VOIDED
"""Payments that a statement shows: one that the bank took back came all the same."""


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line as far as the books are asked about it. orders -- numbers in its text

    references -- its own number too, by which the payment that was recorded for it is known
    """

    id: int
    amount_minor: int
    booked_on: date
    references: frozenset[str]
    details: Details
    orders: tuple[str, ...]


def open_line(keys: Keys, row: BankLine) -> OpenLine:
    """Return what of a line is compared with the books."""
    details = details_of(keys, row.id, row.details)
    texts = " ".join([details.text, *details.references])
    assert row.booked_on is not None, "a line that counts has its day"
    return OpenLine(
        id=row.id,
        amount_minor=row.amount_minor,
        booked_on=row.booked_on,
        references=frozenset(
            {rules.line_number(row.id), row.external_id or "", *details.references} - {""}
        ),
        details=details,
        orders=tuple(order_numbers_in(texts)),
    )


def candidates_for(
    session: Session, account: BankAccount, lines: Sequence[OpenLine]
) -> dict[int, list[Candidate]]:
    """Return what each line may be, by the line's id; a constant number of statements."""
    coming = [line for line in lines if line.amount_minor > 0]
    found: dict[int, list[Candidate]] = defaultdict(list)
    for more in (
        _by_reference(session, account, coming),
        _by_order(session, account, coming),
        _by_amount(session, account, coming),
        _entries(session, account, lines),
    ):
        for line_id, candidates in more.items():
            known = {(each.kind, each.id) for each in found[line_id]}
            found[line_id] += [each for each in candidates if (each.kind, each.id) not in known]
    return found


def _payments(*conditions: Any) -> Any:
    """Return the select over payments with their order, its member and the line that they are."""
    return (
        columns(
            col(Payment.id), col(Payment.amount_minor), col(Payment.reference),
            col(Order.number).label("order_number"), col(Payment.received_at), col(Member.name),
            col(BankLine.id).label("line_id"),
        )
        .join(Order, col(Order.id) == col(Payment.order_id))
        .join(Member, col(Member.id) == col(Order.member_id))
        .outerjoin(BankLine, col(BankLine.payment_id) == col(Payment.id))
        .where(*conditions)
        .order_by(col(Payment.id))
    )  # fmt: skip


def _payment(row: Any, how: How) -> Candidate:
    return Candidate(
        Kind.PAYMENT, row.id, payment_number(row.id), row.order_number, row.amount_minor, how,
        taken=row.line_id is not None,
    )  # fmt: skip


def _by_reference(
    session: Session, account: BankAccount, lines: Sequence[OpenLine]
) -> dict[int, list[Candidate]]:
    wanted = {reference for line in lines for reference in line.references}
    rows = session.execute(
        _payments(
            _CAME, col(Payment.method) == account.method,
            among(session, col(Payment.reference), sorted(wanted)),
        )
    )  # fmt: skip
    by_reference = {row.reference: _payment(row, How.REFERENCE) for row in rows}
    return {
        line.id: [by_reference[each] for each in sorted(line.references) if each in by_reference]
        for line in lines
    }


def _by_order(
    session: Session, account: BankAccount, lines: Sequence[OpenLine]
) -> dict[int, list[Candidate]]:
    """Return the payments of the orders that texts name, and the orders themselves."""
    wanted = sorted({number for line in lines for number in line.orders})
    if not wanted:
        return {}
    found: dict[str, list[Candidate]] = defaultdict(list)
    method = col(Payment.method) == account.method
    named = among(session, col(Order.number), wanted)
    for row in session.execute(_payments(_CAME, method, named)):
        found[row.order_number].append(_payment(row, How.ORDER_NUMBER))
    open_ = {row.number: row for row in session.execute(_open_orders(session, numbers=wanted))}
    by_line: dict[int, list[Candidate]] = {}
    for line in lines:
        by_line[line.id] = [each for number in line.orders for each in found[number]]
        by_line[line.id] += [
            _order(session, open_[number], line, How.ORDER_NUMBER)
            for number in line.orders
            if number in open_
        ]
    return by_line


def _open_orders(
    session: Session,
    *,
    numbers: Sequence[str] | None = None,
    amounts: Sequence[int] | None = None,
) -> Any:
    """Return the select over orders with what is still open of each and whose they are.

    numbers -- only these; amounts -- only those that take money and have one of these open
    """
    paid = (
        columns(col(Payment.order_id), func.sum(Payment.applied_minor).label("paid"))
        .where(_LIVE)
        .group_by(col(Payment.order_id))
        .subquery()
    )
    left = _open_minor(paid)
    conditions = [] if numbers is None else [among(session, col(Order.number), numbers)]
    if amounts is not None:
        conditions += [col(Order.state).in_(PAYABLE), among(session, left, amounts)]
    return (
        columns(
            col(Order.id), col(Order.number), col(Order.state), col(Order.payment_due_on),
            left.label("open"), col(Member.name), col(Member.erased_at), col(OrderTerm.term_id),
            col(OrderTerm.effective_on), col(OrderTerm.receiver_id),
        )
        .join(Member, col(Member.id) == col(Order.member_id))
        .outerjoin(OrderTerm, col(OrderTerm.order_id) == col(Order.id))
        .outerjoin(paid, paid.c.order_id == col(Order.id))
        .where(*conditions)
        .order_by(col(Order.id))
    )  # fmt: skip


def _open_minor(paid: Any) -> Any:
    due = col(Order.total_minor) - col(Order.credited_minor) - col(Order.written_off_minor)
    return due - func.coalesce(paid.c.paid, 0)


def _order(session: Session, row: Any, line: OpenLine, how: How) -> Candidate:
    """Return an order as a candidate; one that takes no money has nothing open.

    The order of somebody who was erased would give them a term, so a person decides; and so does
    one about an upgrade or a transfer of a term that is no longer what it was.
    """
    payable = row.state in PAYABLE and row.erased_at is None
    late = row.payment_due_on is not None and line.booked_on > row.payment_due_on
    return Candidate(
        Kind.ORDER, row.id, row.number, row.number, int(row.open) if payable else 0, how,
        late=late, stuck=payable and _is_stuck(session, row, line),
    )  # fmt: skip


def _is_stuck(session: Session, row: Any, line: OpenLine) -> bool:
    """Whether an order could not have what it is for if it were paid; few orders change a term."""
    if row.term_id is None:
        return False
    given = row.receiver_id is not None
    wanted = line.booked_on + timedelta(days=1) if given else row.effective_on
    return switch_problem(session, row.term_id, wanted, row.receiver_id) is not None


def _by_amount(
    session: Session, account: BankAccount, lines: Sequence[OpenLine]
) -> dict[int, list[Candidate]]:
    """Return what has a line's very amount, and how well its name fits.

    Only for lines that tell no number; and no payment that names another transaction.
    """
    amounts = sorted({line.amount_minor for line in lines})
    if not amounts:
        return {}
    payments: dict[int, list[Any]] = defaultdict(list)
    free = [col(BankLine.id).is_(None), col(Payment.reference).is_(None)]
    same = among(session, col(Payment.amount_minor), amounts)
    for row in session.execute(
        _payments(_CAME, col(Payment.method) == account.method, same, *free)
    ):
        payments[row.amount_minor].append(row)
    orders: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(_open_orders(session, amounts=amounts)):
        orders[int(row.open)].append(row)
    return {line.id: [*_fitting(session, line, payments, orders)] for line in lines}


def _fitting(
    session: Session,
    line: OpenLine,
    payments: dict[int, list[Any]],
    orders: dict[int, list[Any]],
) -> Iterable[Candidate]:
    for row in payments[line.amount_minor]:
        if abs(row.received_at.date() - line.booked_on) <= WINDOW:
            yield _payment(row, names_agree(line.details.name, row.name) or How.AMOUNT)
    for row in orders[line.amount_minor]:
        yield _order(session, row, line, names_agree(line.details.name, row.name) or How.AMOUNT)


def _entries(
    session: Session, account: BankAccount, lines: Sequence[OpenLine]
) -> dict[int, list[Candidate]]:
    """Return the other movements of the account in the books: refunds, and what the bank undid."""
    amounts = sorted({line.amount_minor for line in lines})
    if not amounts:
        return {}
    moved = func.sum(Posting.amount_minor)
    rows = session.execute(
        columns(
            col(LedgerEntry.id), col(LedgerEntry.about), col(LedgerEntry.value_on),
            moved.label("moved"), col(BankLine.id).label("line_id"), col(Member.name),
        )
        .join(Posting, col(Posting.entry_id) == col(LedgerEntry.id))
        .outerjoin(
            BankLine,
            (col(BankLine.entry_id) == col(LedgerEntry.id))
            & (col(BankLine.account_id) == account.id),
        )
        .outerjoin(Order, col(Order.number) == col(LedgerEntry.about))
        .outerjoin(Member, col(Member.id) == col(Order.member_id))
        .where(
            col(Posting.account) == account.method.value,
            col(LedgerEntry.event).not_in(OWN_EVENTS),
        )
        .group_by(
            col(LedgerEntry.id), col(LedgerEntry.about), col(LedgerEntry.value_on),
            col(BankLine.id), col(Member.name),
        )
        .having(among(session, moved, amounts))
        .order_by(col(LedgerEntry.id))
    )  # fmt: skip
    by_amount: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_amount[int(row.moved)].append(row)
    return {line.id: [*_fitting_entries(line, by_amount)] for line in lines}


def _fitting_entries(line: OpenLine, by_amount: dict[int, list[Any]]) -> Iterable[Candidate]:
    for row in by_amount[line.amount_minor]:
        if row.about in line.orders:
            how = How.ORDER_NUMBER
        elif abs(row.value_on - line.booked_on) > WINDOW:
            continue
        else:
            how = names_agree(line.details.name, row.name or "") or How.AMOUNT
        yield Candidate(
            Kind.ENTRY, row.id, f"entry {row.id}", row.about, int(row.moved), how,
            taken=row.line_id is not None,
        )  # fmt: skip
