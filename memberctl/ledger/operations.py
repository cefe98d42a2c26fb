"""Writing the books: entries that balance, and reversals instead of changes.

An order's fee is owed, and not yet earned, from its confirmation on; what is paid for an order
that dies becomes its member's credit. Source: rules M1-M4; mission S3.10.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlmodel import col, select

from memberctl.ledger import queries, rules
from memberctl.ledger.rules import Account, Line
from memberctl.ledger.tables import LedgerAccount, LedgerEntry, Posting
from memberctl.store.bulk import insert_rows
from memberctl.store.counters import take_one

if TYPE_CHECKING:
    from sqlmodel import Session

ENTRY = ("id", "at", "value_on", "event", "about", "reverses", "branch_id")
POSTING = ("entry_id", "line", "account", "party", "amount_minor", "currency")


def seed_accounts(session: Session) -> None:
    """Write the accounts that are not there yet."""
    known = set(session.scalars(select(col(LedgerAccount.code))))
    missing = [account for account in Account if account.value not in known]
    rows = [(account.value, rules.kind_of(account)) for account in missing]
    if rows:
        insert_rows(session, LedgerAccount, ("code", "kind"), rows)


def post_entry(
    session: Session,
    event: str,
    about: str,
    lines: Sequence[Line],
    *,
    currency: str,
    value_on: date,
    at: datetime,
    reverses: int | None = None,
    branch_id: int | None = None,
) -> int:
    """Write one entry and return its id; lines of 0 are left out.

    event -- "noun.past", e.g. "payment.recorded"; about -- the order's number
    reverses -- the entry that this one undoes
    branch_id -- where money was handed over, whose till it is counted in (rules M16)
    Lines that do not balance, or move nothing, are a programmer's error.
    """
    moving = rules.balanced(lines)
    assert moving, "an entry must move something"
    entry_id = take_one(session, "ledger_entry")
    entry = (entry_id, at, value_on, event, about, reverses, branch_id)
    insert_rows(session, LedgerEntry, ENTRY, [entry])
    rows = [
        (entry_id, number, line.account.value, line.party, line.amount_minor, currency)
        for number, line in enumerate(moving, start=1)
    ]
    insert_rows(session, Posting, POSTING, rows)
    return entry_id


def reverse_entry(
    session: Session,
    entry_id: int,
    *,
    event: str,
    value_on: date,
    at: datetime,
    credit_of: str | None = None,
) -> int:
    """Write the entry that undoes another and return its id. Source: rules M2.

    credit_of -- the member who has the credit now, where a merge may have moved it (rules A4)
    An entry is undone once; a second time is a programmer's error that the database refuses.
    """
    undone = session.get_one(LedgerEntry, entry_id)
    lines, currency = queries.lines_of(session, entry_id)
    if credit_of is not None:
        lines = rules.credit_readdressed(lines, credit_of)
    return post_entry(
        session,
        event,
        undone.about,
        rules.reversed_lines(lines),
        currency=currency,
        value_on=value_on,
        at=at,
        reverses=entry_id,
        branch_id=undone.branch_id,
    )


def move_party(
    session: Session,
    from_: str,
    to: str,
    *,
    event: str,
    about: str,
    currency: str,
    value_on: date,
    at: datetime,
) -> tuple[int, int | None]:
    """Let what the books hold for one party be held for another.

    Returns the credit that moved, in minor units >= 0, and the entry, None when there was nothing.
    Source: rules A4, M1.
    """
    held = queries.held_by(session, from_)
    if not held:
        return 0, None
    lines = [
        line for account, minor in held
        for line in (Line(account, -minor, from_), Line(account, minor, to))
    ]  # fmt: skip
    entry = post_entry(session, event, about, lines, currency=currency, value_on=value_on, at=at)
    return -dict(held).get(Account.MEMBER_CREDIT, 0), entry


def book_confirmed(
    session: Session,
    order_number: str,
    total_minor: int,
    *,
    currency: str,
    value_on: date,
    at: datetime,
) -> int | None:
    """Book an order's fee as owed and not yet earned; return the entry, None if it was booked.

    Whoever comes first books: the confirmation, or a payment that a plan asks for on filing.
    A total that changed since is booked by the difference.
    """
    missing = total_minor - queries.booked_minor(session, order_number)
    if missing == 0:
        return None
    lines = rules.confirmed_lines(order_number, missing)
    return post_entry(
        session, "order.booked", order_number, lines, currency=currency, value_on=value_on, at=at
    )


def book_payment(
    session: Session,
    order_number: str,
    member_number: str,
    account: Account,
    *,
    applied_minor: int,
    credit_minor: int,
    currency: str,
    value_on: date,
    at: datetime,
    branch_id: int | None = None,
) -> int:
    """Book money that came in for an order and return the entry. Source: rules M3, M4.

    account -- where the money is now; value_on -- the local date on which it came
    branch_id -- the branch that took it
    """
    lines = rules.payment_lines(account, order_number, member_number, applied_minor, credit_minor)
    return post_entry(
        session,
        "payment.recorded",
        order_number,
        lines,
        currency=currency,
        value_on=value_on,
        at=at,
        branch_id=branch_id,
    )


def book_undone(
    session: Session,
    entry_id: int,
    member_number: str,
    *,
    event: str,
    applied_minor: int,
    value_on: date,
    at: datetime,
) -> None:
    """Undo a payment's entry, and the credit that it became since.

    All of it became credit if its order died; a part, if a credit note made the order cheaper.
    applied_minor -- what of the payment its order had in the end
    Source: rules M2.
    """
    reverse_entry(session, entry_id, event=event, value_on=value_on, at=at, credit_of=member_number)
    order_number = session.get_one(LedgerEntry, entry_id).about
    lines, currency = queries.lines_of(session, entry_id)
    if queries.booked_minor(session, order_number) == 0:
        _credit_what_is_paid(
            session, order_number, member_number, currency=currency, value_on=value_on, at=at
        )
        return
    applied_then = -sum(each.amount_minor for each in lines if each.account is Account.RECEIVABLE)
    book_credit(
        session, order_number, member_number, applied_minor - applied_then,
        currency=currency, value_on=value_on, at=at,
    )  # fmt: skip


def book_credit(
    session: Session,
    order_number: str,
    member_number: str,
    credit_minor: int,
    *,
    currency: str,
    value_on: date,
    at: datetime,
) -> None:
    """Turn what an order has too much into its member's credit; below 0 takes it back."""
    if credit_minor:
        lines = rules.credit_lines(order_number, member_number, credit_minor)
        post_entry(
            session, "credit.given" if credit_minor > 0 else "credit.taken_back", order_number,
            lines, currency=currency, value_on=value_on, at=at,
        )  # fmt: skip


def book_refund(
    session: Session,
    about: str,
    member_number: str,
    shares: Sequence[tuple[str, Account, int]],
    *,
    currency: str,
    value_on: date,
    at: datetime,
    branch_id: int | None = None,
) -> int:
    """Book money that went back to a member and return the entry.

    about  -- the order that is refunded
    shares -- for which order it had been paid, out of which account how much went; minor units
    branch_id -- the branch that paid it out
    What was not earned goes first, then income; a fee that is kept stays where it is. An entry
    of its own, never a change of the payment's. Source: rules M2, M6.
    """
    unearned = {
        order: -queries.balance(session, Account.UNEARNED_FEES, order)
        for order in {order for order, _, _ in shares}
    }
    lines: list[Line] = []
    for order, account, minor in shares:
        lines += rules.refund_lines(order, member_number, unearned[order], account, minor)
        unearned[order] = max(unearned[order] - minor, 0)
    return post_entry(
        session, "refund.paid", about, lines,
        currency=currency, value_on=value_on, at=at, branch_id=branch_id,
    )  # fmt: skip


def book_cancelled(
    session: Session,
    order_number: str,
    member_number: str,
    *,
    currency: str,
    value_on: date,
    at: datetime,
) -> int:
    """Undo what is owed for an order that is withdrawn, forfeited, rejected or voided.

    What was earned of its fee is income no more, and the rest of it is owed no more.

    Returns the minor units that were paid for it, which become the member's credit; 0 for an
    order that was never booked. Source: rules O8, M2.
    """
    unearned, earned = queries.fee_minor(session, order_number)
    if unearned or earned:
        lines = rules.cancelled_lines(order_number, unearned, earned)
        post_entry(
            session, "order.cancelled", order_number, lines,
            currency=currency, value_on=value_on, at=at,
        )  # fmt: skip
    return _credit_what_is_paid(
        session, order_number, member_number, currency=currency, value_on=value_on, at=at
    )


def _credit_what_is_paid(
    session: Session,
    order_number: str,
    member_number: str,
    *,
    currency: str,
    value_on: date,
    at: datetime,
) -> int:
    """Bring what an order that is not booked owes back to 0, and return what became credit."""
    paid = -queries.balance(session, Account.RECEIVABLE, order_number)
    book_credit(
        session, order_number, member_number, paid, currency=currency, value_on=value_on, at=at
    )
    return paid
